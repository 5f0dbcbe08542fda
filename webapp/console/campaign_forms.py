"""The campaign form of the desk: words, window, audience, multiplier, who pays, badge; tasks are in task_forms.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from points_engine.errors import Invalid
from points_engine.methodology import Catalogue
from webapp.campaigns.service import CampaignFacts, TaskFacts
from webapp.console.forms import (
    local_input,
    read_audience,
    read_instant,
    read_texts,
    read_whole,
)
from webapp.console.task_forms import read_badge, read_tasks


def read_campaign(form: Any, catalogue: Catalogue, *, with_tasks: bool) -> tuple[CampaignFacts, list[TaskFacts]]:
    """The form as facts; Invalid names every field that needs changing, tasks as task-3-target."""
    wrong: dict[str, str] = {}
    texts = read_texts(form, wrong)
    starts = read_instant(form.get("starts_at"), "starts_at", wrong)
    ends = read_instant(form.get("ends_at"), "ends_at", wrong)
    audience = read_audience(form, wrong)
    multiplier = read_whole(form, "multiplier", wrong)
    budget = read_whole(form, "bonus_budget", wrong, optional=True)
    fund = read_whole(form, "fund_id", wrong, optional=True)
    badge = read_badge(form, "badge", wrong)
    tasks = read_tasks(form, catalogue, wrong) if with_tasks else []
    if wrong or starts is None or ends is None or multiplier is None:
        raise Invalid(wrong)
    facts = CampaignFacts(
        **texts,
        starts_at=starts,
        ends_at=ends,
        audience=audience,
        multiplier=multiplier,
        bonus_budget=budget,
        fund_id=fund,
        **badge,
    )
    return facts, tasks


def values_of(row: Any) -> dict[str, Any]:
    """A stored campaign as its form shows it."""
    values = {name: "" if value is None else value for name, value in row._mapping.items()}
    audience: Iterable[Any] = row.audience
    chosen = next((name for name in ("kinds", "units") if name in audience), "all")
    return values | {
        "starts_at": local_input(row.starts_at),
        "ends_at": local_input(row.ends_at),
        "audience": chosen,
        "kinds": row.audience.get("kinds", []),
        "units": ", ".join(str(u) for u in row.audience.get("units", [])),
    }
