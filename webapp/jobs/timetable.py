"""When jobs are due: the trigger of each job, its last due time and its next one, the same in every process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from points_engine.clock import LOCAL
from webapp.jobs import Job

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
LOOK_BACK = tuple(timedelta(hours=h) for h in (1, 24, 24 * 8, 24 * 40, 24 * 400))


def trigger_of(job: Job) -> BaseTrigger:
    """Intervals are counted from one fixed instant, so that two schedulers agree on every due time."""
    if job.every_seconds:
        return IntervalTrigger(seconds=job.every_seconds, start_date=EPOCH, timezone=LOCAL)
    return CronTrigger(timezone=LOCAL, **dict(job.cron or {}))


def last_due(job: Job, now: datetime) -> datetime | None:
    """The latest instant at or before `now` at which the job was due; None if it never was."""
    if job.every_seconds:
        passed = int((now - EPOCH).total_seconds()) // job.every_seconds
        return EPOCH + timedelta(seconds=passed * job.every_seconds)
    trigger = trigger_of(job)
    for span in LOOK_BACK:
        found: datetime | None = None
        at: datetime | None = trigger.get_next_fire_time(None, now - span)
        while at is not None and at <= now:
            found = at
            at = trigger.get_next_fire_time(at, at + timedelta(microseconds=1))
        if found is not None:
            return found.astimezone(UTC)
    return None


def next_due(job: Job, now: datetime) -> datetime | None:
    """The first instant after `now` at which the job is due."""
    if job.every_seconds:
        last = last_due(job, now)
        assert last is not None
        return last + timedelta(seconds=job.every_seconds)
    at = trigger_of(job).get_next_fire_time(None, now + timedelta(microseconds=1))
    return at.astimezone(UTC) if at else None
