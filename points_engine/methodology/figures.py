"""Reads the figures: emission factors by date, and evidence coefficients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from points_engine.methodology import dimensions
from points_engine.methodology.model import MARKS, Factor, Fault, Level, Series
from points_engine.methodology.reading import Table, open_table


def read_factors(folder: Path, faults: list[Fault]) -> dict[str, Series]:
    top = open_table(folder / "factors.toml", faults)
    series = _series(top)
    top.close()
    return series


def read_evidence(folder: Path, faults: list[Fault]) -> dict[Level, Series]:
    """What each level of evidence is worth."""
    top = open_table(folder / "evidence.toml", faults)
    series = _series(top)
    for level in Level:
        if level.value not in series:
            top.fault("factor", f"no coefficient for {level.value}")
    top.close()
    return {level: series[level.value] for level in Level if level.value in series}


def _series(top: Table) -> dict[str, Series]:
    rows: dict[str, list[Factor]] = {}
    for table in top.tables("factor"):
        row = read_row(table)
        earlier = rows.setdefault(row.key, [])
        if any(row.valid_from == other.valid_from for other in earlier):
            table.fault("valid_from", f"{row.key} has two rows from {row.valid_from}")
        if any(row.unit != other.unit for other in earlier):
            table.fault("unit", f"{row.key} changes its unit")
        earlier.append(row)
    return {key: Series(key, tuple(sorted(each, key=lambda row: row.valid_from))) for key, each in rows.items()}


def read_row(table: Table) -> Factor:
    """One figure from one day on."""
    name, note = table.pair("name"), table.pair("note", ("", ""))
    row = Factor(
        key=table.text("key"),
        name_zh=name[0],
        name_en=name[1],
        value=table.number("value"),
        unit=table.text("unit"),
        source=table.text("source"),
        mark=table.one_of("mark", MARKS),
        valid_from=table.day("valid_from"),
        review_by=table.day("review_by"),
        note_zh=note[0],
        note_en=note[1],
    )
    if row.value < 0:
        table.fault("value", "must not be negative")
    if row.review_by <= row.valid_from:
        table.fault("review_by", "must come after valid_from")
    try:
        dimensions.parse(row.unit)
    except ValueError:
        table.fault("unit", f"cannot read the unit {row.unit!r}")
        return replace(row, unit="1")
    return row
