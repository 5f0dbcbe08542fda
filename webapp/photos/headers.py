"""What a file says of itself before anything is decoded: its kind, its size in pixels, and that it ends where it should.

Refused here, without opening the picture: files of other kinds, more pixels than we open, animations, files cut
short, and pictures that are another document as well (a page, an archive, a PDF). Bytes that phones add behind a
photo (a short film, a depth map, notes of the camera) are fine: nothing of them is kept.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

from points_engine.errors import Invalid

Size = tuple[int, int]
# Phones make photos of 50 million pixels; PNG and WebP are screenshots, and are decoded whole.
MOST_PIXELS = {"JPEG": 51_000_000, "HEIF": 51_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
LEAST_SIDE = 8
MOST_PARTS = 5000
MOST_SCANS = 40  # a progressive photo has ten; each costs a pass over the picture
STILL = {b"heic", b"heix", b"heim", b"heis", b"mif1"}
MOVING = {b"msf1", b"hevc", b"hevx", b"avis"}

_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_DOCUMENT = re.compile(
    rb"<!doctype|<html|<head|<body|<script|<svg|<iframe|<\?php|%PDF-|PK\x03\x04|Rar!\x1a|7z\xbc\xaf\x27|\x7fELF|#!/|GIF8[79]a",
    re.IGNORECASE,
)
_ARCHIVE_END = b"PK\x05\x06"


def check(sent: bytes) -> str:
    """The format of the file; raises Invalid({"photo": …})."""
    found = next(((kind, read) for kind, magic, read in _KINDS if magic(sent)), None)
    if found is None:
        raise Invalid({"photo": "not_a_photo"})
    kind, read = found
    try:
        (width, height), beside = read(sent)
    except (struct.error, IndexError, ValueError):
        raise Invalid({"photo": "unreadable"}) from None
    if width * height > MOST_PIXELS[kind] or min(width, height) < LEAST_SIDE:
        raise Invalid({"photo": "bad_dimensions"})
    if _is_archive(sent) or any(_DOCUMENT.search(part) for part in beside):
        raise Invalid({"photo": "more_than_a_photo"})
    return kind


def _is_archive(sent: bytes) -> bool:
    """Whether the end of the file is that of a ZIP or JAR: its directory ends with a note as long as it says."""
    at = sent.rfind(_ARCHIVE_END, max(0, len(sent) - 65_557))
    while at >= 0:
        if len(sent) - at >= 22 and at + 22 + struct.unpack_from("<H", sent, at + 20)[0] <= len(sent):
            return True
        at = sent.rfind(_ARCHIVE_END, max(0, len(sent) - 65_557), at)
    return False


def _jpeg(sent: bytes) -> tuple[Size, list[bytes]]:
    size, beside, at, scans = None, [sent[:2]], 2, 0
    for _ in range(MOST_PARTS):
        found = _MARKER.search(sent, at)
        if found is None:
            raise ValueError("no end")
        marker, at = sent[found.end() - 1], found.end()
        if marker == 0xD9:
            break
        if marker == 0x01:
            continue
        length = struct.unpack_from(">H", sent, at)[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", sent, at + 3)
            if size is not None and size != (width, height):
                raise ValueError("two sizes")
            size = (width, height)
        elif marker == 0xDA:
            scans += 1
        elif 0xE0 <= marker <= 0xEF or marker == 0xFE:
            beside.append(sent[at : at + length])
        at += length
    else:
        raise ValueError("too many parts")
    if size is None or not 0 < scans <= MOST_SCANS:
        raise ValueError("no picture")
    # The last part is what follows the picture: a second picture (a depth map), a film, or something else.
    return size, [*beside, sent[at:]]


def _png(sent: bytes) -> tuple[Size, list[bytes]]:
    size, beside, at, pixels = struct.unpack_from(">II", sent, 16), [], 8, False
    if sent[12:16] != b"IHDR":
        raise ValueError("no header")
    for _ in range(MOST_PARTS * 4):
        length, kind = struct.unpack_from(">I4s", sent, at)
        body = at + 8
        at = body + length + 4
        if at > len(sent) or kind in (b"acTL", b"fcTL"):
            raise ValueError("cut short, or moving")
        if kind == b"IEND":
            break
        if kind == b"IDAT":
            pixels = True
        elif kind != b"PLTE":
            beside.append(sent[body : body + length])
    else:
        raise ValueError("too many parts")
    if not pixels:
        raise ValueError("no picture")
    return (size[0], size[1]), [*beside, sent[at:]]


def _webp(sent: bytes) -> tuple[Size, list[bytes]]:
    end = 8 + struct.unpack_from("<I", sent, 4)[0]
    if end > len(sent) + 1:
        raise ValueError("cut short")
    sizes: list[Size] = []
    beside, at = [sent[end:]], 12
    while at + 8 <= min(end, len(sent)):
        kind, length = struct.unpack_from("<4sI", sent, at)
        body = sent[at + 8 : at + 8 + length]
        if len(body) < length or kind in (b"ANIM", b"ANMF") or len(sizes) + len(beside) > 64:
            raise ValueError("cut short, or moving")
        if kind == b"VP8X":
            sizes.append((1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")))
        elif kind == b"VP8 ":
            width, height = struct.unpack_from("<HH", body, 6)
            sizes.append((width & 0x3FFF, height & 0x3FFF))
        elif kind == b"VP8L":
            bits = int.from_bytes(body[1:5], "little")
            sizes.append((1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)))
        elif kind != b"ALPH":
            beside.append(body)
        at += 8 + length + (length & 1)
    return _largest(sizes), beside


def _heif(sent: bytes) -> tuple[Size, list[bytes]]:
    top = list(_boxes(sent, 0, len(sent)))
    brand = sent[8:12]
    brands = {sent[n : n + 4] for n in range(16, top[0][2], 4)} | {brand}
    if brand in MOVING or not brands & STILL:
        raise ValueError("moving, or of another kind")
    sizes, beside = [], [sent[: top[0][2]]]
    for kind, start, end in top:
        if kind == b"meta":
            for inner, first, last in _boxes(sent, start + 4, end):
                if inner == b"iprp":
                    sizes += _extents(sent, first, last)
        elif kind not in (b"ftyp", b"mdat", b"mpvd", b"moov"):
            beside.append(sent[start:end])
    return _largest(sizes), beside


def _extents(sent: bytes, start: int, end: int) -> list[Size]:
    """The sizes that the pictures in the file are said to have."""
    found = []
    for kind, first, last in _boxes(sent, start, end):
        if kind == b"ipco":
            for inner, at, _ in _boxes(sent, first, last):
                if inner == b"ispe":
                    found.append(struct.unpack_from(">II", sent, at + 4))
    return [(width, height) for width, height in found]


def _boxes(sent: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each box from `at` on: its kind, where its content starts, where it ends."""
    for _ in range(MOST_PARTS):
        if at >= end:
            return
        length, kind = struct.unpack_from(">I4s", sent, at)
        body = at + 8
        if length == 1:
            length, body = struct.unpack_from(">Q", sent, body)[0], body + 8
        elif length == 0:
            length = end - at
        if length < body - at or at + length > end:
            raise ValueError("cut short")
        yield kind, body, at + length
        at += length
    raise ValueError("too many parts")


def _largest(sizes: list[Size]) -> Size:
    if not sizes:
        raise ValueError("no picture")
    return max(sizes, key=lambda size: size[0] * size[1])


_KINDS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], tuple[Size, list[bytes]]]], ...] = (
    ("JPEG", lambda sent: sent.startswith(b"\xff\xd8\xff"), _jpeg),
    ("PNG", lambda sent: sent.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    ("WEBP", lambda sent: sent.startswith(b"RIFF") and sent[8:12] == b"WEBP", _webp),
    ("HEIF", lambda sent: sent[4:8] == b"ftyp", _heif),
)
