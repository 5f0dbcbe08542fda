"""What a batch of acts knows of its members while it decides: read under their locks, kept up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select

from points_engine.activity import Decision, Usage, periods
from points_engine.clock import local_day
from points_engine.methodology import Level
from webapp.activities.commands import LogActivity
from webapp.activities.tables import activity, cap_counter, photo_use, upload
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.store import Query, Tx, Write, among

Counters = dict[tuple[str, str], int]
# Up to so many windows each member's counters are looked up one by one; with more, an instant of every
# trip among them, each member's instants are read as one range.
FEW = 64

_counter, _day = cap_counter.c, ledger_queries.days.c
_COUNTERS = Query(select(cap_counter).where(among("members", _counter.member_id), among("periods", _counter.period)))
_RANGE = Query(
    select(cap_counter).where(
        among("members", _counter.member_id), _counter.period.between(bindparam("first"), bindparam("last"))
    )
)
_DAYS = Query(
    select(_day.member_id, _day.day, _day.declared_g, _day.points).where(
        among("members", _day.member_id), among("days", _day.day)
    )
)
_KNOWN = Query(select(activity).where(among("keys", activity.c.member_id, activity.c.id)))
_EVIDENCE = Query(
    select(upload.c.member_id, upload.c.id, upload.c.sha256, photo_use.c.sha256.label("used"))
    .join(photo_use, photo_use.c.sha256 == upload.c.sha256, isouter=True)
    .where(among("keys", upload.c.member_id, upload.c.id))
)


@dataclass(frozen=True, slots=True)
class Photo:
    """An upload as evidence: its fingerprint, and whether it has supported an act before."""

    sha256: str
    used: bool


class Ledgers:
    """The members' wallets, counters, days, known acts and photos; what the batch adds is written by `flush`."""

    def __init__(self, tx: Tx, commands: Sequence[LogActivity], now: datetime) -> None:
        self.tx = tx
        self.now = now
        # The locks come first: only under them is what is read here what will be written.
        self.books = ledger.open_books(tx, (c.member_id for c in commands), now)
        members = sorted(self.books.wallets)
        self.counters = _read_counters(tx, members, commands)
        self.days = _read_days(tx, members, commands)
        self.known = _read_known(tx, commands)
        self.evidence = _read_evidence(tx, commands)
        self.rows: list[dict[str, Any]] = []
        self.photos: list[dict[str, Any]] = []
        self._added: dict[tuple[int, str, str], int] = {}

    def usage(self, member_id: int, occurred_at: datetime) -> Usage:
        declared, points = self.days.get((member_id, local_day(occurred_at)), (0, 0))
        return Usage(self.counters.setdefault(member_id, {}), declared, points)

    def remember(self, member_id: int, day: date, level: Level, verdict: Decision) -> None:
        """Let the next act of this batch see what this one used."""
        counters = self.counters.setdefault(member_id, {})
        for (scope, period), n in verdict.counters.items():
            counters[(scope, period)] = counters.get((scope, period), 0) + n
            key = (member_id, period, scope)
            self._added[key] = self._added.get(key, 0) + n
        declared, points = self.days.get((member_id, day), (0, 0))
        grams = verdict.grams if level is Level.DECLARED else 0
        self.days[(member_id, day)] = (declared + grams, points + verdict.points)

    def flush(self) -> None:
        """Write the acts, their photos, counters and transfers."""
        used = [{"member_id": m, "period": p, "scope": s, "used": n} for (m, p, s), n in sorted(self._added.items())]
        self.books.flush(
            [
                Write(activity, self.rows),
                Write(photo_use, self.photos),
                Write(cap_counter, used, ("member_id", "period", "scope"), ("used",)),
            ]
        )


def _read_counters(tx: Tx, members: list[int], commands: Sequence[LogActivity]) -> dict[int, Counters]:
    wanted = {p for c in commands for p in periods(c.occurred_at).values()}
    instants = sorted(p for p in wanted if p.startswith("@")) if len(wanted) > FEW else []
    rows = _COUNTERS.rows(tx, members=members, periods=sorted(wanted - set(instants)))
    if instants:
        rows += _RANGE.rows(tx, members=members, first=instants[0], last=instants[-1])
    found: dict[int, Counters] = {}
    for row in rows:
        found.setdefault(row.member_id, {})[(row.scope, row.period)] = row.used
    return found


def _read_days(tx: Tx, members: list[int], commands: Sequence[LogActivity]) -> dict[tuple[int, date], tuple[int, int]]:
    days = sorted({local_day(c.occurred_at) for c in commands})
    rows = _DAYS.rows(tx, members=members, days=days)
    return {(row.member_id, row.day): (row.declared_g, row.points) for row in rows}


def _read_known(tx: Tx, commands: Sequence[LogActivity]) -> dict[tuple[int, str], Mapping[str, Any]]:
    rows = _KNOWN.rows(tx, keys=[c.key for c in commands])
    return {(row.member_id, row.id): row._asdict() for row in rows}


def _read_evidence(tx: Tx, commands: Sequence[LogActivity]) -> dict[tuple[int, str], Photo]:
    keys = [(c.member_id, e) for c in commands for e in c.evidence]
    if not keys:
        return {}
    rows = _EVIDENCE.rows(tx, keys=keys)
    return {(row.member_id, row.id): Photo(row.sha256, row.used is not None) for row in rows}
