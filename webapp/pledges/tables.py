"""Tables of pledges: the pledge, its editions as published, and who signed which."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from webapp.store import BigId, UtcDateTime, metadata

pledge = Table(
    "pledge",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("slug", String(40), nullable=False, unique=True),
    # members: people sign; units: administrators sign for their unit; both.
    Column("signers", String(7), nullable=False),
    Column("status", String(6), nullable=False, server_default="draft"),
    # The edition that can be signed now; 0 before the first is published.
    Column("edition", Integer, nullable=False, server_default=text("0")),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("signers IN ('members', 'units', 'both')", name="signers"),
    CheckConstraint("status IN ('draft', 'open', 'closed')", name="status"),
)

# A published edition is never changed; the next one is written beside it, with no published_at yet.
pledge_edition = Table(
    "pledge_edition",
    metadata,
    Column("pledge_id", BigInteger().with_variant(Integer(), "sqlite"), ForeignKey("pledge.id"), primary_key=True),
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("body_zh", Text, nullable=False),
    Column("body_en", Text, nullable=False, server_default=""),
    Column("author_id", BigInteger, nullable=False),
    Column("published_at", UtcDateTime),
    # SHA-256 over the texts, so that a signature says what exactly was signed.
    Column("checksum", String(64), nullable=False, server_default=""),
)

pledge_signature = Table(
    "pledge_signature",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("pledge_id", BigInteger, primary_key=True, autoincrement=False),
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("signed_at", UtcDateTime, nullable=False),
    # Shown on the wall under the nickname; otherwise counted only.
    Column("on_wall", Boolean, nullable=False),
    Column("number", String(20), nullable=False, unique=True),
)
Index(
    "ix_pledge_signature_wall",
    pledge_signature.c.pledge_id,
    pledge_signature.c.on_wall,
    pledge_signature.c.signed_at,
    pledge_signature.c.member_id,
)

pledge_unit = Table(
    "pledge_unit",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("pledge_id", BigInteger, primary_key=True, autoincrement=False),
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("signed_by", BigInteger, nullable=False),
    Column("number", String(20), nullable=False, unique=True),
)
Index("ix_pledge_unit_pledge", pledge_unit.c.pledge_id, pledge_unit.c.edition, pledge_unit.c.signed_at)
