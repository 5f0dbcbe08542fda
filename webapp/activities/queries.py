"""Reads of activities: one act, my acts, the review queue, habits, and plain facts for campaigns."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, or_, select, text, tuple_

from points_engine.activity import MILLI, Usage
from points_engine.errors import Invalid, refuse
from points_engine.methodology import Behaviour
from webapp.activities.tables import activity, proof
from webapp.activities.used import used_by
from webapp.store import Tx

# One row an act, for what rooms on the right work out over all of them.
acts = activity
# An act as people see it: with the kind of the proof it rests on, None for a photo or a word.
SEEN = select(activity, case((activity.c.natural.is_not(None), "feed"), else_=proof.c.kind).label("proof_kind")).join(
    proof, and_(proof.c.member_id == activity.c.member_id, proof.c.id == activity.c.id), isouter=True
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Cursor = tuple[date, datetime, str]


@dataclass(frozen=True, slots=True)
class ActFact:
    """An accepted act as campaigns see it; `quantity` is the credited amount in the behaviour's unit."""

    member_id: int
    id: str
    behaviour: str
    quantity: Decimal
    grams: int
    points: int
    level: str
    status: str
    occurred_on: date
    occurred_at: datetime
    recorded_at: datetime


def cursor(record: Mapping[str, Any]) -> str:
    """Where a list of my acts goes on after `record`: day, microsecond of recording, id."""
    micros = (record["recorded_at"] - EPOCH) // timedelta(microseconds=1)
    return f"{record['occurred_on'].isoformat()}_{micros}_{record['id']}"


def read_cursor(text: str) -> Cursor | None:
    """The cursor that `cursor` wrote; None for nothing, Invalid for anything else."""
    if not text:
        return None
    try:
        day, micros, last = text.split("_")
        return date.fromisoformat(day), EPOCH + timedelta(microseconds=int(micros)), str(uuid.UUID(last))
    except (ValueError, OverflowError):
        raise Invalid({"after": "not_a_cursor"}) from None


def one(tx: Tx, member_id: int, activity_id: str) -> Mapping[str, Any]:
    """The member's own act; raises unknown_activity, also for somebody else's."""
    row = tx.row(SEEN.where(activity.c.member_id == member_id, activity.c.id == activity_id))
    if row is None:
        raise refuse("not_found", "unknown_activity")
    return dict(row._mapping)


def mine(
    tx: Tx, member_id: int, after: Cursor | None = None, limit: int = 30, status: str | None = None
) -> list[Mapping[str, Any]]:
    """The member's acts, latest day first; `after` is the cursor of the last one seen."""
    query = (
        SEEN.where(activity.c.member_id == member_id)
        .order_by(activity.c.occurred_on.desc(), activity.c.recorded_at.desc(), activity.c.id.desc())
        .limit(limit)
    )
    if status:
        query = query.where(activity.c.status == status)
    if after:
        a, (day, at, last) = activity.c, after
        query = query.where(
            or_(
                a.occurred_on < day,
                and_(a.occurred_on == day, a.recorded_at < at),
                and_(a.occurred_on == day, a.recorded_at == at, a.id < last),
            )
        )
    return [dict(row._mapping) for row in tx.rows(query)]


def on_day(tx: Tx, member_id: int, day: date) -> list[Mapping[str, Any]]:
    """The member's acts of one day that still stand, first recorded first."""
    rows = tx.rows(
        select(activity)
        .where(activity.c.member_id == member_id, activity.c.occurred_on == day, activity.c.status != "undone")
        .order_by(activity.c.recorded_at)
    )
    return [dict(row._mapping) for row in rows]


def habits(tx: Tx, member_id: int, since: date, limit: int = 8) -> list[tuple[str, int, int]]:
    """What the member logs most since a day: (behaviour, times, last quantity in thousandths)."""
    last = func.max(activity.c.recorded_at)
    rows = tx.rows(
        select(activity.c.behaviour, func.count().label("times"), func.max(activity.c.quantity_milli).label("most"))
        .where(activity.c.member_id == member_id, activity.c.occurred_on >= since, activity.c.status != "undone")
        .group_by(activity.c.behaviour)
        .order_by(func.count().desc(), last.desc())
        .limit(limit)
    )
    return [(row.behaviour, row.times, row.most) for row in rows]


def acts_between(tx: Tx, member_ids: Sequence[int], first: date, last: date) -> list[ActFact]:
    """Accepted acts of some members whose day lies between `first` and `last`, both included."""
    a = activity.c
    rows = tx.rows(
        select(activity)
        .where(a.member_id.in_(list(member_ids)), a.occurred_on.between(first, last), a.status == "accepted")
        .order_by(a.member_id, a.occurred_at, a.id)
    )
    return [
        ActFact(
            r.member_id,
            r.id,
            r.behaviour,
            Decimal(r.credited_milli) / MILLI,
            r.grams,
            r.points,
            r.level,
            r.status,
            r.occurred_on,
            r.occurred_at,
            r.recorded_at,
        )
        for r in rows
    ]


def pending(tx: Tx, after: tuple[datetime, int, str] | None = None, limit: int = 30) -> list[Mapping[str, Any]]:
    """Acts that wait for a reviewer, longest waiting first, across all members.

    `after` is (recorded_at, member_id, id) of the last one seen: a batch shares its instant.
    """
    a = activity.c
    order = (a.recorded_at, a.member_id, a.id)
    query = SEEN.where(a.status == "pending").order_by(*order).limit(limit)
    if after:
        at, member_id, last = after
        later = or_(a.member_id > member_id, and_(a.member_id == member_id, a.id > last))
        query = query.where(or_(a.recorded_at > at, and_(a.recorded_at == at, later)))
    return [dict(row._mapping) for row in tx.rows(query)]


def count_pending(tx: Tx) -> int:
    """How many acts wait for a reviewer."""
    return int(tx.scalar(select(func.count()).select_from(activity).where(activity.c.status == "pending")) or 0)


def verdicts(tx: Tx, member_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How often a reviewer has decided on acts of these members, by outcome."""
    a = activity.c
    rows = tx.rows(
        select(a.member_id, a.status, func.count().label("n"))
        .where(a.member_id.in_(list(member_ids)), a.decided_by.is_not(None), a.status.in_(("accepted", "rejected")))
        .group_by(a.member_id, a.status)
    )
    found: dict[int, dict[str, int]] = {m: {"accepted": 0, "rejected": 0} for m in member_ids}
    for row in rows:
        found[row.member_id][row.status] = int(row.n)
    return found


def recent(tx: Tx, member_id: int, since: date, limit: int = 120) -> list[Any]:
    """The member's latest standing acts since a day, newest first: what habits and today's tiles are read from."""
    a = activity.c
    told = (
        a.id,
        a.behaviour,
        a.quantity_milli,
        a.inputs,
        a.level,
        a.occurred_on,
        a.status,
        a.grams,
        a.points,
        a.reasons,
    )
    return list(
        tx.rows(
            select(*told)
            .where(a.member_id == member_id, a.occurred_on >= since, a.status.in_(("accepted", "pending")))
            .order_by(a.occurred_on.desc(), a.recorded_at.desc())
            .limit(limit)
        )
    )


def behaviours_of(tx: Tx, member_id: int, ids: Sequence[str]) -> dict[str, str]:
    """Which behaviour each of the member's acts is, by act id."""
    if not ids:
        return {}
    a = activity.c
    rows = tx.rows(select(a.id, a.behaviour).where(a.member_id == member_id, a.id.in_(list(ids))))
    return {row.id: row.behaviour for row in rows}


def usage_at(tx: Tx, member_id: int, behaviour: Behaviour, at: datetime) -> Usage:
    """What the member has used of every cap and limit that such an act at `at` would meet."""
    return Usage(*used_by(tx, member_id, at, behaviour))


def recorded_between(
    tx: Tx, since: datetime, until: datetime, after: tuple[datetime, int, str] | None = None, limit: int = 1000
) -> list[Mapping[str, Any]]:
    """Acts of all members recorded from `since` to `until`, in that order; `after` is the last one seen."""
    a = activity.c
    order = (a.recorded_at, a.member_id, a.id)
    query = select(activity).where(a.recorded_at.between(since, until)).order_by(*order).limit(limit)
    if after:
        at, member_id, last = after
        later = or_(a.member_id > member_id, and_(a.member_id == member_id, a.id > last))
        query = query.where(or_(a.recorded_at > at, and_(a.recorded_at == at, later)))
    return [dict(row._mapping) for row in tx.rows(query)]


def sums_by(tx: Tx, groups: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Acts that count, added up by the group of their behaviour; a look through every act, for jobs only.

    `declarers` and `verifiers` count the people behind each kind of grams.
    """
    c = activity.c
    group = case(dict(groups), value=c.behaviour, else_="").label("part")
    declared = c.level == "declared"
    rows = tx.rows(
        select(
            group,
            func.count().label("acts"),
            func.sum(c.grams).label("grams"),
            func.sum(case((declared, c.grams), else_=0)).label("declared_g"),
            func.sum(case((declared, 0), else_=c.grams)).label("verified_g"),
            func.count(func.distinct(c.member_id)).label("people"),
            func.count(func.distinct(case((and_(declared, c.grams > 0), c.member_id)))).label("declarers"),
            func.count(func.distinct(case((and_(~declared, c.grams > 0), c.member_id)))).label("verifiers"),
        )
        .where(c.status == "accepted", or_(c.grams > 0, c.points > 0))
        .group_by(text("part"))
    )
    return {row.part: {k: int(v) for k, v in row._mapping.items() if k != "part"} for row in rows}


def by_keys(tx: Tx, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Mapping[str, Any]]:
    """Acts by (member, id), whoever they belong to; for staff."""
    if not keys:
        return {}
    a = activity.c
    rows = tx.rows(SEEN.where(tuple_(a.member_id, a.id).in_(list(keys))))
    return {(row.member_id, row.id): dict(row._mapping) for row in rows}


def first_with_evidence(tx: Tx, member_ids: Sequence[int], count: int) -> dict[tuple[int, str], int]:
    """The first `count` acts with a photo or a device's record of each member, numbered from 1."""
    if not member_ids:
        return {}
    a = activity.c
    nth = func.row_number().over(partition_by=a.member_id, order_by=(a.recorded_at, a.id)).label("nth")
    numbered = (
        select(a.member_id, a.id, nth)
        .where(a.member_id.in_(list(member_ids)), a.level.in_(("photo", "device")))
        .subquery()
    )
    rows = tx.rows(select(numbered).where(numbered.c.nth <= count))
    return {(row.member_id, row.id): int(row.nth) for row in rows}
