"""Reads of trips: one, mine, whether a track is still kept, and its shape as a blurred line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from points_engine.errors import refuse
from points_engine.trips import Fix
from webapp.activities import queries as activities
from webapp.store import Tx
from webapp.trips.lines import Line, blurred
from webapp.trips.sealing import unseal
from webapp.trips.tables import trip, trip_mark, trip_track

FEWEST_MARKS = 10  # below which marks say nothing
MOST_ALIKE = 8  # tenths of the marks; a daily way along one path shares far fewer

KEEP = timedelta(days=30)  # the track after the verdict; the notice promises it
Cursor = tuple[datetime, str]


def one(tx: Tx, member_id: int, trip_id: str) -> Mapping[str, Any]:
    """The member's own trip; raises unknown_trip, also for somebody else's."""
    row = tx.row(select(trip).where(trip.c.member_id == member_id, trip.c.id == trip_id))
    if row is None:
        raise refuse("not_found", "unknown_trip")
    return dict(row._mapping)


def mine(tx: Tx, member_id: int, after: Cursor | None = None, limit: int = 30) -> list[Mapping[str, Any]]:
    """The member's trips, latest start first; `after` is (starts_at, id) of the last one seen."""
    query = (
        select(trip)
        .where(trip.c.member_id == member_id)
        .order_by(trip.c.starts_at.desc(), trip.c.id.desc())
        .limit(limit)
    )
    if after:
        at, last = after
        query = query.where(or_(trip.c.starts_at < at, and_(trip.c.starts_at == at, trip.c.id < last)))
    return [dict(row._mapping) for row in tx.rows(query)]


def track(house: Any, tx: Tx, member_id: int, trip_id: str) -> list[list[Fix]] | None:
    """The fixes while they are kept; for the room itself and for the member's own export."""
    sealed = tx.scalar(
        select(trip_track.c.sealed).where(trip_track.c.member_id == member_id, trip_track.c.id == trip_id)
    )
    return None if sealed is None else unseal(house.settings, member_id, trip_id, sealed)


def tracks(house: Any, tx: Tx, member_id: int) -> dict[str, list[list[Fix]] | None]:
    """All the member's fixes that are still kept, by trip; for the member's own export."""
    rows = tx.rows(select(trip_track).where(trip_track.c.member_id == member_id).order_by(trip_track.c.id))
    return {row.id: unseal(house.settings, member_id, row.id, row.sealed) for row in rows}


def blurred_line(house: Any, tx: Tx, member_id: int, trip_id: str) -> Line | None:
    """The shape of the way, nothing within 200 m of its ends; None when the track is gone or too short.

    For the member's own pages. Staff go through `service.look_at_track`, which is in the journal.
    """
    fixes = track(house, tx, member_id, trip_id)
    return blurred(fixes) if fixes else None


def paid_again(tx: Tx, member_id: int, trip_id: str) -> bool:
    """Whether a later trip of the same member bears the marks of this one and was credited: the same ride, told anew."""
    marks = select(trip_mark.c.mark).where(trip_mark.c.member_id == member_id, trip_mark.c.trip_id == trip_id)
    mine = len(tx.rows(marks))
    if mine < FEWEST_MARKS:
        return False
    act, shared = activities.acts.c, func.count()
    found = (
        select(trip_mark.c.trip_id)
        .join(activities.acts, (act.member_id == trip_mark.c.member_id) & (act.id == trip_mark.c.trip_id))
        .where(
            trip_mark.c.member_id == member_id,
            trip_mark.c.trip_id != trip_id,
            trip_mark.c.mark.in_(marks),
            act.status == "accepted",
            act.grams > 0,
        )
        .group_by(trip_mark.c.trip_id)
        .having(shared * 10 >= mine * MOST_ALIKE)
        .limit(1)
    )
    return bool(tx.rows(found))


def kept_until(record: Mapping[str, Any], act: Mapping[str, Any]) -> datetime | None:
    """When the track of a trip goes; None while it waits for a verdict or an appeal, or has gone."""
    if record["purged_at"] is not None or record["held"] or act["status"] == "pending":
        return None
    judged: datetime = act["decided_at"] or act["recorded_at"]
    return judged + KEEP
