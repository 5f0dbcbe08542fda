"""Reads of the inbox: a member's notices, how many are unread, and the announcements in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, or_, select

from points_engine.errors import refuse
from webapp.inbox.tables import announcement, notice
from webapp.store import Tx

PAGE = 30
UNREAD_SHOWN = 100  # beyond it the badge says 99+


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as its member reads it."""

    id: str
    kind: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    link: str
    created_at: datetime
    unread: bool


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement; bodies are Markdown. `state` is draft, scheduled, published, expired or withdrawn."""

    id: int
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    published_at: datetime | None
    expires_at: datetime | None
    author_id: int
    created_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The page /inbox: notices newest first, `after` opens the next page."""

    announcements: Sequence[Announcement]
    notices: Sequence[Notice]
    unread: int
    after: str | None


def unread(tx: Tx, member_id: int) -> int:
    """How many notices wait, counted to 100 at most."""
    waiting = (
        select(literal_column("1").label("one"))
        .where(notice.c.member_id == member_id, notice.c.read_at.is_(None))
        .limit(UNREAD_SHOWN)
        .subquery()
    )
    return int(tx.scalar(select(func.count()).select_from(waiting)) or 0)


def notices(tx: Tx, member_id: int, after: str | None = None, limit: int = PAGE) -> list[Notice]:
    """The member's notices, newest first, older than the notice `after`."""
    query = select(notice).where(notice.c.member_id == member_id).order_by(notice.c.id.desc()).limit(limit)
    if after:
        query = query.where(notice.c.id < after)
    return [_notice(row) for row in tx.rows(query)]


def page(tx: Tx, member_id: int, now: datetime, after: str | None = None) -> InboxPage:
    """Everything the page /inbox shows; announcements only on the first page."""
    found = notices(tx, member_id, after, PAGE + 1)
    more = len(found) > PAGE
    shown = found[:PAGE]
    return InboxPage(
        announcements=[] if after else announcements(tx, now),
        notices=shown,
        unread=unread(tx, member_id),
        after=shown[-1].id if more else None,
    )


def announcements(tx: Tx, now: datetime, limit: int = 5) -> list[Announcement]:
    """Announcements in force at `now`, newest first."""
    rows = tx.rows(_in_force(now).order_by(announcement.c.published_at.desc(), announcement.c.id.desc()).limit(limit))
    return [_announcement(row, now) for row in rows]


def announcement_in_force(tx: Tx, announcement_id: int, now: datetime) -> Announcement:
    """One announcement that everybody may read; not_found for drafts and old ones."""
    row = tx.row(_in_force(now).where(announcement.c.id == announcement_id))
    if row is None:
        raise refuse("not_found", "unknown_announcement")
    return _announcement(row, now)


def all_announcements(tx: Tx, now: datetime, after: int | None = None, limit: int = PAGE) -> list[Announcement]:
    """For staff: every announcement in any state, newest first."""
    query = select(announcement).order_by(announcement.c.id.desc()).limit(limit)
    if after:
        query = query.where(announcement.c.id < after)
    return [_announcement(row, now) for row in tx.rows(query)]


def announcement_by_id(tx: Tx, announcement_id: int, now: datetime) -> Announcement:
    """For staff: one announcement in any state."""
    row = tx.row(select(announcement).where(announcement.c.id == announcement_id))
    if row is None:
        raise refuse("not_found", "unknown_announcement")
    return _announcement(row, now)


def _in_force(now: datetime) -> Any:
    return select(announcement).where(
        announcement.c.published_at <= now,
        announcement.c.withdrawn_at.is_(None),
        or_(announcement.c.expires_at.is_(None), announcement.c.expires_at > now),
    )


def _notice(row: Any) -> Notice:
    return Notice(
        row.id,
        row.kind,
        row.title_zh,
        row.title_en,
        row.body_zh,
        row.body_en,
        row.link,
        row.created_at,
        row.read_at is None,
    )


def _announcement(row: Any, now: datetime) -> Announcement:
    return Announcement(
        row.id,
        row.title_zh,
        row.title_en,
        row.body_zh,
        row.body_en,
        row.published_at,
        row.expires_at,
        row.author_id,
        row.created_at,
        _state(row, now),
    )


def _state(row: Any, now: datetime) -> str:
    if row.published_at is None:
        return "draft"
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    return "scheduled" if row.published_at > now else "published"
