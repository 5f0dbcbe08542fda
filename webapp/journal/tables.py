"""The table of the journal: one row a change, never altered."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from webapp.store import BigId, JsonText, UtcDateTime, metadata

staff_action = Table(
    "staff_action",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    # Empty when a command on the server did it.
    Column("actor_id", BigInteger),
    Column("action", String(64), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("detail", JsonText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
Index("ix_staff_action_subject", staff_action.c.subject)
Index("ix_staff_action_actor_id", staff_action.c.actor_id)
