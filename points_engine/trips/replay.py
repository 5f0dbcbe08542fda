"""Whether two recordings are one and the same, two people on one ride, or two rides along one way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from points_engine.trips.crossings import Likeness
from points_engine.trips.fit import Fit, Segments, fits

MOST_COMPANIONS = 3
BESIDE = 40.0  # metres between people on one ride
COVERED = 0.55  # share of the shorter recording that must lie on the other
PART = 0.3  # the same, of what was moved in time: a trip put together from parts of others
PARTS = 0.7  # the same, of two parts together
PIECE = 0.15  # and of each of them
ELSEWHERE = 30.0  # seconds between the shifts of two parts
FARTHEST = 60.0  # metres to go before anything is said: a phone at rest may give the same place every day


class Bounds(NamedTuple):
    """What a copy keeps within; metres."""

    samples: int
    rough: float
    smooth: float


# Nothing but rounding and interpolation: no two phones, and no two days.
EXACT = Bounds(3, 1.0, 3.0)
# On another day nobody is at each moment where they were: noise of 5 m added leaves less than the same way at nearly the
# same pace again, which is smooth (over 15 m in all of 1,500 such pairs with 20 samples, over 9 m with fewer).
MOVED = (Bounds(20, 6.5, 14.5), Bounds(4, 3.9, 9.0))
MOVED_PERHAPS = Bounds(4, 6.5, 13.0)
# At one time companions are as close. What tells them apart is what their phones got wrong, each in its own way.
NOISY = 7.0  # metres
ALIKE = 3.3  # standard deviations; of copies one in a hundred is beyond
STRANGER = 4.5  # and this is another phone
IN_RHYTHM = Bounds(8, NOISY, 30.0)
CLOSE = Bounds(4, 4.2, 9.0)  # of few fixes that are not even in step


def by_marks(shared: int, mine: int, theirs: int) -> Likeness:
    """What can be said of a recording of which only marks are left: those from before crossings were kept.

    Strict, because a daily commute is held against every earlier one.
    """
    fewer = min(mine, theirs)
    return "copy" if fewer >= 10 and shared >= 0.9 * fewer else "apart"


def compare(a: Segments, b: Segments) -> Likeness:
    """How recording `a` is like the earlier `b`."""
    found = [fit for fit in fits(a, b) if fit.reach >= FARTHEST]
    if any(map(is_copy, found)) or _spliced(found):
        return "copy"
    if any(map(_perhaps, found)):
        return "unclear"
    return "together" if any(map(is_beside, found)) else "apart"


def is_copy(fit: Fit) -> bool:
    """One recording, not two."""
    if fit.moved:
        exact = fit.covered >= PART and _within(fit, EXACT)
        return exact or any(fit.covered >= _least(fit) and _within(fit, bounds) for bounds in MOVED)
    if fit.covered < COVERED:
        return False
    if _within(fit, EXACT) or (fit.rhythm == "own" and _within(fit, IN_RHYTHM)):
        return True
    return fit.rough < NOISY and not fit.strange.unsure and fit.strange.much < ALIKE


def is_beside(fit: Fit) -> bool:
    """Two people at one place at one time, most of the way."""
    return not fit.moved and fit.covered >= COVERED and fit.away < BESIDE


def _perhaps(fit: Fit) -> bool:
    """Too few fixes to be sure: a person looks."""
    if fit.moved:
        return fit.covered >= PART and _within(fit, MOVED_PERHAPS)
    if fit.covered < COVERED or fit.rough >= NOISY or fit.strange.much >= STRANGER:
        return False
    return not fit.strange.unsure or fit.rhythm == "even" or _within(fit, CLOSE)


def _spliced(found: Sequence[Fit]) -> bool:
    """Two parts, each moved by a time of its own, that make up most of it."""
    parts = [fit for fit in found if fit.moved and fit.covered >= PIECE and _within(fit, MOVED_PERHAPS)]
    return any(
        abs(one.shift - other.shift) > ELSEWHERE
        and one.covered + other.covered >= PARTS
        and (one.samples + other.samples >= MOVED[0].samples or (_within(one, MOVED[1]) and _within(other, MOVED[1])))
        for n, one in enumerate(parts)
        for other in parts[:n]
    )


def _least(fit: Fit) -> float:
    return PART if fit.samples >= MOVED[0].samples else COVERED


def _within(fit: Fit, bounds: Bounds) -> bool:
    return fit.samples >= bounds.samples and fit.rough < bounds.rough and fit.smooth < bounds.smooth
