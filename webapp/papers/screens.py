"""Pages for screens on a wall: a QR code as SVG, and an answer that nobody keeps and the browser asks for again."""

from __future__ import annotations

import segno
from flask import Response
from markupsafe import Markup

RELOAD = 10  # seconds; a third of the time a changing code is shown


def qr_svg(text: str, title: str) -> Markup:
    """A QR code as inline SVG."""
    svg = segno.make(text, error="q").svg_inline(
        omitsize=True, border=3, dark="#000", light="#fff", svgclass="qr", title=title
    )
    return Markup(svg)  # noqa: S704 - drawn by segno, which escapes its title


def screen_answer(page: str) -> Response:
    """The page of a screen, kept by nobody and asked for again every few seconds."""
    answer = Response(page)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Refresh"] = str(RELOAD)
    return answer
