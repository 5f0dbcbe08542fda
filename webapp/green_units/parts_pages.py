"""Pages of the parts of a unit: the tree for the unit's admins, and the sums of one part for its own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from webapp.green_units import figures, parts, queries, service
from webapp.green_units.tree import DEEPEST
from webapp.members import queries as members
from webapp.web import guard, house, now, say, signed_in, t, whole
from webapp.web.messages import message

bp = Blueprint("unit_parts", __name__, url_prefix="/unit-admin")


@bp.get("/<int:unit_id>/parts")
@guard.unit_admin
def index(unit_id: int) -> str:
    """The tree with how many people are where."""
    return _index(unit_id)


@bp.post("/<int:unit_id>/parts")
@guard.unit_admin
def add(unit_id: int) -> Any:
    """A new part under the unit or under another part."""
    return _change(
        unit_id,
        lambda tx: service.create_department(
            tx, signed_in().member_id, _under(tx, unit_id), request.form.get("name", ""), now()
        ),
        t("部门已添加", "The part is added"),
    )


@bp.get("/<int:unit_id>/parts/<int:part_id>/edit")
@guard.unit_admin
def edit(unit_id: int, part_id: int) -> str:
    """Rename, move, close, and who administers it."""
    return _edit(unit_id, part_id)


@bp.post("/<int:unit_id>/parts/<int:part_id>/name")
@guard.unit_admin
def rename(unit_id: int, part_id: int) -> Any:
    return _change(
        unit_id,
        lambda tx: parts.rename_department(
            tx, signed_in().member_id, _own(tx, unit_id, part_id), request.form.get("name", ""), now()
        ),
        t("名称已保存", "The name is saved"),
        part_id,
    )


@bp.post("/<int:unit_id>/parts/<int:part_id>/place")
@guard.unit_admin
def move(unit_id: int, part_id: int) -> Any:
    return _change(
        unit_id,
        lambda tx: service.move_department(
            tx, signed_in().member_id, _own(tx, unit_id, part_id), whole(request.form.get("to"), "to"), now()
        ),
        t("已移动，下级一起过去", "Moved, with everything under it"),
        part_id,
    )


@bp.post("/<int:unit_id>/parts/<int:part_id>/close")
@guard.unit_admin
def close(unit_id: int, part_id: int) -> Any:
    house().store.retrying(
        lambda tx: service.close_department(tx, signed_in().member_id, _own(tx, unit_id, part_id), now())
    )
    say(t("部门已撤销，成员仍在单位里", "The part is closed; its people stay in the unit"))
    return redirect(url_for(".index", unit_id=unit_id), 303)


@bp.post("/<int:unit_id>/parts/<int:part_id>/admins")
@guard.unit_admin
def set_admin(unit_id: int, part_id: int) -> Any:
    """Let a member of the unit see this part's sums, or no longer."""
    person, on = request.form.get("member", ""), request.form.get("on") == "1"

    def change(tx: Any) -> None:
        member_id = members.id_of(tx, person)
        if on:
            queries.my_membership(tx, member_id, unit_id)  # one of ours
        service.set_admin(tx, signed_in().member_id, _own(tx, unit_id, part_id), member_id, on, now())

    house().store.retrying(change)
    say(t("已设为部门管理员", "Now administers this part") if on else t("已取消", "No longer administers this part"))
    return redirect(url_for(".edit", unit_id=unit_id, part_id=part_id), 303)


@bp.post("/<int:unit_id>/people/move")
@guard.unit_admin
def move_person(unit_id: int) -> Any:
    """Put a member into another part from today on."""
    member_id = whole(request.form.get("member"), "member") or 0
    part_id = whole(request.form.get("department"), "department")
    house().store.retrying(
        lambda tx: service.move_member(tx, signed_in().member_id, unit_id, member_id, part_id, now())
    )
    say(t("已调整，从今天起计入新部门", "Moved; from today on their days count for the new part"))
    return redirect(url_for("unit_admin.people", unit_id=unit_id), 303)


@bp.get("/parts/<int:part_id>")
@guard.unit_admin
def show(part_id: int) -> str:
    """The sums of one part, and nothing of anybody in it."""
    with house().store.read() as tx:
        part, unit = queries.administered_part(tx, signed_in().member_id, part_id)
        page = figures.part_page(tx, unit, part, local_day(now()), request.args.get("month"))
        whole = unit.id in {one.id for one in queries.administered(tx, signed_in().member_id)}
    return render_template("green_units/part.html", page=page, whole=whole)


def _under(tx: Any, unit_id: int) -> int:
    """Where a new part goes: the unit, or a part of this very unit."""
    to = whole(request.form.get("under"), "under")
    return unit_id if to is None else _own(tx, unit_id, to)


def _own(tx: Any, unit_id: int, part_id: int) -> int:
    queries.administered_company(tx, signed_in().member_id, unit_id)
    queries.part_of(tx, unit_id, part_id)
    return part_id


def _change(unit_id: int, use_case: Any, done: str, part_id: int | None = None) -> Any:
    """Do it; what was typed stays on the page when it is refused."""
    try:
        house().store.retrying(use_case)
    except EngineError as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        if isinstance(refusal, Invalid):
            told, code = refusal.fields, 400
        else:
            told, code = {"name": message(refusal.code, refusal.facts)}, 409
        page = _index(unit_id, told) if part_id is None else _edit(unit_id, part_id, told)
        return page, code
    say(done)
    if part_id is None:
        return redirect(url_for(".index", unit_id=unit_id), 303)
    return redirect(url_for(".edit", unit_id=unit_id, part_id=part_id), 303)


def _index(unit_id: int, errors: dict[str, str] | None = None) -> str:
    with house().store.read() as tx:
        unit = queries.administered_company(tx, signed_in().member_id, unit_id)
        tree = queries.tree_of(tx, unit_id)
        direct = parts.people_in(tx, unit_id)
    counts = {part.id: sum(direct.get(one, 0) for one in tree.below(part.id)) for part in tree.parts}
    return render_template(
        "green_units/parts.html", unit=unit, tree=tree, counts=counts, without=direct.get(None, 0), deepest=DEEPEST,
        errors=errors or {}, form=request.form,
    )  # fmt: skip


def _edit(unit_id: int, part_id: int, errors: dict[str, str] | None = None) -> str:
    with house().store.read() as tx:
        unit = queries.administered_company(tx, signed_in().member_id, unit_id)
        part = queries.part_of(tx, unit_id, part_id)
        tree = queries.tree_of(tx, unit_id)
        admins = members.names(tx, members.unit_admins(tx, part_id))
    below = tree.below(part_id)
    return render_template(
        "green_units/part_edit.html", unit=unit, part=part, admins=list(admins.values()),
        places=[one for one in tree.parts if one.id not in below and one.depth < DEEPEST],
        errors=errors or {}, form=request.form,
    )  # fmt: skip
