"""Jobs of the ledger: points whose last day has passed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.jobs import Job
from webapp.ledger import service


def expire(house: Any, now: datetime) -> int:
    """Take back expired points in bounded batches."""
    done = 0
    while True:
        with house.store.write() as tx:
            expired = service.expire_points(tx, now)
        if not expired:
            return done
        done += len(expired)


JOBS = (Job("ledger.expire", cron={"hour": 0, "minute": 10}, run=expire),)
