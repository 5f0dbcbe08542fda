"""What acts are worth to a campaign: bonuses, progress and the difference to what was paid; no database here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from points_engine.clock import local_day


@dataclass(frozen=True, slots=True)
class Act:
    """A credited act as campaigns see it."""

    id: str
    behaviour: str
    domain: str
    quantity: Decimal
    grams: int
    points: int
    occurred_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """A goal: `day` is a theme day, or None for the whole window; empty sets mean any behaviour."""

    id: int
    day: date | None
    kind: str
    behaviours: frozenset[str]
    domains: frozenset[str]
    target: int
    reward_points: int

    def wants(self, act: Act) -> bool:
        if self.day is not None and act.occurred_on != self.day:
            return False
        if not self.behaviours and not self.domains:
            return True
        return act.behaviour in self.behaviours or act.domain in self.domains


@dataclass(frozen=True, slots=True)
class Change:
    """One step from what was paid to what is due: `what` is pay, back or again (due again, never taken back)."""

    what: str
    cause: str
    points: int
    round: int


def days_of_window(starts_at: datetime, ends_at: datetime) -> tuple[date, date]:
    """The first and last local day; an end at midnight belongs to the day before."""
    return local_day(starts_at), local_day(ends_at - timedelta(microseconds=1))


def inside(act: Act, starts_at: datetime, ends_at: datetime) -> bool:
    """Both the server's instant and the member's day must lie in the window; a wrong phone clock wins nothing."""
    first, last = days_of_window(starts_at, ends_at)
    return starts_at <= act.recorded_at < ends_at and first <= act.occurred_on <= last


def bonus(points: int, multiplier: int) -> int:
    """What `multiplier` percent adds to the base points, rounded down; grams are never multiplied."""
    return points * max(0, multiplier - 100) // 100


def progress(task: Task, acts: Iterable[Act]) -> int:
    """How far these acts bring the task, in whole units."""
    wanted = [act for act in acts if task.wants(act)]
    if task.kind == "log":
        return len(wanted)
    if task.kind == "days":
        return len({act.occurred_on for act in wanted})
    if task.kind == "grams":
        return sum(act.grams for act in wanted)
    return int(sum((act.quantity for act in wanted), Decimal(0)))


def due(acts: Sequence[Act], tasks: Sequence[Task], done: Mapping[int, int], multiplier: int) -> dict[str, int]:
    """Every bonus these acts earn, by cause: one for each act multiplied, one for each task completed."""
    earned = {f"act:{act.id}": bonus(act.points, multiplier) for act in acts}
    earned |= {f"task:{task.id}": task.reward_points for task in tasks if done[task.id] >= task.target}
    return {cause: points for cause, points in earned.items() if points > 0}


def changes(earned: Mapping[str, int], paid: Mapping[str, Any]) -> list[Change]:
    """What has to move so that what was paid (rows by cause) becomes what is due; dry ones stay dry."""
    steps = []
    for cause, points in sorted(earned.items()):
        row = paid.get(cause)
        if row is None:
            steps.append(Change("pay", cause, points, 1))
        elif row.status == "returned":
            steps.append(Change("pay", cause, points, row.round + 1))
        elif row.status == "kept":
            steps.append(Change("again", cause, row.points, row.round))
    for cause, row in sorted(paid.items()):
        if cause not in earned and row.status == "paid":
            steps.append(Change("back", cause, row.points, row.round))
    return steps
