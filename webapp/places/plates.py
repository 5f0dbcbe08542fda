"""Draws the plate 码牌 of a place for printing: A4 or A5, as PNG or PDF, and QR codes as SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import segno
from markupsafe import Markup
from PIL import Image, ImageDraw

from webapp.places.lettering import font

DPI = 300
# Width and height in pixels at 300 dots an inch.
SIZES = {"a4": (2480, 3508), "a5": (1748, 2480)}
INK, GREEN, GREY, PAPER = (20, 33, 26), (13, 107, 65), (90, 100, 94), (255, 255, 255)


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


def qr_svg(text: str, title: str) -> Markup:
    """A QR code as inline SVG."""
    svg = segno.make(text, error="q").svg_inline(
        omitsize=True, border=3, dark="#000", light="#fff", svgclass="qr", title=title
    )
    return Markup(svg)  # noqa: S704 - drawn by segno, which escapes its title


def draw(plate: Plate, size: str, form: str) -> bytes:
    """The plate as a file; `size` is a4 or a5, `form` png or pdf. Raises font_missing (503)."""
    width, height = SIZES[size]
    unit = width // 100
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, width, 15 * unit), fill=GREEN)
    _middle(pen, width, 4 * unit, plate.title, 6 * unit, PAPER, bold=True)
    y = _middle(pen, width, 20 * unit, plate.name, 8 * unit, INK, bold=True)
    if plate.name_en:
        y = _middle(pen, width, y + unit, plate.name_en, 3 * unit, GREY)
    y = _code(sheet, plate.link, y + 3 * unit, 58 * unit)
    y = _middle(pen, width, y + unit, f"{plate.code[:4]} {plate.code[4:]}", 5 * unit, INK, bold=True)
    for line in plate.acts:
        y = _middle(pen, width, y + int(1.4 * unit), line, int(3.6 * unit), GREEN, bold=True)
    for n, line in enumerate(reversed(plate.how)):
        _middle(pen, width, height - (n + 1) * int(4.2 * unit) - 2 * unit, line, int(2.4 * unit), GREY)
    return _file(sheet, form)


def _code(sheet: Image.Image, link: str, y: int, side: int) -> int:
    """The QR code in the middle, its modules whole pixels wide so that it prints sharp."""
    made = segno.make(link, error="q")
    scale = max(1, side // made.symbol_size(border=3)[0])
    out = io.BytesIO()
    made.save(out, kind="png", scale=scale, border=3)
    picture = Image.open(out).convert("RGB")
    sheet.paste(picture, ((sheet.width - picture.width) // 2, y))
    return y + picture.height


def _middle(
    pen: ImageDraw.ImageDraw,
    width: int,
    y: int,
    text: str,
    size: int,
    colour: tuple[int, int, int],
    *,
    bold: bool = False,
) -> int:
    """A line in the middle of the sheet, made smaller until it fits; where the next one may begin."""
    while pen.textlength(text, font(size, bold)) > width * 0.9 and size > 24:
        size -= max(1, size // 12)
    letters = font(size, bold)
    pen.text(((width - pen.textlength(text, letters)) // 2, y), text, font=letters, fill=colour)
    return y + int(size * 1.35)


def _file(sheet: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    if form == "pdf":
        sheet.save(out, "PDF", resolution=DPI, quality=90)
    else:
        sheet.convert("P", palette=Image.Palette.ADAPTIVE, colors=32).save(out, "PNG", dpi=(DPI, DPI), optimize=False)
    return out.getvalue()
