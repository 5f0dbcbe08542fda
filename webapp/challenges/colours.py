"""A company's colour on its pages: readable on light and dark, or refused with the nearest one that is."""

from __future__ import annotations

import re

from points_engine.errors import Invalid

# Checked against white text and the light ground; the first is the platform's own.
PALETTE = {
    "0a7a4d": ("松绿", "Green"),
    "0f6cbd": ("湖蓝", "Blue"),
    "5b3cc4": ("藤紫", "Violet"),
    "b3261e": ("朱红", "Red"),
    "8f5300": ("赭石", "Ochre"),
    "00717f": ("青碧", "Teal"),
    "a3195b": ("莓红", "Berry"),
    "37474f": ("黛灰", "Slate"),
}
WHITE, INK, LIGHT, DARK = "ffffff", "06140d", "f2f5f3", "16201a"
LEAST = 4.5  # WCAG AA for text
HEX = re.compile(r"[0-9a-f]{6}\Z")


def read_colour(text: str | None) -> str:
    """Six hexadecimal digits whose text can be read; Invalid with what would do."""
    colour = (text or "").strip().lstrip("#").lower()
    if not HEX.match(colour):
        raise Invalid({"colour": "colour"})
    if contrast(colour, WHITE) < LEAST or contrast(colour, LIGHT) < LEAST:
        raise Invalid({"colour": "colour_too_light"})
    return colour


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2: 1 for the same colour, 21 for black on white."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, ground: str) -> str:
    """The colour itself, or the nearest lighter (on dark) or darker (on light) one that can be read on the ground."""
    towards = WHITE if _luminance(ground) < 0.5 else INK
    for step in range(51):
        mixed = _mix(colour, towards, step * 2)
        if contrast(mixed, ground) >= LEAST:
            return mixed
    return towards


def stylesheet(colour: str) -> str:
    """The look of a company's pages in both themes, for everything inside `.look`."""
    light = readable(colour, LIGHT)
    dark = readable(colour, _mix(colour, DARK, 80))
    soft, dim = _mix(colour, WHITE, 92), _mix(colour, DARK, 84)
    day = f"--brand:#{light};--on-brand:#fff;--link:#{readable(light, soft)};--soft:#{soft};--softer:#{_mix(colour, WHITE, 95)}"
    night = f"--brand:#{dark};--on-brand:#{INK};--link:#{readable(dark, dim)};--soft:#{dim};--softer:#{_mix(colour, DARK, 90)}"
    return (
        f".look{{{day}}}\n.look .hero,.look .hero *{{background:var(--brand);color:var(--on-brand)}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]) .look{{{night}}}}}\n"
        f":root[data-theme=dark] .look{{{night}}}\n"
    )


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue from 0 to 255."""
    return int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in rgb(colour)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: str, other: str, percent: int) -> str:
    """`percent` of the other colour in this one."""
    pairs = zip(rgb(colour), rgb(other), strict=True)
    return "".join(f"{(a * (100 - percent) + b * percent) // 100:02x}" for a, b in pairs)
