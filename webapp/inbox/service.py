"""Sending notices to members, marking them read, and the life of an announcement."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from points_engine.errors import Invalid, refuse
from webapp.inbox import digests, mailing
from webapp.inbox.forms import AnnouncementText
from webapp.inbox.tables import announcement, notice
from webapp.inbox.topics import chosen, topic_of
from webapp.journal import service as journal
from webapp.store import Tx

BATCH = 1000


def notify(
    tx: Tx,
    member_id: int,
    kind: str,
    title_zh: str,
    title_en: str,
    body_zh: str = "",
    body_en: str = "",
    link: str = "",
    now: datetime | None = None,
    key: str | None = None,
) -> None:
    """Send one notice; with a `key` already used for this member, send nothing."""
    assert now is not None, "a notice needs its instant"
    notify_many(
        tx,
        [{"member_id": member_id, "key": key}],
        kind,
        title_zh,
        title_en,
        body_zh,
        body_en,
        link,
        now,
    )


def notify_many(
    tx: Tx,
    to: Iterable[Mapping[str, Any]],
    kind: str,
    title_zh: str = "",
    title_en: str = "",
    body_zh: str = "",
    body_en: str = "",
    link: str = "",
    now: datetime | None = None,
) -> int:
    """Send set-wise: `to` names each `member_id`, its `key`, and any text that differs; returns how many were new."""
    assert now is not None, "a notice needs its instant"
    common = {
        "kind": kind,
        "title_zh": title_zh,
        "title_en": title_en,
        "body_zh": body_zh,
        "body_en": body_en,
        "link": link,
        "created_at": now,
    }
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for one in to:
        made = new_id(now)
        row = common | dict(one) | {"id": made, "key": one.get("key") or made}
        rows.setdefault((int(one["member_id"]), str(row["key"])), row)
    ready = list(rows.values())
    return sum(_send(tx, kind, ready[i : i + BATCH], now) for i in range(0, len(ready), BATCH))


def _send(tx: Tx, kind: str, rows: list[dict[str, Any]], now: datetime) -> int:
    """Write one batch; in the app at once, always. Silent topics come as read, wanted ones wait for an e-mail."""
    topic = topic_of(kind)
    if topic is None:
        return tx.upsert(notice, rows, key=("member_id", "key"))
    wishes = digests.wishes(tx, {row["member_id"] for row in rows})
    silent = {m for m, wish in wishes.items() if topic in chosen(wish.silent)}
    for row in rows:
        row["read_at"] = now if row["member_id"] in silent else None
    written = tx.upsert(notice, rows, key=("member_id", "key"))
    if written:
        digests.expect(tx, kind, rows, wishes)
    return written


def mark_read(tx: Tx, member_id: int, notice_id: str, now: datetime) -> str:
    """Mark one notice of the member read and return its link; not_found for anybody else's."""
    row = tx.row(
        select(notice.c.link, notice.c.read_at).where(notice.c.member_id == member_id, notice.c.id == notice_id)
    )
    if row is None:
        raise refuse("not_found", "unknown_notice")
    if row.read_at is None:
        tx.execute(update(notice).where(notice.c.member_id == member_id, notice.c.id == notice_id).values(read_at=now))
    return str(row.link)


def mark_all_read(tx: Tx, member_id: int, now: datetime) -> int:
    """Mark everything of the member read; returns how many were unread."""
    return tx.execute(
        update(notice).where(notice.c.member_id == member_id, notice.c.read_at.is_(None)).values(read_at=now)
    ).rowcount


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: their notices go, and their e-mail address."""
    tx.execute(delete(notice).where(notice.c.member_id == member_id))
    mailing.forget(tx, member_id)


def export(house: Any, tx: Tx, member_id: int) -> dict[str, Any]:
    """The e-mail address, opened, beside the rows of the tables."""
    return {"email": mailing.settings_of(tx, house.settings, member_id).address}


def create_announcement(tx: Tx, actor_id: int, command: AnnouncementText, now: datetime) -> int:
    """Write a draft; nobody sees it before it is published."""
    made = tx.execute(
        insert(announcement).values(
            title_zh=command.title_zh,
            title_en=command.title_en,
            body_zh=command.body_zh,
            body_en=command.body_en,
            expires_at=command.expires_at,
            audience=command.audience,
            by_mail=command.by_mail,
            author_id=actor_id,
            created_at=now,
        )
    ).inserted_primary_key
    assert made is not None
    _record(tx, actor_id, "announcement.create", made[0], {"title": command.title_zh}, now)
    return int(made[0])


def edit_announcement(tx: Tx, actor_id: int, announcement_id: int, command: AnnouncementText, now: datetime) -> None:
    """Change a draft or a published text; what it was is in the audit row."""
    before = _announcement(tx, announcement_id)
    tx.execute(
        update(announcement)
        .where(announcement.c.id == announcement_id)
        .values(
            title_zh=command.title_zh,
            title_en=command.title_en,
            body_zh=command.body_zh,
            body_en=command.body_en,
            expires_at=command.expires_at,
            audience=command.audience,
            by_mail=command.by_mail,
        )
    )
    was = {"title": before.title_zh, "body": before.body_zh, "audience": before.audience}
    said = {"was": was, "title": command.title_zh, "audience": command.audience}
    _record(tx, actor_id, "announcement.edit", announcement_id, said, now)


def publish_announcement(
    tx: Tx, actor_id: int, announcement_id: int, now: datetime, at: datetime | None = None
) -> None:
    """Show it from `at` (default: now) on; publishing again moves the date and ends a withdrawal."""
    before = _announcement(tx, announcement_id)
    at = at or now
    if before.expires_at is not None and before.expires_at <= at:
        raise Invalid({"expires_at": "ends_before_start"})
    tx.execute(
        update(announcement).where(announcement.c.id == announcement_id).values(published_at=at, withdrawn_at=None)
    )
    _record(tx, actor_id, "announcement.publish", announcement_id, {"at": at.isoformat()}, now)


def withdraw_announcement(tx: Tx, actor_id: int, announcement_id: int, now: datetime) -> None:
    """Take it down at once; conflict when it is not published or already down."""
    taken = tx.execute(
        update(announcement)
        .where(
            announcement.c.id == announcement_id,
            announcement.c.published_at.is_not(None),
            announcement.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    ).rowcount
    if not taken:
        _announcement(tx, announcement_id)
        raise refuse("conflict", "not_published")
    _record(tx, actor_id, "announcement.withdraw", announcement_id, {}, now)


def count_opening(tx: Tx, announcement_id: int) -> None:
    """One more opening; nothing says whose."""
    this = announcement.c.id == announcement_id
    tx.execute(update(announcement).where(this).values(reads=announcement.c.reads + 1))


def new_id(now: datetime) -> str:
    """A time-ordered id: microseconds in hexadecimal, then chance."""
    return f"{first_id(now)}{secrets.token_hex(4)}"


def first_id(now: datetime) -> str:
    """What is smaller than every id made at `now` or later, and larger than every earlier one."""
    return f"{int(now.timestamp() * 1_000_000):016x}"


def _announcement(tx: Tx, announcement_id: int) -> Any:
    row = tx.row(select(announcement).where(announcement.c.id == announcement_id))
    if row is None:
        raise refuse("not_found", "unknown_announcement")
    return row


def _record(tx: Tx, actor_id: int, action: str, announcement_id: int, detail: dict[str, Any], now: datetime) -> None:
    journal.record(tx, actor_id, action, f"announcement:{announcement_id}", detail, now)
