"""What learning leaves to the timetable: attempts whose time is over, previews nobody confirmed, old practice."""

from __future__ import annotations

from datetime import datetime

from webapp.jobs import Job
from webapp.learning import attempts, importing
from webapp.web.house import House


def close_attempts(house: House, now: datetime) -> int:
    """Finish attempts whose time is over."""
    return int(house.store.retrying(lambda tx: attempts.close_overdue(tx, now)))


def sweep_learning(house: House, now: datetime) -> int:
    """Drop previews of a day ago and practice of a month ago."""
    return int(house.store.retrying(lambda tx: importing.sweep(tx, now) + attempts.purge_practice(tx, now)))


JOBS = (
    Job("learning.close_attempts", every_seconds=60, run=close_attempts),
    Job("learning.sweep", cron={"hour": 4, "minute": 25}, run=sweep_learning),
)
