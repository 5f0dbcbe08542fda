"""What members leave to the timetable: forgetting spent codes, old attempts and ended sessions."""

from __future__ import annotations

from datetime import datetime

from webapp.jobs import Job
from webapp.members import codes, limits, signin
from webapp.web.house import House


def purge_spent(house: House, now: datetime) -> int:
    """Delete what can no longer be used."""
    with house.store.write() as tx:
        return codes.purge(tx, now) + limits.purge(tx, now) + signin.purge(tx, now)


JOBS = (Job("members.purge_spent", cron={"hour": 3, "minute": 20}, run=purge_spent),)
