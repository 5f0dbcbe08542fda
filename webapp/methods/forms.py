"""Forms of the common drafts: a new version of a method, a new value of a figure; they write the TOML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from points_engine.errors import Invalid
from points_engine.methodology import Behaviour, Catalogue, Series, Version
from points_engine.methodology.formulas import FORMULAS
from points_engine.methodology.model import MARKS, Bounds, PointsRule, Scenario, Term
from points_engine.methodology.writing import moved, next_name, write_factor, write_version

NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,11}")
REVIEW_AFTER = timedelta(days=730)


def version_values(behaviour: Behaviour, earliest: date) -> dict[str, str]:
    """The form as it opens: the newest version once more, under the next name from the first possible day."""
    newest = behaviour.versions[-1]
    values = {
        "version": next_name(behaviour),
        "valid_from": max(earliest, newest.valid_from + timedelta(days=1)).isoformat(),
        "formula": newest.formula,
        "baseline_factors": _written(newest.baseline),
        "activity_factors": _written(newest.activity),
        "times": ", ".join(series.key for series in newest.times),
        "default_grams": f"{newest.default_grams:f}" if newest.default_grams is not None else "",
        "least": f"{newest.bounds.least:f}",
        "most": f"{newest.bounds.most:f}",
        "per_unit": str(newest.points.per_unit),
        "reason": "",
    }
    return values | {f"price-{key}": str(price) for key, price in (newest.points.table or {}).items()}


def read_version(catalogue: Catalogue, behaviour: Behaviour, form: Mapping[str, str]) -> str:
    """The draft that the form describes; raises Invalid with every field that cannot be written at all."""
    wrong: dict[str, str] = {}
    newest = behaviour.versions[-1]
    name, day = form.get("version", "").strip(), _day(form, "valid_from", wrong)
    if not NAME.fullmatch(name):
        wrong["version"] = "invalid"
    grams = _number(form, "default_grams", wrong) if form.get("default_grams", "").strip() else None
    edition = replace(
        moved(newest, name, day),
        formula=_formula(form, wrong),
        baseline=_scenario(catalogue, form, "baseline_factors", wrong),
        activity=_scenario(catalogue, form, "activity_factors", wrong),
        times=_term(catalogue, form.get("times", "").replace(",", "*"), "times", wrong),
        default_grams=grams,
        bounds=Bounds(_number(form, "least", wrong), _number(form, "most", wrong)),
        points=_points(newest, form, wrong),
    )
    _reason(form, wrong)
    if wrong:
        raise Invalid(wrong)
    return write_version(behaviour, edition)


def factor_values(series: Series, earliest: date) -> dict[str, str]:
    """The form as it opens: the newest row once more, from the first possible day."""
    row = series.rows[-1]
    day = max(earliest, row.valid_from + timedelta(days=1))
    return {
        "name_zh": row.name_zh,
        "name_en": row.name_en,
        "value": f"{row.value:f}",
        "source": "",
        "mark": row.mark,
        "valid_from": day.isoformat(),
        "review_by": (day + REVIEW_AFTER).isoformat(),
        "note_zh": row.note_zh,
        "note_en": row.note_en,
        "reason": "",
    }


def read_factor(series: Series, form: Mapping[str, str]) -> str:
    """The draft of one more row; raises Invalid with every field that is wrong."""
    wrong: dict[str, str] = {}
    words = {name: _words(form, name, wrong) for name in ("name_zh", "name_en", "source")}
    notes = {name: _words(form, name, wrong, needed=False) for name in ("note_zh", "note_en")}
    mark = form.get("mark", "")
    if mark not in MARKS:
        wrong["mark"] = "not_a_choice"
    value = _number(form, "value", wrong)
    day, review = _day(form, "valid_from", wrong), _day(form, "review_by", wrong)
    row = replace(series.rows[-1], value=value, mark=mark, valid_from=day, review_by=review, **words, **notes)
    _reason(form, wrong)
    if wrong:
        raise Invalid(wrong)
    return write_factor(row)


def _reason(form: Mapping[str, str], wrong: dict[str, str]) -> None:
    """The draft asks for it again; told here, so that everything missing is told at once."""
    if not form.get("reason", "").strip():
        wrong["reason"] = "reason_required"


def _written(scenario: Scenario) -> str:
    return ", ".join(" * ".join(series.key for series in term) for term in scenario)


def _scenario(catalogue: Catalogue, form: Mapping[str, str], field: str, wrong: dict[str, str]) -> Scenario:
    """Sums are written with commas, products with stars."""
    terms = [part for part in re.split(r"[,，\n]", form.get(field, "")) if part.strip()]
    return tuple(_term(catalogue, part, field, wrong) for part in terms)


def _term(catalogue: Catalogue, text: str, field: str, wrong: dict[str, str]) -> Term:
    keys = [key.strip() for key in text.split("*") if key.strip()]
    if any(key not in catalogue.factors for key in keys):
        wrong[field] = "unknown"
    return tuple(catalogue.factors[key] for key in keys if key in catalogue.factors)


def _formula(form: Mapping[str, str], wrong: dict[str, str]) -> str:
    name = form.get("formula", "")
    if name not in FORMULAS:
        wrong["formula"] = "not_a_choice"
    return name


def _points(newest: Version, form: Mapping[str, str], wrong: dict[str, str]) -> PointsRule:
    rule = newest.points
    if rule.table is None:
        return PointsRule(_price(form, "per_unit", wrong))
    return PointsRule(Fraction(0), rule.by, {key: _price(form, f"price-{key}", wrong) for key in rule.table})


def _price(form: Mapping[str, str], field: str, wrong: dict[str, str]) -> Fraction:
    """A number, or a fraction such as 1/500."""
    over, slash, under = form.get(field, "").strip().partition("/")
    if NUMBER.fullmatch(over) and (not slash or (under.isascii() and under.isdigit() and 0 < int(under) < 10**9)):
        return Fraction(over) / (int(under) if slash else 1)
    wrong[field] = "not_a_number"
    return Fraction(0)


def _number(form: Mapping[str, str], field: str, wrong: dict[str, str]) -> Decimal:
    text = form.get(field, "").strip()
    if NUMBER.fullmatch(text):
        return Decimal(text)
    wrong[field] = "not_a_number"
    return Decimal(1)


def _day(form: Mapping[str, str], field: str, wrong: dict[str, str]) -> date:
    try:
        return date.fromisoformat(form.get(field, "").strip())
    except ValueError:
        wrong[field] = "bad_day"
        return date(2000, 1, 1)


def _words(form: Mapping[str, str], field: str, wrong: dict[str, str], *, needed: bool = True) -> str:
    text = form.get(field, "").strip()
    if needed and not text:
        wrong[field] = "required"
    if len(text) > 400:
        wrong[field] = "too_long"
    return text
