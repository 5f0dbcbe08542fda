"""What the use cases of honours share: a round in hand, the words of its journal, the record that is never changed."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from points_engine.errors import refuse
from points_engine.honours import Criterion, Honour, honours
from webapp.honours.figures import Asked
from webapp.honours.tables import honour_candidate, honour_record, honour_round
from webapp.journal import service as journal
from webapp.store import Tx

# Without signs that look alike.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def find(tx: Tx, round_id: int) -> Row[Any]:
    """A round in any state; 404 unknown_honour."""
    row = tx.row(select(honour_round).where(honour_round.c.id == round_id))
    if row is None:
        raise refuse("not_found", "unknown_honour")
    return row


def in_hand(tx: Tx, round_id: int, *states: str) -> Row[Any]:
    """The round, in one of these states if any are named, nobody else's until the end of the transaction; 409 already_resolved otherwise."""
    tx.take_turn(f"honour:{round_id}")
    row = find(tx, round_id)
    if states and row.state not in states:
        raise refuse("conflict", "already_resolved", status=row.state)
    return row


def move(tx: Tx, row: Row[Any], to: str, **values: Any) -> None:
    """Take a round on to its next state; it has to be where it was read."""
    c = honour_round.c
    done = tx.execute(update(honour_round).where(c.id == row.id, c.state == row.state).values(state=to, **values))
    if not done.rowcount:
        raise refuse("conflict", "already_resolved", status=row.state)


def candidate(tx: Tx, candidate_id: int) -> Row[Any]:
    """A candidate in any state; 404 unknown_candidate."""
    row = tx.row(select(honour_candidate).where(honour_candidate.c.id == candidate_id))
    if row is None:
        raise refuse("not_found", "unknown_candidate")
    return row


def honour_of(row: Any) -> Honour:
    """The honour a round is for."""
    return honours()[row.honour]


def criteria_of(row: Any) -> tuple[Criterion, ...]:
    """The criteria of a round."""
    return tuple(Criterion(**each) for each in row.criteria)


def asked_of(row: Any) -> Asked:
    """What has to be known to judge the candidates of a round."""
    return Asked(honour_of(row).subject, int(row.year), criteria_of(row))


def note(tx: Tx, candidate_id: int, what: str, actor_id: int | None, now: datetime, reason: str = "") -> None:
    """Write into the record of an award what happened to it."""
    tx.execute(
        insert(honour_record).values(candidate_id=candidate_id, what=what, actor_id=actor_id, reason=reason, at=now)
    )


def tell_journal(
    tx: Tx, actor_id: int | None, action: str, round_id: int, detail: dict[str, Any], now: datetime
) -> None:
    """The journal's row of a change to a round."""
    journal.record(tx, actor_id, f"honour.{action}", f"honour:{round_id}", detail, now)


def new_code() -> str:
    """A code nobody guesses: twenty signs out of 31."""
    return "".join(secrets.choice(LETTERS) for _ in range(20))
