"""Attempts at quizzes: drawn once and stored, answered one by one, finished by hand or by the clock.

One attempt a day and quiz is scored; practice is not. Everything is by the server's time.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, and_, delete, func, or_, select, type_coerce, update

from points_engine.clock import local_day
from points_engine.errors import Invalid, refuse
from points_engine.quiz import draw, fitting, is_right, option_order
from webapp.learning import bank, quizzes
from webapp.learning.forms import QuestionText
from webapp.learning.tables import quiz, quiz_answer, quiz_attempt
from webapp.store import Tx

GRACE = timedelta(seconds=30)  # an answer may be on its way when the time ends
LONGEST = timedelta(hours=24)  # an attempt without a limit ends after a day
PRACTICE_KEPT = timedelta(days=30)
PAGE = 20
_a, _w = quiz_attempt.c, quiz_answer.c


@dataclass(frozen=True, slots=True)
class Item:
    """One question of an attempt as it was drawn: options in their order here, and what was chosen."""

    place: int
    question_id: int
    version: int
    text: QuestionText
    order: list[int]
    chosen: list[int] | None
    is_right: bool | None

    @property
    def shown(self) -> list[tuple[int, tuple[str, str]]]:
        """The options in the order of this attempt, each with its place here."""
        return [(n, self.text.options[at]) for n, at in enumerate(self.order)]

    @property
    def chosen_here(self) -> set[int]:
        """The chosen options by their places in this attempt."""
        return {n for n, at in enumerate(self.order) if at in (self.chosen or ())}

    @property
    def right_here(self) -> set[int]:
        """The right options by their places in this attempt."""
        return {n for n, at in enumerate(self.order) if at in self.text.answers}


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt with its questions."""

    id: str
    quiz_id: int
    title_zh: str
    title_en: str
    scored_on: date | None
    explain: str
    needed: int
    started_at: datetime
    ends_at: datetime
    limited: bool
    finished_at: datetime | None
    correct: int | None
    passed: bool | None
    items: list[Item]

    def over(self, now: datetime) -> bool:
        """Whether no answer is taken any more."""
        return self.finished_at is not None or now > self.ends_at + GRACE

    @property
    def answered(self) -> int:
        return sum(item.chosen is not None for item in self.items)

    @property
    def next_place(self) -> int:
        """The first question without an answer, or the last one."""
        return next((item.place for item in self.items if item.chosen is None), len(self.items) - 1)


def start(tx: Tx, member_id: int, quiz_id: int, attempt_id: str, scored: bool, now: datetime) -> str:
    """Begin an attempt and draw its questions; the number of it. The same number again, or the day's scored one, is found.

    Raises unknown_quiz (404), quiz_closed, quiz_short (409).
    """
    key = _key(attempt_id)
    known = tx.scalar(select(_a.id).where(_a.member_id == member_id, or_(_a.id == key, _of_day(quiz_id, scored, now))))
    if known is not None:
        return str(known)
    row = quizzes.one(tx, quiz_id)
    if row.status != "open":
        raise refuse("conflict", "quiz_closed")
    seed = secrets.token_hex(16)
    values = {
        "member_id": member_id,
        "id": key,
        "quiz_id": quiz_id,
        "scored_on": local_day(now) if scored else None,
        "seed": seed,
        "drawn": _drawn(tx, row, seed),
        "explain": row.explain,
        "needed": quizzes.needed_of(row),
        "started_at": now,
        "ends_at": now + (timedelta(minutes=row.minutes) if row.minutes else LONGEST),
    }
    tx.upsert(quiz_attempt, [values], key=("member_id", "quiz_id", "scored_on") if scored else ("member_id", "id"))
    found = tx.scalar(
        select(_a.id).where(_a.member_id == member_id, _of_day(quiz_id, scored, now) if scored else _a.id == key)
    )
    return str(found)


def answer(tx: Tx, member_id: int, attempt_id: str, place: int, chosen_here: list[int], now: datetime) -> None:
    """Keep an answer as it comes. What has been explained stays as it is; otherwise the last answer counts.

    Raises unknown_attempt (404), attempt_over, answered_already (409), Invalid.
    """
    row = _locked(tx, member_id, attempt_id)
    if row.finished_at is not None or now > row.ends_at + GRACE:
        raise refuse("conflict", "attempt_over")
    if not 0 <= place < len(row.drawn):
        raise refuse("not_found", "unknown_attempt")
    number, version, order = row.drawn[place]
    text = bank.as_asked(tx, [(number, version)])[(number, version)]
    if not chosen_here:
        raise Invalid({"chosen": "required"})
    if not fitting(text.kind, len(order), chosen_here):
        raise Invalid({"chosen": "not_a_choice"})
    chosen = sorted(order[n] for n in chosen_here)
    before = tx.scalar(select(_w.chosen).where(_w.member_id == member_id, _w.attempt_id == row.id, _w.place == place))
    if before is not None and row.explain == "each" and before != chosen:
        raise refuse("conflict", "answered_already")
    told = {"member_id": member_id, "attempt_id": row.id, "place": place, "chosen": chosen,
            "is_right": is_right(text.answers, chosen), "answered_at": now}  # fmt: skip
    tx.upsert(
        quiz_answer, [told], key=("member_id", "attempt_id", "place"), replace=("chosen", "is_right", "answered_at")
    )


def finish(tx: Tx, member_id: int, attempt_id: str, now: datetime) -> bool:
    """Hand it in: what is not answered is wrong. Whether it passed; a second time changes nothing."""
    row = _locked(tx, member_id, attempt_id)
    if row.finished_at is not None:
        return bool(row.passed)
    right = tx.scalar(
        select(func.count()).where(_w.member_id == member_id, _w.attempt_id == row.id, _w.is_right.is_(True))
    )
    correct = int(right or 0)
    tx.execute(
        update(quiz_attempt)
        .where(_a.member_id == member_id, _a.id == row.id)
        .values(finished_at=min(now, row.ends_at), correct=correct, passed=correct >= row.needed)
    )
    return correct >= int(row.needed)


def close_overdue(tx: Tx, now: datetime) -> int:
    """Finish attempts whose time is over with the answers they have; in one statement, safe twice."""
    right = (
        select(func.count())
        .where(_w.member_id == _a.member_id, _w.attempt_id == _a.id, _w.is_right.is_(True))
        .scalar_subquery()
    )
    late = now - GRACE - timedelta(seconds=30)  # the last answers have been written by then
    return tx.execute(
        update(quiz_attempt)
        .where(_a.finished_at.is_(None), _a.ends_at < late)
        .values(finished_at=_a.ends_at, correct=type_coerce(right, Integer), passed=right >= _a.needed)
    ).rowcount


def purge_practice(tx: Tx, now: datetime) -> int:
    """Practice is kept for thirty days."""
    old = and_(_a.scored_on.is_(None), _a.ends_at < now - PRACTICE_KEPT)
    gone = select(_a.id).where(_a.member_id == _w.member_id, old)
    tx.execute(delete(quiz_answer).where(_w.attempt_id.in_(gone)))
    return tx.execute(delete(quiz_attempt).where(old)).rowcount


def one(tx: Tx, member_id: int, quiz_id: int, attempt_id: str) -> Attempt:
    """One's own attempt with its questions as they were asked; 404 unknown_attempt."""
    row = tx.row(
        select(quiz_attempt, quiz.c.title_zh, quiz.c.title_en, quiz.c.minutes)
        .join(quiz, quiz.c.id == _a.quiz_id)
        .where(_a.member_id == member_id, _a.id == _key(attempt_id), _a.quiz_id == quiz_id)
    )
    if row is None:
        raise refuse("not_found", "unknown_attempt")
    texts = bank.as_asked(tx, [(number, version) for number, version, _ in row.drawn])
    answers = {
        w.place: w for w in tx.rows(select(quiz_answer).where(_w.member_id == member_id, _w.attempt_id == row.id))
    }
    items = [
        Item(
            place, number, version, texts[(number, version)], order,
            answers[place].chosen if place in answers else None,
            answers[place].is_right if place in answers else None,
        )
        for place, (number, version, order) in enumerate(row.drawn)
    ]  # fmt: skip
    return Attempt(
        row.id, row.quiz_id, row.title_zh, row.title_en or row.title_zh, row.scored_on, row.explain, row.needed,
        row.started_at, row.ends_at, row.ends_at - row.started_at < LONGEST, row.finished_at, row.correct, row.passed,
        items,
    )  # fmt: skip


def today_of(tx: Tx, member_id: int, quiz_id: int, today: date) -> Any:
    """The day's scored attempt, or None."""
    return tx.row(select(quiz_attempt).where(_a.member_id == member_id, _a.quiz_id == quiz_id, _a.scored_on == today))


def history(tx: Tx, member_id: int, before: tuple[datetime, str] | None = None, limit: int = PAGE) -> list[Any]:
    """My attempts, newest first; `before` is where the page above ended."""
    query = (
        select(quiz_attempt, quiz.c.title_zh, quiz.c.title_en, quiz.c.questions)
        .join(quiz, quiz.c.id == _a.quiz_id)
        .where(_a.member_id == member_id)
        .order_by(_a.started_at.desc(), _a.id.desc())
        .limit(limit)
    )
    if before is not None:
        at, last = before
        query = query.where(or_(_a.started_at < at, and_(_a.started_at == at, _a.id < _key(last))))
    return list(tx.rows(query))


def _drawn(tx: Tx, row: Any, seed: str) -> list[list[Any]]:
    pool = bank.pool(tx, row.topics)
    numbers = draw(seed, pool, row.questions, row.topics)
    if len(numbers) < row.questions:
        raise refuse("conflict", "quiz_short", have=len(numbers), need=row.questions)
    versions = {number: version for part in pool.values() for number, version in part.items()}
    texts = bank.as_asked(tx, [(number, versions[number]) for number in numbers])
    drawn = []
    for number in numbers:
        text = texts[(number, versions[number])]
        drawn.append([number, versions[number], option_order(seed, number, text.kind, len(text.options))])
    return drawn


def _of_day(quiz_id: int, scored: bool, now: datetime) -> Any:
    """The scored attempt of today, for a scored start; nothing for practice."""
    return and_(_a.quiz_id == quiz_id, _a.scored_on == local_day(now)) if scored else _a.id == ""


def _locked(tx: Tx, member_id: int, attempt_id: str) -> Any:
    """The attempt, so that answers and handing in come one after the other."""
    row = tx.row(select(quiz_attempt).where(_a.member_id == member_id, _a.id == _key(attempt_id)).with_for_update())
    if row is None:
        raise refuse("not_found", "unknown_attempt")
    return row


def _key(attempt_id: str) -> str:
    try:
        return uuid.UUID(attempt_id).hex
    except ValueError:
        raise refuse("not_found", "unknown_attempt") from None
