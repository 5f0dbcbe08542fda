"""What the use cases of green units are built from: rows of units and memberships, and who may change them."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, insert, select, update

from points_engine.clock import local_day
from points_engine.errors import refuse
from webapp.green_units.forms import UnitNames, new_code
from webapp.green_units.tables import green_unit, membership
from webapp.journal import service as journal
from webapp.members import queries as members
from webapp.store import Tx


def insert_unit(tx: Tx, kind: str, names: UnitNames, now: datetime, *, on_boards: bool, parent: Any = None) -> int:
    made = tx.execute(
        insert(green_unit).values(
            kind=kind,
            name=names.name,
            short_name=names.short_name,
            join_code=None if parent else free_code(tx),
            parent_id=parent.id if parent else None,
            top_id=(parent.top_id or parent.id) if parent else None,
            on_boards=on_boards,
            created_at=now,
        )
    ).inserted_primary_key
    assert made is not None
    return int(made[0])


def insert_membership(
    tx: Tx, member_id: int, unit_id: int, kind: str, department_id: int | None, now: datetime
) -> None:
    tx.execute(
        insert(membership).values(
            member_id=member_id,
            id=membership_id(now),
            unit_id=unit_id,
            kind=kind,
            department_id=department_id,
            joined_on=local_day(now),
        )
    )


def membership_id(now: datetime) -> str:
    """A time-ordered id: microseconds in hexadecimal, then chance."""
    return f"{int(now.timestamp() * 1_000_000):016x}{secrets.token_hex(4)}"


def free_code(tx: Tx) -> str:
    for _ in range(5):
        code = new_code()
        if tx.row(select(green_unit.c.id).where(green_unit.c.join_code == code)) is None:
            return code
    raise AssertionError("no free join code in five draws out of 8 * 10^11")


def refuse_second(tx: Tx, member_id: int, kind: str) -> None:
    if tx.row(
        select(membership.c.unit_id).where(
            membership.c.member_id == member_id, membership.c.kind == kind, membership.c.left_on.is_(None)
        )
    ):
        raise refuse("conflict", "already_member", unit_kind=kind)


def active(tx: Tx, unit_id: int) -> Any:
    row = tx.row(select(green_unit).where(green_unit.c.id == unit_id, green_unit.c.status == "active"))
    if row is None or row.parent_id is not None:
        raise refuse("not_found", "unknown_unit")
    return row


def managed(tx: Tx, actor_id: int, unit_id: int, staff: bool) -> Any:
    """The active unit (or department) that the actor may change; another unit's admin sees none."""
    row = tx.row(select(green_unit).where(green_unit.c.id == unit_id, green_unit.c.status == "active"))
    if row is None:
        raise refuse("not_found", "unknown_unit")
    if not staff and actor_id not in members.unit_admins(tx, row.top_id or row.id):
        raise refuse("not_found", "unknown_unit")
    return row


def end(tx: Tx, unit_id: int, member_id: int | None, now: datetime) -> int:
    """End the open membership of a member, or of everybody; returns how many ended."""
    query = update(membership).where(membership.c.unit_id == unit_id, membership.c.left_on.is_(None))
    if member_id is not None:
        query = query.where(membership.c.member_id == member_id)
    today = local_day(now)
    last = case((membership.c.joined_on > today, membership.c.joined_on), else_=today)
    return tx.execute(query.values(left_on=last, version=membership.c.version + 1)).rowcount


def open_count(tx: Tx, unit_id: int) -> int:
    return int(
        tx.scalar(
            select(func.count())
            .select_from(membership)
            .where(membership.c.unit_id == unit_id, membership.c.left_on.is_(None))
        )
        or 0
    )


def touch_unit(tx: Tx, unit_id: int) -> None:
    tx.execute(update(green_unit).where(green_unit.c.id == unit_id).values(version=green_unit.c.version + 1))


def record(tx: Tx, actor_id: int, action: str, unit_id: int, detail: dict[str, Any], now: datetime) -> None:
    journal.record(tx, actor_id, action, f"unit:{unit_id}", detail, now)
