"""Pages of a merchant: the desk, and the counter where a code is typed."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.merchants import queries, service
from webapp.rewards.forms import Fulfil
from webapp.web import guard, house, now, page_of, signed_in
from webapp.web.messages import message
from webapp.web.paging import moment_arg, moment_key
from webapp.web.urls import uuid_of

bp = Blueprint("merchants", __name__)


@bp.get("/merchant")
@guard.merchant
def desk() -> str:
    person = signed_in()
    with house().store.read() as tx:
        page = queries.desk(tx, person.merchant_ids, now(), moment_arg())
    rows = page_of(page.handed, queries.PAGE, lambda r: moment_key(r.fulfilled_at, r.id))
    return render_template("merchants/desk.html", page=page, rows=rows)


@bp.get("/merchant/fulfil")
@guard.merchant
def counter() -> str:
    return _counter()


@bp.post("/merchant/fulfil")
@guard.merchant
def fulfil() -> Any:
    person = signed_in()
    typed = request.form.get("code", "")
    try:
        command = Fulfil.parse(request.form)
        receipt = service.fulfil_typed(
            house().store, person.member_id, person.merchant_ids, command.id, command.code, now()
        )
    except Invalid as wrong:
        return _counter(typed, dict(wrong.fields)), 400
    except EngineError as refusal:
        if refusal.kind not in ("conflict", "not_found", "limit"):
            raise
        status = {"conflict": 409, "not_found": 404, "limit": 429}[refusal.kind]
        return _counter(typed, {"code": message(refusal.code, refusal.facts)}), status
    return redirect(url_for(".receipt", fulfilment_id=receipt.id), 303)


@bp.get("/merchant/fulfilments/<fulfilment_id>")
@guard.merchant
def receipt(fulfilment_id: str) -> str:
    person = signed_in()
    known = uuid_of(fulfilment_id)
    with house().store.read() as tx:
        page = queries.receipt(tx, person.member_id, known)
    return render_template("merchants/receipt.html", page=page)


def _counter(typed: str = "", errors: dict[str, str] | None = None) -> str:
    with house().store.read() as tx:
        left = service.wrong_codes_left(tx, signed_in().member_id, now())
    return render_template(
        "merchants/counter.html", typed=typed, errors=errors or {}, left=left, fulfilment_id=str(uuid.uuid4())
    )
