"""Pages of campaigns: what is running, one with its tasks, joining."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from points_engine.errors import EngineError
from webapp.campaigns import queries, service
from webapp.web import current, guard, house, now, say, signed_in, t
from webapp.web.messages import message

bp = Blueprint("campaigns", __name__)


@bp.get("/campaigns")
@guard.public("campaigns are announced to everybody")
def index() -> str:
    person = current()
    with house().store.read() as tx:
        found = queries.cards(tx, person.member_id if person else None, now())
    groups = {state: [card for card in found if card.state == state] for state in ("running", "coming", "past")}
    return render_template("campaigns/index.html", groups=groups)


@bp.get("/campaigns/<int:campaign_id>")
@guard.public("campaigns are announced to everybody")
def show(campaign_id: int) -> str:
    person = current()
    with house().store.read() as tx:
        page = queries.detail(tx, campaign_id, person.member_id if person else None, now())
    return render_template("campaigns/show.html", page=page)


@bp.post("/campaigns/<int:campaign_id>/join")
@guard.member
def join(campaign_id: int) -> Any:
    person = signed_in()
    try:
        house().store.retrying(lambda tx: service.join(tx, house().catalogue, person.member_id, campaign_id, now()))
        say(t("您已参加，活动期间的绿色行为会自动计入", "You are in; what you do during the campaign counts by itself"))
    except EngineError as refusal:
        if refusal.kind not in ("conflict", "forbidden"):
            raise
        say(message(refusal.code, refusal.facts), "bad")
    return redirect(url_for(".show", campaign_id=campaign_id), 303)
