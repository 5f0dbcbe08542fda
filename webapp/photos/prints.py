"""Prints of a decoded photo: reads the light and the colours of windows from its two tiny pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from points_engine import photos
from points_engine.photos import Box, Print, Question

SIDE, HUES = 192, 12
COARSE = SIDE // 2
_AROUND = ImageFilter.BoxBlur(2)
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
EVEN = 10  # levels of grey within which a line has the colour of the border
MOSTLY = 0.7  # of the line; a status bar has signs on it
LEAST = 0.3  # a picture within a border fills so much of each side


class Look:
    """The two tiny pictures of a photo, to be asked for windows."""

    def __init__(self, light: bytes, hue: bytes) -> None:
        self._sharp = Image.frombytes("L", (SIDE, SIDE), light)
        self._light = self._sharp.reduce(2)
        self._hue = Image.frombytes("YCbCr", (HUES, HUES), hue).split()

    def light(self, box: Box) -> tuple[bytes, bytes]:
        fine = self._light.resize((16, 16), Image.Resampling.BILINEAR, box=_scaled(box, COARSE))
        return fine.reduce(2).tobytes(), fine.tobytes()

    def detail(self, box: Box) -> bytes:
        fine = self._sharp.resize((24, 24), Image.Resampling.BILINEAR, box=_scaled(box, SIDE))
        return ImageChops.subtract(fine, fine.filter(_AROUND), offset=128).tobytes()

    def colours(self, box: Box) -> bytes:
        where = _scaled(box, HUES)
        return b"".join(each.resize((4, 4), Image.Resampling.BILINEAR, box=where).tobytes() for each in self._hue)

    def boxes(self) -> list[Box]:
        """The photo, and the photo without its border if it has one."""
        inner = self._without_border()
        return [WHOLE] if inner is None else [WHOLE, inner]

    def _without_border(self) -> Box | None:
        left, top, right, bottom = 0, 0, COARSE, COARSE
        for _ in range(2):  # bars above and below first hide those at the sides
            top, bottom = _even_ends(self._light.crop((left, 0, right, COARSE)), top, bottom)
            turned = self._light.crop((0, top, COARSE, bottom)).transpose(Image.Transpose.TRANSPOSE)
            left, right = _even_ends(turned, left, right)
        if (left, top, right, bottom) == (0, 0, COARSE, COARSE) or min(right - left, bottom - top) < LEAST * COARSE:
            return None
        return left / COARSE, top / COARSE, right / COARSE, bottom / COARSE


@dataclass(frozen=True, slots=True)
class Prints:
    """What a photo is kept as, and what it asks; nothing if there is too little to be seen."""

    look: Look
    kept: tuple[Print, ...]
    asked: Sequence[Question]


def prints_of(light: bytes, hue: bytes) -> Prints:
    """The prints of a photo and its questions."""
    look = Look(light, hue)
    boxes = [box for box in look.boxes() if not photos.is_plain(look, box)]
    kept = tuple(photos.print_of(look, box) for box in boxes)
    return Prints(look, kept, photos.questions(look, boxes))


def _even_ends(image: Image.Image, first: int, last: int) -> tuple[int, int]:
    """Where the lines from above and from below stop being of the colour of the outermost."""
    width, data = image.width, image.tobytes()
    lines = [data[n * width : (n + 1) * width] for n in range(image.height)]
    colour = _middle(lines[first])
    while first < last and _has(lines[first], colour):
        first += 1
    colour = _middle(lines[last - 1])
    while last > first and _has(lines[last - 1], colour):
        last -= 1
    return (first, last) if first < last else (0, image.height)


def _middle(line: bytes) -> int:
    return sorted(line)[len(line) // 2]


def _has(line: bytes, colour: int) -> bool:
    return sum(abs(each - colour) <= EVEN for each in line) >= MOSTLY * len(line)


def _scaled(box: Box, side: int) -> Box:
    left, top, right, bottom = box
    return left * side, top * side, right * side, bottom * side
