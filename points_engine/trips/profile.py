"""The shape of a trip's speed: how fast, for how long, how evenly, how often it stood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot, sqrt

from points_engine.trips.path import Path, Tick, even, length, steady

EVERY = 10.0  # seconds between the even ticks all windows are made of
FINE = 5.0  # seconds between those that a pull is measured on, two of them a tick
APART = 32.0  # seconds that three bins may span for an acceleration to be read off them
CREEP = (1.5, 8.0)  # km/h: between standing and riding


@dataclass(slots=True)
class Profile:
    """Speeds in km/h, times in seconds, lengths in metres."""

    length: float = 0.0
    seconds: float = 0.0  # covered by pieces, gaps left out
    moving: float = 0.0
    interval: float = 0.0  # the usual time between fixes
    net: float = 0.0  # the widest extent, start to anywhere
    middle: float = 0.0  # of the 30 s speeds while moving: median, 85th, 95th percentile
    high: float = 0.0
    top: float = 0.0
    sustained: float = 0.0  # the best full minute
    long_sustained: float = 0.0  # the best two minutes
    surge: float = 0.0  # 90th percentile of the change between neighbouring 20 s speeds
    pull: float = (
        0.0  # 95th percentile of the power that went into speed over 10 s, watts a kilogram: legs give one or two
    )
    launch: float = (
        0.0  # 95th percentile of the acceleration over 10 s, m/s², without what the positions' unrest adds to it
    )
    spread: float = 0.0  # of the moving speeds, relative to their mean
    still: float = 0.0  # share of the time standing
    creep: float = 0.0  # share of the time creeping: not standing, yet slower than any ride
    stops: float = 0.0  # halts per kilometre
    lines: list[tuple[list[float], list[float]]] = field(default_factory=list)  # the pieces at fine ticks


def profile(path: Path) -> Profile:
    """Measure every piece; windows never reach across two."""
    shape = Profile(interval=_usual_interval(path))
    gains: list[float] = []
    asides: list[float] = []
    for piece in path.pieces:
        if len(piece) < 2:
            continue
        bins = steady(piece)
        shape.length += length(bins)
        shape.seconds += piece[-1][0] - piece[0][0]
        _, x0, y0 = piece[0]
        shape.net = max(shape.net, max(hypot(x - x0, y - y0) for _, x, y in piece[:: max(1, len(piece) // 40)]))
        shape.lines.append(even(bins, FINE))
        _accelerations(bins, gains, asides)
    shape.launch = _launch(gains, asides)
    _measure(shape)
    return shape


def _accelerations(bins: Sequence[Tick], gains: list[float], asides: list[float]) -> None:
    """From bin to bin: how much faster it went, and how far to the side it was drawn, both in m/s². Nothing that moves on a street is
    drawn aside most of the time: the middle of that is the unrest of the positions."""
    for (t0, x0, y0), (t1, x1, y1), (t2, x2, y2) in zip(bins, bins[1:], bins[2:], strict=False):
        before, after = t1 - t0, t2 - t1
        if before < 1.0 or after < 1.0 or before + after > APART:
            continue
        ux, uy, vx, vy = (x1 - x0) / before, (y1 - y0) / before, (x2 - x1) / after, (y2 - y1) / after
        way_x, way_y, time = ux + vx, uy + vy, (before + after) / 2.0
        twice = hypot(way_x, way_y)
        if twice < 1.0:  # standing
            gains.append(0.0)
            continue
        gains.append((hypot(vx, vy) - hypot(ux, uy)) / time)
        if twice > 3.0:
            asides.append(abs((vx - ux) * way_y - (vy - uy) * way_x) / (twice * time))


def _launch(gains: list[float], asides: list[float]) -> float:
    """The strong accelerations, without the share that comes from the positions' unrest (errors add up as squares)."""
    if not gains:
        return 0.0
    gains.sort()
    asides.sort()
    strong, unrest = max(0.0, _at(gains, 0.95)), _at(asides, 0.5) if asides else 0.0
    return sqrt(max(0.0, strong * strong - 4.0 * unrest * unrest))


def stretches(shape: Profile, seconds: float) -> Iterator[Profile]:
    """The same figures for stretches of that time, each starting half a stretch after the one before."""
    ticks = int(seconds / FINE)
    for xs, ys in shape.lines:
        for start in range(0, len(xs) - ticks, ticks // 2):
            yield _part(shape, [(xs[start : start + ticks + 1], ys[start : start + ticks + 1])])


def ridden(shape: Profile, walking: float) -> Profile:
    """The same figures without the ends of each piece under walking speed: people walk to the bicycle and from it."""
    lines = []
    for xs, ys in shape.lines:
        slow = _speeds(xs[::2], ys[::2], 3)
        fast = [number for number, speed in enumerate(slow) if speed >= walking]
        if not fast or fast[-1] - fast[0] < 6:
            continue
        begin, end = 2 * fast[0], 2 * (fast[-1] + 3) + 1
        lines.append((xs[begin:end], ys[begin:end]))
    return _part(shape, lines) if lines else shape


def _part(shape: Profile, lines: list[tuple[list[float], list[float]]]) -> Profile:
    part = Profile(interval=shape.interval, launch=shape.launch, lines=lines)
    for xs, ys in lines:
        part.seconds += (len(xs) - 1) * FINE
        part.length += sum(_speeds(xs[::2], ys[::2], 1)) * EVERY / 3.6
    _measure(part)
    return part


def _measure(shape: Profile) -> None:
    slow: list[float] = []  # 30 s windows
    short: list[float] = []  # 20 s changes
    pulls: list[float] = []
    halts = creeping = ticks = 0
    for fine_xs, fine_ys in shape.lines:
        pulls += _pulls(fine_xs, fine_ys)
        xs, ys = fine_xs[::2], fine_ys[::2]
        slow += _speeds(xs, ys, 3)
        shape.sustained = max(shape.sustained, _best(xs, ys, 6))
        shape.long_sustained = max(shape.long_sustained, _best(xs, ys, 12))
        quick = _speeds(xs, ys, 2)
        short += [abs(b - a) for a, b in zip(quick, quick[2:], strict=False)]
        ten = _speeds(xs, ys, 1)
        halts += _halts(ten)
        creeping += sum([CREEP[0] < speed < CREEP[1] for speed in ten])
        ticks += len(ten)
    shape.stops = 1000.0 * max(0, halts - 1) / shape.length if shape.length else 0.0  # one halt is chance
    shape.creep = creeping / ticks if ticks else 0.0
    if short:
        short.sort()
        shape.surge = _at(short, 0.9)
    if pulls:
        pulls.sort()
        shape.pull = max(0.0, _at(pulls, 0.95))
    _fill(shape, slow)


def _pulls(xs: Sequence[float], ys: Sequence[float]) -> list[float]:
    """How fast the energy of motion grew over 10 s, for each kilogram: half the difference of the squared speeds, by the time."""
    squares = [
        ((x2 - x1) ** 2 + (y2 - y1) ** 2) / FINE**2 for x1, y1, x2, y2 in zip(xs, ys, xs[1:], ys[1:], strict=False)
    ]
    return [(after - before) / (4.0 * FINE) for before, after in zip(squares, squares[2:], strict=False)]


def _speeds(xs: Sequence[float], ys: Sequence[float], ticks: int) -> list[float]:
    """Straight-line speed over so many ticks of 10 s, at every one."""
    rate = 3.6 / (ticks * EVERY)
    return [hypot(x2 - x1, y2 - y1) * rate for x1, y1, x2, y2 in zip(xs, ys, xs[ticks:], ys[ticks:], strict=False)]


def _best(xs: Sequence[float], ys: Sequence[float], ticks: int) -> float:
    """The fastest window of so many ticks: along its thirds, so that a bend does not hide speed, yet not far over the straight
    line, so that one jump of the positioning there and back does not make speed."""
    third = ticks // 3
    parts, whole = _speeds(xs, ys, third), _speeds(xs, ys, ticks)
    return max(
        (
            min((a + b + c) / 3.0, 1.4 * straight)
            for a, b, c, straight in zip(parts, parts[third:], parts[2 * third :], whole, strict=False)
        ),
        default=0.0,
    )


def _halts(speeds: Sequence[float]) -> int:
    """How often the speed fell under 3 km/h after having been over 9."""
    halts, running = 0, False
    for speed in speeds:
        if speed > 9.0:
            running = True
        elif speed < 3.0 and running:
            halts += 1
            running = False
    return halts


def _usual_interval(path: Path) -> float:
    steps = [b[0] - a[0] for piece in path.pieces for a, b in pairwise(piece[:200])]
    return sorted(steps)[len(steps) // 2] if steps else 0.0


def _fill(shape: Profile, slow: list[float]) -> None:
    moving = sorted(speed for speed in slow if speed >= 3.0)
    if not moving:
        return
    shape.still = 1.0 - len(moving) / len(slow)
    shape.moving = shape.seconds * (1.0 - shape.still)
    shape.middle, shape.high, shape.top = _at(moving, 0.5), _at(moving, 0.85), _at(moving, 0.95)
    mean = sum(moving) / len(moving)
    shape.spread = (sum((speed - mean) ** 2 for speed in moving) / len(moving)) ** 0.5 / mean


def _at(ordered: Sequence[float], share: float) -> float:
    """The value below which that share lies, between neighbours in proportion."""
    place = share * (len(ordered) - 1)
    below = int(place)
    if below + 1 >= len(ordered):
        return ordered[-1]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * (place - below)
