"""The months of a unit since its beginning: what each adds up to, and which ones are hidden, the same on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from points_engine.clock import days_of, month_of
from webapp.green_units.queries import FEWEST
from webapp.green_units.tables import membership
from webapp.ledger.queries import days
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class Raw:
    """What a month adds up to, and how many stand behind it and behind each half; not for showing as it is."""

    declared_g: int = 0
    verified_g: int = 0
    people: int = 0
    declarers: int = 0
    verifiers: int = 0


def _who(condition: Any) -> Any:
    return func.count(func.distinct(case((condition, days.c.member_id))))


SUMS = (
    func.coalesce(func.sum(days.c.declared_g), 0).label("declared_g"),
    func.coalesce(func.sum(days.c.verified_g), 0).label("verified_g"),
    _who(days.c.acts > 0).label("people"),
    _who(days.c.declared_g != 0).label("declarers"),
    _who(days.c.verified_g != 0).label("verifiers"),
)


def raw(row: Any) -> Raw:
    """A row of SUMS."""
    return Raw(*(int(row._mapping[name]) for name in ("declared_g", "verified_g", "people", "declarers", "verifiers")))


def together(first: date, last: date) -> Any:
    """Memberships joined with the days of their people, within the membership and the period."""
    return membership.join(
        days,
        and_(
            days.c.member_id == membership.c.member_id,
            days.c.day >= membership.c.joined_on,
            or_(membership.c.left_on.is_(None), days.c.day < membership.c.left_on),
            days.c.day.between(first, last),
        ),
    )


def life(tx: Tx, unit_id: int, running: str) -> dict[str, Raw]:
    """Every month from the first membership to the running one, oldest first; two statements."""
    begun = tx.scalar(select(func.min(membership.c.joined_on)).where(membership.c.unit_id == unit_id))
    months = [running]
    while begun is not None and months[-1] > month_of(begun):
        months.append(month_of(days_of(months[-1])[0] - timedelta(days=1)))
    months.reverse()
    which = case(*((days.c.day <= days_of(m)[1], i) for i, m in enumerate(months)), else_=len(months) - 1)
    inside = together(days_of(months[0])[0], days_of(running)[1])
    query = select(which.label("n"), *SUMS).select_from(inside).where(membership.c.unit_id == unit_id).group_by("n")
    return {m: Raw() for m in months} | {months[row.n]: raw(row) for row in tx.rows(query)}


def hidden(months: Mapping[str, Raw], running: str) -> set[str]:
    """Months in which one to four acted, and in each year with such a month the nearest one of five and more.

    Boards show whole years: without the second one the difference would be what those few did. The months of a
    year do not depend on which page asks, and the running month hides no other: it may yet have five.
    """
    few = {m for m, one in months.items() if 0 < one.people < FEWEST}
    away = set(few)
    for year in sorted({m[:4] for m in few if m != running}):
        here = [m for m in months if m[:4] == year]
        first = next(m for m in here if m in few)
        large = [m for m in here if months[m].people >= FEWEST]
        earlier = [m for m in large if m < first]
        away |= {earlier[-1]} if earlier else set(large[:1])
    return away


def shown(months: Mapping[str, Raw], away: set[str]) -> Sequence[Raw]:
    """The months whose figures are shown."""
    return [one for m, one in months.items() if m not in away]
