"""The doors of learning for other rooms: what goes when somebody leaves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from webapp.learning import trainings
from webapp.learning.tables import lesson_read, quiz_answer, quiz_attempt
from webapp.store import Tx


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: lessons finished, attempts with their answers and sign-ups go; seats become free."""
    for table in (lesson_read, quiz_answer, quiz_attempt):
        tx.execute(delete(table).where(table.c.member_id == member_id))
    trainings.forget(tx, member_id, now)
