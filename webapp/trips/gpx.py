"""Writes a track as GPX, for its owner's export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from points_engine.trips import Fix

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Puhui" xmlns="http://www.topografix.com/GPX/1/1"><trk>'


def written(segments: Sequence[Sequence[Fix]]) -> str:
    """One track with its segments."""
    parts = [HEAD]
    for segment in segments:
        parts.append("<trkseg>")
        parts += [
            f'<trkpt lat="{fix.lat:.7f}" lon="{fix.lon:.7f}"><time>{_instant(fix.at)}</time></trkpt>' for fix in segment
        ]
        parts.append("</trkseg>")
    return "".join((*parts, "</trk></gpx>"))


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
