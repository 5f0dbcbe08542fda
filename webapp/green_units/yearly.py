"""Twelve months of a unit: grams and how many took part, each month hidden where few acted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from points_engine.clock import days_of, month_of
from webapp.green_units import queries
from webapp.green_units.figures import FEWEST, HIDDEN, Sum, hide
from webapp.green_units.queries import Unit, headcount
from webapp.green_units.tables import membership
from webapp.ledger.queries import days
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


def year(tx: Tx, unit: Unit, month: str) -> list[Month]:
    """The twelve months that end with this one, by two statements."""
    months = months_until(month)
    first, last = days_of(months[0])[0], days_of(months[-1])[1]
    sums, heads = _sums(tx, unit, months, first, last), _heads(tx, unit, months)
    people = [sums.get(m, (0, 0, 0))[2] for m in months]
    hidden = set() if unit.is_family else hide(people)
    small = not unit.is_family and queries.member_counts(tx, [unit.id])[unit.id] < FEWEST
    return [
        Month(m, HIDDEN, heads[m], None)
        if small or i in hidden
        else Month(
            m, Sum(*sums.get(m, (0, 0, 0))), heads[m], min(100, people[i] * 100 // heads[m]) if heads[m] else None
        )
        for i, m in enumerate(months)
    ]


def _sums(tx: Tx, unit: Unit, months: Sequence[str], first: date, last: date) -> dict[str, tuple[int, int, int]]:
    which = _month(days.c.day, months)
    inside = membership.join(
        days,
        and_(
            days.c.member_id == membership.c.member_id,
            days.c.day >= membership.c.joined_on,
            or_(membership.c.left_on.is_(None), days.c.day < membership.c.left_on),
            days.c.day.between(first, last),
        ),
    )
    rows = tx.rows(
        select(
            which.label("n"),
            func.sum(days.c.declared_g).label("declared"),
            func.sum(days.c.verified_g).label("verified"),
            func.count(func.distinct(case((days.c.acts > 0, days.c.member_id)))).label("people"),
        )
        .select_from(inside)
        .where(membership.c.unit_id == unit.id)
        .group_by("n")
    )
    return {months[row.n]: (int(row.declared or 0), int(row.verified or 0), int(row.people)) for row in rows}


def _heads(tx: Tx, unit: Unit, months: Sequence[str]) -> dict[str, int]:
    columns = [
        func.count(func.distinct(case((headcount(*days_of(m)), membership.c.member_id)))).label(f"m{i}")
        for i, m in enumerate(months)
    ]
    row = tx.row(select(*columns).where(membership.c.unit_id == unit.id))
    return {m: int(row[i]) if row is not None else 0 for i, m in enumerate(months)}


def _month(day: Any, months: Sequence[str]) -> Any:
    """Which of the months a day is in, by number."""
    return case(*((day <= days_of(m)[1], i) for i, m in enumerate(months[:-1])), else_=len(months) - 1)
