"""What honours do by timetable and from the outbox: rounds move at their minute, rewards are paid, everybody is looked through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webapp.honours import service
from webapp.jobs import Job


def move_rounds(house: Any, now: datetime) -> int:
    """Open and close nominations, end notices, pay rewards that are due."""
    return service.move_by_clock(house.store, now) + service.pay_due(house.store, now)


def screen(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Outbox row honours.screen: who meets every criterion of a round."""
    service.screen(house.store, int(payload["round"]), now)


JOBS = (Job("honours.move", every_seconds=60, run=move_rounds),)
HANDLERS = {service.SCREEN: screen}
