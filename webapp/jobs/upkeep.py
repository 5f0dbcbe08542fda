"""The queue's own upkeep: finished rows and old firings are swept away so that the tables stay small."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete

from webapp.jobs import Job
from webapp.jobs.tables import DONE, heartbeat, outbox, schedule_run

KEEP_DONE = timedelta(days=14)
KEEP_FIRINGS = timedelta(days=60)


def sweep_finished(house: Any, now: datetime) -> int:
    """Drop done rows after two weeks and firings after two months; failed rows stay until somebody looks."""
    old = (outbox.c.state == DONE) & (outbox.c.finished_at < now - KEEP_DONE)
    with house.store.write() as tx:
        gone = int(tx.execute(delete(outbox).where(old)).rowcount)
        tx.execute(delete(schedule_run).where(schedule_run.c.due_at < now - KEEP_FIRINGS))
        tx.execute(delete(heartbeat).where(heartbeat.c.seen_at < now - timedelta(days=1)))
    return gone


JOBS = (Job("sweep_finished_jobs", cron={"hour": 3, "minute": 40}, run=sweep_finished),)
