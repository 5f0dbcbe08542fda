"""The scheduler process: writes down what is due, sends it to the workers, and brings back what was lost."""

from __future__ import annotations

import logging
import os
import signal
from datetime import datetime
from typing import Any

from apscheduler.schedulers.blocking import BlockingScheduler

from points_engine.clock import LOCAL
from webapp.jobs import Job, enqueue, runner, tell
from webapp.jobs.tables import schedule_run
from webapp.jobs.timetable import last_due, trigger_of
from webapp.store.lock import Held, waiting_for

log = logging.getLogger("puhui.scheduler")

SWEEP_SECONDS = 2
BEAT_SECONDS = 10
NAME = "scheduler"


def fire(house: Any, job: Job, now: datetime) -> bool:
    """Leave one run of the job for its last due time; False if that was done already, by us or another."""
    due = last_due(job, now)
    if due is None:
        return False
    firing = {"job": job.name, "due_at": due, "fired_at": now}
    with house.store.write() as tx:
        if not tx.upsert(schedule_run, [firing], key=["job", "due_at"]):
            return False
        if runner.waits(tx, job.kind):  # workers are behind: one more run would do nothing new
            return True
        stamp = due.isoformat()
        enqueue(tx, job.kind, {"due_at": stamp}, f"{job.kind}:{stamp}", now)
    return True


def sweep(house: Any, now: datetime) -> int:
    """Take back the rows of dead workers and send what is due and was not heard of; how many were sent."""
    with house.store.read() as tx:
        if not runner.needs_sweep(tx, now):
            return 0
    with house.store.write() as tx:
        back = runner.take_back(tx, now)
        keys = runner.take_unsent(tx, now)
        for key in keys:
            tx.after_commit(lambda key=key: tell(key))
    if back:
        log.warning("%s jobs of a dead worker were put back", back)
    return len(keys)


def beat(house: Any, held: Held) -> None:
    """Say that we live, as long as the lock is still ours; otherwise make room for the spare."""
    if not held.still():
        log.error("the scheduler lost its lock; leaving so that one with the lock takes over")
        os.kill(os.getpid(), signal.SIGTERM)
        return
    with house.store.write() as tx:
        runner.beat(tx, NAME, "scheduler", house.clock.now())


def run(house: Any) -> None:
    """Hold the lock and keep the timetable until the process is told to end; a second one waits here."""
    with waiting_for(house.store, "scheduler", house.settings.var_dir) as held:
        log.info("the scheduler keeps the timetable")
        beat(house, held)
        jobs = runner.all_jobs(house)
        for job in jobs:  # what fell due while nobody was looking
            fire(house, job, house.clock.now())
        scheduler = BlockingScheduler(
            timezone=LOCAL,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
        )
        for job in jobs:
            scheduler.add_job(_firing(house, job), trigger_of(job), id=job.name)
        scheduler.add_job(lambda: sweep(house, house.clock.now()), "interval", seconds=SWEEP_SECONDS)
        scheduler.add_job(lambda: beat(house, held), "interval", seconds=BEAT_SECONDS)
        for end in (signal.SIGTERM, signal.SIGINT):
            signal.signal(end, lambda *_: _leave(scheduler))
        scheduler.start()


def _firing(house: Any, job: Job) -> Any:
    return lambda: fire(house, job, house.clock.now())


def _leave(scheduler: BlockingScheduler) -> None:
    if scheduler.running:
        scheduler.shutdown(wait=False)
