"""The desk's first page, and the blueprints of all its parts."""

from __future__ import annotations

from flask import Blueprint

from webapp.console import (
    announcements,
    boards,
    campaign_summary,
    campaigns,
    cases,
    energy,
    energy_platform,
    feeds,
    funds,
    honours,
    indicators,
    ledger,
    lessons,
    members,
    method_drafts,
    methods,
    pledges,
    queries,
    questions,
    quizzes,
    review,
    rewards,
    temperatures,
    timetable,
    units,
    workdays,
)
from webapp.console.roles import STAFF
from webapp.console.views import Answer, show
from webapp.web import guard, house, now, signed_in

bp = Blueprint("console", __name__, url_prefix="/console")


@bp.get("")
@guard.roles(*STAFF)
def index() -> Answer:
    with house().store.read() as tx:
        page = queries.desk(tx, house(), signed_in().roles, now())
    return show("index.html", page=page)


BLUEPRINTS = (
    bp,
    review.bp,
    review.tracks_bp,
    cases.bp,
    campaigns.bp,
    campaign_summary.bp,
    rewards.bp,
    rewards.merchants_bp,
    announcements.bp,
    pledges.bp,
    lessons.bp,
    questions.bp,
    quizzes.bp,
    units.bp,
    boards.bp,
    honours.bp,
    indicators.bp,
    energy.bp,
    energy_platform.bp,
    members.bp,
    method_drafts.bp,
    methods.bp,
    temperatures.bp,
    feeds.bp,
    ledger.bp,
    funds.bp,
    timetable.bp,
    workdays.bp,
)
