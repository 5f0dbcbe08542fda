"""Finds a font with Chinese letters for pictures; without one, pages still print their plates themselves."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

from points_engine.errors import refuse

# Path and face; the third face of the collections is the simplified Chinese one.
REGULAR = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
)
BOLD = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc", 2),
    *REGULAR,
)


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Letters of `size` pixels; raises font_missing (503) where the machine has none."""
    for path, face in BOLD if bold else REGULAR:
        if Path(path).exists():
            return ImageFont.truetype(path, size, index=face)
    raise refuse("unavailable", "font_missing")
