"""Where a member stands: reputation after each verdict, and the signals that a failed look leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from points_engine import risk
from points_engine.methodology import Catalogue
from points_engine.review import Reputation
from webapp.activities import service as activities
from webapp.review import cases, telling
from webapp.review.tables import reputation, risk_signal
from webapp.store import Tx

NORMAL = Reputation()


def of_members(tx: Tx, member_ids: Collection[int]) -> dict[int, Reputation]:
    """The standing of each of these members; without a row it is normal."""
    if not member_ids:
        return {}
    rows = tx.rows(select(reputation).where(reputation.c.member_id.in_(sorted(set(member_ids)))))
    found = {row.member_id: Reputation(row.state, row.outcomes) for row in rows}
    return {member: found.get(member, NORMAL) for member in member_ids}


def after_verdict(tx: Tx, catalogue: Catalogue, case: Any, word: str, record: Mapping[str, Any], now: datetime) -> None:
    """Move the member's standing by a decided case."""
    member_id = case.member_id
    before = of_members(tx, [member_id])[member_id]
    if case.kind in ("pending", "sample"):
        after = before.after(word in ("accept", "pass"))
        if word == "fail":
            failed = risk.signal(member_id, "verdict_failed", case.activity_id, now, case.activity_id)
            keep(tx, [failed])
    elif case.kind == "risk":
        after = before.confirmed() if word == "confirm" else before
    else:
        after = _after_appeal(tx, case, word, before)
    _set(tx, member_id, before, after, now)


def _after_appeal(tx: Tx, case: Any, word: str, before: Reputation) -> Reputation:
    """An overturned verdict leaves no trace: neither its signal nor its fault; other faults stay."""
    if word != "overturn":
        return before
    s = risk_signal.c
    tx.execute(
        risk_signal.delete().where(
            s.member_id == case.member_id, s.code == "verdict_failed", s.mark == case.activity_id
        )
    )
    judged = [c for c in cases.of_act(tx, case.member_id, case.activity_id) if c.kind in ("pending", "sample")]
    return before.forgiven() if any(c.decision in ("reject", "fail") for c in judged) else before


def reopen(tx: Tx, member_id: int, now: datetime) -> bool:
    """Let a stopped member earn by photo again; False when they are not stopped."""
    before = of_members(tx, [member_id])[member_id]
    after = before.reopened()
    _set(tx, member_id, before, after, now)
    return after != before


def _set(tx: Tx, member_id: int, before: Reputation, after: Reputation, now: datetime) -> None:
    if after == before:
        return
    row = {"member_id": member_id, "state": after.state, "outcomes": after.outcomes, "changed_at": now}
    tx.upsert(reputation, [row], key=("member_id",), replace=("state", "outcomes", "changed_at"))
    stops, stopped = after.state == "stopped", before.state == "stopped"
    if stops != stopped:
        activities.stop_photos(tx, member_id, stops, now)
    if stops and not stopped:
        telling.stopped(tx, member_id, now)


def keep(tx: Tx, signals: Collection[risk.Signal]) -> int:
    """Write signals down; one that is known stays as it was. Returns how many are new."""
    rows = {
        (s.member_id, s.code, s.mark): {
            "member_id": s.member_id,
            "code": s.code,
            "mark": s.mark,
            "activity_id": s.activity_id,
            "weight": s.weight,
            "seen_at": s.seen_at,
        }
        for s in signals
    }
    ready = [rows[key] for key in sorted(rows)]
    return tx.upsert(risk_signal, ready, key=("member_id", "code", "mark")) if ready else 0
