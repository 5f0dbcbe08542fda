"""What is wrong with a campaign before it is announced: tasks nobody can do, goals out of reach, money that cannot last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from points_engine.campaign import OUTSIDE, Task
from points_engine.challenge_lint import BEYOND, STRETCH, UPLIFT, Finding

__all__ = ["Finding", "Past", "Plan", "Supply", "lint"]


@dataclass(frozen=True, slots=True)
class Supply:
    """Whether what a task asks for is there: open in the campaign's time, how much a quiz needs and has to draw from."""

    there: bool
    open: bool = True
    in_time: bool = True
    needed: int = 0
    available: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """What people did in as many days before: how many acted, how many had reached the target, the best, all together.

    For a team goal `best` is the best unit's sum, or everybody's.
    """

    people: int
    done: int
    best: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What the campaign would be; `points` is what its fund or budget has, None without either."""

    days: int
    tasks: Sequence[Task]
    supplies: Mapping[int, Supply] = field(default_factory=dict)
    past: Mapping[int, Past] = field(default_factory=dict)
    points: int | None = None
    fund: bool = False


def lint(plan: Plan) -> list[Finding]:
    """Every finding, those that stop it first; `task` counts from one."""
    found: list[Finding] = []
    for number, task in enumerate(plan.tasks, 1):
        found += _time(number, task, plan) + _supply(number, task, plan) + _reach(number, task, plan)
    found += _money(plan)
    return sorted(found, key=lambda one: (not one.stop, one.task or 0))


def _time(number: int, task: Task, plan: Plan) -> list[Finding]:
    days = 1 if task.day is not None else plan.days
    facts = {"target": task.target, "there": days}
    if task.kind in ("days", "streak") and task.target > days:
        return [Finding("longer_than_campaign", True, number, facts)]
    if task.kind == "quiz" and task.rule.subject and task.target > days:
        return [Finding("quiz_once_a_day", True, number, facts)]
    if task.target > 1 and (task.kind == "pledge" or (task.kind == "session" and task.rule.subject)):
        return [Finding("only_once", True, number, {"target": task.target, "there": 1})]
    return []


def _supply(number: int, task: Task, plan: Plan) -> list[Finding]:
    supply = plan.supplies.get(task.id)
    if supply is None:
        return []
    if not supply.there:
        return [Finding(f"no_{task.kind}", True, number)]
    if not supply.open:
        return [Finding(f"{task.kind}_closed", True, number)]
    if not supply.in_time:
        return [Finding(f"{task.kind}_at_another_time", True, number)]
    if supply.available < supply.needed:
        facts = {"target": supply.needed, "there": supply.available}
        return [Finding("too_few_questions", True, number, facts)]
    return []


def _reach(number: int, task: Task, plan: Plan) -> list[Finding]:
    """Against what was done before; ambition is allowed, so nothing here stops but what is far beyond."""
    past = plan.past.get(task.id)
    if past is None or not past.people or task.kind in OUTSIDE:
        return []
    facts = {"target": task.target, "best": past.best, "people": past.people}
    if task.kind == "team":
        if task.target > past.best * BEYOND // 100:
            return [Finding("out_of_reach", True, number, facts)]
        return [Finding("hard_to_reach", False, number, facts)] if task.target > past.best * STRETCH // 100 else []
    return [] if past.done else [Finding("nobody_before", False, number, facts)]


def _money(plan: Plan) -> list[Finding]:
    asked = sum(task.reward_points for task in plan.tasks)
    if not asked:
        return []
    if plan.points is None:
        return [Finding("no_limit", False, None, {"asked": asked})]
    if plan.fund and not plan.points:
        return [Finding("fund_empty", True, None, {"asked": asked})]
    likely = sum(task.reward_points * _winners(task, plan) for task in plan.tasks)
    return (
        [Finding("may_run_dry", False, None, {"likely": likely, "there": plan.points})] if likely > plan.points else []
    )


def _winners(task: Task, plan: Plan) -> int:
    """As many as would have been before, and half as many again; for what cannot be measured, everybody who acted."""
    past = plan.past.get(task.id)
    if past is None:
        return max((each.people for each in plan.past.values()), default=0)
    return (past.people if task.kind == "team" else past.done) * UPLIFT // 100
