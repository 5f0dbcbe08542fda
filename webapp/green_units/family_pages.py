"""Pages of a guardian: the accounts of their children, making one, a new password, handing over, closing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from webapp.green_units import family, queries
from webapp.members import queries as members
from webapp.members import service as accounts
from webapp.members.forms import ChildAccount, NewPassword
from webapp.members.phones import book
from webapp.web import guard, house, now, say, signed_in, t
from webapp.web.messages import message

bp = Blueprint("families", __name__, url_prefix="/units/children")


@bp.get("")
@guard.member
def index() -> str:
    return _index()


@bp.post("")
@guard.member
def create() -> Any:
    """Make a child's account; what was typed stays on the page when it is refused."""
    me, book_ = signed_in().member_id, book(house().settings)
    try:
        command = ChildAccount.parse(request.form, local_day(now()))
        hashed = accounts.hashed(command.password)
        house().store.retrying(lambda tx: family.create_child(tx, book_, me, command, hashed, now()))
    except Invalid as refusal:
        return _index(refusal.fields), 400
    except EngineError as refusal:
        if refusal.kind != "conflict":
            raise
        return _index({"nickname": message(refusal.code, refusal.facts)}), 409
    say(t("孩子的账号已建立，用登录名和密码登录", "The account is ready; they sign in by login and password"))
    return redirect(url_for(".index"), 303)


@bp.post("/<public_id>/password")
@guard.member
def password(public_id: str) -> Any:
    """A new password for a child; their devices have to sign in again."""
    with house().store.read() as tx:
        ward = family.ward_of(tx, signed_in().member_id, public_id)
    try:
        hashed = accounts.hashed(NewPassword.parse(request.form, ward.login, staff=False).password)
    except Invalid as refusal:
        return _index(refusal.fields), 400
    house().store.retrying(lambda tx: accounts.set_password(tx, ward.id, hashed, keep=None))
    say(t("密码已更换", "The password is changed"))
    return redirect(url_for(".index"), 303)


@bp.post("/<public_id>/guardian")
@guard.member
def hand_over(public_id: str) -> Any:
    """Another grown-up of the family takes over."""
    me, to = signed_in().member_id, request.form.get("to", "")
    house().store.retrying(lambda tx: family.hand_over(tx, me, public_id, to, now()))
    say(t("监护人已更换", "Handed over"))
    return redirect(url_for(".index"), 303)


@bp.post("/<public_id>/close")
@guard.member
def close(public_id: str) -> Any:
    """Close a child's account: names, password and photos go at once."""
    me = signed_in().member_id

    def leave(tx: Any) -> None:
        ward = family.ward_of(tx, me, public_id)
        accounts.leave(tx, ward.id, house().forgetters, now())

    house().store.retrying(leave)
    say(t("孩子的账号已注销", "The account is closed"))
    return redirect(url_for(".index"), 303)


def _index(errors: dict[str, str] | None = None) -> str:
    me = signed_in().member_id
    with house().store.read() as tx:
        wards = members.wards(tx, me)
        family_id = queries.unit_ids_of(tx, me).get("family")
        people = queries.people(tx, family_id) if family_id else []
        young = {ward.id for ward in wards}
        is_child = members.is_child(tx, me)
    others = [one for one in people if one.member_id != me and one.member_id not in young]
    return render_template(
        "green_units/children.html", wards=wards, has_family=family_id is not None, others=others,
        is_child=is_child, errors=errors or {}, form=request.form,
    )  # fmt: skip
