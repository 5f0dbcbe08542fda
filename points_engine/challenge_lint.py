"""What is wrong with a challenge before it is published: dates, reach, budget and farming, by what people did before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from points_engine.challenge import FEWEST, Sums, Task

UPLIFT = 150  # percent: a challenge moves people, so half as many again as before are likely to win
STRETCH, BEYOND = 150, 300  # percent of what was done before: hard; out of reach
FARM_DEAR, FARM_STOP = 5, 20  # times the points that the acts themselves are worth
EASY = 90  # percent of people who would win without doing anything more


@dataclass(frozen=True, slots=True)
class Way:
    """An act that people report by their word alone: what one of them was worth, and how many a day were counted."""

    code: str
    points: int
    grams: int
    per_day: int


@dataclass(frozen=True, slots=True)
class Past:
    """What people of this unit (or of the park, when the unit has none) did in as many days before."""

    source: str  # unit or park
    people: int
    members: Sequence[Sums] = ()
    ways: Sequence[Way] = ()

    @property
    def active(self) -> int:
        return len(self.members)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the challenge would be."""

    days: int
    workdays: int
    tasks: Sequence[Task]
    eligible: int
    teams: int  # teams of five and more
    available: int | None  # points in the fund that nothing else is waiting for; None without a fund


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `stop` keeps the challenge from being published. `task` counts from one."""

    code: str
    stop: bool
    task: int | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict)


def lint(plan: Plan, past: Past) -> list[Finding]:
    """Every finding, the grave ones first."""
    found = _dates(plan)
    for number, task in enumerate(plan.tasks, 1):
        found += _reach(number, task, plan, past)
        found += _farm(number, task, past)
    found += _budget(plan, past)
    found += _people(plan, past)
    return sorted(found, key=lambda one: (not one.stop, one.task or 0))


def winners(task: Task, plan: Plan, past: Past) -> int:
    """How many would likely be rewarded: as many as would have been before, and half as many again."""
    if not past.members:
        return plan.eligible  # nothing is known: everybody may win
    share = past.active
    if task.scope == "person":  # never fewer than five, or trying targets out would tell what the best one did
        share = min(past.active, max(FEWEST, sum(_person(task, sums) >= task.target for sums in past.members)))
    return min(plan.eligible, -(-share * plan.eligible * UPLIFT // (past.people * 100)))


def _person(task: Task, sums: Sums) -> int:
    return int(getattr(sums, task.goal))


def _dates(plan: Plan) -> list[Finding]:
    if not plan.workdays:
        counted = any(t.goal in ("workdays", "frequency") for t in plan.tasks)
        return [Finding("no_workdays", counted, None, {"days": plan.days})]
    return []


def _reach(number: int, task: Task, plan: Plan, past: Past) -> list[Finding]:
    top = {"days": plan.days, "workdays": plan.workdays}.get(task.goal)
    if task.scope == "person" and top is not None and task.target > top:
        return [Finding(f"more_than_{task.goal}", True, number, {"target": task.target, "there": top})]
    if task.goal == "place" and task.target >= plan.teams > 0:
        return [Finding("every_place_wins", False, number, {"target": task.target, "teams": plan.teams})]
    if not past.members:
        return []
    if task.scope == "person":
        return _reach_of_people(number, task, past)
    before = _together(task, plan, past)
    if before is None or task.target <= before * STRETCH // 100:
        return []
    facts = {"target": task.target, "before": before}
    return [Finding("out_of_reach_together", task.target > before * BEYOND // 100, number, facts)]


def _reach_of_people(number: int, task: Task, past: Past) -> list[Finding]:
    """By what five people at least have done: what fewer did is nobody's business, not even the best one's figure."""
    every = sorted((_person(task, sums) for sums in past.members), reverse=True)
    best = every[min(FEWEST, len(every)) - 1]
    done = sum(one >= task.target for one in every)
    facts = {"target": task.target, "best": best, "done": done, "people": past.people, "few": FEWEST}
    if done < min(FEWEST, len(every)):
        del facts["done"]
        return [Finding("few_before", task.target > best * BEYOND // 100, number, facts)]
    if done * 100 >= EASY * past.people:
        return [Finding("everybody_before", False, number, facts)]
    return []


def _together(task: Task, plan: Plan, past: Past) -> int | None:
    """What people like these did together before, by the measure of the task; a team's total has no such figure."""
    grams = sum(sums.grams for sums in past.members)
    if task.goal == "total":
        return grams * plan.eligible // past.people if task.scope == "all" and past.people else None
    if task.goal == "per_head":
        return grams // past.active
    if task.goal == "frequency" and plan.workdays:
        return sum(sums.workdays for sums in past.members) * 100 // (past.active * plan.workdays)
    return None


def _farm(number: int, task: Task, past: Past) -> list[Finding]:
    """The cheapest way to the target by word alone, in acts and in the points these acts earn anyway."""
    if task.scope != "person" or not task.reward_points:
        return []
    ways = []
    for way in past.ways:
        acts = -(-task.target // way.grams) if task.goal == "grams" and way.grams else task.target
        if task.goal != "grams" or way.grams:
            ways.append((acts * way.points, acts, way.code))
    if not ways:
        return []
    worth, acts, code = min(ways)
    times = task.reward_points // max(1, worth)
    if times < FARM_DEAR:
        return []
    facts: dict[str, int | str] = {
        "reward": task.reward_points,
        "acts": acts,
        "worth": worth,
        "times": times,
        "way": code,
    }
    return [Finding("cheap_to_farm", times >= FARM_STOP, number, facts)]


def _budget(plan: Plan, past: Past) -> list[Finding]:
    asked = sum(t.reward_points for t in plan.tasks)
    if not asked:
        return []
    if plan.available is None:
        return [Finding("no_fund", True, None, {"asked": asked})]
    likely = sum(t.reward_points * winners(t, plan, past) for t in plan.tasks)
    most = asked * plan.eligible
    facts: dict[str, int | str] = {"likely": likely, "most": most, "there": plan.available}
    if likely > plan.available:
        return [Finding("budget_too_small", True, None, facts)]
    return [Finding("budget_tight", False, None, facts)] if most > plan.available else []


def _people(plan: Plan, past: Past) -> list[Finding]:
    found = []
    if plan.eligible < FEWEST:
        found.append(Finding("few_people", False, None, {"people": plan.eligible}))
    if not plan.teams and any(t.scope == "team" for t in plan.tasks):
        found.append(Finding("no_teams", True, None, {"people": FEWEST}))
    if not past.members:
        found.append(Finding("nothing_known", False, None, {"people": plan.eligible}))
    elif past.source == "park":
        found.append(Finding("measured_in_the_park", False, None, {"people": past.people}))
    return found
