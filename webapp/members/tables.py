"""Tables of members: the person, roles, sessions, codes, failed sign-ins, consents, feedback."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from webapp.store import BigId, UtcDateTime, metadata

ROLES = ("unit_admin", "merchant", "reviewer", "editor", "auditor", "administrator")

member = Table(
    "member",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    # What other people and addresses see in place of the number.
    Column("public_id", String(16), nullable=False, unique=True),
    Column("login", String(32), unique=True),
    # HMAC of the number, to look it up; the number itself is encrypted.
    Column("phone_hash", String(64), unique=True),
    Column("phone_cipher", Text),
    Column("password_hash", Text),
    Column("nickname", String(32), nullable=False),
    Column("status", String(8), nullable=False, server_default="active"),
    Column("board_opt_out", Boolean, nullable=False, server_default=text("false")),
    Column("lang", String(5)),
    Column("theme", String(5), nullable=False, server_default="auto"),
    Column("elder", Boolean, nullable=False, server_default=text("false")),
    Column("age_14_confirmed_at", UtcDateTime),
    Column("goal_g_month", Integer, nullable=False, server_default=text("20000")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
    CheckConstraint("status IN ('active', 'frozen', 'left')", name="status"),
    CheckConstraint("goal_g_month > 0", name="goal"),
)
# The few who are not active are asked for whenever boards are scored.
Index(
    "ix_member_inactive",
    member.c.id,
    sqlite_where=text("status <> 'active'"),
    postgresql_where=text("status <> 'active'"),
)

# unit_id and merchant_id are 0 where the role has no such scope, so that the key has no holes.
role_grant = Table(
    "role_grant",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("role", String(16), primary_key=True),
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False, server_default=text("0")),
    Column("merchant_id", BigInteger, primary_key=True, autoincrement=False, server_default=text("0")),
    Column("granted_at", UtcDateTime, nullable=False),
    CheckConstraint(
        "role IN ('unit_admin', 'merchant', 'reviewer', 'editor', 'auditor', 'administrator')", name="role"
    ),
)
Index("ix_role_grant_role", role_grant.c.role)
Index("ix_role_grant_unit_id", role_grant.c.unit_id)
Index("ix_role_grant_merchant_id", role_grant.c.merchant_id)

# The token itself starts with the member's number, so that the look-up names the member first.
session = Table(
    "session",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_hash", String(64), primary_key=True),
    Column("public_id", String(16), nullable=False),
    Column("kind", String(4), nullable=False),
    Column("device", String(80), nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("stepped_up_at", UtcDateTime),
    CheckConstraint("kind IN ('web', 'api')", name="kind"),
)
Index("ix_session_expires_at", session.c.expires_at)

otp = Table(
    "otp",
    metadata,
    Column("phone_hash", String(64), primary_key=True),
    Column("purpose", String(10), primary_key=True),
    Column("code_hash", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    # How many codes went to this number on this local day.
    Column("day", Date, nullable=False),
    Column("sent", Integer, nullable=False),
)
Index("ix_otp_expires_at", otp.c.expires_at)

# Attempts in a window, counted before the password is looked at; success takes its own back.
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("since", UtcDateTime, primary_key=True),
    Column("count", Integer, nullable=False),
)
Index("ix_sign_in_failure_since", sign_in_failure.c.since)

# One row a "yes" to a version of a purpose; taking it back dates the row and keeps it as proof.
consent = Table(
    "consent",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("purpose", String(16), primary_key=True),
    Column("given_at", UtcDateTime, primary_key=True),
    Column("version", String(10), nullable=False),
    Column("withdrawn_at", UtcDateTime),
)

# An account that a guardian keeps for somebody under fourteen: no place, no rank, no rewards of its own.
# The row goes on the day `until`, the first after the month in which they turn fourteen.
child = Table(
    "child",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guardian_id", BigInteger, nullable=False),
    Column("until", Date, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("ix_child_guardian_id", child.c.guardian_id)

feedback = Table(
    "feedback",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("member_id", BigInteger),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
Index("ix_feedback_member_id", feedback.c.member_id)

admin_token = Table(
    "admin_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)
