"""榜单: periods, places, ties, values per head, the gap to the next place and the frozen order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from points_engine.clock import days_of, month_of, start_of, week_of, year_of

TOTAL = "total"
PERIOD_KINDS = ("week", "month", "year", TOTAL)


@dataclass(frozen=True, slots=True)
class Score:
    """A member or a unit with its value, and the instant at which it reached that value."""

    subject: int
    value: int
    reached_at: datetime
    members: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """One row of a board; `gap` is what is missing to the next better place, None at the top."""

    place: int
    score: Score
    gap: int | None


def in_order(scores: Iterable[Score]) -> list[Score]:
    """Highest value first; among equals whoever got there first, then the smaller id."""
    return sorted(scores, key=lambda each: (-each.value, each.reached_at, each.subject))


def places(values: Sequence[int]) -> list[int]:
    """Places of values that stand in order, highest first: equal values share one (1, 2, 2, 4)."""
    found: list[int] = []
    for at, value in enumerate(values):
        assert at == 0 or value <= values[at - 1], "values must be in order"
        found.append(found[-1] if at and value == values[at - 1] else at + 1)
    return found


def standings(scores: Iterable[Score]) -> list[Standing]:
    """The whole board; a value of nothing earns no place."""
    ordered = in_order(each for each in scores if each.value > 0)
    rows, better, above = [], None, 0
    for place, score in zip(places([each.value for each in ordered]), ordered, strict=True):
        if score.value != above:
            better, above = (above or None), score.value
        rows.append(Standing(place, score, None if better is None else better - score.value))
    return rows


def around(rows: Sequence[Standing], subject: int, each_side: int = 2) -> list[Standing]:
    """The row of `subject` with its neighbours; nothing when it has no row."""
    for at, row in enumerate(rows):
        if row.score.subject == subject:
            return list(rows[max(0, at - each_side) : at + each_side + 1])
    return []


def per_head_milli(value: int, members: int) -> int:
    """Value per member in thousandths, rounded down; a unit without members has none."""
    return value * 1000 // members if members > 0 else 0


def checksum(rows: Iterable[Standing]) -> str:
    """The digest of a frozen board over its rows in order, so that nobody can change it unseen."""
    digest = hashlib.sha256(b"place,subject,value,members,reached_at\n")
    for row in rows:
        score = row.score
        line = f"{row.place},{score.subject},{score.value},{score.members},"
        digest.update(f"{line}{score.reached_at.astimezone(UTC).isoformat()}\n".encode())
    return digest.hexdigest()


def period_of(kind: str, day: date) -> str:
    """The period of a kind (week, month, year, total) that a local day falls in."""
    if kind == TOTAL:
        return TOTAL
    return {"week": week_of, "month": month_of, "year": year_of}[kind](day)


def kind_of(period: str) -> str:
    if period == TOTAL:
        return TOTAL
    return "week" if "-W" in period else "month" if "-" in period else "year"


def before(period: str) -> str | None:
    """The period just before; the total has none."""
    if period == TOTAL:
        return None
    return period_of(kind_of(period), days_of(period)[0] - timedelta(days=1))


def freezes_at(period: str, grace: timedelta) -> datetime | None:
    """When late acts no longer change the period; never for the total."""
    if period == TOTAL:
        return None
    return start_of(days_of(period)[1] + timedelta(days=1)) + grace
