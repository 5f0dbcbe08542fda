"""The audit of learning: scores from answers and versions, one scored attempt a day, seats from sign-ups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select, tuple_

from points_engine.quiz import is_right
from webapp.learning import trainings
from webapp.learning.tables import question_version, quiz_answer, quiz_attempt, training, training_sign_up
from webapp.store import Tx

CHUNK = 500
_a, _w, _v, _t, _s = quiz_attempt.c, quiz_answer.c, question_version.c, training.c, training_sign_up.c


def learning_audit(tx: Tx) -> list[str]:
    """Every figure of learning that does not follow from its rows."""
    return [*_scores(tx), *_days(tx), *_seats(tx)]


def _scores(tx: Tx) -> Iterator[str]:
    key = {
        (row.question_id, row.version): row.answers for row in tx.rows(select(_v.question_id, _v.version, _v.answers))
    }
    last: tuple[int, str] = (-1, "")
    query = select(quiz_attempt).order_by(_a.member_id, _a.id).limit(CHUNK)
    while rows := tx.rows(query.where(tuple_(_a.member_id, _a.id) > last)):
        last = (rows[-1].member_id, rows[-1].id)
        answers: dict[tuple[int, str], list[Any]] = {}
        first = (rows[0].member_id, rows[0].id)
        between = tuple_(_w.member_id, _w.attempt_id)
        for each in tx.rows(select(quiz_answer).where(between >= first, between <= last)):
            answers.setdefault((each.member_id, each.attempt_id), []).append(each)
        for row in rows:
            yield from _score(row, answers.get((row.member_id, row.id), []), key)


def _score(row: Any, answers: list[Any], key: dict[tuple[int, int], list[int]]) -> Iterator[str]:
    name = f"attempt {row.id} of member {row.member_id}"
    right = 0
    for each in answers:
        number, version, _ = row.drawn[each.place] if each.place < len(row.drawn) else (0, 0, [])
        really = is_right(key.get((number, version), []), each.chosen)
        if really != each.is_right:
            yield f"{name}: answer {each.place} is kept as {each.is_right}, by its question it is {really}"
        right += really
    if row.finished_at is None:
        return
    if row.correct != right:
        yield f"{name}: {row.correct} right answers are kept, its answers make {right}"
    if row.passed != (right >= row.needed):
        yield f"{name}: passed is kept as {row.passed} with {right} of {row.needed}"


def _days(tx: Tx) -> Iterator[str]:
    rows = tx.rows(
        select(_a.member_id, _a.quiz_id, _a.scored_on)
        .where(_a.scored_on.is_not(None))
        .group_by(_a.member_id, _a.quiz_id, _a.scored_on)
        .having(func.count() > 1)
    )
    for row in rows:
        yield f"member {row.member_id}: several scored attempts of quiz {row.quiz_id} on {row.scored_on}"


def _seats(tx: Tx) -> Iterator[str]:
    taken = trainings.seats_taken(tx)
    for row in tx.rows(select(_t.id, _t.taken, _t.capacity).order_by(_t.id)):
        there = taken.get(row.id, 0)
        if row.taken != there:
            yield f"session {row.id}: {row.taken} seats are kept as taken, {there} signed up"
        if there > row.capacity:
            yield f"session {row.id}: {there} signed up for {row.capacity} seats"
    for row in tx.rows(select(_s.training_id).where(_s.state == "cancelled", _s.attended_at.is_not(None))):
        yield f"session {row.training_id}: somebody who cancelled is kept as having come"
