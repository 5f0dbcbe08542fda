"""What staff enter for an indicator: checked and frozen, or refused field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from points_engine.errors import Invalid
from webapp.public_ledger.indicators import BASE

FIELDS = ("year", "value", "source", "note")
NUMBER = re.compile(r"-?\d{1,9}(\.\d*)?")
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A year's value with where it is from."""

    year: int
    value: str
    source: str
    note: str

    @classmethod
    def parse(cls, form: Mapping[str, str], this_year: int) -> Entry:
        """Read the fields of the same names; raises Invalid."""
        given = {name: " ".join((form.get(name) or "").split()) for name in FIELDS}
        faults = {
            name: code
            for name, code in (
                ("year", _year_fault(given["year"], this_year)),
                ("value", _value_fault(given["value"])),
                ("source", "" if given["source"] else "required"),
            )
            if code
        }
        faults |= {name: "too_long" for name in ("source", "note") if len(given[name]) > TEXT_MAX}
        if faults:
            raise Invalid(faults)
        return cls(int(given["year"]), given["value"], given["source"], given["note"])


def _year_fault(text: str, this_year: int) -> str:
    if not text:
        return "required"
    if not re.fullmatch(r"[0-9]{4}", text):
        return "invalid"
    if int(text) > this_year:
        return "in_future"
    return "out_of_bounds" if int(text) < BASE else ""


def _value_fault(text: str) -> str:
    if not text:
        return "required"
    if not text.isascii() or not NUMBER.fullmatch(text) or text.endswith("."):
        return "not_a_number"
    return "too_many_decimals" if len(text.partition(".")[2]) > 3 else ""
