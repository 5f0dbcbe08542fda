"""Tables of units' energy: sizes, readings, imports, targets, quotas, publications, scores and letters; rows are added, not changed."""

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
    UniqueConstraint,
)

from webapp.store import BigId, JsonText, UtcDateTime, metadata

# Floor area in thousandths of a m², heads in thousandths of a person: the latest row that began by a day holds on it.
energy_size = Table(
    "energy_size",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("unit_id", BigInteger, nullable=False),
    Column("what", String(5), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("value_milli", BigInteger, nullable=False),
    Column("source", String(200), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    CheckConstraint("what IN ('area', 'heads')", name="what"),
    CheckConstraint("value_milli > 0", name="positive"),
)
Index("ix_energy_size_unit_id", energy_size.c.unit_id, energy_size.c.what, energy_size.c.from_on)

# One figure of a month; a correction is the next version, the earlier one stays. Meter '' is the unit's total.
energy_reading = Table(
    "energy_reading",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("month", String(7), primary_key=True),
    Column("carrier", String(11), primary_key=True),
    Column("source", String(8), primary_key=True),
    Column("meter", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("value_milli", BigInteger, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("import_id", BigInteger),
    Column("actor_id", BigInteger, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    CheckConstraint("value_milli >= 0", name="not_negative"),
    CheckConstraint("source IN ('platform', 'file', 'typed')", name="source"),
)

# A file as it was uploaded: a preview first, then confirmed whole or dropped. No unit: the park's energy platform.
energy_import = Table(
    "energy_import",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("unit_id", BigInteger),
    Column("actor_id", BigInteger, nullable=False),
    Column("file_name", String(80), nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("status", String(9), nullable=False, server_default="preview"),
    Column("counts", JsonText, nullable=False),
    Column("staged", Text),
    Column("faults", JsonText),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    CheckConstraint("status IN ('preview', 'confirmed', 'dropped')", name="status"),
)
Index("ix_energy_import_unit_id", energy_import.c.unit_id, energy_import.c.id)

# Which unit (or part of one) a meter code of the park's energy platform stands for, and what it measures.
energy_code = Table(
    "energy_code",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("unit_id", BigInteger, nullable=False),
    Column("carrier", String(11), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
Index("ix_energy_code_unit_id", energy_code.c.unit_id)

# The newest row of a unit is its target; points are exact numbers as text by year.
energy_target = Table(
    "energy_target",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("unit_id", BigInteger, nullable=False),
    Column("measure", String(11), nullable=False),
    Column("shape", String(5), nullable=False),
    Column("base_year", Integer, nullable=False),
    Column("base", String(40), nullable=False),
    Column("points", JsonText, nullable=False),
    # As it was typed: percent below the base, or absolute.
    Column("given", String(8), nullable=False),
    Column("source", String(200), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    CheckConstraint("shape IN ('line', 'steps')", name="shape"),
    CheckConstraint("given IN ('percent', 'absolute')", name="given"),
)
Index("ix_energy_target_unit_id", energy_target.c.unit_id, energy_target.c.id)

# Of a unit, or (without one) of a kind of unit; before the shipped ones. The newest row of the latest year counts.
energy_quota = Table(
    "energy_quota",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("unit_id", BigInteger),
    Column("kind", String(12), nullable=False),
    Column("measure", String(11), nullable=False),
    Column("upper", String(20), nullable=False),
    Column("guide", String(20)),
    Column("advanced", String(20)),
    Column("source", String(200), nullable=False),
    Column("from_year", Integer, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    CheckConstraint("source <> ''", name="sourced"),
)
Index("ix_energy_quota_kind", energy_quota.c.kind, energy_quota.c.unit_id, energy_quota.c.id)

# Whether a unit that need not publish its use wants to.
energy_choice = Table(
    "energy_choice",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("publishes", Boolean, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

# A year as it was published, with everything it was worked out from; never changed, a correction is the next version.
energy_publication = Table(
    "energy_publication",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("inputs", JsonText, nullable=False),
    Column("figures", JsonText, nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("source", String(200), nullable=False),
    Column("note", String(400), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
)
Index("ix_energy_publication_year", energy_publication.c.year, energy_publication.c.unit_id)

# What staff found of a unit's management in a year, with evidence.
energy_tick = Table(
    "energy_tick",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("item", String(20), primary_key=True),
    Column("done", Boolean, nullable=False),
    Column("evidence", String(400), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

# A unit's score as the year's evaluation was closed, with what it was made of; closing again is the next version.
energy_score = Table(
    "energy_score",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("inputs", JsonText, nullable=False),
    Column("items", JsonText, nullable=False),
    Column("total", Integer, nullable=False),
    Column("grade", String(9), nullable=False),
    Column("met", Boolean),
    Column("actor_id", BigInteger, nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
    CheckConstraint("total >= 0 AND total <= 100", name="hundred"),
)

# A commendation 通报表扬 or a notice to rectify 整改通知: written by one, sent by another, answered by the unit.
energy_letter = Table(
    "energy_letter",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("unit_id", BigInteger, nullable=False),
    Column("year", Integer, nullable=False),
    Column("kind", String(7), nullable=False),
    Column("number", String(24), nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String(8), nullable=False, server_default="draft"),
    Column("due_on", Date),
    Column("author_id", BigInteger, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime),
    Column("answer", Text, nullable=False, server_default=""),
    Column("answered_by", BigInteger),
    Column("answered_at", UtcDateTime),
    UniqueConstraint("unit_id", "year", "kind"),
    CheckConstraint("kind IN ('commend', 'rectify')", name="kind"),
    CheckConstraint("status IN ('draft', 'sent', 'answered', 'dropped')", name="status"),
)
Index("ix_energy_letter_year", energy_letter.c.year, energy_letter.c.status)
