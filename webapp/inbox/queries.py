"""Reads of the inbox: a member's notices, how many are unread, and the announcements in force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, or_, select

from points_engine.errors import refuse
from webapp.inbox.tables import announcement, notice
from webapp.store import Tx

PAGE = 30
EVERYBODY = "all"
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
    audience: str = "all"
    by_mail: bool = False
    reads: int = 0


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


def meant_for(audiences: Sequence[Callable[..., Any]], member_id: Any = None) -> Any:
    """The condition that an announcement is meant for this member (or this column of members); visitors see what is for all."""
    mine = [] if member_id is None else [group for offer in audiences for group in offer(member_id)]
    return or_(announcement.c.audience == EVERYBODY, *(announcement.c.audience.in_(group) for group in mine))


def page(tx: Tx, member_id: int, now: datetime, after: str | None = None, mine: Any = None) -> InboxPage:
    """Everything the page /inbox shows; announcements, those of the condition `mine`, only on the first page."""
    found = notices(tx, member_id, after, PAGE + 1)
    more = len(found) > PAGE
    shown = found[:PAGE]
    return InboxPage(
        announcements=[] if after else announcements(tx, now, mine=mine),
        notices=shown,
        unread=unread(tx, member_id),
        after=shown[-1].id if more else None,
    )


def announcements(tx: Tx, now: datetime, limit: int = 5, mine: Any = None) -> list[Announcement]:
    """Announcements in force at `now`, newest first: for everybody, or those of the condition `mine` (see meant_for)."""
    query = _in_force(now).where(meant_for(()) if mine is None else mine)
    rows = tx.rows(query.order_by(announcement.c.published_at.desc(), announcement.c.id.desc()).limit(limit))
    return [_announcement(row, now) for row in rows]


def announcement_in_force(tx: Tx, announcement_id: int, now: datetime, mine: Any = None) -> Announcement:
    """One announcement the reader is meant for; not_found for drafts, old ones and those for others."""
    meant = meant_for(()) if mine is None else mine
    row = tx.row(_in_force(now).where(announcement.c.id == announcement_id, meant))
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


def to_be_told(tx: Tx, now: datetime) -> list[int]:
    """Announcements in force that go by e-mail too and were not looked at for that yet."""
    query = _in_force(now).where(announcement.c.by_mail, announcement.c.told_at.is_(None))
    return [row.id for row in tx.rows(query.order_by(announcement.c.id))]


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
        row.audience,
        row.by_mail,
        row.reads,
    )


def _state(row: Any, now: datetime) -> str:
    if row.published_at is None:
        return "draft"
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    return "scheduled" if row.published_at > now else "published"
