"""What an administrator types for a challenge, checked and frozen; every mistake at once, beside its field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from points_engine.challenge import GOALS
from points_engine.clock import LOCAL
from points_engine.errors import Invalid
from webapp.challenges.colours import read_colour

AUDIENCES = ("all", "departments", "invited")
TITLE_MAX, NAME_MAX, WORDS_MAX = 40, 24, 200
TASKS_MAX = 6
LONGEST = timedelta(days=370)
IN_KILOGRAMS = ("grams", "total", "per_head")
IN_PERCENT = ("rate", "frequency")
TARGET_MAX, REWARD_MAX = 10**12, 100_000
WORDS = ("well_done", "keep_going", "together", "inspired", "thanks")


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A goal, in grams where it is a weight."""

    scope: str
    goal: str
    target: int
    reward_points: int = 0

    @property
    def kind(self) -> str:
        return f"{self.scope}.{self.goal}"

    @property
    def typed(self) -> str:
        """The target as it is typed: weights in kilograms."""
        if self.goal not in IN_KILOGRAMS:
            return str(self.target)
        whole, rest = divmod(self.target, 1000)
        return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class ChallengeFacts:
    """A challenge as its administrator wants it."""

    title: str
    words: str
    display_name: str
    colour: str
    starts_at: datetime
    ends_at: datetime
    audience: str
    departments: tuple[int, ...]
    behaviours: tuple[str, ...]
    fund_id: int | None
    tasks: tuple[TaskFacts, ...]


def read_challenge(
    form: Any, departments: Collection[int], behaviours: Collection[str], funds: Collection[int]
) -> ChallengeFacts:
    """Read the form; only departments, behaviours and funds of this unit are choices."""
    wrong: dict[str, str] = {}
    title = _text(form, "title", TITLE_MAX, wrong, required=True)
    words = _text(form, "words", WORDS_MAX, wrong)
    name = _text(form, "display_name", NAME_MAX, wrong, required=True)
    colour = _colour(form, wrong)
    starts, ends = (_instant(form, field, wrong) for field in ("starts_at", "ends_at"))
    if starts and ends and ends <= starts:
        wrong["ends_at"] = "ends_before_start"
    elif starts and ends and ends - starts > LONGEST:
        wrong["ends_at"] = "out_of_bounds"
    audience = form.get("audience", "")
    if audience not in AUDIENCES:
        wrong["audience"] = "not_a_choice"
    chosen = _numbers(form.getlist("departments"), departments, "departments", wrong)
    if audience == "departments" and not chosen and "departments" not in wrong:
        wrong["departments"] = "required"
    codes = tuple(dict.fromkeys(form.getlist("behaviours")))
    if any(code not in behaviours for code in codes):
        wrong["behaviours"] = "not_a_choice"
    fund = _numbers([form.get("fund")] if form.get("fund") else [], funds, "fund", wrong)
    tasks = read_tasks(form, wrong)
    if wrong:
        raise Invalid(wrong)
    assert starts is not None and ends is not None
    meant = tuple(sorted(chosen)) if audience == "departments" else ()
    return ChallengeFacts(
        title, words, name, colour, starts, ends, audience, meant, codes, fund[0] if fund else None, tuple(tasks)
    )


def read_tasks(form: Mapping[str, str], wrong: dict[str, str]) -> list[TaskFacts]:
    """The rows of tasks; a row without a kind is none."""
    found = []
    for n in range(1, TASKS_MAX + 1):
        kind = form.get(f"task-{n}", "")
        if not kind:
            continue
        scope, _, goal = kind.partition(".")
        if goal not in GOALS.get(scope, ()):
            wrong[f"task-{n}"] = "not_a_choice"
            continue
        target = _target(form.get(f"target-{n}"), goal, f"target-{n}", wrong)
        reward = _whole(form.get(f"reward-{n}") or "0", f"reward-{n}", wrong, REWARD_MAX)
        if target is not None and reward is not None:
            found.append(TaskFacts(scope, goal, target, reward))
    if not found and not any(key.startswith(("task-", "target-", "reward-")) for key in wrong):
        wrong["task-1"] = "required"
    return found


def read_word(text: str | None) -> str:
    """One of the ready words; nobody types their own."""
    if text not in WORDS:
        raise Invalid({"word": "not_a_choice"})
    return str(text)


def _text(form: Mapping[str, str], name: str, most: int, wrong: dict[str, str], *, required: bool = False) -> str:
    text = " ".join((form.get(name) or "").split())
    if len(text) > most:
        wrong[name] = "too_long"
    elif not text.isprintable():
        wrong[name] = "invalid"
    elif required and not text:
        wrong[name] = "required"
    return text


def _colour(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    """A colour of the palette, or one's own when that is chosen."""
    chosen = form.get("colour") or ""
    try:
        return read_colour(form.get("own_colour") if chosen == "own" else chosen)
    except Invalid as error:
        wrong["own_colour" if chosen == "own" else "colour"] = error.fields["colour"]
        return ""


def _instant(form: Mapping[str, str], name: str, wrong: dict[str, str]) -> datetime | None:
    text = (form.get(name) or "").strip()
    if not text:
        wrong[name] = "required"
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        wrong[name] = "invalid"
        return None
    at = at if at.tzinfo else at.replace(tzinfo=LOCAL)
    if not 2020 <= at.year <= 2100:
        wrong[name] = "invalid"
        return None
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def _numbers(texts: Collection[str | None], known: Collection[int], name: str, wrong: dict[str, str]) -> list[int]:
    found = []
    for text in texts:
        if not text or not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) not in known:
            wrong[name] = "not_a_choice"
            return []
        found.append(int(text))
    return found


def _target(text: str | None, goal: str, name: str, wrong: dict[str, str]) -> int | None:
    if goal not in IN_KILOGRAMS:
        return _whole(text, name, wrong, 100 if goal in IN_PERCENT else TARGET_MAX, least=1)
    try:
        grams = Decimal((text or "").strip()) * 1000
    except ArithmeticError:  # 1e999999 times a thousand is too large for a decimal
        wrong[name] = "not_a_number" if text else "required"
        return None
    if not grams.is_finite() or grams != grams.to_integral_value() or not 1 <= grams <= TARGET_MAX:
        wrong[name] = "out_of_bounds"
        return None
    return int(grams)


def _whole(text: str | None, name: str, wrong: dict[str, str], most: int, least: int = 0) -> int | None:
    text = (text or "").strip()
    if not text or not text.isascii() or not text.isdigit() or len(text) > 12:
        wrong[name] = "not_a_number" if text else "required"
        return None
    if not least <= int(text) <= most:
        wrong[name] = "out_of_bounds"
        return None
    return int(text)
