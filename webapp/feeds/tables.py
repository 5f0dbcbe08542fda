"""Tables of feeds: which member a partner's account is, and the files that were imported."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint

from webapp.store import BigId, UtcDateTime, metadata

# The account itself is not kept: a keyed fingerprint is enough to find the member by it.
partner_link = Table(
    "partner_link",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(40), primary_key=True),
    Column("account_hash", String(64), primary_key=True),
    Column("linked_at", UtcDateTime, nullable=False),
    UniqueConstraint("source", "account_hash"),
)

feed_import = Table(
    "feed_import",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("source", String(40), nullable=False),
    Column("file_name", String(120), nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    # Empty while it runs, and for ever when it was broken off.
    Column("finished_at", UtcDateTime),
    Column("rows", Integer, nullable=False),
    Column("credited", Integer, nullable=False),
    Column("zero", Integer, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("already", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("grams", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    # Who ran it; empty for a command at the machine.
    Column("actor_id", BigInteger),
)
Index("ix_feed_import_actor_id", feed_import.c.actor_id)
