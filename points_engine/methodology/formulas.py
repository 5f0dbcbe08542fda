"""The few named formulas: what one unit of an act saves, and how that is written down.

Figures arrive in base units (grams of CO2e, kWh, km) and stay exact fractions: 182 ÷ 3 has no
decimal, and nothing is rounded before the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import prod

from points_engine.methodology import dimensions
from points_engine.methodology.model import Factor, Scenario, Version
from points_engine.units import displayed

Inputs = Mapping[str, Decimal | str]
Product = tuple[Factor, ...]


@dataclass(frozen=True)
class Figures:
    """The rows in force on one day."""

    baseline: tuple[Product, ...]
    activity: tuple[Product, ...]
    times: Product


def figures_on(version: Version, day: date) -> Figures:
    def rows(scenario: Scenario) -> tuple[Product, ...]:
        return tuple(tuple(series.on(day) for series in term) for term in scenario)

    return Figures(rows(version.baseline), rows(version.activity), tuple(s.on(day) for s in version.times))


@dataclass(frozen=True)
class Formula:
    """How grams per unit come about; `inputs` it needs; `per` is what its scenarios are per."""

    zh: str
    en: str
    rate: Callable[[Figures, Inputs], Fraction]
    working: Callable[[Figures, Inputs], str]
    inputs: tuple[str, ...] = ()
    input_unit: dimensions.Unit = dimensions.ONE


def _total(terms: tuple[Product, ...]) -> Fraction:
    return sum((_product(term) for term in terms), Fraction(0))


def _product(term: Product) -> Fraction:
    return prod((factor.exact for factor in term), start=Fraction(1))


def _number(inputs: Inputs, name: str) -> Fraction:
    return Fraction(Decimal(inputs[name]))


def _saving(figures: Figures, inputs: Inputs) -> Fraction:
    difference = _total(figures.baseline) - _total(figures.activity)
    return max(Fraction(0), difference) * _product(figures.times)


def _shared_ride(figures: Figures, inputs: Inputs) -> Fraction:
    share_of_car = _total(figures.activity) / _number(inputs, "n")
    return max(Fraction(0), _total(figures.baseline) - share_of_car)


def _replacement(figures: Figures, inputs: Inputs) -> Fraction:
    saved = _number(inputs, "kwh_reference") - _number(inputs, "kwh_product")
    return max(Fraction(0), saved) * _total(figures.baseline)


def _nothing(figures: Figures, inputs: Inputs) -> Fraction:
    return Fraction(0)


def _write(factors: Product) -> str:
    return " × ".join(f"{displayed(factor.exact):f}" for factor in factors)


def _sum(terms: tuple[Product, ...]) -> str:
    return " + ".join(_write(term) for term in terms)


def _saving_working(figures: Figures, inputs: Inputs) -> str:
    words = _sum(figures.baseline)
    if figures.activity:
        taken = _sum(figures.activity)
        words = f"({words} − {f'({taken})' if len(figures.activity) > 1 else taken})"
    elif len(figures.baseline) > 1:
        words = f"({words})"
    return " × ".join([words, *([_write(figures.times)] if figures.times else [])])


def _shared_ride_working(figures: Figures, inputs: Inputs) -> str:
    return f"({_sum(figures.baseline)} − {_sum(figures.activity)} ÷ {inputs['n']})"


def _replacement_working(figures: Figures, inputs: Inputs) -> str:
    saved = f"{inputs['kwh_reference']} − {inputs['kwh_product']}"
    return f"({saved}) × {_sum(figures.baseline)}"


FORMULAS: Mapping[str, Formula] = {
    "saving": Formula(
        "数量 × (基准线情景 − 行为情景) × 凭证系数",
        "quantity × (baseline − activity) × evidence",
        _saving,
        _saving_working,
    ),
    "shared_ride": Formula(
        "数量 × max(0, 基准线情景 − 整车排放 ÷ 车上人数) × 凭证系数",
        "quantity × max(0, baseline − car ÷ people aboard) × evidence",
        _shared_ride,
        _shared_ride_working,
        ("n",),
    ),
    "replacement": Formula(
        "数量 × max(0, 参照年用电量 − 产品年用电量) × 电网排放因子 × 凭证系数",
        "quantity × max(0, kWh reference − kWh product) × grid factor × evidence",
        _replacement,
        _replacement_working,
        ("kwh_reference", "kwh_product"),
        dimensions.parse("kWh"),
    ),
    "points_only": Formula("只计积分，不计减排量", "points only, no grams claimed", _nothing, lambda f, i: ""),
}
