"""A unit's year in exact figures as pages, files, posters and publications tell it: worked out from a book and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from points_engine import energy as rules
from points_engine.energy import CARRIERS, MONTHS, Book, Quota, Target, change, months_of, per_quota, shown
from webapp.energy.books import Account

PLACES = {
    "coal": 1,
    "area": 2,
    "head": 2,
    "water": 2,
    "power_head": 1,
    "power_area": 2,
    "size_area": 2,
    "size_heads": 1,
}


def figures(book: Book, target: Target | None, quotas: Mapping[str, Quota], year: int) -> dict[str, Any]:
    """The year beside the same months of the year before; numbers are text as they are printed, None where unknown."""
    months = book.told(year)
    before = [f"{year - 1}{m[4:]}" for m in months]
    comparable = bool(months) and set(before) <= set(book.told(year - 1))

    def pair(now: Fraction | None, then: Fraction | None, places: int) -> dict[str, str | None]:
        moved = change(now, then) if comparable else None
        return {
            "now": None if now is None else shown(now, places),
            "before": None if then is None or not comparable else shown(then, places),
            "change": None if moved is None else ("+" if moved > 0 else "") + shown(moved, 1),
        }

    def over(top: Fraction | None, size: Fraction | None) -> Fraction | None:
        return top / size if top is not None and size else None

    state = rules.standing(book, year, target, quotas)
    power = [book.value("electricity", each) for each in (months, before)]
    water = [book.value("water", each) for each in (months, before)]
    areas, heads = ([book.size(which, each) for each in (months, before)] for which in ("area", "heads"))
    coal = [book.value("total", each) for each in (months, before)]
    return {
        "year": year,
        "months": len(months),
        "complete": state.complete,
        "carriers": {
            code: pair(book.amount(code, months), book.amount(code, before), 1)
            for code in CARRIERS
            if any((code, m) in book.uses for m in (*months, *before))
        },
        "coal": pair(coal[0], coal[1], PLACES["coal"]),
        "area": pair(over(coal[0], areas[0]), over(coal[1], areas[1]), PLACES["area"]),
        "head": pair(over(coal[0], heads[0]), over(coal[1], heads[1]), PLACES["head"]),
        "power_area": pair(over(power[0], areas[0]), over(power[1], areas[1]), PLACES["power_area"]),
        "power_head": pair(over(power[0], heads[0]), over(power[1], heads[1]), PLACES["power_head"]),
        "water": pair(over(water[0], heads[0]), over(water[1], heads[1]), PLACES["water"]),
        "size_area": pair(areas[0], areas[1], PLACES["size_area"]),
        "size_heads": pair(heads[0], heads[1], PLACES["size_heads"]),
        "quotas": {name: _quota(book, year, quota, state.levels[name]) for name, quota in sorted(quotas.items())},
        "status": state.status,
        "target": _target(state, target),
    }


def _quota(book: Book, year: int, quota: Quota, level: str) -> dict[str, Any]:
    return {
        "value": shown(per_quota(book, year, quota.measure)) if level != "none" else None,
        "upper": shown(quota.constraint),
        "guide": None if quota.guide is None else shown(quota.guide),
        "advanced": None if quota.advanced is None else shown(quota.advanced),
        "source": quota.source,
        "from_year": quota.from_year,
        "level": level,
    }


def _target(state: rules.Standing, target: Target | None) -> dict[str, Any] | None:
    if target is None or state.whole_goal is None:
        return None
    return {
        "measure": target.measure,
        "base_year": target.base_year,
        "base": shown(target.base),
        "goal": shown(state.whole_goal),
        "goal_so_far": shown(state.goal),
        "value": None if state.value is None else shown(state.value),
        "share": shown(state.share * 100, 1),
        "met": state.met,
    }


def inputs(account: Account, year: int) -> dict[str, Any]:
    """Everything that the figures of a year rest on, as it can be kept and worked out again."""
    years = (str(year - 1), str(year))
    target, row = account.target, account.target_row
    return {
        "kind": account.unit.kind,
        "cells": sorted(
            [carrier, month, cell.milli, cell.source, cell.parts]
            for (carrier, month), cell in account.cells.items()
            if month[:4] in years
        ),
        "areas": [[day.isoformat(), n] for day, n in account.book.areas],
        "heads": [[day.isoformat(), n] for day, n in account.book.heads],
        "quotas": {
            q.measure: [str(q.constraint), *(None if n is None else str(n) for n in (q.guide, q.advanced)), q.source, q.from_year]
            for q in account.quotas(year).values()
        },
        "target": None
        if target is None
        else [target.measure, target.shape, target.base_year, str(target.base), dict(row.points)],
    }  # fmt: skip


def again(kept: Mapping[str, Any], year: int) -> dict[str, Any]:
    """The figures once more, from what was kept."""
    uses = {(carrier, month): milli for carrier, month, milli, _, _ in kept["cells"]}
    areas, heads = ([(date.fromisoformat(day), n) for day, n in kept[which]] for which in ("areas", "heads"))
    quotas = {
        name: Quota(name, Fraction(upper), _fraction(guide), _fraction(advanced), source, since)
        for name, (upper, guide, advanced, source, since) in kept["quotas"].items()
    }
    target = None
    if kept["target"]:
        measure, shape, base_year, base, points = kept["target"]
        target = Target(measure, shape, base_year, Fraction(base), {int(y): Fraction(n) for y, n in points.items()})
    return figures(Book(uses, areas, heads), target, quotas, year)


def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


# --- the chart ----------------------------------------------------------------------------------------

LEFT, WIDE, TOP, BOTTOM = 44, 23, 12, 152
TOO_HIGH = 2  # a quota so many times the tallest bar is not drawn


@dataclass(frozen=True, slots=True)
class Chart:
    """Whole coordinates in a box of 320 by 176: bars of two years, the path and the quota as lines, marks at the side."""

    bars: Sequence[tuple[int, int, int, bool]]
    path: str
    quota: str
    marks: Sequence[tuple[int, str]]
    months: Sequence[tuple[int, int]]
    unit: str
    months_now: Sequence[Fraction | None]
    months_before: Sequence[Fraction | None]
    months_goal: Sequence[Fraction | None]


def series(book: Book, year: int, show: str) -> list[Fraction | None]:
    """Twelve months of coal equivalents, or of one carrier; None where nothing was told."""
    found: list[Fraction | None] = []
    for month in months_of(year):
        if show == "total":
            found.append(book.coal([month]) if any(m == month for _, m in book.uses) else None)
        else:
            found.append(book.amount(show, [month]) if (show, month) in book.uses else None)
    return found


def chart(book: Book, target: Target | None, quotas: Mapping[str, Quota], year: int, show: str = "total") -> Chart:
    """This year against last; the year's goal and quota spread over the months as last year's use was, else evenly."""
    now, before = series(book, year, show), series(book, year - 1, show)
    spread = _spread(before)
    goal, most = _goal(book, target, year, show), _most(book, quotas, year, show)
    lines = [[None if whole is None else whole * part for part in spread] for whole in (goal, most)]
    drawn = max((n for each in (now, before, lines[0]) for n in each if n is not None), default=Fraction(0))
    if drawn and max((n for n in lines[1] if n is not None), default=Fraction(0)) > drawn * TOO_HIGH:
        lines[1] = [None] * MONTHS  # the bars would be flat; the table of quotas says it
    top = max((n for each in (now, before, *lines) for n in each if n is not None), default=Fraction(0)) or Fraction(1)

    def high(value: Fraction) -> int:
        return int((BOTTOM - TOP) * value / top)

    bars = [
        (LEFT + n * WIDE + shift, BOTTOM - high(value), max(1, high(value)), is_now)
        for row, shift, is_now in ((before, 2, False), (now, 12, True))
        for n, value in enumerate(row)
        if value
    ]
    path, quota = (
        " ".join(f"{LEFT + n * WIDE + 11},{BOTTOM - high(v)}" for n, v in enumerate(each) if v is not None)
        for each in lines
    )
    unit = "kgce" if show == "total" else CARRIERS[show][2]
    marks = [
        (BOTTOM - high(top * part), shown(top * part, 0 if top >= 10 else 1)) for part in (Fraction(1), Fraction(1, 2))
    ]
    months = [(LEFT + n * WIDE + 11, n + 1) for n in range(MONTHS)]
    return Chart(bars, path, quota, marks, months, unit, now, before, lines[0])


def _spread(before: Sequence[Fraction | None]) -> list[Fraction]:
    whole = sum((n for n in before if n is not None), Fraction(0))
    if whole and all(n is not None for n in before):
        return [(n or Fraction(0)) / whole for n in before]
    return [Fraction(1, MONTHS)] * MONTHS


def _goal(book: Book, target: Target | None, year: int, show: str) -> Fraction | None:
    goal = target.goal(year) if target else None
    if target is None or goal is None:
        return None
    if target.measure in ("total", "electricity", "water"):
        return goal if target.measure == show else None
    size = book.size("area" if target.measure == "area" else "heads", months_of(year))
    return goal * size if show == "total" and size else None


def _most(book: Book, quotas: Mapping[str, Quota], year: int, show: str) -> Fraction | None:
    for measure, which, of in (("area", "area", "total"), ("head", "heads", "total"), ("water", "heads", "water")):
        size = book.size(which, months_of(year))
        if of == show and measure in quotas and size:
            return quotas[measure].constraint * size
    return None
