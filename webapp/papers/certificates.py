"""Certificates 证书 as pictures: whom they honour, for what, their number, and a code that leads to the page that proves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.papers.drawing import GREEN, GREY, INK, Colour, Sheet

ACROSS, DOWN = 1754, 1240  # A4 across at 150 dots an inch
GOLD: Colour = (156, 118, 40)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says; `lines` are sentences under the name, `verify_url` is behind the code."""

    title: str
    name: str
    lines: Sequence[str]
    number: str
    issuer: str
    day: str
    verify_url: str
    title_en: str = ""
    colour: Colour = GREEN


def certificate(said: Certificate) -> bytes:
    """The certificate as a PNG, A4 across."""
    sheet = Sheet(ACROSS, DOWN, (253, 252, 246))
    _frame(sheet, said.colour)
    y = sheet.middle(150, said.title, 96, said.colour, bold=True, share=0.7)
    if said.title_en:
        y = sheet.middle(y, said.title_en, 34, GREY, share=0.7)
    y = sheet.middle(max(y + 70, 390), said.name, 84, INK, bold=True, share=0.74)
    sheet.pen.line((ACROSS * 0.22, y + 6, ACROSS * 0.78, y + 6), fill=GOLD, width=3)
    y += 50
    for line in said.lines:
        y = sheet.lines(230, y, line, 36, ACROSS - 460, centred=True)
    _foot(sheet, said)
    return sheet.file(dpi=150)


def _frame(sheet: Sheet, colour: Colour) -> None:
    sheet.pen.rectangle((36, 36, ACROSS - 36, DOWN - 36), outline=colour, width=10)
    sheet.pen.rectangle((58, 58, ACROSS - 58, DOWN - 58), outline=GOLD, width=3)


def _foot(sheet: Sheet, said: Certificate) -> None:
    """Number and how to check it on the left beside the code; who gives it, and when, on the right."""
    sheet.code(said.verify_url, 130, DOWN - 350, 250)
    sheet.left(400, DOWN - 230, f"编号 No. {said.number}", 28, GREY, most=620)
    sheet.left(400, DOWN - 185, "扫码核对真伪 Scan to verify", 28, GREY, most=620)
    sheet.right(ACROSS - 130, DOWN - 240, said.issuer, 38, INK, bold=True)
    sheet.right(ACROSS - 130, DOWN - 180, said.day, 34, INK)
