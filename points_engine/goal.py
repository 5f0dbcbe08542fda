"""月度目标: how full the ring is, what is left, and a goal worth proposing for the next month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from points_engine.clock import days_of, month_of

SMALLEST = 2_000  # grams; our own choice for a beginner's month
STEP = 500


@dataclass(frozen=True, slots=True)
class Ring:
    """A month's goal in grams; `percent` is rounded down and stops at 100."""

    done: int
    goal: int
    percent: int
    left: int
    days_left: int  # today included
    a_day: int  # grams a day that still reach the goal, rounded up

    @property
    def reached(self) -> bool:
        return self.left == 0


def ring(done: int, goal: int, today: date) -> Ring:
    """How the month of `today` stands against its goal."""
    if goal <= 0:
        raise ValueError(goal)
    left = max(0, goal - done)
    days_left = (days_of(month_of(today))[1] - today).days + 1
    return Ring(done, goal, min(100, done * 100 // goal), left, days_left, -(-left // days_left))


def suggest(last_month: int) -> int:
    """A tenth more than last month, up to the next 500 g, never under the beginner's goal."""
    wanted = -(-last_month * 11 // 10)
    return max(SMALLEST, -(-wanted // STEP) * STEP)
