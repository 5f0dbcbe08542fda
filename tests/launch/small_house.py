"""A house with two rooms' worth of jobs, run as a real worker or scheduler process by the queue's tests."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from points_engine.clock import SystemClock
from webapp.jobs import Job, celery_app, connect, runner, scheduler
from webapp.settings import Settings
from webapp.store import Store
from webapp.web import House

EFFECTS = "CREATE TABLE effect (key VARCHAR(200) PRIMARY KEY, times INTEGER NOT NULL, starts INTEGER NOT NULL)"


def note_effect(house: Any, payload: Any, now: datetime) -> None:
    """Takes `seconds` before and after the effect; done once, however often it is started."""
    key = payload["key"]
    with house.store.write() as tx:
        tx.execute(text("UPDATE effect SET starts = starts + 1 WHERE key = :key"), {"key": key})
    time.sleep(payload.get("seconds", 0))
    with house.store.write() as tx:
        once = text("UPDATE effect SET times = times + 1 WHERE key = :key AND times = 0")
        tx.execute(once, {"key": key})
    time.sleep(payload.get("seconds", 0))


def tick(house: Any, now: datetime) -> int:
    return 1


def fail(house: Any, payload: Any, now: datetime) -> None:
    raise ValueError("no luck")


def small_house(database_url: str, var_dir: Path, redis_url: str | None, clock: Any = None) -> House:
    settings = Settings(env="test", database_url=database_url, redis_url=redis_url, var_dir=var_dir)
    return House(
        settings=settings,
        store=Store(database_url),
        catalogue=None,
        clock=clock or SystemClock(),
        jobs=(Job("tick", every_seconds=1, run=tick),),
        handlers={"effect": note_effect, "fail": fail},
    )


if __name__ == "__main__":
    role, database_url, var_dir, redis_url = sys.argv[1:5]
    runner.DEAD_AFTER = timedelta(seconds=4)
    runner.RESEND_AFTER = timedelta(seconds=3)
    celery_app.BEAT_SECONDS = scheduler.SWEEP_SECONDS = 0.3
    house = small_house(database_url, Path(var_dir), redis_url or None)
    if role == "worker":
        celery_app.run_worker(house)
    else:
        connect(celery_app.sender(house.settings))
        scheduler.run(house)
