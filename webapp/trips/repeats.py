"""Whether a recording has been handed in before, or how many rode along: asked of the marks, then of the tracks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select

from points_engine.trips import Fix
from points_engine.trips.crossings import Asked, Likeness
from points_engine.trips.marks import marks
from points_engine.trips.replay import MOST_COMPANIONS, by_marks, compare
from webapp.activities import queries as activities
from webapp.store import Tx
from webapp.trips.sealing import mark_key, unseal
from webapp.trips.tables import trip, trip_mark, trip_track

MOST_CANDIDATES = 40
SHARED_RIDES = ("bus", "shuttle")  # whose passengers are many and honest

Key = tuple[int, str]


class Repeats:
    """The comparison of one recording with those before it; may be asked again, and then only about newcomers."""

    def __init__(self, settings: Any, member_id: int, segments: Sequence[Sequence[Fix]], mode: str) -> None:
        self.marks = marks(segments, mark_key(settings))
        self._asked = Asked(segments, mark_key(settings))
        self.kept_marks = sorted({mark.kept for mark in self.marks})
        self.pairs = sum(1 for mark in self.marks if not mark.alone)
        self._settings = settings
        self._member_id = member_id
        self._segments = segments
        self._mode = mode
        self._seen: dict[Key, Likeness] = {}

    @property
    def copied(self) -> bool:
        return any(likeness == "copy" for likeness in self._seen.values())

    @property
    def crossings(self) -> bytes:
        """What is kept of this recording beside the marks, to hold later ones against."""
        return self._asked.sketch

    @property
    def unclear(self) -> bool:
        """So like another that it may be a copy with noise, of which too few fixes are there to tell."""
        return "unclear" in self._seen.values()

    @property
    def crowded(self) -> bool:
        """More people on one ride than can be friends."""
        beside = {member for (member, _), likeness in self._seen.items() if likeness == "together"}
        return self._mode not in SHARED_RIDES and len(beside - {self._member_id}) > MOST_COMPANIONS

    def look(self, tx: Tx) -> None:
        """Compare with every trip that shares enough marks and was not compared yet."""
        if self.copied:
            return
        found = [row for row in self._candidates(tx) if (row.member_id, row.trip_id) not in self._seen]
        for row in found:
            self._seen[(row.member_id, row.trip_id)] = self._likeness(tx, row)
            if self.copied:
                return

    def _candidates(self, tx: Tx) -> Sequence[Any]:
        asked = sorted({number for mark in self.marks for number in mark[:2]})
        if not asked:
            return []
        shared = func.count().label("shared")
        m = trip_mark.c
        # What is forgiven is left out before the best are taken: otherwise it would crowd out what was paid.
        counts = or_(m.member_id != self._member_id, m.trip_id.not_in(self._forgiven()))
        best = (
            select(m.member_id, m.trip_id, shared)
            .where(m.mark.in_(asked), counts)
            .group_by(m.member_id, m.trip_id)
            .order_by(shared.desc(), m.member_id, m.trip_id)
            .limit(MOST_CANDIDATES)
            .subquery()
        )
        return tx.rows(
            select(best.c.member_id, best.c.trip_id, best.c.shared, trip.c.marks, trip.c.crossings, trip_track.c.sealed)
            .join(trip, (trip.c.member_id == best.c.member_id) & (trip.c.id == best.c.trip_id))
            .outerjoin(
                trip_track,
                (trip_track.c.member_id == best.c.member_id) & (trip_track.c.id == best.c.trip_id),
            )
            .order_by(best.c.shared.desc(), best.c.member_id, best.c.trip_id)
        )

    def _forgiven(self) -> Select[Any]:
        """One's own trips that do not count, by the judge's word or taken back: they may be sent again as something else.

        A trip that an appeal has credited after all does count.
        """
        act = activities.acts.c
        refused = (trip.c.verdict == "reject") & (act.status == "rejected")
        taken_back = (act.status == "undone") & act.decided_by.is_(None)  # not after a person had refused it
        return (
            select(trip.c.id)
            .join(activities.acts, (act.member_id == trip.c.member_id) & (act.id == trip.c.id))
            .where(trip.c.member_id == self._member_id, or_(refused, taken_back))
        )

    def _likeness(self, tx: Tx, row: Any) -> Likeness:
        other = None if row.sealed is None else unseal(self._settings, row.member_id, row.trip_id, row.sealed)
        if other is not None:
            return compare(self._segments, other)
        if row.crossings is not None:
            return self._asked.likeness(row.crossings)
        return by_marks(row.shared, self.pairs, row.marks)
