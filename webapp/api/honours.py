"""The call of the API v1 about honours: the public list of a year, the same rows as the open data."""

from __future__ import annotations

from flask import Response, jsonify, request

from points_engine.errors import Invalid
from webapp.api.blueprint import bp
from webapp.honours import queries
from webapp.web import after_arg, guard, house, page_of


@bp.get("/honours")
@guard.public("honours are given in public")
def honours() -> Response:
    """The honours of a year, by default the newest; revoked ones are among them and say so."""
    asked = request.args.get("year") or ""
    if asked and not (asked.isascii() and asked.isdigit() and len(asked) == 4):
        raise Invalid({"year": "invalid"})
    with house().store.read() as tx:
        known = queries.years(tx)
        year = int(asked) if asked else known[0][0] if known else 0
        rows = queries.awards_of(tx, year, after=after_arg() or 0, limit=queries.PAGE + 1)
    page = page_of(rows, queries.PAGE, lambda each: each.candidate_id)
    response = jsonify([each.as_data() for each in page.items])
    if page.after:
        response.headers["X-Next-After"] = page.after
    return response
