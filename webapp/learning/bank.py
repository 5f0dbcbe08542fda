"""The question bank 题库: questions in versions that never change, drawn by topic, withdrawn and brought back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, select, tuple_, update

from points_engine.errors import Invalid, refuse
from webapp.journal.service import record
from webapp.learning.forms import QuestionText
from webapp.learning.tables import question, question_version
from webapp.store import Tx

PAGE = 30
CHUNK = 500
_q, _v = question.c, question_version.c


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it stands now."""

    id: int
    version: int
    status: str
    text: QuestionText


def listed(
    tx: Tx, topic: str | None = None, status: str | None = None, text: str = "", after: int | None = None,
    limit: int = PAGE,
) -> list[Question]:  # fmt: skip
    """Questions for staff, newest first, by topic, state and a part of the text."""
    query = _current().order_by(_q.id.desc()).limit(limit)
    if topic:
        query = query.where(_q.topic == topic)
    if status:
        query = query.where(_q.status == status)
    if text:
        query = query.where(_v.text_zh.contains(text, autoescape=True))
    if after is not None:
        query = query.where(_q.id < after)
    return [_question(row) for row in tx.rows(query)]


def everything(tx: Tx) -> Iterator[Question]:
    """Every question in use, oldest first, for the export."""
    last = 0
    while rows := tx.rows(_current().where(_q.status == "active", _q.id > last).order_by(_q.id).limit(CHUNK)):
        yield from (_question(row) for row in rows)
        last = rows[-1].id


def one(tx: Tx, question_id: int) -> Question:
    """A question in any state; 404 unknown_question."""
    row = tx.row(_current().where(_q.id == question_id))
    if row is None:
        raise refuse("not_found", "unknown_question")
    return _question(row)


def versions(tx: Tx, question_id: int) -> list[Any]:
    """Every version, newest first."""
    query = select(question_version).where(_v.question_id == question_id).order_by(_v.version.desc())
    return list(tx.rows(query))


def as_asked(tx: Tx, keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], QuestionText]:
    """Questions as they were in given versions."""
    if not keys:
        return {}
    rows = tx.rows(select(question_version).where(tuple_(_v.question_id, _v.version).in_(sorted(set(keys)))))
    return {(row.question_id, row.version): QuestionText.of(row) for row in rows}


def counts(tx: Tx) -> dict[str, int]:
    """How many questions in use there are on each topic."""
    rows = tx.rows(select(_q.topic, func.count().label("n")).where(_q.status == "active").group_by(_q.topic))
    return {row.topic: int(row.n) for row in rows}


def pool(tx: Tx, topics: Sequence[str]) -> dict[str, dict[int, int]]:
    """What can be drawn: by topic, the number and present version of each question in use."""
    query = select(_q.topic, _q.id, _q.version).where(_q.status == "active")
    if topics:
        query = query.where(_q.topic.in_(topics))
    found: dict[str, dict[int, int]] = {}
    for row in tx.rows(query):
        found.setdefault(row.topic, {})[row.id] = row.version
    return found


def by_fingerprint(tx: Tx, fingerprints: Sequence[str]) -> dict[str, Question]:
    """Questions in use that have one of these texts."""
    found: dict[str, Question] = {}
    for first in range(0, len(fingerprints), CHUNK):
        part = fingerprints[first : first + CHUNK]
        for row in tx.rows(_current().where(_q.status == "active", _q.fingerprint.in_(part))):
            found[row.fingerprint] = _question(row)
    return found


def add(tx: Tx, actor_id: int, text: QuestionText, now: datetime) -> int:
    """A new question; Invalid when one of the same text is in use."""
    tx.take_turn("question bank")
    _check_free(tx, text, None)
    made = insert_many(tx, actor_id, [text], now)[0]
    record(tx, actor_id, "question.create", f"question:{made}", {"topic": text.topic}, now)
    return made


def insert_many(tx: Tx, actor_id: int, texts: Iterable[QuestionText], now: datetime) -> list[int]:
    """Write new questions with their first versions; whoever calls has looked for those that are there."""
    made: list[int] = []
    for part in _parts(list(texts)):
        heads = [
            {"topic": t.topic, "difficulty": t.difficulty, "fingerprint": t.fingerprint, "status": "active",
             "version": 1, "created_at": now}
            for t in part
        ]  # fmt: skip
        found = tx.rows(insert(question).returning(_q.id, _q.fingerprint), heads)
        ids = {row.fingerprint: int(row.id) for row in found}
        mine = [ids[head["fingerprint"]] for head in heads]
        rows = [
            {**t.row(), "question_id": at, "version": 1, "author_id": actor_id, "created_at": now}
            for t, at in zip(part, mine, strict=True)
        ]
        tx.insert(question_version, rows)
        made += mine
    return made


def edit(tx: Tx, actor_id: int, question_id: int, text: QuestionText, now: datetime) -> int:
    """A new version, which is drawn from now on; old attempts keep the old one. The same text again makes none."""
    tx.take_turn("question bank")
    known = one(tx, question_id)
    if known.text == text:
        return known.version
    if known.status == "active":
        _check_free(tx, text, question_id)
    made = known.version + 1
    tx.execute(
        insert(question_version).values(
            **text.row(), question_id=question_id, version=made, author_id=actor_id, created_at=now
        )
    )
    head = {"version": made, "topic": text.topic, "difficulty": text.difficulty, "fingerprint": text.fingerprint}
    tx.execute(update(question).where(_q.id == question_id).values(**head))
    record(tx, actor_id, "question.edit", f"question:{question_id}", {"version": made}, now)
    return made


def set_in_use(tx: Tx, actor_id: int, question_id: int, used: bool, now: datetime) -> None:
    """A withdrawn question is drawn no more; attempts that have it go on. It can come back unless its double is there."""
    tx.take_turn("question bank")
    known = one(tx, question_id)
    if used and known.status != "active":
        _check_free(tx, known.text, question_id)
    tx.execute(update(question).where(_q.id == question_id).values(status="active" if used else "withdrawn"))
    record(tx, actor_id, "question.return" if used else "question.withdraw", f"question:{question_id}", {}, now)


def _check_free(tx: Tx, text: QuestionText, mine: int | None) -> None:
    other = by_fingerprint(tx, [text.fingerprint]).get(text.fingerprint)
    if other is not None and other.id != mine:
        raise Invalid({"text_zh": "question_known"})


def _current() -> Any:
    joined = and_(_v.question_id == _q.id, _v.version == _q.version)
    columns = [c for c in _v if c.name not in ("topic", "difficulty", "created_at", "version", "question_id")]
    return select(question, *columns).join(question_version, joined)


def _question(row: Any) -> Question:
    return Question(row.id, row.version, row.status, QuestionText.of(row))


def _parts(texts: list[QuestionText]) -> Iterator[list[QuestionText]]:
    for first in range(0, len(texts), CHUNK):
        yield texts[first : first + CHUNK]
