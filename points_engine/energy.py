"""单位能耗: a unit's year in coal equivalents, per head and per m², its target path, its quota, and the yearly score; exact fractions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from points_engine.clock import days_of

CARRIERS = {
    "electricity": ("电", "Electricity", "kWh"),
    "gas": ("天然气", "Natural gas", "m³"),
    "heat": ("热力", "Heat", "GJ"),
    "water": ("水", "Water", "m³"),
    "petrol": ("车用汽油", "Petrol of vehicles", "L"),
    "diesel": ("车用柴油", "Diesel of vehicles", "L"),
}
# What a target or a quota may be about: coal equivalents whole, per head or per m²; power; water whole (targets) or per head (quotas).
MEASURES = ("total", "head", "area", "electricity", "water")
MAIN = "electricity"  # a month is told when this carrier is; everything else may be seasonal
MILLI = 1000
MONTHS = 12
# What decides between several sources of one month, best first.
SOURCES = ("platform", "meter", "file", "typed")
STATES = ("none", "over", "behind", "on_track", "open")


@cache
def rules() -> Mapping[str, Any]:
    """The tables of energy.toml."""
    return tomllib.loads((Path(__file__).parent / "energy.toml").read_text("utf-8"))


def months_of(year: int) -> list[str]:
    """The twelve months of a year."""
    return [f"{year}-{n:02d}" for n in range(1, MONTHS + 1)]


def factor(carrier: str, month: str) -> Mapping[str, Any] | None:
    """The coal equivalent in force at the end of a month (before the first one began: that one); None for water."""
    rows = sorted((r for r in rules()["factor"] if r["carrier"] == carrier), key=lambda r: r["valid_from"])
    begun = [r for r in rows if r["valid_from"] <= days_of(month)[1]]
    return begun[-1] if begun else rows[0] if rows else None


def coal(carrier: str, milli: int, month: str) -> Fraction:
    """Kilograms of standard coal behind thousandths of a carrier's unit."""
    row = factor(carrier, month)
    return Fraction(milli, MILLI) * Fraction(row["value"]) if row else Fraction(0)


def counted(rows: Mapping[tuple[str, str], int]) -> tuple[str, int] | None:
    """Which figure of a month counts, of all told by (source, meter): the best source whole; its total, or its meters together."""
    for source in SOURCES:
        found = {meter: milli for (told, meter), milli in rows.items() if told == source}
        if found:
            return source, found[""] if "" in found else sum(found.values())
    return None


@dataclass(frozen=True, slots=True)
class Book:
    """What is known of a unit: thousandths by (carrier, month), and areas and heads in thousandths by the day they hold from."""

    uses: Mapping[tuple[str, str], int]
    areas: Sequence[tuple[date, int]] = ()
    heads: Sequence[tuple[date, int]] = ()

    def told(self, year: int, carrier: str = MAIN) -> list[str]:
        """The months of a year that have a figure of the carrier."""
        return [m for m in months_of(year) if (carrier, m) in self.uses]

    def complete(self, year: int, measure: str = "total") -> bool:
        """Whether all twelve months are told."""
        return len(self.told(year, "water" if measure == "water" else MAIN)) == MONTHS

    def amount(self, carrier: str, months: Iterable[str]) -> Fraction:
        """A carrier's use in its own unit."""
        return Fraction(sum(self.uses.get((carrier, m), 0) for m in months), MILLI)

    def coal(self, months: Iterable[str]) -> Fraction:
        """综合能耗 in kilograms of standard coal."""
        wanted = set(months)
        return sum((coal(c, milli, m) for (c, m), milli in self.uses.items() if m in wanted), Fraction(0))

    def size(self, which: str, months: Sequence[str]) -> Fraction | None:
        """The mean of area or heads over those of the months in which it is known."""
        rows = sorted(self.areas if which == "area" else self.heads)
        held = [[n for day, n in rows if day <= days_of(m)[1]] for m in months]
        known = [each[-1] for each in held if each]
        return Fraction(sum(known), MILLI * len(known)) if known and sum(known) else None

    def value(self, measure: str, months: Sequence[str]) -> Fraction | None:
        """A measure over some months; None where it cannot be told."""
        if measure in ("electricity", "water"):
            return self.amount(measure, months) if any((measure, m) in self.uses for m in months) else None
        if not any(m in months for _, m in self.uses):
            return None
        if measure == "total":
            return self.coal(months)
        size = self.size(measure, months)
        return self.coal(months) / size if size else None


@dataclass(frozen=True, slots=True)
class Target:
    """A path from a base year: points by year; `line` runs straight between them, `steps` holds each until the next."""

    measure: str
    shape: str
    base_year: int
    base: Fraction
    points: Mapping[int, Fraction]

    def goal(self, year: int) -> Fraction | None:
        """Where the path stands in a year; None before its base, the last point after its end."""
        if year < self.base_year or not self.points:
            return None
        knots = sorted({self.base_year: self.base, **self.points}.items())
        before = [knot for knot in knots if knot[0] <= year][-1]
        after = next((knot for knot in knots if knot[0] > year), None)
        if self.shape == "steps" or after is None:
            return before[1]
        return before[1] + (after[1] - before[1]) * Fraction(year - before[0], after[0] - before[0])


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota of a measure: above `constraint` is over; `guide` and `advanced` are better."""

    measure: str
    constraint: Fraction
    guide: Fraction | None
    advanced: Fraction | None
    source: str
    from_year: int

    def level(self, value: Fraction | None) -> str:
        """advanced, guide, constraint, over, or none without a value."""
        if value is None:
            return "none"
        for name, bound in (("advanced", self.advanced), ("guide", self.guide), ("constraint", self.constraint)):
            if bound is not None and value <= bound:
                return name
        return "over"


def default_quotas(kind: str, year: int) -> dict[str, Quota]:
    """The quotas shipped for a kind of unit, by measure: of those in force the latest."""
    found: dict[str, Quota] = {}
    for row in sorted(rules()["quota"], key=lambda r: r["from_year"]):
        if row["kind"] == kind and row["from_year"] <= year:
            guide, advanced = (Fraction(row[n]) if n in row else None for n in ("guide", "advanced"))
            found[row["measure"]] = Quota(
                row["measure"], Fraction(row["constraint"]), guide, advanced, row["source"], row["from_year"]
            )
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How a year stands: the target's value and goal (both of the months told so far), quota levels, and what follows."""

    status: str
    met: bool | None
    value: Fraction | None
    goal: Fraction | None
    whole_goal: Fraction | None
    share: Fraction
    levels: Mapping[str, str]
    complete: bool


def standing(book: Book, year: int, target: Target | None, quotas: Mapping[str, Quota]) -> Standing:
    """Judge a year: no data; over a quota; behind the path; on track; open where there is no target to judge by.

    A year that is not whole yet is held against the part of goal and quota that the same months made up last year.
    """
    measure = target.measure if target else "total"
    carrier = "water" if measure == "water" else MAIN
    months = book.told(year, carrier)
    whole, share = book.complete(year, measure), share_of(book, year, measure)
    goal = target.goal(year) if target else None
    value = book.value(measure, months) if months else None
    met = None if goal is None or value is None or not whole else value <= goal
    levels = {name: _level(book, year, quota) for name, quota in quotas.items()}
    if value is None and not any(level != "none" for level in levels.values()):
        status = "none"
    elif "over" in levels.values():
        status = "over"
    elif value is None:
        status = "none"
    elif goal is None:
        status = "open"
    else:
        status = "on_track" if value <= goal * share else "behind"
    so_far = None if goal is None else goal * share
    return Standing(status, met, value, so_far, goal, share, levels, whole)


def share_of(book: Book, year: int, measure: str) -> Fraction:
    """Which part of a year the months told so far make up: by last year's own use where that is whole, else by their number."""
    carrier = "water" if measure == "water" else MAIN
    months, before = book.told(year, carrier), months_of(year - 1)
    if len(months) == MONTHS:
        return Fraction(1)
    if book.complete(year - 1, measure):
        plain = "total" if measure in ("head", "area") else measure
        same = book.value(plain, [f"{year - 1}{m[4:]}" for m in months]) or Fraction(0)
        whole = book.value(plain, before)
        if whole:
            return same / whole
    return Fraction(len(months), MONTHS)


def per_quota(book: Book, year: int, measure: str) -> Fraction | None:
    """The year's value that a quota is about: coal per m² or head, water per head."""
    months = book.told(year, "water" if measure == "water" else MAIN)
    if measure != "water":
        return book.value(measure, months) if months else None
    heads, water = book.size("heads", months), book.value("water", months)
    return water / heads if heads and water is not None else None


def _level(book: Book, year: int, quota: Quota) -> str:
    value = per_quota(book, year, quota.measure)
    share = share_of(book, year, quota.measure)
    return quota.level(value / share if value is not None and share else None)


# --- the yearly score ---------------------------------------------------------------------------------

LEVEL_POINTS = {"advanced": 20, "guide": 16, "constraint": 12, "over": 0, "none": 0}


@dataclass(frozen=True, slots=True)
class ScoreInputs:
    """What a year's score is made of; `level` is None where no quota applies, and then that item is left out."""

    met: bool | None
    level: str | None
    in_time: int
    ticked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Score:
    """Points by item (None: does not apply), their sum out of 100, the grade."""

    items: Mapping[str, int | None]
    total: int
    grade: str


def score(given: ScoreInputs) -> Score:
    """The yearly score: a starred item at nothing fails the year, items that do not apply are left out of the hundred."""
    items: dict[str, int | None] = {}
    for item in rules()["item"]:
        code, most = item["code"], int(item["points"])
        if item.get("managed"):
            items[code] = most if code in given.ticked else 0
        elif code == "target":
            items[code] = most if given.met else 0
        elif code == "quota":
            items[code] = None if given.level is None else LEVEL_POINTS[given.level]
        else:
            items[code] = most * min(MONTHS, given.in_time) // MONTHS
    tops = {item["code"]: int(item["points"]) for item in rules()["item"]}
    full = sum(tops[code] for code, points in items.items() if points is not None)
    total = sum(points for points in items.values() if points is not None) * 100 // full
    starred = [item["code"] for item in rules()["item"] if item.get("starred")]
    failed = any(items[code] == 0 for code in starred)
    grade = "fail" if failed else next(g["code"] for g in rules()["grade"] if total >= int(g["from"]))
    return Score(items, total, grade)


def managed_items() -> list[str]:
    """The items that staff tick with evidence."""
    return [item["code"] for item in rules()["item"] if item.get("managed")]


def deadline(month: str) -> date:
    """The last day on which a month is told in time."""
    after = days_of(month)[1].toordinal() + 1
    return date.fromordinal(after + int(rules()["scorecard"]["late_after_day"]) - 1)


# --- words of numbers ---------------------------------------------------------------------------------


def shown(value: Fraction | None, places: int = 2) -> str:
    """A number as it is printed: rounded half up, without idle zeros, thousands set apart."""
    if value is None:
        return "–"
    scale = 10**places
    whole, part = divmod(int(abs(value) * scale + Fraction(1, 2)), scale)
    text = f"{whole:,}" + (f".{part:0{places}d}".rstrip("0").rstrip(".") if places else "")
    return f"−{text}" if value < 0 and text != "0" else text


def change(now: Fraction | None, before: Fraction | None) -> Fraction | None:
    """By how many per cent a figure differs from last year's."""
    return None if now is None or not before else (now - before) * 100 / before
