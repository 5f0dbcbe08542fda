"""The program that decodes photos: a process of its own with little memory, little time and no files.

It is started by photo_pool.py, reads one photo after the other from its input and answers on its output.
Whatever a hostile picture does to the image library, it does it here. Only Pillow is imported, nothing of ours.
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
import warnings
from contextlib import suppress
from typing import Any

from PIL import Image

SIDE, THUMBNAIL, LOOK = 1600, 480, 192
MEMORY = 900 * 1024 * 1024  # a photo of 50 million pixels takes 200 MB while it is open, twice that while turned
SECONDS = 8  # of the processor, for one photo
ALL_SECONDS = 1200  # of the processor, for the process
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def main() -> None:
    """Serve until the input ends, which it does when the process that started us is gone."""
    _limit()
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(12)) == 12:
        kind, length = struct.unpack(">8sI", head)
        sent = source.read(length)
        if len(sent) < length:
            return
        _allow_seconds()
        for part in _answer(sent, kind.rstrip(b"\0").decode()):
            answers.write(struct.pack(">I", len(part)) + part)
        answers.flush()


def _limit() -> None:
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = pillow_heif.options.AUX_IMAGES = False
        pillow_heif.register_heif_opener()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = 51_000_000
    Image.preinit()
    _warm()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # input, output and errors are open already
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (ALL_SECONDS, ALL_SECONDS))


def _warm() -> None:
    """Load what the first photo would load: no file can be opened afterwards."""
    for format in FORMATS:
        out = io.BytesIO()
        with suppress(Exception):
            Image.new("RGB", (64, 64)).save(out, format)
            _take_in(out.getvalue(), format)


def _allow_seconds() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = min(ALL_SECONDS, int(used.ru_utime + used.ru_stime) + 1 + SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, ALL_SECONDS))


def _answer(sent: bytes, format: str) -> tuple[bytes, ...]:
    try:
        return _take_in(sent, format)
    except Exception as error:  # noqa: BLE001 - hostile bytes make the image library raise anything
        return json.dumps({"fault": type(error).__name__}).encode(), b"", b"", b"", b""


def _take_in(sent: bytes, format: str) -> tuple[bytes, ...]:
    """One decode for everything: notes, copy, thumbnail, and two tiny pictures to know it again by."""
    with Image.open(io.BytesIO(sent), formats=(format,)) as image:
        if format != "JPEG" and getattr(image, "is_animated", False):  # a phone's second JPEG is no film
            raise ValueError("moving")
        notes = _notes(image)
        image.draft("RGB", _fit(*image.size, SIDE))
        image.thumbnail((SIDE, SIDE))
        plain = _on_white(_turned(image))
    small = plain.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    look = small.convert("L").resize((LOOK, LOOK), Image.Resampling.BOX)
    hue = small.convert("YCbCr").resize((12, 12), Image.Resampling.BOX)
    told = json.dumps({**notes, "width": plain.width, "height": plain.height}).encode()
    return told, _jpeg(plain, 82), _jpeg(small, 78), look.tobytes(), hue.tobytes()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(clear, mask=clear.getchannel("A"))
        return white
    return image.convert("RGB")


def _notes(image: Image.Image) -> dict[str, Any]:
    """When and roughly where the camera says it was; anything odd counts as nothing."""
    found: dict[str, Any] = {}
    with suppress(Exception):
        exif = image.getexif()
        inner = exif.get_ifd(0x8769)
        taken = inner.get(0x9003) or inner.get(0x9004)
        if taken:
            found["taken"] = [str(taken)[:32], str(inner.get(0x9011) or inner.get(0x9012) or "")[:8]]
        place = exif.get_ifd(0x8825)
        if 2 in place and 4 in place:
            found["place"] = [_degrees(place[2], place.get(1) == "S"), _degrees(place[4], place.get(3) == "W")]
    return found


def _degrees(parts: Any, negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = round(degrees + minutes / 60 + seconds / 3600, 2)  # about a kilometre
    return -value if negative else value


def _turned(image: Image.Image) -> Image.Image:
    """As the camera was held; a note about it that cannot be read counts as none."""
    with suppress(Exception):
        turn = UPRIGHT.get(image.getexif().get(0x0112, 1))
        if turn is not None:
            return image.transpose(turn)
    return image


def _fit(width: int, height: int, side: int) -> tuple[int, int]:
    # draft() looks at the smaller ratio, so the box must have the photo's own aspect.
    scale = min(1.0, side / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    image.info.clear()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=False)  # a fresh save carries no notes
    return out.getvalue()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
