"""The doors of learning for other rooms: what goes when somebody leaves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from webapp.learning.tables import lesson_read, quiz_answer, quiz_attempt, training, training_sign_up
from webapp.store import Tx


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: lessons finished, attempts with their answers and sign-ups go; seats become free."""
    s = training_sign_up.c
    held = select(s.training_id).where(s.member_id == member_id, s.state == "in")
    tx.execute(update(training).where(training.c.id.in_(held)).values(taken=training.c.taken - 1))
    for table in (lesson_read, quiz_answer, quiz_attempt, training_sign_up):
        tx.execute(delete(table).where(table.c.member_id == member_id))
