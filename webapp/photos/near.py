"""Whether a photo has been here before in another shape: asks the index of prints, and adds to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from points_engine import photos
from points_engine.photos import Print
from webapp.photos.prints import Prints
from webapp.photos.tables import photo_band, photo_print, photo_use
from webapp.store import Query, Tx, Write, among

_p, _b = photo_print.c, photo_band.c
_hits = func.count().label("hits")
# A member's own photos count once one of them has supported an act: three views of one meal are no fraud.
_LIKELY = Query(
    select(_p.id, _hits)
    .select_from(
        photo_band.join(photo_print, _p.id == _b.print_id).outerjoin(photo_use, photo_use.c.sha256 == _p.sha256)
    )
    .where(among("values", _b.value), or_(_p.member_id != bindparam("me"), photo_use.c.sha256.is_not(None)))
    .group_by(_p.id)
    .order_by(_hits.desc(), _p.id)
    .limit(photos.LOOKED_AT)
)
_PRINTS = Query(select(_p.id, _p.member_id, _p.upload_id, _p.marks).where(among("ids", _p.id)))


@dataclass(frozen=True, slots=True)
class Near:
    """What a photo resembles: "copy" or "similar" or nothing, which upload, and whether that is somebody else's."""

    kind: str | None = None
    upload_id: str | None = None
    other: bool = False


def newest(tx: Tx) -> int:
    """The number of the latest print."""
    return int(tx.scalar(select(func.max(_p.id))) or 0)


def look_up(tx: Tx, member_id: int, made: Prints) -> Near:
    """The closest photo of anybody else, or of the member's own acts."""
    values = sorted({value for each in made.asked for value in each.bands})
    if not values:
        return Near()
    likely = [row.id for row in _LIKELY.rows(tx, values=values, me=member_id)]
    rows = _PRINTS.rows(tx, ids=likely) if likely else []
    return _closest(sorted(rows, key=lambda row: likely.index(row.id)), member_id, made)


def look_up_since(tx: Tx, member_id: int, made: Prints, last: int) -> Near:
    """The same among prints that came after `last`; the caller holds the turn "photos", so no more come meanwhile."""
    asked = {value for each in made.asked for value in each.bands}
    rows = tx.rows(select(photo_print).where(_p.id > last, _p.member_id != member_id).order_by(_p.id)) if asked else []
    met = [row for row in rows if asked.intersection(photos.bands_of(Print.read(row.marks).coarse))]
    return _closest(met, member_id, made)


def _closest(rows: Iterable[Any], member_id: int, made: Prints) -> Near:
    best = Near()
    for row in rows:
        like = photos.compare(made.look, made.asked, Print.read(row.marks))
        verdict = like.verdict if like else None
        if verdict is None:
            continue
        if row.member_id == member_id:  # one's own photo for another act may be honest: a person looks
            best = best if best.kind else Near("similar", row.upload_id)
        elif verdict == "copy":
            return Near("copy", row.upload_id, True)
        elif not best.other:
            best = Near("similar", row.upload_id, True)
    return best


def keep(tx: Tx, member_id: int, upload_id: str, sha256: str, made: Prints, now: datetime) -> None:
    """Add the prints of a photo to the index."""
    for each in made.kept:
        row = {
            "member_id": member_id,
            "upload_id": upload_id,
            "sha256": sha256,
            "marks": each.text(),
            "created_at": now,
        }
        number = tx.scalar(photo_print.insert().values(row).returning(photo_print.c.id))
        bands = [{"value": value, "print_id": number} for value in sorted(photos.bands_of(each.coarse))]
        tx.write([Write(photo_band, bands)])
