"""The colour tokens of the style sheet: pairs that meet on pages have enough contrast in both themes, decoration included."""

from __future__ import annotations

import re

import pytest

from webapp.settings import ROOT

CSS = (ROOT / "static/css/app.css").read_text(encoding="utf-8")
PAPERS = ("bg", "card", "softer")
# Ink on paper; "tint" stands for avatars, tiles and badges, which readers skip but people see.
TEXT = [
    *((ink, paper) for ink in ("ink", "mut", "link") for paper in PAPERS),
    *((ink, "soft") for ink in ("ink", "link")),
    ("on-brand", "brand"),
    *((tint, f"{tint}-soft") for tint in ("amber", "red", "blue", "violet")),
    *((ink, f"{tint}-soft") for tint in ("amber", "red", "blue") for ink in ("ink",)),
    *((place, "card") for place in ("gold", "silver", "bronze", "red", "amber")),
    ("ink", "line"),
]
SHAPES = [("edge", "card"), ("edge", "bg"), ("focus", "bg"), ("focus", "card"), ("brand", "line")]


def _themes() -> dict[str, dict[str, str]]:
    """The tokens by theme: the first block, and the dark ones over it."""
    blocks = re.findall(r"(:root[^{]*)\{([^}]*)\}", CSS)
    tokens = [(head.strip(), dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,8})", body))) for head, body in blocks]
    light = tokens[0][1]
    dark = next(found for head, found in tokens if "data-theme=dark" in head)
    asked = next(found for head, found in tokens if "not([data-theme=light])" in head)
    assert dark == asked, "dark by choice and dark by the phone differ"
    return {"light": light, "dark": {**light, **dark}}


def _light(colour: str) -> float:
    digits = colour.lstrip("#")
    full = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_guidelines_say() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#0a7a4d", "#ffffff") == pytest.approx(5.38, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_enough_contrast(theme: str) -> None:
    tokens = _themes()[theme]
    faint = {
        f"{ink} on {paper}": round(found, 2)
        for ink, paper in TEXT
        if (found := contrast(tokens[ink], tokens[paper])) < 4.5
    }
    assert not faint


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_and_rings_have_enough_contrast(theme: str) -> None:
    tokens = _themes()[theme]
    faint = {
        f"{one} on {other}": round(found, 2)
        for one, other in SHAPES
        if (found := contrast(tokens[one], tokens[other])) < 3
    }
    assert not faint
