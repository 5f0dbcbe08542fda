"""Tables of honours: rounds, who meets their criteria, candidates and how they were judged, objections, awards, and the record."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from webapp.store import BigId, JsonText, UtcDateTime, metadata
from webapp.store.fixed import never_changed

honour_round = Table(
    "honour_round",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("honour", String(24), nullable=False),
    Column("year", Integer, nullable=False),
    Column("state", String(10), nullable=False, server_default="draft"),
    # Each with its measure, threshold and, where it needs one, a pledge or a board.
    Column("criteria", JsonText, nullable=False),
    # How many may be awarded; empty for as many as meet the criteria.
    Column("quota", Integer),
    Column("opens_at", UtcDateTime, nullable=False),
    Column("closes_at", UtcDateTime, nullable=False),
    # Working days that the notice stands.
    Column("notice_days", Integer, nullable=False),
    # Where objections can be sent by those who do not sign in.
    Column("objections_to", String(200), nullable=False),
    # Points for each person awarded, out of a fund.
    Column("fund_id", BigInteger),
    Column("reward_points", Integer, nullable=False, server_default=text("0")),
    Column("author_id", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("screened_at", UtcDateTime),
    Column("screen_asked_at", UtcDateTime),
    # How many were looked at.
    Column("screened", Integer, nullable=False, server_default=text("0")),
    # Who put the list forward, who let it be published; who asked for the award, who gave it. Never one person.
    Column("proposed_by", BigInteger),
    Column("proposed_at", UtcDateTime),
    Column("noticed_by", BigInteger),
    Column("notice_from", UtcDateTime),
    Column("notice_until", UtcDateTime),
    Column("asked_by", BigInteger),
    Column("asked_at", UtcDateTime),
    Column("awarded_by", BigInteger),
    Column("awarded_at", UtcDateTime),
    CheckConstraint(
        "state IN ('draft', 'announced', 'open', 'reviewing', 'proposed', 'notice', 'settled', 'asked', 'awarded', "
        "'cancelled')",
        name="state",
    ),
    CheckConstraint("closes_at > opens_at", name="window"),
)
Index(
    "uq_honour_round_year",
    honour_round.c.honour,
    honour_round.c.year,
    unique=True,
    sqlite_where=text("state <> 'cancelled'"),
    postgresql_where=text("state <> 'cancelled'"),
)
Index("ix_honour_round_state", honour_round.c.state, honour_round.c.id)

# Who met every criterion when the round was last screened; of the unit and the person one is 0.
honour_match = Table(
    "honour_match",
    metadata,
    Column("round_id", BigInteger, primary_key=True, autoincrement=False),
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
)

honour_candidate = Table(
    "honour_candidate",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("round_id", BigInteger, nullable=False),
    Column("unit_id", BigInteger, nullable=False, server_default=text("0")),
    Column("member_id", BigInteger, nullable=False, server_default=text("0")),
    Column("state", String(9), nullable=False),
    # By staff or by the candidate itself; who it was.
    Column("by_staff", Boolean, nullable=False),
    Column("nominated_by", BigInteger, nullable=False),
    Column("nominated_at", UtcDateTime, nullable=False),
    Column("statement", String(1000), nullable=False, server_default=""),
    # How it is named in public: its name, a nickname, or not at all; and the name a person wishes to be honoured under.
    Column("shown", String(8), nullable=False),
    Column("own_name", String(40), nullable=False, server_default=""),
    Column("reason", String(400), nullable=False, server_default=""),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime),
    # Which of its evaluations the notice and the award rest on.
    Column("evaluation", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("round_id", "unit_id", "member_id"),
    CheckConstraint(
        "state IN ('nominated', 'withdrawn', 'declined', 'accepted', 'removed', 'awarded', 'revoked')", name="state"
    ),
    CheckConstraint("shown IN ('name', 'nickname', 'none')", name="shown"),
    CheckConstraint("(unit_id = 0) <> (member_id = 0)", name="one_subject"),
)
Index("ix_honour_candidate_member_id", honour_candidate.c.member_id, honour_candidate.c.round_id)
Index("ix_honour_candidate_unit_id", honour_candidate.c.unit_id, honour_candidate.c.round_id)
Index("ix_honour_candidate_state", honour_candidate.c.round_id, honour_candidate.c.state, honour_candidate.c.id)

# Each time a candidate was judged: the whole working as text, and its checksum.
honour_evaluation = Table(
    "honour_evaluation",
    metadata,
    Column("candidate_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("eligible", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

honour_objection = Table(
    "honour_objection",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("candidate_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("round_id", BigInteger, nullable=False),
    Column("state", String(9), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("evidence", String(1000), nullable=False, server_default=""),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime),
    Column("answer", String(400), nullable=False, server_default=""),
    CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name="state"),
)
Index(
    "ix_honour_objection_open",
    honour_objection.c.round_id,
    honour_objection.c.candidate_id,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)
Index("ix_honour_objection_candidate_id", honour_objection.c.candidate_id, honour_objection.c.opened_at)

honour_award = Table(
    "honour_award",
    metadata,
    Column("candidate_id", BigInteger, primary_key=True, autoincrement=False),
    Column("round_id", BigInteger, nullable=False),
    # Printed on the certificate; the code is what nobody can guess.
    Column("number", String(24), nullable=False, unique=True),
    Column("code", String(24), nullable=False, unique=True),
    # The name as it stood when the honour was given; empty for somebody who is not named.
    Column("name", String(60), nullable=False),
    Column("awarded_at", UtcDateTime, nullable=False),
    Column("points_state", String(6), nullable=False, server_default="none"),
    # Taking it back: asked for by one person, decided by another.
    Column("revoke_reason", String(400), nullable=False, server_default=""),
    Column("revoke_asked_by", BigInteger),
    Column("revoke_asked_at", UtcDateTime),
    Column("revoked_by", BigInteger),
    Column("revoked_at", UtcDateTime),
    CheckConstraint("points_state IN ('none', 'due', 'paid', 'dry', 'frozen')", name="points_state"),
)
Index("ix_honour_award_round_id", honour_award.c.round_id, honour_award.c.candidate_id)
Index(
    "ix_honour_award_due",
    honour_award.c.round_id,
    sqlite_where=text("points_state = 'due'"),
    postgresql_where=text("points_state = 'due'"),
)

# What happened to an award, one row each, never changed and never deleted.
honour_record = Table(
    "honour_record",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("candidate_id", BigInteger, nullable=False),
    Column("what", String(16), nullable=False),
    Column("actor_id", BigInteger),
    Column("reason", String(400), nullable=False, server_default=""),
    Column("at", UtcDateTime, nullable=False),
)
Index("ix_honour_record_candidate_id", honour_record.c.candidate_id, honour_record.c.id)

never_changed(honour_record, "the record of honours is never changed")
