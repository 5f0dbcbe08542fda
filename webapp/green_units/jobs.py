"""What units leave to the timetable: previews nobody confirmed, and children who turn fourteen."""

from __future__ import annotations

from datetime import datetime

from webapp.green_units import family, roster
from webapp.jobs import Job
from webapp.web.house import House


def sweep_lists(house: House, now: datetime) -> int:
    """Drop lists of employees that nobody confirmed within a day."""
    return int(house.store.retrying(lambda tx: roster.sweep(tx, now)))


def grow_up(house: House, now: datetime) -> int:
    """Turn accounts of children who are fourteen into accounts like any other."""
    return int(house.store.retrying(lambda tx: family.grow_up(tx, now)))


JOBS = (
    Job("units.sweep_lists", cron={"hour": 4, "minute": 15}, run=sweep_lists),
    Job("units.grow_up", cron={"hour": 0, "minute": 10}, run=grow_up),
)
