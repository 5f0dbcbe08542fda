"""What rewards do by timetable: end the holds whose time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.jobs import Job
from webapp.rewards import service

BATCH = 200
MOST = 50  # batches in one run; what is left waits for the next minute


def expire_redemptions(house: Any, now: datetime) -> int:
    """Refund what was not collected in time; safe twice and beside a member or merchant who is faster."""
    ended = 0
    for _ in range(MOST):
        done = house.store.retrying(lambda tx: service.expire_holds(tx, now, BATCH))
        ended += done
        if done < BATCH:
            break
    return ended


JOBS = (Job("expire_redemptions", every_seconds=60, run=expire_redemptions),)
HANDLERS: dict[str, Any] = {}
