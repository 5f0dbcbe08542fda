"""活动的日子: days in a row, and the weeks of a month as a calendar shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from points_engine.clock import days_of, month_of

DAY = timedelta(days=1)


def best_run(days: Iterable[date]) -> int:
    """The most days in a row; here no rest day bridges a gap."""
    return max(_runs(days).values(), default=0)


def run_now(days: Iterable[date], today: date) -> int:
    """Days in a row up to today, or up to yesterday while today is not over."""
    runs = _runs(days)
    return runs.get(today) or runs.get(today - DAY, 0)


def _runs(days: Iterable[date]) -> dict[date, int]:
    """How long the run is that each of these days ends so far."""
    found: dict[date, int] = {}
    for day in sorted(set(days)):
        found[day] = found.get(day - DAY, 0) + 1
    return found


def months(first: date, last: date) -> list[str]:
    """Every month that the days touch, in order."""
    found, day = [], first.replace(day=1)
    while day <= last:
        found.append(month_of(day))
        day = (day + timedelta(days=31)).replace(day=1)
    return found


def weeks(month: str) -> list[list[date | None]]:
    """The month in weeks of seven, Monday first; None where a week reaches into another month."""
    first, last = days_of(month)
    days: list[date | None] = [None] * first.weekday()
    days += [first + DAY * n for n in range((last - first).days + 1)]
    days += [None] * (-len(days) % 7)
    return [days[n : n + 7] for n in range(0, len(days), 7)]
