"""活动与挑战: windows, audience, the multiplier on points (never on grams), tasks and their progress."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from points_engine.clock import local_day

KINDS = ("log", "days", "grams", "amount")
PERCENT = 100


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
    """A goal: `day` is a theme day, or None for the whole window; empty sets mean any behaviour.

    Kinds: log (how many acts), days (on how many different days), grams, amount (in the act's unit).
    """

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
class Audience:
    """Who may take part: everybody, or the people of these kinds of unit or of these units."""

    everybody: bool = False
    kinds: frozenset[str] = frozenset()
    units: frozenset[int] = frozenset()

    def includes(self, units: Mapping[str, int]) -> bool:
        """Whether somebody in these units (id by kind) is meant."""
        return self.everybody or not self.kinds.isdisjoint(units) or not self.units.isdisjoint(units.values())


def days_of_window(starts_at: datetime, ends_at: datetime) -> tuple[date, date]:
    """The first and last local day; an end at midnight belongs to the day before."""
    return local_day(starts_at), local_day(ends_at - timedelta(microseconds=1))


def inside(act: Act, starts_at: datetime, ends_at: datetime) -> bool:
    """Our instant and the member's day must both lie in the window; a wrong phone clock wins nothing."""
    first, last = days_of_window(starts_at, ends_at)
    return starts_at <= act.recorded_at < ends_at and first <= act.occurred_on <= last


def status_at(status: str, starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    """Where the clock takes a campaign: scheduled → open → closed; a draft waits for its editor."""
    if status == "scheduled" and starts_at <= now:
        status = "open"
    if status == "open" and ends_at <= now:
        status = "closed"
    return status


def bonus(points: int, multiplier: int) -> int:
    """What `multiplier` percent adds to the base points, rounded down; grams are never multiplied."""
    return points * max(0, multiplier - PERCENT) // PERCENT


def progress(task: Task, acts: Iterable[Act]) -> int:
    """How far these acts bring the task, in whole units."""
    wanted = [act for act in acts if task.wants(act)]
    if task.kind == "log":
        return len(wanted)
    if task.kind == "days":
        return len({act.occurred_on for act in wanted})
    if task.kind == "grams":
        return sum(act.grams for act in wanted)
    assert task.kind == "amount", task.kind
    return int(sum((act.quantity for act in wanted), Decimal(0)))


def completed_by(task: Task, acts: Iterable[Act]) -> Act | None:
    """The act, in the order they were recorded, that completed the task."""
    so_far: list[Act] = []
    for act in sorted(acts, key=lambda each: (each.recorded_at, each.id)):
        so_far.append(act)
        if task.wants(act) and progress(task, so_far) >= task.target:
            return act
    return None


def due(acts: Sequence[Act], tasks: Sequence[Task], done: Mapping[int, int], multiplier: int) -> dict[str, int]:
    """Every bonus these acts earn, by cause: one for each act multiplied, one for each task completed."""
    earned = {f"act:{act.id}": bonus(act.points, multiplier) for act in acts}
    earned |= {f"task:{t.id}": t.reward_points for t in tasks if done[t.id] >= t.target}
    return {cause: points for cause, points in earned.items() if points > 0}


def days_left(ends_at: datetime, now: datetime) -> int:
    """Local days still to come, today included; 0 when it is over."""
    if now >= ends_at:
        return 0
    return (local_day(ends_at - timedelta(microseconds=1)) - local_day(now)).days + 1


def theme_tasks(tasks: Iterable[Task], day: date) -> Collection[Task]:
    """The tasks a member can work on today: those of the day and those of the whole window."""
    return [task for task in tasks if task.day is None or task.day == day]
