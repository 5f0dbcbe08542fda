"""The end of tracks: thirty days after the verdict they go; distance, duration and keyed hashes stay."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, tuple_, update

from webapp.activities import queries as activities
from webapp.store import Tx
from webapp.trips.queries import KEEP, kept_until
from webapp.trips.tables import trip, trip_track

BATCH = 200

Place = tuple[int, str]
START: Place = (0, str(uuid.UUID(int=0)))


def purge_tracks(house: Any, now: datetime) -> int:
    """Delete tracks whose act was decided 30 days ago and that no appeal holds; safe to run twice."""
    gone, after = 0, START
    while True:
        with house.store.read() as tx:
            old = _old(tx, after, now)
        if not old:
            return gone
        gone += house.store.retrying(lambda tx, old=old: _purge(tx, old, now))
        after = old[-1]


def _old(tx: Tx, after: Place, now: datetime) -> list[Place]:
    t, (member, last) = trip_track.c, after
    rows = tx.rows(
        select(t.member_id, t.id)
        .where(or_(t.member_id > member, and_(t.member_id == member, t.id > last)), t.kept_at <= now - KEEP)
        .order_by(t.member_id, t.id)
        .limit(BATCH)
    )
    return [(row.member_id, row.id) for row in rows]


def _purge(tx: Tx, old: Sequence[Place], now: datetime) -> int:
    # The rows are locked before the acts are read, so that an appeal made meanwhile is either seen or comes after.
    key = tuple_(trip.c.member_id, trip.c.id)
    rows = tx.rows(select(trip).where(key.in_(list(old))).with_for_update())
    acts = activities.by_keys(tx, old)
    due = []
    for row in rows:
        place = (row.member_id, row.id)
        until = kept_until(row._mapping, acts[place]) if place in acts else now
        if until is not None and until <= now:
            due.append(place)
    if due:
        tx.execute(trip_track.delete().where(tuple_(trip_track.c.member_id, trip_track.c.id).in_(due)))
        tx.execute(update(trip).where(key.in_(due)).values(purged_at=now))
    return len(due)
