"""What staff write in a pledge: checked and frozen, or refused field by field."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from points_engine.errors import Invalid

SIGNERS = ("members", "units", "both")
TITLE_MAX, BODY_MAX = 60, 8000
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FIELDS = ("title_zh", "title_en", "body_zh", "body_en")


@dataclass(frozen=True, slots=True)
class PledgeText:
    """One edition as written; bodies are Markdown, an empty English text shows the Chinese one."""

    title_zh: str
    title_en: str
    body_zh: str
    body_en: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> PledgeText:
        """Read the fields of the same names."""
        texts = {name: (form.get(name) or "").strip().replace("\r\n", "\n") for name in FIELDS}
        faults = {
            name: "too_long"
            for name, value in texts.items()
            if len(value) > (TITLE_MAX if name.startswith("title") else BODY_MAX)
        }
        faults |= {name: "required" for name in ("title_zh", "body_zh") if not texts[name]}
        if faults:
            raise Invalid(faults)
        return cls(**texts)

    @property
    def checksum(self) -> str:
        """What a signature stands for, in one number."""
        joined = "\x1f".join(getattr(self, name) for name in FIELDS)
        return hashlib.sha256(joined.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PledgeFacts:
    """The address of a pledge and who signs it."""

    slug: str
    signers: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> PledgeFacts:
        """Read `slug` and `signers`."""
        slug, signers = (form.get("slug") or "").strip().lower(), form.get("signers") or ""
        faults: dict[str, str] = {}
        if not SLUG.fullmatch(slug) or len(slug) > 40:
            faults["slug"] = "invalid" if slug else "required"
        if signers not in SIGNERS:
            faults["signers"] = "not_a_choice"
        if faults:
            raise Invalid(faults)
        return cls(slug, signers)


def read_number(text: str | None) -> str:
    """A certificate's number as printed, with or without blanks; empty when it cannot be one."""
    number = "".join((text or "").split()).upper()
    return number if re.fullmatch(r"GY-[0-9A-Z]{4,16}", number) else ""
