"""Tables of the ledger: one immutable row a transfer, and the balances, lots and days derived from it."""

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
    text,
)

from webapp.store import JsonText, UtcDateTime, metadata
from webapp.store.fixed import never_changed

transfer = Table(
    "transfer",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("book", String(6), nullable=False),
    Column("debit", String(12), nullable=False),
    Column("credit", String(12), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("code", String(24), nullable=False),
    Column("cause", String(64), nullable=False),
    Column("key", String(96), nullable=False),
    Column("occurred_on", Date),
    Column("posted_at", UtcDateTime, nullable=False),
    Column("lots", JsonText),
    Column("digest", String(64), nullable=False),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("debit <> credit", name="moves"),
    CheckConstraint("book IN ('carbon', 'points')", name="book"),
)
# Acts' transfers need no key: an act exists once, and its transfers come with it.
UNKEYED = "act"
keyed = text(f"code <> '{UNKEYED}'")
Index("uq_transfer_key", transfer.c.member_id, transfer.c.key, unique=True, sqlite_where=keyed, postgresql_where=keyed)

wallet = Table(
    "wallet",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("declared_g", BigInteger, nullable=False),
    Column("verified_g", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("frozen", Boolean, nullable=False, server_default=text("false")),
    # How far the rankings have read; behind `seq` means the member's standing is stale. No index tells them: it
    # would be rewritten by every move, where a look through 100,000 wallets takes 10 ms every ten seconds.
    Column("scored_seq", Integer, nullable=False, server_default=text("0")),
    # Points owed after a claw-back of what was already spent.
    Column("debt", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("declared_g >= 0", name="declared_covered"),
    CheckConstraint("verified_g >= 0", name="verified_covered"),
    CheckConstraint("points >= 0", name="points_covered"),
    CheckConstraint("held >= 0", name="held_covered"),
    CheckConstraint("debt >= 0", name="debt_covered"),
    postgresql_with={"fillfactor": "70"},
)
lot = Table(
    "lot",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("expires_on", Date, primary_key=True),
    Column("remaining", BigInteger, nullable=False),
    CheckConstraint("remaining >= 0", name="covered"),
    postgresql_with={"fillfactor": "80"},
)
Index("ix_lot_expires_on", lot.c.expires_on)

member_day = Table(
    "member_day",
    metadata,
    Column("member_id", BigInteger, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("acts", Integer, nullable=False),
    Column("declared_g", BigInteger, nullable=False),
    Column("verified_g", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    CheckConstraint("acts >= 0 AND declared_g >= 0 AND verified_g >= 0 AND points >= 0", name="covered"),
    postgresql_with={"fillfactor": "80"},
)
Index("ix_member_day_day", member_day.c.day)

never_changed(transfer, "transfers are never changed")

from webapp.ledger import fund_tables  # noqa: E402, F401 - the prepaid funds belong to this room
