"""Photos as evidence: checked before decoding, re-encoded without EXIF, known by their fingerprint."""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image

from points_engine.errors import Invalid

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
SIDE = 1600
THUMBNAIL = 480
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FORMATS = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo ready to be kept: re-encoded bytes and the SHA-256 of what was sent."""

    sha256: str
    data: bytes
    width: int
    height: int


# A picture of 40 million pixels takes some 200 MB while it is open: two at a time, whatever the number of threads.
_OPEN = threading.BoundedSemaphore(2)


def read_picture(sent: bytes) -> Picture:
    """Take in a photo; raises Invalid({"photo": …}) for what is no JPEG, PNG or WebP within the limits."""
    if not sent:
        raise Invalid({"photo": "missing"})
    if len(sent) > MOST_BYTES:
        raise Invalid({"photo": "too_large"})
    if not any(sent.startswith(magic) for magic in FORMATS.values()):
        raise Invalid({"photo": "not_a_photo"})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with _OPEN:
                return _reencode(sent)
    except Invalid:
        raise
    except Exception as error:  # hostile bytes make the image library raise anything
        raise Invalid({"photo": "unreadable"}) from error


def _reencode(sent: bytes) -> Picture:
    with Image.open(io.BytesIO(sent), formats=tuple(FORMATS)) as image:
        width, height = image.size  # from the header: nothing is decoded yet
        if width * height > MOST_PIXELS or min(width, height) < 8:
            raise Invalid({"photo": "bad_dimensions"})
        image.draft("RGB", _fit(width, height, SIDE))
        image.thumbnail((SIDE, SIDE))
        upright = _turned(image).convert("RGB")
    return Picture(hashlib.sha256(sent).hexdigest(), _jpeg(upright, 82), *upright.size)


def _turned(image: Image.Image) -> Image.Image:
    """As the camera was held; a note about it that cannot be read counts as none."""
    with suppress(Exception):
        turn = UPRIGHT.get(image.getexif().get(ORIENTATION))
        if turn is not None:
            return image.transpose(turn)
    return image


def thumbnail(data: bytes) -> bytes:
    """A small JPEG of a picture of ours."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        image.draft("RGB", _fit(*image.size, THUMBNAIL))
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        return _jpeg(image.convert("RGB"), 78)


def _fit(width: int, height: int, side: int) -> tuple[int, int]:
    # draft() looks at the smaller ratio, so the box must have the photo's own aspect.
    scale = min(1.0, side / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=False)  # a fresh save carries no EXIF
    return out.getvalue()
