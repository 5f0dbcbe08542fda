"""docs/methodologies.md says exactly what the data says."""

from __future__ import annotations

import re
from pathlib import Path

from points_engine.methodology import load
from points_engine.methodology.book import write

PAGE = (Path(__file__).parents[2] / "docs" / "methodologies.md").read_text(encoding="utf-8")
CATALOGUE = load()


def test_the_page_is_up_to_date():
    """Run python3 -m points_engine.methodology.book > docs/methodologies.md after a change."""
    assert write(CATALOGUE) == PAGE


def test_it_lists_every_behaviour_and_every_factor():
    for each in CATALOGUE.behaviours:
        assert f"#### {each.ref} {each.name_zh} {each.name_en}\n" in PAGE
        assert f"`{each.code}`" in PAGE
    for series in CATALOGUE.factors.values():
        for row in series.rows:
            assert f"| `{row.key}` |" in PAGE and f"| {row.value:f} | {row.unit} |" in PAGE


def test_every_derivation_that_is_named_is_explained():
    named = set(re.findall(r"推导(D\d+)", PAGE))
    assert named and named <= set(CATALOGUE.derivations)
