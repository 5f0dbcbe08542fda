"""What a unit's people did together: sums over days, and the rule that hides sums of fewer than five."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import case, func, literal, select, text

from points_engine.clock import days_of, month_of
from points_engine.errors import Invalid
from webapp.green_units import months, queries
from webapp.green_units.months import SUMS, Raw, raw, together
from webapp.green_units.parts import people_in
from webapp.green_units.queries import Unit
from webapp.green_units.tables import membership
from webapp.green_units.tree import Tree, tree_of
from webapp.ledger.queries import days
from webapp.store import Tx

FEWEST = queries.FEWEST
BAR_TOP = 100


@dataclass(frozen=True, slots=True)
class Sum:
    """Grams of a group of `people` who acted; None in place of grams that too few people stand behind.

    `apart`: whether enough stand behind each half to show the two apart, and not only together.
    """

    declared_g: int | None
    verified_g: int | None
    people: int | None
    apart: bool = True

    @property
    def grams(self) -> int | None:
        return None if self.declared_g is None or self.verified_g is None else self.declared_g + self.verified_g

    @property
    def hidden(self) -> bool:
        return self.declared_g is None


HIDDEN = Sum(None, None, None)


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the month chart; the height is of 100."""

    day: date
    sum: Sum
    height: int


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """One department this month."""

    id: int
    name: str
    members: int
    sum: Sum


@dataclass(frozen=True, slots=True)
class UnitPage:
    """The page of a unit for its members and its admins; never one person's acts."""

    unit: Unit
    members: int
    month: str
    month_before: str | None
    month_after: str | None
    this_month: Sum
    total: Sum
    active: int | None
    rate: int | None
    bars: Sequence[Bar]
    departments: Sequence[DepartmentLine]

    @property
    def small(self) -> bool:
        """Too few people for any figure."""
        return self.rate is None and self.members < FEWEST


def unit_page(tx: Tx, unit: Unit, today: date, month: str | None = None) -> UnitPage:
    """All figures of a unit for one month (default: the current one) and since its beginning."""
    month = read_month(month, today)
    first, last = days_of(month)
    members = queries.member_counts(tx, [unit.id])[unit.id]
    active = _active_now(tx, unit, first, last)
    small = not unit.is_family and members < FEWEST
    traceable = small or (not unit.is_family and 0 < active < FEWEST)
    known = months.life(tx, unit.id, month_of(today))
    away = set(known) if small else set() if unit.is_family else months.hidden(known, month_of(today))
    return UnitPage(
        unit=unit,
        members=members,
        month=month,
        month_before=_neighbour(month, -1, unit, today),
        month_after=_neighbour(month, 1, unit, today),
        this_month=HIDDEN if small or month in away else shown(unit, known.get(month, Raw())),
        total=_total(known, away),
        active=None if traceable else active,
        rate=None if traceable or not members else active * 100 // members,
        bars=_bars(tx, unit, first, min(last, today), small or month in away),
        departments=[] if small or unit.is_family or month in away else _departments(tx, unit, first, last),
    )


def _total(known: Mapping[str, Raw], away: set[str]) -> Sum:
    """What the months add up to that are shown: with the others in it, the difference would tell them."""
    those = months.shown(known, away)
    if away and not any(one.people for one in those):
        return HIDDEN
    return Sum(sum(one.declared_g for one in those), sum(one.verified_g for one in those), None)


@dataclass(frozen=True, slots=True)
class PartPage:
    """One part of a unit in one month, for its own administrators and the unit's."""

    unit: Unit
    part: Unit
    path: str
    members: int
    month: str
    month_before: str | None
    month_after: str | None
    sum: Sum
    rate: int | None
    departments: Sequence[DepartmentLine]


def part_page(tx: Tx, unit: Unit, part: Unit, today: date, month: str | None = None) -> PartPage:
    """The figures of a part with everything under it; hidden where the page above hides it."""
    month = read_month(month, today)
    first, last = days_of(month)
    tree = tree_of(tx, unit.id)
    way = tree.way_to(part.id)
    here = tree.below(part.id)
    counts = people_in(tx, unit.id)
    members = sum(counts.get(one, 0) for one in here)
    away = months.hidden(months.life(tx, unit.id, month_of(today)), month_of(today))
    open_ = (
        members >= FEWEST
        and month not in away
        and _shown_from_above(tx, tree, [unit.id, *(one.id for one in way)], first, last)
    )
    inside = membership.c.department_id.in_(sorted(here))
    acted = _sum(tx, unit, first, last, inside) if open_ else HIDDEN
    active = _active_now(tx, unit, first, last, inside) if open_ else 0
    return PartPage(
        unit=unit,
        part=part,
        path="/".join(one.name for one in way),
        members=members,
        month=month,
        month_before=_neighbour(month, -1, unit, today),
        month_after=_neighbour(month, 1, unit, today),
        sum=acted,
        rate=None if acted.hidden or active < FEWEST else active * 100 // members,
        departments=[] if acted.hidden else _lines(tx, tree, part.id, counts, first, last),
    )


def _shown_from_above(tx: Tx, tree: Tree, way: Sequence[int], first: date, last: date) -> bool:
    """Whether no page on the way down hides the next part: a part of few, and one that would give it away."""
    return all(
        below not in _hidden(tree, above, _groups(tx, tree, above, first, last)) for above, below in pairwise(way)
    )


def read_month(text: str | None, today: date) -> str:
    """A month as 2026-06, not after the current one; Invalid for anything else."""
    if not text:
        return month_of(today)
    try:
        first, _ = days_of(text)
    except ValueError:
        raise Invalid({"month": "invalid"}) from None
    if len(text) != 7 or first > today or first.year < 2020:
        raise Invalid({"month": "invalid"})
    return text


def hide(people: Sequence[int]) -> set[int]:
    """Which of several groups to hide, given how many acted in each.

    Groups of one to four people, and with them the smallest of five and more, or the difference from the
    total would tell what they did: one person may stand in several of them, on every Saturday or in two
    departments, so that small groups together are not yet five people.
    """
    hidden = {i for i, n in enumerate(people) if 0 < n < FEWEST}
    rest = sorted((n, i) for i, n in enumerate(people) if n >= FEWEST)
    return hidden | {rest[0][1]} if hidden and rest else hidden


def _sum(tx: Tx, unit: Unit, first: date, last: date, *inside: Any) -> Sum:
    row = tx.row(select(*SUMS).select_from(together(first, last)).where(membership.c.unit_id == unit.id, *inside))
    assert row is not None
    return shown(unit, raw(row))


def shown(unit: Unit, found: Raw) -> Sum:
    """The sum as it may be seen."""
    if not unit.is_family and 0 < found.people < FEWEST:
        return HIDDEN
    few = any(0 < n < FEWEST for n in (found.declarers, found.verifiers))
    return Sum(found.declared_g, found.verified_g, found.people, unit.is_family or not few)


def _active_now(tx: Tx, unit: Unit, first: date, last: date, *inside: Any) -> int:
    """How many of today's members acted in the period while they belonged."""
    return int(
        tx.scalar(
            select(func.count(func.distinct(membership.c.member_id)))
            .select_from(together(first, last))
            .where(membership.c.unit_id == unit.id, membership.c.left_on.is_(None), days.c.acts > 0, *inside)
        )
        or 0
    )


def _bars(tx: Tx, unit: Unit, first: date, last: date, small: bool) -> list[Bar]:
    """One bar a day from the first to the last day, empty days too."""
    dates = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    if small or not dates:
        return []
    rows = tx.rows(
        select(days.c.day, *SUMS)
        .select_from(together(first, last))
        .where(membership.c.unit_id == unit.id)
        .group_by(days.c.day)
    )
    by_day = {row.day: raw(row) for row in rows}
    found = [by_day.get(day, Raw()) for day in dates]
    hidden = set() if unit.is_family else hide_days(dates, [each.people for each in found])
    top = max((one.declared_g + one.verified_g for i, one in enumerate(found) if i not in hidden), default=0) or 1
    return [
        Bar(day, HIDDEN, 0)
        if i in hidden
        else Bar(
            day, Sum(one.declared_g, one.verified_g, one.people), (one.declared_g + one.verified_g) * BAR_TOP // top
        )
        for i, (day, one) in enumerate(zip(dates, found, strict=True))
    ]


def hide_days(dates: Sequence[date], people: Sequence[int]) -> set[int]:
    """Which days of a month to hide: boards show whole weeks and months, so each week is looked at, then the month."""
    weeks: dict[tuple[int, int], list[int]] = {}
    for i, day in enumerate(dates):
        weeks.setdefault(day.isocalendar()[:2], []).append(i)
    hidden = {those[n] for those in weeks.values() for n in hide([people[i] for i in those])}
    large = sorted((n, i) for i, n in enumerate(people) if n >= FEWEST)
    if hidden and large and not any(i in hidden for _, i in large):
        hidden.add(large[0][1])
    return hidden


def _departments(tx: Tx, unit: Unit, first: date, last: date) -> list[DepartmentLine]:
    """The parts right under a unit, each with everything under it, this month."""
    tree = tree_of(tx, unit.id)
    return _lines(tx, tree, unit.id, people_in(tx, unit.id), first, last) if tree.parts else []


def _lines(
    tx: Tx, tree: Tree, above: int, counts: dict[int | None, int], first: date, last: date
) -> list[DepartmentLine]:
    """Parts of five people or more; a part of few is not even named with its sum."""
    named = tree.children(above)
    if not named:
        return []
    sums = _groups(tx, tree, above, first, last)
    hidden = _hidden(tree, above, sums)
    lines = []
    for part in named:
        members = sum(counts.get(one, 0) for one in tree.below(part.id))
        few = part.id in hidden or members < FEWEST
        lines.append(DepartmentLine(part.id, part.name, members, HIDDEN if few else Sum(*sums.get(part.id, (0, 0, 0)))))
    return lines


def _groups(tx: Tx, tree: Tree, above: int, first: date, last: date) -> dict[int, tuple[int, int, int]]:
    """Sums of the parts right under `above`, by part; under 0 the people of none of them."""
    place = {one: part.id for part in tree.children(above) for one in tree.below(part.id)}
    group = case(place, value=membership.c.department_id, else_=0) if place else literal(0)
    query = select(group.label("part"), *SUMS).select_from(together(first, last))
    query = query.where(membership.c.unit_id == tree.unit_id)
    if above != tree.unit_id:
        query = query.where(membership.c.department_id.in_(sorted(tree.below(above))))
    return {
        r.part: (int(r.declared_g), int(r.verified_g), int(r.people)) for r in tx.rows(query.group_by(text("part")))
    }


def _hidden(tree: Tree, above: int, sums: dict[int, tuple[int, int, int]]) -> set[int]:
    """The parts under `above` that are not shown; those in no part are a group as well."""
    groups = [part.id for part in tree.children(above)] + [0]
    return {groups[i] for i in hide([sums.get(one, (0, 0, 0))[2] for one in groups])}


def _neighbour(month: str, step: int, unit: Unit, today: date) -> str | None:
    first, last = days_of(month)
    day = first - timedelta(days=1) if step < 0 else last + timedelta(days=1)
    if day > today or (step < 0 and day < date(2020, 1, 1)):
        return None
    return month_of(day)
