"""Members at the desk: find by id, login or nickname, freeze with a reason, give and take staff roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.activities import queries as acts
from webapp.console import roles, service, words
from webapp.console.forms import Reason
from webapp.console.roles import ADMIN
from webapp.console.views import PAGE, Answer, change, sentence, show
from webapp.journal import queries as journal
from webapp.ledger import queries as ledger
from webapp.members import queries
from webapp.store import Tx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_members", __name__, url_prefix="/console/members")


@bp.get("")
@guard.roles(*ADMIN)
def index() -> Answer:
    text = (request.args.get("q") or "").strip()[:40]
    with house().store.read() as tx:
        rows = queries.staff_list(tx, text or None, after_arg(), PAGE)
    return show("members.html", page=page_of(rows, PAGE, lambda each: each.id), q=text)


@bp.get("/<public_id>")
@guard.roles(*ADMIN)
def one(public_id: str) -> Answer:
    return _one(public_id)


@bp.post("/<public_id>/freeze")
@guard.roles(*ADMIN)
def freeze(public_id: str) -> Answer:
    return _freezing(public_id, service.freeze, t("已冻结", "Frozen"))


@bp.post("/<public_id>/unfreeze")
@guard.roles(*ADMIN)
def unfreeze(public_id: str) -> Answer:
    return _freezing(public_id, service.unfreeze, t("已解冻", "Unfrozen"))


@bp.post("/<public_id>/roles")
@guard.roles(*ADMIN)
def grant(public_id: str) -> Answer:
    role = request.form.get("role", "")
    return change(
        lambda tx: service.grant(tx, signed_in().member_id, _id(tx, public_id), role, now()),
        url_for(".one", public_id=public_id),
        t("已授予", "Granted"),
    )


@bp.post("/<public_id>/roles/<role>/revoke")
@guard.roles(*ADMIN)
def revoke(public_id: str, role: str) -> Answer:
    return change(
        lambda tx: service.revoke(tx, signed_in().member_id, _id(tx, public_id), role, now()),
        url_for(".one", public_id=public_id),
        t("已收回", "Taken back"),
    )


def _freezing(public_id: str, use_case: Any, said: str) -> Answer:
    try:
        why = Reason.parse(request.form, words.FREEZE_REASONS)
        house().store.retrying(lambda tx: use_case(tx, signed_in().member_id, _id(tx, public_id), why, now()))
    except Invalid as wrong:
        return _one(public_id, wrong.fields)
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(sentence(error), "bad")
    else:
        say(said)
    return redirect(url_for(".one", public_id=public_id), 303)


def _one(public_id: str, errors: Mapping[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        card = queries.staff_card(tx, public_id)
        grants = queries.grants_of(tx, card.id)
        wallet = ledger.wallet(tx, card.id)
        verdicts = acts.verdicts(tx, [card.id])[card.id]
        history = journal.recent(tx, limit=10, subject=f"member:{card.id}")
        names = queries.names(tx, {entry.actor_id for entry in history if entry.actor_id})
    held = frozenset(grant.role for grant in grants)
    open_to = [r for r in roles.STAFF if r not in held and not roles.clash(held, r)]
    return show(
        "member.html", 400 if errors else 200, card=card, grants=grants, wallet=wallet, verdicts=verdicts,
        history=history, names=names, own_self=card.id == signed_in().member_id, open_to=open_to, staff=roles.STAFF,
        errors=errors or {}, values=request.form,
    )  # fmt: skip


def _id(tx: Tx, public_id: str) -> int:
    return queries.staff_card(tx, public_id).id
