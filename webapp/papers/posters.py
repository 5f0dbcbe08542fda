"""Posters 海报 as pictures for groups and walls: a title, three large figures, lines, a row of bars and a code to scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.papers.drawing import GREEN, GREY, INK, PAPER, Colour, Sheet
from webapp.papers.letters import clean, fitting, width

ACROSS, DOWN = 1080, 1620
HEAD, FOOT = 330, 300


@dataclass(frozen=True, slots=True)
class Figure:
    """A large figure with its unit and what it is."""

    value: str
    unit: str
    label: str


@dataclass(frozen=True, slots=True)
class Poster:
    """What a poster says; `bars` are values in order with a caption, `link` is behind the code."""

    title: str
    subtitle: str
    figures: Sequence[Figure]
    lines: Sequence[str] = ()
    bars: Sequence[int] = ()
    bars_label: str = ""
    link: str = ""
    link_label: str = "扫码查看 Scan to open"
    footer: str = ""
    colour: Colour = GREEN


def poster(said: Poster) -> bytes:
    """The poster as a PNG of 1080 by 1620 pixels."""
    sheet = Sheet(ACROSS, DOWN)
    sheet.band(0, HEAD, said.colour)
    y = sheet.middle(80, said.title, 76, PAPER, bold=True)
    sheet.middle(y + 10, said.subtitle, 38, PAPER)
    y = _figures(sheet, said, HEAD + 60)
    if said.bars:
        y = sheet.left(80, y + 20, said.bars_label, 30, GREY) + 10
        sheet.bars((80, y, ACROSS - 160, 200), said.bars, said.colour)
        y += 230
    room = DOWN - FOOT - 60
    for line in said.lines:
        if y > room:
            break
        y = sheet.lines(80, y + 14, line, 34, ACROSS - 160)
    _foot(sheet, said)
    return sheet.file(dpi=144)


def _figures(sheet: Sheet, said: Poster, y: int) -> int:
    below = y
    for figure in said.figures:
        end = sheet.left(80, y, figure.value, 92, said.colour, bold=True, most=620)
        beside = 80 + width(clean(figure.value), fitting(clean(figure.value), 92, True, 620)) + 20
        sheet.left(beside, y + 48, figure.unit, 40, INK, most=300)
        below = sheet.left(80, end, figure.label, 34, GREY) + 24
        y = below
    return below


def _foot(sheet: Sheet, said: Poster) -> None:
    top = DOWN - FOOT
    sheet.pen.line((80, top, ACROSS - 80, top), fill=(214, 222, 217), width=2)
    most = ACROSS - 160
    if said.link:
        sheet.code(said.link, ACROSS - 320, top + 20, 240)
        most = ACROSS - 420
        sheet.left(80, top + 60, said.link_label, 32, INK, most=most)
    sheet.lines(80, top + 120, said.footer, 26, most, GREY)
