"""Use cases of the public ledger: enter a year's value of an indicator, count the platform's sums."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert

from points_engine.methodology import Catalogue
from webapp.journal import service as journal
from webapp.public_ledger import queries
from webapp.public_ledger.counting import count
from webapp.public_ledger.forms import Entry
from webapp.public_ledger.tables import indicator_value, public_count
from webapp.store import Tx


def enter_value(tx: Tx, actor_id: int, no: int, entry: Entry, now: datetime) -> bool:
    """Write a year's value beside earlier ones; False when the newest one says the same already.

    Raises unknown_indicator (404).
    """
    queries.known(no)
    newest = queries.values_of(tx, no).get(entry.year)
    if newest and (newest.value, newest.source, newest.note) == (entry.value, entry.source, entry.note):
        return False
    tx.execute(
        insert(indicator_value).values(
            indicator=no,
            year=entry.year,
            value=entry.value,
            source=entry.source,
            note=entry.note,
            actor_id=actor_id,
            entered_at=now,
        )
    )
    detail: dict[str, Any] = {"year": entry.year, "value": entry.value}
    if newest:
        detail["instead_of"] = newest.value
    journal.record(tx, actor_id, "indicator.enter", f"indicator:{no}", detail, now)
    return True


def keep_count(tx: Tx, catalogue: Catalogue, now: datetime) -> None:
    """Count everything for the public page, in place of the last count."""
    figures = count(tx, catalogue, now)
    tx.execute(delete(public_count))
    tx.execute(insert(public_count).values(id=1, as_of=now, figures=figures))
