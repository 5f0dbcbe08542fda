"""Turns one act into whole grams and whole points; caps come after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from points_engine.errors import Invalid
from points_engine.methodology.formulas import FORMULAS, Inputs, figures_on
from points_engine.methodology.model import Behaviour, Level, Version
from points_engine.units import GramsCO2e, Points, displayed, share, thousandths

NO_INPUTS: Inputs = {}


@dataclass(frozen=True, slots=True)
class Quantified:
    """What an act is worth before any cap."""

    grams: GramsCO2e
    points: Points
    methodology: str
    version: str


class Rate(NamedTuple):
    """Exact worth of one unit, as numerators and denominators."""

    grams_over: int
    grams_under: int
    points_over: int
    points_under: int
    points_only: bool


def quantify(behaviour: Behaviour, quantity: Decimal, inputs: Inputs, level: Level, on: date) -> Quantified:
    """Grams and points of `quantity` under the edition in force on the day of the act."""
    return quantify_under(behaviour.version_on(on), behaviour, quantity, inputs, level, on)


def quantify_under(
    edition: Version,
    behaviour: Behaviour,
    quantity: Decimal,
    inputs: Inputs,
    level: Level,
    on: date,
) -> Quantified:
    """Grams and points, multiplied first and rounded down once, under a named edition."""
    grams, points = worth(rate_on(edition, behaviour, inputs, level, on), thousandths(quantity))
    return Quantified(GramsCO2e(grams), Points(points), behaviour.ref, edition.version)


def rate_on(edition: Version, behaviour: Behaviour, inputs: Inputs, level: Level, on: date) -> Rate:
    """What one unit is worth under a named edition with the figures of the day."""
    return _rate(edition, behaviour, level, on, tuple(sorted(inputs.items())) if inputs else ())


def worth(rate: Rate, amount: int) -> tuple[int, int]:
    """Grams and points of `amount` thousandths of the unit."""
    grams = share(amount, rate.grams_over, rate.grams_under)
    points = share(amount, rate.points_over, rate.points_under)
    if not (amount >= 1000 if rate.points_only else grams >= 1):
        points = 0
    elif points == 0 and rate.points_over:
        points = 1  # a credited act is never worth nothing
    return grams, points


@lru_cache(maxsize=8192)
def _rate(
    edition: Version,
    behaviour: Behaviour,
    level: Level,
    on: date,
    given: tuple[tuple[str, Decimal | str], ...],
) -> Rate:
    inputs = dict(given)
    _require(behaviour, inputs)
    trust = Fraction(behaviour.coefficient_on(level, on).value)
    grams = FORMULAS[edition.formula].rate(figures_on(edition, on), inputs) * trust
    points = edition.points.rate(inputs) * trust
    only = edition.formula == "points_only"
    return Rate(*grams.as_integer_ratio(), *points.as_integer_ratio(), only)


def _require(behaviour: Behaviour, inputs: Inputs) -> None:
    missing = [each.name for each in behaviour.inputs if each.name not in inputs]
    if missing:
        raise Invalid({f"inputs.{name}": "missing" for name in missing})


def grams_per_unit(behaviour: Behaviour, on: date) -> Decimal | None:
    """Grams of one unit at full evidence, to look at; None where inputs decide."""
    version = behaviour.version_on(on)
    formula = FORMULAS[version.formula]
    if formula.inputs:
        return None
    return displayed(formula.rate(figures_on(version, on), NO_INPUTS))


def points_per_unit(behaviour: Behaviour, on: date) -> Decimal | None:
    """Points of one unit at full evidence, to look at; None where inputs decide."""
    rule = behaviour.version_on(on).points
    return None if rule.table is not None else displayed(rule.per_unit)
