"""Lessons 课程: written by editors, published and withdrawn; finished by members, and what their lists show."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import func, insert, select, update

from points_engine.errors import refuse
from points_engine.quiz import reading_seconds, seconds_to_read
from webapp.journal.service import record
from webapp.learning.forms import LessonText
from webapp.learning.tables import lesson, lesson_read
from webapp.store import Tx

PAGE = 20
_l = lesson.c


@dataclass(frozen=True, slots=True)
class Card:
    """A lesson in a list."""

    id: int
    topic: str
    title_zh: str
    title_en: str
    minutes_zh: int
    minutes_en: int
    status: str
    read: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the published lessons a member has finished."""

    read: int
    of: int


def published(
    tx: Tx, member_id: int | None, topic: str | None, after: int | None = None, limit: int = PAGE
) -> list[Card]:
    """Published lessons, newest first, of one topic or of all, each with whether the member has finished it."""
    query = select(lesson).where(_l.status == "published").order_by(_l.id.desc()).limit(limit)
    if topic:
        query = query.where(_l.topic == topic)
    if after is not None:
        query = query.where(_l.id < after)
    rows = tx.rows(query)
    done = _finished(tx, member_id, [row.id for row in rows])
    return [_card(row, row.id in done) for row in rows]


def progress(tx: Tx, member_id: int) -> Progress:
    """How far a member has come; lessons withdrawn since do not count."""
    of = tx.scalar(select(func.count()).where(_l.status == "published"))
    r = lesson_read.c
    read = tx.scalar(
        select(func.count())
        .select_from(lesson_read.join(lesson, _l.id == r.lesson_id))
        .where(r.member_id == member_id, _l.status == "published")
    )
    return Progress(int(read or 0), int(of or 0))


def one(tx: Tx, lesson_id: int) -> Any:
    """A published lesson; 404 unknown_lesson."""
    row = tx.row(select(lesson).where(_l.id == lesson_id, _l.status == "published"))
    if row is None:
        raise refuse("not_found", "unknown_lesson")
    return row


def has_read(tx: Tx, member_id: int, lesson_id: int) -> bool:
    """Whether a member has finished a lesson."""
    return bool(_finished(tx, member_id, [lesson_id]))


def following(tx: Tx, lesson_id: int) -> Any:
    """The lesson published next after this one in the same topic, or None."""
    topic = select(_l.topic).where(_l.id == lesson_id).scalar_subquery()
    return tx.row(
        select(_l.id, _l.title_zh, _l.title_en)
        .where(_l.status == "published", _l.topic == topic, _l.id > lesson_id)
        .order_by(_l.id)
        .limit(1)
    )


def opened(key: str, member_id: int, lesson_id: int, now: datetime) -> str:
    """A mark for the page that says when it was opened; signed, so that nothing has to be stored about it."""
    return str(_signer(key).dumps([member_id, lesson_id, int(now.timestamp())]))


def kept(key: str, member_id: int, lesson_id: int, mark: str, now: datetime) -> str:
    """The mark when it is one of this page, else a new one: a page that was spoilt begins again."""
    return mark if _opened_at(key, member_id, lesson_id, mark) is not None else opened(key, member_id, lesson_id, now)


def finish(tx: Tx, key: str, member_id: int, lesson_id: int, mark: str, now: datetime) -> None:
    """The member has read it: the page was open for a sensible share of the reading time. A second time changes nothing.

    Raises unknown_lesson (404), lesson_too_quick (409) with the seconds that are left.
    """
    row = one(tx, lesson_id)
    began = _opened_at(key, member_id, lesson_id, mark)
    open_for = 0 if began is None else int(now.timestamp()) - began
    least = seconds_to_read(min(row.seconds_zh, row.seconds_en) if row.body_en else row.seconds_zh)
    if open_for < least:
        raise refuse("conflict", "lesson_too_quick", seconds=least - open_for)
    tx.upsert(
        lesson_read,
        [{"member_id": member_id, "lesson_id": lesson_id, "read_at": now}],
        key=("member_id", "lesson_id"),
    )


# --- editors -------------------------------------------------------------------------------------


def staff_list(tx: Tx, after: int | None = None, limit: int = PAGE) -> list[Card]:
    """Every lesson in any state, newest first."""
    query = select(lesson).order_by(_l.id.desc()).limit(limit)
    if after is not None:
        query = query.where(_l.id < after)
    return [_card(row, False) for row in tx.rows(query)]


def staff_one(tx: Tx, lesson_id: int) -> Any:
    """A lesson in any state, with how many have finished it; 404 unknown_lesson."""
    readers = select(func.count()).where(lesson_read.c.lesson_id == _l.id).scalar_subquery()
    row = tx.row(select(lesson, readers.label("readers")).where(_l.id == lesson_id))
    if row is None:
        raise refuse("not_found", "unknown_lesson")
    return row


def create(tx: Tx, actor_id: int, text: LessonText, now: datetime) -> int:
    """Write a lesson as a draft; nobody sees it before it is published."""
    made = tx.scalar(
        insert(lesson).values(**_columns(text), author_id=actor_id, status="draft", created_at=now).returning(_l.id)
    )
    record(tx, actor_id, "lesson.create", f"lesson:{made}", {"title": text.title_zh}, now)
    return int(made)


def change(tx: Tx, actor_id: int, lesson_id: int, text: LessonText, now: datetime) -> None:
    """Change the text; who has read it has read it."""
    before = staff_one(tx, lesson_id)
    tx.execute(update(lesson).where(_l.id == lesson_id).values(**_columns(text)))
    record(tx, actor_id, "lesson.edit", f"lesson:{lesson_id}", {"was": before.title_zh, "title": text.title_zh}, now)


def publish(tx: Tx, actor_id: int, lesson_id: int, now: datetime) -> None:
    """Show it to everybody, for the first time or again."""
    staff_one(tx, lesson_id)
    tx.execute(update(lesson).where(_l.id == lesson_id).values(status="published", published_at=now))
    record(tx, actor_id, "lesson.publish", f"lesson:{lesson_id}", {}, now)


def withdraw(tx: Tx, actor_id: int, lesson_id: int, now: datetime) -> None:
    """Take it down; conflict not_published when it is not up."""
    staff_one(tx, lesson_id)
    done = tx.execute(
        update(lesson).where(_l.id == lesson_id, _l.status == "published").values(status="withdrawn")
    ).rowcount
    if not done:
        raise refuse("conflict", "not_published")
    record(tx, actor_id, "lesson.withdraw", f"lesson:{lesson_id}", {}, now)


def _columns(text: LessonText) -> dict[str, Any]:
    zh = reading_seconds(text.title_zh + text.body_zh)
    en = reading_seconds(text.title_en + " " + text.body_en) if text.body_en else zh
    return asdict(text) | {"seconds_zh": zh, "seconds_en": en}


def _card(row: Any, read: bool) -> Card:
    return Card(
        row.id, row.topic, row.title_zh, row.title_en or row.title_zh, minutes(row.seconds_zh), minutes(row.seconds_en),
        row.status, read,
    )  # fmt: skip


def minutes(seconds: int) -> int:
    """Whole minutes, at least one, to the nearest."""
    return max(1, (seconds + 30) // 60)


def _finished(tx: Tx, member_id: int | None, ids: list[int]) -> set[int]:
    if member_id is None or not ids:
        return set()
    r = lesson_read.c
    rows = tx.rows(select(r.lesson_id).where(r.member_id == member_id, r.lesson_id.in_(ids)))
    return {row.lesson_id for row in rows}


def _signer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt="lesson opened")


def _opened_at(key: str, member_id: int, lesson_id: int, mark: str) -> int | None:
    """When the page of this lesson was opened by this member; None for a mark that is none of theirs."""
    try:
        who, what, at = _signer(key).loads(mark[:200])
    except (BadData, ValueError, TypeError):
        return None
    return int(at) if (who, what) == (member_id, lesson_id) else None
