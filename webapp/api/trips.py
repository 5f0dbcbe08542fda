"""The call of the API v1 that takes a recorded trip."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from points_engine.errors import Invalid
from points_engine.trips import Fix, read_points
from webapp.api import shapes
from webapp.api.blueprint import bp
from webapp.api.bodies import NewTrip, read_body
from webapp.trips.service import submit_trip
from webapp.web import guard, house, now, signed_in


@bp.post("/trips")
@guard.member
def submit() -> tuple[Response, int]:
    """Fixes are plain geometry: read as floats, unlike every other number."""
    body = read_body(NewTrip, decimals=False)
    done = submit_trip(
        house(),
        signed_in().member_id,
        id=body.id,
        mode=body.mode,
        segments=_segments(body.points),
        now=now(),
        source="api",
        inputs=body.inputs,
    )
    answer = shapes.activity({**done.record, "proof_kind": "trip"}, house().catalogue) | {
        "verdict": done.verdict,
        "reasons": list(done.reasons),
        "distance_m": done.distance_m,
    }
    return jsonify(answer), 201 if done.fresh else 200


def _segments(points: list[Any]) -> list[list[Fix]]:
    """One list of fixes, or a list of such lists."""
    if not points:
        raise Invalid({"points": "missing"})
    nested = all(isinstance(each, list) and (not each or isinstance(each[0], list)) for each in points)
    segments = [read_points(each) for each in (points if nested else [points])]
    if not any(segments):
        raise Invalid({"points": "unreadable_points"})
    return segments
