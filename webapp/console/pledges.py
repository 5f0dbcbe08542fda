"""Pledges at the desk: write an edition, look at the preview, publish it, close or reopen signing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import Invalid
from webapp.console.roles import EDIT
from webapp.console.views import Answer, change, show
from webapp.pledges import queries, service
from webapp.pledges.forms import FIELDS, PledgeFacts, PledgeText
from webapp.web import guard, house, now, say, signed_in, t

bp = Blueprint("console_pledges", __name__, url_prefix="/console/pledges")


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    with house().store.read() as tx:
        rows = queries.staff_list(tx)
    return show("pledges.html", rows=rows)


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    if request.method == "GET":
        return _form(None, [], {"signers": "both"})
    wrong: dict[str, str] = {}
    facts = _read(PledgeFacts, wrong)
    text = _read(PledgeText, wrong)
    if wrong:
        return _form(None, [], request.form, wrong)
    if request.form.get("do") == "preview":
        return _form(None, [], request.form, preview=text)
    try:
        me = signed_in().member_id
        made = house().store.retrying(lambda tx: service.create_pledge(tx, me, facts, text, now()))
    except Invalid as error:
        return _form(None, [], request.form, error.fields)
    say(t("已保存草稿", "The draft is saved"))
    return redirect(url_for(".edit", pledge_id=made), 303)


@bp.route("/<int:pledge_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(pledge_id: int) -> Answer:
    """The newest edition: a draft as it stands, or the published one to write the next from."""
    with house().store.read() as tx:
        row, editions = queries.staff_one(tx, pledge_id)
    if request.method == "GET":
        return _form(row, editions, {name: getattr(editions[0], name) for name in FIELDS})
    wrong: dict[str, str] = {}
    text = _read(PledgeText, wrong)
    if wrong:
        return _form(row, editions, request.form, wrong)
    if request.form.get("do") == "preview":
        return _form(row, editions, request.form, preview=text)
    me = signed_in().member_id
    house().store.retrying(lambda tx: service.write_edition(tx, me, pledge_id, text, now()))
    say(t("已保存草稿", "The draft is saved"))
    return redirect(url_for(".edit", pledge_id=pledge_id), 303)


@bp.post("/<int:pledge_id>/publish")
@guard.roles(*EDIT)
def publish(pledge_id: int) -> Answer:
    return change(
        lambda tx: service.publish(tx, signed_in().member_id, pledge_id, now()),
        url_for(".edit", pledge_id=pledge_id),
        t("已发布，可以签署了", "Published; it can be signed now"),
    )


@bp.post("/<int:pledge_id>/state")
@guard.roles(*EDIT)
def state(pledge_id: int) -> Answer:
    is_open = request.form.get("open") == "1"
    return change(
        lambda tx: service.set_open(tx, signed_in().member_id, pledge_id, is_open, now()),
        url_for(".edit", pledge_id=pledge_id),
        t("已重新开放签署", "Open again") if is_open else t("已截止签署", "Closed to new signatures"),
    )


def _read(form: Any, wrong: dict[str, str]) -> Any:
    try:
        return form.parse(request.form)
    except Invalid as error:
        wrong.update(error.fields)
        return None


def _form(
    row: Any, editions: list[Any], values: Any, errors: dict[str, str] | None = None, preview: Any = None
) -> Answer:
    return show(
        "pledge.html",
        400 if errors else 200,
        row=row,
        editions=editions,
        values=values,
        errors=errors or {},
        preview=preview,
    )
