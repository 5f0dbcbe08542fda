"""What a list of employees would change, worked out from the list and from what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from webapp.green_units.roster_lines import Line
from webapp.green_units.tables import membership, roster_entry
from webapp.green_units.tree import Tree, tree_of
from webapp.members import queries as members
from webapp.store import Tx

_e = roster_entry.c


@dataclass(slots=True)
class Plan:
    """Lines by what they would do, and the members behind them."""

    fresh: list[Line] = field(default_factory=list)
    settled: list[Line] = field(default_factory=list)  # new on the list, but in the unit already
    moved: list[Line] = field(default_factory=list)
    moving: dict[int, Line] = field(default_factory=dict)  # members by id
    ended: list[Line] = field(default_factory=list)
    ending: list[int] = field(default_factory=list)
    known: int = 0
    absent: int = 0
    people: dict[str, int] = field(default_factory=dict)  # members by the hash of their number

    def counts(self, rows: int, faults: int) -> dict[str, int]:
        return {
            "rows": rows,
            "fresh": len(self.fresh),
            "known": self.known,
            "moved": len(self.moved),
            "absent": self.absent,
            "ended": len(self.ended),
            "faults": faults,
        }


def plan_of(tx: Tx, unit_id: int, lines: Sequence[Line], mode: str) -> Plan:
    """Four reads, whatever the length: the list there is, the numbers of members, who is in, and the parts."""
    entries = {
        row.ref_hash: row
        for row in tx.rows(select(_e.ref_hash, _e.department_id, _e.status, _e.member_id).where(_e.unit_id == unit_id))
    }
    plan = Plan(people=members.by_phone_hashes(tx, [line.ref_hash for line in lines if line.kind == "phone"]))
    inside = {
        row.member_id: row.department_id
        for row in tx.rows(
            select(membership.c.member_id, membership.c.department_id).where(
                membership.c.unit_id == unit_id, membership.c.left_on.is_(None)
            )
        )
    }
    if mode == "left":
        _plan_ends(plan, lines, entries, inside)
    else:
        _plan_invitations(plan, lines, entries, inside, tree_of(tx, unit_id))
    return plan


def _plan_ends(plan: Plan, lines: Sequence[Line], entries: dict[str, Any], inside: dict[int, Any]) -> None:
    for line in lines:
        entry = entries.get(line.ref_hash)
        member_id = plan.people.get(line.ref_hash) or (entry.member_id if entry else None)
        if member_id in inside:
            plan.ending.append(member_id)
            plan.ended.append(line)
        elif entry is not None and entry.status != "left":
            plan.ended.append(line)
        else:
            plan.known += 1


def _plan_invitations(
    plan: Plan, lines: Sequence[Line], entries: dict[str, Any], inside: dict[int, Any], tree: Tree
) -> None:
    met = 0
    for line in lines:
        entry = entries.get(line.ref_hash)
        met += entry is not None and entry.status != "left"
        member_id = plan.people.get(line.ref_hash) or (entry.member_id if entry else None)
        is_in = member_id in inside
        if is_in and (entry is None or entry.status != "joined"):
            plan.settled.append(line)
        elif entry is None or (entry.status == "left" and not is_in):
            plan.fresh.append(line)
            continue
        there = inside[member_id] if is_in and member_id is not None else entry.department_id if entry else None
        if line.path is None or (
            (tree.by_path.get(line.path) if line.path else None) == there
            and (not line.path or line.path in tree.by_path)
        ):
            plan.known += 1
            continue
        plan.moved.append(line)
        if is_in and member_id is not None:
            plan.moving[member_id] = line
    plan.absent = sum(entry.status in ("invited", "joined") for entry in entries.values()) - sum(
        entries[line.ref_hash].status in ("invited", "joined") for line in lines if line.ref_hash in entries
    )
