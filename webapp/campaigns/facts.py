"""What members did for a campaign's tasks: their acts in the window with place and unit, and what other rooms tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Row, or_, select

from points_engine import campaign as rules
from webapp.activities import proofs
from webapp.activities import queries as activities
from webapp.campaigns import outside
from webapp.campaigns.tables import campaign_task, campaign_team
from webapp.green_units import queries as green_units
from webapp.places import queries as places
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class Facts:
    """One member's: acts that count, how often other rooms say a task was done, team goals reached by (task, unit)."""

    acts: list[rules.Act]
    told: dict[int, int] = field(default_factory=dict)


def tasks_of(tx: Tx, campaign_id: int) -> list[rules.Task]:
    """The tasks as the rules see them, in the order they were written."""
    rows = tx.rows(select(campaign_task).where(campaign_task.c.campaign_id == campaign_id).order_by(campaign_task.c.id))
    return [task_of(row) for row in rows]


def task_of(row: Any) -> rules.Task:
    """A stored task as the rules see it."""
    return rules.Task(
        row.id, row.day, row.kind, frozenset(row.behaviours), frozenset(row.domains), row.target, row.reward_points,
        rule_of(row.rule),
    )  # fmt: skip


def rule_of(told: dict[str, Any]) -> rules.Rule:
    """What a kind needs besides, from its stored form."""
    sets = {name: frozenset(told.get(name, ())) for name in ("places", "place_kinds")}
    return rules.Rule(**{**told, **sets})


def gather(
    tx: Tx, catalogue: Any, row: Row[Any], tasks: Sequence[rules.Task], members: Sequence[int]
) -> dict[int, Facts]:
    """The facts of some members, by as many statements for many as for one."""
    acts = _acts(tx, catalogue, row, tasks, members)
    told = outside.told(tx, row, tasks, members)
    return {m: Facts(acts[m], {task: counts.get(m, 0) for task, counts in told.items()}) for m in members}


def reached_together(tx: Tx, tasks: Sequence[rules.Task]) -> set[tuple[int, int]]:
    """Team goals that are reached, as (task, unit)."""
    ids = [task.id for task in tasks if task.kind == "team"]
    if not ids:
        return set()
    c = campaign_team.c
    rows = tx.rows(select(c.task_id, c.unit_id).where(c.task_id.in_(ids), c.reached_at.is_not(None)))
    return {(r.task_id, r.unit_id) for r in rows}


def _acts(
    tx: Tx, catalogue: Any, row: Row[Any], tasks: Sequence[rules.Task], members: Sequence[int]
) -> dict[int, list[rules.Act]]:
    first, last = rules.days_of_window(row.starts_at, row.ends_at)
    scanned = _scanned(tx, members, first, last) if any(t.kind == "scan" for t in tasks) else {}
    kinds = {t.rule.of for t in tasks if t.kind == "team"} - {rules.EVERYBODY}
    belonged = _Belonging(tx, members, kinds, first, last)
    found: dict[int, list[rules.Act]] = {member: [] for member in members}
    for fact in activities.acts_between(tx, members, first, last):
        if not fact.grams and not fact.points:
            continue  # over a cap: recorded, worth nothing, counts for nothing
        known = catalogue.by_code.get(fact.behaviour)
        place, kind = scanned.get((fact.member_id, fact.id), (None, ""))
        act = rules.Act(
            fact.id, fact.behaviour, known.domain if known else "", fact.quantity, fact.grams, fact.points,
            fact.occurred_on, fact.recorded_at, place, kind, belonged.on(fact.member_id, fact.occurred_on),
        )  # fmt: skip
        if rules.inside(act, row.starts_at, row.ends_at):
            found[fact.member_id].append(act)
    return found


def _scanned(tx: Tx, members: Sequence[int], first: date, last: date) -> dict[tuple[int, str], tuple[int | None, str]]:
    """Place and kind of place of every scanned act."""
    sources = proofs.scan_sources(tx, members, first, last)
    ids = {act: int(source[6:]) for act, source in sources.items() if source.startswith("place:")}
    kinds = places.kinds_of(tx, set(ids.values()))
    return {act: (number, kinds.get(number, "")) for act, number in ids.items()}


class _Belonging:
    """Which unit of each kind a member belonged to on a day; a membership ends the day before `left_on`."""

    def __init__(self, tx: Tx, members: Sequence[int], kinds: set[str], first: date, last: date) -> None:
        m = green_units.memberships.c
        self._of: dict[int, list[Any]] = {}
        if not kinds:
            return
        query = select(m.member_id, m.kind, m.unit_id, m.joined_on, m.left_on).where(
            m.member_id.in_(list(members)), m.kind.in_(sorted(kinds)), m.joined_on <= last,
            or_(m.left_on.is_(None), m.left_on > first),
        )  # fmt: skip
        for row in tx.rows(query):
            self._of.setdefault(row.member_id, []).append(row)

    def on(self, member: int, day: date) -> dict[str, int]:
        return {
            r.kind: r.unit_id
            for r in self._of.get(member, ())
            if r.joined_on <= day and (r.left_on is None or day < r.left_on)
        }
