"""Parts of a unit: found, move and close them, and move people between them with dated rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, func, select, update

from points_engine.clock import local_day
from points_engine.errors import Invalid, refuse
from webapp.green_units import basis
from webapp.green_units.forms import NAME_MAX, UnitNames
from webapp.green_units.tables import green_unit, membership
from webapp.green_units.tree import DEEPEST, PARTS_MAX, Tree, tree_of
from webapp.store import Tx

CHUNK = 500


def part_name(text: str) -> UnitNames:
    """The name of a part: no slash, as paths are written with it."""
    names = UnitNames.parse({"name": text})
    if "/" in names.name or "／" in names.name:
        raise Invalid({"name": "no_slash"})
    return names


def create_department(tx: Tx, actor_id: int, parent_id: int, name: str, now: datetime, staff: bool = False) -> int:
    """A part within a unit or within another part; people name it when they join."""
    parent = basis.managed(tx, actor_id, parent_id, staff)
    names = part_name(name)
    if parent.kind == "family":
        raise refuse("conflict", "no_departments")
    top_id = parent.top_id or parent.id
    basis.touch_unit(tx, top_id)  # one at a time, or two of one name stand side by side
    tree = tree_of(tx, top_id)
    _refuse_place(tree, parent.id, names.name)
    made = basis.insert_unit(tx, parent.kind, names, now, on_boards=False, parent=parent)
    basis.record(tx, actor_id, "unit.department", top_id, {"department": made, "name": names.name}, now)
    return made


def create_paths(tx: Tx, unit_id: int, kind: str, paths: set[tuple[str, ...]], now: datetime) -> Tree:
    """Found the parts that these paths name and that are missing; for lists."""
    tree = tree_of(tx, unit_id)
    known = dict(tree.by_path)
    wanted = sorted({path[:n] for path in paths for n in range(1, len(path) + 1)} - known.keys(), key=len)
    if len(known) + len(wanted) > PARTS_MAX:
        raise refuse("conflict", "too_many_parts", most=PARTS_MAX)
    for path in wanted:
        parent: Any = _Place(known[path[:-1]], unit_id) if len(path) > 1 else _Place(unit_id, None)
        names = UnitNames(path[-1], path[-1][:12])
        known[path] = basis.insert_unit(tx, kind, names, now, on_boards=False, parent=parent)
    return tree_of(tx, unit_id) if wanted else tree


class _Place:
    """Where a new part goes, as basis.insert_unit reads it."""

    def __init__(self, place_id: int, top_id: int | None) -> None:
        self.id, self.top_id = place_id, top_id


def _refuse_place(tree: Tree, parent_id: int, name: str, height: int = 1) -> None:
    depth = tree.by_id[parent_id].depth if parent_id in tree.by_id else 0
    if depth + height > DEEPEST:
        raise refuse("conflict", "part_too_deep", most=DEEPEST)
    if len(tree.parts) >= PARTS_MAX:
        raise refuse("conflict", "too_many_parts", most=PARTS_MAX)
    if any(part.name == name for part in tree.children(parent_id)):
        raise Invalid({"name": "twice_here"})


def rename_department(tx: Tx, actor_id: int, part_id: int, name: str, now: datetime, staff: bool = False) -> None:
    """Give a part another name; two of one name do not stand side by side."""
    part = basis.managed(tx, actor_id, part_id, staff)
    names = part_name(name)
    if part.top_id is None:
        raise refuse("not_found", "unknown_unit")
    basis.touch_unit(tx, part.top_id)
    beside = tree_of(tx, part.top_id).children(part.parent_id)
    if any(one.name == names.name and one.id != part_id for one in beside):
        raise Invalid({"name": "twice_here"})
    tx.execute(
        update(green_unit)
        .where(green_unit.c.id == part_id)
        .values(name=names.name, short_name=names.short_name, version=green_unit.c.version + 1)
    )
    basis.record(tx, actor_id, "unit.rename", part_id, {"from": part.name, "to": names.name}, now)


def move_department(tx: Tx, actor_id: int, part_id: int, to_id: int | None, now: datetime, staff: bool = False) -> None:
    """Hang a part with everything under it somewhere else in the same unit; None is right under the unit."""
    part = basis.managed(tx, actor_id, part_id, staff)
    if part.top_id is None:
        raise refuse("not_found", "unknown_unit")
    basis.touch_unit(tx, part.top_id)
    tree = tree_of(tx, part.top_id)
    to_id = to_id or part.top_id
    if to_id == part.parent_id:
        return
    if to_id != part.top_id and to_id not in tree.by_id:
        raise Invalid({"to": "not_a_choice"})
    if to_id in tree.below(part_id):
        raise refuse("conflict", "part_in_itself")
    _refuse_place(tree, to_id, part.name, tree.height(part_id))
    tx.execute(
        update(green_unit).where(green_unit.c.id == part_id).values(parent_id=to_id, version=green_unit.c.version + 1)
    )
    basis.record(tx, actor_id, "unit.department_moved", part.top_id, {"department": part_id, "to": to_id}, now)


def close_department(tx: Tx, actor_id: int, part_id: int, now: datetime, staff: bool = False) -> None:
    """Close a part with everything under it; its people stay in the unit, in no part from today on."""
    part = basis.managed(tx, actor_id, part_id, staff)
    if part.top_id is None:
        raise refuse("not_found", "unknown_unit")
    basis.touch_unit(tx, part.top_id)
    gone = sorted(tree_of(tx, part.top_id).below(part_id))
    rows = tx.rows(
        select(membership.c.member_id).where(
            membership.c.unit_id == part.top_id, membership.c.department_id.in_(gone), membership.c.left_on.is_(None)
        )
    )
    set_departments(tx, part.top_id, {row.member_id: None for row in rows}, now)
    tx.execute(
        update(green_unit).where(green_unit.c.id.in_(gone)).values(status="closed", version=green_unit.c.version + 1)
    )
    basis.record(tx, actor_id, "unit.department_closed", part.top_id, {"department": part_id}, now)


def move_member(
    tx: Tx, actor_id: int, unit_id: int, member_id: int, part_id: int | None, now: datetime, staff: bool = False
) -> None:
    """Put a member into another part from today on; earlier days stay where they were."""
    basis.managed(tx, actor_id, unit_id, staff)
    if part_id is not None and part_id not in tree_of(tx, unit_id).by_id:
        raise Invalid({"department": "not_a_choice"})
    if not tx.scalar(
        select(membership.c.member_id).where(
            membership.c.unit_id == unit_id, membership.c.member_id == member_id, membership.c.left_on.is_(None)
        )
    ):
        raise refuse("not_found", "unknown_member")
    if set_departments(tx, unit_id, {member_id: part_id}, now):
        basis.record(tx, actor_id, "unit.member_moved", unit_id, {"member": member_id, "department": part_id}, now)


def set_departments(tx: Tx, unit_id: int, wanted: Mapping[int, int | None], now: datetime) -> int:
    """Let open memberships go on in other parts: one row ends today, another begins. Returns how many changed."""
    changed = 0
    ids = iter(sorted(wanted))
    while some := list(islice(ids, CHUNK)):
        rows = tx.rows(
            select(membership).where(
                membership.c.unit_id == unit_id, membership.c.member_id.in_(some), membership.c.left_on.is_(None)
            )
        )
        moving = [row for row in rows if row.department_id != wanted[row.member_id]]
        changed += len(moving)
        _move_rows(tx, moving, wanted, now)
    return changed


def _move_rows(tx: Tx, moving: list[Any], wanted: Mapping[int, int | None], now: datetime) -> None:
    today = local_day(now)
    fresh = [row for row in moving if row.joined_on >= today]  # it began today: the row itself changes
    older = [row for row in moving if row.joined_on < today]
    this = (membership.c.member_id == bindparam("m"), membership.c.id == bindparam("i"))
    if fresh:
        tx.execute(
            update(membership).where(*this).values(department_id=bindparam("d"), version=membership.c.version + 1),
            [{"m": row.member_id, "i": row.id, "d": wanted[row.member_id]} for row in fresh],
        )
    if not older:
        return
    tx.execute(
        update(membership).where(*this).values(left_on=today, version=membership.c.version + 1),
        [{"m": row.member_id, "i": row.id} for row in older],
    )
    tx.insert(
        membership,
        [
            {
                "member_id": row.member_id,
                "id": basis.membership_id(now),
                "unit_id": row.unit_id,
                "kind": row.kind,
                "department_id": wanted[row.member_id],
                "joined_on": today,
            }
            for row in older
        ],
    )


def people_in(tx: Tx, unit_id: int) -> dict[int | None, int]:
    """How many belong to each part now, directly; under None those in no part."""
    rows = tx.rows(
        select(membership.c.department_id, func.count())
        .where(membership.c.unit_id == unit_id, membership.c.left_on.is_(None))
        .group_by(membership.c.department_id)
    )
    return {row[0]: int(row[1]) for row in rows}


__all__ = [
    "NAME_MAX", "close_department", "create_department", "create_paths", "move_department", "move_member",
    "part_name", "people_in", "rename_department", "set_departments",
]  # fmt: skip
