"""The tasks of the campaign form: rows by kind, each with the fields its kind needs, read and written back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from points_engine.campaign import EVERYBODY, MEASURES
from points_engine.methodology import DOMAINS, Catalogue
from webapp.campaigns.service import ICONS, TaskFacts
from webapp.console.forms import read_day, read_whole
from webapp.console.words import TASK_KINDS, UNIT_KINDS
from webapp.learning import queries as learning
from webapp.places import queries as places
from webapp.places.forms import KINDS as PLACE_KINDS
from webapp.pledges import queries as pledges
from webapp.store import Tx
from webapp.web import t

TASK_ROWS = 24
SPARE_ROWS = 2
PLAIN = ("log", "days", "streak", "grams", "amount")  # told apart by one choice; the others are added by a button
ADDED = ("quiz", "pledge", "session", "scan", "team")
TASK_FIELDS = (
    "title_zh", "title_en", "kind", "target", "reward_points", "day", "behaviours", "unit_zh", "unit_en", "remove",
    "what", "measure", "badge_zh", "badge_en", "badge_icon",
)  # fmt: skip
FIGURES = ("target", "reward_points")
# What a row of a kind begins with: both names and the target.
BEGINS = {
    "quiz": ("通过一次测验", "Pass a quiz", "1"), "pledge": ("签署公约", "Sign the pledge", "1"),
    "session": ("参加一场课程活动", "Attend a session", "1"), "scan": ("到点扫码打卡", "Scan at a place", "1"),
    "team": ("一起达成目标", "Reach the goal together", "100"),
}  # fmt: skip
Choices = dict[str, list[tuple[str, str]]]


def choices(tx: Tx) -> Choices:
    """What each kind can ask for, as values of its select: any first, where any will do."""
    of_pledges = []
    for slug, title in pledges.choices(tx):
        now = pledges.one(tx, slug, None).text.current
        of_pledges += [(slug, title), (f"{slug}@{now}", t(f"{title}（第 {now} 版）", f"{title} (edition {now})"))]
    kinds = [(f"kind:{code}", t(f"任意{zh}", f"Any: {en}")) for code, (zh, en, _) in PLACE_KINDS.items()]
    spots = [(f"place:{number}", f"{number} {t(zh, en)}") for number, zh, en, is_open in places.choices(tx) if is_open]
    any_one = ("", t("任意一个", "Any"))
    return {
        "quiz": [any_one, *((str(number), title) for number, title in learning.quiz_choices(tx))],
        "session": [any_one, *((str(number), title) for number, title in learning.session_choices(tx))],
        "pledge": of_pledges,
        "scan": [("", t("任意地点", "Any place")), *kinds, *spots],
        "team": [
            (EVERYBODY, t("全体参加者", "Everybody who joins")),
            *((code, t(*both)) for code, both in UNIT_KINDS.items()),
        ],
    }


def plain_kinds() -> list[tuple[str, str]]:
    """The kinds that one row can be switched between."""
    return [(code, t(*TASK_KINDS[code])) for code in PLAIN]


def read_tasks(form: Any, catalogue: Catalogue, wrong: dict[str, str]) -> list[TaskFacts]:
    """Every row that says something; what is wrong is named task-3-target."""
    return [_task(row, catalogue, wrong) for row in rows_of(form) if not _blank(row)]


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
    if row["kind"] not in PLAIN + ADDED:
        mine["kind"] = "not_a_choice"
    for name in ("title_zh", "title_en"):
        if len(str(row[name])) > 120:
            mine[name] = "too_long"
    rule, badge = _rule(row, mine), read_badge(row, "badge", mine)
    wrong |= {f"{at}-{name}": code for name, code in mine.items()}
    return TaskFacts(
        str(row["title_zh"]), str(row["kind"]), figures["target"] or 0, str(row["title_en"]),
        figures["reward_points"] or 0, day, codes, domains, str(row["unit_zh"])[:12], str(row["unit_en"])[:12],
        rule, **badge,
    )  # fmt: skip


def _rule(row: Mapping[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    """What the kind needs besides, from the value of its select."""
    kind, what = row["kind"], str(row["what"])
    name, _, rest = what.partition("@" if kind == "pledge" else ":")
    if kind in ("quiz", "session") and what.isascii() and what.isdigit() and len(what) < 18:
        return {"subject": what}
    if kind == "pledge" and name and (not rest or _is_number(rest)):
        return {"subject": name, "edition": int(rest)} if rest else {"subject": name}
    if kind == "scan" and name == "kind" and rest in PLACE_KINDS:
        return {"place_kinds": [rest]}
    if kind == "scan" and name == "place" and _is_number(rest):
        return {"places": [int(rest)]}
    if kind == "team" and what in (EVERYBODY, *UNIT_KINDS) and row["measure"] in MEASURES:
        return {"of": what, "measure": row["measure"]}
    if kind in ("pledge", "team") or (kind in ADDED and what):
        wrong["what"] = "not_a_choice" if what else "required"
    return {}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _what(kind: str, rule: Mapping[str, Any]) -> str:
    """The value of the select that stands for a stored rule."""
    if kind == "team":
        return str(rule.get("of", ""))
    if kind == "scan":
        kinds, spots = rule.get("place_kinds"), rule.get("places")
        return f"kind:{kinds[0]}" if kinds else f"place:{spots[0]}" if spots else ""
    edition = rule.get("edition")
    return f"{rule.get('subject', '')}@{edition}" if edition else str(rule.get("subject", ""))


def read_badge(form: Any, at: str, wrong: dict[str, str]) -> dict[str, str]:
    """A badge by its two names and icon; without a name there is none."""
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


# --- rows of the page ------------------------------------------------------------------------------


def rows_of(source: Any) -> list[dict[str, Any]]:
    """The rows of the table of tasks: from stored tasks or from what was typed, and two empty ones."""
    if hasattr(source, "getlist"):
        rows = _typed(source)
    else:
        rows = [_stored(n, task) for n, task in enumerate(source, 1)]
    used = {row["n"] for row in rows}
    spare = [n for n in range(1, TASK_ROWS + 1) if n not in used][:SPARE_ROWS]
    return rows + [_empty(n) for n in spare]


def with_one_more(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The rows, and one of this kind after those that are filled in; unchanged when all are used."""
    free = next((row for row in rows if _blank(row)), None)
    if free is None or kind not in BEGINS:
        return rows
    zh, en, target = BEGINS[kind]
    fresh = {"kind": kind, "title_zh": zh, "title_en": en, "target": target, "measure": MEASURES[0], "fresh": True}
    return [row | fresh if row is free else row for row in rows]


def _blank(row: Mapping[str, Any]) -> bool:
    if row["remove"]:
        return True
    return not any(str(row[name]).strip() for name in ("title_zh", "title_en", "target", "behaviours", "reward_points"))


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
        "remove": "", "completions": getattr(task, "completions", 0), "what": _what(task.kind, task.rule),
        "measure": task.rule.get("measure", ""), "badge_zh": task.badge_zh, "badge_en": task.badge_en,
        "badge_icon": task.badge_icon,
    }  # fmt: skip


def _empty(n: int) -> dict[str, Any]:
    return dict.fromkeys(TASK_FIELDS, "") | {"n": n, "kind": "log"}
