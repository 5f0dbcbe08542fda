"""Tables of methods: drafts, what was approved (never changed), the stamp processes look at, and what-if runs."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, String, Table, Text

from webapp.store import BigId, JsonText, UtcDateTime, metadata
from webapp.store.fixed import never_changed

method_draft = Table(
    "method_draft",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    # The act whose version it is; empty where it only brings figures.
    Column("behaviour", String(24), nullable=False),
    Column("text", Text, nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("reason", String(400), nullable=False),
    Column("state", String(9), nullable=False),
    Column("author_id", BigInteger, nullable=False),
    # Everybody who ever wrote in it: none of them may approve it.
    Column("hands", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    CheckConstraint("state IN ('draft', 'approved', 'withdrawn')", name="state"),
)

method_version = Table(
    "method_version",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("draft_id", BigInteger, nullable=False, unique=True),
    Column("behaviour", String(24), nullable=False),
    Column("version", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("reason", String(400), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("author_id", BigInteger, nullable=False),
    Column("decided_by", BigInteger, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
)

# One row: goes up with every approval, so that a process sees with one look whether it must read again.
method_stamp = Table(
    "method_stamp",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
)

what_if = Table(
    "what_if",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("draft_id", BigInteger, nullable=False),
    # Of the text it worked on: a draft that was changed since needs another run.
    Column("checksum", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("done", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("acts", BigInteger, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
)
Index("ix_what_if_draft_id", what_if.c.draft_id)

# Unit 0 is everybody, unit -1 all units of which fewer than five people are touched.
what_if_row = Table(
    "what_if_row",
    metadata,
    Column("run_id", BigInteger, primary_key=True),
    Column("behaviour", String(24), primary_key=True),
    Column("unit_id", BigInteger, primary_key=True),
    Column("members", BigInteger, nullable=False),
    Column("acts", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("credited_g", BigInteger, nullable=False),
    Column("old_g", BigInteger, nullable=False),
    Column("new_g", BigInteger, nullable=False),
    Column("old_p", BigInteger, nullable=False),
    Column("new_p", BigInteger, nullable=False),
)

never_changed(method_version, "approved methods are never changed", "fixed")
