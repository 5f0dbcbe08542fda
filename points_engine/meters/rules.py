"""The figures meters are judged by, read from rules.toml, and the four kinds of meter."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

MARKS = ("R", "S", "D", "K", "proposal")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of meter: what it counts, which behaviour its savings are, and its usual register."""

    code: str
    zh: str
    en: str
    unit: str
    unit_zh: str
    behaviour: str
    digits: int


KINDS: Mapping[str, Kind] = {
    each.code: each
    for each in (
        Kind("electricity", "电表", "Electricity", "kWh", "千瓦时", "electricity_saved", 6),
        Kind("water", "水表", "Water", "m³", "立方米", "water_saved", 5),
        Kind("gas", "燃气表", "Gas", "m³", "立方米", "gas_saved", 5),
        Kind("heat", "热表", "Heat", "GJ", "吉焦", "heat_saved", 5),
    )
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One figure of the rules with where it comes from."""

    name: str
    value: Decimal
    unit: str
    source: str
    mark: str

    @property
    def exact(self) -> Fraction:
        return Fraction(self.value)


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its name; raises ValueError for a mark nobody explained."""
    data = tomllib.loads((Path(__file__).parent / "rules.toml").read_text("utf-8"))
    found = {
        name: Rule(name, Decimal(entry["value"]), entry["unit"], entry["source"], entry["mark"])
        for name, entry in data.items()
    }
    for rule in found.values():
        if rule.mark not in MARKS or not rule.source:
            raise ValueError(rule.name)
    return found


def figure(name: str) -> Fraction:
    """The exact value of a rule."""
    return rules()[name].exact


def count(name: str) -> int:
    """The value of a rule that is a whole number."""
    return int(rules()[name].value)
