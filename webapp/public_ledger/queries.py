"""Reads of the public ledger: indicators with their values, one's history, the last count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from points_engine.errors import refuse
from webapp.public_ledger import indicators
from webapp.public_ledger.charts import Chart, chart
from webapp.public_ledger.indicators import BASE, Indicator
from webapp.public_ledger.tables import indicator_value, public_count
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class Value:
    """What somebody entered for a year; `newest` when no later entry of the year corrects it."""

    year: int
    value: str
    source: str
    note: str
    entered_at: datetime | None
    actor_id: int | None
    newest: bool = True


@dataclass(frozen=True, slots=True)
class Year:
    """One year of an indicator: its value, if any, and where the path stands."""

    year: int
    value: Value | None
    goal: str


@dataclass(frozen=True, slots=True)
class Line:
    """An indicator as the board shows it."""

    of: Indicator
    latest: Value | None
    goal: str
    status: str
    years: Sequence[Year]
    corrected: Sequence[Value]
    chart: Chart


@dataclass(frozen=True, slots=True)
class Count:
    """The platform's sums as counted last."""

    as_of: datetime
    figures: dict[str, Any]


def known(no: int) -> Indicator:
    """The indicator of that number; 404 unknown_indicator."""
    found = indicators.indicator(no)
    if found is None:
        raise refuse("not_found", "unknown_indicator")
    return found


def board(tx: Tx) -> list[Line]:
    """Every indicator with its values; one statement."""
    entered = _entered(tx)
    return [_line(each, entered.get(each.no, [])) for each in indicators.indicators()]


def one(tx: Tx, no: int) -> tuple[Line, list[Value]]:
    """An indicator, and all that was ever entered for it, newest first; 404 unknown_indicator."""
    of = known(no)
    found = _entered(tx, no).get(no, [])
    return _line(of, found), found[::-1]


def values_of(tx: Tx, no: int) -> dict[int, Value]:
    """The value of each year that counts."""
    return {v.year: v for v in _entered(tx, no).get(no, []) if v.newest}


def last_count(tx: Tx) -> Count | None:
    """What the job counted last; None before its first night."""
    row = tx.row(select(public_count))
    return Count(row.as_of, row.figures) if row else None


def _entered(tx: Tx, no: int | None = None) -> dict[int, list[Value]]:
    """Entries by indicator, oldest first, the newest of each year marked."""
    c = indicator_value.c
    query = select(indicator_value).order_by(c.indicator, c.id)
    rows = list(tx.rows(query if no is None else query.where(c.indicator == no)))
    newest = {(r.indicator, r.year): r.id for r in rows}
    found: dict[int, list[Value]] = {}
    for r in rows:
        made = Value(r.year, r.value, r.source, r.note, r.entered_at, r.actor_id, newest[r.indicator, r.year] == r.id)
        found.setdefault(r.indicator, []).append(made)
    return found


def _line(of: Indicator, entered: Sequence[Value]) -> Line:
    values = {v.year: v for v in entered if v.newest}
    latest = values[max(values)] if values else None
    # The plan's own figure stands for 2022 until staff enter another.
    values.setdefault(BASE, Value(BASE, of.actual_2022, indicators.PLAN_ZH, "", None, None))
    last = max(indicators.END, *values)
    return Line(
        of=of,
        latest=latest,
        goal=indicators.shown(indicators.path(of, latest.year)) if latest else "",
        status=indicators.status(of, latest.year if latest else None, latest.value if latest else None),
        years=[Year(y, values.get(y), indicators.shown(indicators.path(of, y))) for y in range(BASE, last + 1)],
        corrected=[v for v in entered if not v.newest],
        chart=chart(of, {year: v.value for year, v in values.items()}),
    )
