"""Green units at the desk: find, found, rename, renew the join code, name administrators, close."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import Invalid
from webapp.console import words
from webapp.console.roles import ADMIN, EDIT
from webapp.console.views import PAGE, Answer, change, may, one_of, show
from webapp.green_units import queries, service
from webapp.green_units.forms import UnitNames, read_kind
from webapp.members import queries as members
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_units", __name__, url_prefix="/console/units")


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    kind = one_of(request.args.get("kind"), words.UNIT_KINDS, "kind")
    text = (request.args.get("q") or "").strip()[:40]
    with house().store.read() as tx:
        page = page_of(queries.units(tx, kind, text, after_arg(), PAGE + 1), PAGE, lambda unit: unit.id)
        counts = queries.member_counts(tx, [unit.id for unit in page.items])
    return show("units.html", page=page, counts=counts, kind=kind, q=text)


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*ADMIN)
def new() -> Answer:
    if request.method == "GET":
        return show("unit_new.html", values={"kind": "enterprise"}, errors={})
    wrong: dict[str, str] = {}
    kind, names = "", None
    try:
        kind = read_kind(request.form.get("kind"))
    except Invalid as error:
        wrong |= error.fields
    try:
        names = UnitNames.parse(request.form)
    except Invalid as error:
        wrong |= error.fields
    try:
        if wrong or names is None:
            raise Invalid(wrong)
        made = house().store.retrying(lambda tx: service.create_unit(tx, signed_in().member_id, kind, names, now()))
    except Invalid as error:
        return show("unit_new.html", 400, values=request.form, errors=error.fields)
    say(t("已创建", "Created"))
    return redirect(url_for(".edit", unit_id=made), 303)


@bp.route("/<int:unit_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(unit_id: int) -> Answer:
    if request.method == "GET":
        return _unit(unit_id)
    try:
        names = UnitNames.parse(request.form)
    except Invalid as wrong:
        return _unit(unit_id, request.form, wrong.fields)
    return change(
        lambda tx: service.rename_unit(tx, signed_in().member_id, unit_id, names, now(), staff=True),
        url_for(".edit", unit_id=unit_id),
        t("已改名", "Renamed"),
    )


@bp.post("/<int:unit_id>/code")
@guard.roles(*ADMIN)
def rotate(unit_id: int) -> Answer:
    return change(
        lambda tx: service.rotate_join_code(tx, signed_in().member_id, unit_id, now(), staff=True),
        url_for(".edit", unit_id=unit_id),
        t("加入码已更换，旧码不再有效", "The join code is new; the old one no longer works"),
    )


@bp.post("/<int:unit_id>/admins/<public_id>")
@guard.roles(*ADMIN)
def set_admin(unit_id: int, public_id: str) -> Answer:
    to = request.form.get("admin") == "1"
    return change(
        lambda tx: service.set_admin(
            tx,
            signed_in().member_id,
            unit_id,
            members.staff_card(tx, public_id).id,
            to,
            now(),
            staff=True,
        ),
        url_for(".edit", unit_id=unit_id),
        t("已设为管理员", "Now an administrator") if to else t("已取消管理员", "No longer an administrator"),
    )


@bp.get("/<int:unit_id>/close")
@guard.roles(*ADMIN)
def ask_close(unit_id: int) -> Answer:
    with house().store.read() as tx:
        unit = queries.unit_by_id(tx, unit_id)
        count = queries.member_counts(tx, [unit_id])[unit_id]
    return show(
        "confirm.html",
        title=t(f"关闭「{unit.name}」", f"Close {unit.name}"),
        text=t(
            f"{count} 位成员将退出，加入码失效，榜单不再显示。已有的减排量保留。关闭后不能恢复。",
            f"{count} members will leave, the join code stops working and boards drop it. Sums stay. This cannot be undone.",
        ),
        action=url_for(".close", unit_id=unit_id),
        back=url_for(".edit", unit_id=unit_id),
        button=t("确认关闭", "Close it"),
    )


@bp.post("/<int:unit_id>/close")
@guard.roles(*ADMIN)
def close(unit_id: int) -> Answer:
    return change(
        lambda tx: service.close_unit(tx, signed_in().member_id, unit_id, now(), staff=True),
        url_for(".edit", unit_id=unit_id),
        t("已关闭", "Closed"),
    )


def _unit(unit_id: int, values: Any = None, errors: dict[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        unit = queries.unit_by_id(tx, unit_id)
        count = queries.member_counts(tx, [unit_id])[unit_id]
        departments = queries.departments(tx, unit_id)
        rows = queries.people(tx, unit_id, after_arg(), PAGE + 1) if may(*ADMIN) else []
        names = members.names(tx, [row.member_id for row in rows])
    return show(
        "unit.html",
        400 if errors else 200,
        unit=unit,
        count=count,
        departments=departments,
        page=page_of(rows, PAGE, lambda person: person.member_id),
        names=names,
        values=values or {"name": unit.name, "short_name": unit.short_name},
        errors=errors or {},
    )
