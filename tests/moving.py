"""How made-up people and vehicles move: one speed a second, on foot, by bicycle, in traffic, in a bus."""

from __future__ import annotations

import math
from random import Random

Speeds = list[float]  # metres a second, one each second
KMH = 1 / 3.6


def leg(rng: Random, out: Speeds, *, metres: float, target: float, up: float, down: float, wobble: float) -> None:
    """From the present speed towards a target, wavering, and braking to a halt at the end of the leg."""
    speed = out[-1] if out else 0.0
    waver, gone = 0.0, 0.0
    for _ in range(1200):
        left = metres - gone
        if left <= 0.5:
            break
        waver += -waver / 15.0 + rng.gauss(0, wobble * 0.36)
        aim = min(target * max(0.2, 1.0 + waver), math.sqrt(2.0 * down * left) + 0.3)
        speed += max(-down, min(up, aim - speed))
        speed = max(0.3, speed)
        out.append(speed)
        gone += speed


def stand(out: Speeds, seconds: float) -> None:
    out.extend([0.0] * max(0, int(seconds)))


def ride(rng: Random, seconds: float, *, cruise: float, wobble: float, lights: float, hills: float = 0.0) -> Speeds:
    """A bicycle: a cruise of its own, easy starts, some lights, perhaps hills, crowds, a stretch pushed, a shop."""
    out: Speeds = []
    up, down = rng.uniform(0.35, 0.9), rng.uniform(0.6, 1.3)
    moods, pushes, shops = rng.uniform(0.08, 0.36), rng.choice((0.0, 0.03, 0.1)), rng.choice((0.0, 0.0, 0.04))
    legs = rng.choice((300, 500, 900))
    while len(out) < seconds:
        slope = rng.gauss(0, hills) + rng.gauss(0, moods)
        target = cruise * KMH * max(0.45, min(2.6, 1.0 + slope))
        if rng.random() < pushes:
            leg(rng, out, metres=rng.uniform(20, 150), target=rng.uniform(2.5, 5) * KMH, up=0.5, down=1.0, wobble=0.15)
        if rng.random() < shops:
            stand(out, rng.uniform(60, 400))
        leg(rng, out, metres=rng.uniform(40, legs), target=target, up=up, down=down, wobble=wobble)
        if rng.random() < lights:
            stand(out, rng.choice((rng.uniform(3, 15), rng.uniform(15, 90))))
        elif rng.random() < 0.5:
            out.append(target * 0.6)
        else:
            out.append(target * 0.95)
    return out[: int(seconds)]


def traffic(rng: Random, seconds: float, *, free: float, jam: float, jam_kmh: tuple[float, float]) -> Speeds:
    """A car: bursts between lights when the road is free, crawling and halting when it is not."""
    out: Speeds = []
    up, down = rng.uniform(0.8, 2.0), rng.uniform(1.0, 2.2)
    while len(out) < seconds:
        if rng.random() < jam:
            until = len(out) + rng.uniform(40, 300)
            while len(out) < min(until, seconds):
                target = rng.uniform(*jam_kmh) * KMH
                leg(rng, out, metres=rng.lognormvariate(4.2, 0.9), target=target, up=up * 0.8, down=down, wobble=0.15)
                stand(out, rng.expovariate(1 / 20.0))
        else:
            target = free * rng.uniform(0.6, 1.15) * KMH
            leg(rng, out, metres=rng.uniform(150, 1200), target=target, up=up, down=down, wobble=0.08)
            if rng.random() < 0.6:
                stand(out, rng.uniform(3, 70))
    return out[: int(seconds)]


def rush(rng: Random, seconds: float, *, free: float, idle: float) -> Speeds:
    """A car in a rush hour, as congested driving cycles record it: standing for a quarter to half of the time, and then going as
    far and as fast as the gap before it lets it."""
    out: Speeds = []
    up, down, gap = rng.uniform(0.7, 1.6), rng.uniform(1.0, 2.2), rng.uniform(60, 150)
    while len(out) < seconds:
        began, metres = len(out), min(900.0, rng.lognormvariate(math.log(gap), 0.95))
        target = min(free, (4 + 1.6 * math.sqrt(metres)) * rng.uniform(0.75, 1.2)) * KMH
        leg(rng, out, metres=metres, target=target, up=up, down=down, wobble=0.1)
        stand(out, rng.expovariate((1 - idle) / (idle * max(1, len(out) - began))))
    return out[: int(seconds)]


def bus(rng: Random, seconds: float, *, peak: float, spacing: tuple[float, float], jam: float) -> Speeds:
    """A bus: stops at even spacing, dwell, lights in between, a lower top speed."""
    out: Speeds = []
    up, down = rng.uniform(0.6, 1.2), rng.uniform(0.7, 1.4)
    while len(out) < seconds:
        left = rng.uniform(*spacing)
        while left > 20:
            slow = rng.random() < jam
            metres = min(left, rng.uniform(20, 150) if slow else rng.uniform(120, 600))
            target = (rng.uniform(6, 20) if slow else peak * rng.uniform(0.7, 1.1)) * KMH
            leg(rng, out, metres=metres, target=target, up=up, down=down, wobble=0.1)
            left -= metres
            if left > 20 and rng.random() < 0.6:
                stand(out, rng.uniform(2, 45))
        stand(out, rng.uniform(8, 40))
    return out[: int(seconds)]


def on_foot(rng: Random, seconds: float, *, pace: float, pauses: float, wobble: float = 0.12) -> Speeds:
    """Walking or running: even, with pauses."""
    out: Speeds = []
    while len(out) < seconds:
        leg(rng, out, metres=rng.uniform(60, 400), target=pace * KMH, up=0.8, down=1.0, wobble=wobble)
        if rng.random() < pauses:
            stand(out, rng.expovariate(1 / 30.0))
    return out[: int(seconds)]
