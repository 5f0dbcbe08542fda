"""Made-up recorded trips: honest ones of every mode and the attacks on the judge, repeatable by seed; a table when run."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from points_engine.trips import Fix, judge
from tests.moving import Speeds, bus, on_foot, ride, rush, traffic


@dataclass(frozen=True, slots=True)
class Trip:
    """One recording, who made it and what it really was."""

    family: str
    mode: str
    segments: list[list[Fix]]


# --- how phones see it ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phone:
    """The habits of one receiver on one day."""

    every: float
    uneven: float
    noise: float
    drift: float
    spikes: float
    episodes: float
    gaps: float


def phone(rng: Random, every: float | None = None) -> Phone:
    """From a good logger to a cheap phone among towers."""
    steps = (1.0, 1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0, 10.0, 15.0, 30.0, 60.0)
    return Phone(
        every=every or rng.choice(steps),
        uneven=rng.choice((0.0, 0.1, 0.4)),
        noise=rng.uniform(0.5, 4.0),
        drift=rng.uniform(1.0, 12.0),
        spikes=rng.choice((0.0, 0.001, 0.004, 0.01)),
        episodes=rng.choice((0.0, 0.3, 1.0)),  # of multipath, in ten minutes
        gaps=rng.choice((0.0, 0.0, 0.3, 1.0)),  # in ten minutes
    )


def record(rng: Random, speeds: Speeds, phone: Phone, *, bends: float = 1.0, start: float | None = None) -> list[Fix]:
    """Lay the speeds along a winding street and read them off as the phone would."""
    lat, lon = rng.uniform(30.0, 41.0), rng.uniform(104.0, 121.0)
    east_m = 111_195.0 * math.cos(math.radians(lat))
    at0 = start if start is not None else 1_700_000_000.0 + rng.randrange(10_000_000)
    heading = rng.uniform(0, 2 * math.pi)
    x = y = drift_x = drift_y = 0.0
    off_x = off_y = 0.0
    off_until = silent_until = -1.0
    next_read = 0.0
    fade = math.exp(-1 / 40.0)
    push = phone.drift * math.sqrt(1 - fade * fade)
    fixes: list[Fix] = []
    for second, speed in enumerate(speeds):
        x += speed * math.sin(heading)
        y += speed * math.cos(heading)
        if speed > 0.3:
            heading += rng.gauss(0, 0.01 * bends)
            if rng.random() < speed * bends / 450.0:
                heading += rng.choice((-1, 1)) * rng.uniform(0.4, 1.7)
        drift_x = drift_x * fade + rng.gauss(0, push)
        drift_y = drift_y * fade + rng.gauss(0, push)
        chance = rng.random()
        if chance < phone.episodes / 600.0 and second > off_until:
            reach, angle = rng.uniform(12, 60), rng.uniform(0, 2 * math.pi)
            off_x, off_y, off_until = reach * math.sin(angle), reach * math.cos(angle), second + rng.uniform(5, 60)
        elif chance > 1 - phone.gaps / 600.0:
            silent_until = second + rng.choice((rng.uniform(10, 60), rng.uniform(60, 170), rng.uniform(180, 420)))
        if second < next_read or second < silent_until:
            continue
        next_read = max(second + 1.0, next_read + phone.every * (1 + phone.uneven * rng.uniform(-0.5, 1.0)))
        if second > next_read:
            next_read = second + phone.every
        px, py = x + drift_x + rng.gauss(0, phone.noise), y + drift_y + rng.gauss(0, phone.noise)
        if second < off_until:
            px, py = px + off_x, py + off_y
        if rng.random() < phone.spikes:
            reach, angle = rng.uniform(20, 100), rng.uniform(0, 2 * math.pi)
            px, py = px + reach * math.sin(angle), py + reach * math.cos(angle)
        fixes.append(Fix(at0 + second, round(lat + py / 111_195.0, 6), round(lon + px / east_m, 6)))
    return fixes


# --- families ------------------------------------------------------------------------------------


def _minutes(rng: Random, low: float, usual: float, high: float) -> float:
    return 60.0 * min(high, max(low, rng.lognormvariate(math.log(usual), 0.6)))


def walk(rng: Random) -> Speeds:
    return on_foot(rng, _minutes(rng, 3, 13, 70), pace=rng.uniform(3.2, 6.2), pauses=rng.choice((0.1, 0.4, 0.7)))


def jog(rng: Random) -> Speeds:
    return on_foot(rng, _minutes(rng, 6, 25, 80), pace=rng.uniform(7.5, 13.5), pauses=0.08, wobble=0.08)


def bike_city(rng: Random) -> Speeds:
    cruise = min(21.0, max(9.0, rng.gauss(14.2, 2.6)))
    return ride(
        rng, _minutes(rng, 3, 15, 80), cruise=cruise, wobble=rng.uniform(0.08, 0.25), lights=rng.uniform(0.1, 0.7)
    )


def bike_slow(rng: Random) -> Speeds:
    return ride(rng, _minutes(rng, 3, 14, 60), cruise=rng.uniform(7.5, 11), wobble=rng.uniform(0.1, 0.25), lights=0.5)


def bike_busy(rng: Random) -> Speeds:
    """As the labelled rides go: quick between many halts, standing before and after."""
    cruise, lights = min(27.0, max(9.0, rng.gauss(16.3, 3.6))), rng.uniform(0.35, 1.0)
    way = ride(rng, _minutes(rng, 3, 9, 60), cruise=cruise, wobble=rng.uniform(0.06, 0.22), lights=lights)
    return [*[0.0] * rng.choice((0, rng.randrange(5, 120))), *way, *[0.0] * rng.choice((0, rng.randrange(10, 150)))]


def bike_sport(rng: Random) -> Speeds:
    return ride(rng, _minutes(rng, 15, 45, 120), cruise=rng.uniform(19, 25), wobble=0.07, lights=0.12, hills=0.08)


def bike_hills(rng: Random) -> Speeds:
    return ride(
        rng, _minutes(rng, 8, 25, 90), cruise=rng.uniform(11, 17), wobble=0.1, lights=0.2, hills=rng.uniform(0.15, 0.35)
    )


def bike_with_walk(rng: Random) -> Speeds:
    before = on_foot(rng, rng.uniform(40, 240), pace=rng.uniform(3.5, 5.5), pauses=0.2)
    after = on_foot(rng, rng.uniform(20, 200), pace=rng.uniform(3.5, 5.5), pauses=0.2)
    return [*before, *bike_city(rng), *after]


def ebike(rng: Random) -> Speeds:
    wobble, lights = rng.uniform(0.04, 0.1), rng.uniform(0.1, 0.6)
    return ride(rng, _minutes(rng, 3, 15, 60), cruise=rng.uniform(16, 27), wobble=wobble, lights=lights)


def car_free(rng: Random) -> Speeds:
    return traffic(rng, _minutes(rng, 3, 18, 80), free=rng.uniform(45, 75), jam=rng.uniform(0, 0.15), jam_kmh=(8, 25))


def car_city(rng: Random) -> Speeds:
    return traffic(rng, _minutes(rng, 3, 18, 80), free=rng.uniform(32, 55), jam=rng.uniform(0.1, 0.45), jam_kmh=(6, 30))


def taxi_jam(rng: Random) -> Speeds:
    return traffic(rng, _minutes(rng, 4, 22, 90), free=rng.uniform(30, 50), jam=rng.uniform(0.4, 0.8), jam_kmh=(8, 32))


def taxi_crawl(rng: Random) -> Speeds:
    return traffic(
        rng, _minutes(rng, 5, 20, 60), free=rng.uniform(26, 42), jam=rng.uniform(0.75, 0.95), jam_kmh=(5, 22)
    )


def taxi_rush(rng: Random) -> Speeds:
    """As driving cycles of congested cities go; the two above halt less and never leave their crawl as real ones do."""
    return rush(rng, _minutes(rng, 4, 22, 90), free=rng.uniform(30, 50), idle=rng.uniform(0.25, 0.45))


def bus_city(rng: Random) -> Speeds:
    return bus(rng, _minutes(rng, 4, 20, 70), peak=rng.uniform(30, 48), spacing=(350, 900), jam=rng.uniform(0, 0.3))


def bus_jam(rng: Random) -> Speeds:
    return bus(rng, _minutes(rng, 6, 25, 80), peak=rng.uniform(26, 40), spacing=(300, 700), jam=rng.uniform(0.3, 0.65))


def shuttle(rng: Random) -> Speeds:
    return bus(rng, _minutes(rng, 8, 25, 60), peak=rng.uniform(40, 60), spacing=(1500, 5000), jam=rng.uniform(0, 0.25))


def car_hidden(rng: Random) -> Speeds:
    """Seventy per cent car, the rest on foot."""
    drive = car_city(rng)
    foot = on_foot(rng, len(drive) * 0.43, pace=rng.uniform(4, 6), pauses=0.1)
    cut = rng.randrange(len(foot))
    return [*foot[:cut], *drive, *foot[cut:]]


def bike_then_car(rng: Random) -> Speeds:
    """A real ride with a car for a third of the way."""
    bike = bike_city(rng)
    return [*bike, *traffic(rng, max(180.0, len(bike) * 0.5), free=45, jam=0.15, jam_kmh=(8, 25))]


Mover = Callable[[Random], Speeds]
HONEST: dict[str, tuple[str, Mover]] = {
    "walk": ("walk", walk),
    "jog": ("run", jog),
    "bike_city": ("bike", bike_city),
    "bike_busy": ("bike", bike_busy),
    "bike_slow": ("bike", bike_slow),
    "bike_sport": ("bike", bike_sport),
    "bike_hills": ("bike", bike_hills),
    "bike_with_walk": ("bike", bike_with_walk),
    "ebike": ("ebike", ebike),
    "car_free": ("car", car_free),
    "car_city": ("car", car_city),
    "taxi_rush": ("car", taxi_rush),
    "taxi_jam": ("car", taxi_jam),
    "taxi_crawl": ("car", taxi_crawl),
    "bus_city": ("bus", bus_city),
    "bus_jam": ("bus", bus_jam),
    "shuttle": ("shuttle", shuttle),
}


def _recorded(rng: Random, mover: Mover, every: float | None = None) -> list[Fix]:
    """A recording worth sending: a phone that slept through nearly all of it has none."""
    while True:
        fixes = record(rng, mover(rng), phone(rng, every), bends=rng.choice((0.4, 1.0, 1.0, 1.8)))
        if len(fixes) >= 8:
            return fixes


def _teleport(rng: Random) -> list[Fix]:
    """A walk or ride that goes on kilometres away within seconds."""
    fixes = _recorded(rng, rng.choice((walk, bike_city)), rng.choice((1.0, 3.0, 5.0)))
    cut = rng.randrange(len(fixes) // 4, 3 * len(fixes) // 4)
    far = rng.uniform(0.03, 0.3)
    return [*fixes[:cut], *(fix._replace(lat=fix.lat + far) for fix in fixes[cut:])]


def _mock(rng: Random) -> list[Fix]:
    """A program's track: one speed, one bearing for long, one interval, no noise."""
    every, speed, heading = rng.choice((1.0, 2.0, 5.0)), rng.uniform(3, 5.5), rng.uniform(0, 6.28)
    lat, lon, fixes, digits = 37.5, 113.0, [], rng.choice((6, 7, 15))
    for step in range(int(rng.uniform(200, 900) / every)):
        if rng.random() < 0.01:
            heading += rng.uniform(-1.5, 1.5)
        lat += speed * every * math.cos(heading) / 111_195.0
        lon += speed * every * math.sin(heading) / (111_195.0 * math.cos(math.radians(lat)))
        fixes.append(Fix(1_700_000_000.0 + step * every, round(lat, digits), round(lon, digits)))
    return fixes


def _stretched(rng: Random) -> list[Fix]:
    """A car's track with its times pulled apart until the speeds are a bicycle's."""
    fixes = _recorded(rng, car_city, rng.choice((1.0, 2.0, 5.0)))
    factor = rng.uniform(2.0, 3.0)
    return [fix._replace(at=fixes[0].at + (fix.at - fixes[0].at) * factor) for fix in fixes]


def _hopping(rng: Random) -> list[Fix]:
    """400 km/h, back and forth or straight on."""
    lat, fixes = 37.5, []
    for step in range(rng.randrange(20, 200)):
        lat += 111.0 / 111_195.0
        fixes.append(Fix(1_700_000_000.0 + step, lat, 113.0))
    return fixes


def _broken_times(rng: Random) -> list[Fix]:
    fixes = _recorded(rng, bike_city)
    style = rng.randrange(3)
    if style == 0:
        return [fix._replace(at=fixes[0].at) for fix in fixes]
    if style == 1:
        return [fix._replace(at=2 * fixes[0].at - fix.at) for fix in fixes]
    return [fix._replace(at=fix.at - (200 if number % 3 == 0 else 0)) for number, fix in enumerate(fixes)]


ATTACKS: dict[str, tuple[str, Callable[[Random], list[Fix]]]] = {
    "car_hidden": ("bike", lambda rng: _recorded(rng, car_hidden)),
    "bike_then_car": ("bike", lambda rng: _recorded(rng, bike_then_car)),
    "car_minute": ("bike", lambda rng: _recorded(rng, car_city, 60.0)),
    "car_stretched": ("bike", _stretched),
    "teleport": ("bike", _teleport),
    "mock": ("bike", _mock),
    "hopping": ("bike", _hopping),
    "broken_times": ("bike", _broken_times),
}


def make(family: str, seed: int, steps: Sequence[float] = ()) -> Trip:
    """The one trip of that family and seed, by any phone or by one with a fix every so many seconds."""
    rng = Random(f"{family}:{seed}")
    if family in HONEST:
        mode, mover = HONEST[family]
        return Trip(family, mode, [_recorded(rng, mover, rng.choice(steps) if steps else None)])
    mode, maker = ATTACKS[family]
    return Trip(family, mode, [maker(rng)])


def many(families: Sequence[str], count: int, seed: int, steps: Sequence[float] = ()) -> Iterator[Trip]:
    """So many of each family."""
    for family in families:
        for number in range(count):
            yield make(family, seed * 1_000_000 + number, steps)


def table(
    count: int, seed: int, claims: Sequence[str], steps: Sequence[float] = ()
) -> dict[tuple[str, str], Counter[str]]:
    """Answers by family and claim; attacks have phones of their own."""
    answers: dict[tuple[str, str], Counter[str]] = {}
    for trip in many([*HONEST, *([] if steps else ATTACKS)], count, seed, steps):
        for claim in dict.fromkeys((trip.mode, *claims)):
            answers.setdefault((trip.family, claim), Counter())[judge(trip.segments, claim).verdict] += 1
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="trips of each family")
    parser.add_argument("--seed", type=int, default=77, help="tuning used 1 to 9")
    parser.add_argument("--claims", default="bike,walk")
    parser.add_argument(
        "--steps", type=float, nargs="*", default=(), help="only phones with so many seconds between fixes"
    )
    given = parser.parse_args()
    answers = table(given.count, given.seed, given.claims.split(","), given.steps)
    print(f"{'family':<16}{'claim':<9}{'accept':>8}{'review':>8}{'reject':>8}")
    for (family, claim), counted in answers.items():
        shares = "".join(f"{100 * counted[answer] / given.count:7.1f}%" for answer in ("accept", "review", "reject"))
        own = " <" if family in HONEST and HONEST[family][0] == claim else ""
        print(f"{family:<16}{claim:<9}{shares}{own}")


if __name__ == "__main__":
    main()
