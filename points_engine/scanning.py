"""扫码 Scanning: codes that change on a screen, opening hours, and what a plate on a wall is worth."""

from __future__ import annotations

import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from points_engine.clock import LOCAL

DIGITS = 8
MINUTES_A_DAY = 24 * 60


@cache
def rules() -> Mapping[str, int]:
    """The figures of scanning.toml, by name."""
    data = tomllib.loads((Path(__file__).parent / "scanning.toml").read_text("utf-8"))
    return {name: int(entry["value"]) for name, entry in data.items()}


@dataclass(frozen=True, slots=True)
class Hours:
    """When a place is open: minutes after midnight, local time, and days of the week (1 is Monday).

    `closes` may lie before `opens`: the place is open over midnight, on the days on which it opens.
    """

    opens: int
    closes: int
    days: frozenset[int]

    def open_at(self, at: datetime) -> bool:
        local = at.astimezone(LOCAL)
        minute, day = local.hour * 60 + local.minute, local.isoweekday()
        if self.opens < self.closes:
            return day in self.days and self.opens <= minute < self.closes
        if minute >= self.opens:
            return day in self.days
        return minute < self.closes and (day - 2) % 7 + 1 in self.days


def screen_secret(key: str, name: str, screen_key: str) -> bytes:
    """What the codes of one screen are made from; `name` says whose screen it is, and a new `screen_key` ends them."""
    return hmac.new(key.encode(), f"{name}:{screen_key}".encode(), hashlib.sha256).digest()


def same_key(known: str, given: str) -> bool:
    """Whether `given` opens a screen whose address holds `known`."""
    return hmac.compare_digest(known.encode(), given.encode())


def window_of(at: datetime) -> int:
    """The number of the stretch of time in which a screen shows one code."""
    return int(at.timestamp()) // rules()["screen_seconds"]


def screen_code(secret: bytes, window: int) -> str:
    """The digits a screen shows in a window; nobody tells the next ones without the place's secret."""
    digest = hmac.new(secret, f"screen:{window}".encode(), hashlib.sha256).digest()
    return str(int.from_bytes(digest[:8], "big") % 10**DIGITS).zfill(DIGITS)


def screen_window(secret: bytes, given: str, at: datetime) -> int | None:
    """The window whose code was given: the present one or one just gone by; None for any other code."""
    now = window_of(at)
    for window in range(now, now - rules()["screen_windows"], -1):
        if hmac.compare_digest(screen_code(secret, window).encode(), given.encode()):
            return window
    return None


def too_fast(metres: int, seconds: int) -> bool:
    """Whether nobody gets from one place to another in this time."""
    return metres > rules()["near_metres"] and metres * 3600 > rules()["fastest_kmh"] * 1000 * max(seconds, 1)
