"""What staff write in an announcement: checked and frozen, or refused field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from points_engine.clock import LOCAL
from points_engine.errors import Invalid

TITLE_MAX = 80
BODY_MAX = 8000


@dataclass(frozen=True, slots=True)
class AnnouncementText:
    """An announcement as written; bodies are Markdown, an empty English text shows the Chinese one."""

    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    expires_at: datetime | None = None

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> AnnouncementText:
        """Read the fields of the same names; `expires_at` is Shanghai time as a browser writes it."""
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
        if faults:
            raise Invalid(faults)
        return cls(**texts, expires_at=expires_at)
