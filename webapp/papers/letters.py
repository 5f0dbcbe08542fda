"""The letters pictures are drawn with: two weights of Noto Sans SC with the rare characters of names, and how text fits."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

FOLDER = Path(__file__).parent / "fonts"
FILES = {False: FOLDER / "noto-sans-sc-regular.ttf", True: FOLDER / "noto-sans-sc-bold.ttf"}
# Drawn for a character that the letters do not have, so that a gap in a name is seen and never passed over.
MISSING = "□"
# A line must not begin with these (避头尾).
NO_START = "，。、；：？！）】」』》”’％%…·,.;:?!)"


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Letters of `size` pixels."""
    return ImageFont.truetype(FILES[bold], size)


@cache
def _known() -> frozenset[int]:
    found: set[int] = set()
    for line in (FOLDER / "characters.txt").read_text(encoding="ascii").split():
        first, last = (int(end, 16) for end in line.split("-"))
        found.update(range(first, last + 1))
    return frozenset(found)


def clean(text: str) -> str:
    """The text as it can be drawn: ₂ becomes 2, signs without a shape (joiners, emoji) go, unknown letters become □."""
    return "".join(_drawn(char) for char in text.replace("₂", "2"))


def _drawn(char: str) -> str:
    if ord(char) in _known():
        return char
    if char.isspace():
        return " "
    return MISSING if char.isalnum() else ""


def width(text: str, letters: ImageFont.FreeTypeFont) -> int:
    """How wide a line of these letters is, in pixels."""
    return int(letters.getlength(text)) + 1


def fitting(text: str, size: int, bold: bool, most: int, least: int = 20) -> ImageFont.FreeTypeFont:
    """The largest letters up to `size` in which the line is at most `most` pixels wide, but never below `least`."""
    while width(text, font(size, bold)) > most and size > least:
        size -= max(1, size // 12)
    return font(size, bold)


def wrapped(text: str, letters: ImageFont.FreeTypeFont, most: int) -> list[str]:
    """The text in lines of at most `most` pixels: Chinese breaks anywhere, Latin words stay whole, no line begins with a stop."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and width(line + piece.rstrip(), letters) > most and piece not in NO_START:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        lines.append(line.rstrip())
    return lines


def _pieces(text: str) -> list[str]:
    """What must not be broken: a Latin word with the space after it, or one Chinese character."""
    found: list[str] = []
    for char in text:
        latin = char.isascii() and not char.isspace()
        if found and ((latin and found[-1][-1].isascii() and not found[-1][-1].isspace()) or char == " "):
            found[-1] += char
        else:
            found.append(char)
    return found
