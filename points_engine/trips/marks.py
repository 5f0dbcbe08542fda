"""Marks of a trip: keyed hashes of coarse cells and the time between them, by which a recording is known again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from math import ceil, cos, floor, hypot, radians
from typing import NamedTuple

from points_engine.trips.fixes import Fix
from points_engine.trips.path import METRES_PER_DEGREE

CELL = 150.0  # metres
INNER = 22.0  # a cell counts when the way comes this far inside; noise at its edge does not
GRIDS = (0.0, CELL / 2)
STEP = 20.0  # metres between the places looked at on a way
GAP = 180.0  # seconds; nothing is assumed about longer silences
AGAIN = 60.0  # seconds after which a cell is visited anew
STEPS_AHEAD = (1, 3, 7)  # which later cells a cell is paired with
WIDTH = 6.0  # seconds; how exactly the time between two cells is known
MOST = 96
FEW = 6  # pairs below which a short trip is also looked for by its single cells


class Visit(NamedTuple):
    """The way was in a cell; `at` is the middle of its time there."""

    cell: tuple[int, int, int]
    at: float


class Mark(NamedTuple):
    """What is kept of a pair of cells, and what it may also look like a few seconds off."""

    kept: int
    near: int
    alone: bool = False  # of one cell: finds a candidate, proves nothing


def visits(segments: Sequence[Sequence[Fix]]) -> list[list[Visit]]:
    """The cells a trip went through, one list a grid, in the order of time."""
    way = list(places(segments))
    return [_visits_of(way, grid, offset) for grid, offset in enumerate(GRIDS)]


def marks(segments: Sequence[Sequence[Fix]], key: bytes) -> list[Mark]:
    """At most 96 marks, the same ones for the same trip however it was written down, and whichever way it runs."""
    found: dict[tuple[int, int, int, int, int], float] = {}
    for cells in visits(segments):
        for ahead in STEPS_AHEAD:
            for a, b in zip(cells, cells[ahead:], strict=False):
                if a.cell != b.cell:
                    low, high = sorted((a.cell, b.cell))
                    found.setdefault((*low, *high[1:]), abs(b.at - a.at))
    ranked = sorted((_hash(key, b"pair", pair), pair) for pair in found)[:MOST]
    made = [_mark(key, pair, found[pair]) for _, pair in ranked]
    return made if len(made) >= FEW else [*made, *_alone(segments, key)]


def _alone(segments: Sequence[Sequence[Fix]], key: bytes) -> list[Mark]:
    way = list(places(segments))
    cells = {visit.cell for grid, offset in enumerate(GRIDS) for visit in _visits_of(way, grid, offset, 0.0)}
    hashes = sorted(_hash(key, b"cell", cell) for cell in cells)[:MOST]
    return [Mark(number, number, alone=True) for number in hashes]


def _mark(key: bytes, pair: tuple[int, ...], seconds: float) -> Mark:
    place = seconds / WIDTH
    number = floor(place)
    beside = number + 1 if place - number >= 0.5 else number - 1
    return Mark(_hash(key, b"mark", (*pair, number)), _hash(key, b"mark", (*pair, beside)))


def _hash(key: bytes, label: bytes, numbers: Sequence[int]) -> int:
    text = ",".join(map(str, numbers)).encode()
    digest = blake2b(text, key=key[:64], person=label, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def places(segments: Sequence[Sequence[Fix]]) -> Iterator[tuple[float, float, float]]:
    """Time and metres north and east of nowhere in particular, at most 20 m apart along the way."""
    for segment in segments:
        before: tuple[float, float, float] | None = None
        last = 0
        for fix in segment:
            # One width a degree of latitude, so that neighbours use the same grid; nothing joins two of them.
            belt = floor(fix.lat)
            here = (
                fix.at,
                fix.lat * METRES_PER_DEGREE,
                fix.lon * METRES_PER_DEGREE * cos(radians(belt + 0.5)),
            )
            if before is not None and 0 < here[0] - before[0] <= GAP and belt == last:
                steps = min(500, ceil(hypot(here[1] - before[1], here[2] - before[2]) / STEP))
                for n in range(1, steps):
                    part = n / steps
                    yield tuple(a + (b - a) * part for a, b in zip(before, here, strict=True))  # type: ignore[misc]
            yield here
            before, last = here, belt


def _visits_of(
    places: Sequence[tuple[float, float, float]], grid: int, offset: float, inner: float = INNER
) -> list[Visit]:
    open_: dict[tuple[int, int, int], list[float]] = {}  # cell -> first, last, deepest
    done: list[Visit] = []
    for at, north, east in places:
        y, x = (north + offset) / CELL, (east + offset) / CELL
        row, column = floor(y), floor(x)
        deep = CELL * min(y - row, row + 1 - y, x - column, column + 1 - x)
        cell = (grid, row, column)
        state = open_.get(cell)
        if state is None or at - state[1] > AGAIN:
            if state is not None and state[2] >= inner:
                done.append(Visit(cell, (state[0] + state[1]) / 2))
            open_[cell] = [at, at, deep]
        else:
            state[1] = at
            state[2] = max(state[2], deep)
    done += [Visit(cell, (s[0] + s[1]) / 2) for cell, s in open_.items() if s[2] >= inner]
    return sorted(done, key=lambda visit: (visit.at, visit.cell))
