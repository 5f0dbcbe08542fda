"""Invitations by a list: who is invited where, and the notice that tells them so; joining stays their own tap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.green_units.tables import green_unit, roster_entry
from webapp.inbox import service as inbox
from webapp.members import queries as members
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class Invitation:
    """A unit whose list holds my number."""

    unit_id: int
    kind: str
    name: str
    department: str | None
    listed_at: datetime


def my_invitations(tx: Tx, member_id: int) -> list[Invitation]:
    """The units that invite the number of this member."""
    found = members.phone_hash_of(tx, member_id)
    if not found:
        return []
    part = green_unit.alias("part")
    rows = tx.rows(
        select(green_unit.c.id, green_unit.c.kind, green_unit.c.name, part.c.name.label("department"), _e.listed_at)
        .join(roster_entry, _e.unit_id == green_unit.c.id)
        .outerjoin(part, part.c.id == _e.department_id)
        .where(_e.ref_hash == found, _e.status == "invited", green_unit.c.status == "active")
        .order_by(green_unit.c.id)
    )
    return [Invitation(row.id, row.kind, row.name, row.department, row.listed_at) for row in rows]


def tell(tx: Tx, unit_id: int, name: str, to: Iterable[int], key: str, now: datetime) -> int:
    """Tell members that a unit invites them, once for each `key`."""
    return inbox.notify_many(
        tx,
        [{"member_id": member_id, "key": f"invited:{unit_id}:{key}"} for member_id in to],
        "unit_invitation",
        f"“{name}”邀请您加入",
        f"{name} invites you to join",
        "点一下即可加入；不想加入可以不理会，或者谢绝。",
        "One tap joins; otherwise leave it, or decline.",
        "/units/invitations",
        now,
    )


def on_registered(house: Any, member_id: int, guest: Mapping[str, Any], now: datetime) -> None:
    """Somebody came whose number stands on lists: tell them which units wait for them."""

    def greet(tx: Tx) -> None:
        for invitation in my_invitations(tx, member_id):
            tell(tx, invitation.unit_id, invitation.name, [member_id], "registered", now)

    with house.store.read() as tx:
        waiting = bool(my_invitations(tx, member_id))
    if waiting:
        house.store.retrying(greet)


_e = roster_entry.c
