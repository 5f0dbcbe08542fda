"""How one recording lies on another: the shifts in time worth trying, each moved to where the two are closest and measured."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from math import hypot, inf
from statistics import fmean, median
from typing import NamedTuple

from points_engine.trips.crossings import SAME_TIME, agreements, crossings, shift_of, votes
from points_engine.trips.fixes import Fix
from points_engine.trips.noise import RHYTHMS, Rhythm, Strangeness, rhythm, strangeness
from points_engine.trips.timeline import Timeline

Segments = Sequence[Sequence[Fix]]
Sample = tuple[float, float, float]  # a time, and metres east and north between the two

WINDOW = 12  # samples whose mean difference is looked at: noise added to each fix is gone from it
MOST_WINDOWS = 32
MOST_DRAWN = 150
FEWEST = 3  # samples below which nothing is said
WITHIN = (1.0, 4.0)  # seconds in which crossings of one shift lie: exact copies, and those with noise
MOST_SHIFTS = 3  # looked for: a trip may be put together from parts of another
WHOLE = 0.3  # seconds beside a whole one at which a shift is taken to be it


class Fit(NamedTuple):
    """How well one recording lies on another that is moved by `shift` seconds (and perhaps turned round)."""

    turned: bool
    shift: float
    covered: float  # share of the shorter one
    samples: int
    reach: float  # metres from the first to the farthest sample
    smooth: float  # metres: what is left of the differences in the mean of a window, as if of one sample
    rough: float  # metres along one axis: single samples
    away: float  # metres: the middle distance
    strange: Strangeness  # of the one to the other, when at one time
    rhythm: Rhythm  # whether both were read at the same instants

    @property
    def moved(self) -> bool:
        """To another time, or turned round: not two people on one ride."""
        return self.turned or abs(self.shift) > SAME_TIME


def fits(a: Segments, b: Segments) -> list[Fit]:
    """The ways in which `a` may lie on `b`, each at its best shift."""
    start = next((fix for segment in a for fix in segment), None)
    if start is None:
        return []
    one, other = Timeline(a, (start.lat, start.lon)), Timeline(b, (start.lat, start.lon))
    if len(one.at) < 2 or len(other.at) < 2:
        return []
    found: dict[tuple[bool, int], Fit | None] = {}
    for turned, guess in _guesses(a, b, one, other):
        shift = _closest(one, other, turned, guess)
        if shift is not None and (turned, round(shift * 10)) not in found:
            found[turned, round(shift * 10)] = _measured(one, other, turned, shift)
    return [fit for fit in found.values() if fit]


def _guesses(a: Segments, b: Segments, one: Timeline, other: Timeline) -> Iterator[tuple[bool, float]]:
    """Shifts worth trying: on which the crossings of lines agree, where the ends do, and none."""
    here, there = crossings(a), crossings(b)
    ends = [(mine, theirs) for mine in one.ends() for theirs in (other.at[0], other.at[-1])]
    ends += [(mine, theirs) for mine in (one.at[0], one.at[-1]) for theirs in other.ends()]
    for turned in (False, True):
        given = votes(here, there, turned)
        tried = [shift_of(some) for within in WITHIN for some in agreements(given, within, MOST_SHIFTS) if some[1:]]
        tried += [theirs + mine if turned else theirs - mine for mine, theirs in ends]
        tried += [] if turned else [0.0]
        kept: list[float] = []
        for shift in tried:
            if all(abs(shift - known) > 1.0 for known in kept):
                kept.append(shift)
                yield turned, shift


def _closest(one: Timeline, other: Timeline, turned: bool, shift: float) -> float | None:
    """The shift near this one at which the two lie closest; None where they have too little in common."""
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
    return shift


def _measured(one: Timeline, other: Timeline, turned: bool, shift: float) -> Fit | None:
    """Measured at the fixes of either, whichever lie closer: a copy made by interpolation cuts no corner at its own."""
    sign = -1.0 if turned else 1.0
    found = []
    for times in (one.at, sorted(sign * (at - shift) for at in other.at)):
        blocks = list(_blocks(one, other, sign, shift, times))
        if sum(map(len, blocks)) >= FEWEST:
            found.append(_figures(one, other, turned, shift, blocks))
    best = min(found, key=lambda fit: fit.rough, default=None)
    if best is None or best.moved:
        return best
    shifts = {shift, float(round(shift))} if abs(shift - round(shift)) < WHOLE else {shift}
    strange = min(min(strangeness(one, other, by), strangeness(other, one, -by)) for by in shifts)
    instants = max((rhythm(one, other, by) for by in {0, round(shift)}), key=RHYTHMS.index)
    return best._replace(strange=strange, rhythm=instants)


def _figures(one: Timeline, other: Timeline, turned: bool, shift: float, blocks: list[list[Sample]]) -> Fit:
    samples = [sample for block in blocks for sample in block]
    mean_x, mean_y = median([x for _, x, _ in samples]), median([y for _, _, y in samples])
    means = sorted(
        hypot(fmean([x for _, x, _ in block]) - mean_x, fmean([y for _, _, y in block]) - mean_y) for block in blocks
    )
    low, high = _overlap(one, other, -1.0 if turned else 1.0, shift)
    shorter = min(one.length, other.length)
    places = [place for at, _, _ in samples if (place := one.place(at))]
    return Fit(
        turned=turned,
        shift=shift,
        covered=min(1.0, (high - low) / shorter) if shorter else 0.0,
        samples=len(samples),
        reach=max(hypot(x - places[0][0], y - places[0][1]) for x, y in places),
        smooth=means[int(len(means) * 0.8)] * max(map(len, blocks)) ** 0.5,
        rough=median([hypot(x - mean_x, y - mean_y) for _, x, y in samples]) / 1.177,
        away=median([hypot(x, y) for _, x, y in samples]),
        strange=Strangeness(True, inf),
        rhythm="none",
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
