"""What people type about meters, checked: the meter's facts, a figure, a day, a replaced register."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from points_engine.errors import Invalid
from points_engine.meters import KINDS

MILLI = 1000
NUMBER = re.compile(r"[0-9A-Z]{4,24}")
FIGURE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
SIZES = ((2, "s"), (4, "m"))  # up to so many people; beyond it "l"
MOST_PEOPLE = {"home": 20, "unit": 100_000}


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """A meter as its owner describes it; the number is only ever kept as a fingerprint."""

    kind: str
    number: str
    digits: int
    people: int
    electric_heating: bool = False

    @classmethod
    def parse(cls, form: Mapping[str, Any], who: str = "home") -> MeterFacts:
        """Raises Invalid with every bad field at once."""
        wrong: dict[str, str] = {}
        kind = str(form.get("kind", ""))
        if kind not in KINDS:
            wrong["kind"] = "not_a_choice"
        number = read_number(form.get("number"), wrong)
        usual = str(KINDS[kind].digits) if kind in KINDS else "6"
        digits = _whole(form.get("digits") or usual, 4, 9, "digits", wrong)
        people = _whole(form.get("people"), 1, MOST_PEOPLE[who], "people", wrong)
        if wrong:
            raise Invalid(wrong)
        return cls(kind, number, digits, people, kind == "electricity" and form.get("electric_heating") == "1")

    @property
    def last4(self) -> str:
        return self.number[-4:]


@dataclass(frozen=True, slots=True)
class Figure:
    """One reading: the day, thousandths of the unit, and what stands behind it."""

    on: date
    value: int
    estimated: bool = False
    support: str = "none"
    upload_id: str | None = None


def read_number(typed: Any, wrong: dict[str, str], field: str = "number") -> str:
    """A meter's number in its one spelling: half-width, upper case, no spaces or dashes."""
    plain = unicodedata.normalize("NFKC", str(typed or "")).upper()
    number = re.sub(r"[\s\-_.]", "", plain)
    if not NUMBER.fullmatch(number):
        wrong[field] = "meter_number"
    return number


def read_figure(typed: Any, digits: int, wrong: dict[str, str], field: str = "value") -> int:
    """A register's figure in thousandths; it has no more digits than the register."""
    text = unicodedata.normalize("NFKC", str(typed or "")).strip().replace(",", "")
    if not FIGURE.fullmatch(text):
        wrong[field] = "meter_figure"
        return 0
    try:
        value = int(Decimal(text) * MILLI)
    except InvalidOperation:
        wrong[field] = "meter_figure"
        return 0
    if value >= 10**digits * MILLI:
        wrong[field] = "beyond_register"
    return value


def read_day(typed: Any, today: date, wrong: dict[str, str], field: str = "on") -> date:
    """A day that has come: 2026-10-05, 2026/10/5, 20261005 or 2026年10月5日."""
    found = DAY.fullmatch(unicodedata.normalize("NFKC", str(typed or "")).strip())
    try:
        day = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or day.year < 2000:
        wrong[field] = "bad_day"
        return today
    if day > today:
        wrong[field] = "in_future"
    return day


def read_figure_form(form: Mapping[str, Any], digits: int, today: date) -> Figure:
    """The form for one reading; raises Invalid with every bad field."""
    wrong: dict[str, str] = {}
    value = read_figure(form.get("value"), digits, wrong)
    on = read_day(form.get("on"), today, wrong)
    if wrong:
        raise Invalid(wrong)
    return Figure(on, value, form.get("estimated") == "1")


@dataclass(frozen=True, slots=True)
class Replacement:
    """A register taken down at its last figure, and the new one at its first."""

    on: date
    last: int
    number: str
    digits: int
    first: int

    @classmethod
    def parse(cls, form: Mapping[str, Any], digits: int, today: date) -> Replacement:
        """Raises Invalid with every bad field at once."""
        wrong: dict[str, str] = {}
        on = read_day(form.get("replaced_on"), today, wrong, "replaced_on")
        last = read_figure(form.get("last"), digits, wrong, "last")
        number = read_number(form.get("new_number"), wrong, "new_number")
        wide = _whole(form.get("new_digits") or digits, 4, 9, "new_digits", wrong)
        first = read_figure(form.get("first") or "0", wide, wrong, "first")
        if wrong:
            raise Invalid(wrong)
        return cls(on, last, number, wide, first)


def size_of(people: int) -> str:
    """The size class in which a household is compared with its peers."""
    return next((size for most, size in SIZES if people <= most), "l")


def fingerprint(key: str, kind: str, number: str) -> str:
    """What finds a meter's number again without keeping it."""
    own = hmac.new(key.encode(), b"puhui meter number", hashlib.sha256).digest()
    return hmac.new(own, f"{kind}:{number}".encode(), hashlib.sha256).hexdigest()


def _whole(typed: Any, least: int, most: int, field: str, wrong: dict[str, str]) -> int:
    text = unicodedata.normalize("NFKC", str(typed or "")).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        wrong[field] = "must_be_whole"
        return least
    if not least <= int(text) <= most:
        wrong[field] = "out_of_bounds"
    return int(text)
