"""The check-in calendar of a campaign: on which days somebody acted, days in a row, and each day's theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from points_engine import campaign_days as rules
from points_engine.clock import local_day, month_of
from points_engine.errors import refuse
from webapp.activities import queries as activities
from webapp.campaigns.views import CampaignCard, TaskView
from webapp.store import Tx

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Day:
    """One cell: acts that count, the day's theme, and whether it lies in the campaign and before tomorrow."""

    day: date
    inside: bool
    today: bool
    past: bool
    acts: int
    theme: Pair | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month of a campaign; `run` is days in a row up to today, `best` the most, `active` how many in all."""

    month: str
    before: str | None
    after: str | None
    weeks: Sequence[Sequence[Day | None]]
    run: int
    best: int
    active: int


def calendar(
    tx: Tx, card: CampaignCard, tasks: Sequence[TaskView], member_id: int | None, month: str | None, now: datetime
) -> Calendar:
    """The month asked for, else this one, else the nearest of the campaign; 404 for a month outside it."""
    shown, today = rules.months(card.first_day, card.last_day), local_day(now)
    if month and month not in shown:
        raise refuse("not_found", "not_found")
    chosen = month or min(max(month_of(today), shown[0]), shown[-1])
    at, acts, themes = shown.index(chosen), days_with_acts(tx, card, member_id), themes_of(tasks)
    weeks = [
        [
            Day(d, card.first_day <= d <= card.last_day, d == today, d < today, acts.get(d, 0), themes.get(d))
            if d
            else None
            for d in week
        ]
        for week in rules.weeks(chosen)
        if any(d and card.first_day <= d <= card.last_day for d in week)
    ]
    return Calendar(
        chosen, shown[at - 1] if at else None, shown[at + 1] if at + 1 < len(shown) else None, weeks,
        rules.run_now(acts, min(today, card.last_day)), rules.best_run(acts), len(acts),
    )  # fmt: skip


def days_with_acts(tx: Tx, card: CampaignCard, member_id: int | None) -> dict[date, int]:
    """The member's acts that count, by day of the campaign."""
    found: dict[date, int] = {}
    for act in activities.acts_between(tx, [member_id], card.first_day, card.last_day) if member_id else ():
        if (act.grams or act.points) and card.starts_at <= act.recorded_at < card.ends_at:
            found[act.occurred_on] = found.get(act.occurred_on, 0) + 1
    return found


def themes_of(tasks: Sequence[TaskView]) -> Mapping[date, Pair]:
    """The theme of each day that has one: what its first task is called, up to the colon."""
    found: dict[date, Pair] = {}
    for task in tasks:
        if task.day is not None:
            found.setdefault(task.day, (_head(task.title_zh), _head(task.title_en)))
    return found


def _head(title: str) -> str:
    return title.replace("：", ":").partition(":")[0].strip()
