"""Photos as evidence: checked before decoding, decoded elsewhere, re-encoded without notes, known by their prints."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from PIL import Image

from points_engine.clock import LOCAL
from points_engine.errors import Invalid
from webapp.photos import headers
from webapp.photos.pool import POOL, Gone
from webapp.photos.prints import Prints, prints_of

MOST_BYTES = 10 * 1024 * 1024
THUMBNAIL = 480
_TAKEN = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo ready to be kept: re-encoded bytes and the SHA-256 of what was sent.

    `place` (degrees, to about a kilometre) may be compared and is never stored.
    """

    sha256: str
    data: bytes
    width: int
    height: int
    thumbnail: bytes
    taken_at: datetime | None
    place: tuple[float, float] | None
    prints: Prints


def read_picture(sent: bytes) -> Picture:
    """Take in a photo; raises Invalid({"photo": …}) for what is no JPEG, PNG, WebP or HEIC within the limits."""
    if not sent:
        raise Invalid({"photo": "missing"})
    if len(sent) > MOST_BYTES:
        raise Invalid({"photo": "too_large"})
    kind = headers.check(sent)
    try:
        taken = POOL.take_in(sent, kind)
    except (Gone, ValueError) as error:
        raise Invalid({"photo": "unreadable"}) from error
    return Picture(
        hashlib.sha256(sent).hexdigest(),
        taken.copy,
        taken.told["width"],
        taken.told["height"],
        taken.thumbnail,
        _instant(taken.told.get("taken")),
        _place(taken.told.get("place")),
        prints_of(taken.look, taken.hue),
    )


def _instant(told: object) -> datetime | None:
    """When the camera says it was: its own offset, else local time; anything odd counts as not said."""
    if not isinstance(told, list) or len(told) != 2:
        return None
    found, offset = _TAKEN.match(str(told[0])), _OFFSET.fullmatch(str(told[1]).strip())
    if found is None:
        return None
    zone: tzinfo = LOCAL
    try:
        if offset:
            away = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            zone = timezone(-away if offset[1] == "-" else away)
        return datetime(*(int(part) for part in found.groups()), tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type, misc]
    except (ValueError, OverflowError):
        return None


def _place(told: object) -> tuple[float, float] | None:
    if isinstance(told, list) and len(told) == 2 and all(isinstance(each, float) for each in told):
        latitude, longitude = told
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return latitude, longitude
    return None


def thumbnail(data: bytes) -> bytes:
    """A small JPEG of a picture of ours; photos of earlier releases were kept without one."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        image.draft("RGB", (THUMBNAIL, THUMBNAIL))
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=78)
    return out.getvalue()
