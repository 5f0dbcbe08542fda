"""What acts alike are worth: one verdict for a thousand rides, and the conditions under which it is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from points_engine.activity import MILLI, Act, Decision, Usage, decide, periods, window_days
from points_engine.clock import local_day
from points_engine.methodology import Behaviour
from webapp.activities.used import counters_out
from webapp.store.types import canonical

Key = tuple[str, str]  # (scope, period)
INSTANT = "@0000000000"  # stands for an act's own second in what acts alike share


class Alike:
    """Acts of one behaviour, amount and inputs in the same windows of time.

    `alone` is what each is worth when nothing stands beside it; `undisturbed` tells when that is so. Where caps
    or limits cut even a lone act, or a meter counts, every act is judged by itself (`plain` is False).
    """

    def __init__(self, act: Act) -> None:
        behaviour, windows = act.behaviour, {**periods(act.occurred_at), "instant": INSTANT}
        inputs = canonical({name: str(value) for name, value in act.inputs.items()})
        self.act = act
        self.day = local_day(act.occurred_at).isoformat()
        days = window_days(behaviour, act.occurred_at)
        self.span = days[0].isoformat(), days[-1].isoformat()  # whose acts may stand beside it
        version = behaviour.version_on(local_day(act.occurred_at)).version
        self.claimed = f"\t{behaviour.code}\t{version}\t{int(act.quantity * MILLI)}\t"
        self.inputs = f"\t{copied(inputs)}\t{act.level.value}\t"
        self.alone = decide(act, Usage({}, 0, 0))
        self.row = Row(self.alone, act.occurred_at)
        self.plain = (
            self.alone.status == "accepted"
            and self.alone.credited == act.quantity
            and not self.alone.reasons
            and behaviour.points_from != "meter"
        )
        self._rooms = _rooms(act, windows)
        self._zeros, self._instant_zeros = _zeros(behaviour, windows)

    def undisturbed(self, counters: Mapping[Key, int], instant: str) -> bool:
        """Whether there is room under every cap and nothing is counted that this act cannot stand beside."""
        used = counters.get
        for key, most in self._rooms:
            if used(key, 0) > most:
                return False
        for key in self._zeros:
            if used(key):
                return False
        for scope in self._instant_zeros:  # noqa: SIM110 - a generator for each act takes longer than its look-ups
            if used((scope, instant)):
                return False
        return True


class Row:
    """A verdict as the row of its act holds it; the act's own second stands as INSTANT."""

    def __init__(self, verdict: Decision, at: datetime) -> None:
        own = periods(at)["instant"]
        counters = {(s, INSTANT if p == own else p): n for (s, p), n in verdict.counters.items()}
        self.verdict = verdict
        self.outcome: Any = None  # what the caller tells of it, told once
        self.credited = str(int(verdict.credited * MILLI))
        reasons = canonical(list(verdict.reasons))
        out = copied(canonical(counters_out(counters)))
        self.worth = f"{verdict.status}\t{verdict.grams}\t{verdict.points}\t{reasons}\t[]\t{out}\t"
        self.has_instant = INSTANT in out
        self.counters = [(scope, period, n) for (scope, period), n in counters.items()]
        self.grams, self.points = verdict.grams, verdict.points


def copied(text: str) -> str:
    """Text inside the database's own format for rows."""
    return text.replace("\\", "\\\\")


def instant_text(at: datetime) -> str:
    """An instant as rows and proofs hold it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _rooms(act: Act, windows: Mapping[str, str]) -> list[tuple[Key, int]]:
    """How much may be used under each cap so that the act still fits whole."""
    return [
        (
            (f"{cap.of}:{cap.group or act.behaviour.code}", windows[cap.per]),
            int(cap.amount * MILLI) - (MILLI if cap.of == "acts" else int(act.quantity * MILLI)),
        )
        for cap in act.behaviour.caps
        if cap.per != "act"
    ]


def _zeros(behaviour: Behaviour, windows: Mapping[str, str]) -> tuple[list[Key], list[str]]:
    """The marks of other acts that must not be there: in longer windows, and at the act's own second."""
    zeros: list[Key] = []
    instants: list[str] = []
    for rule in behaviour.exclusions:
        for other in sorted(rule.codes):
            for mark in ("grams", "points") if rule.stands == "this" else ("did",):
                if rule.scope == "instant":
                    instants.append(f"{mark}:{other}")
                else:
                    zeros.append((f"{mark}:{other}", windows[rule.scope]))
    return zeros, instants
