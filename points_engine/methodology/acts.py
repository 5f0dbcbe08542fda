"""Reads one behaviour file: the act, its caps and inputs, and every published edition of its rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from points_engine.methodology import dimensions
from points_engine.methodology.formulas import FORMULAS
from points_engine.methodology.model import (
    DOMAINS,
    MARKS,
    Behaviour,
    Bounds,
    Cap,
    Example,
    Fault,
    Input,
    Level,
    PointsRule,
    Scenario,
    Series,
    Term,
    Version,
)
from points_engine.methodology.reading import Table, open_table

LEVELS = tuple(level.value for level in Level)


def read_behaviour(
    path: Path,
    factors: Mapping[str, Series],
    coefficients: Mapping[Level, Series],
    faults: list[Fault],
) -> Behaviour:
    top = open_table(path, faults)
    name, baseline, activity = top.pair("name"), top.pair("baseline"), top.pair("activity")
    unit = top.table("unit")
    behaviour = Behaviour(
        ref=top.text("ref"),
        code=top.text("code"),
        domain=top.one_of("domain", [code for code, _, _ in DOMAINS]),
        name_zh=name[0],
        name_en=name[1],
        unit=unit.text("code"),
        unit_zh=unit.text("zh"),
        unit_en=unit.text("en"),
        icon=top.text("icon"),
        usual=top.number("usual"),
        choices=top.numbers("choices", []),
        whole=top.flag("whole"),
        loggable=top.flag("loggable"),
        hidden_in=top.texts("hidden_in", []),
        season=_season(top),
        points_from=top.one_of("points_from", ("daily", "meter"), "daily"),
        saving_limit=top.optional_number("saving_limit"),
        evidence=_levels(top),
        source=top.text("source"),
        mark=top.one_of("mark", MARKS),
        baseline_zh=baseline[0],
        baseline_en=baseline[1],
        activity_zh=activity[0],
        activity_en=activity[1],
        notes=top.pairs("note"),
        inputs=_inputs(top),
        caps=_caps(top),
        versions=(),
        coefficients=coefficients,
        exclusions=(),
        elsewhere=(),
    )
    unit.close()
    versions = sorted(
        (_Edition(factors, behaviour).read(table) for table in top.tables("version")),
        key=lambda edition: edition.valid_from,
    )
    _check(top, behaviour, versions)
    top.close()
    return replace(behaviour, versions=tuple(versions))


def read_edition(table: Table, behaviour: Behaviour, factors: Mapping[str, Series]) -> Version:
    """One more edition of an act that is known already."""
    return _Edition(factors, behaviour).read(table)


def _season(top: Table) -> tuple[int, int] | None:
    if not top.has("season"):
        return None
    table = top.table("season")
    months = table.integer("first_month"), table.integer("last_month")
    if not 1 <= months[0] <= months[1] <= 12:
        table.fault("first_month", "must be two months of one year, in order")
    table.close()
    return months


def _levels(top: Table) -> tuple[Level, ...]:
    names = top.texts("evidence")
    for name in names:
        if name not in LEVELS:
            top.fault("evidence", f"unknown level {name}")
    return tuple(level for level in Level if level.value in names)


def _inputs(top: Table) -> tuple[Input, ...]:
    inputs = []
    for table in top.tables("input"):
        label, choices = table.pair("label"), table.texts("choices", [])
        kind = table.one_of("kind", ("integer", "number", "choice"))
        asked = Input(
            name=table.text("name"),
            label_zh=label[0],
            label_en=label[1],
            kind=kind,
            least=table.number("least", "0"),
            most=table.number("most", "0"),
            usual=table.text("usual", ""),
            choices=choices,
            open=table.texts("open", list(choices)),
        )
        if not (asked.choices if kind == "choice" else asked.least < asked.most):
            table.fault("most", "must be above least, or choices must be given")
        inputs.append(asked)
    return tuple(inputs)


def _caps(top: Table) -> tuple[Cap, ...]:
    caps = []
    for table in top.tables("cap"):
        cap = Cap(
            per=table.one_of("per", ("act", "day", "week", "month")),
            amount=table.number("amount"),
            of=table.one_of("of", ("quantity", "acts"), "quantity"),
            group=table.text("group", ""),
            mark=table.one_of("mark", MARKS),
        )
        if cap.amount <= 0:
            table.fault("amount", "must be above zero")
        caps.append(cap)
    return tuple(caps)


def _check(top: Table, behaviour: Behaviour, versions: list[Version]) -> None:
    if not versions:
        top.fault("version", "missing")
    days = [edition.valid_from for edition in versions]
    if len(set(days)) < len(days):
        top.fault("version", "two editions from the same day")
    if behaviour.loggable and Level.DECLARED not in behaviour.evidence:
        top.fault("loggable", "needs declared among the evidence")
    for edition in versions:
        for amount in (behaviour.usual, *behaviour.choices):
            if not edition.bounds.least <= amount <= edition.bounds.most:
                top.fault("usual", f"{amount} is outside the bounds of {edition.version}")


@dataclass(frozen=True)
class _Edition:
    """Reads the editions of one act, with the figures it may name."""

    factors: Mapping[str, Series]
    behaviour: Behaviour

    def read(self, table: Table) -> Version:
        edition = Version(
            version=table.text("version"),
            valid_from=table.day("valid_from"),
            formula=table.one_of("formula", tuple(FORMULAS)),
            baseline=self._scenario(table, "baseline_factors"),
            activity=self._scenario(table, "activity_factors"),
            times=self._term(table, "times", table.texts("times", [])),
            bounds=self._bounds(table),
            points=self._points(table),
            default_grams=table.optional_number("default_grams"),
            examples=tuple(self._example(each) for each in table.tables("example")),
        )
        self._fits(table, edition)
        if not edition.examples and edition.formula != "points_only":
            table.fault("example", "a methodology with grams needs a worked example")
        return edition

    def _scenario(self, table: Table, key: str) -> Scenario:
        """Terms to be added up, each a product written as 'grid_shanxi * ev_use'."""
        terms = table.texts(key, [])
        return tuple(self._term(table, key, [p.strip() for p in t.split("*")]) for t in terms)

    def _term(self, table: Table, key: str, names: tuple[str, ...] | list[str]) -> Term:
        for name in names:
            if name not in self.factors:
                table.fault(key, f"unknown factor {name}")
        return tuple(self.factors[name] for name in names if name in self.factors)

    def _bounds(self, table: Table) -> Bounds:
        inner = table.table("bounds")
        bounds = Bounds(inner.number("least"), inner.number("most"))
        if not 0 < bounds.least <= bounds.most:
            inner.fault("least", "must be above zero and not above most")
        inner.close()
        return bounds

    def _points(self, table: Table) -> PointsRule:
        inner = table.table("points")
        if not inner.has("by"):
            rule = PointsRule(self._fraction(inner, "per_unit", inner.text("per_unit")))
        else:
            by, prices = inner.text("by"), inner.strings("table")
            if by not in [asked.name for asked in self.behaviour.inputs]:
                inner.fault("by", f"no input is called {by}")
            read = {key: self._fraction(inner, f"table.{key}", p) for key, p in prices.items()}
            rule = PointsRule(Fraction(0), by, read)
        inner.close()
        return rule

    def _fraction(self, table: Table, key: str, text: str) -> Fraction:
        try:
            price = Fraction(text)
        except (ValueError, ZeroDivisionError):
            table.fault(key, "must be a number or a fraction such as '1/500'")
            return Fraction(0)
        if price < 0:
            table.fault(key, "must not be negative")
        return price

    def _example(self, table: Table) -> Example:
        return Example(
            quantity=table.number("quantity"),
            inputs=table.strings("inputs"),
            level=Level(table.one_of("level", LEVELS)),
            on=table.day("on"),
            grams=table.integer("grams"),
            points=table.integer("points"),
        )

    def _fits(self, table: Table, edition: Version) -> None:
        """Both scenarios must come out as grams of CO2e per unit of the act."""
        formula = FORMULAS[edition.formula]
        for name in formula.inputs:
            if name not in [asked.name for asked in self.behaviour.inputs]:
                table.fault("formula", f"{edition.formula} needs an input called {name}")
        if edition.formula == "points_only":
            if edition.baseline or edition.activity or edition.times:
                table.fault("formula", "points_only takes no factors")
            return
        if not edition.baseline:
            table.fault("baseline_factors", "missing")
        try:
            per = dimensions.parse(f"1/{self.behaviour.unit}")
        except ValueError:
            table.fault("version", f"cannot read the unit {self.behaviour.unit!r}")
            return
        if per.scale != 1:
            table.fault("version", f"{self.behaviour.unit} is no base unit (kg, km, kWh …)")
        times = formula.input_unit
        for series in edition.times:
            times *= dimensions.parse(series.rows[0].unit)
        if edition.formula == "replacement":
            times *= per  # its inputs are kWh per device
        for key, scenario in (("baseline", edition.baseline), ("activity", edition.activity)):
            for term in scenario:
                self._term_fits(table, f"{key}_factors", term, times, per)

    def _term_fits(self, table: Table, key: str, term: Term, times: dimensions.Unit, per: dimensions.Unit) -> None:
        unit = times
        for series in term:
            unit *= dimensions.parse(series.rows[0].unit)
        if not unit.fits(dimensions.GRAMS * per):
            names = " * ".join(series.key for series in term)
            table.fault(key, f"{names} does not come out as grams per {self.behaviour.unit}")
