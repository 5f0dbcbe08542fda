"""The end of photos: thirty days after the verdict on their act the row and the files go; the fingerprint stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, tuple_

from points_engine.methodology import Level
from webapp.activities.holds import held_acts
from webapp.activities.tables import activity
from webapp.ledger import service as ledger
from webapp.photos.queries import upload
from webapp.photos.service import remove_photos
from webapp.store import Tx
from webapp.store.sweep import Place, sweep

KEEP = timedelta(days=30)  # room for a question about the verdict; the notice promises it


def purge_photos(house: Any, now: datetime) -> int:
    """Delete photos whose act was decided 30 days ago, or that no act has used for 30 days; safe to run twice."""
    return sweep(house.store, upload, upload.c.created_at <= now - KEEP, lambda tx, old: _purge(tx, old, now))


def _purge(tx: Tx, old: Sequence[Place], now: datetime) -> int:
    """Delete those of `old` that no act needs any more; their members are locked, so that no act begins to."""
    ledger.open_books(tx, {member for member, _ in old}, now)
    needed = _needed(tx, {member for member, _ in old}, now)
    done = [place for place in old if place not in needed]
    remove_photos(tx, done, now)
    return len(done)


def _needed(tx: Tx, members: set[int], now: datetime) -> set[Place]:
    """Photos of acts that still wait for a reviewer, are held, or whose verdict is younger than thirty days."""
    a = activity.c
    young = or_(a.decided_at > now - KEEP, and_(a.decided_at.is_(None), a.recorded_at > now - KEEP))
    held = held_acts(tx, members)
    kept = or_(a.status == "pending", young, tuple_(a.member_id, a.id).in_(sorted(held)))
    rows = tx.rows(
        select(a.member_id, a.evidence).where(
            a.member_id.in_(sorted(members)),
            a.level == Level.PHOTO.value,
            kept,
        )
    )
    return {(row.member_id, upload_id) for row in rows for upload_id in row.evidence}
