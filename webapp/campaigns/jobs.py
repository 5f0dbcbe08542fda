"""What campaigns do by timetable: open, close and settle by the clock, and keep up with what members do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.campaigns import service
from webapp.jobs import Job


def move_campaigns(house: Any, now: datetime) -> int:
    """Open what is due, close what is over, settle what is long closed."""
    return int(house.store.retrying(lambda tx: service.move_by_clock(tx, now)))


def catch_up_campaigns(house: Any, now: datetime) -> int:
    """Bring tasks and bonuses of joined members in line with their acts."""
    return service.catch_up(house.store, house.catalogue, now)


JOBS = (
    Job("move_campaigns", every_seconds=60, run=move_campaigns),
    Job("catch_up_campaigns", every_seconds=10, run=catch_up_campaigns),
)
HANDLERS: dict[str, Any] = {}
