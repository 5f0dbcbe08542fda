"""What campaigns do by timetable: move by the clock and keep up with what members do; and the telling, by outbox row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from webapp.campaigns import moving, service
from webapp.jobs import Job


def move_campaigns(house: Any, now: datetime) -> int:
    """Open what is due, close what is over, settle what is long closed, put away what is long settled, pay again."""
    archive_after = timedelta(days=house.settings.campaign_archive_days)
    return service.move_by_clock(house.store, now, archive_after) + service.pay_due(house.store, now)


def catch_up_campaigns(house: Any, now: datetime) -> int:
    """Bring tasks, badges and bonuses of joined members in line with what they did."""
    return service.catch_up(house.store, house.catalogue, now)


def tell(house: Any, payload: Mapping[str, Any], now: datetime) -> int:
    """Outbox row campaigns.tell."""
    return int(house.store.retrying(lambda tx: moving.tell(tx, payload, now)))


JOBS = (
    Job("move_campaigns", every_seconds=60, run=move_campaigns),
    Job("catch_up_campaigns", every_seconds=10, run=catch_up_campaigns),
)
HANDLERS: dict[str, Any] = {moving.TELL: tell}
