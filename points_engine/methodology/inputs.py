"""Reads what a person or a program sends about an act; everything absurd is refused by code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from points_engine.errors import Invalid
from points_engine.methodology.model import Behaviour, Input
from points_engine.units import STEP, plain

# ASCII digits only: no full-width ones, blanks, exponents or thousands separators.
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


def parse_number(text: str) -> Decimal:
    """The number a form field holds."""
    if not NUMBER.fullmatch(text):
        raise Invalid({"quantity": "not_a_number"})
    return Decimal(text)


def read_quantity(
    behaviour: Behaviour, value: Decimal | int, unit: str | None = None, *, on: date | None = None
) -> Decimal:
    """The quantity in its canonical form, within the bounds of the edition of the day, or of the newest."""
    if unit is not None and unit not in (behaviour.unit, behaviour.unit_zh, behaviour.unit_en):
        raise Invalid({"quantity": "unit_mismatch"})
    bounds = behaviour.bounds_on(on) if on else behaviour.versions[-1].bounds
    value = _decimal(value)
    problem = _problem(value, bounds.least, bounds.most)
    if problem is None and behaviour.whole and value != value.to_integral_value():
        problem = "must_be_whole"
    if problem:
        raise Invalid({"quantity": problem})
    return plain(value)


def _decimal(value: object) -> Decimal:
    """Whole numbers and decimals as they are; everything else is no number at all."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value if isinstance(value, Decimal) else Decimal("NaN")


def _problem(value: Decimal, least: Decimal, most: Decimal) -> str | None:
    if not value.is_finite():
        return "not_a_number"
    if value <= 0:
        return "must_be_positive"
    if value > most:
        return "out_of_bounds"
    if value != value.quantize(STEP):
        return "too_many_decimals"
    return "out_of_bounds" if value < least else None


def read_inputs(behaviour: Behaviour, raw: Mapping[str, object]) -> dict[str, Decimal | str]:
    """Every input the formula asks for, and nothing else; all problems are told together."""
    known = {each.name: each for each in behaviour.inputs}
    problems = {f"inputs.{name}": "unknown" for name in raw if name not in known}
    values: dict[str, Decimal | str] = {}
    for name, asked in known.items():
        if raw.get(name) in (None, ""):
            problems[f"inputs.{name}"] = "missing"
            continue
        value, problem = _read_input(asked, raw[name])
        if problem:
            problems[f"inputs.{name}"] = problem
        values[name] = value
    if problems:
        raise Invalid(problems)
    return values


def _read_input(asked: Input, value: object) -> tuple[Decimal | str, str | None]:
    if asked.kind == "choice":
        return str(value), None if value in asked.open else "not_a_choice"
    number = Decimal(value) if isinstance(value, str) and NUMBER.fullmatch(value) else _decimal(value)
    problem = _problem(number, asked.least, asked.most)
    if problem is None and asked.kind == "integer" and number != number.to_integral_value():
        problem = "must_be_whole"
    return ("", problem) if problem else (plain(number), None)
