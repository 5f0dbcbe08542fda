"""Pages of green units for residents: my units, joining by code or link, founding a family, a unit's page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from webapp.green_units import figures, inviting, joining, queries, roster, service
from webapp.green_units.admin import bp as admin_bp
from webapp.green_units.family_pages import bp as family_bp
from webapp.green_units.forms import UnitNames, read_code
from webapp.green_units.parts_pages import bp as parts_bp
from webapp.green_units.roster_lines import listed_number
from webapp.green_units.roster_pages import bp as roster_bp
from webapp.green_units.roster_pages import the_book
from webapp.web import current, guard, house, now, say, signed_in, t, whole

bp = Blueprint("green_units", __name__)
BLUEPRINTS = (bp, admin_bp, parts_bp, roster_bp, family_bp)


@bp.get("/units")
@guard.member
def index() -> str:
    return _index()


@bp.post("/units/join")
@guard.member
def join() -> Any:
    try:
        code = read_code(request.form.get("code"))
        department = whole(request.form.get("department"), "department")
        joined = house().store.retrying(lambda tx: _join(tx, code, department, request.form.get("number", "")))
        if joined is None:
            raise Invalid({"code": "unknown_code"})
    except EngineError as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        fields = refusal.fields if isinstance(refusal, Invalid) else {"code": refusal.code}
        return _index(fields, request.form), 409 if refusal.kind == "conflict" else 400
    if joined.waiting:
        say(
            t(
                f"已申请加入{joined.name}，等管理员批准",
                f"You asked to join {joined.name}; its administrator will answer",
            )
        )
        return redirect(url_for(".index"), 303)
    say(t(f"已加入{joined.name}", f"You have joined {joined.name}"))
    return redirect(url_for(".show", unit_id=joined.unit_id), 303)


@bp.get("/units/join/<code>")
@guard.public("the target of a poster's QR code; joining itself needs a sign-in")
def invitation(code: str) -> Any:
    """What the QR code opens: which unit it is, and a button to join it."""
    try:
        code = read_code(code)
    except Invalid:
        code = ""
    person = current()
    with house().store.read() as tx:
        unit = queries.unit_by_code(tx, code) if code else None
        departments = queries.tree_of(tx, unit.id).parts if unit else ()
        mine = queries.unit_ids_of(tx, person.member_id) if person else {}
    page = render_template(
        "green_units/invitation.html", unit=unit, code=code, departments=departments, mine=mine, person=person
    )
    return page, 200 if unit else 404


@bp.post("/units/families")
@guard.member
def found_family() -> Any:
    try:
        names = UnitNames.parse(request.form)
        unit_id = house().store.retrying(
            lambda tx: service.create_family(
                tx, signed_in().member_id, names, now(), on_boards=bool(request.form.get("on_boards"))
            )
        )
    except Invalid as refusal:
        return _index(refusal.fields, request.form), 400
    say(t("家庭已建立，把加入码发给家人吧", "Your family is set up; send the join code to the others"))
    return redirect(url_for("unit_admin.show", unit_id=unit_id), 303)


@bp.get("/units/<int:unit_id>")
@guard.member
def show(unit_id: int) -> str:
    person = signed_in()
    today = local_day(now())
    with house().store.read() as tx:
        mine = queries.my_membership(tx, person.member_id, unit_id)
        page = figures.unit_page(tx, mine.unit, today, request.args.get("month"))
        badges = house().beside_name(tx, "unit", unit_id)
    return render_template("green_units/unit.html", page=page, mine=mine, badges=badges)


@bp.post("/units/<int:unit_id>/leave")
@guard.member
def leave(unit_id: int) -> Any:
    house().store.retrying(lambda tx: service.leave_unit(tx, signed_in().member_id, unit_id, now()))
    say(t("已退出，之前的减排量仍计入原单位", "You have left; what you did before still counts for the unit"))
    return redirect(url_for(".index"), 303)


def _join(tx: Any, code: str, department: int | None, number: str) -> service.Joined | None:
    """Join by the code; an employee number that is on the unit's list tells the part."""
    me, unit = signed_in().member_id, queries.unit_by_code(tx, code) if number.strip() else None
    line, tail = None, ""
    if unit is not None:
        ref_hash, tail = listed_number(the_book(), unit.id, number)
        line = roster.find_number(tx, unit.id, ref_hash)
        if line is not None and department is None and line.department_id in queries.tree_of(tx, unit.id).by_id:
            department = line.department_id
    joined = service.join_by_code(tx, me, code, now(), department, (line is not None, tail))
    if joined is not None and line is not None and not joined.waiting:
        roster.claim_number(tx, me, joined.unit_id, line.ref_hash)
    return joined


def _index(errors: dict[str, str] | None = None, form: Any = None) -> str:
    person = signed_in()
    with house().store.read() as tx:
        mine = queries.my_units(tx, person.member_id)
        counts = queries.member_counts(tx, [one.unit.id for one in mine])
        administered = queries.administered(tx, person.member_id)
        parts = queries.administered_parts(tx, person.member_id) if person.unit_ids else []
        invited = inviting.my_invitations(tx, person.member_id)
        waiting = joining.my_requests(tx, person.member_id)
    return render_template(
        "green_units/index.html",
        mine=mine,
        counts=counts,
        administered=administered,
        parts=parts,
        invited=invited,
        waiting=waiting,
        has_family=any(one.unit.is_family for one in mine),
        errors=errors or {},
        form=form or {},
    )
