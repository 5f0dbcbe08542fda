"""Timetable of the rankings: catching up every ten seconds, closing periods every hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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


def energy(house: House, now: datetime) -> int:
    """What units' meters saved."""
    return int(house.store.retrying(lambda tx: service.refresh_energy(tx, now)))


def close(house: House, now: datetime) -> int:
    """Publish what is due, or open its review, a period a transaction."""
    return service.close_due(house.store, house.settings.reviewed_periods, now)


def freeze(house: House, payload: Mapping[str, Any], now: datetime) -> None:
    """Outbox row rankings.freeze: the review of a period is over."""
    service.freeze(house.store, str(payload["period"]), now)


JOBS = (
    Job("rankings.catch_up", every_seconds=10, run=catch_up),
    Job("rankings.relist", every_seconds=60, run=relist),
    Job("rankings.energy", every_seconds=60, run=energy),
    Job("rankings.close", cron={"minute": 5}, run=close),
)
HANDLERS = {closing.FREEZE: freeze}
