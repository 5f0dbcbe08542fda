"""What a unit means: enough algebra to refuse a factor that does not fit, and to turn kg and t into g."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

# symbol → (how many of the base, base). A word that is not here (ride, meal …) is its own base.
SYMBOLS: dict[str, tuple[Fraction, str]] = {
    "gCO2e": (Fraction(1), "CO2e"),
    "kgCO2e": (Fraction(1000), "CO2e"),
    "tCO2e": (Fraction(10**6), "CO2e"),
    # CO2-only factors count as a lower bound of CO2e, so the two may meet in one formula.
    "gCO2": (Fraction(1), "CO2e"),
    "kgCO2": (Fraction(1000), "CO2e"),
    "tCO2": (Fraction(10**6), "CO2e"),
    "g": (Fraction(1, 1000), "kg"),
    "kg": (Fraction(1), "kg"),
    "t": (Fraction(1000), "kg"),
    "W": (Fraction(1, 1000), "kW"),
    "Wh": (Fraction(1, 1000), "kWh"),
    "person-km": (Fraction(1), "km"),
    "vehicle-km": (Fraction(1), "km"),
    "%": (Fraction(1, 100), ""),
    "1": (Fraction(1), ""),
}
PART = re.compile(r"(\d*)([^\d\s*/].*|)")


@dataclass(frozen=True)
class Unit:
    """A scale to the base units, and the power of each of them."""

    scale: Fraction
    powers: frozenset[tuple[str, int]]

    def __mul__(self, other: Unit) -> Unit:
        powers = dict(self.powers)
        for base, power in other.powers:
            powers[base] = powers.get(base, 0) + power
        return _unit(self.scale * other.scale, powers)

    def fits(self, other: Unit) -> bool:
        return self.powers == other.powers


def _unit(scale: Fraction, powers: dict[str, int]) -> Unit:
    # 1 kWh is 1 kW for 1 h: write energy one way only.
    energy = powers.pop("kWh", 0)
    for base in ("kW", "h"):
        powers[base] = powers.get(base, 0) + energy
    return Unit(scale, frozenset((base, power) for base, power in powers.items() if base and power))


def parse(text: str) -> Unit:
    """Read a unit such as kgCO2e/person-km or kWh/100km; raises ValueError for anything else."""
    over, slash, under = text.partition("/")
    if "/" in under or (slash and not under):
        raise ValueError(text)
    unit = _part(over)
    if under:
        below = _part(under)
        unit *= Unit(1 / below.scale, frozenset((base, -power) for base, power in below.powers))
    return unit


def _part(text: str) -> Unit:
    whole = Unit(Fraction(1), frozenset())
    for piece in text.split("*"):
        found = PART.fullmatch(piece)
        if not piece or not found:
            raise ValueError(text)
        number, symbol = found.groups()
        scale, base = SYMBOLS.get(symbol, (Fraction(1), symbol))
        whole *= _unit(scale * int(number or 1), {base: 1})
    return whole


ONE = parse("1")
GRAMS = parse("gCO2e")
