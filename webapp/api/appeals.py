"""The call of the API v1 with which a member asks for a second look at a refused act."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from webapp.api import shapes
from webapp.api.blueprint import bp
from webapp.api.bodies import NewAppeal, read_body
from webapp.review.service import open_appeal
from webapp.web import guard, house, now, signed_in


@bp.post("/activities/<uuid:activity_id>/appeal")
@guard.member
def appeal(activity_id: Any) -> tuple[Response, int]:
    words = read_body(NewAppeal).words if request.content_length else ""
    who = signed_in().member_id
    case, fresh = house().store.retrying(lambda tx: open_appeal(tx, who, str(activity_id), words, now()))
    answer = {
        "id": case.id,
        "status": "open" if case.decided_at is None else case.decision or case.state,
        "due_at": shapes.instant(case.due_at),
    }
    return jsonify(answer), 201 if fresh else 200
