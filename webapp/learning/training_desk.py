"""Sessions for their organisers, unit administrators and staff: set one up, its screen, who signed up and who came."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.errors import EngineError, Invalid, refuse
from webapp.green_units import queries as green_units
from webapp.learning import training_reads as reads
from webapp.learning import trainings, words
from webapp.learning.forms import TrainingFacts, local_input
from webapp.store import Tx
from webapp.web import Principal, after_arg, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message
from webapp.web.urls import outward

bp = Blueprint("training_desk", __name__, url_prefix="/sessions/manage")
MANAGERS = frozenset({"editor", "administrator"})


@bp.get("")
@guard.managers(*MANAGERS)
def index() -> str:
    units = _units()
    with house().store.read() as tx:
        rows = reads.managed(tx, units, after_arg(), reads.PAGE + 1)
        page = page_of(rows, reads.PAGE, lambda row: row.id)
        totals = reads.totals(tx, [row.id for row in page.items])
    return render_template("learning/manage_sessions.html", page=page, totals=totals, at=now())


@bp.route("/new", methods=("GET", "POST"))
@guard.managers(*MANAGERS)
def new() -> Any:
    units = _units()
    if request.method == "GET":
        return _form(None, {"audience": "unit" if units is not None else "park", "capacity": "50"}, {})
    try:
        facts = TrainingFacts.parse(request.form)
        made = house().store.retrying(lambda tx: trainings.create(tx, signed_in().member_id, units, facts, now()))
    except Invalid as wrong:
        return _form(None, request.form, wrong.fields), 400
    say(t("讲座已建好，可以报名了", "The session is there; people can sign up"))
    return redirect(url_for(".manage", training_id=made), 303)


@bp.route("/<int:training_id>", methods=("GET", "POST"))
@guard.managers(*MANAGERS)
def manage(training_id: int) -> Any:
    units = _units()
    with house().store.read() as tx:
        row = reads.managed_one(tx, units, training_id)
    if request.method == "GET":
        return _form(row, _as_given(row), {})
    try:
        facts = TrainingFacts.parse(request.form)
        me = signed_in().member_id
        house().store.retrying(lambda tx: trainings.change(tx, me, units, training_id, facts, now()))
    except Invalid as wrong:
        return _form(row, request.form, wrong.fields), 400
    say(t("已保存", "Saved"))
    return redirect(url_for(".manage", training_id=training_id), 303)


@bp.get("/<int:training_id>/people")
@guard.managers(*MANAGERS)
def people(training_id: int) -> str:
    """Who signed up, by nickname, and who came."""
    units = _units()
    with house().store.read() as tx:
        row = reads.managed_one(tx, units, training_id)
        found = reads.people(tx, training_id, after_arg(), reads.PEOPLE_PAGE + 1)
        totals = reads.totals(tx, [training_id])[training_id]
    page = page_of(found, reads.PEOPLE_PAGE, lambda one: one.turn)
    begun = now() >= row.starts_at - trainings.EARLY
    return render_template("learning/session_people.html", row=row, page=page, totals=totals, begun=begun, words=words)


@bp.post("/<int:training_id>/cancel")
@guard.managers(*MANAGERS)
def cancel(training_id: int) -> Any:
    units = _units()
    house().store.retrying(lambda tx: trainings.cancel(tx, signed_in().member_id, units, training_id, now()))
    say(t("讲座已取消，已通知报名的人", "Called off; those who signed up are told"))
    return redirect(url_for(".manage", training_id=training_id), 303)


@bp.post("/<int:training_id>/attended")
@guard.managers(*MANAGERS)
def attended(training_id: int) -> Any:
    """Correct whether somebody came."""
    units, me, came = _units(), signed_in().member_id, request.form.get("came") == "1"
    text = request.form.get("turn", "")
    turn = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    try:
        house().store.retrying(lambda tx: trainings.set_attended(tx, me, units, training_id, turn, came, now()))
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(message(error.code, error.facts), "bad")
    else:
        say(t("已登记到场", "Entered as present") if came else t("已改为未到", "Entered as absent"))
    return redirect(url_for(".people", training_id=training_id, after=request.form.get("after") or None), 303)


def _form(known: Any, given: Any, errors: dict[str, str]) -> str:
    units = _units()
    with house().store.read() as tx:
        own = green_units.administered(tx, signed_in().member_id)
        if known is not None and known.unit_id and known.unit_id not in {unit.id for unit in own}:
            own = [*own, green_units.unit_by_id(tx, known.unit_id)]
        totals = reads.totals(tx, [known.id])[known.id] if known is not None else None
    screen = known and outward(url_for("trainings.screen", training_id=known.id, key=known.screen_key))
    return render_template(
        "learning/manage_session.html", known=known, given=given, errors=errors, staff=units is None, screen=screen,
        units=[(unit.id, unit.name) for unit in own if not unit.is_family], totals=totals, at=now(),
    )  # fmt: skip


def _as_given(row: Any) -> dict[str, Any]:
    names = ("audience", "title_zh", "title_en", "body_zh", "body_en", "place_zh", "place_en", "capacity")
    values = {name: getattr(row, name) for name in names} | {"unit_id": row.unit_id or ""}
    return values | {"starts_at": local_input(row.starts_at), "ends_at": local_input(row.ends_at)}


def may_hold(tx: Tx, person: Principal) -> bool:
    """Whether somebody may hold sessions: editors, and administrators of units that are no families."""
    return bool(person.roles & MANAGERS or (person.unit_ids and _own(tx, person)))


def _own(tx: Tx, person: Principal) -> frozenset[int]:
    return frozenset(unit.id for unit in green_units.administered(tx, person.member_id) if not unit.is_family)


def _units() -> frozenset[int] | None:
    """What the person manages: the whole park for editors, else their units."""
    person = signed_in()
    if person.roles & MANAGERS:
        return None
    with house().store.read() as tx:
        own = _own(tx, person)
    if not own:
        raise refuse("forbidden", "sessions_managers_only")
    return own
