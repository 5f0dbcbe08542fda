"""What staff say about a campaign and its tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign as written by staff; `multiplier` in percent, `audience` as in the table."""

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


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task: for one theme day or (day None) the whole window; empty behaviours and domains mean any act."""

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
