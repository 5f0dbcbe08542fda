"""What units' boards are worked out from: sums by dated membership, heads, baselines and saved energy, set-wise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, or_, select

from points_engine import boards as rules
from points_engine.clock import days_of, local_day, month_of
from points_engine.ranking import kind_of
from webapp.energy import queries as energy
from webapp.green_units import queries as green_units
from webapp.green_units.queries import BoardUnit, headcount, memberships
from webapp.ledger import queries as ledger
from webapp.meters import queries as meters
from webapp.rankings.boards import MEASURES
from webapp.store import Tx

days = ledger.days
grams = days.c.declared_g + days.c.verified_g
Key = tuple[int, str]  # unit, period
Pair = tuple[int, int]
CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Figure:
    """A unit in a period: grams, who brought them, people (`weight` in tenths), baseline and saved energy."""

    unit: BoardUnit
    value: int
    active: int
    members: int
    weight: int
    base: Pair
    saved: int

    def plain_milli(self, measure: str) -> int:
        """The value by a measure in thousandths, before anything is drawn towards a mean."""
        if measure == "total":
            return self.value * rules.MILLI
        if measure == "per_head":
            return rules.per_person_milli(self.value, self.weight)
        if measure == "participation":
            return rules.share_milli(self.active, self.members)
        if measure == "improvement":
            return rules.against_milli(self.value, self.weight, *self.base)
        return max(0, self.saved) * rules.MILLI

    def stands(self, measure: str) -> bool:
        """Whether the unit may be seen on the board: never a figure behind which fewer than five people stand."""
        if self.unit.kind == "family":
            return self.unit.allowed and MEASURES[measure].families
        enough = self.members >= rules.FEWEST and (measure == "energy" or self.active >= rules.FEWEST)
        return self.unit.allowed and enough

    @property
    def size_class(self) -> str:
        return "" if self.unit.kind == "family" else rules.class_of(self.members)


def measures_of(period: str) -> list[str]:
    """The measures of units that there are for a period."""
    kind = kind_of(period)
    return [each.code for each in MEASURES.values() if kind in each.periods]


def belonging() -> Any:
    """Memberships joined with the days of their people within the membership."""
    m = memberships.c
    return memberships.join(
        days,
        and_(days.c.member_id == m.member_id, days.c.day >= m.joined_on, or_(m.left_on.is_(None), days.c.day < m.left_on)),
    )  # fmt: skip


def sums(tx: Tx, first: date, last: date, unit_ids: Collection[int] | None = None) -> dict[int, int]:
    """Grams of each unit in some days."""
    m = memberships.c
    query = (
        select(m.unit_id, func.sum(grams)).select_from(belonging()).where(days.c.day.between(first, last))
        .group_by(m.unit_id)
    )  # fmt: skip
    return {row[0]: int(row[1]) for part in _parts(unit_ids) for row in tx.rows(_among(query, m.unit_id, part))}


def heads(tx: Tx, periods: Sequence[str], unit_ids: Collection[int] | None = None) -> dict[Key, int]:
    """Everybody who belonged to each unit on any day of each period."""
    m = memberships.c
    columns = [
        func.count(func.distinct(case((headcount(*days_of(p)), m.member_id)))).label(f"p{i}")
        for i, p in enumerate(periods)
    ]
    query = select(m.unit_id, *columns).group_by(m.unit_id)
    rows = [row for part in _parts(unit_ids) for row in tx.rows(_among(query, m.unit_id, part))] if periods else []
    return {(row[0], p): int(row[i + 1]) for row in rows for i, p in enumerate(periods)}


def weights(
    tx: Tx, units: Mapping[int, BoardUnit], people: Mapping[Key, int], children: Mapping[int, int] | None = None
) -> dict[Key, int]:
    """People in tenths: heads, and for families person-equivalents, with today's children unless others are given."""
    if children is None:
        families = sorted({unit for unit, _ in people if unit in units and units[unit].kind == "family"})
        children = green_units.children(tx, families) if families else {}
    found = {}
    for (unit, period), n in people.items():
        if unit in units and units[unit].kind == "family":
            young = min(n, children.get(unit, 0))
            found[unit, period] = rules.household(n - young, young)
        else:
            found[unit, period] = rules.weight_of(n)
    return found


def baselines(tx: Tx, period: str, units: Mapping[int, BoardUnit], only: bool = True) -> dict[int, Pair]:
    """What each unit's period is compared with: (grams, tenths of a person), (0, 0) without any."""
    last_year, earlier = rules.baseline_periods(period)
    wanted = [each for each in (last_year, *earlier) if each]
    among = list(units) if only else None
    values = {each: sums(tx, *days_of(each), among) for each in wanted}
    people = weights(tx, units, heads(tx, wanted, among))

    def pair(unit: int, each: str | None) -> Pair:
        return (values[each].get(unit, 0), people.get((unit, each), 0)) if each else (0, 0)

    return {unit: rules.baseline(pair(unit, last_year), (pair(unit, each) for each in earlier)) for unit in units}


class Measured(NamedTuple):
    """A month of a unit's meter beside the same month of the year before; use in thousandths."""

    unit_id: int
    kind: str
    month: str
    use_milli: int
    days: int
    then_milli: int
    then_days: int


def measured(tx: Tx, periods: Sequence[str], now: datetime) -> list[Measured]:
    """What units' meters say of the periods that have months; where no meter is read, what the park's energy platform says.

    Figures that a unit typed or sent in a file itself are nobody's measurement but its own, and stand on no board.
    """
    last = local_day(now)
    months = sorted({month for p in periods if kind_of(p) != "week" for month in months_of(p, last)})
    own = [Measured(r.unit_id, r.kind, r.month, r.use_milli, r.days, r.then_milli, r.then_days)
           for r in meters.unit_months(tx, months)]  # fmt: skip
    known = {(row.unit_id, row.kind, row.month) for row in own}
    told = (Measured(*pair) for pair in energy.platform_pairs(tx, months))
    return sorted(own + [row for row in told if row[:3] not in known])


def saved(rows: Iterable[Measured], periods: Sequence[str]) -> dict[Key, int]:
    """Grams of standard coal that each unit saved in the periods that have months."""
    months = [p for p in periods if kind_of(p) != "week"]
    found: dict[Key, int] = {}
    for row in rows:
        n = rules.saved_grams(row.kind, row.use_milli, row.days, row.then_milli, row.then_days)
        for period in months:
            if kind_of(period) == "total" or row.month.startswith(period):
                found[row.unit_id, period] = found.get((row.unit_id, period), 0) + n
    return found


def months_of(period: str, last: date) -> list[str]:
    """The months within a period, up to the one of `last`."""
    if kind_of(period) == "month":
        return [period]
    first, end = days_of(period)
    year, found = max(first.year, 2020), []
    while year <= min(end.year, last.year):
        found += [f"{year}-{n:02d}" for n in range(1, 13)]
        year += 1
    return [month for month in found if month <= month_of(last)]


def figures(tx: Tx, period: str, rows: Iterable[Measured]) -> list[Figure]:
    """Every unit of a period that has grams or saved energy; worked out anew from days, memberships and what was measured."""
    values, coal = sums(tx, *days_of(period)), saved(rows, [period])
    acting = active(tx, period)
    ids = sorted({unit for unit, n in values.items() if n > 0} | {unit for unit, _ in coal})
    units = {k: v for part in _parts(ids) for k, v in green_units.board_units(tx, part or ()).items()}
    people = {key: n for key, n in heads(tx, [period]).items() if key[0] in units}
    tenths = weights(tx, units, people)
    bases = baselines(tx, period, units, only=False) if "improvement" in measures_of(period) else {}
    return [
        Figure(units[u], values.get(u, 0), acting.get(u, 0), people.get((u, period), 0), tenths.get((u, period), 0),
               bases.get(u, (0, 0)), coal.get((u, period), 0))
        for u in ids if u in units
    ]  # fmt: skip


def part_sums(period: str) -> Any:
    """Subquery: each member's grams for each unit in a period, while belonging to it, above zero."""
    first, last = days_of(period)
    return (
        select(memberships.c.member_id, memberships.c.unit_id, func.sum(grams).label("value"))
        .select_from(belonging())
        .where(days.c.day.between(first, last))
        .group_by(memberships.c.member_id, memberships.c.unit_id)
        .having(func.sum(grams) > 0)
        .subquery("part_sums")
    )


def active(tx: Tx, period: str) -> dict[int, int]:
    """How many of each unit's people brought anything."""
    parts = part_sums(period)
    return {row[0]: int(row[1]) for row in tx.rows(select(parts.c.unit_id, func.count()).group_by(parts.c.unit_id))}


def _parts(ids: Iterable[int] | None) -> list[list[int] | None]:
    """Ids some thousands at a time; None means all."""
    if ids is None:
        return [None]
    known = sorted(ids)
    return [known[start : start + CHUNK] for start in range(0, len(known), CHUNK)]


def _among(query: Any, column: Any, ids: list[int] | None) -> Any:
    return query if ids is None else query.where(column.in_(ids))
