"""What rooms on the right ask of learning: quizzes passed, sessions attended, and the choices of both."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from points_engine.clock import local_day
from webapp.learning.tables import question, quiz, quiz_attempt, training, training_sign_up
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


def passers_between(tx: Tx, quiz_id: int | None, first: datetime, last: datetime) -> set[int]:
    """Who finished and passed a scored attempt from `first` up to before `last`, of one quiz or any."""
    a = quiz_attempt.c
    which = a.quiz_id.in_(select(quiz.c.id)) if quiz_id is None else a.quiz_id == quiz_id
    rows = tx.rows(
        select(a.member_id).where(
            which, a.scored_on >= local_day(first) - timedelta(days=1), a.passed.is_(True),
            a.finished_at >= first, a.finished_at < last,
        )
    )  # fmt: skip
    return {row.member_id for row in rows}


def attenders_between(tx: Tx, session_id: int | None, first: datetime, last: datetime) -> set[int]:
    """Whose attendance was taken from `first` up to before `last`, of one session or any."""
    s = training_sign_up.c
    about = training.c.starts_at.between(first - timedelta(days=31), last + timedelta(days=1))
    which = s.training_id.in_(select(training.c.id).where(about)) if session_id is None else s.training_id == session_id
    rows = tx.rows(select(s.member_id).where(which, s.attended_at >= first, s.attended_at < last))
    return {row.member_id for row in rows}


def quiz_supply(tx: Tx, quiz_id: int) -> tuple[str, int, int] | None:
    """A quiz's state, how many questions it draws, and how many there are to draw from; None for no such quiz."""
    row = tx.row(select(quiz).where(quiz.c.id == quiz_id))
    if row is None:
        return None
    q = question.c
    query = select(func.count()).where(q.status == "active")
    if row.topics:
        query = query.where(q.topic.in_(row.topics))
    return row.status, row.questions, int(tx.scalar(query) or 0)


def session_times(tx: Tx, session_id: int) -> tuple[str, datetime, datetime] | None:
    """A session's state and when it is; None for no such session."""
    row = tx.row(select(training).where(training.c.id == session_id))
    return None if row is None else (row.status, row.starts_at, row.ends_at)


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
