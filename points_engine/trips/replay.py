"""Whether two recordings are one and the same, two people on one ride, or two rides along one way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from points_engine.trips.fixes import Fix

Likeness = Literal["copy", "together", "apart"]
Segments = Sequence[Sequence[Fix]]

MOST_COMPANIONS = 3
SAME_TIME = 120.0  # seconds apart within which two people may be on one ride
WINDOW = 12  # samples whose mean difference is looked at: added noise is gone from it
MOST_WINDOWS = 32
FEWEST = 6  # samples below which nothing is said
COVERED = 0.6  # share of the shorter recording that must lie on the other


def by_marks(shared: int, mine: int, theirs: int) -> Likeness:
    """What can still be said when only the marks of the other recording are left."""
    fewer = min(mine, theirs)
    return "copy" if fewer >= 8 and shared >= 0.75 * fewer else "apart"


class Fit(NamedTuple):
    """How well one recording lies on another, moved by `shift` seconds."""

    shift: float
    covered: float
    smooth: float  # metres, of means over a window, the constant part taken away
    rough: float  # metres, of single samples, along one axis


def compare(a: Segments, b: Segments) -> Likeness:
    """How recording `a` is like the earlier `b`."""
    fits = best_fits(a, b)
    if any(_is_copy(fit) for fit in fits):
        return "copy"
    return "apart"


def _is_copy(fit: Fit) -> bool:
    return fit.covered >= COVERED and fit.smooth < 2.0


def best_fits(a: Segments, b: Segments) -> list[Fit]:
    return []
