"""Pictures for a campaign's summary: taken in like any photo, written anew without notes, at most six, with captions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from points_engine.errors import Invalid, refuse
from webapp import jobs
from webapp.campaigns.moving import record
from webapp.campaigns.tables import campaign_picture, campaign_summary
from webapp.photos.pictures import Picture
from webapp.store import Tx
from webapp.store.blobs import Blobs

MOST = 6
CAPTION_MAX = 80


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as a summary names it."""

    id: int
    caption_zh: str
    caption_en: str
    sha256: str


def shots(tx: Tx, campaign_id: int) -> list[Shot]:
    """The pictures of a campaign, in the order they were added."""
    c = campaign_picture.c
    rows = tx.rows(select(campaign_picture).where(c.campaign_id == campaign_id, c.removed_at.is_(None)).order_by(c.id))
    return [Shot(r.id, r.caption_zh, r.caption_en, r.sha256) for r in rows]


def add_picture(
    tx: Tx, blobs: Blobs, actor_id: int, campaign_id: int, picture: Picture, captions: tuple[str, str], now: datetime
) -> int:
    """Keep a picture of the event; Invalid names what is wrong with its caption, or that there are six already."""
    zh, en = (" ".join(text.split()) for text in captions)
    wrong = {name: "too_long" for name, text in (("caption_zh", zh), ("caption_en", en)) if len(text) > CAPTION_MAX}
    if not zh:
        wrong["caption_zh"] = "required"
    tx.take_turn(f"campaign:{campaign_id}:pictures")
    c = campaign_picture.c
    there = tx.scalar(select(func.count()).where(c.campaign_id == campaign_id, c.removed_at.is_(None)))
    if (there or 0) >= MOST:
        wrong["photo"] = "six_pictures"
    if wrong:
        raise Invalid(wrong)
    name = str(uuid.uuid4())
    blobs.put(f"{name}.jpg", picture.data)  # an orphan file is harmless, a row without its file is not
    made = tx.execute(
        insert(campaign_picture).values(
            campaign_id=campaign_id, blob=name, sha256=picture.sha256, width=picture.width, height=picture.height,
            caption_zh=zh, caption_en=en, added_by=actor_id, added_at=now,
        )
    ).inserted_primary_key  # fmt: skip
    assert made is not None
    record(tx, actor_id, "campaign.picture", campaign_id, {"picture": made[0]}, now)
    return int(made[0])


def remove_picture(tx: Tx, actor_id: int, campaign_id: int, picture_id: int, now: datetime) -> None:
    """Leave it out from now on; its file goes too unless a version of the summary shows it."""
    c = campaign_picture.c
    row = _row(tx, campaign_id, picture_id)
    tx.execute(update(campaign_picture).where(c.id == picture_id, c.removed_at.is_(None)).values(removed_at=now))
    s = campaign_summary.c
    kept = tx.rows(select(s.pictures).where(s.campaign_id == campaign_id))
    if not any(picture_id == each[0] for summary in kept for each in summary.pictures):
        jobs.enqueue(tx, "photo.remove", {"id": row.blob}, f"remove:{row.blob}", now)
    record(tx, actor_id, "campaign.picture_removed", campaign_id, {"picture": picture_id}, now)


def picture_blob(tx: Tx, campaign_id: int, picture_id: int) -> str:
    """The name of its file; 404 unknown_upload."""
    return f"{_row(tx, campaign_id, picture_id).blob}.jpg"


def _row(tx: Tx, campaign_id: int, picture_id: int) -> Any:
    c = campaign_picture.c
    row = tx.row(select(campaign_picture).where(c.id == picture_id, c.campaign_id == campaign_id))
    if row is None:
        raise refuse("not_found", "unknown_upload")
    return row
