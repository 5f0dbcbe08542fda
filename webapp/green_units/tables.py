"""Tables of green units: units and the parts within them, dated memberships, lists of employees, requests to join."""

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
    Text,
    text,
)

from webapp.store import BigId, JsonText, UtcDateTime, metadata

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
    # The unit that a part stands in, however deep; none for the unit itself.
    Column("top_id", BigInteger),
    # Whether an administrator has to let people in who come by the code.
    Column("needs_approval", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("kind IN ('enterprise', 'public_body', 'community', 'family')", name="kind"),
    CheckConstraint("status IN ('active', 'closed')", name="status"),
)
Index("ix_green_unit_parent_id", green_unit.c.parent_id)
Index("ix_green_unit_top_id", green_unit.c.top_id)
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

# A list of employees as it was uploaded: first a preview, then confirmed at once or dropped.
roster_import = Table(
    "roster_import",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("unit_id", BigInteger, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("file_name", String(80), nullable=False),
    Column("checksum", String(64), nullable=False),
    # 'listed' invites and moves, 'left' ends.
    Column("mode", String(6), nullable=False),
    Column("status", String(9), nullable=False, server_default="preview"),
    Column("counts", JsonText, nullable=False),
    # The lines to be confirmed, and the faulty ones, sealed; both go when it is confirmed, dropped or a day old.
    Column("staged", Text),
    Column("faults_sealed", Text),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    CheckConstraint("mode IN ('listed', 'left')", name="mode"),
    CheckConstraint("status IN ('preview', 'confirmed', 'dropped')", name="status"),
)
Index("ix_roster_import_unit_id", roster_import.c.unit_id, roster_import.c.id)

# One line of a unit's list: a number's keyed hash and its last digits, never the number and never a name.
roster_entry = Table(
    "roster_entry",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("ref_hash", String(64), primary_key=True),
    Column("kind", String(6), nullable=False),
    Column("tail", String(4), nullable=False),
    Column("department_id", BigInteger),
    Column("status", String(8), nullable=False),
    # Who joined through this line; everybody else on it has not agreed to anything.
    Column("member_id", BigInteger),
    Column("listed_at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('phone', 'number')", name="kind"),
    CheckConstraint("status IN ('invited', 'joined', 'declined', 'left')", name="status"),
)
Index("ix_roster_entry_ref_hash", roster_entry.c.ref_hash)
Index("ix_roster_entry_member_id", roster_entry.c.member_id)

# Somebody who came by the code of a unit that lets people in one by one.
join_request = Table(
    "join_request",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("department_id", BigInteger),
    # The employee number they gave: whether it is on the list, and its end.
    Column("listed", Boolean, nullable=False, server_default=text("false")),
    Column("tail", String(4), nullable=False, server_default=""),
    Column("asked_at", UtcDateTime, nullable=False),
)
Index("ix_join_request_unit_id", join_request.c.unit_id, join_request.c.member_id)
