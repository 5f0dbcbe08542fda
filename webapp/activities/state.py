"""What a batch of acts knows of its members while it decides: read under their locks, kept up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from points_engine.activity import Decision, Span, Usage, instant_mates, is_travel, periods, stands_aside
from points_engine.clock import local_day
from points_engine.methodology import Level
from webapp.activities.commands import LogActivity
from webapp.activities.tables import activity, cap_counter, displaced, photo_stop, proof
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.photos.queries import photo_use, upload
from webapp.store import Query, Tx, Write, among

Counters = dict[tuple[str, str], int]
NOTHING: frozenset[str] = frozenset()
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
    select(
        upload.c.member_id,
        upload.c.id,
        upload.c.sha256,
        upload.c.near,
        upload.c.taken_at,
        photo_use.c.sha256.label("used"),
        photo_stop.c.since.label("stopped"),
    )
    .join(photo_use, photo_use.c.sha256 == upload.c.sha256, isouter=True)
    .join(photo_stop, photo_stop.c.member_id == upload.c.member_id, isouter=True)
    .where(among("keys", upload.c.member_id, upload.c.id))
)
_SPANS = Query(
    select(proof.c.member_id, proof.c.id, proof.c.starts_at, proof.c.ends_at)
    .join(activity, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id))
    .where(
        among("members", proof.c.member_id),
        proof.c.ends_at >= bindparam("first"),
        proof.c.starts_at <= bindparam("last"),
        or_(activity.c.status == "accepted", activity.c.status == "pending"),
    )
)
_TRIPS = Query(
    select(activity.c.member_id, activity.c.behaviour, activity.c.occurred_at, activity.c.grams, activity.c.points)
    .join(proof, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id), isouter=True)
    .where(
        among("members", activity.c.member_id),
        among("days", activity.c.occurred_on),
        activity.c.status == "accepted",
        proof.c.ends_at.is_(None),
    )
)
_NATURAL = Query(select(proof.c.source, proof.c.natural).where(among("keys", proof.c.source, proof.c.natural)))
_DISPLACED = Query(select(displaced).where(among("members", displaced.c.member_id)))


@dataclass(frozen=True, slots=True)
class Photo:
    """An upload as evidence: its fingerprint, when it was taken, and what it has been found to be.

    `used`: it has supported an act before; `near`: "copy" or "similar" to a photo known before, or None;
    `stopped`: too many of its owner's photos did not hold, so that a person looks first.
    """

    sha256: str
    used: bool
    near: str | None = None
    taken_at: datetime | None = None
    stopped: bool = False


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
        self.spans, self.trips = _read_travel(tx, members, commands)
        self.aside = _read_displaced(tx, members, commands)
        self.naturals = _read_naturals(tx, commands)
        self.rows: list[dict[str, Any]] = []
        self.photos: list[dict[str, Any]] = []
        self.proofs: list[dict[str, Any]] = []
        self._added: dict[tuple[int, str, str], int] = {}

    def usage(self, member_id: int, occurred_at: datetime) -> Usage:
        day = local_day(occurred_at)
        declared, points = self.days.get((member_id, day), (0, 0))
        aside = self.aside.get(member_id)
        return Usage(
            self.counters.setdefault(member_id, {}),
            declared,
            points,
            self.spans.get(member_id, ()),
            self.trips.get(member_id, ()),
            NOTHING if aside is None else frozenset(b for b, first, last in aside if stands_aside(day, first, last)),
        )

    def remember(self, command: LogActivity, day: date, level: Level, verdict: Decision) -> None:
        """Let the next act of this batch see what this one used."""
        member_id = command.member_id
        self._remember_travel(command, verdict)
        counters = self.counters.setdefault(member_id, {})
        for (scope, period), n in verdict.counters.items():
            counters[(scope, period)] = counters.get((scope, period), 0) + n
            key = (member_id, period, scope)
            self._added[key] = self._added.get(key, 0) + n
        declared, points = self.days.get((member_id, day), (0, 0))
        grams = verdict.grams if level is Level.DECLARED else 0
        self.days[(member_id, day)] = (declared + grams, points + verdict.points)

    def _remember_travel(self, command: LogActivity, verdict: Decision) -> None:
        span = command.proof.span if command.proof else None
        if verdict.status == "rejected" or "trip_overlaps" in verdict.reasons:
            return
        if span is not None:
            self.spans.setdefault(command.member_id, []).append(span)
        elif verdict.grams or verdict.points:
            self.trips.setdefault(command.member_id, []).append((command.occurred_at, verdict.grams, verdict.points))

    def flush(self) -> None:
        """Write the acts, their evidence, counters and transfers."""
        used = [{"member_id": m, "period": p, "scope": s, "used": n} for (m, p, s), n in sorted(self._added.items())]
        self.books.flush(
            [
                Write(activity, self.rows),
                Write(photo_use, self.photos),
                Write(proof, self.proofs),
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
    return {
        (r.member_id, r.id): Photo(r.sha256, r.used is not None, r.near, r.taken_at, r.stopped is not None) for r in rows
    }


def _read_travel(
    tx: Tx, members: list[int], commands: Sequence[LogActivity]
) -> tuple[dict[int, list[Span]], dict[int, list[tuple[datetime, int, int]]]]:
    """The recorded trips around the batch's travel, and, for new recordings, what was told without one.

    A batch without travel asks nothing.
    """
    travel = [c for c in commands if is_travel(c.behaviour)]
    if not travel:
        return {}, {}
    times = [at for c in travel for at in (c.proof.span if c.proof and c.proof.span else (c.occurred_at,))]
    spans: dict[int, list[Span]] = {}
    for row in _SPANS.rows(tx, members=members, first=min(times), last=max(times)):
        spans.setdefault(row.member_id, []).append((row.starts_at, row.ends_at))
    trips: dict[int, list[tuple[datetime, int, int]]] = {}
    days = sorted({local_day(at) for c in travel if c.proof and c.proof.span for at in c.proof.span})
    if days:
        codes = {c.behaviour.code for c in travel} | {o for c in travel for o in instant_mates(c.behaviour)}
        for row in _TRIPS.rows(tx, members=members, days=days):
            if row.behaviour in codes and (row.grams or row.points):
                trips.setdefault(row.member_id, []).append((row.occurred_at, row.grams, row.points))
    return spans, trips


def _read_displaced(
    tx: Tx, members: list[int], commands: Sequence[LogActivity]
) -> dict[int, list[tuple[str, date, date | None]]]:
    if not any(rule.scope == "month" and rule.stands == "other" for c in commands for rule in c.behaviour.exclusions):
        return {}
    found: dict[int, list[tuple[str, date, date | None]]] = {}
    for row in _DISPLACED.rows(tx, members=members):
        found.setdefault(row.member_id, []).append((row.behaviour, row.since, row.until))
    return found


def _read_naturals(tx: Tx, commands: Sequence[LogActivity]) -> set[tuple[str, str]]:
    """Which of the sources' own ids are known already."""
    keys = [(c.proof.source, c.proof.natural) for c in commands if c.proof and c.proof.natural]
    return {(row.source, row.natural) for row in _NATURAL.rows(tx, keys=keys)} if keys else set()


def unusual_members(
    tx: Tx, members: list[int], first: datetime, last: datetime, *, travel: bool, metered: bool
) -> set[int]:
    """Members with a recorded trip between the instants, or whose meter stands for something."""
    found: set[int] = set()
    if travel:
        found |= {row[0] for row in _SPANS.tuples(tx, members=members, first=first, last=last)}
    if metered:
        found |= {row[0] for row in _DISPLACED.tuples(tx, members=members)}
    return found
