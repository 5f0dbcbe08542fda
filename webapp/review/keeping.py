"""Keeping what a case is about: the photo or the track of an act stays as long as somebody looks at it."""

from __future__ import annotations

from webapp.activities import service as activities
from webapp.store import Tx
from webapp.trips import service as trips


def keep(tx: Tx, member_id: int, activity_id: str, held: bool) -> None:
    """Hold the evidence of an act, or let it go its thirty days; twice is the same as once."""
    activities.hold_evidence(tx, member_id, activity_id, held)
    trips.hold_track(tx, member_id, activity_id, held)
