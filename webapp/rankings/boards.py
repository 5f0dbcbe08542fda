"""Which boards there are: subjects, measures, size classes, their codes, names and periods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from points_engine import ladder
from points_engine.boards import FEWEST, classes
from points_engine.clock import days_of, local_day, week_of
from points_engine.errors import refuse
from points_engine.ranking import PERIOD_KINDS, TOTAL, before, kind_of, period_of

__all__ = ["BOARDS", "FEWEST", "GRACE", "MEASURES", "SUBJECTS", "Board", "board_of", "boards_of", "read_period"]

# An act may be logged up to 72 hours late, so a period stays open that long after its end.
GRACE = timedelta(hours=72)
ALL = ""  # every size


@dataclass(frozen=True, slots=True)
class Board:
    """One board: whose values are compared (`subject`), which value (`measure`), and among units of which size."""

    code: str
    subject: str
    measure: str
    size_class: str
    number: int
    name_zh: str
    name_en: str

    @property
    def of_members(self) -> bool:
        return self.subject == "members"

    @property
    def per_head(self) -> bool:
        return self.measure == "per_head"

    @property
    def in_grams(self) -> bool:
        return self.measure in ("total", "per_head")

    @property
    def shrunk(self) -> bool:
        """Whether small units are drawn towards the mean of their class."""
        return MEASURES[self.measure].shrunk and self.subject != "family"

    def ladder(self, period: str) -> int:
        """The number of this board's live ladder in a period."""
        return self.number * 10_000_000 + ladder.number_of(period)


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to compare: its name, its unit, for which kinds of period and whether small units are drawn in."""

    code: str
    number: int
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    periods: tuple[str, ...] = PERIOD_KINDS
    shrunk: bool = False
    families: bool = True


SUBJECTS = {
    "members": ("个人", "Members"),
    "enterprise": ("企业", "Companies"),
    "public_body": ("公共机构", "Public bodies"),
    "community": ("社区", "Communities"),
    "family": ("家庭", "Families"),
}
_DATED = ("week", "month", "year")
MEASURES = {
    each.code: each
    for each in (
        Measure("total", 1, "总量", "Total", "kg", "kg"),
        Measure("per_head", 2, "人均", "Per head", "kg/人", "kg/head", shrunk=True),
        Measure("participation", 3, "参与率", "Participation", "%", "%", shrunk=True, families=False),
        Measure("improvement", 4, "比自己", "Improvement", "%", "%", _DATED, shrunk=True),
        Measure("energy", 5, "节能", "Energy saved", "kgce", "kgce", ("month", "year", TOTAL), families=False),
    )
}


def _boards() -> Iterable[Board]:
    yield Board("members", "members", "total", ALL, 1, "个人减碳榜", "Members")
    for n, kind in enumerate(("enterprise", "public_body", "community", "family"), 1):
        zh, en = SUBJECTS[kind]
        for m in MEASURES.values():
            if kind == "family" and not m.families:
                continue
            code, number = f"{kind}-{m.code}".replace("_", "-"), n * 1000 + m.number * 10
            yield Board(code, kind, m.code, ALL, number, f"{zh}{m.zh}榜", f"{en}, {m.en.lower()}")
            for c, size in enumerate(() if kind == "family" else classes(), 1):
                names = (f"{zh}{m.zh}榜（{size.zh}）", f"{en}, {m.en.lower()} ({size.en})")
                yield Board(f"{code}-{size.code}", kind, m.code, size.code, number + c, *names)


BOARDS: dict[str, Board] = {board.code: board for board in _boards()}
_BY_PLACE = {(board.subject, board.measure, board.size_class): board for board in BOARDS.values()}


def board_of(code: str) -> Board:
    """The board of a code; 404 unknown_board."""
    board = BOARDS.get(code)
    if board is None:
        raise refuse("not_found", "unknown_board", board=code[:40])
    return board


def find(subject: str, measure: str, size_class: str = ALL) -> Board | None:
    """The board of a subject, measure and size; None where there is none."""
    return _BY_PLACE.get((subject, measure, size_class))


def boards_of(period: str) -> list[Board]:
    """The boards that there are for a period."""
    kind = kind_of(period)
    return [board for board in BOARDS.values() if kind in MEASURES[board.measure].periods]


def read_period(text: str | None, today: date) -> str:
    """A period as written in an address, by default the current week; 404 unknown_period otherwise.

    The bare words week, month and year mean the current one.
    """
    if not text:
        return week_of(today)
    if text in PERIOD_KINDS:
        return period_of(text, today)
    try:
        first, _ = days_of(text)
    except ValueError:
        raise refuse("not_found", "unknown_period") from None
    if period_of(kind_of(text), first) != text or first > today:
        raise refuse("not_found", "unknown_period")
    return text


def current_periods(now: datetime) -> list[str]:
    """The periods that acts logged at `now` can fall in: the running ones and those within the grace."""
    found = {period_of(kind, local_day(at)) for kind in PERIOD_KINDS for at in (now, now - GRACE)}
    return sorted(found)


def neighbours(period: str, today: date) -> tuple[str | None, str | None]:
    """The period before and the one after, when there is one to look at."""
    if period == TOTAL:
        return None, None
    first, last = days_of(period)
    earlier = None if first.year <= 2020 else before(period)
    return earlier, None if last >= today else period_of(kind_of(period), last + timedelta(days=1))
