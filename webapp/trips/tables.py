"""Tables of trips: the verdicts, the sealed tracks while they are kept, and the marks that outlive them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    false,
)

from webapp.store import JsonText, UtcDateTime, metadata

# Its id is the id of the act that the trip is evidence for.
trip = Table(
    "trip",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("source", String(8), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("reasons", JsonText, nullable=False),
    Column("distance_m", Integer, nullable=False),
    Column("duration_s", Integer, nullable=False),
    Column("moving_s", Integer, nullable=False),
    # Figures of the judge; none of them tells where the trip was.
    Column("figures", JsonText, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    # A keyed digest of what was sent, so that the same id twice can be told from another trip.
    Column("told", String(64), nullable=False),
    Column("marks", Integer, nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    # An open appeal keeps the track.
    Column("held", Boolean, nullable=False, server_default=false()),
    Column("purged_at", UtcDateTime),
    # Keyed hashes of the lines it crossed, each with its moment masked by another: knows a recording again without its
    # track. Empty in trips from before they were kept.
    Column("crossings", LargeBinary),
    CheckConstraint("verdict IN ('accept', 'review', 'reject')", name="verdict"),
)
Index("ix_trip_mine", trip.c.member_id, trip.c.starts_at)

# Encrypted; gone thirty days after the verdict.
trip_track = Table(
    "trip_track",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
)
Index("ix_trip_track_kept_at", trip_track.c.kept_at)

# Keyed hashes of pairs of coarse cells with the time between them: asked for by mark, across members.
trip_mark = Table(
    "trip_mark",
    metadata,
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", BigInteger, primary_key=True),
    Column("trip_id", Uuid(as_uuid=False), primary_key=True),
)
Index("ix_trip_mark_trip", trip_mark.c.member_id, trip_mark.c.trip_id)
