"""Settling months: each complete month of each meter is worked out once, and what it saved becomes one act."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, tuple_, update

from points_engine.clock import days_of, local_day, start_of
from points_engine.errors import EngineError, Invalid
from points_engine.meters import KINDS, Home, MonthUse, Reading, Working, count, month_uses, work_out
from points_engine.methodology import Catalogue, Level, quantify
from webapp.activities import service as activities
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.proofs import Proof
from webapp.meters import queries
from webapp.meters.queries import Meter, Place
from webapp.meters.service import INSIDE_THE_METER
from webapp.meters.tables import meter, month_use, saving
from webapp.photos import queries as photos
from webapp.store import Tx

BATCH = 100
MILLI = 1000
AGAIN_LATER = ("account_frozen",)  # the month stays open until the account is free again
NAMES = uuid.UUID("6f1d3c52-7f0e-5b57-9c39-3f2d1f0a7a11")


@dataclass(frozen=True, slots=True)
class Books:
    """What a batch of meters is worked out from."""

    readings: Mapping[Place, Sequence[Reading]]
    settled: Mapping[Place, Mapping[str, Any]]
    months: Mapping[Place, Mapping[str, MonthUse]]
    peers: Mapping[tuple[str, str, str], Mapping[Place, Any]]
    weather: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """One month worked out, and the act that it asks for, if any."""

    meter: Meter
    working: Working
    use: MonthUse
    command: LogActivity | None = None
    refusal: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.meter.id, self.working.month


def settle_months(house: Any, now: datetime) -> int:
    """Job: settle every meter whose readings have changed; run twice it does nothing more."""
    done = 0
    while True:
        batch: tuple[int, int] = house.store.retrying(lambda tx: settle_batch(tx, house.catalogue, now))
        settled, meters = batch
        done += settled
        if meters < BATCH:
            return done


def settle_batch(tx: Tx, catalogue: Catalogue, now: datetime) -> tuple[int, int]:
    """Settle up to a batch of meters in one transaction; how many months, of how many meters."""
    meters = queries.due(tx, BATCH)
    if not meters:
        return 0, 0
    books = open_books(tx, meters, now)
    _keep_months(tx, meters, books)
    found = [each for known in meters for each in _work_out(catalogue, known, books, now)]
    asked = _ask(tx, catalogue, found, now)
    commands = [each.command for each in asked if each.command is not None]
    answers = dict(zip((c.id for c in commands), activities.log_many(tx, commands, now), strict=True))
    rows = [row for each in asked if (row := _saving_row(each, answers, now))]
    tx.upsert(saving, rows, key=("member_id", "meter_id", "month"))
    _step_aside(tx, meters, books, rows, now)
    tx.execute(
        update(meter).where(tuple_(meter.c.member_id, meter.c.id).in_([m.place for m in meters])).values(due=False)
    )
    return len(rows), len(meters)


def open_books(tx: Tx, meters: Sequence[Meter], now: datetime, *, peers: bool = True) -> Books:
    """Everything the engine wants to know, in a handful of statements however many meters."""
    since = local_day(now) - queries.LOOK_BACK
    readings = queries.readings(tx, meters, since)
    settled = queries.settled(tx, [m.place for m in meters])
    months = {m.place: {u.month: u for u in month_uses(readings[m.place], m.digits, m.bounds)} for m in meters}
    open_months = {
        month
        for place, uses in months.items()
        for month in uses
        if uses[month].measured and month not in settled[place]
    }
    homes = {m.kind for m in meters if m.unit_id is None}
    everything = {month for uses in months.values() for month in uses}
    others = queries.peers(tx, open_months, homes) if peers else {}
    return Books(readings, settled, months, others, queries.weather(tx, everything) if peers else {})


def home_of(known: Meter, books: Books, catalogue: Catalogue, month: str) -> Home:
    """The engine's view of one meter in one month."""
    behaviour = catalogue.behaviour(KINDS[known.kind].behaviour)
    peers = queries.peers_without(books.peers.get((month, known.kind, known.size), {}), known.member_id)
    return Home(
        known.kind,
        books.months[known.place],
        behaviour.saving_limit or Decimal(0),
        known.electric_heating,
        books.weather,
        {month: peers} if peers and known.unit_id is None else {},
        plausible=known.unit_id is None,
        last_year_only=known.unit_id is not None,
        anchored=known.unit_id is not None or _anchored(books.readings[known.place], month),
        replaced=_replaced(books.readings[known.place], month),
    )


def _anchored(readings: Sequence[Reading], month: str) -> bool:
    """Whether a photographed reading stands within reach of the month."""
    first, last = days_of(month)
    reach = timedelta(days=count("anchor"))
    return any(r.support == "photo" and first - reach <= r.on <= last + reach for r in readings if r.counts)


def _replaced(readings: Sequence[Reading], month: str) -> bool:
    """Whether a new device began to count in the month, or at its very end."""
    first, last = days_of(month)
    began: dict[int, date] = {}
    for r in readings:
        began[r.register] = min(r.on, began.get(r.register, r.on))
    return any(first <= on <= last + timedelta(days=1) for register, on in began.items() if register)


def _work_out(catalogue: Catalogue, known: Meter, books: Books, now: datetime) -> list[Found]:
    """Every measured month that is over and not settled yet, oldest first."""
    uses, done = books.months[known.place], books.settled[known.place]
    return [
        Found(known, work_out(home_of(known, books, catalogue, month), month), uses[month])
        for month in sorted(uses)
        if uses[month].measured and month not in done and days_of(month)[1] < local_day(now)
    ]


def _ask(tx: Tx, catalogue: Catalogue, found: Sequence[Found], now: datetime) -> list[Found]:
    """The acts that saved months ask for, each with the photo that closed it; a photo stands for one month."""
    saved = [each for each in found if each.working.saved and each.meter.unit_id is None]
    wanted = {(each.meter.member_id, each.use.closing) for each in saved if each.use.closing}
    there = photos.there(tx, wanted)
    told = {}
    for each in reversed(saved):  # the last of several months that one photo closed has it
        photo = (each.meter.member_id, each.use.closing)
        told[each.key] = _asked(catalogue, each, [photo[1]] if photo in there else [], now)
        there.discard(photo)
    return [told.get(each.key, each) for each in found]


def _asked(catalogue: Catalogue, each: Found, photos: Sequence[str], now: datetime) -> Found:
    known, working = each.meter, each.working
    proof = Proof(
        kind="meter",
        level=Level.PHOTO,  # also of files: whoever can edit one is its author, and not the utility
        verdict=working.verdict,
        reasons=working.reasons,
        source=f"m:{known.number_hash[:38]}",
        natural=working.month,
    )
    behaviour, ends_at = catalogue.behaviour(KINDS[known.kind].behaviour), last_moment(working.month)
    quantity = Decimal(working.saved) / MILLI
    try:
        quantify(behaviour, quantity, {}, proof.level, local_day(ends_at))  # is there a method and a factor for it
        command = read_command(
            catalogue,
            known.member_id,
            id=str(uuid.uuid5(NAMES, f"{known.id}:{working.month}")),
            behaviour=behaviour.code,
            quantity=quantity,
            occurred_at=ends_at,
            inputs={},
            evidence=list(photos),
            now=now,
            proof=proof,
        )
    except Invalid as error:  # older than records may be, or outside the method's bounds
        return replace(each, refusal=next(iter(error.fields.values())))
    except EngineError as error:
        return replace(each, refusal=error.code)
    return replace(each, command=command)


def last_moment(month: str) -> datetime:
    """The last second of a month in the park: its factors are those of that day."""
    return start_of(days_of(month)[1] + timedelta(days=1)) - timedelta(seconds=1)


def _saving_row(each: Found, answers: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """What is kept of a settled month; None while the account is frozen: the next reading asks again."""
    answer = answers.get(each.command.id) if each.command else None
    if isinstance(answer, EngineError) and answer.code in AGAIN_LATER:
        return None
    return {
        "member_id": each.meter.member_id,
        "meter_id": each.meter.id,
        "month": each.working.month,
        "outcome": each.working.outcome,
        "saved_milli": each.working.saved,
        "working": each.working.plain(),
        "activity_id": answer.record["id"] if isinstance(answer, activities.Logged) else None,
        "refusal": answer.code if isinstance(answer, EngineError) else each.refusal,
        "settled_at": now,
    }


def _keep_months(tx: Tx, meters: Sequence[Meter], books: Books) -> None:
    """The months of these meters as their readings now have them, for the peers of others."""
    places = [known.place for known in meters]
    tx.execute(delete(month_use).where(tuple_(month_use.c.member_id, month_use.c.meter_id).in_(places)))
    rows = [
        {
            "member_id": known.member_id,
            "meter_id": known.id,
            "month": use.month,
            "kind": known.kind,
            "size": known.size,
            "days": use.days,
            "use_milli": use.use,
            "measured": use.measured,
        }
        for known in meters
        for use in books.months[known.place].values()
    ]
    if rows:
        tx.insert(month_use, rows)


def _step_aside(
    tx: Tx, meters: Sequence[Meter], books: Books, rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Once an electricity meter has its three months, the acts inside it are worth nothing beside it."""
    least = count("months_before_credit")
    for known in meters:
        before = len(books.settled[known.place])
        after = before + sum(1 for row in rows if row["meter_id"] == known.id)
        home = known.kind == "electricity" and known.unit_id is None and known.closed_on is None
        if home and before < least <= after:
            activities.step_aside(tx, known.member_id, INSIDE_THE_METER, local_day(now), None, now)
