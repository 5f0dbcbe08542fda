"""Pages of rewards: the shelf, one reward, redeeming, my codes."""

from __future__ import annotations

import uuid
from contextlib import suppress
from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup

from points_engine.errors import EngineError, refuse
from webapp.members import queries as members
from webapp.rewards import codes, queries, service
from webapp.rewards.forms import Redeem
from webapp.web import current, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message
from webapp.web.paging import moment_arg, moment_key
from webapp.web.urls import uuid_of

bp = Blueprint("rewards", __name__)
bp.add_app_template_filter(codes.shown, "code")
STATES = ("held", "fulfilled", "cancelled", "expired")
PAGE = 20


@bp.get("/rewards")
@guard.public("what points buy is shown before anybody signs in")
def shelf() -> str:
    person = current()
    with house().store.read() as tx:
        page = queries.shelf_page(tx, person.member_id if person else None, now())
    return render_template("rewards/shelf.html", page=page)


@bp.get("/rewards/<int:reward_id>")
@guard.public("what points buy is shown before anybody signs in")
def show(reward_id: int) -> str:
    return _show(reward_id)


@bp.post("/rewards/<int:reward_id>/redeem")
@guard.member
def redeem(reward_id: int) -> Any:
    person = signed_in()
    command = Redeem.parse(request.form, reward_id)
    try:
        done = house().store.retrying(
            lambda tx: service.redeem(
                tx, _whose(tx, request.form.get("child")), command.id, command.reward_id, now(), by=person.member_id
            )
        )
    except EngineError as refusal:
        if refusal.kind != "conflict":
            raise
        return _show(reward_id, refusal), 409
    if done.first:
        say(t("兑换成功", "Redeemed"))
    return redirect(url_for(".redemption", redemption_id=done.id), 303)


@bp.get("/redemptions")
@guard.member
def mine() -> str:
    person = signed_in()
    state = request.args.get("state")
    state = state if state in STATES else None
    with house().store.read() as tx:
        rows = queries.mine(tx, person.member_id, state, moment_arg(), PAGE + 1)
    page = page_of(rows, PAGE, lambda r: moment_key(r.created_at, r.id))
    return render_template("rewards/mine.html", page=page, state=state, states=STATES)


@bp.get("/redemptions/<redemption_id>")
@guard.member
def redemption(redemption_id: str) -> str:
    _, view = _own(redemption_id)
    return render_template("rewards/redemption.html", page=view, qr=qr(view.code))


@bp.route("/redemptions/<redemption_id>/cancel", methods=["GET"])
@guard.member
def confirm_cancel(redemption_id: str) -> str:
    return render_template("rewards/cancel.html", page=_own(redemption_id)[1])


@bp.post("/redemptions/<redemption_id>/cancel")
@guard.member
def cancel(redemption_id: str) -> Any:
    owner, view = _own(redemption_id)
    try:
        house().store.retrying(lambda tx: service.cancel_redemption(tx, owner, view.id, now()))
        say(t(f"已取消，{view.points} 积分已退回", f"Cancelled; {view.points} points are back"))
    except EngineError as refusal:
        if refusal.kind != "conflict":
            raise
        say(message(refusal.code, refusal.facts), "bad")
    return redirect(url_for(".redemption", redemption_id=view.id), 303)


def qr(code: str) -> Markup:
    """The code as an inline SVG without styles, so that the strict policy lets it through."""
    out = BytesIO()
    segno.make(code, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, svgclass="qr", lineclass=None, omitsize=True, border=4,
        dark="#000", light="#fff",
    )  # fmt: skip
    return Markup(out.getvalue().decode())  # noqa: S704 - drawn by segno from our own code


def _show(reward_id: int, refusal: EngineError | None = None) -> str:
    person = current()
    with house().store.read() as tx:
        card = queries.card(tx, reward_id, person.member_id if person else None, now())
        points = queries.shelf_page(tx, person.member_id, now()).points if person else None
        wards = members.wards(tx, person.member_id) if person else []
        young = person is not None and members.is_child(tx, person.member_id)
    return render_template(
        "rewards/show.html", page=card, points=points, redemption_id=str(uuid.uuid4()), refusal=refusal,
        wards=wards, young=young,
    )  # fmt: skip


def _whose(tx: Any, child: str | None) -> int:
    """My own points, or a child's that I keep; 404 for anybody else's."""
    if not child:
        return signed_in().member_id
    for ward in members.wards(tx, signed_in().member_id):
        if ward.public_id == child:
            return ward.id
    raise refuse("not_found", "unknown_member")


def _own(redemption_id: str) -> tuple[int, queries.RedemptionView]:
    """The member's own or their child's, by an id that may be any text; nonsense is not found like a stranger's."""
    known = uuid_of(redemption_id)
    me = signed_in().member_id
    with house().store.read() as tx:
        for ward in members.wards(tx, me):
            with suppress(EngineError):
                return ward.id, queries.one(tx, ward.id, known)
        return me, queries.one(tx, me, known)
