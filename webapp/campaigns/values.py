"""What staff say about a campaign and its tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign as written by staff; `multiplier` in percent, `audience` as in the table, badge for all tasks."""

    slug: str
    title_zh: str
    starts_at: datetime
    ends_at: datetime
    title_en: str = ""
    summary_zh: str = ""
    summary_en: str = ""
    body_zh: str = ""
    body_en: str = ""
    theme_zh: str = ""
    theme_en: str = ""
    audience: dict[str, Any] = field(default_factory=lambda: {"all": True})
    multiplier: int = 100
    bonus_budget: int | None = None
    fund_id: int | None = None
    badge_zh: str = ""
    badge_en: str = ""
    badge_icon: str = ""


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task: for one theme day or (day None) the whole window; empty behaviours and domains mean any act.

    `rule` is what the kind needs besides, by the names of points_engine.campaign.Rule, sets as sorted lists.
    """

    title_zh: str
    kind: str
    target: int
    title_en: str = ""
    reward_points: int = 0
    day: date | None = None
    behaviours: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    unit_zh: str = ""
    unit_en: str = ""
    rule: dict[str, Any] = field(default_factory=dict)
    badge_zh: str = ""
    badge_en: str = ""
    badge_icon: str = ""
