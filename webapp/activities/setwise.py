"""A batch of a partner's acts decided in order and written by the thousand, with the verdicts of `log_many`.

For members with nothing unusual: not suspended, not in debt, no recorded trip around, no meter that stands for the
behaviour. Acts that stand alone under their caps are worth what acts alike are worth; others are judged one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring as json_text
from typing import NamedTuple

from sqlalchemy import select

from points_engine.activity import Usage, decide, limits
from webapp.activities.alike import INSTANT, Alike, Key, Row, copied, instant_text
from webapp.activities.proofs import Proof
from webapp.activities.tables import activity, cap_counter, proof
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.ledger.setwise import Credit, credit_acts
from webapp.store import Query, Tx, among

ACTIVITY = (
    "member_id", "id", "behaviour", "version", "quantity_milli", "credited_milli", "inputs", "level", "occurred_at",
    "occurred_on", "recorded_at", "status", "grams", "points", "reasons", "evidence", "counters", "facts",
)  # fmt: skip
PROOF = ("member_id", "id", "kind", "level", "verdict", "source", "natural")
COUNTER = ("member_id", "period", "scope", "used")

_day, _counter = ledger_queries.days.c, cap_counter.c
_COUNTERS = Query(
    select(_counter.member_id, _counter.scope, _counter.period, _counter.used).where(
        among("keys", _counter.member_id, _counter.period)
    )
)
_DAYS = Query(select(_day.member_id, _day.day, _day.points).where(among("keys", _day.member_id, _day.day)))


class Entry(NamedTuple):
    """An act that has been read: whose, the source's number for it, its id, what it is alike, and when it was."""

    member_id: int
    natural: str
    id: str
    alike: Alike
    at: datetime
    instant: str


class Sheaf:
    """The state of the batch's members while it is decided, and the rows to be written."""

    def __init__(self, tx: Tx, books: ledger.Books, stamp: Proof, entries: Sequence[Entry]) -> None:
        self.tx, self.books, self.stamp = tx, books, stamp
        self._now = instant_text(books.now)
        self._most = limits()["points_per_day"]
        self._counters, self._stored = _read_counters(tx, entries)
        self._points = _read_points(tx, entries)
        self._known_days = set(self._points)
        self._added: dict[tuple[int, str, str], int] = {}
        self._credits: list[Credit] = []
        self._acts: list[str] = []
        self._proofs: list[str] = []
        self._stamp = f"\t{stamp.kind}\t{stamp.level.value}\t{stamp.verdict}\t{stamp.source}\t"
        self._told = f'["{stamp.kind}","{stamp.level.value}",{json_text(stamp.source)},'

    def facts(self, entry: Entry) -> str:
        """What tells whether the same event means the same act; see commands."""
        first, rest = entry.alike.told
        text = f"{first}{instant_text(entry.at)}{rest}{self._told}{json_text(entry.natural)}]]"
        return sha256(text.encode()).hexdigest()

    def take(self, entry: Entry) -> Row:
        """Decide an act and put its rows down; the verdict as written."""
        member, natural, own, alike, at, instant = entry
        counters = self._counters.get(member)
        if counters is None:
            counters = self._counters[member] = {}
        day = (member, alike.day)
        points = self._points.get(day, 0)
        row = alike.row
        if (
            not alike.plain
            or points + row.verdict.points > self._most
            or (counters and not alike.undisturbed(counters, instant))
        ):
            act = replace(alike.act, occurred_at=at)
            row = Row(decide(act, Usage(counters, 0, points)), at)
        for (scope, period), n in row.fixed:
            self._count(counters, member, scope, period, n)
        for scope, n in row.at_instant:
            self._count(counters, member, scope, instant, n)
        verdict, worth = row.verdict, row.worth
        if row.has_instant:
            worth = worth.replace(INSTANT, instant)
        self._acts.append(
            f"{member}\t{own}{alike.claimed}{row.credited}{alike.inputs}{at.isoformat()}\t{alike.day}\t{self._now}\t"
            f"{worth}{self.facts(entry)}\n"
        )
        self._proofs.append(f"{member}\t{own}{self._stamp}{copied(natural)}\n")
        if verdict.grams or verdict.points:
            self._points[day] = points + verdict.points
            self._credits.append(Credit(member, own, verdict.grams, verdict.points, alike.day))
        return row

    def _count(self, counters: dict[Key, int], member: int, scope: str, period: str, n: int) -> None:
        counters[(scope, period)] = counters.get((scope, period), 0) + n
        key = (member, period, scope)
        self._added[key] = self._added.get(key, 0) + n

    def write(self) -> None:
        """Write what was put down; proofs first, for an event that is known ends the transaction there."""
        if not self._acts:
            return
        self.tx.copy(proof, PROOF, self._proofs)
        self.tx.copy(activity, ACTIVITY, self._acts)
        stored = self._stored
        fresh = [f"{m}\t{p}\t{s}\t{n}\n" for (m, p, s), n in self._added.items() if (m, p, s) not in stored]
        self.tx.copy(cap_counter, COUNTER, fresh)
        old = [(*key, n) for key, n in self._added.items() if key in stored]
        if old:
            columns = dict(zip(COUNTER, map(list, zip(*old, strict=True)), strict=True))
            self.tx.merge(cap_counter, columns, key=COUNTER[:3], add=("used",))
        credit_acts(self.books, self._credits, self._known_days)


def _read_counters(tx: Tx, entries: Iterable[Entry]) -> tuple[dict[int, dict[Key, int]], set[tuple[int, str, str]]]:
    keys = dict.fromkeys((e.member_id, window) for e in entries for window in e.alike.windows)
    keys |= dict.fromkeys((e.member_id, e.instant) for e in entries if e.alike.by_instant)
    found: dict[int, dict[Key, int]] = {}
    stored: set[tuple[int, str, str]] = set()
    for member, scope, period, used in _COUNTERS.tuples(tx, keys=list(keys)) if keys else ():
        found.setdefault(member, {})[(scope, period)] = used
        stored.add((member, period, scope))
    return found, stored


def _read_points(tx: Tx, entries: Iterable[Entry]) -> dict[tuple[int, str], int]:
    keys = dict.fromkeys((e.member_id, e.alike.day) for e in entries)
    return {(m, day.isoformat()): points for m, day, points in _DAYS.tuples(tx, keys=list(keys))}
