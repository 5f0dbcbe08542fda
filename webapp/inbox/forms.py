"""What staff write in an announcement and members choose about e-mail: checked and frozen, or refused field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time

from points_engine.clock import LOCAL
from points_engine.errors import Invalid
from webapp.inbox.topics import TOPICS
from webapp.settings import MAIL

TITLE_MAX = 80
BODY_MAX = 8000
AUDIENCE = re.compile(r"all|kind:(enterprise|public_body|community|family)|(unit|campaign):[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class AnnouncementText:
    """An announcement as written; bodies are Markdown, an empty English text shows the Chinese one."""

    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    expires_at: datetime | None = None
    audience: str = "all"
    by_mail: bool = False

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> AnnouncementText:
        """Read the fields of the same names; `expires_at` is Shanghai time as a browser writes it, `audience` a tag."""
        faults: dict[str, str] = {}
        texts = {name: (form.get(name) or "").strip() for name in ("title_zh", "title_en", "body_zh", "body_en")}
        for name, value in texts.items():
            if len(value) > (TITLE_MAX if name.startswith("title") else BODY_MAX):
                faults[name] = "too_long"
        for name in ("title_zh", "body_zh"):
            if not texts[name]:
                faults[name] = "required"
        expires_at = None
        if written := (form.get("expires_at") or "").strip():
            try:
                expires_at = datetime.fromisoformat(written)
            except ValueError:
                faults["expires_at"] = "invalid"
            else:
                expires_at = expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=LOCAL)
        audience = (form.get("audience") or "all").strip()
        if not AUDIENCE.fullmatch(audience):
            faults["audience"] = "not_a_choice"
        if faults:
            raise Invalid(faults)
        return cls(**texts, expires_at=expires_at, audience=audience, by_mail=form.get("by_mail") == "1")


@dataclass(frozen=True, slots=True)
class MailChoice:
    """Topics by e-mail, silent topics, and quiet hours in minutes of the local day."""

    by_mail: tuple[str, ...]
    silent: tuple[str, ...]
    quiet_from: int
    quiet_until: int

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> MailChoice:
        """Ticks are called `mail_news` and `silent_news`, hours are written 21:00."""
        faults: dict[str, str] = {}
        hours = {name: _minute(form.get(name, ""), name, faults) for name in ("quiet_from", "quiet_until")}
        if faults:
            raise Invalid(faults)
        return cls(
            tuple(topic for topic in TOPICS if form.get(f"mail_{topic}") == "1"),
            tuple(topic for topic in TOPICS if form.get(f"silent_{topic}") == "1"),
            **hours,
        )


def address_of(text: str | None) -> str:
    """An e-mail address as typed, or Invalid; letters of the domain made small."""
    found = (text or "").strip()
    if not found:
        raise Invalid({"address": "required"})
    if len(found) > 200 or not MAIL.fullmatch(found) or ".." in found:
        raise Invalid({"address": "mail_address"})
    name, _, domain = found.rpartition("@")
    return f"{name}@{domain.lower()}"


def _minute(text: str, name: str, faults: dict[str, str]) -> int:
    try:
        at = time.fromisoformat(text.strip()[:5])
    except ValueError:
        faults[name] = "mail_hour"
        return 0
    return at.hour * 60 + at.minute
