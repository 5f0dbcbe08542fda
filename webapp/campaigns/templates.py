"""Campaigns that come back every year: templates as data, dated by staff, and last year's moved to this year."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from points_engine import campaign as rules
from points_engine.clock import start_of
from points_engine.errors import refuse
from webapp.campaigns.values import CampaignFacts, TaskFacts

FILE = Path(__file__).with_name("templates.toml")
TEXTS = ("title_zh", "title_en", "summary_zh", "summary_en", "body_zh", "body_en", "theme_zh", "theme_en")


@dataclass(frozen=True, slots=True)
class Template:
    """A campaign without its dates; `usual` is month and day where they are the same every year."""

    key: str
    days: int
    usual: str
    multiplier: int
    texts: dict[str, str]
    themes: dict[str, list[str]]
    tasks: tuple[dict[str, Any], ...]

    def next_day(self, today: date) -> date | None:
        """The next first day of one that always begins on the same date."""
        if not self.usual:
            return None
        month, day = map(int, self.usual.split("-"))
        this_year = date(today.year, month, day)
        return this_year if this_year >= today else date(today.year + 1, month, day)


@cache
def templates() -> dict[str, Template]:
    """Every template by its key, in the order of the file."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["template"]
    return {
        row["key"]: Template(
            row["key"], row["days"], row["usual"], row["multiplier"], {name: row[name] for name in TEXTS},
            row.get("themes", {}), tuple(row["tasks"]),
        )
        for row in rows
    }  # fmt: skip


def facts_of(key: str, starts_on: date) -> tuple[CampaignFacts, list[TaskFacts]]:
    """The campaign of a template that begins on a local day; 404 unknown_template."""
    template = templates().get(key)
    if template is None:
        raise refuse("not_found", "unknown_template", template=key[:40])
    texts: dict[str, Any] = {
        name: text.replace("{year}", str(starts_on.year)).strip("\n") for name, text in template.texts.items()
    }
    if theme := template.themes.get(str(starts_on.year)):
        texts |= {"theme_zh": theme[0], "theme_en": theme[1]}
    facts = CampaignFacts(
        slug=f"{key}-{starts_on.isoformat()}",
        starts_at=start_of(starts_on),
        ends_at=start_of(starts_on + timedelta(days=template.days)),
        multiplier=template.multiplier,
        **texts,
    )
    return facts, [_task(row, starts_on) for row in template.tasks]


def moved(facts: CampaignFacts, tasks: list[TaskFacts], starts_on: date) -> tuple[CampaignFacts, list[TaskFacts]]:
    """The same campaign beginning on another day: window and theme days move, years in the words follow."""
    first, _ = rules.days_of_window(facts.starts_at, facts.ends_at)
    by = starts_on - first
    year = re.compile(rf"(?<!\d){first.year}(?!\d)")
    texts: dict[str, Any] = {name: year.sub(str(starts_on.year), getattr(facts, name)) for name in TEXTS}
    fresh = replace(
        facts,
        **texts,
        slug=f"{facts.slug.removesuffix(f'-{first.isoformat()}')[:49]}-{starts_on.isoformat()}",
        starts_at=facts.starts_at + by,
        ends_at=facts.ends_at + by,
    )
    return fresh, [replace(task, day=task.day + by if task.day else None) for task in tasks]


def _task(row: dict[str, Any], starts_on: date) -> TaskFacts:
    given = dict(row)
    day = given.pop("day", None)
    given["behaviours"] = tuple(given.get("behaviours", ()))
    return TaskFacts(**given, day=None if day is None else starts_on + timedelta(days=day))
