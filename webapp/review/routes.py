"""Pages of review that are not the desk's: a member's appeal, and the public figures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.errors import EngineError, Invalid
from points_engine.review import rules
from webapp.activities import queries as acts
from webapp.review import queries, service
from webapp.web import current, guard, house, now, say, signed_in, t
from webapp.web.messages import message, reason
from webapp.web.urls import uuid_of

bp = Blueprint("review", __name__)


@bp.app_template_global("appeal_of_act")
def appeal_of_act(activity_id: str) -> queries.Appeal | None:
    """The appeal of one's own act, made or possible; for the act's page."""
    person = current()
    if person is None:
        return None
    with house().store.read() as tx:
        return queries.appeal_of(tx, acts.one(tx, person.member_id, activity_id), now())


@bp.post("/activities/<activity_id>/appeal")
@guard.member
def appeal(activity_id: str) -> Any:
    """One tap; a few words are welcome and not needed."""
    person, known = signed_in(), uuid_of(activity_id)
    words = request.form.get("words", "")
    try:
        _, fresh = house().store.retrying(lambda tx: service.open_appeal(tx, person.member_id, known, words, now()))
    except EngineError as refusal:
        if refusal.kind not in ("conflict", "invalid"):
            raise
        wrong = isinstance(refusal, Invalid)
        say(reason("too_long") if wrong else message(refusal.code, refusal.facts), "bad")
    else:
        done = t("申诉已提交，由另一位工作人员复核", "Your appeal is in; somebody else will look at it")
        say(done if fresh else t("这条记录已经申诉过了", "This has been appealed already"))
    return redirect(url_for("activities.show", activity_id=known) + "#appeal", 303)


@bp.get("/reviews")
@guard.public("how reviews go is for everybody to see")
def figures() -> str:
    with house().store.read() as tx:
        months = queries.by_month(tx, now())
    return render_template("review/figures.html", months=months, rules=rules())
