"""Use cases of green units: found, join, leave, administer and close them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, delete, or_, select, update

from points_engine.errors import Invalid, refuse
from webapp.green_units import basis, joining
from webapp.green_units.forms import UnitNames
from webapp.green_units.inviting import on_registered
from webapp.green_units.parts import close_department, create_department, move_department, move_member
from webapp.green_units.tables import green_unit, join_request, membership, roster_entry, wrong_code
from webapp.green_units.tree import tree_of
from webapp.members import queries as members
from webapp.members import service as roles
from webapp.store import Tx

__all__ = ["close_department", "create_department", "move_department", "move_member", "on_registered"]
FAMILY_MAX = 12
WRONG_CODES_AN_HOUR = 10


@dataclass(frozen=True, slots=True)
class Joined:
    """The unit a member has just joined, or waits to be let into."""

    unit_id: int
    name: str
    kind: str
    waiting: bool = False


def create_unit(tx: Tx, actor_id: int, kind: str, names: UnitNames, now: datetime) -> int:
    """Staff found a company, public body or community; families found themselves."""
    if kind == "family":
        raise Invalid({"kind": "not_a_choice"})
    unit_id = basis.insert_unit(tx, kind, names, now, on_boards=True)
    basis.record(tx, actor_id, "unit.create", unit_id, {"kind": kind, "name": names.name}, now)
    return unit_id


def create_family(tx: Tx, member_id: int, names: UnitNames, now: datetime, on_boards: bool = False) -> int:
    """Any resident founds a family and administers it; 409 already_member in another one."""
    basis.refuse_second(tx, member_id, "family")
    if members.is_child(tx, member_id):
        raise refuse("forbidden", "not_for_children")
    unit_id = basis.insert_unit(tx, "family", names, now, on_boards=on_boards)
    basis.insert_membership(tx, member_id, unit_id, "family", None, now)
    roles.grant_role(tx, member_id, member_id, "unit_admin", now, unit_id=unit_id)
    basis.record(tx, member_id, "unit.create", unit_id, {"kind": "family"}, now)
    return unit_id


def join_by_code(
    tx: Tx,
    member_id: int,
    code: str,
    now: datetime,
    department_id: int | None = None,
    listed: tuple[bool, str] = (False, ""),
) -> Joined | None:
    """Join the unit of a join code, or ask to be let in; None (and counted) when no unit has it.

    None instead of a refusal, because the count of wrong codes must outlive the transaction. `listed`: whether the
    employee number they gave is on the unit's list, and its end. Raises 429 too_many_attempts, 409 already_member,
    family_full.
    """
    _refuse_guessing(tx, member_id, now)
    unit = tx.row(select(green_unit).where(green_unit.c.join_code == code, green_unit.c.status == "active"))
    if unit is None:
        _count_wrong(tx, member_id, now)
        return None
    if unit.needs_approval:
        _refuse_child(tx, member_id, unit.kind)
        joining.ask_to_join(tx, member_id, unit.id, department_id, *listed, now)
        return Joined(unit.id, unit.name, unit.kind, waiting=True)
    join_unit(tx, member_id, unit.id, now, department_id)
    return Joined(unit.id, unit.name, unit.kind)


def join_unit(tx: Tx, member_id: int, unit_id: int, now: datetime, department_id: int | None = None) -> None:
    """Begin a membership today; 409 already_member while one of the same kind is open."""
    unit = basis.active(tx, unit_id)
    basis.refuse_second(tx, member_id, unit.kind)
    _refuse_child(tx, member_id, unit.kind)
    if department_id is not None and not tx.scalar(
        select(green_unit.c.id).where(
            green_unit.c.id == department_id, green_unit.c.top_id == unit_id, green_unit.c.status == "active"
        )
    ):
        raise Invalid({"department": "not_a_choice"})
    if unit.kind == "family":
        basis.touch_unit(tx, unit_id)  # one at a time, or two people take the twelfth place
        if basis.open_count(tx, unit_id) >= FAMILY_MAX:
            raise refuse("conflict", "family_full", limit=FAMILY_MAX)
    basis.insert_membership(tx, member_id, unit_id, unit.kind, department_id, now)
    tx.execute(delete(join_request).where(join_request.c.member_id == member_id, join_request.c.unit_id == unit_id))


def answer_request(tx: Tx, actor_id: int, unit_id: int, member_id: int, yes: bool, now: datetime) -> None:
    """Let somebody in who asked, or not; raises already_member when they are in another unit by now."""
    department_id = joining.answer(tx, actor_id, unit_id, member_id, yes, now)
    if yes:
        join_unit(tx, member_id, unit_id, now, department_id)


def leave_unit(tx: Tx, member_id: int, unit_id: int, now: datetime) -> None:
    """End my membership today: from today on my acts no longer count for the unit."""
    unit = tx.row(select(green_unit).where(green_unit.c.id == unit_id))
    if unit is None or not basis.end(tx, unit_id, member_id, now):
        raise refuse("not_found", "unknown_unit")
    _after_departure(tx, member_id, unit, member_id, now)


def remove_member(tx: Tx, actor_id: int, unit_id: int, member_id: int, now: datetime, staff: bool = False) -> None:
    """A unit admin ends somebody's membership; what they did until yesterday stays in the unit's sums."""
    unit = basis.managed(tx, actor_id, unit_id, staff)
    if not basis.end(tx, unit_id, member_id, now):
        raise refuse("not_found", "unknown_member")
    basis.record(tx, actor_id, "unit.remove_member", unit_id, {"member": member_id}, now)
    _after_departure(tx, actor_id, unit, member_id, now)


def rotate_join_code(tx: Tx, actor_id: int, unit_id: int, now: datetime, staff: bool = False) -> str:
    """A fresh join code; posters with the old one stop working."""
    unit = basis.managed(tx, actor_id, unit_id, staff)
    if unit.parent_id is not None:
        raise refuse("conflict", "no_departments")
    code = basis.free_code(tx)
    tx.execute(update(green_unit).where(green_unit.c.id == unit_id).values(join_code=code))
    basis.record(tx, actor_id, "unit.rotate_code", unit_id, {}, now)
    return code


def rename_unit(tx: Tx, actor_id: int, unit_id: int, names: UnitNames, now: datetime, staff: bool = False) -> None:
    """Change the names of a unit or department."""
    unit = basis.managed(tx, actor_id, unit_id, staff)
    tx.execute(
        update(green_unit)
        .where(green_unit.c.id == unit_id)
        .values(name=names.name, short_name=names.short_name, version=green_unit.c.version + 1)
    )
    basis.record(tx, actor_id, "unit.rename", unit_id, {"from": unit.name, "to": names.name}, now)


def set_on_boards(tx: Tx, actor_id: int, unit_id: int, on_boards: bool, now: datetime, staff: bool = False) -> None:
    """A family shows itself on the boards under its short name, or hides again."""
    basis.managed(tx, actor_id, unit_id, staff)
    tx.execute(
        update(green_unit)
        .where(green_unit.c.id == unit_id)
        .values(on_boards=on_boards, version=green_unit.c.version + 1)
    )
    basis.record(tx, actor_id, "unit.on_boards", unit_id, {"on": on_boards}, now)


def set_admin(
    tx: Tx, actor_id: int, unit_id: int, member_id: int, admin: bool, now: datetime, staff: bool = False
) -> None:
    """Make somebody the unit's administrator, or take it back; they need not belong to the unit.

    Who administers a part of it sees the sums of that part, and nothing else.
    """
    basis.managed(tx, actor_id, unit_id, staff)
    if members.is_child(tx, member_id):
        raise refuse("forbidden", "not_for_children")
    if admin:
        roles.grant_role(tx, actor_id, member_id, "unit_admin", now, unit_id=unit_id)
    elif not staff and members.unit_admins(tx, unit_id) == [member_id]:
        raise refuse("conflict", "last_unit_admin")
    else:
        roles.revoke_role(tx, actor_id, member_id, "unit_admin", now, unit_id=unit_id, end_sessions=False)


def close_unit(tx: Tx, actor_id: int, unit_id: int, now: datetime, staff: bool = False) -> None:
    """Close a unit and its departments: memberships end today, sums stay, boards drop it."""
    basis.managed(tx, actor_id, unit_id, staff)
    _close(tx, unit_id, now)
    basis.record(tx, actor_id, "unit.close", unit_id, {}, now)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves the platform: open memberships end; past ones stay, nameless, for the sums."""
    rows = tx.rows(
        select(membership.c.unit_id).where(membership.c.member_id == member_id, membership.c.left_on.is_(None))
    )
    for row in rows:
        leave_unit(tx, member_id, row.unit_id, now)
    for table in (wrong_code, join_request, roster_entry):
        tx.execute(delete(table).where(table.c.member_id == member_id))


def mark_scored(tx: Tx, memberships: list[tuple[int, str, int]], units: list[tuple[int, int]]) -> None:
    """The boards have read these memberships (member, id, version) and units (id, version)."""
    if memberships:
        tx.execute(
            update(membership)
            .where(
                membership.c.member_id == bindparam("m"),
                membership.c.id == bindparam("i"),
                membership.c.scored_version < bindparam("v"),
            )
            .values(scored_version=bindparam("v")),
            [{"m": m, "i": i, "v": v} for m, i, v in memberships],
        )
    if units:
        tx.execute(
            update(green_unit)
            .where(green_unit.c.id == bindparam("u"), green_unit.c.scored_version < bindparam("v"))
            .values(scored_version=bindparam("v")),
            [{"u": u, "v": v} for u, v in units],
        )


def mark_all_scored(tx: Tx) -> None:
    """The boards have been rebuilt from everything."""
    tx.execute(update(membership).values(scored_version=membership.c.version))
    tx.execute(update(green_unit).values(scored_version=green_unit.c.version))


def _refuse_child(tx: Tx, member_id: int, kind: str) -> None:
    """Under fourteen, with a family only: an employer or a neighbourhood has no business with them."""
    if kind != "family" and members.is_child(tx, member_id):
        raise refuse("forbidden", "not_for_children")


def _refuse_guessing(tx: Tx, member_id: int, now: datetime) -> None:
    row = tx.row(select(wrong_code).where(wrong_code.c.member_id == member_id))
    if row is None or row.tries < WRONG_CODES_AN_HOUR:
        return
    wait = row.since + timedelta(hours=1) - now
    if wait > timedelta(0):
        raise refuse("limit", "too_many_attempts", retry_after=int(wait.total_seconds()) + 1)


def _count_wrong(tx: Tx, member_id: int, now: datetime) -> None:
    old = wrong_code.c.since <= now - timedelta(hours=1)
    tx.upsert(wrong_code, [{"member_id": member_id, "since": now, "tries": 0}], key=("member_id",))
    tx.execute(
        update(wrong_code)
        .where(wrong_code.c.member_id == member_id)
        .values(since=case((old, now), else_=wrong_code.c.since), tries=case((old, 1), else_=wrong_code.c.tries + 1))
    )


def _after_departure(tx: Tx, actor_id: int, unit: Any, member_id: int, now: datetime) -> None:
    """Who leaves no longer administers; a family passes to its longest member, or closes with its last."""
    admins = members.unit_admins(tx, unit.id)
    held = {grant.unit_id for grant in members.grants_of(tx, member_id) if grant.role == "unit_admin"}
    for part_id in sorted(held & {unit.id, *(tree_of(tx, unit.id).by_id if held - {unit.id} else ())}):
        roles.revoke_role(tx, actor_id, member_id, "unit_admin", now, unit_id=part_id, end_sessions=False)
    tx.execute(
        update(roster_entry)
        .where(roster_entry.c.unit_id == unit.id, roster_entry.c.member_id == member_id)
        .values(status="left", member_id=None)
    )
    if unit.kind != "family":
        return
    basis.touch_unit(tx, unit.id)
    rows = tx.rows(
        select(membership.c.member_id)
        .where(membership.c.unit_id == unit.id, membership.c.left_on.is_(None))
        .order_by(membership.c.joined_on, membership.c.id)
    )
    if not rows:
        _close(tx, unit.id, now)
        return
    asleep = set(members.inactive(tx, [row.member_id for row in rows]))
    heir = next((row.member_id for row in rows if row.member_id not in asleep), None)
    if heir is not None and not set(admins) - {member_id}:
        roles.grant_role(tx, actor_id, heir, "unit_admin", now, unit_id=unit.id)


def _close(tx: Tx, unit_id: int, now: datetime) -> None:
    basis.end(tx, unit_id, None, now)
    tx.execute(
        update(green_unit)
        .where(or_(green_unit.c.id == unit_id, green_unit.c.top_id == unit_id))
        .values(status="closed", version=green_unit.c.version + 1)
    )
    for table in (join_request, roster_entry):
        tx.execute(delete(table).where(table.c.unit_id == unit_id))
