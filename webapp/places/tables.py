"""Tables of places: where something can be scanned, what it proves and when. A scan itself is a proof of its act."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table

from webapp.store import BigId, JsonText, UtcDateTime, metadata

place = Table(
    "place",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("code", String(12), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("name_zh", String(40), nullable=False),
    Column("name_en", String(80), nullable=False),
    Column("unit_id", BigInteger),
    # Behaviour code -> the amount that one scan stands for, as text; "" = the member tells it.
    Column("behaviours", JsonText, nullable=False),
    # Minutes after midnight; both empty = always open. Days as digits, 1 is Monday.
    Column("opens", Integer),
    Column("closes", Integer),
    Column("days", String(7), nullable=False),
    Column("daily_cap", Integer, nullable=False),
    # Where it stands, in hundred-thousandths of a degree; empty = no place check.
    Column("lat_e5", Integer),
    Column("lon_e5", Integer),
    Column("radius_m", Integer),
    Column("screen_key", String(32), nullable=False),
    Column("status", String(8), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
    CheckConstraint("daily_cap > 0", name="cap"),
)
Index("ix_place_unit_id", place.c.unit_id)
