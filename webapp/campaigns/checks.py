"""Whether a campaign can be written down at all: its words, dates, figures and the shape of each task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from points_engine import campaign as rules
from points_engine.errors import Invalid
from webapp.campaigns.badges import ICONS
from webapp.campaigns.values import CampaignFacts, TaskFacts


def check(facts: CampaignFacts, tasks: Sequence[TaskFacts] | None) -> None:
    """Invalid names every field that cannot stand; `tasks` for any of the tasks."""
    wrong: dict[str, str] = {}
    wrong |= {name: "required" for name in ("slug", "title_zh") if not getattr(facts, name).strip()}
    if facts.ends_at <= facts.starts_at:
        wrong["ends_at"] = "before_start"
    if not 100 <= facts.multiplier <= 500:
        wrong["multiplier"] = "out_of_bounds"
    if facts.bonus_budget is not None and not 0 <= facts.bonus_budget <= 10**12:
        wrong["bonus_budget"] = "out_of_bounds"
    if not (facts.audience.get("all") or facts.audience.get("kinds") or facts.audience.get("units")):
        wrong["audience"] = "required"
    if not _badge(facts):
        wrong["badge_icon"] = "not_a_choice"
    if not wrong:
        first, last = rules.days_of_window(facts.starts_at, facts.ends_at)
        if not all(_task(task, first, last) for task in tasks or ()):
            wrong["tasks"] = "invalid"
    if wrong:
        raise Invalid(wrong)


def _task(task: TaskFacts, first: date, last: date) -> bool:
    inside = task.day is None or first <= task.day <= last
    figures = task.target >= 1 and task.reward_points >= 0
    return inside and figures and bool(task.title_zh) and task.kind in rules.KINDS and _rule(task) and _badge(task)


def _rule(task: TaskFacts) -> bool:
    if task.kind == "team":
        return bool(task.rule.get("of")) and task.rule.get("measure") in rules.MEASURES
    if task.kind == "pledge":
        return bool(task.rule.get("subject"))
    return True


def _badge(facts: CampaignFacts | TaskFacts) -> bool:
    """A badge has a name and an icon of ours, or neither."""
    return facts.badge_icon in ICONS if facts.badge_zh else not facts.badge_icon
