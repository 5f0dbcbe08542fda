"""What comes in at the desk: reasons, campaigns with their tasks, dates as browsers write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from points_engine.clock import LOCAL
from points_engine.errors import Invalid

NOTE_MAX = 160
TASKS_MAX = 30
TEXTS = {"slug": 60, "title_zh": 60, "title_en": 120, "summary_zh": 200, "summary_en": 400, "body_zh": 8000,
         "body_en": 8000, "theme_zh": 60, "theme_en": 120}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in both languages: a ready sentence, own words, or both."""

    code: str
    zh: str
    en: str

    @classmethod
    def parse(cls, form: Mapping[str, str], ready: Mapping[str, tuple[str, str]]) -> Reason:
        """Read `reason` (a key of `ready` or empty) and `note`; one of them is needed."""
        code, note = form.get("reason", ""), " ".join((form.get("note") or "").split())
        wrong: dict[str, str] = {}
        if code and code not in ready:
            wrong["reason"] = "not_a_choice"
        if len(note) > NOTE_MAX:
            wrong["note"] = "too_long"
        if not code and not note:
            wrong["reason"] = "reason_required"
        if wrong:
            raise Invalid(wrong)
        zh, en = ready.get(code, ("", ""))
        return cls(code, "；".join(filter(None, (zh, note))), "; ".join(filter(None, (en, note))))


def local_input(at: datetime | None) -> str:
    """An instant as a datetime-local input wants it, in the park's time."""
    return at.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M") if at else ""


def read_instant(text: str | None, field: str, wrong: dict[str, str], *, optional: bool = False) -> datetime | None:
    """What a datetime-local input sent, taken as Shanghai time."""
    text = (text or "").strip()
    if not text:
        if not optional:
            wrong[field] = "required"
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        wrong[field] = "invalid"
        return None
    at = at if at.tzinfo else at.replace(tzinfo=LOCAL)
    if not 2020 <= at.year <= 2100:
        wrong[field] = "invalid"
        return None
    return at.astimezone(UTC)


def read_day(text: str | None, field: str, wrong: dict[str, str]) -> date | None:
    """An optional day."""
    text = (text or "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong[field] = "invalid"
        return None


def read_whole(form: Mapping[str, str], name: str, wrong: dict[str, str], *, optional: bool = False) -> int | None:
    """A whole number, written plainly."""
    text = (form.get(name) or "").strip().replace(",", "")
    if not text:
        if not optional:
            wrong[name] = "required"
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        wrong[name] = "not_a_number"
        return None
    return int(text)


def read_texts(form: Mapping[str, str], wrong: dict[str, str]) -> dict[str, str]:
    """The plain texts of a campaign, each within its length."""
    texts = {name: (form.get(name) or "").strip() for name in TEXTS}
    wrong |= {name: "too_long" for name, text in texts.items() if len(text) > TEXTS[name]}
    return texts


def read_audience(form: Any, wrong: dict[str, str]) -> dict[str, Any]:
    """Everybody, some kinds of unit, or named units by number."""
    chosen = form.get("audience", "all")
    if chosen == "all":
        return {"all": True}
    if chosen == "kinds":
        kinds = [k for k in form.getlist("kinds") if k in ("enterprise", "public_body", "community", "family")]
        if not kinds:
            wrong["kinds"] = "required"
        return {"kinds": kinds}
    if chosen == "units":
        parts = (form.get("units") or "").replace("，", ",").replace(",", " ").split()
        if not parts or not all(p.isascii() and p.isdigit() and len(p) < 18 for p in parts):
            wrong["units"] = "invalid" if parts else "required"
            return {"units": []}
        return {"units": sorted({int(p) for p in parts})}
    wrong["audience"] = "not_a_choice"
    return {"all": True}
