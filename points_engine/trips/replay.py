"""Whether two recordings are one and the same, two people on one ride, or two rides along one way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, radians
from statistics import fmean, median
from typing import Literal, NamedTuple

from points_engine.trips.fixes import Fix
from points_engine.trips.marks import GAP, visits
from points_engine.trips.path import METRES_PER_DEGREE

Likeness = Literal["copy", "together", "apart"]
Segments = Sequence[Sequence[Fix]]
Sample = tuple[float, float, float]  # a time, and metres east and north between the two

MOST_COMPANIONS = 3
SAME_TIME = 45.0  # seconds apart within which two people may be on one ride
BESIDE = 40.0  # metres between people on one ride
WINDOW = 12  # samples whose mean difference is looked at: noise added to each fix is gone from it
MOST_WINDOWS = 32
MOST_DRAWN = 150
FEWEST = 4  # samples below which nothing is said
COVERED = 0.55  # share of the shorter recording that must lie on the other
SPLICED = 0.35  # the same, of what was moved in time: a trip put together from halves of others
LONG_ENOUGH = 20  # samples from which a part of a trip is enough to know it again
BIN = 4.0  # seconds


def by_marks(shared: int, mine: int, theirs: int) -> Likeness:
    """What can still be said when only the marks of the other recording are left.

    Strict, because a daily commute is held against every earlier one.
    """
    fewer = min(mine, theirs)
    return "copy" if fewer >= 10 and shared >= 0.9 * fewer else "apart"


class Fit(NamedTuple):
    """How well one recording lies on another that is moved by `shift` seconds (and perhaps turned round)."""

    turned: bool
    shift: float
    covered: float  # share of the shorter one
    samples: int
    smooth: float  # metres: means over a window, the constant part taken away
    rough: float  # metres along one axis: single samples
    away: float  # metres: the middle distance
    window: int  # samples
    stamped: bool  # the same instants, which two phones would not choose


class Timeline:
    """A recording as places in time: seconds, metres east, metres north of an origin."""

    def __init__(self, segments: Segments, origin: tuple[float, float]) -> None:
        lat, lon = origin
        metres_lon = METRES_PER_DEGREE * cos(radians(lat))
        self.at: list[float] = []
        self.x: list[float] = []
        self.y: list[float] = []
        for segment in segments:
            for fix in segment:
                if not self.at or fix.at > self.at[-1]:
                    self.at.append(fix.at)
                    self.x.append((fix.lon - lon) * metres_lon)
                    self.y.append((fix.lat - lat) * METRES_PER_DEGREE)
        self.step = median([b - a for a, b in pairwise(self.at)]) if len(self.at) > 1 else 0.0

    def place(self, at: float) -> tuple[float, float] | None:
        """Where it was; None outside the recording and in its gaps."""
        n = bisect_right(self.at, at)
        if n == 0 or n == len(self.at):
            if self.at and at == self.at[n - 1]:
                return self.x[n - 1], self.y[n - 1]
            return None
        before, after = self.at[n - 1], self.at[n]
        if after - before > GAP:
            return None
        part = (at - before) / (after - before)
        return self.x[n - 1] + (self.x[n] - self.x[n - 1]) * part, self.y[n - 1] + (self.y[n] - self.y[n - 1]) * part

    @property
    def length(self) -> float:
        return self.at[-1] - self.at[0] if self.at else 0.0


def compare(a: Segments, b: Segments) -> Likeness:
    """How recording `a` is like the earlier `b`."""
    found = fits(a, b)
    if any(is_copy(fit) for fit in found):
        return "copy"
    return "together" if any(is_beside(fit) for fit in found) else "apart"


def is_copy(fit: Fit) -> bool:
    """One recording, not two."""
    moved = fit.turned or abs(fit.shift) > SAME_TIME
    if fit.covered < (SPLICED if moved and fit.samples >= LONG_ENOUGH else COVERED) or fit.samples < FEWEST:
        return False
    smooth = fit.smooth * fit.window**0.5
    if moved:
        # Nobody repeats every moment of a trip: what lies this close at each of them was not travelled again.
        few = fit.samples < 20
        return fit.smooth < 1.5 or (fit.rough < (3.9 if few else 4.2) and smooth < (10.5 if few else 12.0))
    # Companions are this close as well; only their phones differ, each in its own way.
    if fit.stamped:
        return fit.rough < 3.7 and smooth < 7.5
    if fit.samples < 20:
        return smooth < 4.5 and fit.rough < 2.4
    return smooth < 7.2 and fit.rough < (3.35 if fit.samples >= 100 else 2.8)


def is_beside(fit: Fit) -> bool:
    """Two people at one place at one time, most of the way."""
    return not fit.turned and abs(fit.shift) <= SAME_TIME and fit.covered >= COVERED and fit.away < BESIDE


def fits(a: Segments, b: Segments) -> list[Fit]:
    """The ways in which `a` may lie on `b`, each at its best shift."""
    start = next((fix for segment in a for fix in segment), None)
    if start is None:
        return []
    one, other = Timeline(a, (start.lat, start.lon)), Timeline(b, (start.lat, start.lon))
    if len(one.at) < 2 or len(other.at) < 2:
        return []
    return [fit for turned, shift in _guesses(a, b, one, other) if (fit := _fit(one, other, turned, shift))]


def _guesses(a: Segments, b: Segments, one: Timeline, other: Timeline) -> list[tuple[bool, float]]:
    """Shifts worth trying: where the cells both went through agree, and where the ends do."""
    here = {visit.cell: visit.at for grid in visits(a) for visit in grid}
    there = {visit.cell: visit.at for grid in visits(b) for visit in grid}
    both = here.keys() & there.keys()
    found: list[tuple[bool, float]] = []
    for turned, ends in (
        (False, (other.at[0] - one.at[0], other.at[-1] - one.at[-1])),
        (True, (other.at[-1] + one.at[0], other.at[0] + one.at[-1])),
    ):
        votes = [there[cell] + here[cell] if turned else there[cell] - here[cell] for cell in both]
        tried = [*_agreed(votes), *ends] if turned else [*_agreed(votes), *ends, 0.0]
        kept: list[float] = []
        for shift in tried:
            if all(abs(shift - known) > 1.0 for known in kept):
                kept.append(shift)
        found += [(turned, shift) for shift in kept]
    return found


def _agreed(votes: Sequence[float]) -> list[float]:
    if not votes:
        return []
    best, _ = Counter(round(vote / BIN) for vote in votes).most_common(1)[0]
    return [fmean([vote for vote in votes if abs(vote / BIN - best) <= 1.5]), median(votes)]


def _fit(one: Timeline, other: Timeline, turned: bool, shift: float) -> Fit | None:
    """Move the shift to where the two lie closest, then measure."""
    sign = -1.0 if turned else 1.0
    for _ in range(4):
        drawn = list(_drawn(one, other, sign, shift))
        if len(drawn) < FEWEST:
            return None
        pull = weight = 0.0
        for at, x, y in drawn:
            ahead, behind = other.place(sign * at + shift + 1.0), other.place(sign * at + shift - 1.0)
            if ahead and behind:
                vx, vy = (ahead[0] - behind[0]) / 2, (ahead[1] - behind[1]) / 2
                pull += x * vx + y * vy
                weight += vx * vx + vy * vy
        if weight < 1.0:
            break
        move = max(-15.0, min(15.0, pull / weight))
        shift += move
        if abs(move) < 0.05:
            break
    return _measured(one, other, turned, shift)


def _measured(one: Timeline, other: Timeline, turned: bool, shift: float) -> Fit | None:
    """Measured at the fixes of either, whichever lie closer: a copy made by interpolation cuts no corner at its own."""
    sign = -1.0 if turned else 1.0
    found = []
    for times in (one.at, sorted(sign * (at - shift) for at in other.at)):
        blocks = list(_blocks(one, other, sign, shift, times))
        samples = [sample for block in blocks for sample in block]
        if len(samples) >= FEWEST:
            found.append((blocks, samples))
    measured = [_figures(one, other, turned, shift, blocks, samples) for blocks, samples in found]
    return min(measured, key=lambda fit: fit.rough, default=None)


def _figures(
    one: Timeline, other: Timeline, turned: bool, shift: float, blocks: list[list[Sample]], samples: list[Sample]
) -> Fit:
    mean_x, mean_y = median([x for _, x, _ in samples]), median([y for _, _, y in samples])
    smooth = sorted(
        hypot(fmean([x for _, x, _ in block]) - mean_x, fmean([y for _, _, y in block]) - mean_y) for block in blocks
    )
    rough = median([hypot(x - mean_x, y - mean_y) for _, x, y in samples]) / 1.177
    low, high = _overlap(one, other, -1.0 if turned else 1.0, shift)
    shorter = min(one.length, other.length)
    return Fit(
        turned,
        shift,
        min(1.0, (high - low) / shorter) if shorter else 0.0,
        len(samples),
        smooth[int(len(smooth) * 0.8)],
        rough,
        median([hypot(x, y) for _, x, y in samples]),
        max(map(len, blocks)),
        not turned and any(_stamped(one, other, by) for by in {0, round(shift)}),
    )


def _blocks(
    one: Timeline, other: Timeline, sign: float, shift: float, times: Sequence[float]
) -> Iterator[list[Sample]]:
    """Runs of samples one after the other, spread over what both cover."""
    low, high = _overlap(one, other, sign, shift)
    times = times[bisect_left(times, low - 0.01) : bisect_right(times, high + 0.01)]
    if len(times) < FEWEST:
        return
    size = max(2, min(WINDOW, len(times) // 4))
    every = max(size, len(times) // MOST_WINDOWS)
    for start in range(0, len(times) - size + 1, every):
        block = list(_samples(one, other, sign, shift, times[start : start + size]))
        if 2 * len(block) >= size:
            yield block


def _overlap(one: Timeline, other: Timeline, sign: float, shift: float) -> tuple[float, float]:
    first, last = sorted((sign * (other.at[0] - shift), sign * (other.at[-1] - shift)))
    return max(first, one.at[0]), min(last, one.at[-1])


def _stamped(one: Timeline, other: Timeline, shift: int) -> bool:
    """Whether both were read at the same instants although they need not have been."""
    if abs(len(one.at) - len(other.at)) > 0.1 * len(one.at):
        return False
    odd = sum(1 for a, b in pairwise(one.at) if abs(b - a - one.step) > 0.5)
    if one.step < 4 and odd < max(5, 0.1 * len(one.at)):
        return False
    instants = {round(at) for at in other.at}
    return sum(1 for at in one.at if round(at + shift) in instants) >= 0.95 * min(len(one.at), len(other.at))


def _samples(one: Timeline, other: Timeline, sign: float, shift: float, times: Sequence[float]) -> Iterator[Sample]:
    """Times of `one` and how far it is from the other there."""
    for at in times:
        here, there = one.place(at), other.place(sign * at + shift)
        if here and there:
            yield at, here[0] - there[0], here[1] - there[1]


def _drawn(one: Timeline, other: Timeline, sign: float, shift: float) -> Iterator[Sample]:
    """Some samples at the fixes of the sparser one, all over what both cover."""
    low, high = _overlap(one, other, sign, shift)
    sparse = one.at if one.step >= other.step else sorted(sign * (at - shift) for at in other.at)
    times = sparse[bisect_left(sparse, low - 0.01) : bisect_right(sparse, high + 0.01)]
    yield from _samples(one, other, sign, shift, times[:: max(1, len(times) // MOST_DRAWN)])
