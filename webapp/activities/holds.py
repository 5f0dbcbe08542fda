"""Two switches that review sets on evidence: keep it while somebody looks again, and let no photo earn by itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from webapp.activities.tables import evidence_hold, photo_stop
from webapp.ledger import service as ledger
from webapp.store import Tx


def hold_evidence(tx: Tx, member_id: int, activity_id: str, held: bool) -> None:
    """Keep (or no longer keep) the evidence of an act beyond its thirty days; twice is the same as once."""
    if held:
        row = {"member_id": member_id, "activity_id": activity_id}
        tx.upsert(evidence_hold, [row], key=("member_id", "activity_id"))
        return
    tx.execute(
        evidence_hold.delete().where(evidence_hold.c.member_id == member_id, evidence_hold.c.activity_id == activity_id)
    )


def held_acts(tx: Tx, member_ids: Collection[int]) -> set[tuple[int, str]]:
    """(member, act) of these members whose evidence must stay."""
    if not member_ids:
        return set()
    rows = tx.rows(select(evidence_hold).where(evidence_hold.c.member_id.in_(sorted(member_ids))))
    return {(row.member_id, row.activity_id) for row in rows}


def stop_photos(tx: Tx, member_id: int, stopped: bool, now: datetime) -> None:
    """From now on the member's acts with a photo wait for a person, or no longer do."""
    ledger.open_books(tx, [member_id], now)  # an act that is being logged is finished before, or sees it
    if stopped:
        tx.upsert(photo_stop, [{"member_id": member_id, "since": now}], key=("member_id",))
    else:
        tx.execute(photo_stop.delete().where(photo_stop.c.member_id == member_id))


def forget(tx: Tx, member_id: int) -> None:
    """The member leaves: nothing is held or stopped any more."""
    for table in (evidence_hold, photo_stop):
        tx.execute(table.delete().where(table.c.member_id == member_id))
