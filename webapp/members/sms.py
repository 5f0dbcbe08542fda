"""How codes leave: a port for a vendor, and a sender for development that a page can read."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from points_engine.errors import refuse
from webapp.members.phones import mask

log = logging.getLogger("puhui.sms")
KEPT = 50


class SmsSender(Protocol):
    """What a vendor's adapter has to offer; `readable` is true when a page may show what was sent."""

    readable: bool

    def send(self, phone: str, code: str, purpose: str, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of the development inbox."""

    phone: str
    code: str
    purpose: str
    at: str


class ConsoleSender:
    """Writes each code to the log and to a file in the var folder; for development and tests only."""

    readable = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, phone: str, code: str, purpose: str, now: datetime) -> None:
        masked = mask(phone)
        log.info("code for %s (%s): %s", masked, purpose, code)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"phone": masked, "code": code, "purpose": purpose, "at": now.isoformat()})
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as out:
            out.write(line + "\n")

    def recent(self) -> list[Sent]:
        """What was sent lately, newest first."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()[-KEPT:]
        except FileNotFoundError:
            return []
        return [Sent(**json.loads(line)) for line in reversed(lines)]


class NoSender:
    """No vendor: people sign in by password."""

    readable = False

    def send(self, phone: str, code: str, purpose: str, now: datetime) -> None:
        raise refuse("unavailable", "sms_unavailable")


def open_sender(settings: Any) -> SmsSender:
    """The sender that the settings ask for."""
    if settings.development_inbox:
        return ConsoleSender(Path(settings.var_dir) / "sms.jsonl")
    return NoSender()
