"""Tables of the rankings: live scores, derived from the ledger, and published boards, which never change."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.schema import DDL

from webapp.store import UtcDateTime, metadata

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

unit_score = Table(
    "unit_score",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("period", String(8), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("value", BigInteger, nullable=False),
    # Everybody who belonged to the unit on any day of the period.
    Column("members", Integer, nullable=False),
    Column("per_head_milli", BigInteger, nullable=False),
    Column("reached_at", UtcDateTime, nullable=False),
    Column("listed", SmallInteger, nullable=False),
)
Index(
    "ix_unit_score_total",
    unit_score.c.period,
    unit_score.c.kind,
    unit_score.c.listed,
    unit_score.c.value.desc(),
    unit_score.c.reached_at,
    unit_score.c.unit_id,
)
Index(
    "ix_unit_score_per_head",
    unit_score.c.period,
    unit_score.c.kind,
    unit_score.c.listed,
    unit_score.c.per_head_milli.desc(),
    unit_score.c.reached_at,
    unit_score.c.unit_id,
)

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
    Column("entries", Integer, nullable=False),
)

published_board = Table(
    "published_board",
    metadata,
    Column("board", String(24), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("as_of", UtcDateTime, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("checksum", String(64), nullable=False),
    # Mixed into each row's reference, so that nobody can be followed from one board to the next.
    Column("salt", String(32), nullable=False),
    Column("method_zh", Text, nullable=False),
    Column("method_en", Text, nullable=False),
)

published_row = Table(
    "published_row",
    metadata,
    Column("board", String(24), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("member_id", BigInteger),
    Column("unit_id", BigInteger),
    Column("value_milli", BigInteger, nullable=False),
    Column("members", Integer, nullable=False),
    Column("reached_at", UtcDateTime, nullable=False),
)
Index("ix_published_row_member_id", published_row.c.member_id, published_row.c.period)
Index("ix_published_row_unit_id", published_row.c.unit_id, published_row.c.period)

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
BEGIN SELECT RAISE(ABORT, 'published boards are never changed'); END
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION published_board_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'published boards are never changed'; END $$
"""
_POSTGRESQL = """
CREATE TRIGGER {table}_fixed BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION published_board_fixed()
"""


def fixed_statements(dialect: str, table: str) -> list[str]:
    """The statements by which the database itself refuses to change or delete what was published."""
    if dialect == "postgresql":
        return [_FUNCTION, _POSTGRESQL.format(table=table)]
    return [_SQLITE.format(table=table, verb=v, VERB=v.upper()) for v in ("update", "delete")]


for _table in (published_board, published_row):
    for _dialect in ("sqlite", "postgresql"):
        for _statement in fixed_statements(_dialect, _table.name):
            event.listen(_table, "after_create", DDL(_statement).execute_if(dialect=_dialect))
