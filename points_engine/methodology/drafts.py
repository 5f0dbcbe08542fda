"""Drafts: new editions and new figures written at run time; all their faults at once, and a catalogue with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from points_engine.errors import EngineError
from points_engine.methodology.acts import read_edition
from points_engine.methodology.figures import read_row
from points_engine.methodology.formulas import FORMULAS, figures_on
from points_engine.methodology.model import (
    Behaviour,
    Catalogue,
    CatalogueFaults,
    Factor,
    Fault,
    Scenario,
    Series,
    Version,
)
from points_engine.methodology.published import fingerprint
from points_engine.methodology.quantify import quantify_under, rate_on
from points_engine.methodology.rates import possible_inputs, used
from points_engine.methodology.reading import NOTHING, Table, open_text
from points_engine.units import displayed

NAME = "draft"
LONGEST = 12  # letters in the name of a version, as acts keep it
WIDEST = 2**63 - 1  # the largest whole number that both databases work with


@dataclass(frozen=True)
class Draft:
    """What a text brings: an edition of one act, rows of figures, or both."""

    behaviour: str  # the code, "" where the text only brings figures
    version: Version | None
    rows: tuple[Factor, ...]

    @property
    def valid_from(self) -> date:
        """The first day on which anything of it is in force."""
        return min(self._days(), default=NOTHING)

    @property
    def complete_from(self) -> date:
        """The day from which all of it is in force."""
        return max(self._days(), default=NOTHING)

    @property
    def name(self) -> str:
        """What it is called in lists: bike 2, grid_shanxi 2026-08-01."""
        if self.version is not None:
            return f"{self.behaviour} {self.version.version}"
        return ", ".join(f"{row.key} {row.valid_from}" for row in self.rows)

    def _days(self) -> Iterator[date]:
        if self.version is not None:
            yield self.version.valid_from
        yield from (row.valid_from for row in self.rows)


def with_versions(catalogue: Catalogue, texts: Iterable[str]) -> Catalogue:
    """The catalogue with the approved texts, in order; raises CatalogueFaults with everything that is wrong."""
    for text in texts:
        faults: list[Fault] = []
        draft, grown = _read(catalogue, text, faults, again=True)
        if faults or draft is None:
            raise CatalogueFaults(faults)
        catalogue = _grow(catalogue, draft, grown)
    return catalogue


def read_draft(catalogue: Catalogue, text: str) -> Draft:
    """What the text brings; raises CatalogueFaults if it cannot be read."""
    faults: list[Fault] = []
    draft, _ = _read(catalogue, text, faults)
    if faults or draft is None:
        raise CatalogueFaults(faults)
    return draft


def lint(catalogue: Catalogue, text: str, earliest: date | None = None) -> list[Fault]:
    """Everything wrong with a text, each with the place it stands at; nothing may be in force before `earliest`."""
    faults: list[Fault] = []
    draft, grown = _read(catalogue, text, faults)
    if draft is None:
        return faults
    if earliest is not None:
        faults += [
            Fault(NAME, f"{where}.valid_from", f"is {day}; it must not be before {earliest}")
            for where, day in _places(draft)
            if NOTHING < day < earliest
        ]
    if draft.version is not None and not faults:
        faults += _check_edition(catalogue.by_code[draft.behaviour], draft.version)
    if not faults:
        faults += _check_range(_grow(catalogue, draft, grown), draft)
    return faults


def affected(catalogue: Catalogue, draft: Draft) -> list[str]:
    """The codes of the acts whose worth the draft can change; `catalogue` already has it."""
    keys = {row.key for row in draft.rows}
    day = draft.complete_from
    return [
        each.code
        for each in catalogue.behaviours
        if each.code == draft.behaviour or keys & set(used(_edition_on(each, day)))
    ]


def _edition_on(behaviour: Behaviour, day: date) -> Version:
    return next((v for v in reversed(behaviour.versions) if v.valid_from <= day), behaviour.versions[0])


def _places(draft: Draft) -> list[tuple[str, date]]:
    places = [(f"factor[{at}]", row.valid_from) for at, row in enumerate(draft.rows)]
    return [("version[0]", draft.version.valid_from), *places] if draft.version is not None else places


# --- reading -----------------------------------------------------------------------------------------


def _read(
    catalogue: Catalogue, text: str, faults: list[Fault], *, again: bool = False
) -> tuple[Draft | None, dict[str, Series]]:
    """The draft and the series that its rows make longer or new; `again`: what is known word for word is fine."""
    before = len(faults)
    top = open_text(text, NAME, faults)
    if len(faults) > before:
        return None, {}
    code = top.text("behaviour", "")
    if code and code not in catalogue.by_code:
        top.fault("behaviour", f"unknown methodology {code}")
    rows, grown = _rows(catalogue, top, again)
    version = _version(catalogue, top, code, {**catalogue.factors, **grown})
    top.close()
    if not rows and version is None and not faults and not again:
        top.fault("version", "a draft brings a version or a factor")
    keys = set(used(version)) if version is not None else set()
    for at, row in enumerate(rows):
        if row.key not in catalogue.factors and row.key not in keys:
            top.fault(f"factor[{at}].key", f"{row.key} is a new figure that nothing in this draft uses")
    return Draft(code, version, tuple(rows)), grown


def _rows(catalogue: Catalogue, top: Table, again: bool) -> tuple[list[Factor], dict[str, Series]]:
    rows: list[Factor] = []
    grown: dict[str, Series] = {}
    for table in top.tables("factor"):
        row = read_row(table)
        known = grown.get(row.key) or catalogue.factors.get(row.key)
        earlier = known.rows if known else ()
        if not row.key:
            table.fault("key", "must not be empty")
        if not row.source.strip():
            table.fault("source", "must not be empty")
        twin = next((other for other in earlier if other.valid_from == row.valid_from), None)
        if twin is not None and not (again and (twin.value, twin.unit) == (row.value, row.unit)):
            table.fault("valid_from", f"{row.key} has a row from {row.valid_from} already")
        if twin is not None:
            continue  # published with the program meanwhile
        if any(row.unit != other.unit for other in earlier):
            table.fault("unit", f"{row.key} is in {earlier[0].unit}; a figure never changes its unit")
        grown[row.key] = Series(row.key, tuple(sorted((*earlier, row), key=lambda each: each.valid_from)))
        rows.append(row)
    return rows, grown


def _version(catalogue: Catalogue, top: Table, code: str, factors: Mapping[str, Series]) -> Version | None:
    behaviour = catalogue.by_code.get(code)
    read = None
    for at, table in enumerate(top.tables("version")):
        if at:
            table.fault("version", "a draft brings one version at a time")
        if not code:
            top.fault("behaviour", "missing")
        if behaviour is None:
            return None  # its keys mean nothing without the act
        read = read_edition(table, _with_factors(behaviour, factors), factors)
        if not 0 < len(read.version) <= LONGEST:
            table.fault("version", f"must have 1 to {LONGEST} letters")
        for other in behaviour.versions:
            same = fingerprint(behaviour, other) == fingerprint(behaviour, read)
            if other.version == read.version and not same:
                table.fault("version", f"{behaviour.code} has a version {read.version} already")
            elif other.valid_from == read.valid_from and other.version != read.version:
                table.fault("valid_from", f"version {other.version} is in force from that day")
    return read


# --- checking ----------------------------------------------------------------------------------------


def _check_edition(behaviour: Behaviour, edition: Version) -> list[Fault]:
    """What only shows once an edition is worked out."""
    found = [*_check_names(behaviour, edition), *_check_amounts(behaviour, edition)]
    if edition.points.table is not None and (unpriced := _check_prices(behaviour, edition)):
        return [*found, *unpriced]  # no example can be worked out
    try:
        return [*found, *_check_rate(behaviour, edition), *_check_examples(behaviour, edition)]
    except EngineError as error:
        factor = error.facts.get("factor", error.code)
        return [*found, Fault(NAME, "version[0].valid_from", f"{factor} has no value on that day")]


def _check_names(behaviour: Behaviour, edition: Version) -> list[Fault]:
    if any(other.version == edition.version for other in behaviour.versions):
        return [Fault(NAME, "version[0].version", f"{behaviour.code} has a version {edition.version} already")]
    return []


def _check_amounts(behaviour: Behaviour, edition: Version) -> list[Fault]:
    bounds = edition.bounds
    return [
        Fault(NAME, "version[0].bounds", f"{amount}, which the form offers, is outside {bounds.least} to {bounds.most}")
        for amount in dict.fromkeys((behaviour.usual, *behaviour.choices))
        if not bounds.least <= amount <= bounds.most
    ]


def _check_prices(behaviour: Behaviour, edition: Version) -> list[Fault]:
    rule = edition.points
    answers = {str(each[rule.by]) for each in possible_inputs(behaviour) or ()}
    missing = sorted(answers - set(rule.table or {}))
    return [Fault(NAME, "version[0].points.table", f"no price for {rule.by} = {answer}") for answer in missing]


def _check_rate(behaviour: Behaviour, edition: Version) -> list[Fault]:
    formula = FORMULAS[edition.formula]
    if edition.formula == "points_only" or formula.inputs:
        return []
    rate = formula.rate(figures_on(edition, edition.valid_from), {})
    if not rate:
        return [
            Fault(NAME, "version[0].activity_factors", "the activity emits no less than the baseline: saves nothing")
        ]
    told = edition.default_grams
    if told is not None and abs(Fraction(told) - rate) > max(Fraction(1), rate / 10):
        shown = displayed(rate)
        return [Fault(NAME, "version[0].default_grams", f"is {told}, the figures give {shown} per {behaviour.unit}")]
    return []


def _check_examples(behaviour: Behaviour, edition: Version) -> list[Fault]:
    found = []
    for at, example in enumerate(edition.examples):
        place = f"version[0].example[{at}]"
        if example.on < edition.valid_from:
            found.append(Fault(NAME, f"{place}.on", f"is before the version is in force, {edition.valid_from}"))
            continue
        if example.level not in behaviour.evidence:
            found.append(Fault(NAME, f"{place}.level", f"{example.level} is not accepted for {behaviour.code}"))
            continue
        missing = [asked.name for asked in behaviour.inputs if asked.name not in example.inputs]
        if missing:
            found.append(Fault(NAME, f"{place}.inputs", f"{missing[0]} is missing"))
            continue
        got = quantify_under(edition, behaviour, example.quantity, example.inputs, example.level, example.on)
        for key, told, is_ in (("grams", example.grams, got.grams), ("points", example.points, got.points)):
            if told != is_:
                found.append(Fault(NAME, f"{place}.{key}", f"is {told}, worked out it is {is_}"))
    return found


def _check_range(catalogue: Catalogue, draft: Draft) -> list[Fault]:
    """Figures so fine that sums over history would leave the whole numbers of the databases."""
    found = []
    for code in affected(catalogue, draft):
        behaviour = catalogue.by_code[code]
        edition = _edition_on(behaviour, draft.complete_from)
        most = int(edition.bounds.most * 1000)
        for inputs in possible_inputs(behaviour) or ():
            for level in behaviour.evidence:
                rate = rate_on(edition, behaviour, inputs, level, draft.complete_from)
                wide = max(rate.grams_over, rate.points_over) * most
                if max(wide, 1000 * rate.grams_under, 1000 * rate.points_under) > WIDEST:
                    found.append(Fault(NAME, "value", f"too many digits: {code} cannot be worked out in 64 bits"))
                    break
            else:
                continue
            break
    return found


# --- growing -----------------------------------------------------------------------------------------


def _grow(catalogue: Catalogue, draft: Draft, grown: Mapping[str, Series]) -> Catalogue:
    behaviours = tuple(_grown(each, draft, grown) for each in catalogue.behaviours)
    return replace(
        catalogue,
        behaviours=behaviours,
        factors={**catalogue.factors, **grown},
        by_code={each.code: each for each in behaviours},
        by_ref={each.ref: each for each in behaviours},
    )


def _grown(behaviour: Behaviour, draft: Draft, grown: Mapping[str, Series]) -> Behaviour:
    """The act with longer series and one more edition; the same value where nothing changes."""
    behaviour = _with_factors(behaviour, grown)
    edition = draft.version
    if edition is None or behaviour.code != draft.behaviour:
        return behaviour
    if any(other.version == edition.version for other in behaviour.versions):
        return behaviour  # published with the program meanwhile, word for word
    versions = sorted((*behaviour.versions, edition), key=lambda each: each.valid_from)
    return replace(behaviour, versions=tuple(versions))


def _with_factors(behaviour: Behaviour, grown: Mapping[str, Series]) -> Behaviour:
    if not any(grown.get(key) not in (None, series) for v in behaviour.versions for key, series in used(v).items()):
        return behaviour
    return replace(behaviour, versions=tuple(_renewed(each, grown) for each in behaviour.versions))


def _renewed(edition: Version, grown: Mapping[str, Series]) -> Version:
    def renew(scenario: Scenario) -> Scenario:
        return tuple(tuple(grown.get(series.key, series) for series in term) for term in scenario)

    return replace(
        edition,
        baseline=renew(edition.baseline),
        activity=renew(edition.activity),
        times=renew((edition.times,))[0],
    )
