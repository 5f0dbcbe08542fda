"""Timetable of the public ledger: the platform's sums are counted once a night."""

from __future__ import annotations

from datetime import datetime

from webapp.jobs import Job
from webapp.public_ledger import service
from webapp.web.house import House


def count(house: House, now: datetime) -> int:
    """Count the platform's sums; pages only read what was counted."""
    house.store.retrying(lambda tx: service.keep_count(tx, house.catalogue, now))
    return 1


JOBS = (Job("statistics.count", cron={"hour": 4, "minute": 50}, run=count),)
