"""What the differences between two recordings at one time tell: whether one holds the other's errors, as a copy does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from statistics import median
from typing import Literal, NamedTuple

from points_engine.trips.timeline import Timeline

Rhythm = Literal["none", "even", "own"]
RHYTHMS: tuple[Rhythm, ...] = ("none", "even", "own")
Pair = tuple[float, float]

STRONG = 2.0  # times the middle size, at which a sharp turn of the way stops counting more
REMEMBERED = 40.0  # seconds over which a phone's errors hang together
MOST_LAGS = 8
ENOUGH = 160  # pairs of fixes within that time, from which two phones show how they differ
IN_STEP = 0.95  # of the fixes at instants of the other
DENSE = 0.6  # of all seconds with a fix; with more everybody is in step
ODD = 8  # steps unlike the others from which a rhythm is one's own


class Strangeness(NamedTuple):
    """How little one recording looks like another with noise added, in standard deviations of what chance does."""

    unsure: bool  # too few fixes, or too far apart in time, for another phone to show
    much: float


def strangeness(copy: Timeline, first: Timeline, shift: float) -> Strangeness:
    """Of `copy` to `first`.

    Added noise forgets itself from one fix to the next and knows nothing of the first's own errors. Two phones on one
    ride differ otherwise: each one's errors last for a while, and the difference holds the first's errors turned round.
    """
    apart, errors = _differences(copy, first, shift)
    lags = max(1, min(MOST_LAGS, int(REMEMBERED / max(copy.step, 1.0))))
    much = max(0.0, _memory(apart, lags)) + abs(_knowledge(apart, errors))
    return Strangeness(len(apart) * lags < ENOUGH, much)


def _differences(copy: Timeline, first: Timeline, shift: float) -> tuple[list[Pair], list[Pair | None]]:
    """At each fix of the copy: how far it is from the first, and how far the first is from the line of its neighbours."""
    step = max(copy.step, first.step)
    apart: list[Pair] = []
    errors: list[Pair | None] = []
    for n, at in enumerate(copy.at):
        here = first.place(at + shift)
        if here is None:
            continue
        apart.append((copy.x[n] - here[0], copy.y[n] - here[1]))
        before, after = first.place(at + shift - step), first.place(at + shift + step)
        beside = before and after and (here[0] - (before[0] + after[0]) / 2, here[1] - (before[1] + after[1]) / 2)
        errors.append(beside or None)
    if not apart:
        return [], []
    middle_x, middle_y = median([x for x, _ in apart]), median([y for _, y in apart])
    return [(x - middle_x, y - middle_y) for x, y in apart], errors


def _memory(apart: Sequence[Pair], lags: int) -> float:
    """The correlation of differences with those soon after; about 0 ± 1 when each is new."""
    whole = sum(x * x + y * y for x, y in apart)
    if not whole:
        return 0.0
    shared = sum(
        x * later_x + y * later_y
        for lag in range(1, lags + 1)
        for (x, y), (later_x, later_y) in zip(apart, apart[lag:], strict=False)
    )
    return shared / whole * sqrt(2 * len(apart) / lags)


def _knowledge(apart: Sequence[Pair], errors: Sequence[Pair | None]) -> float:
    """The correlation of differences with the first's errors: about 0 ± 1 in a copy.

    Below it for another phone, above it for one that cuts the corners of the way.
    """
    sizes = sorted(abs(value) for error in errors if error for value in error)
    if not sizes:
        return 0.0
    most = STRONG * sizes[len(sizes) // 2]
    products = [
        difference * max(-most, min(most, value))
        for pair, error in zip(apart, errors, strict=True)
        if error
        for difference, value in zip(pair, error, strict=True)
    ]
    spread = sqrt(sum(product * product for product in products))
    return sum(products) / spread if spread else 0.0


def rhythm(one: Timeline, other: Timeline, shift: int) -> Rhythm:
    """Whether both were read at the same instants: by chance when evenly, and not by two phones when unevenly."""
    few, many = (one, other) if len(one.at) <= len(other.at) else (other, one)
    instants = {round(at) for at in many.at}
    move = shift if few is one else -shift
    hits = sum(1 for at in few.at if round(at + move) in instants)
    if hits < IN_STEP * len(few.at) or len(instants) > DENSE * many.length:
        return "none"
    steps = [round(b - a) for a, b in pairwise(few.at)]
    odd = sum(1 for step in steps if step != round(few.step))
    return "own" if odd >= ODD else "even"
