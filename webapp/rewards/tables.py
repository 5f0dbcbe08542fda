"""Rows of the rewards room: merchants, rewards with stock, redemptions, their codes and counters."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
)

from webapp.store import BigId, UtcDateTime, metadata

merchant = Table(
    "merchant",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False, server_default=""),
    Column("address_zh", Text, nullable=False, server_default=""),
    Column("address_en", Text, nullable=False, server_default=""),
    # A desk or a counter, never a private person's phone number.
    Column("contact", Text, nullable=False, server_default=""),
    Column("status", String(8), nullable=False, server_default="open"),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
)

reward = Table(
    "reward",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False, server_default=""),
    Column("description_zh", Text, nullable=False, server_default=""),
    Column("description_en", Text, nullable=False, server_default=""),
    Column("kind", String(8), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("stock", BigInteger, nullable=False, server_default="0"),
    # Everything ever put on the shelf; stock = stock_given - held - fulfilled is what the audit checks.
    Column("stock_given", BigInteger, nullable=False, server_default="0"),
    Column("per_member_limit", Integer),
    Column("limit_window", String(5), nullable=False, server_default="total"),
    Column("hold_days", Integer, nullable=False, server_default="7"),
    Column("merchant_id", BigInteger),
    Column("status", String(5), nullable=False, server_default="draft"),
    Column("image", Text),
    Column("sort", Integer, nullable=False, server_default="100"),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("stock >= 0", name="stock_not_negative"),
    CheckConstraint("stock <= stock_given", name="stock_within_given"),
    CheckConstraint("points > 0", name="points_positive"),
    CheckConstraint("per_member_limit IS NULL OR per_member_limit > 0", name="limit_positive"),
    CheckConstraint("hold_days BETWEEN 1 AND 365", name="hold_days_sane"),
    CheckConstraint("kind IN ('voucher', 'goods', 'donation')", name="kind"),
    CheckConstraint("limit_window IN ('total', 'month')", name="limit_window"),
    CheckConstraint("status IN ('draft', 'on', 'off')", name="status"),
    CheckConstraint("kind = 'donation' OR merchant_id IS NOT NULL", name="someone_hands_it_over"),
)

redemption = Table(
    "redemption",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("reward_id", BigInteger, nullable=False),
    Column("merchant_id", BigInteger),
    Column("code", String(10), nullable=False),
    Column("status", String(9), nullable=False),
    Column("points", BigInteger, nullable=False),
    # What the request asked for, so that the same id with another wish is refused.
    Column("facts", String(64), nullable=False),
    # Local month of the request: the counter it was counted in.
    Column("month", String(7), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    CheckConstraint("status IN ('held', 'fulfilled', 'cancelled', 'expired')", name="status"),
    CheckConstraint("points > 0", name="points_positive"),
    CheckConstraint("status <> 'held' OR expires_at IS NOT NULL", name="holds_end"),
    Index("ix_redemption_due", "status", "expires_at"),
    Index("ix_redemption_member_time", "member_id", "created_at"),
    Index("ix_redemption_reward", "reward_id", "status"),
)

# A code is unique across members, so it lives in a table keyed by itself.
redemption_code = Table(
    "redemption_code",
    metadata,
    Column("code", String(10), primary_key=True),
    Column("member_id", BigInteger, nullable=False),
    Column("redemption_id", Uuid(as_uuid=False), nullable=False),
    Column("merchant_id", BigInteger),
)

member_reward_count = Table(
    "member_reward_count",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reward_id", BigInteger, primary_key=True, autoincrement=False),
    # "total" or a local month; both are always counted, so that a changed limit needs no recount.
    Column("window", String(7), primary_key=True),
    Column("n", Integer, nullable=False),
    CheckConstraint("n >= 0", name="n_not_negative"),
)

# member_id is who stood at the counter; the holder is the member whose redemption it was.
fulfilment = Table(
    "fulfilment",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("merchant_id", BigInteger, nullable=False),
    Column("code", String(10), nullable=False, unique=True),
    Column("holder_id", BigInteger, nullable=False),
    Column("redemption_id", Uuid(as_uuid=False), nullable=False),
    Column("reward_id", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("fulfilled_at", UtcDateTime, nullable=False),
    Index("ix_fulfilment_merchant_time", "merchant_id", "fulfilled_at"),
)

# Wrong codes typed at the counter; kept for the length of the limit window only.
wrong_code = Table(
    "wrong_code",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("typed_at", UtcDateTime, nullable=False),
)
