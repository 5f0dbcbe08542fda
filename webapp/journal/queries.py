"""Reading the journal, newest first, by keyset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from webapp.journal.tables import staff_action
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class Entry:
    """One change by staff."""

    id: int
    actor_id: int | None
    action: str
    subject: str
    detail: dict[str, Any]
    at: datetime


def recent(
    tx: Tx,
    after: int | None = None,
    limit: int = 50,
    action: str | None = None,
    subject: str | None = None,
    actor_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Entry]:
    """Up to `limit` entries older than id `after`; `action` matches by its beginning, `until` is not included."""
    query = select(staff_action).order_by(staff_action.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(staff_action.c.id < after)
    if action:
        query = query.where(staff_action.c.action.startswith(action, autoescape=True))
    if subject:
        query = query.where(staff_action.c.subject == subject)
    if actor_id is not None:
        query = query.where(staff_action.c.actor_id == actor_id)
    if since is not None:
        query = query.where(staff_action.c.at >= since)
    if until is not None:
        query = query.where(staff_action.c.at < until)
    return [_entry(row) for row in tx.rows(query)]


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.id, row.actor_id, row.action, row.subject, row.detail, row.at)
