"""Tables of prepaid funds: a guarded balance for each funder, and one immutable row a movement."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    event,
)
from sqlalchemy.schema import DDL

from webapp.store import BigId, UtcDateTime, metadata

fund = Table(
    "fund",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    # The unit or merchant whose points these are; none for the park itself.
    Column("owner_id", BigInteger),
    Column("name", String(60), nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('park', 'unit', 'merchant')", name="kind"),
    CheckConstraint("(kind = 'park') = (owner_id IS NULL)", name="owner"),
    CheckConstraint("balance >= 0", name="covered"),
)
Index("ix_fund_owner", fund.c.kind, fund.c.owner_id)

fund_transfer = Table(
    "fund_transfer",
    metadata,
    Column("fund_id", BigInteger().with_variant(Integer(), "sqlite"), ForeignKey("fund.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("code", String(12), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),  # after this movement
    Column("cause", String(64), nullable=False),
    Column("key", String(96), nullable=False),
    Column("actor_id", BigInteger),
    Column("posted_at", UtcDateTime, nullable=False),
    Column("digest", String(64), nullable=False),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("balance >= 0", name="covered"),
    CheckConstraint("code IN ('deposit', 'draw', 'refund', 'withdrawal')", name="code"),
    UniqueConstraint("fund_id", "key"),
)

APPEND_ONLY_SQLITE = """
CREATE TRIGGER fund_transfer_no_{verb} BEFORE {VERB} ON fund_transfer
BEGIN SELECT RAISE(ABORT, 'movements of funds are never changed'); END
"""
APPEND_ONLY_FUNCTION = """
CREATE OR REPLACE FUNCTION fund_transfer_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'movements of funds are never changed'; END $$
"""
APPEND_ONLY_POSTGRESQL = """
CREATE TRIGGER fund_transfer_append_only BEFORE UPDATE OR DELETE ON fund_transfer
FOR EACH ROW EXECUTE FUNCTION fund_transfer_append_only()
"""


def append_only_statements(dialect: str) -> list[str]:
    """The statements by which the database itself refuses to change or delete a movement."""
    if dialect == "postgresql":
        return [APPEND_ONLY_FUNCTION, APPEND_ONLY_POSTGRESQL]
    return [APPEND_ONLY_SQLITE.format(verb=v, VERB=v.upper()) for v in ("update", "delete")]


for _dialect in ("sqlite", "postgresql"):
    for _statement in append_only_statements(_dialect):
        event.listen(fund_transfer, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
