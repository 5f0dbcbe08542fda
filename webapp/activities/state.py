"""What a batch of acts knows of its members while it decides: read under their locks, kept up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from points_engine.activity import (
    Decision,
    Ride,
    Told,
    Usage,
    days_around,
    instant_mates,
    is_travel,
    nearby,
    stands_aside,
)
from points_engine.clock import local_day
from points_engine.methodology import Level
from webapp.activities.commands import LogActivity
from webapp.activities.tables import activity, displaced, photo_stop, proof
from webapp.activities.used import Used
from webapp.activities.used import asked as asked_for_used
from webapp.ledger import service as ledger
from webapp.photos.queries import photo_use, upload
from webapp.store import Asked, Query, Tx, Write, among

NOTHING: frozenset[str] = frozenset()
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
    select(proof.c.member_id, proof.c.starts_at, proof.c.ends_at, activity.c.behaviour)
    .join(activity, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id))
    .where(
        among("members", proof.c.member_id),
        proof.c.ends_at >= bindparam("first"),
        proof.c.starts_at <= bindparam("last"),
        or_(activity.c.status == "accepted", activity.c.status == "pending"),
    )
)
_TRIPS = Query(
    select(
        activity.c.member_id,
        activity.c.behaviour,
        activity.c.level,
        activity.c.occurred_at,
        activity.c.grams,
        activity.c.points,
    )
    .join(proof, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id), isouter=True)
    .where(
        among("members", activity.c.member_id),
        among("days", activity.c.occurred_on),
        activity.c.status == "accepted",
        proof.c.ends_at.is_(None),
    )
)
_NATURAL = Query(select(proof.c.source, proof.c.natural).where(among("keys", proof.c.source, proof.c.natural)))
TOLD_EVENTS = Query(select(activity.c.id).where(among("ids", activity.c.id), activity.c.natural.is_not(None)))
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
    """The members' wallets, what they have used, known acts and photos; what the batch adds is written by `flush`."""

    def __init__(self, tx: Tx, commands: Sequence[LogActivity], now: datetime) -> None:
        self.tx = tx
        self.now = now
        # The locks come first: only under them is what is read here what will be written.
        asked = _questions(commands)
        self.books, found = ledger.open_and_read(tx, (c.member_id for c in commands), now, list(asked.values()))
        rows = dict(zip(asked, found, strict=True))
        self.used = Used(rows["used"])
        self.known: dict[tuple[int, str], Mapping[str, Any]] = {
            (row.member_id, row.id): row._asdict() for row in rows["known"]
        }
        self.evidence = _photos_of(rows.get("evidence", []))
        self.spans, self.trips = _travel_of(rows.get("spans", []), rows.get("trips", []), commands)
        self.aside = _displaced_of(rows.get("displaced", []))
        # What sources have told before: by their own word for it, a partner's event by its id.
        self.naturals = {(row.source, row.natural) for row in rows.get("naturals", [])}
        self.naturals |= {("", row.id) for row in rows.get("events", [])}
        self.rows: list[dict[str, Any]] = []
        self.photos: list[dict[str, Any]] = []
        self.proofs: list[dict[str, Any]] = []

    def usage(self, member_id: int, occurred_at: datetime) -> Usage:
        day = local_day(occurred_at)
        declared, points = self.used.days.get((member_id, day), (0, 0))
        aside = self.aside.get(member_id)
        return Usage(
            self.used.counters.get(member_id, {}),
            declared,
            points,
            self.spans.get(member_id, ()),
            self.trips.get(member_id, ()),
            NOTHING if aside is None else frozenset(b for b, first, last in aside if stands_aside(day, first, last)),
        )

    def remember(self, command: LogActivity, day: date, level: Level, verdict: Decision) -> None:
        """Let the next act of this batch see what this one used."""
        self._remember_travel(command, level, verdict)
        declared = verdict.grams if level is Level.DECLARED else 0
        self.used.add(command.member_id, day, declared, verdict.points, verdict.counters)

    def _remember_travel(self, command: LogActivity, level: Level, verdict: Decision) -> None:
        span = command.proof.span if command.proof else None
        if verdict.status == "rejected" or "trip_overlaps" in verdict.reasons:
            return
        if span is not None:
            self.spans.setdefault(command.member_id, []).append((*span, command.behaviour.code))
        elif verdict.grams or verdict.points:
            told = Told(command.occurred_at, command.behaviour.code, level, verdict.grams, verdict.points)
            self.trips.setdefault(command.member_id, []).append(told)

    def flush(self) -> None:
        """Write the acts, their evidence and transfers."""
        self.books.flush([Write(activity, self.rows), Write(photo_use, self.photos), Write(proof, self.proofs)])


def _questions(commands: Sequence[LogActivity]) -> dict[str, Asked]:
    """What must be known of the batch's members, by name; a batch asks nothing that none of its acts needs."""
    members = sorted({c.member_id for c in commands})
    asked: dict[str, Asked] = {
        "used": asked_for_used((c.member_id, c.behaviour, c.occurred_at) for c in commands),
        "known": (_KNOWN, {"keys": [c.key for c in commands]}),
    }
    if photos := [(c.member_id, e) for c in commands for e in c.evidence]:
        asked["evidence"] = (_EVIDENCE, {"keys": photos})
    if any(rule.scope == "month" and rule.stands == "other" for c in commands for rule in c.behaviour.exclusions):
        asked["displaced"] = (_DISPLACED, {"members": members})
    proofs = [(c.id, c.proof) for c in commands if c.proof and c.proof.natural]
    if keys := [(each.source, each.natural) for _, each in proofs if not each.event_id]:
        asked["naturals"] = (_NATURAL, {"keys": keys})
    if ids := [own for own, each in proofs if each.event_id]:
        asked["events"] = (TOLD_EVENTS, {"ids": ids})
    return asked | _about_travel(members, commands)


def _about_travel(members: list[int], commands: Sequence[LogActivity]) -> dict[str, Asked]:
    """The recorded trips around the batch's travel, and, for new recordings, what was told without one."""
    travel = [c for c in commands if is_travel(c.behaviour)]
    if not travel:
        return {}
    times = [at for c in travel for at in (c.proof.span if c.proof and c.proof.span else (c.occurred_at,))]
    first, last = min(times) - nearby(), max(times) + nearby()
    asked: dict[str, Asked] = {"spans": (_SPANS, {"members": members, "first": first, "last": last})}
    spans = [c.proof.span for c in travel if c.proof and c.proof.span]
    if days := sorted({day for span in spans for day in days_around(span)}):
        asked["trips"] = (_TRIPS, {"members": members, "days": days})
    return asked


def _photos_of(rows: Sequence[Any]) -> dict[tuple[int, str], Photo]:
    return {
        (r.member_id, r.id): Photo(r.sha256, r.used is not None, r.near, r.taken_at, r.stopped is not None)
        for r in rows
    }


def _travel_of(
    spans: Sequence[Any], trips: Sequence[Any], commands: Sequence[LogActivity]
) -> tuple[dict[int, list[Ride]], dict[int, list[Told]]]:
    covered: dict[int, list[Ride]] = {}
    for row in spans:
        covered.setdefault(row.member_id, []).append((row.starts_at, row.ends_at, row.behaviour))
    told: dict[int, list[Told]] = {}
    if trips:
        travel = [c.behaviour for c in commands if is_travel(c.behaviour)]
        codes = {b.code for b in travel} | {other for b in travel for other in instant_mates(b)}
        for row in trips:
            if row.behaviour in codes and (row.grams or row.points):
                one = Told(row.occurred_at, row.behaviour, Level(row.level), row.grams, row.points)
                told.setdefault(row.member_id, []).append(one)
    return covered, told


def _displaced_of(rows: Sequence[Any]) -> dict[int, list[tuple[str, date, date | None]]]:
    found: dict[int, list[tuple[str, date, date | None]]] = {}
    for row in rows:
        found.setdefault(row.member_id, []).append((row.behaviour, row.since, row.until))
    return found


def unusual_members(
    tx: Tx, members: list[int], first: datetime, last: datetime, *, travel: bool, metered: bool
) -> set[int]:
    """Members with a recorded trip between the instants, or whose meter stands for something."""
    found: set[int] = set()
    if travel:
        found |= {row[0] for row in _SPANS.tuples(tx, members=members, first=first - nearby(), last=last + nearby())}
    if metered:
        found |= {row[0] for row in _DISPLACED.tuples(tx, members=members)}
    return found
