"""What is typed about units' energy: sizes, readings, targets, quotas and letters; checked and frozen, or refused field by field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from points_engine.clock import month_of
from points_engine.energy import CARRIERS, MEASURES
from points_engine.errors import Invalid

FIRST_YEAR, LAST_YEAR = 2015, 2060
TEXT_MAX, NOTE_MAX, LETTER_MAX, NAME_MAX = 200, 400, 3000, 40
NUMBER = re.compile(r"\d{1,10}(\.\d*)?")
MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
MILLI = 1000


def plain(typed: Any) -> str:
    """One line of text in half-width letters."""
    return " ".join(unicodedata.normalize("NFKC", str(typed or "")).split())


def read_milli(typed: Any, wrong: dict[str, str], field: str = "value", *, zero: bool = True) -> int:
    """A number of at most three decimals in thousandths."""
    text = plain(typed).replace(",", "")
    if not text:
        wrong[field] = "required"
    elif not text.isascii() or not NUMBER.fullmatch(text) or text.endswith("."):
        wrong[field] = "not_a_number"
    elif len(text.partition(".")[2]) > 3:
        wrong[field] = "too_many_decimals"
    elif Decimal(text) >= 10**9:
        wrong[field] = "too_large"
    elif not zero and not Decimal(text):
        wrong[field] = "must_be_positive"
    else:
        return int(Decimal(text) * MILLI)
    return 0


def read_month(typed: Any, today: date, wrong: dict[str, str], field: str = "month") -> str:
    """A month that is over: 2026-05, 2026/5 or 2026年5月."""
    found = MONTH.fullmatch(plain(typed))
    if not found or not 1 <= int(found[2]) <= 12 or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        wrong[field] = "bad_month" if plain(typed) else "required"
        return ""
    month = f"{found[1]}-{int(found[2]):02d}"
    if month >= month_of(today):
        wrong[field] = "month_not_over"
    return month


def read_year(typed: Any, today: date, wrong: dict[str, str] | None = None, field: str = "year") -> int:
    """A year up to this one; without `wrong` anything else is this year."""
    text = plain(typed)
    if re.fullmatch(r"[0-9]{4}", text) and FIRST_YEAR <= int(text) <= today.year:
        return int(text)
    if wrong is not None:
        wrong[field] = "invalid" if text else "required"
    return today.year


def _source(form: Mapping[str, Any], wrong: dict[str, str]) -> str:
    text = plain(form.get("source"))
    if not text or len(text) > TEXT_MAX:
        wrong["source"] = "too_long" if text else "required"
    return text


def _stop(wrong: dict[str, str]) -> None:
    if wrong:
        raise Invalid(wrong)


@dataclass(frozen=True, slots=True)
class SizeFacts:
    """A floor area or a headcount, from a day on."""

    what: str
    from_on: date
    value_milli: int
    source: str

    @classmethod
    def parse(cls, form: Mapping[str, Any], today: date) -> SizeFacts:
        """Raises Invalid with every bad field at once."""
        wrong: dict[str, str] = {}
        what = str(form.get("what", ""))
        if what not in ("area", "heads"):
            wrong["what"] = "not_a_choice"
        value = read_milli(form.get("value"), wrong, zero=False)
        if what == "heads" and value % MILLI:
            wrong["value"] = "must_be_whole"
        day = today
        try:
            day = date.fromisoformat(plain(form.get("from_on")))
        except ValueError:
            wrong["from_on"] = "bad_day"
        if day > today:
            wrong["from_on"] = "in_future"
        elif day.year < 1990:
            wrong["from_on"] = "out_of_bounds"
        source = _source(form, wrong)
        _stop(wrong)
        return cls(what, day, value, source)


@dataclass(frozen=True, slots=True)
class Told:
    """One figure: which unit or part, carrier, month and meter ('' is its total), thousandths of the carrier's unit."""

    unit_id: int
    carrier: str
    month: str
    meter: str
    milli: int
    note: str = ""

    @classmethod
    def parse(cls, form: Mapping[str, Any], unit_id: int, today: date) -> Told:
        """Raises Invalid with every bad field at once."""
        wrong: dict[str, str] = {}
        carrier = str(form.get("carrier", ""))
        if carrier not in CARRIERS:
            wrong["carrier"] = "not_a_choice"
        month = read_month(form.get("month"), today, wrong)
        milli = read_milli(form.get("value"), wrong)
        note = plain(form.get("note"))
        if len(note) > TEXT_MAX:
            wrong["note"] = "too_long"
        _stop(wrong)
        return cls(unit_id, carrier, month, "", milli, note)


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A target path; `base` is empty when it is to be worked out from what was told."""

    measure: str
    shape: str
    given: str
    base_year: int
    base: Fraction | None
    typed: Mapping[int, Fraction]
    source: str

    @classmethod
    def parse(cls, form: Mapping[str, Any]) -> TargetFacts:
        """Raises Invalid with every bad field at once; points are lines of a year and a number."""
        wrong: dict[str, str] = {}
        for name, choices in (("measure", MEASURES), ("shape", ("line", "steps")), ("given", ("percent", "absolute"))):
            if form.get(name) not in choices:
                wrong[name] = "not_a_choice"
        year = plain(form.get("base_year"))
        if not re.fullmatch(r"[0-9]{4}", year) or not FIRST_YEAR <= int(year) <= LAST_YEAR:
            wrong["base_year"] = "invalid"
            year = str(FIRST_YEAR)
        base = read_milli(form.get("base"), wrong, "base", zero=False) if plain(form.get("base")) else 0
        typed = _points(str(form.get("points") or ""), int(year), form.get("given") == "percent", wrong)
        source = _source(form, wrong)
        _stop(wrong)
        whole = Fraction(base, MILLI) if base else None
        return cls(str(form["measure"]), str(form["shape"]), str(form["given"]), int(year), whole, typed, source)

    def points(self, base: Fraction) -> dict[str, str]:
        """Absolute numbers by year, as they are kept."""
        return {
            str(year): str(base * (100 - n) / 100 if self.given == "percent" else n) for year, n in self.typed.items()
        }


def _points(text: str, base_year: int, percent: bool, wrong: dict[str, str]) -> dict[int, Fraction]:
    found: dict[int, Fraction] = {}
    for line in text.splitlines():
        words = plain(line).replace("=", " ").replace(":", " ").replace("%", " ").split()
        if not words:
            continue
        small: dict[str, str] = {}
        value = read_milli(words[1] if len(words) == 2 else "?", small)
        year = int(words[0]) if re.fullmatch(r"[0-9]{4}", words[0]) else 0
        if small or not base_year < year <= LAST_YEAR or year in found or (percent and value >= 100 * MILLI):
            wrong["points"] = "bad_points"
            continue
        found[year] = Fraction(value, MILLI)
    if not found and "points" not in wrong:
        wrong["points"] = "required"
    return found


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """A quota for a kind of unit, or for one unit."""

    kind: str
    measure: str
    upper: str
    guide: str | None
    advanced: str | None
    source: str
    from_year: int

    @classmethod
    def parse(cls, form: Mapping[str, Any]) -> QuotaFacts:
        """Raises Invalid with every bad field at once; each value is at most the one before."""
        wrong: dict[str, str] = {}
        if form.get("kind") not in ("public_body", "enterprise"):
            wrong["kind"] = "not_a_choice"
        if form.get("measure") not in ("area", "head", "water"):
            wrong["measure"] = "not_a_choice"
        numbers: list[int | None] = []
        for name in ("upper", "guide", "advanced"):
            given = plain(form.get(name)) or name == "upper"
            numbers.append(read_milli(form.get(name), wrong, name, zero=False) if given else None)
        ordered = [n for n in numbers if n is not None]
        if not wrong and ordered != sorted(ordered, reverse=True):
            wrong["guide"] = "quota_order"
        year = plain(form.get("from_year"))
        if not re.fullmatch(r"[0-9]{4}", year) or not FIRST_YEAR <= int(year) <= LAST_YEAR:
            wrong["from_year"] = "invalid"
        source = _source(form, wrong)
        _stop(wrong)
        upper, guide, advanced = (None if n is None else str(Fraction(n, MILLI)) for n in numbers)
        assert upper is not None
        return cls(str(form["kind"]), str(form["measure"]), upper, guide, advanced, source, int(year))


def read_text(form: Mapping[str, Any], field: str, most: int, *, required: bool = True) -> str:
    """A text of several lines; Invalid when it is missing or too long."""
    text = str(form.get(field) or "").replace("\r\n", "\n").strip()
    if (required and not text) or len(text) > most:
        raise Invalid({field: "too_long" if text else "required"})
    return text
