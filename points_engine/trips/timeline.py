"""A recording as places in time: where it was at any moment, in metres."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import cos, radians
from statistics import median

from points_engine.trips.fixes import Fix
from points_engine.trips.marks import GAP
from points_engine.trips.path import METRES_PER_DEGREE

PIECES = 4  # of a recording, whose ends are looked at


class Timeline:
    """Seconds, metres east and metres north of an origin; only what goes forward in time."""

    def __init__(self, segments: Sequence[Sequence[Fix]], origin: tuple[float, float]) -> None:
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

    def ends(self) -> list[float]:
        """When its first pieces begin and end; a piece goes on until nothing is heard for long."""
        breaks = [n for n, (a, b) in enumerate(pairwise(self.at), 1) if b - a > GAP][: PIECES - 1]
        return [self.at[n] for start, end in pairwise([0, *breaks, len(self.at)]) for n in (start, end - 1)]

    @property
    def length(self) -> float:
        return self.at[-1] - self.at[0] if self.at else 0.0
