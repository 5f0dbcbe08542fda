"""What comes in for green units: join codes, names and kinds, checked and frozen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from points_engine.errors import Invalid

KINDS = ("enterprise", "public_body", "community", "family")
# No 0 O 1 I L: a code is read from a poster and typed on a phone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
NAME_MAX = 40
SHORT_MAX = 12


def new_code() -> str:
    """A join code that nobody guesses."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def read_code(text: str | None) -> str:
    """A code as typed, with or without spaces and dashes, in any case; Invalid when it cannot be one."""
    code = "".join((text or "").split()).replace("-", "").upper()
    if not code:
        raise Invalid({"code": "required"})
    if len(code) != CODE_LENGTH or any(letter not in ALPHABET for letter in code):
        raise Invalid({"code": "join_code"})
    return code


@dataclass(frozen=True, slots=True)
class UnitNames:
    """The full name of a unit and the short one that boards show."""

    name: str
    short_name: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> UnitNames:
        """Read `name` and `short_name`; an empty short name takes the beginning of the name."""
        name = " ".join((form.get("name") or "").split())
        short = " ".join((form.get("short_name") or "").split()) or name[:SHORT_MAX]
        faults: dict[str, str] = {}
        if not name:
            faults["name"] = "required"
        elif len(name) > NAME_MAX or not name.isprintable():
            faults["name"] = "too_long" if len(name) > NAME_MAX else "invalid"
        if len(short) > SHORT_MAX or not short.isprintable():
            faults["short_name"] = "too_long" if len(short) > SHORT_MAX else "invalid"
        if faults:
            raise Invalid(faults)
        return cls(name, short)


def read_kind(text: str | None) -> str:
    """One of the four kinds."""
    if text not in KINDS:
        raise Invalid({"kind": "not_a_choice"})
    return str(text)
