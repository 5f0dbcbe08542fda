"""Lists of employees: uploaded as a preview, confirmed in one commit or not at all; people on them are invited."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, insert, select, update

from points_engine.clock import local_day
from points_engine.errors import refuse
from webapp.green_units import basis, inviting, parts
from webapp.green_units import service as units
from webapp.green_units.roster_lines import Line, Lines
from webapp.green_units.roster_plan import Plan, plan_of
from webapp.green_units.roster_reads import import_row
from webapp.green_units.tables import membership, roster_entry, roster_import
from webapp.green_units.tree import tree_of
from webapp.members import queries as members
from webapp.members import service as roles
from webapp.members.phones import PhoneBook
from webapp.store import Tx

KEPT = timedelta(days=1)  # how long a preview waits
CHUNK = 500
_e = roster_entry.c


def stage(
    tx: Tx, book: PhoneBook, actor_id: int, unit_id: int, file_name: str, checksum: str, lines: Lines, mode: str,
    now: datetime,
) -> int:  # fmt: skip
    """Keep a list as a preview; nothing is changed by it. An older preview of the same administrator goes."""
    unit = _listing(tx, actor_id, unit_id)
    plan = plan_of(tx, unit_id, lines.good, mode)
    i = roster_import.c
    tx.execute(
        update(roster_import)
        .where(i.unit_id == unit_id, i.actor_id == actor_id, i.status == "preview")
        .values(status="dropped", staged=None, faults_sealed=None, closed_at=now)
    )
    rows = len(lines.good) + len(lines.faults)
    sealed = book.seal(json.dumps([lines.head, lines.faults], ensure_ascii=False)) if lines.faults else None
    return int(
        tx.scalar(
            insert(roster_import)
            .values(
                unit_id=unit.id,
                actor_id=actor_id,
                file_name=file_name[:80],
                checksum=checksum,
                mode=mode,
                counts=plan.counts(rows, len(lines.faults)),
                staged=json.dumps(lines.good, ensure_ascii=False),
                faults_sealed=sealed,
                uploaded_at=now,
            )
            .returning(i.id)
        )
    )


def confirm(tx: Tx, actor_id: int, unit_id: int, import_id: int, now: datetime) -> dict[str, int]:
    """Do what the preview showed, worked out anew from what is there now; a second time changes nothing."""
    unit = _listing(tx, actor_id, unit_id)
    tx.take_turn(f"roster of {unit_id}")
    row = import_row(tx, unit_id, import_id)
    if row.status == "confirmed":
        return dict(row.counts)
    if row.status == "dropped":
        raise refuse("conflict", "list_dropped")
    lines = [Line._make([*line[:4], None if line[4] is None else tuple(line[4])]) for line in json.loads(row.staged)]
    plan = plan_of(tx, unit_id, lines, row.mode)
    if row.mode == "listed":
        _invite(tx, unit, plan, import_id, now)
    else:
        _end(tx, actor_id, unit_id, plan, now)
    counts = plan.counts(row.counts["rows"], row.counts["faults"])
    tx.execute(
        update(roster_import)
        .where(roster_import.c.id == import_id)
        .values(status="confirmed", staged=None, faults_sealed=None, counts=counts, closed_at=now)
    )
    basis.record(tx, actor_id, "unit.list", unit_id, {"list": import_id, "mode": row.mode, **counts}, now)
    return counts


def drop(tx: Tx, actor_id: int, unit_id: int, import_id: int, now: datetime) -> None:
    """Forget a preview with all its lines."""
    _listing(tx, actor_id, unit_id)
    import_row(tx, unit_id, import_id)
    i = roster_import.c
    tx.execute(
        update(roster_import)
        .where(i.id == import_id, i.status == "preview")
        .values(status="dropped", staged=None, faults_sealed=None, closed_at=now)
    )


def sweep(tx: Tx, now: datetime) -> int:
    """Drop previews nobody confirmed within a day."""
    i = roster_import.c
    return tx.execute(
        update(roster_import)
        .where(i.status == "preview", i.uploaded_at <= now - KEPT)
        .values(status="dropped", staged=None, faults_sealed=None, closed_at=now)
    ).rowcount


def accept(tx: Tx, member_id: int, unit_id: int, now: datetime) -> None:
    """Join a unit whose list holds my number, in the part it names."""
    row = _invited(tx, member_id, unit_id)
    known = tree_of(tx, unit_id).by_id
    units.join_unit(tx, member_id, unit_id, now, row.department_id if row.department_id in known else None)
    tx.execute(_one(unit_id, row.ref_hash).values(status="joined", member_id=member_id))


def decline(tx: Tx, member_id: int, unit_id: int) -> None:
    """Say no; the same list does not ask again."""
    row = _invited(tx, member_id, unit_id)
    tx.execute(_one(unit_id, row.ref_hash).values(status="declined"))


def find_number(tx: Tx, unit_id: int, ref_hash: str) -> Any:
    """The line of an employee number that nobody has taken yet, or None."""
    return tx.row(
        select(roster_entry).where(
            _e.unit_id == unit_id, _e.ref_hash == ref_hash, _e.kind == "number", _e.status == "invited"
        )
    )


def claim_number(tx: Tx, member_id: int, unit_id: int, ref_hash: str) -> None:
    """Note who joined by an employee number."""
    tx.execute(_one(unit_id, ref_hash).where(_e.status == "invited").values(status="joined", member_id=member_id))


def remove(tx: Tx, actor_id: int, unit_id: int, ref_hash: str, now: datetime) -> None:
    """Take one line off the list; a membership that came of it stays."""
    _listing(tx, actor_id, unit_id)
    if not tx.execute(delete(roster_entry).where(_e.unit_id == unit_id, _e.ref_hash == ref_hash)).rowcount:
        raise refuse("not_found", "unknown_invitation")
    basis.record(tx, actor_id, "unit.list_line", unit_id, {"removed": 1}, now)


def _listing(tx: Tx, actor_id: int, unit_id: int) -> Any:
    unit = basis.managed(tx, actor_id, unit_id, staff=False)
    if unit.top_id is not None or unit.kind == "family":
        raise refuse("conflict", "no_departments")
    return unit


def _invited(tx: Tx, member_id: int, unit_id: int) -> Any:
    found = members.phone_hash_of(tx, member_id)
    row = tx.row(
        select(roster_entry).where(_e.unit_id == unit_id, _e.ref_hash == (found or ""), _e.status == "invited")
    )
    if row is None:
        raise refuse("not_found", "unknown_invitation")
    return row


def _one(unit_id: int, ref_hash: str) -> Any:
    return update(roster_entry).where(_e.unit_id == unit_id, _e.ref_hash == ref_hash)


# --- and how it is done -------------------------------------------------------------------------


def _invite(tx: Tx, unit: Any, plan: Plan, import_id: int, now: datetime) -> None:
    changing = [*plan.fresh, *plan.moved, *plan.settled]
    tree = parts.create_paths(tx, unit.id, unit.kind, {line.path for line in changing if line.path}, now)
    place = {line.ref_hash: tree.by_path[line.path] if line.path else None for line in changing}
    settled = {line.ref_hash for line in plan.settled}
    moved = [line for line in plan.moved if line.ref_hash not in settled]
    for lines, status, people, replaced in (
        (plan.fresh, "invited", {}, ("department_id", "status", "member_id", "listed_at")),
        (plan.settled, "joined", plan.people, ("department_id", "status", "member_id", "listed_at")),
        (moved, "invited", {}, ("department_id",)),  # the rest of the line stays as it is
    ):
        rows = [
            {"unit_id": unit.id, "ref_hash": line.ref_hash, "kind": line.kind, "tail": line.tail,
             "department_id": place[line.ref_hash], "status": status, "member_id": people.get(line.ref_hash),
             "listed_at": now}
            for line in lines
        ]  # fmt: skip
        tx.upsert(roster_entry, rows, key=("unit_id", "ref_hash"), replace=replaced)
    parts.set_departments(tx, unit.id, {m: place[line.ref_hash] for m, line in plan.moving.items()}, now)
    to = [plan.people[line.ref_hash] for line in plan.fresh if line.ref_hash in plan.people]
    inviting.tell(tx, unit.id, unit.name, to, str(import_id), now)


def _end(tx: Tx, actor_id: int, unit_id: int, plan: Plan, now: datetime) -> None:
    """End memberships by the hundred; who administered the unit or a part of it no longer does."""
    today = local_day(now)
    for some in _chunks(plan.ending):
        tx.execute(
            update(membership)
            .where(membership.c.unit_id == unit_id, membership.c.member_id.in_(some), membership.c.left_on.is_(None))
            .values(
                left_on=case((membership.c.joined_on > today, membership.c.joined_on), else_=today),
                version=membership.c.version + 1,
            )
        )
    for some in _chunks([line.ref_hash for line in plan.ended]):
        tx.execute(
            update(roster_entry)
            .where(_e.unit_id == unit_id, _e.ref_hash.in_(some))
            .values(status="left", member_id=None)
        )
    gone = set(plan.ending)
    for place in (unit_id, *tree_of(tx, unit_id).by_id) if gone else ():
        for member_id in gone & set(members.unit_admins(tx, place)):
            roles.revoke_role(tx, actor_id, member_id, "unit_admin", now, unit_id=place, end_sessions=False)


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
