"""Tables of green units: the units (departments are units with a parent) and dated memberships."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    text,
)

from webapp.store import BigId, UtcDateTime, metadata

KINDS = ("enterprise", "public_body", "community", "family")

green_unit = Table(
    "green_unit",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("kind", String(12), nullable=False),
    Column("name", String(60), nullable=False),
    # What boards show; for a family the nickname it chose.
    Column("short_name", String(24), nullable=False),
    # Departments have none: people join the unit and name their department.
    Column("join_code", String(8), unique=True),
    Column("status", String(8), nullable=False, server_default="active"),
    Column("parent_id", BigInteger().with_variant(Integer(), "sqlite"), ForeignKey("green_unit.id")),
    # Families appear on boards only when they say so; other units always may.
    Column("on_boards", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", UtcDateTime, nullable=False),
    # Counts changes the boards must read; behind it they are stale.
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("scored_version", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("kind IN ('enterprise', 'public_body', 'community', 'family')", name="kind"),
    CheckConstraint("status IN ('active', 'closed')", name="status"),
)
Index("ix_green_unit_parent_id", green_unit.c.parent_id)
Index(
    "ix_green_unit_stale",
    green_unit.c.id,
    sqlite_where=text("scored_version < version"),
    postgresql_where=text("scored_version < version"),
)

# A person belonged to the unit on every day from joined_on up to the day before left_on.
membership = Table(
    "membership",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(32), primary_key=True),
    Column("unit_id", BigInteger().with_variant(Integer(), "sqlite"), ForeignKey("green_unit.id"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("department_id", BigInteger().with_variant(Integer(), "sqlite"), ForeignKey("green_unit.id")),
    Column("joined_on", Date, nullable=False),
    Column("left_on", Date),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("scored_version", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="dates"),
)
Index(
    "uq_membership_open",
    membership.c.member_id,
    membership.c.kind,
    unique=True,
    sqlite_where=text("left_on IS NULL"),
    postgresql_where=text("left_on IS NULL"),
)
Index("ix_membership_unit_id", membership.c.unit_id, membership.c.member_id)
Index(
    "ix_membership_stale",
    membership.c.member_id,
    sqlite_where=text("scored_version < version"),
    postgresql_where=text("scored_version < version"),
)

# Wrong join codes of the current hour, so that codes cannot be guessed.
wrong_code = Table(
    "wrong_join_code",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
)
