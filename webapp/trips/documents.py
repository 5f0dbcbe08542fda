"""What any recording file comes to: segments of fixes within a limit, and how GeoJSON is read into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from points_engine.trips import Fix

TIMES = ("coordTimes", "times", "timestamps", "coordinateTimes")
TIME = ("time", "timestamp", "datetime", "recorded_at")
MILLISECONDS_FROM = 1e11  # a number of seconds that large would be in the year 5138
GEOMETRIES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}


class TooMany(Exception):
    """More points than we take."""


class Gathered:
    """Segments under construction; counts what has a place but no time."""

    def __init__(self, most: int) -> None:
        self.segments: list[list[Fix]] = []
        self.without_time = 0
        self._left = most

    def new_segment(self) -> None:
        """A new segment; nothing is ever joined to the one before."""
        self.segments.append([])

    def add(self, at: float | None, lat: Any, lon: Any, accuracy: Any = None) -> None:
        """One position; what has no readable place is left out."""
        self._left -= 1
        if self._left < 0:
            raise TooMany
        y, x = number(lat), number(lon)
        if y is None or x is None or not (-90 <= y <= 90 and -180 <= x <= 180) or (x == 0 and y == 0):
            return
        if at is None:
            self.without_time += 1
            return
        if not self.segments:
            self.new_segment()
        self.segments[-1].append(Fix(at, y, x, number(accuracy)))


def number(value: Any) -> float | None:
    """A finite number from a number or its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)[:65]) > 64:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def instant(value: Any) -> float | None:
    """Seconds since 1970 from ISO 8601 text (without an offset: UTC) or from a number of seconds or milliseconds."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value.strip()[:40])
        except ValueError:
            return None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    seconds = None if value is None else number(value)
    if seconds is None or seconds < 0:
        return None
    return seconds / 1000 if seconds > MILLISECONDS_FROM else seconds


def read_geojson(told: Any, gathered: Gathered) -> bool:
    """Gather a GeoJSON document; False when it is something else."""
    if not isinstance(told, Mapping):
        return False
    kind = told.get("type")
    if kind == "FeatureCollection" and isinstance(told.get("features"), list):
        points = [each for each in told["features"] if _is_point(each)]
        for each in told["features"]:
            if not _is_point(each):
                _feature(each, gathered)
        if points:
            _points(points, gathered)
        return True
    if kind == "Feature":
        _feature(told, gathered)
        return True
    if kind in GEOMETRIES:
        _geometry(told, told, gathered)
        return True
    return False


def _is_point(feature: Any) -> bool:
    return (
        isinstance(feature, Mapping)
        and isinstance(feature.get("geometry"), Mapping)
        and feature["geometry"].get("type") == "Point"
    )


def _points(features: list[Any], gathered: Gathered) -> None:
    """Fixes told one by one, as loggers do: one segment."""
    gathered.new_segment()
    for feature in features:
        told = feature.get("properties")
        told = told if isinstance(told, Mapping) else {}
        place = feature["geometry"].get("coordinates")
        if not isinstance(place, list) or len(place) < 2:
            continue
        at = next((found for name in TIME if (found := instant(told.get(name))) is not None), None)
        gathered.add(at, place[1], place[0], told.get("accuracy"))


def _feature(feature: Any, gathered: Gathered) -> None:
    if not isinstance(feature, Mapping) or not isinstance(feature.get("geometry"), Mapping):
        return
    told = feature.get("properties")
    _geometry(feature["geometry"], told if isinstance(told, Mapping) else {}, gathered)


def _geometry(geometry: Mapping[str, Any], told: Mapping[str, Any], gathered: Gathered) -> None:
    kind, lines = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("LineString", "MultiLineString") or not isinstance(lines, list):
        return
    times = _times(told)
    if kind == "LineString":
        lines, times = [lines], [times]
    elif times and not isinstance(times[0], list):
        times = list(_dealt(times, lines))
    for n, line in enumerate(lines):
        if isinstance(line, list):
            _line(line, times[n] if n < len(times) and isinstance(times[n], list) else [], gathered)


def _times(told: Mapping[str, Any]) -> list[Any]:
    """Where the writers we know put the times of a line."""
    inner = told.get("coordinateProperties")
    for place in (told, inner if isinstance(inner, Mapping) else {}):
        for name in TIMES:
            if isinstance(place.get(name), list):
                return list(place[name])
    return []


def _dealt(times: list[Any], lines: list[Any]) -> Iterator[list[Any]]:
    """One flat list of times, dealt over the lines of a MultiLineString."""
    at = 0
    for line in lines:
        size = len(line) if isinstance(line, list) else 0
        yield times[at : at + size]
        at += size


def _line(line: list[Any], times: list[Any], gathered: Gathered) -> None:
    gathered.new_segment()
    for n, place in enumerate(line):
        if isinstance(place, list) and len(place) >= 2:
            gathered.add(instant(times[n]) if n < len(times) else None, place[1], place[0])
