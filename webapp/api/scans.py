"""The calls of the API v1 about places: what a plate says, and a scan of it."""

from __future__ import annotations

from flask import Response, jsonify

from points_engine.errors import Invalid, refuse
from webapp.api import shapes
from webapp.api.blueprint import bp
from webapp.api.bodies import NewScan, read_body
from webapp.places import queries, service
from webapp.places.forms import Scan, read_place_code
from webapp.web import guard, house, now, signed_in


@bp.get("/places/<code>")
@guard.member
def place(code: str) -> Response:
    with house().store.read() as tx:
        spot = queries.by_code(tx, _code(code))
    return jsonify(service.described(spot))


@bp.post("/scans")
@guard.member
def scan() -> tuple[Response, int]:
    body = read_body(NewScan)
    here = None if body.here is None else (float(body.here[0]), float(body.here[1]))
    accuracy = None if body.accuracy_m is None else float(body.accuracy_m)
    given = Scan(body.id, body.behaviour, body.quantity, body.key or "", here, accuracy)
    logged = house().store.retrying(
        lambda tx: service.scan_place(
            tx,
            house().catalogue,
            house().settings.track_key,
            signed_in().member_id,
            _code(body.place),
            given,
            now(),
        )
    )
    return jsonify(
        shapes.activity({**logged.record, "proof_kind": "scan"}, house().catalogue)
    ), 201 if logged.fresh else 200


def _code(text: str) -> str:
    try:
        return read_place_code(text)
    except Invalid:
        raise refuse("not_found", "unknown_place") from None
