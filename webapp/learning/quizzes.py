"""Quizzes 测验 as staff set them up and as lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from points_engine.errors import refuse
from points_engine.quiz import needed
from webapp.journal.service import record
from webapp.learning import bank
from webapp.learning.forms import QuizFacts
from webapp.learning.tables import quiz, quiz_attempt
from webapp.store import Tx

PAGE = 30
_z, _a = quiz.c, quiz_attempt.c


@dataclass(frozen=True, slots=True)
class Card:
    """A quiz in a list, with how I did in it today: None when not yet tried, else whether passed (None: not finished)."""

    id: int
    title_zh: str
    title_en: str
    questions: int
    needed: int
    minutes: int | None
    status: str
    tried: bool = False
    passed: bool | None = None


def open_ones(tx: Tx, member_id: int, today: date, after: int | None = None, limit: int = PAGE) -> list[Card]:
    """Quizzes that can be taken, newest first, with what I did in their scored attempt of today."""
    query = select(quiz).where(_z.status == "open").order_by(_z.id.desc()).limit(limit)
    if after is not None:
        query = query.where(_z.id < after)
    rows = tx.rows(query)
    mine = {row.quiz_id: row.passed for row in _today(tx, member_id, [row.id for row in rows], today)}
    return [_card(row, row.id in mine, mine.get(row.id)) for row in rows]


def one(tx: Tx, quiz_id: int) -> Any:
    """A quiz that members may see, open or closed; 404 unknown_quiz."""
    row = tx.row(select(quiz).where(_z.id == quiz_id, _z.status != "draft"))
    if row is None:
        raise refuse("not_found", "unknown_quiz")
    return row


def needed_of(row: Any) -> int:
    """How many right answers pass a quiz."""
    return needed(row.mark_kind, row.mark, row.questions)


# --- staff ---------------------------------------------------------------------------------------


def staff_list(tx: Tx, after: int | None = None, limit: int = PAGE) -> list[Card]:
    """Every quiz in any state, newest first."""
    query = select(quiz).order_by(_z.id.desc()).limit(limit)
    if after is not None:
        query = query.where(_z.id < after)
    return [_card(row) for row in tx.rows(query)]


def staff_one(tx: Tx, quiz_id: int) -> Any:
    """A quiz in any state; 404 unknown_quiz."""
    row = tx.row(select(quiz).where(_z.id == quiz_id))
    if row is None:
        raise refuse("not_found", "unknown_quiz")
    return row


def totals(tx: Tx, quiz_id: int) -> dict[str, int]:
    """How often the quiz was taken for a score, how often passed, and by how many people."""
    row = tx.row(
        select(
            func.count(_a.finished_at).label("finished"),
            func.count().filter(_a.passed.is_(True)).label("passed"),
            func.count(func.distinct(_a.member_id)).label("people"),
        ).where(_a.quiz_id == quiz_id, _a.scored_on.is_not(None))
    )
    assert row is not None, "an aggregate has a row"
    return {name: int(n) for name, n in row._mapping.items()}


def create(tx: Tx, actor_id: int, facts: QuizFacts, now: datetime) -> int:
    """A quiz as a draft."""
    made = tx.scalar(insert(quiz).values(**_columns(facts), status="draft", created_at=now).returning(_z.id))
    record(tx, actor_id, "quiz.create", f"quiz:{made}", {"title": facts.title_zh}, now)
    return int(made)


def change(tx: Tx, actor_id: int, quiz_id: int, facts: QuizFacts, now: datetime) -> None:
    """Change a quiz; attempts that were begun keep what they were begun with. Raises quiz_short for an open one."""
    row = staff_one(tx, quiz_id)
    if row.status == "open":
        _check_enough(tx, facts.topics, facts.questions)
    tx.execute(update(quiz).where(_z.id == quiz_id).values(**_columns(facts)))
    detail = {"questions": facts.questions, "mark": facts.mark, "mark_kind": facts.mark_kind}
    record(tx, actor_id, "quiz.edit", f"quiz:{quiz_id}", detail, now)


def set_open(tx: Tx, actor_id: int, quiz_id: int, opened: bool, now: datetime) -> None:
    """Open a quiz or close it; attempts under way go on. Raises quiz_short (409) when the bank has too few questions."""
    row = staff_one(tx, quiz_id)
    if opened:
        _check_enough(tx, row.topics, row.questions)
    tx.execute(update(quiz).where(_z.id == quiz_id).values(status="open" if opened else "closed"))
    record(tx, actor_id, "quiz.open" if opened else "quiz.close", f"quiz:{quiz_id}", {}, now)


def _check_enough(tx: Tx, topics: Sequence[str], questions: int) -> None:
    there = bank.counts(tx)
    have = sum(there.get(topic, 0) for topic in topics) if topics else sum(there.values())
    if have < questions:
        raise refuse("conflict", "quiz_short", have=have, need=questions)


def _columns(facts: QuizFacts) -> dict[str, Any]:
    return asdict(facts) | {"topics": list(facts.topics)}


def _today(tx: Tx, member_id: int, ids: list[int], today: date) -> Sequence[Any]:
    if not ids:
        return []
    return tx.rows(
        select(_a.quiz_id, _a.passed).where(_a.member_id == member_id, _a.scored_on == today, _a.quiz_id.in_(ids))
    )


def _card(row: Any, tried: bool = False, passed: bool | None = None) -> Card:
    return Card(
        row.id, row.title_zh, row.title_en or row.title_zh, row.questions, needed_of(row), row.minutes, row.status,
        tried, passed,
    )  # fmt: skip
