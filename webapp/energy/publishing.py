"""Publications 公示: a year frozen with everything it rests on; a correction is the next version with a note, the first stays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from points_engine.errors import Invalid, refuse
from webapp.energy import queries
from webapp.energy.books import accounts
from webapp.energy.figures import again, figures, inputs
from webapp.energy.service import record
from webapp.energy.tables import energy_publication
from webapp.green_units import queries as green_units
from webapp.store import Tx
from webapp.store.types import canonical

_p = energy_publication.c
FROM_ROWS = ("platform", "file", "typed")


def publish(
    tx: Tx, actor_id: int, unit_id: int, year: int, source: str, note: str, now: datetime, *, staff: bool = False
) -> int:
    """Publish a whole year of a unit; its version.

    Raises not_publishing (409) for a company that has not opted in, year_not_whole (409) while months are missing,
    publication_unchanged (409) when nothing differs from the last version, and Invalid note for a later version without one.
    """
    unit, top = queries.seen_by(tx, actor_id, unit_id, staff)
    if unit.id != top.id:
        raise refuse("not_found", "unknown_unit")
    if not queries.publishes(tx, unit):
        raise refuse("conflict", "not_publishing")
    tx.take_turn(f"energy of {unit.id}")
    account = queries.account(tx, unit, year)
    if not account.book.complete(year):
        raise refuse("conflict", "year_not_whole", months=len(account.book.told(year)))
    before = queries.publications(tx, unit.id, year)
    kept, version = inputs(account, year), 1
    told = figures(account.book, account.target, account.quotas(year), year)
    if before:
        version = before[0].version + 1
        if before[0].inputs == kept and before[0].source == source:
            raise refuse("conflict", "publication_unchanged")
        if not note:
            raise Invalid({"note": "required"})
    checksum = checksum_of(unit.id, year, version, kept, told, source, note)
    tx.execute(
        insert(energy_publication).values(
            unit_id=unit.id, year=year, version=version, inputs=kept, figures=told, checksum=checksum, source=source,
            note=note, actor_id=actor_id, published_at=now,
        )
    )  # fmt: skip
    record(tx, actor_id, "energy.publish", unit.id, {"year": year, "version": version, "checksum": checksum}, now)
    return version


def checksum_of(
    unit_id: int, year: int, version: int, kept: Mapping[str, Any], told: Mapping[str, Any], source: str, note: str
) -> str:
    """SHA-256 over everything that a publication says and rests on."""
    return hashlib.sha256(canonical([unit_id, year, version, kept, told, source, note]).encode()).hexdigest()


def publication_audit(tx: Tx) -> list[str]:
    """Work every publication out again: its figures from its inputs, its checksum, and its inputs from the readings of then."""
    faults: list[str] = []
    for row in tx.rows(select(energy_publication).order_by(_p.unit_id, _p.year, _p.version)):
        name = f"energy publication {row.unit_id} {row.year} v{row.version}"
        if again(row.inputs, row.year) != row.figures:
            faults.append(f"{name}: the figures are not those of its inputs")
        expected = checksum_of(row.unit_id, row.year, row.version, row.inputs, row.figures, row.source, row.note)
        if row.checksum != expected:
            faults.append(f"{name}: the checksum does not fit")
        faults += [f"{name}: {key} was not told so" for key in _not_told(tx, row)]
    return faults


def _not_told(tx: Tx, row: Any) -> list[str]:
    """Figures of the unit itself that its readings, as they were on the day, do not give.

    Meters settle their months anew, and parts come and go: those figures are held by the checksum alone.
    """
    unit = green_units.unit_by_id(tx, row.unit_id)
    then = accounts(tx, [unit], row.year - 1, row.year, as_of=row.published_at)[unit.id]
    wrong = []
    for carrier, month, milli, source, parts in row.inputs["cells"]:
        cell = then.cells.get((carrier, month))
        if source in FROM_ROWS and not parts and (cell is None or (cell.source != "meter" and cell.milli != milli)):
            wrong.append(f"{carrier} {month}")
    return wrong
