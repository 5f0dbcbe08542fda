"""What is known of units' energy, read set-wise: of every month the figure that counts, sizes by day, targets and quotas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import or_, select

from points_engine.clock import local_day
from points_engine.energy import (
    MAIN,
    Book,
    Quota,
    Standing,
    Target,
    counted,
    deadline,
    default_quotas,
    standing,
)
from webapp.energy.tables import energy_quota, energy_reading, energy_size, energy_target
from webapp.green_units import queries as green_units
from webapp.green_units.queries import Unit
from webapp.meters import queries as meters
from webapp.store import Tx

_r, _s, _t, _q = energy_reading.c, energy_size.c, energy_target.c, energy_quota.c
Key = tuple[str, str]  # carrier, month
THOUSANDS = 5000


@dataclass(frozen=True, slots=True)
class Cell:
    """The figure of a carrier and month that counts: where it is from, when it was first told, how many parts make it up."""

    milli: int
    source: str
    first_at: datetime | None
    parts: int = 0

    def in_time(self, month: str) -> bool:
        """A meter's own reading carries its day; anything else is in time by the day it was first told."""
        return self.source == "meter" or (self.first_at is not None and local_day(self.first_at) <= deadline(month))


@dataclass(frozen=True, slots=True)
class Account:
    """Everything a unit's pages and judgements are worked out from."""

    unit: Unit
    cells: Mapping[Key, Cell]
    book: Book
    target: Target | None
    target_row: Any
    quota_rows: Sequence[Any]

    def quotas(self, year: int) -> dict[str, Quota]:
        """The quotas of a year by measure: the unit's own before its kind's before the shipped ones, of each the latest."""
        found = default_quotas(self.unit.kind, year)
        for row in sorted(self.quota_rows, key=lambda r: (r.unit_id is not None, r.from_year, r.id)):
            if row.from_year <= year:
                found[row.measure] = _quota(row)
        return found

    def standing(self, year: int) -> Standing:
        """How a year stands."""
        return standing(self.book, year, self.target, self.quotas(year))

    def in_time(self, year: int) -> int:
        """How many months of a year were told in time."""
        return sum(self.cells[MAIN, month].in_time(month) for month in self.book.told(year))


def accounts(
    tx: Tx, units: Sequence[Unit], first_year: int, last_year: int, as_of: datetime | None = None
) -> dict[int, Account]:
    """The accounts of units (or of one part) in some years, by seven statements however many units there are (up to some thousands)."""
    tops = sorted({unit.top_id or unit.id for unit in units})
    trees = green_units.parts_of(tx, tops)
    everything = [*tops, *(part for tree in trees.values() for part in tree)]
    cells = _own_cells(tx, tops, everything, f"{first_year}-01", f"{last_year}-12", as_of)
    sizes = _own_sizes(tx, everything, as_of)
    targets = _targets(tx, [unit.id for unit in units])
    quota_rows = _quota_rows(tx, units)
    found: dict[int, Account] = {}
    for unit in units:
        below: dict[int, list[int]] = defaultdict(list)
        for part, parent in trees[unit.top_id or unit.id].items():
            below[parent].append(part)
        known = _cells(unit.id, below, cells)
        areas, heads = (_sizes(unit.id, below, sizes[what]) for what in ("area", "heads"))
        book = Book({key: cell.milli for key, cell in known.items()}, areas, heads)
        row = targets.get(unit.id)
        mine = [q for q in quota_rows if q.unit_id == unit.id or (q.unit_id is None and q.kind == unit.kind)]
        found[unit.id] = Account(unit, known, book, _target(row) if row else None, row, mine)
    return found


def _own_cells(
    tx: Tx, tops: Sequence[int], ids: Sequence[int], first: str, last: str, as_of: datetime | None
) -> dict[int, dict[Key, Cell]]:
    """What was told of each unit or part itself, the best source of each month; later versions in place of earlier ones."""
    told: dict[tuple[int, str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    since: dict[tuple[int, str, str, str], datetime] = {}
    query = select(energy_reading).where(_r.month.between(first, last)).order_by(_r.version)
    if as_of is not None:
        query = query.where(_r.entered_at <= as_of)
    for row in _by_thousands(tx, query, _r.unit_id, ids):
        place = row.unit_id, row.carrier, row.month
        told[place][row.source, row.meter] = row.value_milli
        if row.version == 1:
            at = since.get((*place, row.source))
            since[*place, row.source] = max(at, row.entered_at) if at else row.entered_at
    for (unit, kind, month), milli in meters.unit_use(tx, tops, first, last).items():
        told[unit, kind, month]["meter", ""] = milli
    found: dict[int, dict[Key, Cell]] = defaultdict(dict)
    for (unit, carrier, month), rows in told.items():
        best = counted(rows)
        if best:
            found[unit][carrier, month] = Cell(best[1], best[0], since.get((unit, carrier, month, best[0])))
    return found


def _by_thousands(tx: Tx, query: Any, column: Any, ids: Sequence[int]) -> Iterator[Any]:
    """Rows of many units, so that no statement carries more numbers than a database takes."""
    for start in range(0, len(ids), THOUSANDS):
        yield from tx.rows(query.where(column.in_(ids[start : start + THOUSANDS])))


def _cells(of: int, below: Mapping[int, Sequence[int]], own: Mapping[int, Mapping[Key, Cell]]) -> dict[Key, Cell]:
    """A unit's own figure where it has one, else its parts' together."""
    summed: dict[Key, list[Cell]] = defaultdict(list)
    for part in below.get(of, ()):
        for key, cell in _cells(part, below, own).items():
            summed[key].append(cell)
    found = {key: _together(those) for key, those in summed.items()}
    return found | dict(own.get(of, {}))


def _together(those: Sequence[Cell]) -> Cell:
    times = [cell.first_at for cell in those if cell.first_at]
    source = those[0].source if len({cell.source for cell in those}) == 1 else "parts"
    return Cell(sum(cell.milli for cell in those), source, max(times, default=None), len(those))


def _own_sizes(tx: Tx, ids: Sequence[int], as_of: datetime | None) -> dict[str, dict[int, dict[date, int]]]:
    found: dict[str, dict[int, dict[date, int]]] = {"area": defaultdict(dict), "heads": defaultdict(dict)}
    query = select(energy_size).order_by(_s.id)
    if as_of is not None:
        query = query.where(_s.entered_at <= as_of)
    for row in _by_thousands(tx, query, _s.unit_id, ids):  # a later row for the same day corrects the earlier one
        found[row.what][row.unit_id][row.from_on] = row.value_milli
    return found


def _sizes(
    of: int, below: Mapping[int, Sequence[int]], own: Mapping[int, Mapping[date, int]]
) -> list[tuple[date, int]]:
    """A unit's own sizes by day, else those of its parts added up from day to day."""
    if own.get(of):
        return sorted(own[of].items())
    parts = [_sizes(part, below, own) for part in below.get(of, ())]
    days = sorted({day for each in parts for day, _ in each})
    return [(day, sum(([n for since, n in each if since <= day] or [0])[-1] for each in parts)) for day in days]


def _targets(tx: Tx, ids: Sequence[int]) -> dict[int, Any]:
    return {row.unit_id: row for row in tx.rows(select(energy_target).where(_t.unit_id.in_(ids)).order_by(_t.id))}


def _quota_rows(tx: Tx, units: Sequence[Unit]) -> list[Any]:
    kinds, ids = sorted({unit.kind for unit in units}), [unit.id for unit in units]
    return list(tx.rows(select(energy_quota).where(_q.kind.in_(kinds), or_(_q.unit_id.is_(None), _q.unit_id.in_(ids)))))


def _target(row: Any) -> Target:
    points = {int(year): Fraction(value) for year, value in row.points.items()}
    return Target(row.measure, row.shape, row.base_year, Fraction(row.base), points)


def _quota(row: Any) -> Quota:
    guide, advanced = (Fraction(text) if text else None for text in (row.guide, row.advanced))
    return Quota(row.measure, Fraction(row.upper), guide, advanced, row.source, row.from_year)
