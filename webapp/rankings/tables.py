"""Tables of live boards, all derived from the ledger, memberships and meters."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    text,
)

# The other tables of this room, so that whoever gathers tables finds them here.
from webapp.rankings import published_tables as published_tables
from webapp.store import UtcDateTime, metadata

_NO_BASE = text("base_value IS NULL")

# Periods are written 2026-W25, 2026-06, 2026 or total.
score = Table(
    "score",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("period", String(8), primary_key=True),
    Column("value", BigInteger, nullable=False),
    # When the value was reached: inside a tie the earlier stands first.
    Column("reached_at", UtcDateTime, nullable=False),
    # 1 while the member is active; 0 keeps the value and takes it off the board.
    Column("listed", SmallInteger, nullable=False),
)
Index(
    "ix_score_board",
    score.c.period,
    score.c.listed,
    score.c.value.desc(),
    score.c.reached_at,
    score.c.member_id,
)
Index("ix_score_unlisted", score.c.member_id, sqlite_where=text("listed = 0"), postgresql_where=text("listed = 0"))

# What the boards of units are worked out from: sums, heads, what they are compared with.
unit_score = Table(
    "unit_score",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("period", String(8), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("value", BigInteger, nullable=False),
    # Those of its members who brought anything.
    Column("active", Integer, nullable=False),
    # Everybody who belonged to the unit on any day of the period; `weight` in tenths of a person.
    Column("members", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    # Grams and tenths of a person of the baseline; empty until it has been looked up.
    Column("base_value", BigInteger),
    Column("base_weight", BigInteger),
    # Standard coal saved by its meters, grams.
    Column("saved", BigInteger, nullable=False),
    Column("reached_at", UtcDateTime, nullable=False),
)
Index("ix_unit_score_no_base", unit_score.c.unit_id, sqlite_where=_NO_BASE, postgresql_where=_NO_BASE)

# One row a unit, period and measure: what live boards are read from.
unit_mark = Table(
    "unit_mark",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("period", String(8), primary_key=True),
    Column("measure", String(16), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("size_class", String(8), nullable=False),
    Column("members", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("plain_milli", BigInteger, nullable=False),
    Column("value_milli", BigInteger, nullable=False),
    Column("reached_at", UtcDateTime, nullable=False),
    Column("listed", SmallInteger, nullable=False),
)
_BOARD = (unit_mark.c.listed, unit_mark.c.value_milli.desc(), unit_mark.c.reached_at, unit_mark.c.unit_id)
Index("ix_unit_mark_board", unit_mark.c.period, unit_mark.c.kind, unit_mark.c.measure, *_BOARD)
Index("ix_unit_mark_class", unit_mark.c.period, unit_mark.c.kind, unit_mark.c.measure, unit_mark.c.size_class, *_BOARD)

# The means towards which live values are drawn, as they were when they were last used.
class_mean = Table(
    "class_mean",
    metadata,
    Column("period", String(8), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("measure", String(16), primary_key=True),
    Column("size_class", String(8), primary_key=True),
    Column("mean_milli", BigInteger, nullable=False),
)

# How many stand on each step of a live board's values: a place is a sum over a few of these rows.
ladder_step = Table(
    "ladder_step",
    metadata,
    Column("ladder", BigInteger, primary_key=True, autoincrement=False),
    Column("shift", SmallInteger, primary_key=True, autoincrement=False),
    Column("prefix", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    postgresql_with={"fillfactor": "70"},
)
Index("ix_ladder_step_empty", ladder_step.c.ladder, sqlite_where=text("n = 0"), postgresql_where=text("n = 0"))

# What each member has brought to a unit in a period, so that a unit's sum moves by the difference
# and is never added up again from all its people.
unit_part = Table(
    "unit_part",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("period", String(8), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
Index("ix_unit_part_unit_id", unit_part.c.unit_id, unit_part.c.period)

# One row, locked by whoever writes standings: two runs at once would overwrite fresh sums with stale ones.
standing = Table(
    "standing",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("as_of", UtcDateTime, nullable=False),
)

# Periods with live standings; a published one is gone from here.
open_period = Table(
    "open_period",
    metadata,
    Column("period", String(8), primary_key=True),
)
