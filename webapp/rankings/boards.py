"""Which boards there are: subjects, measures, their codes, names and periods, and the words on how they count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from points_engine.clock import days_of, local_day, week_of
from points_engine.errors import refuse
from points_engine.ranking import PERIOD_KINDS, TOTAL, before, kind_of, period_of

# An act may be logged up to 72 hours late, so a period stays open that long after its end.
GRACE = timedelta(hours=72)
FEWEST = 5  # a smaller unit is not shown: its sum could be traced to a person
METHOD_ZH = (
    "统计周期内减排量（克二氧化碳当量），自报与核验的合计；自报行为已按一半计。"
    "周期结束后 72 小时内补记的行为计入，之后定榜不再改变。数值相同名次并列（1、2、2、4），并列者按先达到的在前。"
    "单位的数值只计成员在该单位期间的行为；人均按周期内曾在该单位的人数计算，向下取整。"
    "不足 5 人的单位不上榜；家庭由本人选择是否上榜。"
)
METHOD_EN = (
    "Grams of CO2e within the period, declared and verified together; declared acts are already halved. "
    "Acts logged up to 72 hours after the end count; then the board is fixed. Equal values share a place "
    "(1, 2, 2, 4), and whoever got there first stands first. A unit counts what its people did while they "
    "belonged to it; per head divides by everybody who belonged to it in the period, rounded down. Units of "
    "fewer than 5 people are not shown; families choose whether they are."
)


@dataclass(frozen=True, slots=True)
class Board:
    """One board: whose values are compared (`subject`) and which value (`measure`: total or per_head)."""

    code: str
    subject: str
    measure: str
    name_zh: str
    name_en: str

    @property
    def of_members(self) -> bool:
        return self.subject == "members"

    @property
    def per_head(self) -> bool:
        return self.measure == "per_head"


SUBJECTS = {
    "members": ("个人", "Members"),
    "enterprise": ("企业", "Companies"),
    "public_body": ("公共机构", "Public bodies"),
    "community": ("社区", "Communities"),
    "family": ("家庭", "Families"),
}


def _boards() -> Iterable[Board]:
    yield Board("members", "members", "total", "个人减碳榜", "Members")
    for kind in ("enterprise", "public_body", "community", "family"):
        zh, en = SUBJECTS[kind]
        code = kind.replace("_", "-")
        yield Board(f"{code}-total", kind, "total", f"{zh}总量榜", f"{en}, total")
        yield Board(f"{code}-per-head", kind, "per_head", f"{zh}人均榜", f"{en}, per head")


BOARDS: dict[str, Board] = {board.code: board for board in _boards()}


def board_of(code: str) -> Board:
    """The board of a code; 404 unknown_board."""
    board = BOARDS.get(code)
    if board is None:
        raise refuse("not_found", "unknown_board", board=code[:40])
    return board


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
