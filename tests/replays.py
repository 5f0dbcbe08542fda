"""Made-up repeats of recordings: copies in many disguises, companions, and the same way on other days; rates when run."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from random import Random

from points_engine.trips import Fix
from points_engine.trips.crossings import Asked
from points_engine.trips.marks import marks
from points_engine.trips.replay import by_marks, compare
from tests.moving import Speeds
from tests.tracks import Phone, bike_city, bike_slow, bus_city, car_city, ebike, phone, walk

Track = list[list[Fix]]
KEY = b"k" * 32
DAY = 86_400.0
MOVERS: tuple[Callable[[Random], Speeds], ...] = (
    walk,
    walk,
    bike_city,
    bike_city,
    bike_slow,
    ebike,
    bus_city,
    car_city,
)


class Way:
    """A street plan from one place to another, by metres along it."""

    def __init__(self, rng: Random, metres: float) -> None:
        self.lat, self.lon = rng.uniform(35.9, 36.6), rng.uniform(112.6, 113.4)
        heading, x, y = rng.uniform(0, 2 * math.pi), 0.0, 0.0
        self.points = [(x, y)]
        for _ in range(int(metres / 10) + 3):
            if rng.random() < 0.02:
                heading += rng.choice((-1, 1)) * rng.uniform(0.4, 1.7)
            heading += rng.gauss(0, 0.03)
            x, y = x + 10 * math.sin(heading), y + 10 * math.cos(heading)
            self.points.append((x, y))

    def at(self, metres: float) -> tuple[float, float]:
        n = min(int(metres / 10), len(self.points) - 2)
        part = metres / 10 - n
        (ax, ay), (bx, by) = self.points[n], self.points[n + 1]
        return ax + (bx - ax) * part, ay + (by - ay) * part


def recorded(
    rng: Random, way: Way, gone: Sequence[float], receiver: Phone, start: float, aside: float = 0.0, white: bool = False
) -> Track:
    """What a phone makes of somebody who has `gone` so many metres at each second."""
    east_m = 111_195.0 * math.cos(math.radians(way.lat))
    fade = math.exp(-1 / 40.0)
    push = 0.0 if white else receiver.drift * math.sqrt(1 - fade * fade)
    drift_x, drift_y = (0.0, 0.0) if white else (rng.gauss(0, receiver.drift), rng.gauss(0, receiver.drift))
    fixes, due = [], rng.uniform(0, receiver.every)
    for second, metres in enumerate(gone):
        drift_x, drift_y = drift_x * fade + rng.gauss(0, push), drift_y * fade + rng.gauss(0, push)
        if second < due:
            continue
        due += receiver.every * (1 + receiver.uneven * rng.uniform(-0.5, 1.0))
        x, y = way.at(max(0.0, metres))
        x, y = x + drift_x + aside + rng.gauss(0, receiver.noise), y + drift_y + rng.gauss(0, receiver.noise)
        fixes.append(Fix(start + second, round(way.lat + y / 111_195.0, 6), round(way.lon + x / east_m, 6)))
    return [fixes]


def base(rng: Random, steps: Sequence[float] = ()) -> tuple[Way, list[float], Track, Callable[[Random], Speeds], float]:
    """A way, the metres gone each second, the recording, and what moved."""
    while True:
        mover = rng.choice(MOVERS)
        gone = list(accumulate(mover(rng)))
        way = Way(rng, gone[-1] + 500)
        start = 1_780_000_000.0 + rng.randrange(10_000_000)
        track = recorded(rng, way, gone, phone(rng, rng.choice(steps) if steps else None), start)
        if len(track[0]) >= 6 and gone[-1] > 150:  # less is no trip to the judge
            return way, gone, track, mover, start


# --- copies ----------------------------------------------------------------------------------------


def moved(track: Track, seconds: float) -> Track:
    return [[fix._replace(at=fix.at + seconds) for fix in segment] for segment in track]


def jittered(rng: Random, track: Track, metres: float) -> Track:
    def one(fix: Fix) -> Fix:
        lat = fix.lat + rng.gauss(0, metres) / 111_195.0
        lon = fix.lon + rng.gauss(0, metres) / (111_195.0 * math.cos(math.radians(fix.lat)))
        return fix._replace(lat=lat, lon=lon)

    return [[one(fix) for fix in segment] for segment in track]


def resampled(track: Track, every: float) -> Track:
    made: Track = []
    for segment in track:
        out, n = [], 0
        at = segment[0].at
        while at <= segment[-1].at:
            while n + 2 < len(segment) and segment[n + 1].at < at:
                n += 1
            a, b = segment[n], segment[min(n + 1, len(segment) - 1)]
            part = 0.0 if b.at <= a.at else (at - a.at) / (b.at - a.at)
            out.append(Fix(at, a.lat + (b.lat - a.lat) * part, a.lon + (b.lon - a.lon) * part))
            at += every
        made.append(out)
    return made


def thinned(track: Track, every: int) -> Track:
    return [segment[::every] for segment in track]


def trimmed(rng: Random, track: Track) -> Track:
    (segment,) = track
    head, tail = (int(len(segment) * rng.uniform(0.02, 0.15)) for _ in range(2))
    return [segment[head : len(segment) - tail]]


def turned(track: Track) -> Track:
    (segment,) = track
    return [[fix._replace(at=segment[0].at + segment[-1].at - fix.at) for fix in reversed(segment)]]


def swapped(track: Track) -> Track:
    """The halves in the other order, an hour between them."""
    (segment,) = track
    half = len(segment) // 2
    lasted = segment[-1].at - segment[0].at
    second = [fix._replace(at=fix.at + lasted + 3600) for fix in segment[:half]]
    return [segment[half:], second]


def rounded(track: Track) -> Track:
    return [[Fix(round(f.at), round(f.lat, 5), round(f.lon, 5)) for f in segment] for segment in track]


def days(rng: Random) -> float:
    return rng.choice((-1, 1)) * (rng.randrange(1, 20) * DAY + rng.uniform(-3600, 3600))


COPIES: dict[str, Callable[[Random, Track], Track]] = {
    "halves swapped, another day": lambda rng, track: moved(swapped(track), days(rng)),
    "exact, same time": lambda rng, t: t,
    "exact, another day": lambda rng, t: moved(t, rng.randrange(1, 20) * DAY),
    "re-encoded": lambda rng, t: rounded(t),
    "re-encoded, another day": lambda rng, t: rounded(moved(t, days(rng))),
    "shifted by minutes": lambda rng, t: moved(t, rng.uniform(300, 7200)),
    "resampled to 5 s": lambda rng, t: resampled(moved(t, days(rng)), 5.0),
    "thinned by 3": lambda rng, t: thinned(moved(t, days(rng)), 3) if len(t[0]) > 60 else moved(t, 9000.0),
    "jittered 2 m": lambda rng, t: jittered(rng, moved(t, days(rng)), 2.0),
    "jittered 3 m": lambda rng, t: jittered(rng, moved(t, days(rng)), 3.0),
    "jittered 2 m, same time": lambda rng, t: jittered(rng, t, 2.0),
    "jittered 3 m, same time": lambda rng, t: jittered(rng, t, 3.0),
    "resampled and jittered 3 m": lambda rng, t: jittered(rng, resampled(moved(t, days(rng)), 5.0), 3.0),
    "resampled 5 s, same time": lambda rng, t: resampled(t, 5.0),
    "trimmed": lambda rng, t: trimmed(rng, moved(t, days(rng))),
    "trimmed and jittered 2 m": lambda rng, t: jittered(rng, trimmed(rng, moved(t, days(rng))), 2.0),
    "turned round": lambda rng, t: turned(moved(t, days(rng))),
    "jittered 5 m": lambda rng, t: jittered(rng, moved(t, days(rng)), 5.0),
    "jittered 5 m, same time": lambda rng, t: jittered(rng, t, 5.0),
    "resampled and jittered 3 m, same time": lambda rng, t: jittered(rng, resampled(t, 5.0), 3.0),
    "trimmed and jittered 3 m, same time": lambda rng, t: jittered(rng, trimmed(rng, t), 3.0),
    "turned round and jittered 3 m": lambda rng, t: jittered(rng, turned(moved(t, days(rng))), 3.0),
    "halves swapped and jittered 3 m": lambda rng, t: jittered(rng, swapped(moved(t, days(rng))), 3.0),
    "trimmed, resampled and jittered 3 m": lambda rng, t: jittered(
        rng, resampled(trimmed(rng, moved(t, days(rng))), 5.0), 3.0
    ),
}


# --- honest ones -------------------------------------------------------------------------------------


def companion(rng: Random, way: Way, gone: list[float], start: float, *, white: bool = False) -> Track:
    """Somebody riding along: at most some metres before, behind or beside, with a phone of their own."""
    lag, out = rng.uniform(-12, 12), []
    for metres in gone:
        lag += rng.gauss(0, 0.15) - (lag / 200)
        out.append(max(0.0, metres - lag))
    return recorded(rng, way, out, phone(rng), start, rng.uniform(-2, 2), white)


def commute(rng: Random, way: Way, mover: Callable[[Random], Speeds], gone: list[float], start: float) -> Track:
    """The same way on another day, by the same means: other lights, another pace at each moment."""
    metres = [m for m in accumulate(mover(rng)) if m < gone[-1]]
    while metres[-1] < gone[-1] * 0.9:
        metres += [metres[-1] + m for m in accumulate(mover(rng))]
    metres = [m for m in metres if m < gone[-1]]
    return recorded(rng, way, metres, phone(rng), start + days(rng))


def steady(rng: Random, way: Way, gone: list[float], start: float) -> Track:
    """The hardest honest case: the same walker at nearly the same pace again, hardly a stop."""
    pace = gone[-1] / len(gone) * rng.gauss(1, 0.04)
    metres, waver, out = 0.0, 0.0, []
    while metres < gone[-1]:
        waver += -waver / 20 + rng.gauss(0, 0.02)
        metres += max(0.1, pace * (1 + waver))
        out.append(metres)
    return recorded(rng, way, out, phone(rng), start + days(rng))


HONEST: dict[str, Callable[..., Track]] = {
    "companion": companion,
    "companion, white noise": lambda *a: companion(*a, white=True),
    "steady pace again": steady,
}


SAID = ("copy", "unclear", "together", "apart", "candidate", "by marks", "purged")


def rates(
    count: int, seed: int, families: Sequence[str] | None = None, steps: Sequence[float] = ()
) -> dict[str, Counter[str]]:
    """How often each family is called copy, together or apart; and whether the marks alone find and tell it."""
    found: dict[str, Counter[str]] = {}
    for name in families or [*COPIES, *HONEST, "commute"]:
        tally = found[name] = Counter()
        for n in range(count):
            rng = Random(f"{seed} {name} {n}")
            way, gone, first, mover, start = base(rng, steps)
            second = HONEST[name](rng, way, gone, start) if name in HONEST else first
            if name in COPIES:
                second = COPIES[name](rng, first)
            elif name == "commute":
                second = commute(rng, way, mover, gone, start)
            elif name == "steady pace again":
                first = steady(rng, way, gone, start)
            tally["trips"] += 1
            tally[compare(second, first)] += 1
            asked, kept = marks(second, KEY), marks(first, KEY)
            stored = {m.kept for m in kept}
            shared = sum(1 for m in asked if m.kept in stored or m.near in stored)
            pairs = [sum(1 for m in each if not m.alone) for each in (asked, kept)]
            tally["candidate"] += shared > 0
            tally["by marks"] += by_marks(shared, *pairs) == "copy"
            tally["purged"] += Asked(second, KEY).likeness(Asked(first, KEY).sketch) == "copy"
    return found


def main() -> None:
    """The table of rates."""
    read = argparse.ArgumentParser(description=main.__doc__)
    read.add_argument("--count", type=int, default=1000)
    read.add_argument("--seed", type=int, default=1)
    read.add_argument("--steps", type=float, nargs="*", default=(), help="seconds between fixes of the first phone")
    read.add_argument("--families", nargs="*", help="only these")
    given = read.parse_args()
    print(f"{'family':38}" + "".join(f"{k:>10}" for k in SAID) + f"  (% of {given.count})")
    for name, tally in rates(given.count, given.seed, given.families, given.steps).items():
        print(f"{name:38}" + "".join(f"{100 * tally[k] / tally['trips']:10.2f}" for k in SAID), flush=True)


if __name__ == "__main__":
    main()
