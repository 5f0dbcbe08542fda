"""Files of readings: uploaded as a preview, confirmed whole or dropped; of a unit, or of the park's energy platform."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from points_engine.errors import refuse
from webapp.energy import queries
from webapp.energy.files import Lines
from webapp.energy.forms import Told
from webapp.energy.service import compare, write_readings
from webapp.energy.tables import energy_code, energy_import
from webapp.green_units import queries as green_units
from webapp.journal import service as journal
from webapp.store import Tx

KEPT = timedelta(days=1)  # how long a preview waits
FAULTS_KEPT = 1000
_i = energy_import.c


def stage(
    tx: Tx, actor_id: int, unit_id: int | None, file_name: str, checksum: str, lines: Lines, now: datetime,
    *, staff: bool = False,
) -> int:  # fmt: skip
    """Keep a file as a preview; nothing is changed by it. An older preview of the same hands goes."""
    if unit_id is not None:
        queries.seen_by(tx, actor_id, unit_id, staff)
    mine = _i.unit_id.is_(None) if unit_id is None else _i.unit_id == unit_id
    tx.execute(
        update(energy_import)
        .where(mine, _i.actor_id == actor_id, _i.status == "preview")
        .values(status="dropped", staged=None, faults=None, closed_at=now)
    )
    source = "platform" if unit_id is None else "file"
    found, same = compare(tx, lines.good, source) if lines.good else ([], 0)
    fresh = sum(version == 1 for _, version in found)
    counts = _counts(len(lines.good), fresh, len(found) - fresh, same, len(lines.faults))
    made = tx.execute(
        insert(energy_import).values(
            unit_id=unit_id, actor_id=actor_id, file_name=file_name[:80], checksum=checksum, counts=counts,
            staged=json.dumps([list(_row(each)) for each in lines.good], ensure_ascii=False),
            faults={"head": lines.head, "lines": [list(fault) for fault in lines.faults[:FAULTS_KEPT]]},
            uploaded_at=now,
        )
    ).inserted_primary_key  # fmt: skip
    assert made is not None
    _record(tx, actor_id, "energy.upload", unit_id, made[0], dict(counts), now)
    return int(made[0])


def confirm(
    tx: Tx, actor_id: int, unit_id: int | None, import_id: int, now: datetime, *, staff: bool = False
) -> dict[str, int]:
    """Take a file in, whole: with one faulty line nothing is taken (409). A second time changes nothing."""
    if unit_id is not None:
        queries.seen_by(tx, actor_id, unit_id, staff)
    tx.take_turn(f"energy file {import_id}")
    row = queries.import_of(tx, import_id, unit_id)
    if row.status == "confirmed":
        return dict(row.counts)
    if row.status == "dropped":
        raise refuse("conflict", "file_dropped")
    if row.counts["faults"]:
        raise refuse("conflict", "file_has_faults", faults=row.counts["faults"])
    told = [Told(*each) for each in json.loads(row.staged)]
    if unit_id is None:
        told = _as_mapped_now(tx, told)
    source = "platform" if unit_id is None else "file"
    fresh, changed = write_readings(tx, actor_id, told, source, import_id, now)
    counts = _counts(len(told), fresh, changed, len(told) - fresh - changed, 0)
    tx.execute(
        update(energy_import)
        .where(_i.id == import_id)
        .values(status="confirmed", staged=None, faults=None, counts=counts, closed_at=now)
    )
    _record(tx, actor_id, "energy.file" if unit_id else "energy.platform", unit_id, import_id, counts, now)
    return counts


def bring_in(tx: Tx, actor_id: int, file_name: str, checksum: str, lines: Lines, now: datetime) -> dict[str, int]:
    """Stage and confirm a platform's file in one transaction, as the command does; what is known already changes nothing."""
    made = stage(tx, actor_id, None, file_name, checksum, lines, now)
    return confirm(tx, actor_id, None, made, now)


def drop(tx: Tx, actor_id: int, unit_id: int | None, import_id: int, now: datetime, *, staff: bool = False) -> None:
    """Forget a preview with all its lines."""
    if unit_id is not None:
        queries.seen_by(tx, actor_id, unit_id, staff)
    queries.import_of(tx, import_id, unit_id)
    tx.execute(
        update(energy_import)
        .where(_i.id == import_id, _i.status == "preview")
        .values(status="dropped", staged=None, faults=None, closed_at=now)
    )
    _record(tx, actor_id, "energy.drop_file", unit_id, import_id, {}, now)


def sweep(tx: Tx, now: datetime) -> int:
    """Drop previews nobody confirmed within a day."""
    return tx.execute(
        update(energy_import)
        .where(_i.status == "preview", _i.uploaded_at <= now - KEPT)
        .values(status="dropped", staged=None, faults=None, closed_at=now)
    ).rowcount


def known_codes(tx: Tx) -> dict[str, tuple[int, str]]:
    """Unit and carrier by the platform's code."""
    rows = tx.rows(select(energy_code))
    return {row.code: (row.unit_id, row.carrier) for row in rows}


def set_code(tx: Tx, actor_id: int, code: str, unit_id: int, carrier: str, now: datetime) -> None:
    """Say which unit a platform's meter belongs to and what it measures; what came in before stays where it is."""
    unit = green_units.unit_by_id(tx, unit_id)
    before = tx.row(select(energy_code).where(energy_code.c.code == code))
    row = {"code": code, "unit_id": unit.id, "carrier": carrier, "actor_id": actor_id, "set_at": now}
    tx.upsert(energy_code, [row], key=("code",), replace=("unit_id", "carrier", "actor_id", "set_at"))
    detail: dict[str, Any] = {"unit": unit.id, "carrier": carrier}
    if before:
        detail["instead_of"] = [before.unit_id, before.carrier]
    journal.record(tx, actor_id, "energy.code", f"energy_code:{code}", detail, now)


def _record(
    tx: Tx, actor_id: int, action: str, unit_id: int | None, import_id: int, counts: dict[str, int], now: datetime
) -> None:
    subject = f"unit:{unit_id}" if unit_id else f"energy_import:{import_id}"
    journal.record(tx, actor_id, action, subject, {"file": import_id, **counts}, now)


def _as_mapped_now(tx: Tx, told: Sequence[Told]) -> list[Told]:
    """A code that staff have given to another unit since the preview goes there."""
    codes = known_codes(tx)
    return [
        Told(codes[each.meter][0], codes[each.meter][1], each.month, each.meter, each.milli, each.note)
        for each in told
        if each.meter in codes
    ]


def _row(each: Told) -> tuple[Any, ...]:
    return each.unit_id, each.carrier, each.month, each.meter, each.milli, each.note


def _counts(rows: int, fresh: int, changed: int, same: int, faults: int) -> dict[str, int]:
    return {"rows": rows + faults, "fresh": fresh, "changed": changed, "same": same, "faults": faults}
