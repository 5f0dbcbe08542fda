"""The open data files: the platform's sums and the indicators, as CSV and as JSON with the same names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from points_engine.methodology import DOMAINS
from webapp.papers.writing import Cell, csv_text
from webapp.public_ledger.indicators import PLAN_EN, PLAN_ZH
from webapp.public_ledger.queries import Count, Line

LICENCE = "CC BY 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
SUMS = ("scope", "key", "measure", "value", "unit", "hidden", "as_of", "licence")
VALUES = (
    "no", "group", "indicator", "unit", "better", "year", "value", "path", "target_2025", "target_2030", "source",
    "note", "entered_at", "counts", "licence",
)  # fmt: skip
UNITS = {
    "acts": "acts",
    "people": "people",
    "declared_g": "gCO2e",
    "verified_g": "gCO2e",
    "grams": "gCO2e",
    "points_awarded": "points",
    "points_redeemed": "points",
    "redeemed_permille": "per mille",
    "retired_g": "gCO2e",
}
POINTS = ("points_awarded", "points_redeemed", "redeemed_permille", "retired_g")


def sums_csv(count: Count | None) -> str:
    """One row a figure; an empty value with hidden = 1 stands for fewer than five people."""
    if count is None:
        return csv_text(SUMS, [])
    as_of = count.as_of.isoformat()
    return csv_text(SUMS, ((*row, 1 if row[3] is None else 0, as_of, LICENCE) for row in _sums(count.figures)))


def _sums(figures: dict[str, Any]) -> Iterator[tuple[str, str, str, Cell, str]]:
    for name, value in figures["total"].items():
        yield "total", "total", name, value, UNITS[name]
    for scope, rows in (("month", figures["months"]), ("domain", figures["domains"])):
        for row in rows:
            for name, value in row.items():
                if name != scope and not (scope == "domain" and name in POINTS):
                    yield scope, row[scope], name, value, UNITS[name]
    yield "members", "total", "members", figures["members"], "people"
    for kind, n in figures["units"].items():
        yield "units", kind, "units", n, "units"


def sums_data(count: Count | None) -> dict[str, Any]:
    """The same figures as a tree; null stands for fewer than five people, all of it null before the first count."""
    names = {code: {"zh": zh, "en": en} for code, zh, en in DOMAINS}
    figures = count.figures if count else None
    return {
        "licence": LICENCE,
        "licence_url": LICENCE_URL,
        "as_of": count.as_of.isoformat() if count else None,
        "hidden_below_people": 5,
        "total": figures["total"] if figures else None,
        "months": figures["months"] if figures else [],
        "domains": [{"name": names[row["domain"]]} | _acts_only(row) for row in figures["domains"]] if figures else [],
        "members": figures["members"] if figures else None,
        "units": figures["units"] if figures else None,
    }


def _acts_only(row: dict[str, Any]) -> dict[str, Any]:
    """A domain without the figures of points, which are not told apart by domain."""
    return {name: value for name, value in row.items() if name not in POINTS}


def indicators_csv(board: Sequence[Line]) -> str:
    """One row an indicator and year with a value, corrected entries included with counts = 0."""
    return csv_text(VALUES, (row for line in board for row in _values(line)))


def _values(line: Line) -> Iterator[tuple[Cell, ...]]:
    of, goals = line.of, {year.year: year.goal for year in line.years}
    entries = [*line.corrected, *(year.value for year in line.years if year.value)]
    for value in sorted(entries, key=lambda v: (v.year, v.newest)):
        goal = goals.get(value.year, "")
        yield (
            of.no, of.group_zh, of.name_zh, of.unit_zh, "higher" if of.higher else "lower", value.year,
            Decimal(value.value), Decimal(goal) if goal else None, Decimal(of.target_2025), of.target_2030 or of.words_zh,
            value.source, value.note, value.entered_at.isoformat() if value.entered_at else "", int(value.newest), LICENCE,
        )  # fmt: skip


def indicators_data(board: Sequence[Line]) -> dict[str, Any]:
    """Every indicator with its years; decimal numbers are text, so that none is changed on the way."""
    return {
        "licence": LICENCE,
        "licence_url": LICENCE_URL,
        "plan": {"zh": PLAN_ZH, "en": PLAN_EN},
        "path": "linear between 2022, 2025 and 2030: our reading, not the plan's",
        "indicators": [_indicator(line) for line in board],
    }


def _indicator(line: Line) -> dict[str, Any]:
    of = line.of
    return {
        "no": of.no,
        "group": {"zh": of.group_zh, "en": of.group_en},
        "indicator": {"zh": of.name_zh, "en": of.name_en},
        "unit": {"zh": of.unit_zh, "en": of.unit_en},
        "better": "higher" if of.higher else "lower",
        "footnote": {"mark": of.mark, "zh": of.note_zh, "en": of.note_en} if of.mark else None,
        "actual_2022": of.actual_2022,
        "target_2025": of.target_2025,
        "target_2030": of.target_2030,
        "target_2030_words": {"zh": of.words_zh, "en": of.words_en} if of.words_zh else None,
        "status": line.status,
        "values": [
            {
                "year": value.year,
                "value": value.value,
                "source": value.source,
                "note": value.note,
                "entered_at": value.entered_at.isoformat() if value.entered_at else None,
                "counts": value.newest,
            }
            for value in [*line.corrected, *(year.value for year in line.years if year.value)]
        ],
        "path": [{"year": year.year, "goal": year.goal} for year in line.years if year.goal],
    }
