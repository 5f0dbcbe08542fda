"""The calls of the API v1 about one's own meters: what there is, what each month saved, readings told and kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Response, jsonify, request

from points_engine.clock import local_day
from points_engine.errors import Invalid
from webapp.api import shapes
from webapp.api.acting import page_answer
from webapp.api.blueprint import bp
from webapp.api.bodies import NewReading, read_body
from webapp.api.ids import read_id
from webapp.meters import queries, service
from webapp.meters.forms import MILLI, read_figure_form
from webapp.meters.queries import Meter, Owner
from webapp.web import guard, house, now, signed_in

PAGE = 30


@bp.get("/meters")
@guard.member
def meters() -> Response:
    with house().store.read() as tx:
        found = queries.meters_of(tx, _mine())
        last = queries.last_readings(tx, found)
    return jsonify([_meter(each, last.get(each.place)) for each in found])


@bp.get("/meters/<uuid:meter_id>")
@guard.member
def meter(meter_id: Any) -> Response:
    """One meter with what its settled months saved, the newest first."""
    with house().store.read() as tx:
        known = queries.one(tx, _mine(), str(meter_id))
        last = queries.last_readings(tx, [known])
        settled = queries.settled(tx, [known.place])[known.place]
    months = [
        {"month": m, "outcome": row.outcome, "saved": _amount(row.saved_milli), "activity_id": row.activity_id}
        for m, row in sorted(settled.items(), reverse=True)
    ]
    return jsonify({**_meter(known, last.get(known.place)), "months": months})


@bp.get("/meters/<uuid:meter_id>/readings")
@guard.member
def readings(meter_id: Any) -> Response:
    after = _after(request.args.get("after", ""))
    with house().store.read() as tx:
        known = queries.one(tx, _mine(), str(meter_id))
        rows = queries.reading_page(tx, known.place, after, PAGE)
    more = f"{rows[-1].read_on.isoformat()}.{rows[-1].register}" if len(rows) == PAGE else None
    return page_answer([_reading(row) for row in rows], more)


@bp.post("/meters/<uuid:meter_id>/readings")
@guard.member
def take_reading(meter_id: Any) -> tuple[Response, int]:
    """A reading sent again is the first one's answer; with another figure for its day it is refused."""
    body, owner, today = read_body(NewReading), _mine(), local_day(now())
    photo = read_id(body.upload, "upload") if body.upload else ""
    with house().store.read() as tx:
        known = queries.one(tx, owner, str(meter_id))
    form = {"value": _plain(body.value), "on": body.on, "estimated": "1" if body.estimated else ""}
    figure = service.supported(owner, read_figure_form(form, known.digits, today), photo, today)

    def keep(tx: Any) -> tuple[bool, Any]:
        fresh = service.add_reading(tx, owner, known.id, figure, now())
        return fresh, queries.reading_on(tx, known, figure.on)

    try:
        fresh, row = house().store.retrying(keep)
    except Invalid as wrong:
        raise Invalid({"upload" if name == "photo" else name: code for name, code in wrong.fields.items()}) from wrong
    return jsonify(_reading(row)), 201 if fresh else 200


def _mine() -> Owner:
    return Owner(signed_in().member_id)


def _meter(known: Meter, last: date | None) -> dict[str, Any]:
    return {
        "id": known.id,
        "kind": known.kind,
        "last4": known.last4,
        "digits": known.digits,
        "people": known.people,
        "by_usage": known.by_usage,
        "opened_on": known.opened_on.isoformat(),
        "closed_on": known.closed_on and known.closed_on.isoformat(),
        "last_read_on": last and last.isoformat(),
    }


def _reading(row: Any) -> dict[str, Any]:
    return {
        "on": row.read_on.isoformat(),
        "value": _amount(row.value_milli),
        "register": row.register,
        "estimated": row.estimated,
        "evidence": row.support,
        "upload": row.upload_id,
    }


def _amount(milli: int) -> float | int | None:
    return shapes.number(Decimal(milli) / MILLI)


def _plain(value: Decimal) -> str:
    """Written out, unless it has more digits than any register."""
    exponent = value.as_tuple().exponent
    return f"{value:f}" if isinstance(exponent, int) and -9 < exponent < 9 else "-"


def _after(text: str) -> tuple[date, int] | None:
    if not text:
        return None
    day, _, register = text.partition(".")
    try:
        if not (register.isascii() and register.isdigit() and len(register) < 6):
            raise ValueError(text)
        return date.fromisoformat(day), int(register)
    except ValueError:
        raise Invalid({"after": "not_a_cursor"}) from None
