"""Tables of meters: the meter, its readings, use and saving by month, and the park's temperatures."""

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
    UniqueConstraint,
    Uuid,
    text,
)

from webapp.store import JsonText, UtcDateTime, metadata

# member_id 0: the meter belongs to a green unit and to nobody in person.
meter = Table(
    "meter",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("unit_id", BigInteger),
    Column("kind", String(12), nullable=False),
    # The number itself is not kept: a keyed fingerprint finds it again, four digits are shown.
    Column("number_hash", String(64), nullable=False),
    Column("last4", String(4), nullable=False),
    Column("digits", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("electric_heating", Boolean, nullable=False),
    # Known only by the usage of a file, not by what its register shows.
    Column("by_usage", Boolean, nullable=False),
    # How many devices have hung here before this one.
    Column("register", Integer, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("created_at", UtcDateTime, nullable=False),
    # Its readings have changed since its months were last settled.
    Column("due", Boolean, nullable=False),
    CheckConstraint("(member_id = 0) = (unit_id IS NOT NULL)", name="one_owner"),
)
Index(
    "uq_meter_bound",
    meter.c.kind,
    meter.c.number_hash,
    unique=True,
    sqlite_where=text("closed_on IS NULL"),
    postgresql_where=text("closed_on IS NULL"),
)
Index("ix_meter_unit_id", meter.c.unit_id)
Index("ix_meter_due", meter.c.member_id, meter.c.id, sqlite_where=text("due"), postgresql_where=text("due"))

reading = Table(
    "reading",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("meter_id", Uuid(as_uuid=False), primary_key=True),
    Column("register", Integer, primary_key=True),
    Column("read_on", Date, primary_key=True),
    Column("value_milli", BigInteger, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("support", String(8), nullable=False),
    Column("upload_id", Uuid(as_uuid=False)),
    Column("recorded_at", UtcDateTime, nullable=False),
    CheckConstraint("value_milli >= 0", name="not_negative"),
    CheckConstraint("support IN ('photo', 'file', 'none')", name="support"),
    UniqueConstraint("member_id", "upload_id"),
)

month_use = Table(
    "month_use",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("meter_id", Uuid(as_uuid=False), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("size", String(1), nullable=False),
    Column("days", Integer, nullable=False),
    Column("use_milli", BigInteger, nullable=False),
    Column("measured", Boolean, nullable=False),
)
Index("ix_month_use_peers", month_use.c.month, month_use.c.kind, month_use.c.size)

saving = Table(
    "saving",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("meter_id", Uuid(as_uuid=False), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("outcome", String(12), nullable=False),
    Column("saved_milli", BigInteger, nullable=False),
    Column("working", JsonText, nullable=False),
    Column("activity_id", Uuid(as_uuid=False)),
    # Why no act could be made of it, as a code; empty when there is nothing to say.
    Column("refusal", String(40), nullable=False),
    Column("settled_at", UtcDateTime, nullable=False),
    CheckConstraint("saved_milli >= 0", name="not_negative"),
)

temperature = Table(
    "temperature",
    metadata,
    Column("station", String(40), primary_key=True),
    Column("period", String(10), primary_key=True),  # 2026-10 or 2026-10-05
    Column("mean_milli", Integer, nullable=False),
    Column("source", String(120), nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
)
