"""The calls of the API v1 about oneself, behaviours and acts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, make_response, request

from points_engine.clock import local_day
from points_engine.errors import Invalid
from webapp.activities import queries as activities
from webapp.activities.service import undo_activity
from webapp.api import shapes
from webapp.api.blueprint import bp
from webapp.api.bodies import NewActivity, SignIn, command_of, read_body
from webapp.api.openapi import document
from webapp.green_units import queries as green_units
from webapp.ledger import queries as ledger
from webapp.members import signin
from webapp.photos.pictures import MOST_BYTES, read_picture
from webapp.photos.service import keep_picture
from webapp.web import address, guard, house, now, signed_in

PAGE = 30


@bp.get("/openapi.json")
@guard.public("the description of the API is for everybody")
def openapi() -> Response:
    return jsonify(document())


@bp.post("/session")
@guard.public("this is how one signs in")
def sign_in() -> tuple[Response, int]:
    body = read_body(SignIn)
    device = request.headers.get("User-Agent", "")[:120]
    token = signin.open_session(
        house(), body.login, body.password, kind="api", address=address(), device=device, now=now()
    )
    return jsonify(token=token), 201


@bp.delete("/session")
@guard.member
def sign_out() -> tuple[str, int]:
    with house().store.write() as tx:
        signin.close_session(tx, signed_in().session_id, now())
    return "", 204


@bp.get("/me")
@guard.member
def me() -> Response:
    person = signed_in()
    with house().store.read() as tx:
        purse = ledger.wallet(tx, person.member_id)
        lots = ledger.expiring(tx, person.member_id, local_day(now()))
        units = green_units.my_units(tx, person.member_id)
    return jsonify(
        id=person.public_id,
        nickname=person.nickname,
        roles=sorted(person.roles),
        units=[
            {"id": u.unit.id, "kind": u.unit.kind, "name": u.unit.name, "department": u.department, "admin": u.is_admin}
            for u in units
        ],
        carbon_g={"declared": purse.declared_g, "verified": purse.verified_g},
        points=shapes.points(purse.points, purse.held, lots),
    )


@bp.get("/behaviours")
@guard.member
def behaviours() -> Response:
    today = local_day(now())
    return jsonify([shapes.behaviour(b, today) for b in house().catalogue.behaviours])


@bp.post("/activities")
@guard.member
def log_activity() -> tuple[Response, int]:
    """Most are answered by webapp.api.express, which hands on to here whatever is not plainly logged."""
    command = command_of(read_body(NewActivity), house().catalogue, signed_in().member_id, now())
    logged = house().desk.log(command, now())
    return jsonify(shapes.activity(logged.record, house().catalogue)), 201 if logged.fresh else 200


@bp.get("/activities")
@guard.member
def my_activities() -> Response:
    with house().store.read() as tx:
        records = activities.mine(
            tx, signed_in().member_id, activities.read_cursor(request.args.get("after", "")), PAGE
        )
    rows = [shapes.activity(r, house().catalogue) for r in records]
    return page_answer(rows, activities.cursor(records[-1]) if len(records) == PAGE else None)


@bp.get("/activities/<uuid:activity_id>")
@guard.member
def one_activity(activity_id: Any) -> Response:
    with house().store.read() as tx:
        record = activities.one(tx, signed_in().member_id, str(activity_id))
    return jsonify(shapes.activity(record, house().catalogue))


@bp.post("/activities/<uuid:activity_id>/undo")
@guard.member
def undo(activity_id: Any) -> Response:
    with house().store.write() as tx:
        undo_activity(tx, signed_in().member_id, str(activity_id), now())
        record = activities.one(tx, signed_in().member_id, str(activity_id))
    return jsonify(shapes.activity(record, house().catalogue))


@bp.post("/uploads")
@guard.member
def upload() -> tuple[Response, int]:
    file = request.files.get("file") or next(iter(request.files.values()), None)
    if file is None:
        raise Invalid({"file": "missing"})
    picture = read_picture(file.stream.read(MOST_BYTES + 1))
    kept = house().store.retrying(lambda tx: keep_picture(tx, house().blobs, signed_in().member_id, picture, now()))
    return jsonify(kept), 201


@bp.get("/statement")
@guard.member
def statement() -> Response:
    book = request.args.get("book", "points")
    after = request.args.get("after", "")
    wrong = {}
    if book not in ("carbon", "points"):
        wrong["book"] = "not_a_choice"
    if after and not (after.isascii() and after.isdigit() and len(after) < 10):
        wrong["after"] = "not_a_cursor"
    if wrong:
        raise Invalid(wrong)
    with house().store.read() as tx:
        lines = ledger.statement(tx, signed_in().member_id, book, int(after) if after else None, PAGE)
    return page_answer([shapes.line(x) for x in lines], str(lines[-1].seq) if len(lines) == PAGE else None)


def page_answer(rows: list[Any], cursor: str | None) -> Response:
    """A list; when there is more, the header Link says where (the body stays a plain list)."""
    response = make_response(jsonify(rows))
    if cursor:
        args = {**request.args.to_dict(), "after": cursor}
        response.headers["Link"] = f'<{request.path}?{urlencode(args)}>; rel="next"'
        response.headers["X-Next-After"] = cursor
    return response
