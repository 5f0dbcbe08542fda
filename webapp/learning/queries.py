"""What rooms on the right ask of learning: quizzes passed, sessions attended, and the choices of both."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from webapp.learning.tables import quiz, quiz_attempt, training, training_sign_up
from webapp.store import Tx


def quizzes_passed(
    tx: Tx, quiz_id: int | None, members: Collection[int], begins: datetime, ends: datetime
) -> dict[int, int]:
    """How many scored attempts each of these members finished and passed from `begins` up to before `ends`.

    One quiz, or any when `quiz_id` is None; at most one a day and quiz counts, for a day has one scored attempt.
    """
    a = quiz_attempt.c
    query = (
        select(a.member_id, func.count().label("n"))
        .where(a.member_id.in_(list(members)), a.scored_on.is_not(None), a.passed.is_(True))
        .where(a.finished_at >= begins, a.finished_at < ends)
        .group_by(a.member_id)
    )
    if quiz_id is not None:
        query = query.where(a.quiz_id == quiz_id)
    return {row.member_id: int(row.n) for row in tx.rows(query)} if members else {}


def sessions_attended(
    tx: Tx, members: Collection[int], begins: datetime, ends: datetime, session_id: int | None = None
) -> dict[int, int]:
    """How many sessions each of these members attended from `begins` up to before `ends`; one, or any."""
    s = training_sign_up.c
    query = (
        select(s.member_id, func.count().label("n"))
        .where(s.member_id.in_(list(members)), s.attended_at >= begins, s.attended_at < ends)
        .group_by(s.member_id)
    )
    if session_id is not None:
        query = query.where(s.training_id == session_id)
    return {row.member_id: int(row.n) for row in tx.rows(query)} if members else {}


def quiz_choices(tx: Tx) -> list[tuple[int, str]]:
    """Id and title of every open quiz, newest first, for tasks that ask for one."""
    rows = tx.rows(select(quiz.c.id, quiz.c.title_zh).where(quiz.c.status == "open").order_by(quiz.c.id.desc()))
    return [(int(row.id), str(row.title_zh)) for row in rows]


def session_choices(tx: Tx) -> list[tuple[int, str]]:
    """Id and title of every session of the park that is not cancelled, latest first, for tasks that ask for one."""
    rows = tx.rows(
        select(training.c.id, training.c.title_zh)
        .where(training.c.status == "open", training.c.audience == "park")
        .order_by(training.c.starts_at.desc(), training.c.id.desc())
        .limit(100)
    )
    return [(int(row.id), str(row.title_zh)) for row in rows]
