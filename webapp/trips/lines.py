"""A track as a plain line: its shape only, without the neighbourhood of its ends and without any coordinate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians

from points_engine.trips import Fix

HIDDEN_M = 200  # around the start and the end, where somebody lives or works
STAY_S = 300  # a recording that is silent for so long ended there and began again
MOST_ENDS = 200  # more are no recording of a person, and would take long to hide
WIDTH, HEIGHT, MARGIN = 320, 200, 8
APART = 2.0  # units of the picture between two points
METRES_PER_DEGREE = 111_195.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Polylines (`points` of an SVG polyline each) in a picture of `width` by `height`, north up."""

    lines: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def path(self) -> str:
        """The same as the data of one SVG path."""
        return " ".join("M" + " L".join(line.split(" ")) for line in self.lines)

    @property
    def view_box(self) -> str:
        return f"0 0 {self.width} {self.height}"


def blurred(segments: Sequence[Sequence[Fix]]) -> Line | None:
    """The line of a track; None when nothing is left of it without its ends."""
    fixes = [fix for segment in segments for fix in segment]
    if not fixes:
        return None
    metres_lon = METRES_PER_DEGREE * cos(radians(fixes[0].lat))
    ways = [[(fix.lon * metres_lon, -fix.lat * METRES_PER_DEGREE) for fix in segment] for segment in segments]
    ends = [(fix.lon * metres_lon, -fix.lat * METRES_PER_DEGREE) for fix in _ends(fixes)]
    if len(ends) > MOST_ENDS:
        return None
    pieces = [piece for way in ways for piece in _away_from(ends, way)]
    return _drawn(pieces) if pieces else None


def _ends(fixes: Sequence[Fix]) -> list[Fix]:
    """Where it begins and ends, and where somebody stayed in between: of several files each ends somewhere."""
    stays = [fix for pair in pairwise(fixes) if pair[1].at - pair[0].at > STAY_S for fix in pair]
    return [fixes[0], *stays, fixes[-1]]


def _away_from(ends: Sequence[Point], way: Sequence[Point]) -> list[list[Point]]:
    pieces: list[list[Point]] = [[]]
    for x, y in way:
        if any(hypot(x - end_x, y - end_y) < HIDDEN_M for end_x, end_y in ends):
            pieces.append([])
        else:
            pieces[-1].append((x, y))
    return [piece for piece in pieces if len(piece) > 1]


def _drawn(pieces: Sequence[Sequence[Point]]) -> Line | None:
    xs, ys = [x for piece in pieces for x, _ in piece], [y for piece in pieces for _, y in piece]
    left, top = min(xs), min(ys)
    scale = min(
        (WIDTH - 2 * MARGIN) / max(max(xs) - left, 1.0),
        (HEIGHT - 2 * MARGIN) / max(max(ys) - top, 1.0),
    )
    drawn = []
    for piece in pieces:
        points = _thinned([(MARGIN + (x - left) * scale, MARGIN + (y - top) * scale) for x, y in piece])
        if len(points) > 1:
            drawn.append(" ".join(f"{x:.1f},{y:.1f}" for x, y in points))
    return Line(tuple(drawn)) if drawn else None


def _thinned(points: Sequence[Point]) -> list[Point]:
    kept = [points[0]]
    for x, y in points[1:]:
        if hypot(x - kept[-1][0], y - kept[-1][1]) >= APART:
            kept.append((x, y))
    return kept
