"""榜单规则: size classes, the pull towards a class's mean, persons of a household, baselines and saved energy, in whole numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from points_engine.clock import days_of, week_of
from points_engine.ranking import before, kind_of

FEWEST = 5  # a smaller unit is not shown: its sum could be traced to a person
TENTHS = 10  # weights are tenths of a person
MILLI = 1000


@dataclass(frozen=True, slots=True)
class SizeClass:
    """Units of `first` to `last` people are compared with each other."""

    code: str
    first: int
    last: int | None
    zh: str
    en: str


@cache
def rules() -> Mapping[str, Any]:
    """The tables of boards.toml."""
    return tomllib.loads((Path(__file__).parent / "boards.toml").read_text("utf-8"))


@cache
def classes() -> tuple[SizeClass, ...]:
    """The size classes, smallest first."""
    return tuple(SizeClass(c["code"], c["first"], c.get("last"), c["zh"], c["en"]) for c in rules()["class"])


def class_of(people: int) -> str:
    """The class of a unit of so many people; below the first bound it is that of the smallest."""
    found = [each.code for each in classes() if people >= each.first]
    return found[-1] if found else classes()[0].code


def pull_of(family: bool) -> int:
    """How many people of the class's mean stand beside a unit's own; a family is counted as it is."""
    return 0 if family else int(rules()["shrink"]["people"])


def weight_of(people: int) -> int:
    """People in tenths."""
    return people * TENTHS


def household(adults: int, children: int) -> int:
    """Persons of a household in tenths, by the OECD-modified scale; a child alone counts as the first adult."""
    scale = rules()["household"]
    if adults + children <= 0:
        return 0
    if adults <= 0:
        adults, children = 1, children - 1
    more = (adults - 1) * int(scale["other_adult_tenths"]) + children * int(scale["child_tenths"])
    return int(scale["first_adult_tenths"]) + more


def per_person_milli(value: int, weight: int) -> int:
    """A value over people in tenths, in thousandths, rounded down; nobody has nothing."""
    return value * MILLI * TENTHS // weight if weight > 0 else 0


def share_milli(part: int, whole: int) -> int:
    """A share in thousandths of a percent, rounded down."""
    return part * 100 * MILLI // whole if whole > 0 else 0


def against_milli(value: int, weight: int, base_value: int, base_weight: int) -> int:
    """Value per person in percent of the baseline's, in thousandths of a percent, rounded down; 0 without a baseline."""
    if weight <= 0 or base_value <= 0 or base_weight <= 0:
        return 0
    return value * base_weight * 100 * MILLI // (base_value * weight)


def three_digits(number: int) -> int:
    """A number of nothing or more, rounded down to its first three digits."""
    digits = len(str(number))
    unit: int = 10 ** max(0, digits - 3)
    return number // unit * unit


def mean_milli(entries: Iterable[tuple[int, int]]) -> int:
    """The mean of (value, weight) over all people of a class, rounded down to three digits."""
    total = people = 0
    for value, weight in entries:
        total, people = total + value * weight, people + weight
    return mean_of(total, people)


def mean_of(total: int, people: int) -> int:
    """As mean_milli, from the sum of value times weight and the sum of weights."""
    return three_digits(total // people) if people > 0 else 0


def shrunk_milli(value: int, weight: int, mean: int, pull: int) -> int:
    """The value drawn towards the mean: (weight x value + pull x mean) / (weight + pull), rounded down.

    A unit of 6 people at 1 843.333 g, mean 930 g, pull 20: (60 x 1843333 + 200 x 930000) / 260 = 1140769.
    """
    extra = pull * TENTHS
    return (weight * value + extra * mean) // (weight + extra) if weight + extra > 0 else 0


def baseline_periods(period: str) -> tuple[str | None, list[str]]:
    """The same period a year earlier, and the ones just before it that make the own average otherwise."""
    kind = kind_of(period)
    if kind not in ("week", "month", "year"):
        return None, []
    earlier, found = before(period), list[str]()
    for _ in range(int(rules()["baseline"][kind])):
        if earlier is None:
            break
        found.append(earlier)
        earlier = before(earlier)
    return _year_before(period), found


def _year_before(period: str) -> str:
    year = int(period[:4]) - 1
    if kind_of(period) == "week":
        last = int(week_of(date(year, 12, 28))[6:])  # the 28th always lies in the last week of its year
        return f"{year}-W{min(int(period[6:]), last):02d}"
    return f"{year}{period[4:]}"


def baseline(year_before: tuple[int, int], earlier: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """(value, weight) to compare with: last year's if there was anything, else the own average; (0, 0) for none."""
    if year_before[0] > 0 and year_before[1] > 0:
        return year_before
    lived = [(value, weight) for value, weight in earlier if weight > 0]
    value, weight = sum(v for v, _ in lived), sum(w for _, w in lived)
    return (value, weight) if value > 0 else (0, 0)


def first_day(period: str) -> date:
    """The earliest day that a board of the period looks at, baselines included."""
    last_year, earlier = baseline_periods(period)
    return min(days_of(each)[0] for each in (period, last_year or period, *earlier))


def saved_grams(kind: str, now_milli: int, now_days: int, then_milli: int, then_days: int) -> int:
    """Grams of standard coal saved by one meter in a month against the same month last year; below 0 if it used more."""
    if now_days <= 0 or then_days <= 0:
        return 0
    coal = int(rules()["coal_equivalent_milli"].get(kind, 0))
    return (then_milli * now_days - now_milli * then_days) * coal // (then_days * MILLI * MILLI)


def day_after(period: str) -> date:
    """The first day after a period."""
    return days_of(period)[1] + timedelta(days=1)
