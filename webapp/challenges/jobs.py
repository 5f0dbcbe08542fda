"""What challenges do by timetable: open, close, settle and archive by the clock, and keep boards fresh."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.challenges import cheering, service, settling
from webapp.jobs import Job


def move_challenges(house: Any, now: datetime) -> int:
    """Pay what became due again, open what is due, close what is over, settle what is long closed."""
    return settling.pay_due(house.store, now) + settling.move_by_clock(house.store, now)


def refresh_challenges(house: Any, now: datetime) -> int:
    """Work out again the boards that are older than they may be."""
    return service.refresh_boards(house.store, now)


def cheer(house: Any, now: datetime) -> int:
    """Tell who takes part what is still missing, at half time and on the last day."""
    return cheering.cheer(house.store, now)


JOBS = (
    Job("challenges.move", every_seconds=60, run=move_challenges),
    Job("challenges.cheer", every_seconds=300, run=cheer),
    Job("challenges.boards", every_seconds=30, run=refresh_challenges),
)
HANDLERS: dict[str, Any] = {}
