"""The board of a challenge as it is kept: worked out by the job, read by every page, final once settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update

from points_engine import challenge as rules
from points_engine.challenge import JOINT, Group, Task
from points_engine.clock import local_day
from webapp.challenges.measure import Measured, measure, splits, tasks_of
from webapp.challenges.tables import challenge, challenge_join
from webapp.green_units.figures import FEWEST, hide
from webapp.store import Tx

FRESH = timedelta(seconds=60)  # how old a board may be
LARGE, FRESH_LARGE = 2000, timedelta(minutes=10)  # with more people than this it is worked out less often
STEPS = (0, 1, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)  # grams, for the distribution


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team on the board; figures of too few people are hidden (None)."""

    id: int
    name: str
    people: int
    grams: int | None
    per_head: int | None
    place: int | None


@dataclass(frozen=True, slots=True)
class Goal:
    """How far a task for a team or for all has come; None where too few people stand behind it."""

    task: Task
    done: int | None

    @property
    def reached(self) -> bool:
        return self.done is not None and self.done >= self.task.target


def refresh(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Work the board out again and keep it."""
    figures = figures_of(tx, row, measure(tx, row, local_day(now)), tasks_of(tx, row.id))
    live = (challenge.c.id == row.id, challenge.c.awarded_at.is_(None))  # what was settled meanwhile is final
    tx.execute(update(challenge).where(*live).values(standing=figures, standing_at=now))


def is_stale(tx: Tx, row: Row[Any], now: datetime) -> bool:
    """Whether the board is older than it may be."""
    if row.standing_at is None:
        return True
    age = now - row.standing_at
    if age < FRESH:
        return False
    count = select(func.count()).select_from(challenge_join).where(challenge_join.c.challenge_id == row.id)
    few = int(tx.scalar(count) or 0) <= LARGE
    return bool(few or age >= FRESH_LARGE)


def figures_of(tx: Tx, row: Row[Any], found: Measured, tasks: Sequence[Task]) -> dict[str, Any]:
    """Every figure as plain numbers; small groups are hidden when they are shown, not here."""
    placed = rules.places(found.teams, found.days)
    return {
        "days": found.days,
        "workdays": found.workdays,
        "all": _group(found.everybody, tasks, found.days, "all"),
        "teams": [
            {"id": team, "name": found.names.get(team, ""), "place": placed.get(team)}
            | _group(group, tasks, found.days, "team")
            for team, group in sorted(found.teams.items(), key=lambda pair: (placed.get(pair[0], 10**9), pair[0]))
        ],
        "splits": [[s.behaviour, s.level, s.acts, s.grams, s.people] for s in splits(tx, row)],
        "spread": _spread([p.sums.grams for p in found.people if p.sums.acts]),
    }


def _group(group: Group, tasks: Sequence[Task], days: int, scope: str) -> dict[str, Any]:
    per_head = rules.done_by_group(Task(0, scope, "per_head", 1), group, days)
    return {
        "people": group.people,
        "eligible": group.eligible,
        "active": group.active,
        "doers": len(group.doers),
        "acts": group.sums.acts,
        "grams": group.sums.grams,
        "per_head": per_head,
        "done": {
            str(t.id): rules.done_by_group(t, group, days) for t in tasks if t.scope == scope and t.goal != "place"
        },
    }


def _spread(grams: Sequence[int]) -> list[int]:
    """How many people lie in each step of grams, the last one open."""
    found = [0] * len(STEPS)
    for one in grams:
        found[max(i for i, step in enumerate(STEPS) if one >= step)] += 1
    return found


def hidden_all(figures: Mapping[str, Any]) -> bool:
    """Whether too few people stand behind even the total."""
    return bool(0 < _behind(figures["all"]) < FEWEST or figures["all"]["people"] < FEWEST)


def _behind(group: Mapping[str, Any]) -> int:
    """How many stand behind the grams of a group: those who saved them, and no more than now count as active in it."""
    doers = int(group.get("doers", group["active"]))
    return min(doers, max(1, int(group["active"]))) if doers else 0


def team_lines(figures: Mapping[str, Any], joint_name: str) -> list[TeamLine]:
    """The board of teams; who is in a team is known, what fewer than five did is not."""
    teams = figures["teams"]
    hidden = hide([_behind(t) for t in teams])
    if hidden_all(figures):
        hidden = set(range(len(teams)))
    return [
        TeamLine(
            t["id"],
            t["name"] if t["id"] != JOINT else joint_name,
            t["people"],
            None if i in hidden else t["grams"],
            None if i in hidden else t["per_head"],
            None if i in hidden else t["place"],
        )
        for i, t in enumerate(teams)
    ]


def goals_of(figures: Mapping[str, Any], tasks: Sequence[Task], team: int | None) -> list[Goal]:
    """The tasks for all and for this team."""
    lines = {t["id"]: t for t in figures["teams"]}
    mine = lines.get(team) if team in lines else lines.get(JOINT)
    shown = {line.id for line in team_lines(figures, "") if line.grams is not None}
    found = []
    for task in tasks:
        done = None
        if task.scope == "all" and not hidden_all(figures):
            done = figures["all"]["done"].get(str(task.id))
        elif task.scope == "team" and mine is not None and mine["id"] in shown and task.goal != "place":
            done = mine["done"].get(str(task.id))
        if task.scope != "person":
            found.append(Goal(task, done))
    return found
