"""Tables of activities: the acts and what they use of caps, what acts rest on, and what is held for review."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from webapp.store import JsonText, UtcDateTime, metadata

activity = Table(
    "activity",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("behaviour", String(24), nullable=False),
    Column("version", String(12), nullable=False),
    # Thousandths of the behaviour's unit: claimed, and what of it was credited.
    Column("quantity_milli", BigInteger, nullable=False),
    Column("credited_milli", BigInteger, nullable=False),
    Column("inputs", JsonText, nullable=False),
    Column("level", String(8), nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("status", String(8), nullable=False),
    Column("grams", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("reasons", JsonText, nullable=False),
    Column("evidence", JsonText, nullable=False),
    # What the act uses of caps, and what it marks as done, by scope and period; what stands is their sum.
    Column("counters", JsonText, nullable=False),
    Column("facts", String(64), nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", BigInteger),
    Column("note", String(200)),
    # Of a partner's act, which rests on the partner's word: who told it, and what they call the event.
    Column("source", String(40)),
    Column("natural", String(80)),
    CheckConstraint("grams >= 0 AND points >= 0", name="worth_not_negative"),
    CheckConstraint("status IN ('accepted', 'pending', 'rejected', 'undone')", name="status"),
)
Index("ix_activity_day", activity.c.member_id, activity.c.occurred_on, activity.c.recorded_at)
# A partner's act is numbered by its event: what was told once is known for ever, whoever brings it.
told = text('"natural" IS NOT NULL')
Index("uq_activity_event", activity.c.id, unique=True, sqlite_where=told, postgresql_where=told)
# Reviewers' jobs read what was recorded lately.
Index("ix_activity_recorded_at", activity.c.recorded_at)
Index(
    "ix_activity_pending",
    activity.c.recorded_at,
    sqlite_where=text("status = 'pending'"),
    postgresql_where=text("status = 'pending'"),
)

# What a trip, a scan or a meter shows; its id is the act's. What a source has told once is known for ever.
proof = Table(
    "proof",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("level", String(8), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("source", String(40), nullable=False),
    Column("natural", String(80)),
    # The time a recording covers.
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    UniqueConstraint("source", "natural"),
    CheckConstraint("verdict IN ('accept', 'review', 'reject')", name="verdict"),
)
Index(
    "ix_proof_span",
    proof.c.member_id,
    proof.c.ends_at,
    sqlite_where=text("ends_at IS NOT NULL"),
    postgresql_where=text("ends_at IS NOT NULL"),
)

# Behaviours that a member's meter measures, and from when.
displaced = Table(
    "displaced",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("behaviour", String(24), primary_key=True),
    Column("since", Date, nullable=False),
    Column("until", Date),
)

# Acts whose evidence must stay while somebody looks at it again.
evidence_hold = Table(
    "evidence_hold",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("activity_id", Uuid(as_uuid=False), primary_key=True),
)

# Members whose photos no longer earn by themselves: their acts with a photo wait for a person.
photo_stop = Table(
    "photo_stop",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", UtcDateTime, nullable=False),
)
