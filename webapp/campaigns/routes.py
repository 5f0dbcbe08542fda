"""Pages of campaigns: what is running, one with its tasks and calendar, joining, archived ones, my badges."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.campaigns import badges, queries, service
from webapp.campaigns.calendar import calendar
from webapp.campaigns.views import TaskView
from webapp.web import after_arg, current, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message

bp = Blueprint("campaigns", __name__)
PAGE = 20


@bp.get("/campaigns")
@guard.public("campaigns are announced to everybody")
def index() -> str:
    person = current()
    with house().store.read() as tx:
        found = queries.cards(tx, person.member_id if person else None, now())
        archived = queries.has_archived(tx)
    groups = {state: [card for card in found if card.state == state] for state in ("running", "coming", "past")}
    return render_template("campaigns/index.html", groups=groups, archived=archived)


@bp.get("/campaigns/archive")
@guard.public("campaigns are announced to everybody")
def archive() -> str:
    """Campaigns that were put away, newest first."""
    person = current()
    with house().store.read() as tx:
        found = queries.archived(tx, person.member_id if person else None, now(), after_arg(), PAGE + 1)
    return render_template("campaigns/archive.html", page=page_of(found, PAGE, lambda card: card.id))


@bp.get("/campaigns/<int:campaign_id>")
@guard.public("campaigns are announced to everybody")
def show(campaign_id: int) -> str:
    person = current()
    member = person.member_id if person else None
    with house().store.read() as tx:
        page = queries.detail(tx, campaign_id, member, now())
        grid = calendar(tx, page.card, page.tasks, member, request.args.get("month"), now())
        offered = badges.offered(tx, campaign_id, member)
    return render_template("campaigns/show.html", page=page, grid=grid, badges=offered, way_to=way_to)


@bp.get("/me/badges")
@guard.member
def mine() -> str:
    """The badges I have, newest campaign first."""
    after = request.args.get("after", "")
    if after and not re.fullmatch(r"\d{1,18}-\d{1,18}", after):
        raise Invalid({"after": "not_a_cursor"})
    with house().store.read() as tx:
        found = badges.of_member(tx, signed_in().member_id, None, after, badges.PAGE + 1)
    page = page_of(found, badges.PAGE, lambda badge: f"{badge.campaign_id}-{badge.task_id}")
    return render_template("campaigns/badges.html", page=page)


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


def way_to(task: TaskView) -> tuple[str, str] | None:
    """Where a task is done: address and words; acts are logged from the button above."""
    subject = task.rule.subject
    if task.kind == "quiz":
        return f"/quizzes/{subject}" if subject else "/quizzes", t("去答题", "To the quiz")
    if task.kind == "session":
        return f"/sessions/{subject}" if subject else "/sessions", t("去报名", "Sign up")
    if task.kind == "pledge":
        return f"/pledges/{subject}", t("去签署", "To the pledge")
    if task.kind == "scan":
        return "/scan", t("去扫码", "Scan")
    return None
