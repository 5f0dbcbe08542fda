"""Reads of lists of employees: uploads with their faults, and the lines of a unit's list."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from points_engine.errors import refuse
from webapp.green_units.roster_lines import Fault
from webapp.green_units.tables import green_unit, roster_entry, roster_import
from webapp.members.phones import PhoneBook
from webapp.store import Tx

_e = roster_entry.c


@dataclass(frozen=True, slots=True)
class Upload:
    """One list as its administrator sees it; faults only while it waits."""

    id: int
    file_name: str
    mode: str
    status: str
    counts: dict[str, int]
    uploaded_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a unit's list."""

    ref_hash: str
    kind: str
    tail: str
    department: str | None
    status: str
    listed_at: datetime


def upload_of(tx: Tx, unit_id: int, import_id: int) -> Upload:
    """One list; 404 unknown_list for another unit's."""
    return _upload(import_row(tx, unit_id, import_id))


def faults_of(tx: Tx, book: PhoneBook, unit_id: int, import_id: int) -> tuple[list[str], list[Fault]]:
    """The names of the columns and the faulty lines, while the preview waits."""
    opened = book.open(import_row(tx, unit_id, import_id).faults_sealed)
    head, faults = json.loads(opened) if opened else ([], [])
    return head, [Fault(*fault) for fault in faults]


def uploads(tx: Tx, unit_id: int, limit: int = 10) -> list[Upload]:
    """The latest lists of a unit."""
    rows = tx.rows(
        select(roster_import).where(roster_import.c.unit_id == unit_id).order_by(roster_import.c.id.desc()).limit(limit)
    )
    return [_upload(row) for row in rows]


def _upload(row: Any) -> Upload:
    return Upload(row.id, row.file_name, row.mode, row.status, row.counts, row.uploaded_at, row.closed_at)


def entries(tx: Tx, unit_id: int, after: str | None = None, limit: int | None = None) -> list[Entry]:
    """The lines of a unit's list, by their hash; all of them for an export."""
    part = green_unit.alias("part")
    query = (
        select(roster_entry, part.c.name.label("department"))
        .outerjoin(part, part.c.id == _e.department_id)
        .where(_e.unit_id == unit_id)
        .order_by(_e.ref_hash)
    )
    if after is not None:
        query = query.where(_e.ref_hash > after)
    if limit is not None:
        query = query.limit(limit)
    return [
        Entry(row.ref_hash, row.kind, row.tail, row.department, row.status, row.listed_at) for row in tx.rows(query)
    ]


def totals(tx: Tx, unit_id: int) -> dict[str, int]:
    """How many lines of a unit's list stand where."""
    rows = tx.rows(select(_e.status, func.count()).where(_e.unit_id == unit_id).group_by(_e.status))
    return {"invited": 0, "joined": 0, "declined": 0, "left": 0} | {row[0]: int(row[1]) for row in rows}


def import_row(tx: Tx, unit_id: int, import_id: int) -> Any:
    """The row of one list; 404 unknown_list for another unit's."""
    row = tx.row(select(roster_import).where(roster_import.c.id == import_id, roster_import.c.unit_id == unit_id))
    if row is None:
        raise refuse("not_found", "unknown_list")
    return row
