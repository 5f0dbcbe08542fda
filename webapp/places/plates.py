"""Draws the plate 码牌 of a place for printing: A4 or A5, as PNG or PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.papers.drawing import GREEN, GREY, INK, PAPER, Sheet

DPI = 300
# Width and height in pixels at 300 dots an inch.
SIZES = {"a4": (2480, 3508), "a5": (1748, 2480)}


@dataclass(frozen=True, slots=True)
class Plate:
    """What a plate says: the link in its code, the code to type, names, acts and small print."""

    link: str
    code: str
    title: str
    name: str
    name_en: str
    acts: Sequence[str]
    how: Sequence[str]


def draw(plate: Plate, size: str, form: str) -> bytes:
    """The plate as a file; `size` is a4 or a5, `form` png or pdf."""
    across, down = SIZES[size]
    unit = across // 100
    sheet = Sheet(across, down)
    sheet.band(0, 15 * unit, GREEN)
    sheet.middle(4 * unit, plate.title, 6 * unit, PAPER, bold=True)
    y = sheet.middle(20 * unit, plate.name, 8 * unit, INK, bold=True)
    if plate.name_en:
        y = sheet.middle(y + unit, plate.name_en, 3 * unit, GREY)
    y = sheet.code(plate.link, None, y + 3 * unit, 58 * unit)
    y = sheet.middle(y + unit, f"{plate.code[:4]} {plate.code[4:]}", 5 * unit, INK, bold=True)
    for line in plate.acts:
        y = sheet.middle(y + int(1.4 * unit), line, int(3.6 * unit), GREEN, bold=True)
    for n, line in enumerate(reversed(plate.how)):
        sheet.middle(down - (n + 1) * int(4.2 * unit) - 2 * unit, line, int(2.4 * unit), GREY)
    return sheet.file(form, DPI, colours=32)
