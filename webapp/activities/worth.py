"""What an act moves: its transfers and its row, and what it meets, for every use case that changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from points_engine.activity import (
    Act,
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
from points_engine.errors import refuse
from points_engine.ledger import Move, expiry
from points_engine.methodology import Level
from webapp.activities.tables import activity, displaced, proof
from webapp.activities.used import used_by
from webapp.ledger import service as ledger
from webapp.store import Tx


def credit(books: ledger.Books, record: Mapping[str, Any], verdict: Decision, code: str, key: str = "") -> None:
    """Stage the two transfers of a credited act: grams to its carbon account, points to spend.

    `code` says how it came to its credit and ends the transfers' keys: an act, a review, a restoration.
    """
    member, cause, day = record["member_id"], f"activity:{record['id']}", record["occurred_on"]
    account, key = _account(record), f"{cause}:{key or code}"
    if verdict.grams:
        books.stage(Move(member, "carbon", "reduction", account, verdict.grams, code, cause, f"{key}:g", day))
    if verdict.points:
        books.stage(Move(member, "points", "awarded", "points", verdict.points, code, cause, f"{key}:p", day))
    if verdict.grams or verdict.points:
        books.count_act(member, day, 1)


def take_back(books: ledger.Books, record: Mapping[str, Any], code: str, key: str = "") -> None:
    """Stage the reversal of an act's transfers; without its counters, which the caller clears, its caps are free again.

    An undo asks for points that are still there; a claw-back makes a debt of those already spent.
    """
    member, cause, day = record["member_id"], f"activity:{record['id']}", record["occurred_on"]
    account, key = _account(record), f"{cause}:{key or code}"
    if record["grams"]:
        books.stage(Move(member, "carbon", account, "reduction", record["grams"], code, cause, f"{key}:g", day))
    if record["points"]:
        lot = expiry(local_day(record["recorded_at"]), ledger.LIFE_MONTHS)
        move = Move(member, "points", "points", "awarded", record["points"], code, cause, f"{key}:p", day, lot)
        books.take_back(move) if code == "clawback" else books.stage(move)
    if record["grams"] or record["points"]:
        books.count_act(member, day, -1)
    books.flush()


def _account(record: Mapping[str, Any]) -> str:
    return "declared" if record["level"] == Level.DECLARED else "verified"


def settle(tx: Tx, record: Mapping[str, Any], **changes: Any) -> Mapping[str, Any]:
    tx.execute(
        update(activity)
        .where(activity.c.member_id == record["member_id"], activity.c.id == record["id"])
        .values(**changes)
    )
    return {**record, **changes}


def own(tx: Tx, member_id: int, activity_id: str) -> Mapping[str, Any]:
    row = tx.row(select(activity).where(activity.c.member_id == member_id, activity.c.id == activity_id))
    if row is None:
        raise refuse("not_found", "unknown_activity")
    return dict(row._mapping)


def usage_now(tx: Tx, member_id: int, activity_id: str, act: Act) -> Usage:
    """What the member has used of everything that `act` would meet, itself left out."""
    day = local_day(act.occurred_at)
    aside = tx.rows(select(displaced).where(displaced.c.member_id == member_id))
    return Usage(
        *used_by(tx, member_id, act.occurred_at, act.behaviour, activity_id),
        _spans_beside(tx, member_id, activity_id, act) if is_travel(act.behaviour) else (),
        _told_within(tx, member_id, activity_id, act),
        frozenset(r.behaviour for r in aside if stands_aside(day, r.since, r.until)),
    )


def _spans_beside(tx: Tx, member_id: int, activity_id: str, act: Act) -> list[Ride]:
    first, last = act.span or (act.occurred_at, act.occurred_at)
    rows = tx.rows(
        select(proof.c.starts_at, proof.c.ends_at, activity.c.behaviour)
        .join(activity, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id))
        .where(
            proof.c.member_id == member_id,
            proof.c.id != activity_id,
            proof.c.ends_at >= first - nearby(),
            proof.c.starts_at <= last + nearby(),
            activity.c.status.in_(("accepted", "pending")),
        )
    )
    return [(row.starts_at, row.ends_at, row.behaviour) for row in rows]


def _told_within(tx: Tx, member_id: int, activity_id: str, act: Act) -> list[Told]:
    """What was paid around the time of a recorded trip when it was told without its recording."""
    if act.span is None or not is_travel(act.behaviour):
        return []
    codes = {act.behaviour.code} | instant_mates(act.behaviour)
    rows = tx.rows(
        select(activity.c.occurred_at, activity.c.behaviour, activity.c.level, activity.c.grams, activity.c.points)
        .join(proof, (activity.c.member_id == proof.c.member_id) & (activity.c.id == proof.c.id), isouter=True)
        .where(
            activity.c.member_id == member_id,
            activity.c.id != activity_id,
            activity.c.occurred_on.in_(days_around(act.span)),
            activity.c.behaviour.in_(sorted(codes)),
            activity.c.status == "accepted",
            proof.c.ends_at.is_(None),
        )
    )
    return [Told(row.occurred_at, row.behaviour, Level(row.level), row.grams, row.points) for row in rows]
