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

from points_engine.activity import Usage, decide, limits
from webapp.activities.alike import INSTANT, Alike, Key, Row, copied, instant_text
from webapp.activities.proofs import Proof
from webapp.activities.tables import activity, cap_counter, proof
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.ledger.setwise import Credit, credit_acts
from webapp.store import Tx

ACTIVITY = (
    "member_id", "id", "behaviour", "version", "quantity_milli", "credited_milli", "inputs", "level", "occurred_at",
    "occurred_on", "recorded_at", "status", "grams", "points", "reasons", "evidence", "counters", "facts",
)  # fmt: skip
PROOF = ("member_id", "id", "kind", "level", "verdict", "source", "natural")
COUNTER = ("member_id", "period", "scope", "used")


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
        self._credits: list[Credit] = []  # plain tuples; see Credit
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
        fits = alike.plain and points + row.points <= self._most
        if not fits or (counters and not alike.undisturbed(counters, instant)):
            row = Row(decide(replace(alike.act, occurred_at=at), Usage(counters, 0, points)), at)
        added = self._added
        for scope, period, n in row.counters:
            if period == INSTANT:
                period = instant
            counters[(scope, period)] = counters.get((scope, period), 0) + n
            key = (member, period, scope)
            added[key] = added.get(key, 0) + n
        when = at.isoformat(timespec="microseconds")
        first, rest = alike.told
        facts = sha256(f"{first}{when}{rest}{self._told}{json_text(natural)}]]".encode()).hexdigest()
        worth = row.worth.replace(INSTANT, instant) if row.has_instant else row.worth
        self._acts.append(
            f"{member}\t{own}{alike.claimed}{row.credited}{alike.inputs}{when}\t{alike.day}\t{self._now}\t{worth}{facts}\n"
        )
        if "\\" in natural:
            natural = copied(natural)
        self._proofs.append(f"{member}\t{own}{self._stamp}{natural}\n")
        if row.grams or row.points:
            self._points[day] = points + row.points
            self._credits.append((member, own, row.grams, row.points, alike.day))
        return row

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
    keys = {(e.member_id, window) for e in entries for window in e.alike.windows}
    keys |= {(e.member_id, e.instant) for e in entries if e.alike.by_instant}
    members, windows = zip(*sorted(keys), strict=True) if keys else ((), ())
    found: dict[int, dict[Key, int]] = {}
    stored: set[tuple[int, str, str]] = set()
    for member, period, scope, used in tx.find(cap_counter, COUNTER, {"member_id": members, "period": windows}):
        found.setdefault(member, {})[(scope, period)] = used
        stored.add((member, period, scope))
    return found, stored


def _read_points(tx: Tx, entries: Iterable[Entry]) -> dict[tuple[int, str], int]:
    keys = sorted({(e.member_id, e.alike.day) for e in entries})
    members, days = zip(*keys, strict=True) if keys else ((), ())
    rows = tx.find(ledger_queries.days, ("member_id", "day", "points"), {"member_id": members, "day": days})
    texts = {day: day.isoformat() for day in {row[1] for row in rows}}
    return {(member, texts[day]): points for member, day, points in rows}
