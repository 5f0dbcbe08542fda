"""Tables of methods: drafts, what was approved (never changed), the stamp processes look at, and what-if runs."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, String, Table, Text, event
from sqlalchemy.schema import DDL

from webapp.store import BigId, JsonText, UtcDateTime, metadata

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

FIXED_SQLITE = """
CREATE TRIGGER method_version_no_{verb} BEFORE {VERB} ON method_version
BEGIN SELECT RAISE(ABORT, 'approved methods are never changed'); END
"""
FIXED_FUNCTION = """
CREATE OR REPLACE FUNCTION method_version_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'approved methods are never changed'; END $$
"""
FIXED_POSTGRESQL = """
CREATE TRIGGER method_version_fixed BEFORE UPDATE OR DELETE ON method_version
FOR EACH ROW EXECUTE FUNCTION method_version_fixed()
"""


def fixed_statements(dialect: str) -> list[str]:
    """The statements by which the database itself refuses to change what was approved."""
    if dialect == "postgresql":
        return [FIXED_FUNCTION, FIXED_POSTGRESQL]
    return [FIXED_SQLITE.format(verb=v, VERB=v.upper()) for v in ("update", "delete")]


for _dialect in ("sqlite", "postgresql"):
    for _statement in fixed_statements(_dialect):
        event.listen(method_version, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
