"""The one way into the journal; the caller's transaction carries it, so no row means no change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from webapp.journal.tables import staff_action
from webapp.store import Tx


def record(tx: Tx, actor_id: int | None, action: str, subject: str, detail: Mapping[str, Any], now: datetime) -> None:
    """`actor_id` did `action` ("reward.changed") to `subject` ("reward:12"); `detail` holds no personal data."""
    tx.execute(
        insert(staff_action).values(actor_id=actor_id, action=action, subject=subject, detail=dict(detail), at=now)
    )
