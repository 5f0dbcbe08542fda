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
)

from webapp.store import BigId, UtcDateTime, metadata
from webapp.store.fixed import never_changed

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

never_changed(fund_transfer, "movements of funds are never changed")
