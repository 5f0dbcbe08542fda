"""A batch of a partner's acts decided in order and written by the thousand, with the verdicts of `log_many`.

For members with nothing unusual: not suspended, not in debt, no recorded trip around, no meter that stands for the
behaviour. Acts that stand alone under their caps are worth what acts alike are worth; others are judged one by one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from points_engine.activity import Usage, decide, limits
from webapp.activities.alike import INSTANT, Alike, Row, copied, instant_text
from webapp.activities.proofs import Proof
from webapp.activities.tables import activity
from webapp.activities.used import Counters, counter_key
from webapp.ledger import service as ledger
from webapp.ledger.setwise import Credit, credit_acts
from webapp.store import Tx, thousands

ACTIVITY = (
    "member_id", "id", "behaviour", "version", "quantity_milli", "credited_milli", "inputs", "level", "occurred_at",
    "occurred_on", "recorded_at", "status", "grams", "points", "reasons", "evidence", "counters", "facts",
    "source", "natural",
)  # fmt: skip
USED = ("member_id", "occurred_on", "status", "points", "counters")


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

    def __init__(
        self, tx: Tx, books: ledger.Books, stamp: Proof, entries: Sequence[Entry], *, trusting: bool = False
    ) -> None:
        self.tx, self.books = tx, books
        self._now = instant_text(books.now)
        self._most = limits()["points_per_day"]
        self._counters, self._points = _read_used(tx, entries)
        # A day without an act has no sums yet; who must not be trusted in that looks for them.
        self._days = set(self._points) if trusting else None
        self._several = {member for member, n in Counter([e[0] for e in entries]).items() if n > 1}
        self._credits: list[Credit] = []  # plain tuples; see Credit
        self._acts: list[str] = []
        self._source = copied(stamp.source)

    def take(self, entry: Entry) -> Row:
        """Decide an act and put its rows down; the verdict as written."""
        member, natural, own, alike, at, instant = entry
        row = self._decide(entry)
        worth = row.worth.replace(INSTANT, instant) if row.has_instant else row.worth
        if "\\" in natural:
            natural = copied(natural)
        self._acts.append(
            f"{member}\t{own}{alike.claimed}{row.credited}{alike.inputs}{at.isoformat()}\t{alike.day}\t{self._now}\t{worth}"
            f"\t{self._source}\t{natural}\n"
        )
        if row.grams or row.points:
            self._credits.append((member, own, row.grams, row.points, alike.day))
            if member in self._several:
                self._remember(member, alike.day, row, instant)
        return row

    def _decide(self, entry: Entry) -> Row:
        member, _, _, alike, at, instant = entry
        row, counters = alike.row, self._counters.get(member)
        if counters is None:  # nothing else of these days
            if alike.plain and row.points <= self._most:
                return row
            counters, points = {}, 0
        else:
            points = self._points.get((member, alike.day), 0)
            if alike.plain and points + row.points <= self._most and alike.undisturbed(counters, instant):
                return row
        return Row(decide(replace(alike.act, occurred_at=at), Usage(counters, 0, points)), at)

    def _remember(self, member: int, day: str, row: Row, instant: str) -> None:
        """Let the member's next act see what this one used."""
        counters = self._counters.setdefault(member, {})
        for scope, period, n in row.counters:
            key = (scope, instant if period == INSTANT else period)
            counters[key] = counters.get(key, 0) + n
        self._points[member, day] = self._points.get((member, day), 0) + row.points

    def write(self) -> None:
        """Write what was put down; the acts first, for an event that is known ends the transaction there."""
        if self._acts:
            thousands.copy(self.tx, activity, ACTIVITY, self._acts)
            credit_acts(self.books, self._credits, self._days)


def _read_used(tx: Tx, entries: Sequence[Entry]) -> tuple[dict[int, Counters], dict[tuple[int, str], int]]:
    """What the acts that stand beside the entries use: counters by member, and points by member and day.

    Undone, refused and waiting acts use nothing; a day that has an act has points, be they 0.
    """
    spans: dict[int, tuple[str, str]] = {}
    for entry in entries:
        span = entry[3].span
        known = spans.setdefault(entry[0], span)
        if known is not span and known != span:
            spans[entry[0]] = min(known[0], span[0]), max(known[1], span[1])
    members = sorted(spans)
    first, last = zip(*(spans[member] for member in members), strict=True) if members else ((), ())
    keys = {"member_id": members, "occurred_on": first}
    counters: dict[int, Counters] = {}
    points: dict[tuple[int, str], int] = {}
    for member, on, status, worth, counted in thousands.find(tx, activity, USED, keys, ("occurred_on", last)):
        theirs, day = counters.setdefault(member, {}), (member, on.isoformat())
        points.setdefault(day, 0)
        if status != "accepted":
            continue
        for text, n in json.loads(counted).items():
            key = counter_key(text)
            theirs[key] = theirs.get(key, 0) + n
        points[day] += worth
    return counters, points
