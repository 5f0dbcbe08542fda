"""Timetable of the rankings: catching up every ten seconds, closing periods every hour."""

from __future__ import annotations

from datetime import datetime

from webapp.jobs import Job
from webapp.rankings import closing, service
from webapp.web.house import House

ROUNDS = 40  # a run ends in bounded time; what is left waits ten seconds


def catch_up(house: House, now: datetime) -> int:
    """Read what the ledger has moved since, a batch a transaction."""
    done = 0
    for _ in range(ROUNDS):
        with house.store.read() as tx:
            if not service.behind(tx):
                break
        done += house.store.retrying(lambda tx: service.catch_up(tx, now))
    return done


def relist(house: House, now: datetime) -> int:
    """Members frozen or thawed since the last look."""
    return int(house.store.retrying(service.relist))


def close(house: House, now: datetime) -> int:
    """Publish what is due, a period a transaction."""
    done = 0
    while True:
        with house.store.read() as tx:
            if not closing.due_periods(tx, now):
                return done
        done += house.store.retrying(lambda tx: service.close_due(tx, now, limit=1))


JOBS = (
    Job("rankings.catch_up", every_seconds=10, run=catch_up),
    Job("rankings.relist", every_seconds=60, run=relist),
    Job("rankings.close", cron={"minute": 5}, run=close),
)
