"""Tables of feeds: which member a partner's account is, the files that were imported, and those handed in at the desk."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from webapp.store import BigId, JsonText, UtcDateTime, metadata

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

# A file at the desk: tried out, then imported. The file itself lies with the blobs, for a week.
feed_file = Table(
    "feed_file",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("source", String(40), nullable=False),
    Column("file_name", String(120), nullable=False),
    # Empty once the file is gone.
    Column("blob", String(80)),
    Column("size", Integer, nullable=False),
    Column("step", String(8), nullable=False),
    Column("state", String(8), nullable=False),
    # How often it has been asked for: work that is told of an earlier run does nothing.
    Column("runs", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    # What the last step that was gone through told.
    Column("told", JsonText),
    # What is wrong with the file as a whole.
    Column("trouble", String(400), nullable=False),
    # Who asked last.
    Column("actor_id", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("step IN ('trial', 'import')", name="step"),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'dropped')", name="state"),
)
Index("ix_feed_file_actor_id", feed_file.c.actor_id)
