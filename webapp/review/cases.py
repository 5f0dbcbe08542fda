"""Cases as rows: opening them, finding one, and moving one from state to state so that two hands cannot both do it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from points_engine.clock import local_day, month_of
from points_engine.errors import refuse
from points_engine.review import due
from webapp.review.tables import review_case
from webapp.store import Tx

SPACE = uuid.UUID("0d9d3c62-6d2e-5a53-9f0a-2f6f1f1f7a11")
KEY = ("member_id", "kind", "activity_id")
EMPTY = {
    "words": None, "against": None, "first_by": None, "first_at": None, "first_word": None, "first_reason": None,
    "first_note": None, "second_by": None, "decided_by": None, "decided_at": None, "decision": None, "reason": None,
    "note": None, "month": None, "took_days": None,
}  # fmt: skip


def case_id(member_id: int, kind: str, activity_id: str) -> str:
    """The id of a case: the same for the same three, so that it is made once."""
    return str(uuid.uuid5(SPACE, f"{member_id}:{kind}:{activity_id}"))


def new_case(member_id: int, kind: str, activity_id: str, cause: str, now: datetime, **more: Any) -> dict[str, Any]:
    """The row of a case that opens now."""
    return EMPTY | {
        "member_id": member_id,
        "kind": kind,
        "activity_id": activity_id,
        "id": case_id(member_id, kind, activity_id),
        "cause": cause,
        "score": 0,
        "opened_at": now,
        "opened_month": month_of(local_day(now)),
        "due_at": due(kind, now),
        "state": "open",
        **more,
    }


def open_cases(tx: Tx, rows: Sequence[dict[str, Any]]) -> int:
    """Write new cases; one that exists stays as it is. Returns how many are new."""
    return tx.upsert(review_case, rows, key=KEY) if rows else 0


def find(tx: Tx, member_id: int, kind: str, activity_id: str) -> Any:
    """A case by its key, or None."""
    c = review_case.c
    return tx.row(select(review_case).where(c.member_id == member_id, c.kind == kind, c.activity_id == activity_id))


def of_act(tx: Tx, member_id: int, activity_id: str) -> list[Any]:
    """Every case about an act."""
    c = review_case.c
    return list(tx.rows(select(review_case).where(c.member_id == member_id, c.activity_id == activity_id)))


def move(tx: Tx, case: Any, **changes: Any) -> None:
    """Change a case that is still as it was read; already_resolved when somebody was faster."""
    c = review_case.c
    done = tx.execute(
        update(review_case)
        .where(
            c.member_id == case.member_id,
            c.kind == case.kind,
            c.activity_id == case.activity_id,
            c.state == case.state,
        )
        .values(**changes)
    )
    if done.rowcount != 1:
        raise refuse("conflict", "already_resolved", status=case.state)


def close(tx: Tx, case: Any, state: str, by: int | None, word: str, reason: str, note: str, now: datetime) -> None:
    """The end of a case, with the month and the days that the public figures count."""
    move(
        tx,
        case,
        state=state,
        decided_by=by,
        decided_at=now,
        decision=word,
        reason=reason or None,
        note=note or None,
        month=month_of(local_day(now)),
        took_days=max(0, (now - case.opened_at).days),
    )
