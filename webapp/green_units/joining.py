"""Joining with approval: who asks, who lets them in, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from points_engine.errors import Invalid, refuse
from webapp.green_units import basis
from webapp.green_units.tables import green_unit, join_request
from webapp.green_units.tree import tree_of
from webapp.inbox import service as inbox
from webapp.members import queries as members
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody who waits to be let in: a nickname, and whether the number they gave is on the list."""

    member_id: int
    nickname: str
    department: str | None
    listed: bool
    tail: str
    asked_at: datetime


def set_approval(tx: Tx, actor_id: int, unit_id: int, needed: bool, now: datetime, staff: bool = False) -> None:
    """Whether people who come by the code have to be let in one by one."""
    unit = basis.managed(tx, actor_id, unit_id, staff)
    if unit.parent_id is not None or unit.kind == "family":
        raise refuse("conflict", "no_departments")
    tx.execute(update(green_unit).where(green_unit.c.id == unit_id).values(needs_approval=needed))
    basis.record(tx, actor_id, "unit.approval", unit_id, {"needed": needed}, now)


def ask_to_join(
    tx: Tx, member_id: int, unit_id: int, department_id: int | None, listed: bool, tail: str, now: datetime
) -> None:
    """Wait to be let in; asking again renews what was said."""
    unit = basis.active(tx, unit_id)
    basis.refuse_second(tx, member_id, unit.kind)
    if department_id is not None and department_id not in tree_of(tx, unit_id).by_id:
        raise Invalid({"department": "not_a_choice"})
    row = {"member_id": member_id, "unit_id": unit_id, "department_id": department_id, "listed": listed,
           "tail": tail, "asked_at": now}  # fmt: skip
    tx.upsert(
        join_request, [row], key=("member_id", "unit_id"), replace=("department_id", "listed", "tail", "asked_at")
    )


def take_back(tx: Tx, member_id: int, unit_id: int) -> None:
    """The member no longer asks."""
    gone = tx.execute(delete(join_request).where(*_this(member_id, unit_id)))
    if not gone.rowcount:
        raise refuse("not_found", "unknown_request")


def answer(tx: Tx, actor_id: int, unit_id: int, member_id: int, yes: bool, now: datetime) -> int | None:
    """Let somebody in or not; returns the part they named. Joining itself is the caller's next step."""
    unit = basis.managed(tx, actor_id, unit_id, staff=False)
    row = tx.row(select(join_request).where(*_this(member_id, unit_id)))
    if row is None or not tx.execute(delete(join_request).where(*_this(member_id, unit_id))).rowcount:
        raise refuse("not_found", "unknown_request")
    basis.record(tx, actor_id, "unit.request", unit_id, {"member": member_id, "in": yes}, now)
    said = ("已通过", "has let you in") if yes else ("没有通过", "has not let you in")
    inbox.notify(
        tx,
        member_id,
        "unit_request",
        f"加入“{unit.name}”的申请{said[0]}",
        f"{unit.name} {said[1]}",
        "" if yes else "如有疑问，请联系单位的管理员。",
        "" if yes else "Please ask the unit's administrator if you wonder why.",
        f"/units/{unit_id}" if yes else "/units",
        now,
    )
    known = tree_of(tx, unit_id).by_id
    return row.department_id if row.department_id in known else None


def requests(tx: Tx, unit_id: int, after: int | None, limit: int) -> list[Request]:
    """Who waits to be let into a unit, by member id."""
    query = select(join_request).where(join_request.c.unit_id == unit_id).order_by(join_request.c.member_id)
    if after is not None:
        query = query.where(join_request.c.member_id > after)
    rows = tx.rows(query.limit(limit))
    names, tree = members.nicknames(tx, [row.member_id for row in rows]), tree_of(tx, unit_id).by_id
    return [
        Request(
            row.member_id,
            names.get(row.member_id, ""),
            tree[row.department_id].full_name if row.department_id in tree else None,
            row.listed,
            row.tail,
            row.asked_at,
        )
        for row in rows
    ]


def waiting(tx: Tx, unit_id: int) -> int:
    """How many wait to be let in; counted up to a hundred."""
    return len(tx.rows(select(join_request.c.member_id).where(join_request.c.unit_id == unit_id).limit(100)))


def my_requests(tx: Tx, member_id: int) -> list[tuple[int, str]]:
    """The units that somebody waits for: id and name."""
    rows = tx.rows(
        select(green_unit.c.id, green_unit.c.name)
        .join(join_request, join_request.c.unit_id == green_unit.c.id)
        .where(join_request.c.member_id == member_id)
        .order_by(green_unit.c.id)
    )
    return [(row.id, row.name) for row in rows]


def _this(member_id: int, unit_id: int) -> tuple[Any, Any]:
    return join_request.c.member_id == member_id, join_request.c.unit_id == unit_id
