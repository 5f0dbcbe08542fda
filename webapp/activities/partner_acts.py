"""Acts from a partner's record: each becomes a command with a proof for `log_many`, or, by the thousand, a set-wise entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha1
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import select

from points_engine.activity import Act, is_travel, limits, periods
from points_engine.errors import EngineError, Invalid
from points_engine.methodology import Catalogue
from webapp.activities.alike import Alike, Row
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.proofs import EVENTS, Proof
from webapp.activities.service import Logged, log_many
from webapp.activities.setwise import Entry, Sheaf
from webapp.activities.state import TOLD_EVENTS, unusual_members
from webapp.activities.tables import activity
from webapp.ledger import service as ledger
from webapp.ledger.setwise import look_into_books, simple
from webapp.store import Query, Tx, among, thousands

FEW = 200  # fewer acts than this are not worth the set-wise way
QUARTER = 900  # seconds; days and meals begin on a quarter of an hour
MOST_ALIKE = 20_000

_IDS = Query(select(activity.c.id).where(among("keys", activity.c.member_id, activity.c.id)))


class PartnerAct(NamedTuple):
    """One event of a partner's record, for a member who has been found."""

    member_id: int
    natural: str
    behaviour: str
    quantity: Decimal
    inputs: tuple[tuple[str, str], ...]
    occurred_at: datetime


class Outcome(NamedTuple):
    """What became of it: credited, zero (recorded, worth nothing now), pending, already, or refused with a field."""

    status: str
    reason: str = ""
    field: str = ""
    grams: int = 0
    points: int = 0


ALREADY = Outcome("already", "already_imported")


class PartnerDesk:
    """Logs the acts of one source; what acts have in common is worked out once and kept from batch to batch.

    `stamp` is the partner's word, as the room of feeds makes it; each act's proof carries the event's number.
    """

    def __init__(self, catalogue: Catalogue, stamp: Proof) -> None:
        self.catalogue, self.stamp = catalogue, stamp
        self._alike: dict[tuple[object, ...], Alike | Outcome] = {}
        self._windows: dict[int, tuple[str, str]] = {}
        self._base = sha1(EVENTS.bytes + f"{stamp.source}\x1f".encode(), usedforsecurity=False)

    def log(self, tx: Tx, acts: Sequence[PartnerAct], now: datetime, *, trusting: bool = False) -> list[Outcome]:
        """Log a batch of events in their order; the outcome of each in its place.

        With `trusting` events are taken to be new and members to be busy nowhere else: what turns out otherwise
        breaks the transaction off (a unique violation, Overtaken). Without, members are locked and events looked up.
        """
        if tx.bulky and len(acts) >= FEW:
            return self._set_wise(tx, acts, now, trusting)
        return self._one_by_one(tx, acts, now)

    def _one_by_one(self, tx: Tx, acts: Sequence[PartnerAct], now: datetime) -> list[Outcome]:
        read = [self._command(act, now) for act in acts]
        commands = [each for each in read if isinstance(each, LogActivity)]
        answers = iter(log_many(tx, commands, now) if commands else ())
        return [each if isinstance(each, Outcome) else _outcome(next(answers)) for each in read]

    def _set_wise(self, tx: Tx, acts: Sequence[PartnerAct], now: datetime, trusting: bool) -> list[Outcome]:
        read = self._read(acts, now)
        entries = [each for each in read if isinstance(each, Entry)]
        if not entries:
            return [each for each in read if isinstance(each, Outcome)]
        thousands.by_index(tx)
        members = {entry.member_id for entry in entries}
        books = look_into_books(tx, members, now) if trusting else ledger.open_books(tx, members, now)
        odd = _odd_members(tx, books, entries)
        known = set() if trusting else _known(tx, entries)
        sheaf = Sheaf(tx, books, self.stamp, entries, trusting=trusting)
        outcomes: list[Outcome | None] = [each if isinstance(each, Outcome) else None for each in read]
        plain: list[tuple[int, int, Entry]] = []
        later: list[int] = []
        first: dict[str, Entry] = {}
        for place, entry in enumerate(read):
            if isinstance(entry, Outcome):
                continue
            if entry.member_id in odd or entry.natural in known:
                known.add(entry.natural)  # what comes under this number again goes the same way
                later.append(place)
            elif entry.natural in first:
                outcomes[place] = _again(first[entry.natural], entry)
            else:
                first[entry.natural] = entry
                plain.append((entry.member_id, place, entry))
        # Member after member, each in the order of the file: neighbours on a page are written together.
        for _, place, entry in sorted(plain, key=itemgetter(0)):
            outcomes[place] = _of_row(sheaf.take(entry))
        sheaf.write()
        if later:
            for place, outcome in zip(later, self._one_by_one(tx, [acts[n] for n in later], now), strict=True):
                outcomes[place] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _read(self, acts: Sequence[PartnerAct], now: datetime) -> list[Entry | Outcome]:
        earliest = now - timedelta(hours=limits()["partner_late_hours"])
        latest = now + timedelta(minutes=limits()["ahead_minutes"])
        known, windows, base = self._alike, self._windows, self._base
        made: list[Entry | Outcome] = []
        for act in acts:
            member, natural, behaviour, quantity, inputs, at = act
            if at.tzinfo is not UTC:
                at = at.astimezone(UTC)
            second = int(at.timestamp())
            window = windows.get(second // QUARTER)
            if window is None:
                spans = periods(at)
                window = windows[second // QUARTER] = (spans["day"], spans["meal"])
            key = (behaviour, quantity, inputs, window)
            alike = known.get(key)
            if alike is None or not earliest <= at <= latest:
                alike = self._first(act, now)
                if earliest <= at <= latest and len(known) < MOST_ALIKE:
                    known[key] = alike
            if isinstance(alike, Outcome):
                made.append(alike)
                continue
            number = base.copy()
            number.update(natural.encode())
            made.append(Entry(member, natural, _uuid5(number.hexdigest()), alike, at, f"@{second}"))
        return made

    def _first(self, act: PartnerAct, now: datetime) -> Alike | Outcome:
        read = self._command(act, now)
        if isinstance(read, Outcome):
            return read
        try:
            return Alike(Act(read.behaviour, read.quantity, read.inputs, self.stamp.level, read.occurred_at))
        except EngineError as fault:  # no edition of the method was in force on that day
            return refused(fault)

    def _command(self, act: PartnerAct, now: datetime) -> LogActivity | Outcome:
        try:
            return read_command(
                self.catalogue,
                act.member_id,
                id="",  # the event's
                behaviour=act.behaviour,
                quantity=act.quantity,
                occurred_at=act.occurred_at,
                inputs=dict(act.inputs),
                evidence=[],
                now=now,
                proof=replace(self.stamp, natural=act.natural),
            )
        except EngineError as fault:
            return refused(fault)


def _odd_members(tx: Tx, books: ledger.Books, entries: Sequence[Entry]) -> set[int]:
    """Those whose acts are judged one by one."""
    behaviours = {entry.alike.act.behaviour for entry in entries}
    members = sorted(books.wallets)
    odd = {member for member, purse in books.wallets.items() if not simple(purse)}
    times = [entry.at for entry in entries]
    metered = any(rule.scope == "month" and rule.stands == "other" for b in behaviours for rule in b.exclusions)
    travel = any(is_travel(behaviour) for behaviour in behaviours)
    return odd | unusual_members(tx, members, min(times), max(times), travel=travel, metered=metered)


def _known(tx: Tx, entries: Sequence[Entry]) -> set[str]:
    """The events that are known already, or whose ids the member has used for an act of their own."""
    ids = {str(row[0]) for row in TOLD_EVENTS.tuples(tx, ids=[entry.id for entry in entries])}
    ids |= {str(row[0]) for row in _IDS.tuples(tx, keys=[(entry.member_id, entry.id) for entry in entries])}
    return {entry.natural for entry in entries if entry.id in ids}


def _again(first: Entry, again: Entry) -> Outcome:
    """An event that stands in the batch twice."""
    one, other = ((each.at, each.alike.claimed, each.alike.inputs) for each in (first, again))
    return ALREADY if first.member_id != again.member_id or one == other else Outcome("refused", "event_changed")


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def _uuid5(digest: str) -> str:
    """The text of the version 5 UUID of a SHA-1 digest."""
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def _outcome(answer: Logged | EngineError) -> Outcome:
    if isinstance(answer, EngineError):
        return refused(answer)
    if not answer.fresh:
        return ALREADY
    record = answer.record
    return outcome_of(record["status"], record["grams"], record["points"], record["reasons"])


def _of_row(row: Row) -> Outcome:
    found: Outcome | None = row.outcome
    if found is None:
        verdict = row.verdict
        found = row.outcome = outcome_of(verdict.status, verdict.grams, verdict.points, verdict.reasons)
    return found


def outcome_of(status: str, grams: int, points: int, reasons: Sequence[str]) -> Outcome:
    """What a verdict comes to."""
    if status == "accepted" and (grams or points):
        return Outcome("credited", "", "", grams, points)
    return Outcome("zero" if status == "accepted" else status, reasons[0] if reasons else "worth_nothing")


def refused(fault: EngineError) -> Outcome:
    """A refusal as an outcome; an event whose facts were changed is one of its own."""
    if isinstance(fault, Invalid):
        field, reason = next(iter(fault.fields.items()))
        return Outcome("refused", reason, field)
    if fault.code == "already_imported":
        return ALREADY
    return Outcome("refused", "event_changed" if fault.code == "request_reused" else fault.code)
