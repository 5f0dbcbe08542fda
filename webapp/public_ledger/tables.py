"""Tables of the public ledger: what staff entered for an indicator, and the last count of the platform's sums."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table

from webapp.store import BigId, JsonText, UtcDateTime, metadata

# A correction is a new row: the latest one of a year counts, the earlier ones stay to be seen.
indicator_value = Table(
    "indicator_value",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("indicator", Integer, nullable=False),
    Column("year", Integer, nullable=False),
    # The decimal number as it is shown, 16.0 and not 16.
    Column("value", String(20), nullable=False),
    Column("source", String(200), nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("actor_id", BigInteger, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    CheckConstraint("source <> ''", name="sourced"),
)
Index("ix_indicator_value_year", indicator_value.c.indicator, indicator_value.c.year, indicator_value.c.id)

# One row: what the job counted last, with figures of few people already left out.
public_count = Table(
    "public_count",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("figures", JsonText, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
