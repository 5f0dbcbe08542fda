"""Twelve months of a unit: grams and how many took part, each month hidden where few acted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import case, func, select

from points_engine.clock import days_of, month_of
from webapp.green_units import months, queries
from webapp.green_units.figures import FEWEST, HIDDEN, Sum, shown
from webapp.green_units.months import Raw
from webapp.green_units.queries import Unit, headcount
from webapp.green_units.tables import membership
from webapp.store import Tx

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its sum, how many belonged, and the share that took part."""

    month: str
    sum: Sum
    members: int
    rate: int | None


def months_until(month: str, count: int = MONTHS) -> list[str]:
    """The months that end with this one, oldest first."""
    found = [month]
    while len(found) < count:
        found.append(month_of(days_of(found[-1])[0] - timedelta(days=1)))
    return found[::-1]


def year(tx: Tx, unit: Unit, month: str, today: date) -> list[Month]:
    """The twelve months that end with this one, by four statements; hidden as on the unit's page."""
    wanted, running = months_until(month), month_of(today)
    known, heads = months.life(tx, unit.id, running), _heads(tx, unit, wanted)
    small = not unit.is_family and queries.member_counts(tx, [unit.id])[unit.id] < FEWEST
    away = set(wanted) if small else set() if unit.is_family else months.hidden(known, running)
    found = {m: known.get(m, Raw()) for m in wanted}
    return [
        Month(m, HIDDEN, heads[m], None)
        if m in away
        else Month(
            m, shown(unit, found[m]), heads[m], min(100, found[m].people * 100 // heads[m]) if heads[m] else None
        )
        for m in wanted
    ]


def _heads(tx: Tx, unit: Unit, wanted: Sequence[str]) -> dict[str, int]:
    columns = [
        func.count(func.distinct(case((headcount(*days_of(m)), membership.c.member_id)))).label(f"m{i}")
        for i, m in enumerate(wanted)
    ]
    row = tx.row(select(*columns).where(membership.c.unit_id == unit.id))
    return {m: int(row[i]) if row is not None else 0 for i, m in enumerate(wanted)}
