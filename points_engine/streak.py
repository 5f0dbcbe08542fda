"""连续天数: any act keeps the day; two free rest days a month bridge a gap by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from points_engine.clock import month_of

REST_DAYS_A_MONTH = 2
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Streak:
    """`current` and `best` count days with an act; rest days bridge and do not count."""

    current: int
    best: int
    kept_today: bool
    rest_left: int  # in the month of today
    rested: tuple[date, ...]  # the rest days inside the current streak


def streak(active_days: Iterable[date], today: date) -> Streak:
    """The streak as it stands on `today`; a day that is not over yet is no gap.

    A gap is bridged whole or not at all: rest days are never spent on a gap they cannot bridge.
    """
    days = sorted({day for day in active_days if day <= today})
    used: Counter[str] = Counter()
    run, best, rested = 0, 0, list[date]()
    for at, day in enumerate(days):
        bridge = _bridge(days[at - 1], day, used) if at else []
        if bridge is None:
            run, rested = 0, []
        else:
            used.update(map(month_of, bridge))
            rested += bridge
        run += 1
        best = max(best, run)
    open_gap = _bridge(days[-1], today, used) if days else []
    if open_gap is None:
        run, rested = 0, []
    else:
        used.update(map(month_of, open_gap))
        rested += open_gap
    left = REST_DAYS_A_MONTH - used[month_of(today)]
    return Streak(run, best, bool(days) and days[-1] == today, left, tuple(rested))


def _bridge(last: date, day: date, used: Counter[str]) -> list[date] | None:
    """The missed days between two days if the rest days of their months cover them, else None."""
    missed = (day - last).days - 1
    if missed > 2 * REST_DAYS_A_MONTH:  # a gap touches at most two months when it can be bridged
        return None
    gap = [last + DAY * n for n in range(1, missed + 1)]
    needed = Counter(map(month_of, gap))
    if any(used[month] + n > REST_DAYS_A_MONTH for month, n in needed.items()):
        return None
    return gap
