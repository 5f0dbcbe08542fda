"""Pages of activities: what can be logged, the form for one act, my acts, one act with its working."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.activity import Decision, Usage, limits
from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid, refuse
from points_engine.methodology import DOMAINS, Behaviour
from webapp.activities import forms, queries, views
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.service import Logged, undo_activity
from webapp.ledger import queries as ledger
from webapp.photos import queries as photos_of
from webapp.photos.pictures import MOST_BYTES, read_picture
from webapp.photos.service import keep_picture
from webapp.web import guard, house, now, page_of, safe_next, say, signed_in, t
from webapp.web.messages import message
from webapp.web.urls import NOWHERE, uuid_of

bp = Blueprint("activities", __name__)
bp.add_app_template_global(views.name_of, "behaviour_name")
bp.add_app_template_global(views.amount_of, "amount_of")
bp.record(lambda state: state.app.jinja_env.globals.update(act_words=views))
bp.add_app_template_filter(views.figure, "figure")
PAGE = 30


@bp.get("/log")
@guard.public("what can be logged is shown before anybody signs in")
def choose() -> str:
    today = local_day(now())
    shown = [views.choice(b, today) for b in house().catalogue.behaviours if not b.hidden]
    groups = [(code, t(zh, en), [c for c in shown if c.behaviour.domain == code]) for code, zh, en in DOMAINS]
    return render_template("activities/log.html", groups=[g for g in groups if g[2]])


@bp.get("/behaviours")
@guard.public("an older address of the same page")
def behaviours() -> Any:
    return redirect(url_for(".choose"), 301)


@bp.get("/log/<code>")
@guard.member
def form(code: str) -> str:
    behaviour = _loggable(code)
    given = forms.blank(behaviour, now(), request.args.get("quantity", "")[:20])
    return _form(behaviour, given, {})


@bp.post("/log/<code>")
@guard.member
def log(code: str) -> Any:
    """Log the act, or (button `preview`) show what it would earn; a photo once sent is kept either way."""
    behaviour = _loggable(code)
    given, wrong = forms.typed(request.form, behaviour), {}
    try:
        given = given.with_photos(_kept_photos())
    except Invalid as fault:
        wrong = dict(fault.fields)
    try:
        command = _command(behaviour, given)
        if not wrong and "preview" not in request.form:
            return _log(command)
    except Invalid as fault:
        wrong = {**fault.fields, **wrong}
    if "preview" in request.form and (not wrong or request.headers.get("HX-Request")):
        return _form(behaviour, given, wrong)
    return _form(behaviour, given, wrong), 400


@bp.get("/activities")
@guard.member
def index() -> str:
    after = queries.read_cursor(request.args.get("after", "")[:90])
    with house().store.read() as tx:
        rows = queries.mine(tx, signed_in().member_id, after, PAGE + 1)
    found = page_of(rows, PAGE, queries.cursor)
    days: dict[Any, list[views.ActView]] = {}
    for row in found.items:
        days.setdefault(row["occurred_on"], []).append(views.act_view(row, house().catalogue, now()))
    return render_template("activities/index.html", page=found, days=days, today=local_day(now()))


@bp.get("/activities/<activity_id>")
@guard.member
def show(activity_id: str) -> str:
    person = signed_in()
    with house().store.read() as tx:
        record = queries.one(tx, person.member_id, uuid_of(activity_id))
        cause = f"activity:{record['id']}"
        lines = ledger.by_cause(tx, person.member_id, [cause])[cause]
        photos = photos_of.some(tx, person.member_id, record["evidence"])
    return render_template(
        "activities/show.html",
        act=views.act_view(record, house().catalogue, now()),
        passport=views.passport_of(record, house().catalogue),
        inputs=record["inputs"],
        lines=lines,
        photos=photos,
        photo_gone=bool(record["evidence"]) and not photos,
        limits=limits(),
    )


@bp.post("/activities/<activity_id>/undo")
@guard.member
def undo(activity_id: str) -> Any:
    person, known = signed_in(), uuid_of(activity_id)
    try:
        record = house().store.retrying(lambda tx: undo_activity(tx, person.member_id, known, now()))
        name = views.name_of(house().catalogue.behaviour(record["behaviour"]))
        say(t(f"已撤销：{name}", f"Undone: {name}"))
    except EngineError as refusal:
        if refusal.kind != "conflict":
            raise
        say(message(refusal.code, refusal.facts), "bad")
    return redirect(safe_next(url_for(".show", activity_id=known)), 303)


def _loggable(code: str) -> Behaviour:
    behaviour: Behaviour = house().catalogue.behaviour(code)
    if not behaviour.loggable:
        raise refuse("not_found", "not_loggable", behaviour=code)
    return behaviour


def _command(behaviour: Behaviour, given: forms.Typed) -> LogActivity:
    values = forms.read(given, behaviour, now())
    return read_command(
        house().catalogue,
        signed_in().member_id,
        id=given.id,
        behaviour=behaviour.code,
        quantity=values.quantity,
        occurred_at=values.occurred_at,
        inputs=values.inputs,
        evidence=list(given.photo_ids),
        now=now(),
    )


def _log(command: LogActivity) -> Any:
    where = url_for(".show", activity_id=command.id)
    try:
        logged: Logged = house().desk.log(command, now())
    except EngineError as refusal:
        if refusal.code != "request_reused":
            raise
        logged = Logged({}, False)
    if logged.fresh:
        say(
            views.said(logged.record, house().catalogue, now()),
            undo=f"{url_for('.undo', activity_id=command.id)}?next=/",
        )
    else:
        say(t("这条记录刚才已经保存，没有重复记", "This was already saved; nothing was recorded twice"))
    return redirect(where, 303)


def _kept_photos() -> list[str]:
    """Take in the photos of this request; raises Invalid({"photo": …})."""
    sent = [each for each in request.files.getlist("photo") if each.filename]
    if len(sent) > forms.MOST_PHOTOS:
        raise Invalid({"photo": "too_many_photos"})
    return [_kept(each.stream.read(MOST_BYTES + 1)) for each in sent]


def _kept(sent: bytes) -> str:
    picture = read_picture(sent)
    kept = house().store.retrying(lambda tx: keep_picture(tx, house().blobs, signed_in().member_id, picture, now()))
    return str(kept["id"])


def _form(behaviour: Behaviour, given: forms.Typed, wrong: Mapping[str, str]) -> str:
    person, at = signed_in(), now()
    command: LogActivity | None = None
    try:
        command = _command(behaviour, given)
        at = command.occurred_at
    except Invalid:
        pass  # said beside the fields once the button was pressed
    with house().store.read() as tx:
        usage = queries.usage_at(tx, person.member_id, behaviour, at)
        photos = photos_of.some(tx, person.member_id, [each for each in given.photo_ids if _known(each)])
    return render_template(
        "activities/form.html",
        behaviour=behaviour,
        given=given,
        errors=views.field_words(behaviour, wrong, forms.day_of(given, now())),
        season=None if behaviour.in_season(local_day(now())) else views.season_words(behaviour),
        worth=_worth(command, usage) if command else None,
        caps=views.cap_lines(behaviour, house().catalogue, usage, at),
        photos=photos,
        most_photos=forms.MOST_PHOTOS,
        today=local_day(now()),
        oldest=local_day(now() - timedelta(hours=limits()["late_hours"])),
        limits=limits(),
    )


def _worth(command: LogActivity, usage: Usage) -> list[tuple[str, Decision]]:
    """What the act would bring, as it stands and with a photo."""
    levels = ("photo",) if command.evidence else ("declared", "photo")
    return [
        (
            level,
            views.would_earn(
                command.behaviour, command.quantity, command.inputs, level == "photo", command.occurred_at, usage
            ),
        )
        for level in levels
        if level in command.behaviour.evidence
    ]


def _known(text: str) -> bool:
    return uuid_of(text) != NOWHERE
