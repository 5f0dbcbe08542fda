"""GPX and TCX as a stream of elements: only times and places are kept, nothing of the tree."""

from __future__ import annotations

from typing import Any

from webapp.trips.documents import Gathered, TooMany, instant

DEEPEST = 64
MOST_ELEMENTS = 1_500_000
LONGEST_TEXT = 64
ROOTS = {"gpx", "TrainingCenterDatabase"}
KEPT = {"time", "Time", "LatitudeDegrees", "LongitudeDegrees", "accuracy"}


class Deep(Exception):
    """Nested deeper than any recording."""


class Recording:
    """The target of the parser: sees each element once and forgets it."""

    def __init__(self, gathered: Gathered) -> None:
        self.known = False
        self._gathered = gathered
        self._depth = 0
        self._seen = 0
        self._planned = 0  # inside a route or a course, which nobody has ridden
        self._point: dict[str, Any] | None = None
        self._text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._seen += 1
        if self._depth > DEEPEST:
            raise Deep
        if self._seen > MOST_ELEMENTS:
            raise TooMany
        name = tag.rpartition("}")[2]
        if self._depth == 1:
            self.known = name in ROOTS
            if not self.known:
                raise Deep
        if name in ("trkseg", "Track"):
            self._gathered.new_segment()
        elif name in ("rte", "Course"):
            self._planned += 1
        elif name in ("trkpt", "rtept"):
            self._point = {"lat": attributes.get("lat"), "lon": attributes.get("lon")}
        elif name == "Trackpoint":
            self._point = {}
        elif self._point is not None and name in KEPT:
            self._text = []

    def data(self, text: str) -> None:
        if self._text is not None and len(self._text) < LONGEST_TEXT:
            self._text.append(text[:LONGEST_TEXT])

    def end(self, tag: str) -> None:
        self._depth -= 1
        name = tag.rpartition("}")[2]
        if name in ("rte", "Course"):
            self._planned -= 1
        elif name in ("trkpt", "rtept", "Trackpoint") and self._point is not None:
            self._close(self._point)
            self._point = None
        elif self._text is not None and self._point is not None and name in KEPT:
            self._point.setdefault(name, "".join(self._text)[:LONGEST_TEXT])
            self._text = None

    def close(self) -> None:
        """The end of the document."""

    def _close(self, point: dict[str, Any]) -> None:
        lat, lon = point.get("lat", point.get("LatitudeDegrees")), point.get("lon", point.get("LongitudeDegrees"))
        if lat is None or lon is None:  # a watch without a fix still counts heart beats
            return
        at = None if self._planned else instant(point.get("time", point.get("Time")) or "")
        self._gathered.add(at, lat, lon, point.get("accuracy"))
