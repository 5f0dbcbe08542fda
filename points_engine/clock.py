"""The clock and the calendar of the park: instants in UTC, local days, weeks and months in Asia/Shanghai."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
PERIOD = re.compile(r"\d{4}(-W?\d{2})?", re.ASCII)


class Clock(Protocol):
    """Anything that can say what time it is."""

    def now(self) -> datetime: ...


class SystemClock:
    """The real clock; the only place in the project that reads it."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved; for tests and for made-up worlds."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, **delta: float) -> None:
        """Move forward by timedelta(**delta)."""
        self._at += timedelta(**delta)

    def set(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)


def local_day(at: datetime) -> date:
    """The Shanghai calendar day of an aware instant."""
    return at.astimezone(LOCAL).date()


def start_of(day: date) -> datetime:
    """The first instant (UTC) of a local day."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL).astimezone(UTC)


def week_of(day: date) -> str:
    """ISO week, Monday first: 2026-W25."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def month_of(day: date) -> str:
    """Calendar month: 2026-06."""
    return f"{day.year}-{day.month:02d}"


def year_of(day: date) -> str:
    return str(day.year)


def days_of(period: str) -> tuple[date, date]:
    """First and last local day of a period written as 2026-W25, 2026-06, 2026 or total.

    Raises ValueError for anything else.
    """
    if period == "total":
        return date(2000, 1, 1), date(9999, 12, 31)
    if not PERIOD.fullmatch(period) or period[:4] == "9999":  # the day after the last one there is
        raise ValueError(period)
    if len(period) == 8:
        monday = date.fromisocalendar(int(period[:4]), int(period[6:]), 1)
        return monday, monday + timedelta(days=6)
    if len(period) == 7:
        first = date(int(period[:4]), int(period[5:]), 1)
        after = (first + timedelta(days=32)).replace(day=1)
        return first, after - timedelta(days=1)
    return date(int(period), 1, 1), date(int(period), 12, 31)
