"""Keeping a member's photos and doing away with them: the files come first and go last."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_, update

from webapp import jobs
from webapp.ledger import service as ledger
from webapp.photos import near as prints
from webapp.photos.near import Near
from webapp.photos.pictures import Picture, thumbnail
from webapp.photos.tables import photo_print, photo_use, upload
from webapp.store import Tx
from webapp.store.blobs import Blobs


def keep_picture(tx: Tx, blobs: Blobs, member_id: int, picture: Picture, now: datetime) -> dict[str, Any]:
    """Store a photo of a member: {"id", "sha256", "duplicate_of_other"}; the same photo again is the same row.

    `duplicate_of_other` is true when somebody else has sent the same bytes before, or a copy of it in another shape.
    The long look at all prints comes before the turn, a short one at those that came meanwhile within it, so that of
    two copies sent at once exactly one is the first.
    """
    last = prints.newest(tx)
    near = prints.look_up(tx, member_id, picture.prints)
    tx.take_turn("photos")
    if near.kind != "copy":
        late = prints.look_up_since(tx, member_id, picture.prints, last)
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
        prints.keep(tx, member_id, new, picture.sha256, picture.prints, now)
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


def remove_photos(tx: Tx, gone: Sequence[tuple[int, str]], now: datetime) -> None:
    """Delete the rows of photos (member, id), and their files by a job; the books are locked first, as an act does."""
    if not gone:
        return
    ledger.open_books(tx, {member for member, _ in gone}, now)
    tx.execute(upload.delete().where(tuple_(upload.c.member_id, upload.c.id).in_(list(gone))))
    for _, upload_id in gone:
        jobs.enqueue(tx, "photo.remove", {"id": upload_id}, f"remove:{upload_id}", now)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: photo rows go at once, their files by a job."""
    rows = tx.rows(select(upload.c.id).where(upload.c.member_id == member_id))
    remove_photos(tx, [(member_id, row.id) for row in rows], now)
    # Fingerprint and prints stay without their owner, so that the photo cannot pay again.
    tx.execute(update(photo_use).where(photo_use.c.member_id == member_id).values(member_id=0))
    tx.execute(update(photo_print).where(photo_print.c.member_id == member_id).values(member_id=0))


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
