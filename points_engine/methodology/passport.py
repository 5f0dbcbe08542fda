"""The passport of an act: every figure behind it and the working, so that anybody can recompute it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from points_engine.methodology.formulas import FORMULAS, Figures, Inputs, figures_on
from points_engine.methodology.model import Behaviour, Factor, Level, Version
from points_engine.methodology.quantify import Quantified, quantify_under
from points_engine.units import displayed, plain

# What reads the same in both languages; everything else uses the label of the act.
SYMBOLS = {"km": "km", "person-km": "km", "kWh": "kWh", "kg": "kg", "m3": "m³", "GJ": "GJ"}


@dataclass(frozen=True)
class PassportFactor:
    """One figure as it stood on the day of the act."""

    key: str
    name_zh: str
    name_en: str
    value: Decimal
    unit: str
    source: str
    valid_from: date
    review_by: date
    mark: str
    role: str  # baseline, activity, both (multiplies the difference) or evidence
    note_zh: str
    note_en: str


@dataclass(frozen=True)
class Passport:
    """How one act became grams and points; texts come in both languages."""

    methodology: str
    version: str
    formula: str
    formula_zh: str
    formula_en: str
    baseline_zh: str
    baseline_en: str
    activity_zh: str
    activity_en: str
    factors: tuple[PassportFactor, ...]
    working_zh: str
    working_en: str
    points_working_zh: str
    points_working_en: str
    source: str
    mark: str
    notes: tuple[tuple[str, str], ...]


def passport(behaviour: Behaviour, version: str, quantity: Decimal, inputs: Inputs, level: Level, on: date) -> Passport:
    """The working behind an act of `quantity` under the edition `version`."""
    edition = behaviour.version(version)
    formula, figures = FORMULAS[edition.formula], figures_on(edition, on)
    trust = behaviour.coefficient_on(level, on)
    worth = quantify_under(edition, behaviour, quantity, inputs, level, on)
    rate = formula.working(figures, inputs)
    price = f"{displayed(edition.points.rate(inputs)):f}"
    zh = _Words(behaviour, quantity, trust, worth, "zh")
    en = _Words(behaviour, quantity, trust, worth, "en")
    return Passport(
        methodology=behaviour.ref,
        version=version,
        formula=edition.formula,
        formula_zh=formula.zh,
        formula_en=formula.en,
        baseline_zh=behaviour.baseline_zh,
        baseline_en=behaviour.baseline_en,
        activity_zh=behaviour.activity_zh,
        activity_en=behaviour.activity_en,
        factors=_factors(edition, figures, trust),
        working_zh=zh.grams(rate) if rate else formula.zh,
        working_en=en.grams(rate) if rate else formula.en,
        points_working_zh=zh.points(price),
        points_working_en=en.points(price),
        source=behaviour.source,
        mark=behaviour.mark,
        notes=behaviour.notes,
    )


@dataclass(frozen=True)
class _Words:
    """The working in one language: 5.2 km × (104 − 8.7) g/km × 0.5 = 247 g."""

    behaviour: Behaviour
    quantity: Decimal
    trust: Factor
    worth: Quantified
    language: str

    def grams(self, rate: str) -> str:
        return self._line(rate, "g", self.worth.grams)

    def points(self, price: str) -> str:
        """The working of the points; the minimum of 1 is said, for it is no result of the multiplication."""
        zh = self.language == "zh"
        line = self._line(price, "分" if zh else "points", self.worth.points)
        exact = self.quantity * Decimal(price) * self.trust.value
        if self.worth.points != 1 or exact >= 1:
            return line
        product = line.rpartition(" = ")[0]
        least = "，至少 1 分" if zh else ", at least 1 point"
        return f"{product} = {plain(exact):f}{least}"

    def _line(self, rate: str, of: str, result: int) -> str:
        own = self.behaviour.unit_zh if self.language == "zh" else self.behaviour.unit_en
        unit = SYMBOLS.get(self.behaviour.unit, own)
        amount, trust = f"{plain(self.quantity):f}", f"{plain(self.trust.value):f}"
        return f"{amount} {unit} × {rate} {of}/{unit} × {trust} = {result} {of}"


def _factors(edition: Version, figures: Figures, trust: Factor) -> tuple[PassportFactor, ...]:
    """Each figure once per role: the grid may stand on both sides."""
    baseline = [(row, "baseline") for term in figures.baseline for row in term]
    activity = [(row, "activity") for term in figures.activity for row in term]
    both = [(row, "both") for row in figures.times]
    used = dict.fromkeys([*baseline, *activity, *both, (trust, "evidence")])
    return tuple(_shown(row, role) for row, role in used)


def _shown(row: Factor, role: str) -> PassportFactor:
    return PassportFactor(
        key=row.key,
        name_zh=row.name_zh,
        name_en=row.name_en,
        value=row.value,
        unit=row.unit,
        source=row.source,
        valid_from=row.valid_from,
        review_by=row.review_by,
        mark=row.mark,
        role=role,
        note_zh=row.note_zh,
        note_en=row.note_en,
    )
