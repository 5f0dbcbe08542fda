"""The end of tracks: thirty days after the verdict they go; distance, duration and keyed hashes stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_, update

from webapp.activities import queries as activities
from webapp.store import Tx
from webapp.store.sweep import Place, sweep
from webapp.trips.queries import KEEP, kept_until
from webapp.trips.tables import trip, trip_track


def purge_tracks(house: Any, now: datetime) -> int:
    """Delete tracks whose act was decided 30 days ago and that no appeal holds; safe to run twice."""
    return sweep(house.store, trip_track, trip_track.c.kept_at <= now - KEEP, lambda tx, old: _purge(tx, old, now))


def _purge(tx: Tx, old: Sequence[Place], now: datetime) -> int:
    # The rows are locked before the acts are read, so that an appeal made meanwhile is either seen or comes after.
    key = tuple_(trip.c.member_id, trip.c.id)
    rows = tx.rows(select(trip).where(key.in_(list(old))).with_for_update())
    acts = activities.by_keys(tx, old)
    due = []
    for row in rows:
        place = (row.member_id, row.id)
        until = kept_until(row._asdict(), acts[place]) if place in acts else now
        if until is not None and until <= now:
            due.append(place)
    if due:
        tx.execute(trip_track.delete().where(tuple_(trip_track.c.member_id, trip_track.c.id).in_(due)))
        tx.execute(update(trip).where(key.in_(due)).values(purged_at=now))
    return len(due)
