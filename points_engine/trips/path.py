"""Cleaning: one recording becomes pieces of plane path in metres, without spikes, jumps or gaps, and with what was wrong counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, hypot, radians

from points_engine.trips.fixes import Fix
from points_engine.trips.limits import limit

METRES_PER_DEGREE = 111_195.0  # of latitude, on the mean sphere
BIN = 5.0  # seconds within which fixes are averaged
Tick = tuple[float, float, float]  # seconds, metres east, metres north


@dataclass(slots=True)
class Path:
    """What is left of a recording; `pieces` are never joined."""

    pieces: list[list[Tick]] = field(default_factory=list)
    fixes: int = 0
    repeated: int = 0  # the same fix delivered twice
    backward: int = 0  # time standing still or running back
    coarse: int = 0  # too inaccurate by the phone's own word
    spikes: int = 0  # thrown out, the path came back
    jumps: int = 0  # the path went on elsewhere
    jumped_m: float = 0.0
    gaps: int = 0
    first: float = 0.0
    last: float = 0.0

    @property
    def duration(self) -> float:
        """Seconds from the first good fix to the last, gaps included."""
        return max(0.0, self.last - self.first)


def clean(segments: Iterable[Sequence[Fix]]) -> Path:
    """The pieces of all segments; a gap or a jump starts a new piece."""
    path = Path()
    started = False
    for segment in sorted(filter(None, map(_possible, segments)), key=lambda segment: segment[0][0]):
        if not started:
            path.first = path.last = segment[0][0]
            started = True
        elif segment[0][0] < path.last:  # lies over the one before
            path.backward += len(segment)
            path.fixes += len(segment)
            continue
        _clean_segment(segment, path)
    return path


def _possible(segment: Sequence[Fix]) -> list[Fix]:
    """The fixes that are on this earth at a finite time."""
    return [f for f in segment if -90.0 <= f[1] <= 90.0 and -180.0 <= f[2] <= 180.0 and -1e12 < f[0] < 1e12]


def _clean_segment(segment: Sequence[Fix], path: Path) -> None:
    """One pass: drop what time or speed makes impossible, project, cut."""
    gap, fastest, coarsest = limit("gap"), limit("teleport_speed") / 3.6, limit("coarsest")
    then, was_lat, was_lon = segment[0][0], segment[0][1], segment[0][2]
    metres_lon = METRES_PER_DEGREE * cos(radians(was_lat))
    scaled_at = was_lat
    x = y = 0.0
    piece: list[Tick] = []
    doubtful: list[Tick] = []  # far from the path: either a spike or where the path goes on
    for at, lat, lon, accuracy in segment:
        if accuracy is not None and accuracy > coarsest:
            path.coarse += 1
            continue
        if at <= then and (piece or doubtful):
            if at == then and lat == was_lat and lon == was_lon:
                path.repeated += 1
            else:
                path.backward += 1
            continue
        then = at
        turn = lon - was_lon
        if turn > 180.0 or turn < -180.0:
            turn += -360.0 if turn > 0 else 360.0
        x += turn * metres_lon
        y += (lat - was_lat) * METRES_PER_DEGREE
        was_lat, was_lon = lat, lon
        if not -0.05 < lat - scaled_at < 0.05:
            metres_lon, scaled_at = METRES_PER_DEGREE * cos(radians(lat)), lat
        if not piece:
            piece.append((at, x, y))
            continue
        last_at, last_x, last_y = piece[-1]
        if at - last_at > gap:
            path.spikes += len(doubtful)
            doubtful.clear()
            path.gaps += 1
            path.pieces.append(piece)
            piece = [(at, x, y)]
            continue
        reach = fastest * (at - last_at) + 30.0
        dx, dy = x - last_x, y - last_y
        if dx * dx + dy * dy <= reach * reach:
            if doubtful:
                path.spikes += len(doubtful)
                doubtful.clear()
            piece.append((at, x, y))
            continue
        piece = _doubt(path, piece, doubtful, (at, x, y), fastest)
    path.spikes += len(doubtful)
    if piece:
        path.pieces.append(piece)
    path.fixes += len(segment)
    path.last = max(path.last, then)


def _doubt(path: Path, piece: list[Tick], doubtful: list[Tick], tick: Tick, fastest: float) -> list[Tick]:
    """Hold a far fix back; three of them that agree with one another for a while are where the path goes on."""
    if doubtful:
        at, x, y = doubtful[-1]
        if hypot(tick[1] - x, tick[2] - y) > fastest * (tick[0] - at) + 30.0:
            path.spikes += len(doubtful)
            doubtful.clear()
    doubtful.append(tick)
    if len(doubtful) < 3 or tick[0] - doubtful[0][0] < limit("settled"):
        return piece
    path.jumps += 1
    path.jumped_m += hypot(doubtful[0][1] - piece[-1][1], doubtful[0][2] - piece[-1][2])
    path.pieces.append(piece)
    fresh = list(doubtful)
    doubtful.clear()
    return fresh


def length(piece: Sequence[Tick]) -> float:
    """Metres along one piece; standing still does not add up, because only steps that leave the spot count."""
    step = limit("anchor")
    enough = step * step
    total = 0.0
    _, at_x, at_y = piece[0]
    for _, x, y in piece:
        dx, dy = x - at_x, y - at_y
        square = dx * dx + dy * dy
        if square >= enough:
            total += square**0.5
            at_x, at_y = x, y
    end = hypot(piece[-1][1] - at_x, piece[-1][2] - at_y)
    return total + (end if total else 0.0)


def steady(piece: Sequence[Tick]) -> list[Tick]:
    """The piece in bins of 5 s, without those that lie aside of where their neighbours are: reflections between buildings."""
    bins = _binned(piece, BIN)
    if len(bins) < 5:
        return bins
    aside, near = limit("aside"), limit("neighbours")
    kept = bins[:2]
    for two, one, here, next_, after in zip(bins, bins[1:], bins[2:], bins[3:], bins[4:], strict=False):
        if after[0] - two[0] <= near:
            off_x = here[1] - sorted((two[1], one[1], here[1], next_[1], after[1]))[2]
            off_y = here[2] - sorted((two[2], one[2], here[2], next_[2], after[2]))[2]
            pace = abs(after[1] - two[1]) + abs(after[2] - two[2])
            if abs(off_x) + abs(off_y) > aside + pace / 4.0:
                continue
        kept.append(here)
    return kept + bins[-2:]


def even(bins: list[Tick], every: float) -> tuple[list[float], list[float]]:
    """Steady bins at equal times: the middle of three taken, then read off in between."""
    if len(bins) > 4:
        bins = _middle_of_three(bins)
    xs: list[float] = []
    ys: list[float] = []
    clock = bins[0][0]
    for (from_at, from_x, from_y), (to_at, to_x, to_y) in pairwise(bins):
        span = to_at - from_at
        while clock < to_at:
            share = (clock - from_at) / span
            xs.append(from_x + (to_x - from_x) * share)
            ys.append(from_y + (to_y - from_y) * share)
            clock += every
    if clock - bins[-1][0] < 1e-6 * every + 1e-6:
        xs.append(bins[-1][1])
        ys.append(bins[-1][2])
    return xs, ys


def _binned(piece: Sequence[Tick], width: float) -> list[Tick]:
    """Fixes closer together than the width, averaged."""
    bins: list[Tick] = []
    count = 0
    sum_at = sum_x = sum_y = 0.0
    ends = piece[0][0] + width
    for at, x, y in piece:
        if at >= ends and count:
            bins.append((sum_at / count, sum_x / count, sum_y / count))
            sum_at, sum_x, sum_y, count = at, x, y, 1
            ends = at + width
        else:
            sum_at += at
            sum_x += x
            sum_y += y
            count += 1
    bins.append((sum_at / count, sum_x / count, sum_y / count))
    return bins


def _middle_of_three(bins: list[Tick]) -> list[Tick]:
    """East and north each the median of three neighbours, which takes out one-off outliers and leaves straight runs alone."""
    middle = [bins[0]]
    for before, here, after in zip(bins, bins[1:], bins[2:], strict=False):
        middle.append((here[0], _median(before[1], here[1], after[1]), _median(before[2], here[2], after[2])))
    middle.append(bins[-1])
    return middle


def _median(a: float, b: float, c: float) -> float:
    if a < b:
        return b if b < c else (c if a < c else a)
    return a if a < c else (c if b < c else b)
