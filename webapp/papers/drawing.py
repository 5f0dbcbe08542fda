"""A sheet to draw on: text in the middle or in lines, QR codes, bands and bars, saved as PNG or PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence

import segno
from PIL import Image, ImageDraw

from webapp.papers.letters import clean, fitting, font, width, wrapped

Colour = tuple[int, int, int]
INK, GREEN, GREY, PAPER = (20, 33, 26), (13, 107, 65), (90, 100, 94), (255, 255, 255)
LINE = 1.35  # from one line to the next, in sizes


class Sheet:
    """A picture being drawn; every place is in pixels from its upper left corner."""

    def __init__(self, across: int, down: int, paper: Colour = PAPER) -> None:
        self.image = Image.new("RGB", (across, down), paper)
        self.pen = ImageDraw.Draw(self.image)
        self.across, self.down = across, down

    def band(self, top: int, bottom: int, fill: Colour) -> None:
        """A band over the whole width."""
        self.pen.rectangle((0, top, self.across, bottom), fill=fill)

    def middle(self, y: int, text: str, size: int, fill: Colour = INK, bold: bool = False, share: float = 0.9) -> int:
        """A line in the middle, made smaller until it fits; where the next one may begin."""
        text = clean(text)
        letters = fitting(text, size, bold, int(self.across * share))
        self.pen.text(((self.across - width(text, letters)) // 2, y), text, font=letters, fill=fill)
        return y + int(letters.size * LINE)

    def left(self, x: int, y: int, text: str, size: int, fill: Colour = INK, bold: bool = False, most: int = 0) -> int:
        """A line from `x`, made smaller until it fits in `most` pixels; where the next one may begin."""
        text = clean(text)
        letters = fitting(text, size, bold, most or self.across - x)
        self.pen.text((x, y), text, font=letters, fill=fill)
        return y + int(letters.size * LINE)

    def right(self, x: int, y: int, text: str, size: int, fill: Colour = INK, bold: bool = False) -> int:
        """A line that ends at `x`; where the next one may begin."""
        text = clean(text)
        letters = font(size, bold)
        self.pen.text((x - width(text, letters), y), text, font=letters, fill=fill)
        return y + int(size * LINE)

    def lines(
        self, x: int, y: int, text: str, size: int, most: int, fill: Colour = INK, *, centred: bool = False
    ) -> int:
        """A text in lines of at most `most` pixels; where the next one may begin."""
        letters = font(size)
        for line in wrapped(clean(text), letters, most):
            at = x + (most - width(line, letters)) // 2 if centred else x
            self.pen.text((at, y), line, font=letters, fill=fill)
            y += int(size * 1.6)
        return y

    def code(self, text: str, x: int | None, y: int, side: int) -> int:
        """A QR code from `x` (None: in the middle), its modules whole pixels so that it prints sharp; its lower edge."""
        made = segno.make(text, error="q")
        scale = max(1, side // made.symbol_size(border=3)[0])
        out = io.BytesIO()
        made.save(out, kind="png", scale=scale, border=3)
        picture = Image.open(out).convert("RGB")
        at = (self.across - picture.width) // 2 if x is None else x
        self.image.paste(picture, (at, y))
        return y + picture.height

    def bars(self, box: tuple[int, int, int, int], values: Sequence[int], fill: Colour) -> None:
        """Upright bars from the lower edge of `box`; the highest fills it, and nothing draws a hair's breadth."""
        x, y, across, down = box
        top = max(values, default=0) or 1
        step = across / max(1, len(values))
        for n, value in enumerate(values):
            high = max(2, value * down // top)
            left = int(x + n * step + step * 0.15)
            self.pen.rectangle((left, y + down - high, int(x + (n + 1) * step - step * 0.15), y + down), fill=fill)

    def file(self, form: str = "png", dpi: int = 150, colours: int = 64) -> bytes:
        """The finished sheet: a PNG of few colours, or a PDF of one page."""
        out = io.BytesIO()
        if form == "pdf":
            self.image.save(out, "PDF", resolution=dpi, quality=90)
        else:
            few = self.image.convert("P", palette=Image.Palette.ADAPTIVE, colors=colours)
            few.save(out, "PNG", dpi=(dpi, dpi), optimize=False)
        return out.getvalue()
