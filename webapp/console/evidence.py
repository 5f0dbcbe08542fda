"""What a reviewer sees of a case: the act, its photos beside those they resemble, its trip, and who is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from points_engine.activity import Decision
from points_engine.errors import EngineError
from points_engine.meters import Working
from points_engine.methodology import Behaviour
from points_engine.review import Reputation, takes_two
from webapp.activities import queries as acts
from webapp.activities import service as activities
from webapp.members import queries as members
from webapp.meters import queries as meters
from webapp.meters import words as meter_words
from webapp.photos import queries as photos
from webapp.review import queries as reviews
from webapp.review import service as review
from webapp.store import Tx
from webapp.trips import queries as trips
from webapp.web import house, now, signed_in

LATELY = 12


@dataclass(frozen=True, slots=True)
class Line:
    """An act as a queue shows it: a nickname, never a phone."""

    record: Mapping[str, Any]
    behaviour: Behaviour
    public_id: str
    nickname: str
    own: bool
    case: Any
    score: int
    easy: bool  # nothing speaks against it, so that it may be accepted together with others
    url: str | None


PHOTO_DOUBTS = frozenset({"photo_similar", "photo_time_differs", "photo_needs_review"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo, and the earlier one it resembles, while that is kept."""

    photo: Any
    twin: Any


@dataclass(frozen=True, slots=True)
class MeterSeen:
    """The month of a meter behind an act: its working in words, and the readings around it."""

    name: str
    lines: list[str]
    readings: list[tuple[Any, str, str]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What supports an act."""

    pictures: list[Picture]
    trip: Mapping[str, Any] | None
    meter: MeterSeen | None


@dataclass(frozen=True, slots=True)
class CasePage:
    """One case with everything a reviewer needs."""

    kind: str
    line: Line
    worth: Decision | None
    evidence: Evidence
    verdicts: Mapping[str, int]
    standing: Reputation
    signals: list[Any]
    score: int
    others: list[Any]
    lately: list[Line]
    refused: str | None  # why this reviewer may not decide
    two: bool
    left: int
    next_url: str


def lines_of(tx: Tx, kind: str, rows: list[tuple[Mapping[str, Any], Any]]) -> list[Line]:
    """Acts with their cases (or None) as lines of a queue, in four questions however many they are."""
    ids = {record["member_id"] for record, _ in rows}
    names, staff = members.names(tx, ids), members.staff_among(tx, ids)
    scores, me = reviews.scores(tx, ids, now()), signed_in().member_id
    return [_line(kind, record, case, names, staff, scores, me) for record, case in rows]


def _line(kind: str, record: Mapping[str, Any], case: Any, names: Any, staff: Any, scores: Any, me: int) -> Line:
    who = record["member_id"]
    own = who == me
    # What a judge, a meter or a place found odd is looked at singly; "awaiting_review" alone only says it is worth much.
    odd = set(record["reasons"]) - {"awaiting_review"} if kind == "pending" else PHOTO_DOUBTS & set(record["reasons"])
    fresh = case is None or case.state == "open"
    easy = kind in ("pending", "sample") and fresh and not (own or odd or scores[who] or who in staff)
    name = names[who]
    place = f"/console/review/{name.public_id}/{record['id']}"
    if kind != "pending":
        place = f"/console/review/cases/{case.id}"
    behaviour = house().catalogue.behaviour(record["behaviour"])
    return Line(record, behaviour, name.public_id, name.nickname, own, case, scores[who], easy, None if own else place)


def page_of_case(tx: Tx, kind: str, record: Mapping[str, Any], case: Any, left: int, next_url: str) -> CasePage:
    """Everything about one case."""
    me, member_id, at = signed_in().member_id, record["member_id"], now()
    line = lines_of(tx, kind, [(record, case)])[0]
    recent = acts.mine(tx, member_id, limit=LATELY) if kind == "risk" else []
    staff = bool(members.staff_among(tx, [member_id]))
    worth = activities.judge_pending(tx, house().catalogue, record) if kind in ("pending", "appeal") else None
    return CasePage(
        kind=kind,
        line=line,
        worth=worth,
        evidence=evidence_of(tx, record),
        verdicts=acts.verdicts(tx, [member_id])[member_id],
        standing=reviews.standing_of(tx, member_id),
        signals=reviews.signals_of(tx, member_id, at),
        score=line.score,
        others=[c for c in reviews.about_act(tx, member_id, record["id"]) if c.kind != kind],
        lately=lines_of(tx, "pending", [(r, None) for r in recent]),
        refused=review.objection(tx, me, member_id, kind, record["id"]),
        two=takes_two(kind, review.HARD[kind], record["grams"], record["points"], staff),
        left=left,
        next_url=next_url,
    )


def evidence_of(tx: Tx, record: Mapping[str, Any]) -> Evidence:
    """The photos that are still kept, each beside the one it resembles, and the trip's facts."""
    kept = photos.some(tx, record["member_id"], record["evidence"])
    twins = photos.whosever(tx, [photo.near_to for photo in kept if photo.near_to])
    pictures = [Picture(photo, twins.get(photo.near_to)) for photo in kept]
    return Evidence(pictures, trip_of(tx, record), meter_of(tx, record))


def meter_of(tx: Tx, record: Mapping[str, Any]) -> MeterSeen | None:
    """The meter behind an act, if there is one."""
    if house().catalogue.behaviour(record["behaviour"]).points_from != "meter":
        return None
    found = meters.behind_act(tx, record["member_id"], record["id"])
    if found is None:
        return None
    known, settled, rows = found
    readings = [(r.read_on, meter_words.plain_figure(r.value_milli), meter_words.reading_note(r)) for r in rows]
    lines = meter_words.working_lines(Working.read(settled.working))
    return MeterSeen(meter_words.meter_name(known), lines, readings)


def trip_of(tx: Tx, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The recorded trip behind an act, if there is one."""
    if record["level"] != "device":
        return None
    try:
        return trips.one(tx, record["member_id"], record["id"])
    except EngineError:
        return None
