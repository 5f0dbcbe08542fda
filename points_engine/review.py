"""Who is looked at and how often: sampling by reputation, how reputation moves, and what needs two people."""

from __future__ import annotations

import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

KINDS = ("pending", "sample", "risk", "appeal")
STATES = ("normal", "trusted", "tightened", "stopped")
# What can be said of a case of each kind: the mild word first, the hard one second.
WORDS = {
    "pending": ("accept", "reject"),
    "sample": ("pass", "fail"),
    "risk": ("clear", "confirm"),
    "appeal": ("overturn", "uphold"),
}
KEPT_OUTCOMES = 20
PASS, FAIL = "p", "f"


@cache
def rules() -> Mapping[str, Any]:
    """The tables of risk.toml."""
    return tomllib.loads((Path(__file__).parent / "risk.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Reputation:
    """Where a member stands: the state and the verdicts since it began, newest last, as a row of p and f."""

    state: str = "normal"
    outcomes: str = ""

    def after(self, passed: bool) -> Reputation:
        """Where the member stands after one more verdict; a change of state begins a new row."""
        outcomes = (self.outcomes + (PASS if passed else FAIL))[-KEPT_OUTCOMES:]
        state = _switch(self.state, outcomes, rules()["switching"])
        return Reputation(state, outcomes) if state == self.state else Reputation(state, "")

    def confirmed(self) -> Reputation:
        """After a person found the risk well founded: everything is looked at from now on."""
        return self if self.state in ("tightened", "stopped") else Reputation("tightened", "")

    def forgiven(self) -> Reputation:
        """After one verdict against the member was overturned: one fault fewer, the others stand."""
        if self.state == "stopped":
            return Reputation("tightened", FAIL * (rules()["switching"]["faults_stop"] - 1))
        if FAIL in self.outcomes:
            last = self.outcomes.rindex(FAIL)
            return replace(self, outcomes=self.outcomes[:last] + self.outcomes[last + 1 :])
        return Reputation() if self.state == "tightened" else self

    def reopened(self) -> Reputation:
        """After an administrator lets a stopped member earn by photo again: every act is looked at."""
        return replace(self, state="tightened", outcomes="") if self.state == "stopped" else self


def _switch(state: str, outcomes: str, rule: Mapping[str, int]) -> str:
    if state == "stopped":
        return state
    if state == "tightened":
        if outcomes.count(FAIL) >= rule["faults_stop"]:
            return "stopped"
        return "normal" if _passes(outcomes) >= rule["passes_back"] else state
    if state == "trusted" and outcomes.endswith(FAIL):
        return "normal"
    if outcomes[-rule["look_back"] :].count(FAIL) >= rule["faults"]:
        return "tightened"
    return "trusted" if _passes(outcomes) >= rule["passes_trusted"] else state


def _passes(outcomes: str) -> int:
    """How many verdicts in a row were good, up to the last one."""
    return len(outcomes) - len(outcomes.rstrip(PASS))


def is_new(nth: int, first_on: date, on: date) -> bool:
    """Whether the member's nth act with evidence is still one of a newcomer's."""
    rule = rules()["switching"]
    return bool(nth <= rule["new_acts"] and (on - first_on).days < rule["new_days"])


def rate(level: str, state: str, new: bool) -> int:
    """How many of a thousand acts of this kind are looked at."""
    table = rules()["sampling"][{"declared": "declared", "partner": "partner"}.get(level, "rates")]
    strict = state in ("tightened", "stopped")
    return int(table[state if strict or not new else "new"])


def picked(secret: bytes, activity_id: str, per_mille: int) -> bool:
    """The draw: fixed for an act and known to nobody without the secret; a higher rate keeps every pick of a lower."""
    drawn = int.from_bytes(hmac.digest(secret, b"sample:" + activity_id.encode(), hashlib.sha256)[:8])
    return drawn * 1000 < per_mille << 64


def due(kind: str, opened_at: datetime) -> datetime:
    """By when a case should be decided."""
    return opened_at + timedelta(days=rules()["decisions"]["due_days"][kind])


def takes_two(kind: str, word: str, grams: int, points: int, staff: bool) -> bool:
    """Whether a second reviewer has to say the same: staff's own acts, and taking back what was worth much."""
    rule = rules()["decisions"]
    much = points > rule["two_over_points"] or grams > rule["two_over_grams"]
    return staff or (kind == "sample" and word == "fail" and much)
