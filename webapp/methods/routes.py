"""Public pages of the methods and their open data; and the look at the stamp before each request."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from points_engine.activity import limits
from points_engine.clock import local_day
from points_engine.errors import refuse
from points_engine.methodology import COEFFICIENT, DOMAINS, Behaviour
from webapp.activities import views as acts
from webapp.methods import queries, views
from webapp.web import guard, house, now, t

bp = Blueprint("methods", __name__)


@bp.before_app_request
def follow() -> None:
    """A comparison of two times; twice a minute one small read."""
    house().refresh(house().clock.now())


@bp.get("/methods")
@guard.public("the methods are public")
def index() -> str:
    catalogue, today = house().catalogue, local_day(now())
    made = [(acts.choice(b, today), b.version_on(max(today, b.versions[0].valid_from))) for b in catalogue.behaviours]
    groups = [(t(zh, en), [c for c in made if c[0].behaviour.domain == code]) for code, zh, en in DOMAINS]
    return render_template(
        "methods/index.html", groups=[g for g in groups if g[1]], coefficients=COEFFICIENT, limits=limits(),
        marks=acts.MARKS, not_found=catalogue.not_found, today=today,
    )  # fmt: skip


@bp.get("/methods.json")
@guard.public("the methods are public")
def index_data() -> Response:
    with house().store.read() as tx:
        approved = queries.approved(tx)
    today, catalogue = local_day(now()), house().catalogue
    return jsonify(
        methods=[views.open_data(b, approved, today) for b in catalogue.behaviours],
        evidence=[views.factor_data(row) for row in _evidence()],
        not_found=[{"zh": zh, "en": en} for zh, en in catalogue.not_found],
    )


@bp.get("/methods/<code>")
@guard.public("the methods are public")
def one(code: str) -> str | Response:
    catalogue = house().catalogue
    if code in catalogue.by_ref:
        return redirect(url_for(".one", code=catalogue.by_ref[code].code), 301)
    behaviour: Behaviour = catalogue.behaviour(code[:40])
    with house().store.read() as tx:
        approved = queries.approved(tx)
    page = views.method_page(behaviour, catalogue, approved, request.args, local_day(now()))
    return render_template("methods/one.html", page=page, not_found=catalogue.not_found, scopes=views.SCOPES)


@bp.get("/methods/<code>.json")
@guard.public("the methods are public")
def one_data(code: str) -> Response:
    catalogue = house().catalogue
    found = catalogue.by_code.get(code) or catalogue.by_ref.get(code)
    if found is None:
        raise refuse("not_found", "unknown_methodology", behaviour=code[:40])
    with house().store.read() as tx:
        approved = queries.approved(tx)
    return jsonify(views.open_data(found, approved, local_day(now())))


def _evidence() -> list[Any]:
    return [row for series in house().catalogue.behaviours[0].coefficients.values() for row in series.rows]
