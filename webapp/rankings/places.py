"""Live places: one page, a place, and the rows around it, each by a few index look-ups however many stand on the board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, literal_column, select, tuple_, union_all

from webapp.rankings import ladders
from webapp.rankings.boards import Board
from webapp.rankings.tables import score, unit_mark
from webapp.store import Query, Tx

PAGE = 50
AROUND = 2
_NOTHING, _ONE = literal_column("0", BigInteger()), literal_column("1", BigInteger())
Columns = Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """One row of a board; values in thousandths."""

    id: int
    place: int
    value_milli: int
    members: int
    plain_milli: int


@dataclass(frozen=True, slots=True)
class Own:
    """A subject's own row with its place."""

    id: int
    value: int
    reached_at: Any
    members: int
    plain: int
    place: int


class Live:
    """The statements of one kind of live board, compiled once: `factor` turns its values into thousandths."""

    def __init__(self, table: Any, columns: Columns, factor: int, there: Callable[[Any], list[Any]]) -> None:
        self.factor = factor
        who, value, members, plain = columns(table)
        reached, on_board = table.c.reached_at, there(table)
        ladder, mine, have = (bindparam(name, type_=BigInteger()) for name in ("ladder", "mine", "have"))
        fields = (who.label("id"), value.label("value"), reached, members.label("members"), plain.label("plain"))
        down, some = (value.desc(), reached, who), value > _NOTHING
        paged = (who.label("id"), value.label("value"), members.label("members"), plain.label("plain"))
        self.page = Query(
            select(*paged).where(*on_board, some).order_by(*down).limit(bindparam("limit")).offset(bindparam("offset"))
        )
        self.place_of = Query(select((_ONE + ladders.above(ladder, have)).label("place")))
        place = (_ONE + ladders.above(ladder, value)).label("place")
        self.own = Query(select(*fields, place).where(*on_board, some, who == mine))
        higher = select(value.label("value")).where(*on_board, value > have).order_by(value).limit(_ONE)
        self.next = Query(higher)
        over = table.alias("over")
        up = (
            select(columns(over)[1])
            .where(*there(over), columns(over)[1] > value)
            .order_by(columns(over)[1])
            .limit(_ONE)
        )
        self.own_and_next = Query(
            select(*fields, place, up.scalar_subquery().label("next")).where(*on_board, some, who == mine)
        )
        self.around = Query(self._around(table, columns, there, fields, place))

    @staticmethod
    def _around(table: Any, columns: Columns, there: Callable[[Any], list[Any]], fields: Any, place: Any) -> Any:
        """One statement: my own row (side 4), and two each of who is above or below, with my value or another."""
        who, value, _, _ = columns(table)
        reached, ladder = table.c.reached_at, bindparam("ladder", type_=BigInteger())
        mine = select(*fields, place).where(
            *there(table), value > _NOTHING, who == bindparam("mine", type_=BigInteger())
        )
        me = mine.cte("me")
        have, at, own_id = (select(c).scalar_subquery() for c in (me.c.value, me.c.reached_at, me.c.id))
        key, beyond = tuple_(reached, who), tuple_(at, own_id)
        ties, none = ladders.ties(ladder, value).label("ties"), _NOTHING.label("ties")
        down, up = (value.desc(), reached, who), (value, reached.desc(), who.desc())
        no_place, few = _NOTHING.label("place"), literal_column(str(AROUND), BigInteger())
        sides = (
            select(*fields, no_place, none).where(value == have, key < beyond).order_by(reached.desc(), who.desc()),
            select(*fields, no_place, ties).where(value > have).order_by(*up),
            select(*fields, no_place, none).where(value == have, key > beyond).order_by(reached, who),
            select(*fields, no_place, ties).where(value < have, value > _NOTHING).order_by(*down),
        )
        found = [each.where(*there(table)).limit(few).subquery() for each in sides]
        own: Any = select(literal_column("4").label("side"), me, ladders.ties(ladder, me.c.value).label("ties"))
        return union_all(own, *(select(literal_column(str(n)).label("side"), each) for n, each in enumerate(found)))


def _member_columns(t: Any) -> tuple[Any, ...]:
    return t.c.member_id, t.c.value, _ONE, t.c.value


def _unit_columns(t: Any) -> tuple[Any, ...]:
    return t.c.unit_id, t.c.value_milli, t.c.members, t.c.plain_milli


def _of_members(t: Any) -> list[Any]:
    return [t.c.period == bindparam("period"), t.c.listed == _ONE]


def _of_units(t: Any) -> list[Any]:
    return [*_of_members(t), t.c.kind == bindparam("kind"), t.c.measure == bindparam("measure")]


def _of_size(t: Any) -> list[Any]:
    return [*_of_units(t), t.c.size_class == bindparam("size")]


MEMBERS = Live(score, _member_columns, 1000, _of_members)
UNITS = Live(unit_mark, _unit_columns, 1, _of_units)
SIZED = Live(unit_mark, _unit_columns, 1, _of_size)


def _asking(board: Board, period: str) -> tuple[Live, dict[str, Any]]:
    """The statements of a board and what they are asked with."""
    if board.of_members:
        return MEMBERS, {"period": period}
    given = {"period": period, "kind": board.subject, "measure": board.measure}
    return (SIZED, given | {"size": board.size_class}) if board.size_class else (UNITS, given)


def page(tx: Tx, board: Board, period: str, number: int, size: int = PAGE) -> list[Found]:
    """One page in index order and the first row of the next; only its first place is looked up."""
    live, given = _asking(board, period)
    skipped = (number - 1) * size
    rows = live.page.quick(tx, **given, limit=size + 1, offset=skipped)
    if not rows:
        return []
    place = 1
    if skipped:
        place = live.place_of.quick(tx, ladder=board.ladder(period), have=rows[0].value)[0].place
    found, last = [], rows[0].value
    for i, row in enumerate(rows):
        if row.value != last:
            place, last = skipped + i + 1, row.value
        found.append(_found(live, row, place))
    return found


def own(tx: Tx, board: Board, period: str, subject: int) -> Own | None:
    """A subject's row with its place; None when it does not stand on the board."""
    live, given = _asking(board, period)
    rows = live.own.quick(tx, **given, ladder=board.ladder(period), mine=subject)
    return Own(*rows[0]) if rows else None


def own_and_next(tx: Tx, board: Board, period: str, subject: int) -> tuple[Own, int | None] | None:
    """A subject's row with its place, and the nearest value above it, in one statement; for home, which counts them."""
    live, given = _asking(board, period)
    rows = live.own_and_next.quick(tx, **given, ladder=board.ladder(period), mine=subject)
    return (Own(*rows[0][:6]), rows[0][6]) if rows else None


def next_value(tx: Tx, board: Board, period: str, me: Own) -> int | None:
    """The nearest value above the row's own; None in the lead."""
    if me.place == 1:
        return None
    live, given = _asking(board, period)
    rows = live.next.quick(tx, **given, have=me.value)
    return int(rows[0].value) if rows else None


def around(tx: Tx, board: Board, period: str, subject: int) -> list[Found]:
    """A subject's row with two above and two below; nothing when it does not stand on the board.

    Who stands just above shares a place that is lower by as many as share their value; below, higher by as many.
    """
    live, given = _asking(board, period)
    sides: tuple[list[Any], ...] = ([], [], [], [], [])
    for row in live.around.quick(tx, **given, ladder=board.ladder(period), mine=subject):
        sides[row.side].append(row)
    if not sides[4]:
        return []
    me = sides[4][0]
    over = [*sorted(sides[0], key=_order, reverse=True), *sorted(sides[1], key=_order, reverse=True)][:AROUND]
    under = [*sorted(sides[2], key=_order), *sorted(sides[3], key=_order)][:AROUND]
    found, place, value = [_found(live, me, me.place)], me.place, me.value
    for row in over:
        if row.value != value:
            place, value = place - row.ties, row.value
        found.insert(0, _found(live, row, place))
    place, value, ties = me.place, me.value, me.ties
    for row in under:
        if row.value != value:
            place, value, ties = place + ties, row.value, row.ties
        found.append(_found(live, row, place))
    return found


def _order(row: Any) -> tuple[Any, ...]:
    return -row.value, row.reached_at, row.id


def _found(live: Live, row: Any, place: int) -> Found:
    return Found(row.id, place, row.value * live.factor, row.members, row.plain * live.factor)


def milli(board: Board, value: int) -> int:
    """A value as the board's statements know it, in thousandths."""
    return value * (MEMBERS.factor if board.of_members else 1)
