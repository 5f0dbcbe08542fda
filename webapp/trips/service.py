"""The use cases of trips: hand one in, keep its track for an appeal, look at it as staff, forget."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import delete, select, update

from points_engine.activity import check_time, limits
from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid, refuse
from points_engine.methodology import Behaviour, Catalogue, Level
from points_engine.trips import MODES, Fix, Verdict, clean, judge
from webapp.activities import queries as activities
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.proofs import Proof
from webapp.activities.service import log_many
from webapp.journal import service as journal
from webapp.members.queries import has_consent
from webapp.store import Tx
from webapp.trips import gpx, queries
from webapp.trips.files import MOST_POINTS
from webapp.trips.lines import Line, blurred
from webapp.trips.repeats import Repeats
from webapp.trips.sealing import seal, told
from webapp.trips.tables import trip, trip_mark, trip_track

Source = Literal["api", "recorded", "file"]
BEHAVIOURS = {
    "walk": "walk",
    "run": "walk",
    "bike": "bike",
    "ebike": "ebike",
    "bus": "bus",
    "shuttle": "shuttle",
    "carpool": "carpool",
    "car": "carpool",  # recorded there, always at 0: nobody is paid for driving alone
}
FEWEST_ABOARD = 2
LEAST_KM = Decimal("0.001")
TURN = "trips"


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a trip: the act's record, the trip's verdict, and whether this call made them."""

    record: Mapping[str, Any]
    verdict: str
    reasons: tuple[str, ...]
    distance_m: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A trip on its way into the database, judged on its own."""

    member_id: int
    id: str
    mode: str
    source: str
    inputs: Mapping[str, Any]
    segments: list[list[Fix]]
    verdict: Verdict
    starts_at: datetime
    ends_at: datetime
    told: str


def submit_trip(
    house: Any,
    member_id: int,
    *,
    id: str,
    mode: str,
    segments: Sequence[Sequence[Fix]],
    now: datetime,
    source: Source,
    inputs: Mapping[str, Any] | None = None,
) -> Submitted:
    """Judge a recording, compare it with others, and log it as an act with the verdict as its proof.

    The same id with the same recording answers the first result. Raises location_consent_required (403),
    request_reused (409), account_frozen (403), and Invalid for id, mode, inputs or points.
    """
    trip_id, given = _checked(id, mode, inputs)
    kept = [list(segment) for segment in segments if segment]
    if sum(map(len, kept)) > MOST_POINTS:
        raise Invalid({"points": "too_many_points"})
    digest = told(house.settings, mode, json.dumps(given, sort_keys=True, default=str), kept)
    with house.store.read() as tx:
        if not has_consent(tx, member_id, "location"):
            raise refuse("forbidden", "location_consent_required")
        first = _first(tx, member_id, trip_id, digest)
    if first is not None:
        return first
    starts_at, ends_at = _span(kept, now)
    case = Case(
        member_id, trip_id, mode, source, given, kept, judge(kept, mode), starts_at, ends_at, digest
    )  # fmt: skip
    repeats = Repeats(house.settings, member_id, kept, mode)
    if case.verdict.verdict != "reject":
        with house.store.read() as tx:  # the long work before the turn: only newcomers are left for then
            repeats.look(tx)
    done: Submitted = house.store.retrying(lambda tx: _keep(house, tx, case, repeats, now))
    return done


def _checked(id: str, mode: str, inputs: Mapping[str, Any] | None) -> tuple[str, dict[str, Any]]:
    wrong: dict[str, str] = {}
    try:
        trip_id = str(uuid.UUID(id))
    except (ValueError, AttributeError, TypeError):
        trip_id, wrong["id"] = "", "not_a_uuid"
    if mode not in MODES:
        wrong["mode"] = "not_a_choice"
    given = dict(inputs or {})
    if BEHAVIOURS.get(mode) == "carpool":
        given.setdefault("n", Decimal(FEWEST_ABOARD))
    if wrong:
        raise Invalid(wrong)
    return trip_id, given


def _span(segments: Sequence[Sequence[Fix]], now: datetime) -> tuple[datetime, datetime]:
    """From the first to the last fix; neither ahead of the clock nor too long ago."""
    if not segments:
        raise Invalid({"points": "no_fixes"})
    path = clean(segments)
    try:
        starts_at = datetime.fromtimestamp(path.first, UTC)
        ends_at = datetime.fromtimestamp(max(path.last, path.first + 1), UTC)
        check_time(starts_at, now)
    except Invalid as error:
        raise Invalid({"points": error.fields["occurred_at"]}) from None
    except (ValueError, OverflowError, OSError):
        raise Invalid({"points": "bad_instant"}) from None
    if ends_at > now + timedelta(minutes=limits()["ahead_minutes"]):
        raise Invalid({"points": "in_future"})
    return starts_at, ends_at


def _first(tx: Tx, member_id: int, trip_id: str, digest: str) -> Submitted | None:
    row = tx.row(select(trip).where(trip.c.member_id == member_id, trip.c.id == trip_id))
    if row is None:
        return None
    if row.told != digest:
        raise refuse("conflict", "request_reused", id=trip_id)
    record = activities.one(tx, member_id, trip_id)
    return Submitted(record, row.verdict, _all_reasons(record, row.reasons), row.distance_m, False)


def _keep(house: Any, tx: Tx, case: Case, repeats: Repeats, now: datetime) -> Submitted:
    """In one transaction: nobody else's trip may slip in between the comparison and the rows."""
    tx.take_turn(TURN)
    first = _first(tx, case.member_id, case.id, case.told)
    if first is not None:
        return first
    verdict, reasons = _decided(tx, case, repeats)
    command = _command(house.catalogue, case, verdict, reasons, now)
    (answer,) = log_many(tx, [command], now)
    if isinstance(answer, EngineError):
        raise answer
    if not answer.fresh:
        raise refuse("conflict", "request_reused", id=case.id)
    _store(house, tx, case, repeats, verdict, reasons, now)
    distance = case.verdict.distance_m
    return Submitted(answer.record, verdict, _all_reasons(answer.record, reasons), distance, True)


def _decided(tx: Tx, case: Case, repeats: Repeats) -> tuple[str, tuple[str, ...]]:
    """The judge's verdict, made harsher by what other trips show."""
    own = case.verdict
    if own.verdict == "reject":
        return own.verdict, own.reasons
    if case.mode == "car":
        return "reject", ("car_not_credited",)
    repeats.look(tx)
    if repeats.copied:
        return "reject", ("trip_replayed",)
    doubts = [
        code for code, doubt in (("trip_resembles", repeats.unclear), ("many_companions", repeats.crowded)) if doubt
    ]
    if doubts:
        more = own.reasons if own.verdict == "review" else ()
        return "review", (*more, *doubts)
    return own.verdict, own.reasons


def _command(catalogue: Catalogue, case: Case, verdict: str, reasons: tuple[str, ...], now: datetime) -> LogActivity:
    behaviour = catalogue.behaviour(BEHAVIOURS[case.mode])
    proof = Proof(
        kind="trip",
        level=Level.DEVICE,
        verdict=verdict,
        reasons=() if verdict == "accept" else reasons,
        starts_at=case.starts_at,
        ends_at=case.ends_at,
    )
    return read_command(
        catalogue,
        case.member_id,
        id=case.id,
        behaviour=behaviour.code,
        quantity=_kilometres(behaviour, case),
        occurred_at=case.starts_at,
        inputs=case.inputs,
        evidence=(),
        now=now,
        proof=proof,
    )


def _kilometres(behaviour: Behaviour, case: Case) -> Decimal:
    """What was measured, also of a refused trip: an appeal may credit it yet. Within what the method takes."""
    metres = case.verdict.distance_m or int(case.verdict.facts.get("length_m", 0))
    most = behaviour.bounds_on(local_day(case.starts_at)).most
    return max(LEAST_KM, min(most, Decimal(metres) / 1000))


def _store(
    house: Any, tx: Tx, case: Case, repeats: Repeats, verdict: str, reasons: tuple[str, ...], now: datetime
) -> None:
    who = {"member_id": case.member_id, "id": case.id}
    row = {
        **who,
        "mode": case.mode,
        "source": case.source,
        "verdict": verdict,
        "reasons": list(reasons),
        "distance_m": min(case.verdict.distance_m, 10**9),
        "duration_s": min(case.verdict.duration_s, 10**9),
        "moving_s": min(case.verdict.moving_s, 10**9),
        "figures": dict(case.verdict.facts),
        "starts_at": case.starts_at,
        "ends_at": case.ends_at,
        "told": case.told,
        "marks": repeats.pairs,
        "crossings": repeats.crossings,
        "submitted_at": now,
    }
    tx.insert(trip, [row])
    sealed = seal(house.settings, case.member_id, case.id, case.segments)
    tx.insert(trip_track, [{**who, "sealed": sealed, "kept_at": now}])
    marks = [{"mark": m, "member_id": case.member_id, "trip_id": case.id} for m in repeats.kept_marks]
    if marks:
        tx.insert(trip_mark, marks)


def _all_reasons(record: Mapping[str, Any], reasons: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*record["reasons"], *reasons)))


def hold_track(tx: Tx, member_id: int, trip_id: str, held: bool) -> None:
    """Keep a track past its time while an appeal is open, or let it go again; nothing for an act without a trip."""
    tx.execute(update(trip).where(trip.c.member_id == member_id, trip.c.id == trip_id).values(held=held))


def look_at_track(house: Any, tx: Tx, reviewer_id: int, member_id: int, trip_id: str, now: datetime) -> Line | None:
    """A member's way as staff see it, blurred like everywhere; every look is in the journal.

    Raises unknown_trip (404), not_your_own (403).
    """
    if reviewer_id == member_id:
        raise refuse("forbidden", "not_your_own")
    queries.one(tx, member_id, trip_id)
    fixes = queries.track(house, tx, member_id, trip_id)
    journal.record(tx, reviewer_id, "trip.looked_at", f"trip:{trip_id}", {"kept": fixes is not None}, now)
    return blurred(fixes) if fixes else None


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """Somebody leaves: the tracks go at once; verdicts, distances and marks stay under a number."""
    tx.execute(delete(trip_track).where(trip_track.c.member_id == member_id))
    tx.execute(
        update(trip).where(trip.c.member_id == member_id, trip.c.purged_at.is_(None)).values(purged_at=now)
    )  # fmt: skip


def export(house: Any, tx: Tx, member_id: int) -> dict[str, Any]:
    """The member's own tracks that are still kept, as GPX by trip."""
    tracks = queries.tracks(house, tx, member_id)
    return {"tracks": {trip_id: gpx.written(fixes) for trip_id, fixes in tracks.items() if fixes}}
