"""The campaign form of the desk: words, window, audience, multiplier and a table of tasks, read and written back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from points_engine.errors import Invalid
from points_engine.methodology import DOMAINS, Catalogue
from webapp.campaigns.service import ICONS, CampaignFacts, TaskFacts
from webapp.console.forms import (
    local_input,
    read_audience,
    read_day,
    read_instant,
    read_texts,
    read_whole,
)

TASK_ROWS = 24
SPARE_ROWS = 2
TASK_FIELDS = (
    "title_zh", "title_en", "kind", "target", "reward_points", "day", "behaviours", "unit_zh", "unit_en", "remove",
)  # fmt: skip
FIGURES = ("target", "reward_points")


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
    tasks = [_task(row, catalogue, wrong) for row in rows_of(form) if not _blank(row)] if with_tasks else []
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


def read_badge(form: Any, at: str, wrong: dict[str, str]) -> dict[str, str]:
    """A badge by its two names and icon; without a Chinese name there is none."""
    zh, en = (" ".join((form.get(f"{at}_{lang}") or "").split()) for lang in ("zh", "en"))
    icon = form.get(f"{at}_icon") or ""
    if not zh and not en:
        return {"badge_zh": "", "badge_en": "", "badge_icon": ""}
    wrong |= {f"{at}_{lang}": "too_long" for lang, text, most in (("zh", zh, 20), ("en", en, 40)) if len(text) > most}
    if not zh:
        wrong[f"{at}_zh"] = "required"
    if icon not in ICONS:
        wrong[f"{at}_icon"] = "not_a_choice"
    return {"badge_zh": zh, "badge_en": en, "badge_icon": icon}


def _task(row: Mapping[str, Any], catalogue: Catalogue, wrong: dict[str, str]) -> TaskFacts:
    at = f"task-{row['n']}"
    mine: dict[str, str] = {}
    codes, domains = _behaviours(str(row["behaviours"]), catalogue, mine)
    figures = {
        name: read_whole({name: str(row[name])}, name, mine, optional=name == "reward_points") for name in FIGURES
    }
    day = read_day(str(row["day"]), "day", mine)
    if not row["title_zh"]:
        mine["title_zh"] = "required"
    if row["kind"] not in ("log", "days", "grams", "amount"):
        mine["kind"] = "not_a_choice"
    for name in ("title_zh", "title_en"):
        if len(str(row[name])) > 120:
            mine[name] = "too_long"
    wrong |= {f"{at}-{name}": code for name, code in mine.items()}
    return TaskFacts(
        str(row["title_zh"]), str(row["kind"]), figures["target"] or 0, str(row["title_en"]),
        figures["reward_points"] or 0, day, codes, domains, str(row["unit_zh"])[:12], str(row["unit_en"])[:12],
    )  # fmt: skip


def _behaviours(text: str, catalogue: Catalogue, wrong: dict[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes, refs, names or domains, as somebody types them; empty means any act."""
    codes: list[str] = []
    domains: list[str] = []
    known_domains = {name for domain in DOMAINS for name in domain[:2]}
    by_name = {name: b.code for b in catalogue.behaviours for name in (b.code, b.ref, b.name_zh)}
    for part in text.replace("，", " ").replace("、", " ").replace(",", " ").split():
        if part in by_name:
            codes.append(by_name[part])
        elif part in known_domains:
            domains.append(next(d[0] for d in DOMAINS if part in d[:2]))
        else:
            wrong["behaviours"] = "unknown_behaviour"
    return tuple(dict.fromkeys(codes)), tuple(dict.fromkeys(domains))


def _blank(row: Mapping[str, Any]) -> bool:
    if row["remove"]:
        return True
    return not any(str(row[name]).strip() for name in ("title_zh", "title_en", "target", "behaviours", "reward_points"))


def rows_of(source: Any) -> list[dict[str, Any]]:
    """The rows of the table of tasks: from stored tasks or from what was typed, and three empty ones."""
    if hasattr(source, "getlist"):
        rows = _typed(source)
    else:
        rows = [_stored(n, task) for n, task in enumerate(source, 1)]
    used = {row["n"] for row in rows}
    spare = [n for n in range(1, TASK_ROWS + 1) if n not in used][:SPARE_ROWS]
    return rows + [_empty(n) for n in spare]


def _typed(form: Any) -> list[dict[str, Any]]:
    rows = []
    for n in range(1, TASK_ROWS + 1):
        row = {name: (form.get(f"task-{n}-{name}") or "").strip()[:400] for name in TASK_FIELDS}
        if not _blank(row):
            rows.append(row | {"n": n})
    return rows  # with the numbers they came with, which is where the messages belong


def _stored(n: int, task: Any) -> dict[str, Any]:
    return {
        "n": n, "title_zh": task.title_zh, "title_en": task.title_en, "kind": task.kind, "target": task.target,
        "reward_points": task.reward_points, "day": task.day.isoformat() if task.day else "",
        "behaviours": " ".join([*task.behaviours, *task.domains]), "unit_zh": task.unit_zh, "unit_en": task.unit_en,
        "remove": "", "completions": getattr(task, "completions", 0),
    }  # fmt: skip


def _empty(n: int) -> dict[str, Any]:
    return dict.fromkeys(TASK_FIELDS, "") | {"n": n, "kind": "log"}


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


__all__ = ["TASK_ROWS", "read_campaign", "rows_of", "values_of"]
