"""Reads of photos: a member's own, and for reviewers the earlier photo that another resembles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_

from webapp.photos.tables import photo_use, upload
from webapp.store import Tx

# An act is logged in one statement with the photos behind it and the use it makes of them: acts join and write these.
__all__ = ["one", "others_sent", "photo_use", "some", "there", "upload", "whosever"]


def some(tx: Tx, member_id: int, ids: Sequence[str]) -> list[Any]:
    """The member's photos among `ids`."""
    if not ids:
        return []
    return list(tx.rows(select(upload).where(upload.c.member_id == member_id, upload.c.id.in_(list(ids)))))


def there(tx: Tx, wanted: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Which of these photos (member, id) are still kept."""
    u = upload.c
    if not wanted:
        return set()
    rows = tx.rows(select(u.member_id, u.id).where(tuple_(u.member_id, u.id).in_(sorted(wanted))))
    return {(row.member_id, row.id) for row in rows}


def one(tx: Tx, member_id: int, upload_id: str) -> Any:
    """One photo of a member, or None."""
    return tx.row(select(upload).where(upload.c.member_id == member_id, upload.c.id == upload_id))


def others_sent(tx: Tx, member_id: int, sha256: str) -> bool:
    """Whether somebody else has sent the same bytes, too plain perhaps to be known by a print."""
    u = upload.c
    return tx.scalar(select(u.id).where(u.sha256 == sha256, u.member_id != member_id).limit(1)) is not None


def whosever(tx: Tx, ids: Sequence[str]) -> dict[str, Any]:
    """Photos by id, whoever sent them; for reviewers, who see the earlier photo that another resembles."""
    if not ids:
        return {}
    return {row.id: row for row in tx.rows(select(upload).where(upload.c.id.in_(list(ids))))}
