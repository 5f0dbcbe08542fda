"""Verdicts of people on acts: a pending act decided, a credited one clawed back, a refused one restored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from points_engine.activity import MILLI, Act, Decision, decide
from points_engine.errors import Invalid, refuse
from points_engine.methodology import Catalogue, Level
from webapp.activities.tables import activity, proof
from webapp.activities.used import counters_out
from webapp.activities.worth import credit, own, settle, take_back, usage_now
from webapp.ledger import service as ledger
from webapp.store import Tx


def review_activity(
    tx: Tx,
    catalogue: Catalogue,
    reviewer_id: int,
    member_id: int,
    activity_id: str,
    *,
    accept: bool,
    note: str,
    now: datetime,
) -> Mapping[str, Any]:
    """Decide a pending act: credit it under today's caps for its day, or reject it with a reason.

    Raises unknown_activity (404), already_resolved (409), not_your_own (403), invalid_input.
    """
    if not accept and not note.strip():
        raise Invalid({"note": "reason_required"})
    if reviewer_id == member_id:
        raise refuse("forbidden", "not_your_own")
    books = ledger.open_books(tx, [member_id], now)
    record = own(tx, member_id, activity_id)
    if record["status"] != "pending":
        raise refuse("conflict", "already_resolved", status=record["status"])
    if not accept:
        return settle(
            tx,
            record,
            status="rejected",
            reasons=["rejected_on_review"],
            decided_at=now,
            decided_by=reviewer_id,
            note=note,
        )
    return _credit_again(tx, books, catalogue, record, "review", reviewer_id, note, now)


def claw_back(
    tx: Tx, reviewer_id: int, member_id: int, activity_id: str, *, reason: str, note: str, now: datetime
) -> Mapping[str, Any]:
    """Take a credited act back after a look at its evidence: points already spent become a debt.

    `reason` is the code the member reads. Raises unknown_activity (404), already_resolved (409), not_your_own (403).
    """
    if reviewer_id == member_id:
        raise refuse("forbidden", "not_your_own")
    books = ledger.open_books(tx, [member_id], now)
    record = own(tx, member_id, activity_id)
    if record["status"] != "accepted":
        raise refuse("conflict", "already_resolved", status=record["status"])
    take_back(books, record, "clawback", f"clawback@{books.wallets[member_id].seq}")
    return settle(
        tx,
        record,
        status="rejected",
        credited_milli=0,
        grams=0,
        points=0,
        reasons=[reason],
        counters={},
        decided_at=now,
        decided_by=reviewer_id,
        note=note,
    )


def restore(
    tx: Tx, catalogue: Catalogue, reviewer_id: int, member_id: int, activity_id: str, *, note: str, now: datetime
) -> Mapping[str, Any]:
    """Credit a refused act after all, under the caps of its day: an appeal was right.

    Raises unknown_activity (404), already_resolved (409), not_your_own (403).
    """
    if reviewer_id == member_id:
        raise refuse("forbidden", "not_your_own")
    books = ledger.open_books(tx, [member_id], now)
    record = own(tx, member_id, activity_id)
    if record["status"] != "rejected":
        raise refuse("conflict", "already_resolved", status=record["status"])
    return _credit_again(tx, books, catalogue, record, "restore", reviewer_id, note, now)


def _credit_again(
    tx: Tx,
    books: ledger.Books,
    catalogue: Catalogue,
    record: Mapping[str, Any],
    code: str,
    reviewer_id: int,
    note: str,
    now: datetime,
) -> Mapping[str, Any]:
    verdict = judge_pending(tx, catalogue, record)
    key = "" if code == "review" else f"{code}@{books.wallets[record['member_id']].seq}"
    credit(books, record, verdict, code, key)
    books.flush()
    return settle(
        tx,
        record,
        status="accepted",
        credited_milli=int(verdict.credited * MILLI),
        grams=verdict.grams,
        points=verdict.points,
        reasons=list(verdict.reasons),
        counters=counters_out(verdict.counters),
        decided_at=now,
        decided_by=reviewer_id,
        note=note,
    )


def judge_pending(tx: Tx, catalogue: Catalogue, record: Mapping[str, Any]) -> Decision:
    """What an act would be credited today by a reviewer's yes; writes nothing."""
    behaviour = catalogue.behaviour(record["behaviour"])
    choices = {each.name for each in behaviour.inputs if each.kind == "choice"}
    act = Act(
        behaviour,
        Decimal(record["quantity_milli"]) / MILLI,
        {k: v if k in choices else Decimal(v) for k, v in record["inputs"].items()},
        Level(record["level"]),
        record["occurred_at"],
        span=_span(tx, record),
    )
    return decide(act, usage_now(tx, record["member_id"], record["id"], act), reviewed=True)


def _span(tx: Tx, record: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    row = tx.row(
        select(proof.c.starts_at, proof.c.ends_at).where(
            proof.c.member_id == record["member_id"], proof.c.id == record["id"]
        )
    )
    return (row.starts_at, row.ends_at) if row is not None and row.ends_at is not None else None


def close_pending(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: nobody can judge an act whose photo is gone; no reviewer decided it, `decided_by` stays empty."""
    waiting = (activity.c.member_id == member_id) & (activity.c.status == "pending")
    if not tx.rows(select(activity.c.id).where(waiting)):
        return
    ledger.open_books(tx, [member_id], now)  # a reviewer who is faster comes first, a slower one finds it closed
    tx.execute(update(activity).where(waiting).values(status="rejected", reasons=["member_left"], decided_at=now))
