"""The calls of the API v1 about methods: the same open data as on the public pages, one or all."""

from __future__ import annotations

from flask import Response, jsonify

from points_engine.clock import local_day
from points_engine.errors import refuse
from webapp.api.blueprint import bp
from webapp.methods import queries, views
from webapp.web import guard, house, now


@bp.get("/methods")
@guard.public("the methods are public")
def methods() -> Response:
    with house().store.read() as tx:
        approved = queries.approved(tx)
    return jsonify([views.open_data(b, approved, local_day(now())) for b in house().catalogue.behaviours])


@bp.get("/methods/<method_code>")
@guard.public("the methods are public")
def method(method_code: str) -> Response:
    """By our code or by its reference: bike or T03."""
    catalogue = house().catalogue
    found = catalogue.by_code.get(method_code) or catalogue.by_ref.get(method_code)
    if found is None:
        raise refuse("not_found", "unknown_methodology", behaviour=method_code[:40])
    with house().store.read() as tx:
        approved = queries.approved(tx)
    return jsonify(views.open_data(found, approved, local_day(now())))
