"""Rewards, their stock and the merchants behind them: write, put on the shelf, fill up, attach people."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import Invalid
from webapp.console import queries as people
from webapp.console import service as desk
from webapp.console.roles import ADMIN, EDIT
from webapp.console.views import Answer, change, may, show
from webapp.members import queries as members
from webapp.rewards import forms, queries, service
from webapp.store import Tx
from webapp.web import guard, house, now, say, signed_in, t

bp = Blueprint("console_rewards", __name__, url_prefix="/console/rewards")
merchants_bp = Blueprint("console_merchants", __name__, url_prefix="/console/merchants")


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    with house().store.read() as tx:
        rows = queries.staff_list(tx)
    return show("rewards.html", rows=rows, low=[row for row in rows if people.is_low(row)])


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    if request.method == "GET":
        return _form(None, {"hold_days": 7, "sort": 100, "kind": "voucher", "limit_window": "total"})
    try:
        facts = forms.read_reward(request.form)
        made = house().store.retrying(lambda tx: service.create_reward(tx, signed_in().member_id, facts, now()))
    except Invalid as wrong:
        return _form(None, request.form, wrong.fields)
    say(t("已保存为草稿，加库存后即可上架", "Saved as a draft; add stock, then put it on the shelf"))
    return redirect(url_for(".edit", reward_id=made), 303)


@bp.route("/<int:reward_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(reward_id: int) -> Answer:
    with house().store.read() as tx:
        known = queries.staff_one(tx, reward_id)
    if request.method == "GET":
        return _form(known, _values(known))
    try:
        facts = forms.read_reward(request.form)
        house().store.retrying(lambda tx: service.change_reward(tx, signed_in().member_id, reward_id, facts, now()))
    except Invalid as wrong:
        return _form(known, request.form, wrong.fields)
    say(t("已保存", "Saved"))
    return redirect(url_for(".edit", reward_id=reward_id), 303)


@bp.post("/<int:reward_id>/stock")
@guard.roles(*EDIT)
def stock(reward_id: int) -> Answer:
    try:
        amount = forms.read_amount(request.form)
        left = house().store.retrying(lambda tx: service.add_stock(tx, signed_in().member_id, reward_id, amount, now()))
    except Invalid as wrong:
        with house().store.read() as tx:
            known = queries.staff_one(tx, reward_id)
        return _form(known, _values(known) | {"amount": request.form.get("amount", "")}, wrong.fields)
    say(t(f"现有库存 {left}", f"{left} in stock now"))
    return redirect(url_for(".edit", reward_id=reward_id), 303)


@bp.post("/<int:reward_id>/status")
@guard.roles(*EDIT)
def status(reward_id: int) -> Answer:
    to = request.form.get("status", "")
    said = t("已上架", "On the shelf") if to == "on" else t("已下架", "Taken off the shelf")
    return change(
        lambda tx: service.set_status(tx, signed_in().member_id, reward_id, to, now()),
        url_for(".edit", reward_id=reward_id),
        said,
    )


def _values(known: Any) -> dict[str, Any]:
    return {name: "" if value is None else value for name, value in known._mapping.items()}


def _form(known: Any, values: Any, errors: dict[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        shops = queries.merchants(tx)
    return show(
        "reward.html",
        400 if errors else 200,
        known=known,
        values=values,
        errors=errors or {},
        shops=shops,
    )


# --- merchants ---------------------------------------------------------------------------------------


@merchants_bp.get("")
@guard.roles(*EDIT)
def index_of_merchants() -> Answer:
    with house().store.read() as tx:
        rows = queries.merchants(tx)
    return show("merchants.html", rows=rows)


@merchants_bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new_merchant() -> Answer:
    if request.method == "GET":
        return _merchant_form(None, {})
    try:
        facts = forms.read_merchant(request.form)
        made = house().store.retrying(lambda tx: service.create_merchant(tx, signed_in().member_id, facts, now()))
    except Invalid as wrong:
        return _merchant_form(None, request.form, wrong.fields)
    say(t("已保存", "Saved"))
    return redirect(url_for(".merchant", merchant_id=made), 303)


@merchants_bp.route("/<int:merchant_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def merchant(merchant_id: int) -> Answer:
    with house().store.read() as tx:
        known = queries.staff_merchant(tx, merchant_id)
    if request.method == "GET":
        return _merchant_form(known, _values(known))
    try:
        facts = forms.read_merchant(request.form)
        house().store.retrying(lambda tx: service.change_merchant(tx, signed_in().member_id, merchant_id, facts, now()))
    except Invalid as wrong:
        return _merchant_form(known, request.form, wrong.fields)
    say(t("已保存", "Saved"))
    return redirect(url_for(".merchant", merchant_id=merchant_id), 303)


@merchants_bp.post("/<int:merchant_id>/people")
@guard.roles(*ADMIN)
def attach(merchant_id: int) -> Answer:
    """Give somebody, named by login or public id, the merchant's counter."""
    who = (request.form.get("who") or "").strip()

    def use_case(tx: Tx) -> None:
        person = people.named(tx, who)
        if person is None:
            raise Invalid({"who": "unknown_member" if who else "required"})
        desk.attach_to_merchant(tx, signed_in().member_id, person.id, merchant_id, now())

    try:
        house().store.retrying(use_case)
    except Invalid as wrong:
        with house().store.read() as tx:
            known = queries.staff_merchant(tx, merchant_id)
        return _merchant_form(known, _values(known) | {"who": who}, wrong.fields)
    say(t("已添加", "Added"))
    return redirect(url_for(".merchant", merchant_id=merchant_id), 303)


@merchants_bp.post("/<int:merchant_id>/people/<public_id>/remove")
@guard.roles(*ADMIN)
def detach(merchant_id: int, public_id: str) -> Answer:
    return change(
        lambda tx: desk.detach_from_merchant(
            tx, signed_in().member_id, members.staff_card(tx, public_id).id, merchant_id, now()
        ),
        url_for(".merchant", merchant_id=merchant_id),
        t("已移除", "Removed"),
    )


def _merchant_form(known: Any, values: Any, errors: dict[str, str] | None = None) -> Answer:
    attached: list[Any] = []
    if known is not None and may(*ADMIN):
        with house().store.read() as tx:
            attached = members.people_of_merchant(tx, known.id)
    return show(
        "merchant.html",
        400 if errors else 200,
        known=known,
        values=values,
        errors=errors or {},
        people=attached,
    )
