"""What a methodology is made of: plain frozen values, as read from the data folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from points_engine.errors import Invalid, refuse
from points_engine.methodology import dimensions


class Level(StrEnum):
    """How well an act is supported, from a bare claim to a partner's record."""

    DECLARED = "declared"
    PHOTO = "photo"
    DEVICE = "device"
    PARTNER = "partner"


MARKS = ("R", "S", "D", "K", "proposal")

# code, 中文, English; in the order pages show them
DOMAINS: tuple[tuple[str, str, str], ...] = (
    ("行", "出行", "Getting about"),
    ("食", "饮食", "Eating"),
    ("用", "用品", "Using"),
    ("住", "居住", "Living"),
    ("办公", "办公", "Office"),
    ("衣", "衣着", "Clothing"),
    ("数字", "数字与学习", "Digital and learning"),
)


@dataclass(frozen=True, eq=False)
class Factor:
    """One published figure; `mark` says how firmly we hold it, `note` what it does not say."""

    key: str
    name_zh: str
    name_en: str
    value: Decimal
    unit: str
    source: str
    mark: str
    valid_from: date
    review_by: date
    note_zh: str = ""
    note_en: str = ""

    @property
    def exact(self) -> Fraction:
        """The value in base units: grams of CO2e, kWh, km, kg."""
        return Fraction(self.value) * dimensions.parse(self.unit).scale


@dataclass(frozen=True, eq=False)
class Series:
    """A figure through time: a new notice adds a row, it never rewrites one."""

    key: str
    rows: tuple[Factor, ...]  # oldest first

    def on(self, day: date) -> Factor:
        """The row in force on `day`."""
        for row in reversed(self.rows):
            if row.valid_from <= day:
                return row
        raise refuse("invalid", "factor_not_in_force", factor=self.key, on=day.isoformat())


Term = tuple[Series, ...]  # a product of figures
Scenario = tuple[Term, ...]  # a sum of terms


@dataclass(frozen=True)
class Bounds:
    """The least and the most one record may claim; outside it the claim is refused as absurd."""

    least: Decimal
    most: Decimal


@dataclass(frozen=True)
class Cap:
    """At most `amount` per act, day, week or month: of the quantity or of acts, maybe shared."""

    per: str
    amount: Decimal
    of: str
    group: str
    mark: str


@dataclass(frozen=True)
class Exclusion:
    """Acts that cannot stand beside this one within `scope`.

    `stands`: "first" – the one recorded first; "this" – this act replaces the others;
    "other" – this act gives way to any of them.
    """

    codes: frozenset[str]
    scope: str
    stands: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True)
class Input:
    """One more thing to know about an act; `open` are the choices a person may send."""

    name: str
    label_zh: str
    label_en: str
    kind: str  # integer, number or choice
    least: Decimal
    most: Decimal
    usual: str
    choices: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True)
class PointsRule:
    """The price of encouragement per unit: one figure, or a table by an input."""

    per_unit: Fraction
    by: str = ""
    table: Mapping[str, Fraction] | None = None

    def rate(self, inputs: Mapping[str, Decimal | str]) -> Fraction:
        if self.table is None:
            return self.per_unit
        return self.table[str(inputs[self.by])]


@dataclass(frozen=True)
class Example:
    """A worked example from the data file; every one runs as a test."""

    quantity: Decimal
    inputs: Mapping[str, str]
    level: Level
    on: date
    grams: int
    points: int


@dataclass(frozen=True, eq=False)
class Version:
    """One published edition of a methodology; it is never edited, only followed by another."""

    version: str
    valid_from: date
    formula: str
    baseline: Scenario
    activity: Scenario
    times: Term
    bounds: Bounds
    points: PointsRule
    default_grams: Decimal | None
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Elsewhere:
    """What another platform publishes for the same act."""

    who_zh: str
    who_en: str
    value: Decimal
    unit: str
    source: str
    mark: str


@dataclass(frozen=True, eq=False)
class Behaviour:
    """One act a member can record, with the rule that turns it into grams and points."""

    ref: str
    code: str
    domain: str
    name_zh: str
    name_en: str
    unit: str
    unit_zh: str
    unit_en: str
    icon: str
    usual: Decimal
    choices: tuple[Decimal, ...]
    whole: bool
    loggable: bool
    hidden_in: tuple[str, ...]
    season: tuple[int, int] | None
    points_from: str  # daily or meter: which limit of points it counts against
    saving_limit: Decimal | None  # most of the baseline a meter may claim, as a share
    evidence: tuple[Level, ...]
    source: str
    mark: str
    baseline_zh: str
    baseline_en: str
    activity_zh: str
    activity_en: str
    notes: tuple[tuple[str, str], ...]
    inputs: tuple[Input, ...]
    caps: tuple[Cap, ...]
    versions: tuple[Version, ...]  # oldest first
    coefficients: Mapping[Level, Series]
    exclusions: tuple[Exclusion, ...]
    elsewhere: tuple[Elsewhere, ...]

    def version_on(self, day: date) -> Version:
        """The edition in force on `day`."""
        for edition in reversed(self.versions):
            if edition.valid_from <= day:
                return edition
        raise refuse("invalid", "methodology_not_in_force", behaviour=self.code, on=day.isoformat())

    def bounds_on(self, day: date) -> Bounds:
        """The bounds of the edition in force on `day`; before the first edition, those of the first."""
        return next((v for v in reversed(self.versions) if v.valid_from <= day), self.versions[0]).bounds

    def version(self, name: str) -> Version:
        for edition in self.versions:
            if edition.version == name:
                return edition
        raise refuse("not_found", "unknown_methodology", behaviour=self.code, version=name)

    def coefficient_on(self, level: Level, day: date) -> Factor:
        """What evidence of this level is worth; refuses a level this act does not accept."""
        if level not in self.evidence:
            raise Invalid({"evidence": "not_accepted"})
        return self.coefficients[level].on(day)

    def in_season(self, day: date) -> bool:
        return self.season is None or self.season[0] <= day.month <= self.season[1]

    @property
    def hidden(self) -> bool:
        """Kept for travellers, but not offered in this park."""
        return bool(self.hidden_in)

    @property
    def points_only(self) -> bool:
        """An act without a gram figure anybody could defend."""
        return self.versions[-1].formula == "points_only"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a data folder."""

    file: str
    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}"


class CatalogueFaults(Exception):
    """Everything wrong with a data folder, all at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Every methodology and every figure, checked."""

    behaviours: tuple[Behaviour, ...]
    factors: Mapping[str, Series]
    not_found: tuple[tuple[str, str], ...]
    derivations: Mapping[str, tuple[str, str]]
    by_code: Mapping[str, Behaviour]
    by_ref: Mapping[str, Behaviour]

    def behaviour(self, code: str) -> Behaviour:
        found = self.by_code.get(code)
        if found is None:
            raise refuse("not_found", "unknown_methodology", behaviour=code)
        return found
