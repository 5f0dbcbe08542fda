"""Pages of a unit's administrators: code and poster, figures, people, departments; never one person's acts."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup

from points_engine.clock import local_day
from points_engine.errors import Invalid
from webapp.green_units import figures, joining, queries, service
from webapp.green_units.forms import UnitNames
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t, whole
from webapp.web.urls import outward

bp = Blueprint("unit_admin", __name__, url_prefix="/unit-admin")


@bp.get("")
@guard.unit_admin
def index() -> Any:
    with house().store.read() as tx:
        units = queries.administered(tx, signed_in().member_id)
        counts = queries.member_counts(tx, [unit.id for unit in units])
        parts = queries.administered_parts(tx, signed_in().member_id)
    if len(units) == 1 and not parts:
        return redirect(url_for(".show", unit_id=units[0].id), 303)
    return render_template("green_units/admin_index.html", units=units, counts=counts, parts=parts)


@bp.get("/<int:unit_id>")
@guard.unit_admin
def show(unit_id: int) -> str:
    return _show(unit_id)


@bp.get("/<int:unit_id>/poster")
@guard.unit_admin
def poster(unit_id: int) -> str:
    """One sheet to print and hang up."""
    with house().store.read() as tx:
        unit = queries.administered_unit(tx, signed_in().member_id, unit_id)
    link = join_link(unit)
    return render_template("green_units/poster.html", unit=unit, link=link, qr=qr(link))


@bp.get("/<int:unit_id>/people")
@guard.unit_admin
def people(unit_id: int) -> str:
    with house().store.read() as tx:
        unit = queries.administered_unit(tx, signed_in().member_id, unit_id)
        found = queries.people(tx, unit.id, after_arg(), queries.PAGE + 1)
        tree = queries.tree_of(tx, unit.id)
    page = page_of(found, queries.PAGE, lambda person: person.member_id)
    return render_template("green_units/people.html", unit=unit, page=page, tree=tree)


@bp.post("/<int:unit_id>/code")
@guard.unit_admin
def rotate(unit_id: int) -> Any:
    house().store.retrying(lambda tx: service.rotate_join_code(tx, signed_in().member_id, unit_id, now()))
    say(t("加入码已更换，旧码和旧海报已失效", "The join code is new; the old one and old posters no longer work"))
    return redirect(url_for(".show", unit_id=unit_id), 303)


@bp.post("/<int:unit_id>/names")
@guard.unit_admin
def rename(unit_id: int) -> Any:
    try:
        names = UnitNames.parse(request.form)
        house().store.retrying(lambda tx: service.rename_unit(tx, signed_in().member_id, unit_id, names, now()))
    except Invalid as refusal:
        return _show(unit_id, refusal.fields, request.form), 400
    say(t("名称已保存", "The names are saved"))
    return redirect(url_for(".show", unit_id=unit_id), 303)


@bp.post("/<int:unit_id>/boards")
@guard.unit_admin
def boards(unit_id: int) -> Any:
    on = request.form.get("on") == "1"
    house().store.retrying(lambda tx: service.set_on_boards(tx, signed_in().member_id, unit_id, on, now()))
    say(t("已上榜展示", "Now shown on boards") if on else t("已不在榜单展示", "No longer shown on boards"))
    return redirect(url_for(".show", unit_id=unit_id), 303)


@bp.post("/<int:unit_id>/people/remove")
@guard.unit_admin
def remove(unit_id: int) -> Any:
    member_id = whole(request.form.get("member"), "member") or 0
    house().store.retrying(lambda tx: service.remove_member(tx, signed_in().member_id, unit_id, member_id, now()))
    say(t("已移出，此前的减排量仍计入本单位", "Removed; what they did before still counts"))
    if member_id == signed_in().member_id:
        return redirect(url_for("green_units.index"), 303)
    return redirect(url_for(".people", unit_id=unit_id), 303)


@bp.post("/<int:unit_id>/close")
@guard.unit_admin
def close(unit_id: int) -> Any:
    """Families close themselves; other units are closed by staff."""
    with house().store.read() as tx:
        unit = queries.administered_unit(tx, signed_in().member_id, unit_id)
    if not unit.is_family:
        raise Invalid({"unit": "invalid"})
    house().store.retrying(lambda tx: service.close_unit(tx, signed_in().member_id, unit_id, now()))
    say(t("家庭已解散", "The family is closed"))
    return redirect(url_for("green_units.index"), 303)


def join_link(unit: queries.Unit) -> str:
    """The address behind the QR code."""
    return outward(url_for("green_units.invitation", code=unit.join_code))


def qr(text: str) -> Markup:
    """A QR code as inline SVG."""
    svg = segno.make(text, error="m").svg_inline(
        omitsize=True, border=3, dark="#000", light="#fff", svgclass="qr", title=t("加入二维码", "QR code to join")
    )
    return Markup(svg)  # noqa: S704 - drawn by segno, which escapes its title


def _show(unit_id: int, errors: dict[str, str] | None = None, form: Any = None) -> str:
    today = local_day(now())
    with house().store.read() as tx:
        unit = queries.administered_unit(tx, signed_in().member_id, unit_id)
        page = figures.unit_page(tx, unit, today, request.args.get("month"))
        waiting = joining.waiting(tx, unit_id)
    link = join_link(unit)
    return render_template(
        "green_units/admin.html",
        page=page,
        link=link,
        qr=qr(link),
        waiting=waiting,
        errors=errors or {},
        form=form or {},
    )
