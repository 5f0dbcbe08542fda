"""Pages of sessions: which are coming, signing up and off, and being there by the code on the screen."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from points_engine.errors import EngineError, refuse
from points_engine.scanning import same_key
from webapp.green_units import queries as green_units
from webapp.learning import training_desk, trainings
from webapp.learning import training_reads as reads
from webapp.papers.screens import qr_svg, screen_answer
from webapp.store import Tx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message
from webapp.web.urls import outward

bp = Blueprint("trainings", __name__, url_prefix="/sessions")


@bp.get("")
@guard.member
def index() -> str:
    me = signed_in().member_id
    with house().store.read() as tx:
        units = _units(tx, me)
        rows = reads.coming(tx, units, now(), after_arg(), reads.PAGE + 1)
        mine = reads.mine(tx, me)
        holds = training_desk.may_hold(tx, signed_in())
    page = page_of(rows, reads.PAGE, lambda row: row.id)
    return render_template(
        "learning/sessions.html", page=page, mine=mine, at=now(), holds=holds, states={r.id: r.state for r in mine}
    )


@bp.get("/<int:training_id>")
@guard.member
def show(training_id: int) -> str:
    me = signed_in().member_id
    with house().store.read() as tx:
        row = reads.visible_one(tx, me, _units(tx, me), training_id)
        mine = reads.my_sign_up(tx, me, training_id)
        ahead = reads.ahead_of(tx, training_id, mine.turn) if mine is not None and mine.state == "waiting" else 0
        unit = green_units.unit_by_id(tx, row.unit_id) if row.unit_id else None
    return render_template("learning/session.html", row=row, mine=mine, ahead=ahead, unit=unit, at=now())


@bp.post("/<int:training_id>/sign-up")
@guard.member
def sign_up(training_id: int) -> Any:
    me = signed_in().member_id

    def do(tx: Tx) -> str:
        return trainings.sign_up(tx, me, _units(tx, me), training_id, now())

    try:
        state = house().store.retrying(do)
    except EngineError as error:
        return _refused(error, training_id)
    say(t("报名成功", "You are in") if state == "in" else t("已排入候补", "You are on the waiting list"))
    return redirect(url_for(".show", training_id=training_id), 303)


@bp.post("/<int:training_id>/sign-off")
@guard.member
def sign_off(training_id: int) -> Any:
    try:
        house().store.retrying(lambda tx: trainings.sign_off(tx, signed_in().member_id, training_id, now()))
    except EngineError as error:
        return _refused(error, training_id)
    say(t("已取消报名", "You have signed off"))
    return redirect(url_for(".index"), 303)


@bp.get("/<int:training_id>/here")
@guard.member
def here(training_id: int) -> str:
    """What the code on the screen leads to: one tap to say that one is there."""
    me = signed_in().member_id
    with house().store.read() as tx:
        row = reads.visible_one(tx, me, _units(tx, me), training_id)
        mine = reads.my_sign_up(tx, me, training_id)
    return render_template("learning/here.html", row=row, mine=mine, code=request.args.get("k", "")[:16], refusal=None)


@bp.post("/<int:training_id>/here")
@guard.member
def attend(training_id: int) -> Any:
    me, key, code = signed_in().member_id, house().settings.track_key, request.form.get("k", "")[:16].strip()
    try:
        house().store.retrying(lambda tx: trainings.attend(tx, key, me, training_id, code, now()))
    except EngineError as error:
        if error.kind != "conflict":
            raise
        with house().store.read() as tx:
            row = reads.visible_one(tx, me, _units(tx, me), training_id)
            mine = reads.my_sign_up(tx, me, training_id)
        told = message(error.code, error.facts)
        return render_template("learning/here.html", row=row, mine=mine, code=code, refusal=told), 409
    say(t("签到成功", "You are entered as present"))
    return redirect(url_for(".show", training_id=training_id), 303)


@bp.get("/<int:training_id>/screen/<key>")
@guard.public("a screen in a hall has nobody signed in; its address is a secret of the session")
def screen(training_id: int, key: str) -> Response:
    """The code that changes, around the session's time; before and after it, when that is."""
    with house().store.read() as tx:
        row = reads.row_of(tx, training_id)
    if not same_key(row.screen_key, key) or row.status != "open":
        raise refuse("not_found", "unknown_session")
    told, picture, digits = None, None, ""
    try:
        trainings.check_time(row, now())
    except EngineError as error:
        told = message(error.code, error.facts)
    else:
        digits = trainings.code_on_screen(house().settings.track_key, row, now())
        link = outward(url_for(".here", training_id=training_id, k=digits))
        picture = qr_svg(link, t("签到二维码", "Attendance code"))
    return screen_answer(render_template("learning/screen.html", row=row, qr=picture, told=told, digits=digits))


def _refused(error: EngineError, training_id: int) -> Any:
    if error.kind != "conflict":
        raise error
    say(message(error.code, error.facts), "bad")
    return redirect(url_for(".show", training_id=training_id), 303)


def _units(tx: Tx, member_id: int) -> frozenset[int]:
    return frozenset(green_units.unit_ids_of(tx, member_id).values())
