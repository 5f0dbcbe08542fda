"""Keeping a member's photos: the files first, then their row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from webapp import jobs
from webapp.activities import photo_near
from webapp.activities.photo_near import Near
from webapp.activities.photo_tables import photo_print
from webapp.activities.pictures import Picture, thumbnail
from webapp.activities.tables import activity, photo_use, upload
from webapp.ledger import service as ledger
from webapp.store import Tx
from webapp.store.blobs import Blobs


def keep_picture(tx: Tx, blobs: Blobs, member_id: int, picture: Picture, now: datetime) -> dict[str, Any]:
    """Store a photo of a member: {"id", "sha256", "duplicate_of_other"}; the same photo again is the same row.

    `duplicate_of_other` is true when somebody else has sent the same bytes before, or a copy of it in another shape.
    The long look at all prints comes before the turn, a short one at those that came meanwhile within it, so that of
    two copies sent at once exactly one is the first.
    """
    last = photo_near.newest(tx)
    near = photo_near.look_up(tx, member_id, picture.prints)
    tx.take_turn("photos")
    if near.kind != "copy":
        late = photo_near.look_up_since(tx, member_id, picture.prints, last)
        near = late if late.kind else near
    same = tx.rows(select(upload.c.member_id, upload.c.id, upload.c.near).where(upload.c.sha256 == picture.sha256))
    other = any(row.member_id != member_id for row in same)
    own = next((row for row in same if row.member_id == member_id), None)
    if own is not None:
        return {"id": own.id, "sha256": picture.sha256, "duplicate_of_other": other or own.near == "copy"}
    new = str(uuid.uuid4())
    blobs.put(f"{new}.jpg", picture.data)  # an orphan file is harmless, a row without its file is not
    blobs.put(f"{new}-s.jpg", picture.thumbnail)
    tx.insert(upload, [_row(member_id, new, picture, near, now)])
    if near.kind != "copy":  # a copy is found by the prints of the first
        photo_near.keep(tx, member_id, new, picture.sha256, picture.prints, now)
    return {"id": new, "sha256": picture.sha256, "duplicate_of_other": other or near.kind == "copy"}


def make_thumbnail(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Job photo.thumbnail, of photos sent to an earlier release: shrink one; done twice it writes the same file."""
    member_id, upload_id = payload["member_id"], payload["id"]
    data = house.blobs.get(f"{upload_id}.jpg")
    if data is None:  # forgotten meanwhile
        return
    name = f"{upload_id}-s.jpg"
    house.blobs.put(name, thumbnail(data))
    with house.store.write() as tx:
        kept = tx.execute(
            update(upload).where(upload.c.member_id == member_id, upload.c.id == upload_id).values(thumbnail=name)
        )
    if kept.rowcount == 0:  # its owner left while it was being shrunk
        house.blobs.delete(name)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: what waits for review is closed; photo rows go at once, their files by a job."""
    _close_pending(tx, member_id, now)
    rows = tx.rows(select(upload.c.id).where(upload.c.member_id == member_id))
    tx.execute(upload.delete().where(upload.c.member_id == member_id))
    # Fingerprint and prints stay without their owner, so that the photo cannot pay again.
    tx.execute(update(photo_use).where(photo_use.c.member_id == member_id).values(member_id=0))
    tx.execute(update(photo_print).where(photo_print.c.member_id == member_id).values(member_id=0))
    for row in rows:
        jobs.enqueue(tx, "photo.remove", {"id": row.id}, f"remove:{row.id}", now)


def _close_pending(tx: Tx, member_id: int, now: datetime) -> None:
    """Nobody can judge an act whose photo is gone; no reviewer decided it, so `decided_by` stays empty."""
    waiting = (activity.c.member_id == member_id) & (activity.c.status == "pending")
    if not tx.rows(select(activity.c.id).where(waiting)):
        return
    ledger.open_books(tx, [member_id], now)  # a reviewer who is faster comes first, a slower one finds it closed
    tx.execute(update(activity).where(waiting).values(status="rejected", reasons=["member_left"], decided_at=now))


def remove_files(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Job photo.remove: delete the files of a photo whose row is gone; done twice it deletes nothing more."""
    house.blobs.delete(f"{payload['id']}.jpg")
    house.blobs.delete(f"{payload['id']}-s.jpg")


def _row(member_id: int, upload_id: str, picture: Picture, near: Near, now: datetime) -> dict[str, Any]:
    return {
        "member_id": member_id,
        "id": upload_id,
        "sha256": picture.sha256,
        "blob": f"{upload_id}.jpg",
        "thumbnail": f"{upload_id}-s.jpg",
        "width": picture.width,
        "height": picture.height,
        "size": len(picture.data),
        "created_at": now,
        "taken_at": picture.taken_at,
        "near": near.kind,
        "near_to": near.upload_id,
    }
