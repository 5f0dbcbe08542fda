"""Prepaid funds at the desk: open one for a unit, a merchant or the park, pay points in, give back what nobody drew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.console.forms import read_whole
from webapp.console.roles import ADMIN, AUDIT
from webapp.console.views import PAGE, Answer, may, show
from webapp.green_units import queries as units
from webapp.ledger import funds
from webapp.members import queries as members
from webapp.rewards import queries as rewards
from webapp.store import Tx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_funds", __name__, url_prefix="/console/funds")
REFERENCE_MAX = 40


@bp.get("")
@guard.roles(*AUDIT)
def index() -> Answer:
    return _index()


@bp.post("")
@guard.roles(*ADMIN)
def open_one() -> Answer:
    wrong: dict[str, str] = {}
    owner = read_whole(request.form, "owner", wrong, optional=True)
    kind = request.form.get("kind", "")
    try:
        if wrong:
            raise Invalid(wrong)
        made = house().store.retrying(lambda tx: _open(tx, kind, owner))
    except Invalid as refusal:
        return _index(refusal.fields, request.form, 400)
    say(t("资金账户已开立，接下来可以充值", "The fund is open; now points can be paid in"))
    return redirect(url_for(".one", fund_id=made), 303)


@bp.get("/<int:fund_id>")
@guard.roles(*AUDIT)
def one(fund_id: int) -> Answer:
    return _one(fund_id)


@bp.post("/<int:fund_id>/deposit")
@guard.roles(*ADMIN)
def deposit(fund_id: int) -> Answer:
    return _pay(fund_id, "deposit", t("已充值", "Paid in"))


@bp.post("/<int:fund_id>/withdraw")
@guard.roles(*ADMIN)
def withdraw(fund_id: int) -> Answer:
    return _pay(fund_id, "withdraw", t("已退回", "Given back"))


def _open(tx: Tx, kind: str, owner: int | None) -> int:
    """The owner is looked up by number, so that a slip of the finger opens nothing."""
    if kind == "unit" and owner is not None:
        unit = units.board_units(tx, [owner]).get(owner)
        if unit is None or unit.kind == "family":
            raise Invalid({"owner": "unknown"})
    if kind == "merchant" and owner is not None and not rewards.merchants(tx, [owner]):
        raise Invalid({"owner": "unknown"})
    return funds.open_fund(tx, signed_in().member_id, kind, owner, request.form.get("name", ""), now())


def _pay(fund_id: int, what: str, said: str) -> Answer:
    """One payment a reference: the same receipt typed twice is paid in once."""
    wrong: dict[str, str] = {}
    points = read_whole(request.form, "points", wrong) or 0
    reference = " ".join(request.form.get("reference", "").split())
    if not reference or len(reference) > REFERENCE_MAX or not reference.isprintable():
        wrong["reference"] = "too_long" if len(reference) > REFERENCE_MAX else "required"
    cause = f"{what}:{reference}"
    use_case = funds.deposit if what == "deposit" else funds.withdraw
    try:
        if wrong:
            raise Invalid(wrong)
        done = house().store.retrying(
            lambda tx: use_case(tx, fund_id, points, cause, cause, now(), signed_in().member_id)
        )
    except EngineError as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        fields = refusal.fields if isinstance(refusal, Invalid) else {"points": refusal.code}
        return _one(fund_id, fields, request.form, what, 400 if refusal.kind == "invalid" else 409)
    if done:
        say(said)
    else:
        say(t("这个凭据号已经入账，没有重复入账", "This reference is booked already; nothing was booked twice"), "bad")
    return redirect(url_for(".one", fund_id=fund_id), 303)


def _index(errors: Mapping[str, str] | None = None, form: Any = None, status: int = 200) -> Answer:
    with house().store.read() as tx:
        page = page_of(funds.funds(tx, after_arg(), PAGE + 1), PAGE, lambda fund: fund.id)
        owners = _owners(tx, page.items)
    return show("funds.html", status, page=page, owners=owners, errors=errors or {}, form=form or {}, mine=may(*ADMIN))


def _one(
    fund_id: int, errors: Mapping[str, str] | None = None, form: Any = None, what: str = "", status: int = 200
) -> Answer:
    with house().store.read() as tx:
        fund = funds.one(tx, fund_id)
        page = page_of(funds.lines(tx, fund_id, after_arg(), PAGE + 1), PAGE, lambda line: line.seq)
        names = members.nicknames(tx, {line.actor_id for line in page.items if line.actor_id})
        owners, drawn = _owners(tx, [fund]), funds.drawn(tx, fund_id)
    return show(
        "fund.html", status, fund=fund, page=page, names=names, owners=owners, drawn=drawn, errors=errors or {},
        form=form or {}, what=what, mine=may(*ADMIN),
    )  # fmt: skip


def _owners(tx: Tx, found: Any) -> dict[int, str]:
    """Whose each fund is, by fund, in two questions."""
    by_unit = units.board_units(tx, {f.owner_id for f in found if f.kind == "unit"})
    shops = {f.owner_id for f in found if f.kind == "merchant"}
    by_shop = {row.id: t(row.name_zh, row.name_en or row.name_zh) for row in rewards.merchants(tx, shops)}
    named = {"unit": {key: unit.short_name for key, unit in by_unit.items()}, "merchant": by_shop}
    return {f.id: named.get(f.kind, {}).get(f.owner_id, t("园区", "The park")) for f in found}
