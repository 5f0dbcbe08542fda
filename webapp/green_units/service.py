"""Use cases of green units: found, join, leave, administer and close them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, delete, func, insert, or_, select, update

from points_engine.clock import local_day
from points_engine.errors import Invalid, refuse
from webapp.green_units.forms import UnitNames, new_code
from webapp.green_units.tables import green_unit, membership, wrong_code
from webapp.journal import service as journal
from webapp.members import queries as members
from webapp.members import service as roles
from webapp.store import Tx

FAMILY_MAX = 12
WRONG_CODES_AN_HOUR = 10


@dataclass(frozen=True, slots=True)
class Joined:
    """The unit a member has just joined."""

    unit_id: int
    name: str
    kind: str


def create_unit(tx: Tx, actor_id: int, kind: str, names: UnitNames, now: datetime) -> int:
    """Staff found a company, public body or community; families found themselves."""
    if kind == "family":
        raise Invalid({"kind": "not_a_choice"})
    unit_id = _insert_unit(tx, kind, names, now, on_boards=True)
    _record(tx, actor_id, "unit.create", unit_id, {"kind": kind, "name": names.name}, now)
    return unit_id


def create_department(tx: Tx, actor_id: int, unit_id: int, name: str, now: datetime, staff: bool = False) -> int:
    """A department within a unit; people name it when they join."""
    parent = _managed(tx, actor_id, unit_id, staff)
    names = UnitNames.parse({"name": name})
    if parent.kind == "family" or parent.parent_id is not None:
        raise refuse("conflict", "no_departments")
    department_id = _insert_unit(tx, parent.kind, names, now, on_boards=False, parent_id=unit_id)
    _record(tx, actor_id, "unit.department", unit_id, {"department": department_id, "name": names.name}, now)
    return department_id


def create_family(tx: Tx, member_id: int, names: UnitNames, now: datetime, on_boards: bool = False) -> int:
    """Any resident founds a family and administers it; 409 already_member in another one."""
    _refuse_second(tx, member_id, "family")
    unit_id = _insert_unit(tx, "family", names, now, on_boards=on_boards)
    _insert_membership(tx, member_id, unit_id, "family", None, now)
    roles.grant_role(tx, member_id, member_id, "unit_admin", now, unit_id=unit_id)
    _record(tx, member_id, "unit.create", unit_id, {"kind": "family"}, now)
    return unit_id


def join_by_code(tx: Tx, member_id: int, code: str, now: datetime, department_id: int | None = None) -> Joined | None:
    """Join the unit of a join code; None (and counted) when no unit has it.

    None instead of a refusal, because the count of wrong codes must outlive the transaction.
    Raises 429 too_many_attempts, 409 already_member, family_full.
    """
    _refuse_guessing(tx, member_id, now)
    unit = tx.row(select(green_unit).where(green_unit.c.join_code == code, green_unit.c.status == "active"))
    if unit is None:
        _count_wrong(tx, member_id, now)
        return None
    join_unit(tx, member_id, unit.id, now, department_id)
    return Joined(unit.id, unit.name, unit.kind)


def join_unit(tx: Tx, member_id: int, unit_id: int, now: datetime, department_id: int | None = None) -> None:
    """Begin a membership today; 409 already_member while one of the same kind is open."""
    unit = _active(tx, unit_id)
    _refuse_second(tx, member_id, unit.kind)
    if department_id is not None and not tx.scalar(
        select(green_unit.c.id).where(
            green_unit.c.id == department_id, green_unit.c.parent_id == unit_id, green_unit.c.status == "active"
        )
    ):
        raise Invalid({"department": "not_a_choice"})
    if unit.kind == "family":
        _touch_unit(tx, unit_id)  # one at a time, or two people take the twelfth place
        if _open_count(tx, unit_id) >= FAMILY_MAX:
            raise refuse("conflict", "family_full", limit=FAMILY_MAX)
    _insert_membership(tx, member_id, unit_id, unit.kind, department_id, now)


def leave_unit(tx: Tx, member_id: int, unit_id: int, now: datetime) -> None:
    """End my membership today: from today on my acts no longer count for the unit."""
    unit = tx.row(select(green_unit).where(green_unit.c.id == unit_id))
    if unit is None or not _end(tx, unit_id, member_id, now):
        raise refuse("not_found", "unknown_unit")
    _after_departure(tx, member_id, unit, member_id, now)


def remove_member(tx: Tx, actor_id: int, unit_id: int, member_id: int, now: datetime, staff: bool = False) -> None:
    """A unit admin ends somebody's membership; what they did until yesterday stays in the unit's sums."""
    unit = _managed(tx, actor_id, unit_id, staff)
    if not _end(tx, unit_id, member_id, now):
        raise refuse("not_found", "unknown_member")
    _record(tx, actor_id, "unit.remove_member", unit_id, {"member": member_id}, now)
    _after_departure(tx, actor_id, unit, member_id, now)


def rotate_join_code(tx: Tx, actor_id: int, unit_id: int, now: datetime, staff: bool = False) -> str:
    """A fresh join code; posters with the old one stop working."""
    unit = _managed(tx, actor_id, unit_id, staff)
    if unit.parent_id is not None:
        raise refuse("conflict", "no_departments")
    code = _free_code(tx)
    tx.execute(update(green_unit).where(green_unit.c.id == unit_id).values(join_code=code))
    _record(tx, actor_id, "unit.rotate_code", unit_id, {}, now)
    return code


def rename_unit(tx: Tx, actor_id: int, unit_id: int, names: UnitNames, now: datetime, staff: bool = False) -> None:
    """Change the names of a unit or department."""
    unit = _managed(tx, actor_id, unit_id, staff)
    tx.execute(
        update(green_unit)
        .where(green_unit.c.id == unit_id)
        .values(name=names.name, short_name=names.short_name, version=green_unit.c.version + 1)
    )
    _record(tx, actor_id, "unit.rename", unit_id, {"from": unit.name, "to": names.name}, now)


def set_on_boards(tx: Tx, actor_id: int, unit_id: int, on_boards: bool, now: datetime, staff: bool = False) -> None:
    """A family shows itself on the boards under its short name, or hides again."""
    _managed(tx, actor_id, unit_id, staff)
    tx.execute(
        update(green_unit)
        .where(green_unit.c.id == unit_id)
        .values(on_boards=on_boards, version=green_unit.c.version + 1)
    )
    _record(tx, actor_id, "unit.on_boards", unit_id, {"on": on_boards}, now)


def set_admin(
    tx: Tx, actor_id: int, unit_id: int, member_id: int, admin: bool, now: datetime, staff: bool = False
) -> None:
    """Make somebody the unit's administrator, or take it back; the role need not belong to the unit."""
    unit = _managed(tx, actor_id, unit_id, staff)
    if unit.parent_id is not None:
        raise refuse("conflict", "no_departments")
    if admin:
        roles.grant_role(tx, actor_id, member_id, "unit_admin", now, unit_id=unit_id)
    elif not staff and members.unit_admins(tx, unit_id) == [member_id]:
        raise refuse("conflict", "last_unit_admin")
    else:
        roles.revoke_role(tx, actor_id, member_id, "unit_admin", now, unit_id=unit_id, end_sessions=False)


def close_unit(tx: Tx, actor_id: int, unit_id: int, now: datetime, staff: bool = False) -> None:
    """Close a unit and its departments: memberships end today, sums stay, boards drop it."""
    _managed(tx, actor_id, unit_id, staff)
    _close(tx, unit_id, now)
    _record(tx, actor_id, "unit.close", unit_id, {}, now)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves the platform: open memberships end; past ones stay, nameless, for the sums."""
    rows = tx.rows(
        select(membership.c.unit_id).where(membership.c.member_id == member_id, membership.c.left_on.is_(None))
    )
    for row in rows:
        leave_unit(tx, member_id, row.unit_id, now)
    tx.execute(delete(wrong_code).where(wrong_code.c.member_id == member_id))


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


def _insert_unit(
    tx: Tx, kind: str, names: UnitNames, now: datetime, *, on_boards: bool, parent_id: int | None = None
) -> int:
    made = tx.execute(
        insert(green_unit).values(
            kind=kind,
            name=names.name,
            short_name=names.short_name,
            join_code=None if parent_id else _free_code(tx),
            parent_id=parent_id,
            on_boards=on_boards,
            created_at=now,
        )
    ).inserted_primary_key
    assert made is not None
    return int(made[0])


def _insert_membership(
    tx: Tx, member_id: int, unit_id: int, kind: str, department_id: int | None, now: datetime
) -> None:
    tx.execute(
        insert(membership).values(
            member_id=member_id,
            id=f"{int(now.timestamp() * 1_000_000):016x}{secrets.token_hex(4)}",
            unit_id=unit_id,
            kind=kind,
            department_id=department_id,
            joined_on=local_day(now),
        )
    )


def _free_code(tx: Tx) -> str:
    for _ in range(5):
        code = new_code()
        if tx.row(select(green_unit.c.id).where(green_unit.c.join_code == code)) is None:
            return code
    raise AssertionError("no free join code in five draws out of 8 * 10^11")


def _refuse_second(tx: Tx, member_id: int, kind: str) -> None:
    if tx.row(
        select(membership.c.unit_id).where(
            membership.c.member_id == member_id, membership.c.kind == kind, membership.c.left_on.is_(None)
        )
    ):
        raise refuse("conflict", "already_member", unit_kind=kind)


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


def _active(tx: Tx, unit_id: int) -> Any:
    row = tx.row(select(green_unit).where(green_unit.c.id == unit_id, green_unit.c.status == "active"))
    if row is None or row.parent_id is not None:
        raise refuse("not_found", "unknown_unit")
    return row


def _managed(tx: Tx, actor_id: int, unit_id: int, staff: bool) -> Any:
    """The active unit (or department) that the actor may change; another unit's admin sees none."""
    row = tx.row(select(green_unit).where(green_unit.c.id == unit_id, green_unit.c.status == "active"))
    if row is None:
        raise refuse("not_found", "unknown_unit")
    if not staff and actor_id not in members.unit_admins(tx, row.parent_id or row.id):
        raise refuse("not_found", "unknown_unit")
    return row


def _end(tx: Tx, unit_id: int, member_id: int | None, now: datetime) -> int:
    """End the open membership of a member, or of everybody; returns how many ended."""
    query = update(membership).where(membership.c.unit_id == unit_id, membership.c.left_on.is_(None))
    if member_id is not None:
        query = query.where(membership.c.member_id == member_id)
    today = local_day(now)
    last = case((membership.c.joined_on > today, membership.c.joined_on), else_=today)
    return tx.execute(query.values(left_on=last, version=membership.c.version + 1)).rowcount


def _open_count(tx: Tx, unit_id: int) -> int:
    return int(
        tx.scalar(
            select(func.count())
            .select_from(membership)
            .where(membership.c.unit_id == unit_id, membership.c.left_on.is_(None))
        )
        or 0
    )


def _touch_unit(tx: Tx, unit_id: int) -> None:
    tx.execute(update(green_unit).where(green_unit.c.id == unit_id).values(version=green_unit.c.version + 1))


def _after_departure(tx: Tx, actor_id: int, unit: Any, member_id: int, now: datetime) -> None:
    """Who leaves no longer administers; a family passes to its longest member, or closes with its last."""
    admins = members.unit_admins(tx, unit.id)
    if member_id in admins:
        roles.revoke_role(tx, actor_id, member_id, "unit_admin", now, unit_id=unit.id, end_sessions=False)
    if unit.kind != "family":
        return
    _touch_unit(tx, unit.id)
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
    _end(tx, unit_id, None, now)
    tx.execute(
        update(green_unit)
        .where(or_(green_unit.c.id == unit_id, green_unit.c.parent_id == unit_id))
        .values(status="closed", version=green_unit.c.version + 1)
    )


def _record(tx: Tx, actor_id: int, action: str, unit_id: int, detail: dict[str, Any], now: datetime) -> None:
    journal.record(tx, actor_id, action, f"unit:{unit_id}", detail, now)
