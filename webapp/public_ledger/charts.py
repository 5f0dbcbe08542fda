"""Where everything of an indicator's chart stands: its values, its path, and the figures at the edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from webapp.public_ledger.indicators import BASE, END, MIDDLE, Indicator, path, shown

LEFT, RIGHT, TOP, BOTTOM = 52, 308, 14, 128
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chart:
    """Whole coordinates in a box of 320 by 156."""

    values: tuple[Point, ...]
    goals: tuple[tuple[Point, Point], ...]
    years: tuple[tuple[int, int], ...]
    marks: tuple[tuple[int, str], ...]

    @property
    def line(self) -> str:
        """The points of the values for a polyline."""
        return " ".join(f"{x},{y}" for x, y in self.values)


def chart(of: Indicator, values: Mapping[int, str]) -> Chart:
    """The chart of an indicator with its values by year."""
    goals = {year: goal for year in (BASE, MIDDLE, END) if (goal := path(of, year)) is not None}
    known = {year: Fraction(value) for year, value in values.items()}
    every = [*goals.values(), *known.values()]
    low, high = min(every), max(every)
    room = (high - low) / 10 or abs(high) / 10 or Fraction(1)
    last = max([END, *known])

    def x(year: int) -> int:
        return LEFT + (RIGHT - LEFT) * (year - BASE) // (last - BASE)

    def y(value: Fraction) -> int:
        return BOTTOM - int((BOTTOM - TOP) * (value - low + room) / (high - low + 2 * room))

    knots = [(x(year), y(goal)) for year, goal in goals.items()]
    edges = {y(low): shown(low), y(high): shown(high)}
    return Chart(
        values=tuple((x(year), y(value)) for year, value in sorted(known.items())),
        goals=tuple(pairwise(knots)),
        years=tuple((x(year), year) for year in (BASE, MIDDLE, END)),
        marks=tuple(edges.items()),
    )
