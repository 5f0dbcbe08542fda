"""Indicators at the desk: a year's value with its source, and what was entered before."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.clock import local_day
from points_engine.errors import Invalid
from webapp.console.roles import EDIT
from webapp.console.views import Answer, show
from webapp.members import queries as members
from webapp.public_ledger import queries, service
from webapp.public_ledger.forms import Entry
from webapp.web import guard, house, now, say, signed_in, t

bp = Blueprint("console_indicators", __name__, url_prefix="/console/indicators")


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    with house().store.read() as tx:
        lines = queries.board(tx)
    return show("indicators.html", lines=lines)


@bp.route("/<int:no>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def one(no: int) -> Answer:
    """An indicator's values; a new one counts at once, what it corrects stays beside it."""
    this_year = local_day(now()).year
    if request.method == "GET":
        return _page(no, {"year": this_year - 1}, {})
    queries.known(no)
    try:
        entry = Entry.parse(request.form, this_year)
    except Invalid as error:
        return _page(no, request.form, error.fields)
    me = signed_in().member_id
    fresh = house().store.retrying(lambda tx: service.enter_value(tx, me, no, entry, now()))
    say(
        t("已保存，公开页面已更新", "Saved; the public page shows it")
        if fresh
        else t("内容没有变化", "Nothing changed")
    )
    return redirect(url_for(".one", no=no), 303)


def _page(no: int, values: Any, errors: dict[str, str]) -> Answer:
    with house().store.read() as tx:
        line, history = queries.one(tx, no)
        names = members.nicknames(tx, {v.actor_id for v in history if v.actor_id})
    return show(
        "indicator.html", 400 if errors else 200, line=line, history=history, names=names, values=values, errors=errors
    )
