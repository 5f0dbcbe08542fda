"""Reads of the rankings: a page of a board, my place on it, and what has been published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from points_engine import board_file
from points_engine.clock import local_day, week_of
from points_engine.errors import refuse
from points_engine.ranking import kind_of
from webapp.green_units import queries as green_units
from webapp.members import queries as members
from webapp.rankings import closing, ladders, places, published, words
from webapp.rankings.boards import MEASURES, Board, board_of, neighbours, read_period
from webapp.rankings.places import PAGE, Found
from webapp.rankings.published import Published, held_back, places_among
from webapp.rankings.reviewing import closings, review_of, waiting
from webapp.rankings.tables import score, standing
from webapp.store import Tx

# An offset costs what it skips; nobody leafs further, and my own row is found by my value.
LAST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a board; `name` is None when the person is not named. Values are thousandths of a gram."""

    place: int
    subject_id: int
    name: str | None
    value_milli: int
    members: int
    is_me: bool
    plain_milli: int = 0

    @property
    def grams(self) -> int:
        """Whole grams, rounded down."""
        return self.value_milli // 1000

    @property
    def value(self) -> int | float:
        """Grams for the API: whole, or with the thousandths of a value per head."""
        return self.value_milli // 1000 if self.value_milli % 1000 == 0 else self.value_milli / 1000


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
    version: int | None = None
    versions: Sequence[Published] = ()
    reviewing: bool = False

    @property
    def superseded(self) -> bool:
        """Whether a later version has been published."""
        return bool(self.versions) and self.version != self.versions[0].version

    @property
    def for_this_period(self) -> bool:
        """Whether there is such a board for a period of this kind at all."""
        return kind_of(self.period) in MEASURES[self.board.measure].periods


NOBODY = MyPlace(None, 0, None, None, None, None, ())


def page(
    tx: Tx, code: str, period: str | None, number: int, member_id: int | None, now: datetime, version: int | None = None
) -> BoardPage:
    """Page `number` (from 1) of a board, as it lives or as a version was published; 404 unknown_board, unknown_period."""
    board = board_of(code)
    today = local_day(now)
    period = read_period(period, today)
    number = max(1, min(number, LAST_PAGE))
    known = published.versions(tx, board, period)
    fixed = _version(known, version)
    mine = _my_subject(tx, board, member_id)
    if fixed:
        found = published.page(tx, board, period, fixed.version, number)
    else:
        found = places.page(tx, board, period, number)
    method = (fixed.method_zh, fixed.method_en) if fixed else words.method(board)
    before, after = neighbours(period, today)
    return BoardPage(
        board=board,
        period=period,
        period_before=before,
        period_after=after,
        state="published" if fixed else "live",
        as_of=fixed.as_of if fixed else tx.scalar(select(standing.c.as_of)),
        checksum=fixed.checksum if fixed else None,
        total=fixed.entries if fixed else ladders.entries(tx, board, period),
        rows=_named(tx, board, found[:PAGE], mine),
        number=number,
        has_next=len(found) > PAGE and number < LAST_PAGE,
        me=_place_of(tx, board, period, mine, fixed, around=number == 1) if member_id is not None else None,
        method_zh=method[0],
        method_en=method[1],
        version=fixed.version if fixed else None,
        versions=known,
        reviewing=not fixed and closing.latest(tx, period) is not None,
    )


def _version(known: Sequence[Published], version: int | None) -> Published | None:
    """The version asked for, by default the newest; 404 not_published for one that is not there."""
    if version is None:
        return known[0] if known else None
    for each in known:
        if each.version == version:
            return each
    raise refuse("not_found", "not_published")


def my_place(tx: Tx, code: str, period: str | None, member_id: int, now: datetime) -> MyPlace:
    """My place (or my unit's) on a board, the gap to the next place up and the rows around mine."""
    return _mine(tx, code, period, member_id, now, around=True)


def my_row(tx: Tx, code: str, period: str | None, member_id: int, now: datetime) -> MyPlace:
    """As my_place without the rows around; what home shows."""
    return _mine(tx, code, period, member_id, now, around=False)


def _mine(tx: Tx, code: str, period: str | None, member_id: int, now: datetime, around: bool) -> MyPlace:
    board = board_of(code)
    period = read_period(period, local_day(now))
    fixed = _version(published.versions(tx, board, period), None)
    return _place_of(tx, board, period, _my_subject(tx, board, member_id), fixed, around)


def opening_period(tx: Tx, code: str, now: datetime) -> str:
    """What a board opens with: the current week (or month, where there is no week), or the one before while it is empty."""
    today, board = local_day(now), board_of(code)
    if "week" not in MEASURES[board.measure].periods:
        return read_period("month", today)
    return week_of(today) if ladders.entries(tx, board, week_of(today)) else _last_week(today)


def _last_week(today: date) -> str:
    return week_of(today - timedelta(days=7))


def home_board(tx: Tx, member_id: int, now: datetime, top: int = 3) -> MyPlace:
    """The members' week as home shows it: the top rows, and my place with the gap; last week's while it is empty."""
    board, today = board_of("members"), local_day(now)
    period = week_of(today)
    found = places.page(tx, board, period, 1, top)[:top]
    if not found:
        period = _last_week(today)
        found = places.page(tx, board, period, 1, top)[:top]
    me, above = (found and places.own_and_next(tx, board, period, member_id)) or (None, None)
    if me is not None and member_id not in {row.id for row in found}:
        found.append(Found(me.id, me.place, places.milli(board, me.value), me.members, places.milli(board, me.plain)))
    rows = _named(tx, board, found, member_id)
    if me is None:
        return MyPlace(None, 0, None, None, member_id, None, rows, last_week=period != week_of(today))
    value, gap = places.milli(board, me.value), _gap(board, me.value, above)
    last = period != week_of(today)
    return MyPlace(me.place, value, gap, me.place - 1, member_id, None, rows, last_week=last)


def public_totals(tx: Tx, periods: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Grams and people of whole periods, for the public; one index scan, so callers keep it for a while."""
    rows = tx.rows(
        select(score.c.period, func.sum(score.c.value).label("grams"), func.count().label("people"))
        .where(score.c.period.in_(periods), score.c.value > 0)
        .group_by(score.c.period)
    )
    return {row.period: (int(row.grams), int(row.people)) for row in rows}


def download(tx: Tx, code: str, period: str, now: datetime, version: int | None = None) -> str:
    """The published rows, byte for byte what the checksum is over; 404 while the board is live."""
    board = board_of(code)
    period = read_period(period, local_day(now))
    fixed = _version(published.versions(tx, board, period), version)
    if fixed is None:
        raise refuse("not_found", "not_published")
    return "".join(closing.file_of(tx, board.code, period, fixed.version))


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
    me = places.own(tx, board, period, mine)
    name = _names(tx, board, [mine]).get(mine)
    if me is None:
        return MyPlace(None, 0, None, None, mine, name, ())
    rows = places.around(tx, board, period, mine) if around else ()
    gap = _gap(board, me.value, places.next_value(tx, board, period, me))
    named = _named(tx, board, rows, mine)
    return MyPlace(me.place, places.milli(board, me.value), gap, me.place - 1, mine, name, named)


def _gap(board: Board, value: int, above: int | None) -> int | None:
    """Whole grams (or percent) that are missing to the value above, rounded up: they must suffice."""
    return None if above is None else -(places.milli(board, value - above) // 1000)


def _published_place(tx: Tx, board: Board, period: str, mine: int, fixed: Published, around: bool) -> MyPlace:
    me = published.own(tx, board, period, fixed.version, mine)
    name = _names(tx, board, [mine]).get(mine)
    if me is None:
        return MyPlace(None, 0, None, None, mine, name, ())
    above = published.above(tx, board, period, fixed.version, me.place)
    rows = published.around(tx, board, period, fixed.version, me.position) if around else []
    gap = None if above is None else -((me.value_milli - above) // 1000)
    reference = board_file.reference(fixed.salt, mine)
    named = _named(tx, board, rows, mine)
    return MyPlace(me.place, me.value_milli, gap, me.place - 1, mine, name, named, reference)


def _names(tx: Tx, board: Board, ids: Iterable[int]) -> dict[int, str | None]:
    """Names for boards: of members who agreed to be named, and of units."""
    wanted = list(ids)
    if not wanted:
        return {}
    if board.of_members:
        found = members.names(tx, wanted)
        return {one: None if found[one].hidden else found[one].nickname for one in wanted if one in found}
    return {unit.id: unit.short_name if unit.named else None for unit in green_units.board_units(tx, wanted).values()}


def _named(tx: Tx, board: Board, found: Sequence[Found], mine: int | None) -> list[Row]:
    names = _names(tx, board, [row.id for row in found])
    return [
        Row(row.place, row.id, names.get(row.id), row.value_milli, row.members, row.id == mine, row.plain_milli)
        for row in found
    ]


__all__ = [
    "BoardPage",
    "MyPlace",
    "Row",
    "closings",
    "download",
    "held_back",
    "home_board",
    "my_place",
    "my_row",
    "page",
    "places_among",
    "review_of",
    "waiting",
]
