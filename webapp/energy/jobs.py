"""Work of units' energy by timetable: previews nobody confirmed are dropped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.energy import importing
from webapp.jobs import Job


def sweep(house: Any, now: datetime) -> int:
    """Drop previews that are a day old."""
    return int(house.store.retrying(lambda tx: importing.sweep(tx, now)))


JOBS = (Job("energy.sweep", cron={"hour": 3, "minute": 25}, run=sweep),)
