"""Reads of the rankings: a page of a board, my place on it, and what has been published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, union_all

from points_engine.clock import local_day, week_of
from points_engine.errors import refuse
from webapp.green_units import queries as green_units
from webapp.members import queries as members
from webapp.rankings import closing
from webapp.rankings.boards import METHOD_EN, METHOD_ZH, Board, board_of, neighbours, read_period
from webapp.rankings.tables import (
    open_period,
    published_board,
    published_row,
    score,
    standing,
    unit_score,
)
from webapp.store import Tx

PAGE = 50
# An offset costs what it skips; nobody leafs further, and my own row is found by my value.
LAST_PAGE = 100
AROUND = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a board; `name` is None when the person is not named. Values are thousandths of a gram."""

    place: int
    subject_id: int
    name: str | None
    value_milli: int
    members: int
    is_me: bool

    @property
    def grams(self) -> int:
        """Whole grams, rounded down."""
        return self.value_milli // 1000

    @property
    def value(self) -> int | float:
        """Grams for the API: whole, or with the thousandths of a value per head."""
        return self.value_milli // 1000 if self.value_milli % 1000 == 0 else self.value_milli / 1000


@dataclass(frozen=True, slots=True)
class Published:
    """What fixes a published board."""

    as_of: datetime
    entries: int
    checksum: str
    salt: str
    method_zh: str
    method_en: str


@dataclass(frozen=True, slots=True)
class MyPlace:
    """My row (or my unit's): no place without a value. `gap` is what is missing to the next place up, in grams."""

    place: int | None
    value_milli: int
    gap: int | None
    ahead: int | None
    subject_id: int | None
    name: str | None
    rows: Sequence[Row]
    reference: str | None = None
    last_week: bool = False

    @property
    def grams(self) -> int:
        return self.value_milli // 1000


@dataclass(frozen=True, slots=True)
class BoardPage:
    """One page of a board as the page and the API show it."""

    board: Board
    period: str
    period_before: str | None
    period_after: str | None
    state: str
    as_of: datetime | None
    checksum: str | None
    total: int
    rows: Sequence[Row]
    number: int
    has_next: bool
    me: MyPlace | None
    method_zh: str
    method_en: str


NOBODY = MyPlace(None, 0, None, None, None, None, ())


def page(tx: Tx, code: str, period: str | None, number: int, member_id: int | None, now: datetime) -> BoardPage:
    """Page `number` (from 1) of a board; 404 unknown_board, unknown_period."""
    board = board_of(code)
    today = local_day(now)
    period = read_period(period, today)
    number = max(1, min(number, LAST_PAGE))
    fixed = published(tx, code, period)
    mine = _my_subject(tx, board, member_id)
    found = _published_page(tx, code, period, number) if fixed else _live_page(tx, board, period, number)
    before, after = neighbours(period, today)
    return BoardPage(
        board=board,
        period=period,
        period_before=before,
        period_after=after,
        state="published" if fixed else "live",
        as_of=fixed.as_of if fixed else tx.scalar(select(standing.c.as_of)),
        checksum=fixed.checksum if fixed else None,
        total=fixed.entries if fixed else _entries(tx, board, period),
        rows=_named(tx, board, found[:PAGE], mine),
        number=number,
        has_next=len(found) > PAGE and number < LAST_PAGE,
        me=_place_of(tx, board, period, mine, fixed, around=False) if member_id is not None else None,
        method_zh=fixed.method_zh if fixed else METHOD_ZH,
        method_en=fixed.method_en if fixed else METHOD_EN,
    )


def my_place(tx: Tx, code: str, period: str | None, member_id: int, now: datetime) -> MyPlace:
    """My place (or my unit's) on a board, the gap to the next place up and the rows around mine."""
    board = board_of(code)
    period = read_period(period, local_day(now))
    return _place_of(tx, board, period, _my_subject(tx, board, member_id), published(tx, code, period))


def my_row(tx: Tx, code: str, period: str | None, member_id: int, now: datetime) -> MyPlace:
    """As my_place without the rows around; what home shows."""
    board = board_of(code)
    period = read_period(period, local_day(now))
    mine = _my_subject(tx, board, member_id)
    return _place_of(tx, board, period, mine, published(tx, code, period), around=False)


def opening_period(tx: Tx, code: str, now: datetime) -> str:
    """What a board opens with: the current week, or the one before while nobody is on it yet."""
    today = local_day(now)
    return week_of(today) if _entries(tx, board_of(code), week_of(today)) else _last_week(today)


def _last_week(today: date) -> str:
    return week_of(today - timedelta(days=7))


def home_board(tx: Tx, member_id: int, now: datetime, top: int = 3) -> MyPlace:
    """The members' week as home shows it: the top rows, and my place with the gap; last week's while it is empty."""
    board, today = board_of("members"), local_day(now)
    period, both = week_of(today), _top_and_me(tx, board, week_of(today), member_id, top)
    if not both:
        period, both = _last_week(today), _top_and_me(tx, board, _last_week(today), member_id, top)
    ranked = sorted({row.id: row for row in both}.values(), key=lambda r: (-r.value_milli, r.reached_at, r.id))
    me = next((row for row in ranked if row.id == member_id), None)
    place, gap = _place_and_gap(tx, board, period, me.value_milli) if me else (None, None)
    found: list[_Found] = []
    for row in ranked:
        same = found and found[-1].value_milli == row.value_milli
        at = place if row is me and place else found[-1].place if same else len(found) + 1
        found.append(_Found(row.id, at, row.value_milli, row.members))
    rows = _named(tx, board, found, member_id)
    value, ahead = me.value_milli if me else 0, place - 1 if place else None
    return MyPlace(place, value, gap, ahead, member_id, None, rows, last_week=period != week_of(today))


def _top_and_me(tx: Tx, board: Board, period: str, member_id: int, top: int) -> Sequence[Any]:
    first = closing.in_order(board, period).limit(top).subquery()
    mine = closing.in_order(board, period).order_by(None).where(score.c.member_id == member_id)
    return tx.rows(union_all(select(first), mine))


def _place_and_gap(tx: Tx, board: Board, period: str, value_milli: int) -> tuple[int, int | None]:
    """A value's place, and whole grams to the next value up; the bound is a literal, so the index alone answers."""
    value = _value_of(board)
    row = tx.row(
        select(func.count(), func.min(value)).where(*_standing(board, period), value > _bound(board, value_milli))
    )
    assert row is not None
    if not row[0]:
        return 1, None
    above = int(row[1]) if board.per_head else int(row[1]) * 1000
    return 1 + int(row[0]), _gap(value_milli, above)


def public_totals(tx: Tx, periods: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Grams and people of whole periods, for the public; one index scan, so callers keep it for a while."""
    rows = tx.rows(
        select(score.c.period, func.sum(score.c.value).label("grams"), func.count().label("people"))
        .where(score.c.period.in_(periods), score.c.value > 0)
        .group_by(score.c.period)
    )
    return {row.period: (int(row.grams), int(row.people)) for row in rows}


def published(tx: Tx, code: str, period: str) -> Published | None:
    """What fixes a board, or None while it is live."""
    row = tx.row(select(published_board).where(published_board.c.board == code, published_board.c.period == period))
    if row is None:
        return None
    return Published(row.as_of, row.entries, row.checksum, row.salt, row.method_zh, row.method_en)


def download(tx: Tx, code: str, period: str, now: datetime) -> str:
    """The published rows, byte for byte what the checksum is over; 404 while the board is live."""
    board = board_of(code)
    period = read_period(period, local_day(now))
    fixed = published(tx, board.code, period)
    if fixed is None:
        raise refuse("not_found", "not_published")
    return closing.HEADER + "".join(closing.stored_lines(tx, board.code, period, fixed.salt))


@dataclass(frozen=True, slots=True)
class _Found:
    id: int
    place: int
    value_milli: int
    members: int


def _live_page(tx: Tx, board: Board, period: str, number: int) -> list[_Found]:
    """One page in index order; only the first row's place is counted, the others follow from it."""
    skipped = (number - 1) * PAGE
    rows = tx.rows(closing.in_order(board, period).limit(PAGE + 1).offset(skipped))
    if not rows:
        return []
    place = 1 if number == 1 else _place_and_gap(tx, board, period, rows[0].value_milli)[0]
    found: list[_Found] = []
    for i, row in enumerate(rows):
        if i and row.value_milli != rows[i - 1].value_milli:
            place = skipped + i + 1
        found.append(_Found(row.id, place, row.value_milli, row.members))
    return found


def _published_page(tx: Tx, code: str, period: str, number: int) -> list[_Found]:
    first = (number - 1) * PAGE + 1
    return _published_between(tx, code, period, first, first + PAGE)


def _published_between(tx: Tx, code: str, period: str, first: int, last: int) -> list[_Found]:
    p = published_row.c
    rows = tx.rows(
        select(published_row)
        .where(p.board == code, p.period == period, p.position.between(first, last))
        .order_by(p.position)
    )
    return [
        _Found(r.member_id if r.member_id is not None else r.unit_id, r.place, r.value_milli, r.members) for r in rows
    ]


def _entries(tx: Tx, board: Board, period: str) -> int:
    if board.of_members:
        return int(tx.scalar(select(open_period.c.entries).where(open_period.c.period == period)) or 0)
    standing_units = closing.in_order(board, period).order_by(None).subquery()
    return int(tx.scalar(select(func.count()).select_from(standing_units)) or 0)


def _my_subject(tx: Tx, board: Board, member_id: int | None) -> int | None:
    """Whose row is mine: I, or my unit of the board's kind."""
    if member_id is None or board.of_members:
        return member_id
    return green_units.unit_ids_of(tx, member_id).get(board.subject)


def _place_of(
    tx: Tx, board: Board, period: str, mine: int | None, fixed: Published | None, around: bool = True
) -> MyPlace:
    if mine is None:
        return NOBODY
    if fixed is not None:
        return _published_place(tx, board, period, mine, fixed, around)
    return _live_place(tx, board, period, mine, around)


def _live_place(tx: Tx, board: Board, period: str, mine: int, around: bool) -> MyPlace:
    me = tx.row(closing.in_order(board, period).where(_id_of(board) == mine))
    name = _names(tx, board, [mine]).get(mine)
    if me is None:
        return MyPlace(None, 0, None, None, mine, name, ())
    value = me.value_milli
    place, gap = _place_and_gap(tx, board, period, value)
    rows = _live_around(tx, board, period, me, place) if around else ()
    return MyPlace(
        place,
        value,
        gap,
        place - 1,
        mine,
        name,
        _named(tx, board, rows, mine),
    )


def _gap(value: int, above: int) -> int:
    """Whole grams that are missing to the value above, rounded up: they must suffice."""
    return -((value - above) // 1000)


def _live_around(tx: Tx, board: Board, period: str, me: Any, place: int) -> list[_Found]:
    """My row with two above and two below, by the order of the index."""
    value, bound, who = _value_of(board), _bound(board, me.value_milli), _id_of(board)
    table = who.table
    reached = table.c.reached_at
    base = closing.in_order(board, period)
    later = or_(reached > me.reached_at, and_(reached == me.reached_at, who > me.id))
    sooner = or_(reached < me.reached_at, and_(reached == me.reached_at, who < me.id))
    over = tx.rows(
        base.where(value >= bound, or_(value > bound, sooner))
        .order_by(None)
        .order_by(value, reached.desc(), who.desc())
        .limit(AROUND)
    )
    under = tx.rows(base.where(value <= bound, or_(value < bound, later)).limit(AROUND))
    rows = [*reversed(over), me, *under]
    places = [*reversed(_places_above(tx, board, period, me.value_milli, place, over)), place]
    position = place + _count(tx, board, period, value == bound, sooner)
    previous = me.value_milli
    for i, row in enumerate(under, 1):
        place = place if row.value_milli == previous else position + i
        places, previous = [*places, place], row.value_milli
    return [_Found(r.id, p, r.value_milli, r.members) for r, p in zip(rows, places, strict=True)]


def _places_above(tx: Tx, board: Board, period: str, value: int, place: int, over: Sequence[Any]) -> list[int]:
    """Places of the rows over mine, nearest first: each value's is the next lower one's less all who share it."""
    places = []
    for row in over:
        if row.value_milli != value:
            value = row.value_milli
            place = max(1, place - _count(tx, board, period, _value_of(board) == _bound(board, value)))
        places.append(place)
    return places


def _published_place(tx: Tx, board: Board, period: str, mine: int, fixed: Published, around: bool) -> MyPlace:
    p = published_row.c
    who = p.member_id if board.of_members else p.unit_id
    me = tx.row(select(published_row).where(who == mine, p.period == period, p.board == board.code))
    name = _names(tx, board, [mine]).get(mine)
    if me is None:
        return MyPlace(None, 0, None, None, mine, name, ())
    above = _published_between(tx, board.code, period, me.place - 1, me.place - 1) if me.place > 1 else []
    rows = _published_between(tx, board.code, period, me.position - AROUND, me.position + AROUND) if around else []
    return MyPlace(
        me.place,
        me.value_milli,
        _gap(me.value_milli, above[0].value_milli) if above else None,
        me.place - 1,
        mine,
        name,
        _named(tx, board, rows, mine),
        closing.reference(fixed.salt, mine),
    )


def _id_of(board: Board) -> Any:
    return score.c.member_id if board.of_members else unit_score.c.unit_id


def _value_of(board: Board) -> Any:
    """The column the board is ordered by."""
    if board.of_members:
        return score.c.value
    return unit_score.c.per_head_milli if board.per_head else unit_score.c.value


def _bound(board: Board, value_milli: int) -> int:
    """A value in thousandths as the board's column holds it."""
    return value_milli if board.per_head else value_milli // 1000


def _standing(board: Board, period: str) -> list[Any]:
    """The conditions of standing on a board, as its index has them."""
    if board.of_members:
        return [score.c.period == period, score.c.listed == 1]
    return [unit_score.c.period == period, unit_score.c.kind == board.subject, unit_score.c.listed == 1]


def _count(tx: Tx, board: Board, period: str, *conditions: Any) -> int:
    return int(tx.scalar(select(func.count()).where(*_standing(board, period), *conditions)) or 0)


def _names(tx: Tx, board: Board, ids: Iterable[int]) -> dict[int, str | None]:
    """Names for boards: of members who agreed to be named, and of units."""
    wanted = list(ids)
    if not wanted:
        return {}
    if board.of_members:
        found = members.names(tx, wanted)
        return {one: None if found[one].hidden else found[one].nickname for one in wanted if one in found}
    return {unit.id: unit.short_name for unit in green_units.board_units(tx, wanted).values()}


def _named(tx: Tx, board: Board, found: Sequence[_Found], mine: int | None) -> list[Row]:
    names = _names(tx, board, [row.id for row in found])
    return [Row(row.place, row.id, names.get(row.id), row.value_milli, row.members, row.id == mine) for row in found]


__all__ = ["BoardPage", "MyPlace", "Row", "download", "home_board", "my_place", "my_row", "page", "published"]
