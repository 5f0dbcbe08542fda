"""Tables of review: cases for a person to decide, where members stand, what was odd, and how far screening has come."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Uuid, text

from webapp.store import UtcDateTime, metadata

# A case is about one act: the one that waits, was drawn, raised the sum over the line, or is appealed.
review_case = Table(
    "review_case",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(8), primary_key=True),
    Column("activity_id", Uuid(as_uuid=False), primary_key=True),
    # Made of the three above; what addresses and callers see.
    Column("id", Uuid(as_uuid=False), nullable=False),
    Column("cause", String(12), nullable=False),
    Column("score", Integer, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("opened_month", String(7), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("state", String(10), nullable=False),
    # What the member says in an appeal, and whose verdict it is about: somebody else answers.
    Column("words", String(500)),
    Column("against", BigInteger),
    # Where two must agree: what the first said, and the second who did not.
    Column("first_by", BigInteger),
    Column("first_at", UtcDateTime),
    Column("first_word", String(8)),
    Column("first_reason", String(16)),
    Column("first_note", String(200)),
    Column("second_by", BigInteger),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime),
    Column("decision", String(8)),
    Column("reason", String(16)),
    Column("note", String(200)),
    Column("month", String(7)),
    Column("took_days", Integer),
    CheckConstraint("kind IN ('pending', 'sample', 'risk', 'appeal')", name="kind"),
    CheckConstraint("state IN ('open', 'first_said', 'split', 'decided', 'void')", name="state"),
)
Index("ix_review_case_id", review_case.c.id)
Index(
    "ix_review_case_open",
    review_case.c.kind,
    review_case.c.due_at,
    sqlite_where=text("decided_at IS NULL"),
    postgresql_where=text("decided_at IS NULL"),
)
Index("ix_review_case_month", review_case.c.month, review_case.c.kind, review_case.c.decision, review_case.c.took_days)
Index("ix_review_case_opened_month", review_case.c.opened_month, review_case.c.kind)

# No row: the member is normal, or so new that every act with evidence is looked at.
reputation = Table(
    "reputation",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
    Column("outcomes", String(20), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    CheckConstraint("state IN ('normal', 'trusted', 'tightened', 'stopped')", name="state"),
)

risk_signal = Table(
    "risk_signal",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("code", String(20), primary_key=True),
    # What makes it natural: the act, the minute, the week. The same thing seen again is one signal.
    Column("mark", String(40), primary_key=True),
    Column("activity_id", Uuid(as_uuid=False)),
    Column("weight", Integer, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)
Index("ix_risk_signal_seen_at", risk_signal.c.seen_at)

# One row: acts recorded up to here have been looked through.
screening = Table(
    "screening",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("until", UtcDateTime, nullable=False),
)
