"""The end of photos: thirty days after the verdict on their act the row and the files go; the fingerprint stays."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, tuple_

from points_engine.methodology import Level
from webapp import jobs
from webapp.activities.holds import held_acts
from webapp.activities.tables import activity, upload
from webapp.ledger import service as ledger
from webapp.store import Tx

KEEP = timedelta(days=30)  # room for a question about the verdict; the notice promises it
BATCH = 200

Place = tuple[int, str]
START: Place = (0, str(uuid.UUID(int=0)))


def purge_photos(house: Any, now: datetime) -> int:
    """Delete photos whose act was decided 30 days ago, or that no act has used for 30 days; safe to run twice."""
    gone, after = 0, START
    while True:
        with house.store.read() as tx:
            old = _old(tx, after, now)
        if not old:
            return gone
        gone += house.store.retrying(lambda tx, old=old: _purge(tx, old, now))
        after = old[-1]


def _old(tx: Tx, after: Place, now: datetime) -> list[Place]:
    u, (member, last) = upload.c, after
    rows = tx.rows(
        select(u.member_id, u.id)
        .where(or_(u.member_id > member, and_(u.member_id == member, u.id > last)))
        .where(u.created_at <= now - KEEP)
        .order_by(u.member_id, u.id)
        .limit(BATCH)
    )
    return [(row.member_id, row.id) for row in rows]


def _purge(tx: Tx, old: Sequence[Place], now: datetime) -> int:
    """Delete those of `old` that no act needs any more; their members are locked, so that no act begins to."""
    ledger.open_books(tx, {member for member, _ in old}, now)
    needed = _needed(tx, {member for member, _ in old}, now)
    done = [place for place in old if place not in needed]
    if done:
        tx.execute(upload.delete().where(tuple_(upload.c.member_id, upload.c.id).in_(done)))
    for _, upload_id in done:
        jobs.enqueue(tx, "photo.remove", {"id": upload_id}, f"remove:{upload_id}", now)
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
