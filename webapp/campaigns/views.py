"""Campaigns and tasks as pages and the API show them, with this member's progress and the team's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, select

from points_engine import campaign as rules
from points_engine.clock import local_day
from webapp.campaigns.facts import rule_of
from webapp.campaigns.tables import campaign_task, campaign_team, task_progress
from webapp.green_units import queries as green_units
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with my progress; `when` is today, past, coming or week (no day of its own)."""

    id: int
    day: date | None
    when: str
    kind: str
    title_zh: str
    title_en: str
    unit_zh: str
    unit_en: str
    target: int
    progress: int | None
    reward_points: int
    completed_at: datetime | None
    rule: rules.Rule = field(default_factory=rules.Rule)
    mine: int = 0  # of a team goal: my part; `progress` is what we have together, None when few stand behind it
    badge: tuple[str, str, str] | None = None  # icon and both names

    @property
    def done(self) -> bool:
        return self.completed_at is not None


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """A campaign in a list; `state` is running, coming or past."""

    id: int
    slug: str
    title_zh: str
    title_en: str
    summary_zh: str
    summary_en: str
    theme_zh: str
    theme_en: str
    starts_at: datetime
    ends_at: datetime
    first_day: date
    last_day: date
    multiplier: int
    state: str
    days_left: int
    joined: bool
    tasks_total: int
    tasks_done: int
    bonus: int


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign whole: its words, rules, tasks and what it has brought me."""

    card: CampaignCard
    body_zh: str
    body_en: str
    tasks: Sequence[TaskView]
    eligible: bool
    can_join: bool
    dry: bool
    funded: bool
    members: int

    @property
    def days(self) -> list[tuple[date, list[TaskView]]]:
        """Tasks of theme days, by day."""
        found: dict[date, list[TaskView]] = {}
        for task in self.tasks:
            if task.day is not None:
                found.setdefault(task.day, []).append(task)
        return sorted(found.items())

    @property
    def today(self) -> list[TaskView]:
        """Tasks of today's theme."""
        return [task for task in self.tasks if task.when == "today"]

    @property
    def week(self) -> list[TaskView]:
        """Tasks that have the whole window."""
        return [task for task in self.tasks if task.day is None]


def tasks(tx: Tx, ids: Sequence[int], member_id: int | None, now: datetime) -> dict[int, list[TaskView]]:
    """The tasks of each campaign in the staff's order, with this member's progress."""
    mine = and_(task_progress.c.task_id == campaign_task.c.id, task_progress.c.member_id == (member_id or 0))
    rows = tx.rows(
        select(campaign_task, task_progress.c.progress, task_progress.c.completed_at)
        .outerjoin(task_progress, mine)
        .where(campaign_task.c.campaign_id.in_(ids))
        .order_by(campaign_task.c.campaign_id, campaign_task.c.sort, campaign_task.c.id)
    )
    today, together = local_day(now), _together(tx, rows, member_id)
    made: dict[int, list[TaskView]] = {number: [] for number in ids}
    for r in rows:
        own = r.progress or 0
        made[r.campaign_id].append(
            TaskView(
                r.id, r.day, _when(r.day, today), r.kind, r.title_zh, r.title_en or r.title_zh, r.unit_zh,
                r.unit_en or r.unit_zh, r.target, together.get(r.id, 0) if r.kind == "team" else own, r.reward_points,
                r.completed_at, rule_of(r.rule), own if r.kind == "team" else 0,
                (r.badge_icon, r.badge_zh, r.badge_en or r.badge_zh) if r.badge_zh else None,
            )
        )  # fmt: skip
    return made


def _together(tx: Tx, rows: Sequence[Row[Any]], member_id: int | None) -> Mapping[int, int | None]:
    """How far each team goal has come: everybody's, or that of my unit; None where fewer than five stand behind it."""
    goals = {r.id: r.rule.get("of", "") for r in rows if r.kind == "team"}
    if not goals:
        return {}
    units = green_units.unit_ids_of(tx, member_id) if member_id is not None else {}
    wanted = {task: 0 if of == rules.EVERYBODY else units.get(of) for task, of in goals.items()}
    t = campaign_team.c
    found: dict[int, int | None] = {}
    for row in tx.rows(
        select(campaign_team).where(
            t.task_id.in_(sorted(goals)), t.unit_id.in_(sorted({u for u in wanted.values() if u is not None}))
        )
    ):
        if wanted[row.task_id] == row.unit_id:
            few = goals[row.task_id] not in (rules.EVERYBODY, "family") and row.people < green_units.FEWEST
            found[row.task_id] = None if few else row.total
    return found


def _when(day: date | None, today: date) -> str:
    if day is None:
        return "week"
    return "today" if day == today else "past" if day < today else "coming"
