"""活动与挑战: windows, audience, the multiplier on points (never on grams), tasks and their progress."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from points_engine.campaign_days import best_run
from points_engine.clock import local_day, start_of

BY_ACTS = ("log", "days", "streak", "grams", "amount", "scan", "team")
OUTSIDE = ("quiz", "pledge", "session")  # done in other rooms, which tell how often
KINDS = BY_ACTS + OUTSIDE
MEASURES = ("acts", "grams", "people")
EVERYBODY = "campaign"  # the team of everybody who joined; any other team is a kind of unit
PERCENT = 100
LAST_CALL = timedelta(hours=9)


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
    # Where it was scanned, if it was, and the member's unit of each kind on that day.
    place: int | None = None
    place_kind: str = ""
    units: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of task needs besides its target.

    subject: which quiz or session by its number ("" = any), which pledge by its name; edition: of the pledge, 0 = any.
    of, measure: whose team goal it is and what is added up. places, place_kinds: where to scan; both empty = anywhere.
    """

    subject: str = ""
    edition: int = 0
    of: str = ""
    measure: str = ""
    places: frozenset[int] = frozenset()
    place_kinds: frozenset[str] = frozenset()

    def meets(self, act: Act) -> bool:
        """Whether the act was scanned where it should be."""
        if act.place is None:
            return False
        anywhere = not self.places and not self.place_kinds
        return anywhere or act.place in self.places or act.place_kind in self.place_kinds


@dataclass(frozen=True, slots=True)
class Task:
    """A goal: `day` is a theme day, or None for the whole window; empty sets mean any behaviour.

    Kinds: log (how many acts), days (on how many different days), streak (on how many days in a row), grams, amount
    (in the act's unit), scan (acts scanned at a place), team (what a unit or everybody brings together), and
    quiz, pledge, session (done in other rooms).
    """

    id: int
    day: date | None
    kind: str
    behaviours: frozenset[str]
    domains: frozenset[str]
    target: int
    reward_points: int
    rule: Rule = Rule()

    def wants(self, act: Act) -> bool:
        if self.day is not None and act.occurred_on != self.day:
            return False
        if self.kind == "scan" and not self.rule.meets(act):
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


def progress(task: Task, acts: Iterable[Act], told: int = 0) -> int:
    """How far one member has come, in whole units; `told` is what another room counted. Of a team goal: their part."""
    if task.kind in OUTSIDE:
        return told
    wanted = [act for act in acts if task.wants(act)]
    if task.kind in ("log", "scan"):
        return len(wanted)
    if task.kind == "days":
        return len({act.occurred_on for act in wanted})
    if task.kind == "streak":
        return best_run(act.occurred_on for act in wanted)
    if task.kind == "grams":
        return sum(act.grams for act in wanted)
    if task.kind == "team":
        parts = shares(task, wanted).values()
        return max(parts, default=0) if task.rule.measure == "people" else sum(parts)
    assert task.kind == "amount", task.kind
    return int(sum((act.quantity for act in wanted), Decimal(0)))


def shares(task: Task, acts: Iterable[Act]) -> dict[int, int]:
    """What these acts bring to a team goal, by unit: the one the member belonged to that day; 0 is everybody."""
    found: dict[int, int] = {}
    for act in acts:
        unit = 0 if task.rule.of == EVERYBODY else act.units.get(task.rule.of)
        if unit is None or not task.wants(act):
            continue
        if task.rule.measure == "people":
            found[unit] = 1
        else:
            found[unit] = found.get(unit, 0) + (act.grams if task.rule.measure == "grams" else 1)
    return {unit: amount for unit, amount in found.items() if amount}


def complete(task: Task, done: int, together: bool = False) -> bool:
    """Whether a task is done: one's own target, or a team goal that was reached `together` with one's own part."""
    return together and done > 0 if task.kind == "team" else done >= task.target


def completed_by(task: Task, acts: Iterable[Act]) -> Act | None:
    """The act, in the order they were recorded, that completed the task."""
    so_far: list[Act] = []
    for act in sorted(acts, key=lambda each: (each.recorded_at, each.id)):
        so_far.append(act)
        if task.wants(act) and progress(task, so_far) >= task.target:
            return act
    return None


def due(acts: Sequence[Act], tasks: Sequence[Task], completed: Collection[int], multiplier: int) -> dict[str, int]:
    """Every bonus these acts earn, by cause: one for each act multiplied, one for each task completed."""
    earned = {f"act:{act.id}": bonus(act.points, multiplier) for act in acts}
    earned |= {f"task:{t.id}": t.reward_points for t in tasks if t.id in completed}
    return {cause: points for cause, points in earned.items() if points > 0}


def due_at_the_end(
    acts: Sequence[Act], tasks: Sequence[Task], completed: Collection[int], multiplier: int
) -> dict[str, int]:
    """The same out of a fund, where the acts of one member are one bonus."""
    earned = due(acts, tasks, completed, multiplier)
    found = {cause: points for cause, points in earned.items() if cause.startswith("task:")}
    extra = sum(points for cause, points in earned.items() if cause.startswith("act:"))
    return found | ({"acts": extra} if extra else {})


def last_call(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether it is time to say that today is the last day: from nine on that day, in campaigns of several days."""
    first, last = days_of_window(starts_at, ends_at)
    return first < last == local_day(now) and now < ends_at and now >= start_of(last) + LAST_CALL


def days_left(ends_at: datetime, now: datetime) -> int:
    """Local days still to come, today included; 0 when it is over."""
    if now >= ends_at:
        return 0
    return (local_day(ends_at - timedelta(microseconds=1)) - local_day(now)).days + 1


def theme_tasks(tasks: Iterable[Task], day: date) -> Collection[Task]:
    """The tasks a member can work on today: those of the day and those of the whole window."""
    return [task for task in tasks if task.day is None or task.day == day]
