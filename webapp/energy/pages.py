"""What the pages of a unit's energy share: whose page it is, its year, and how a page and a file are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from points_engine import energy as rules
from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from webapp.energy import queries, words
from webapp.energy.forms import read_year
from webapp.green_units.queries import Unit
from webapp.web import current, house, now, say, signed_in
from webapp.web.messages import message

EDIT = frozenset({"editor", "administrator"})
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Answer = Any


@dataclass(frozen=True, slots=True)
class At:
    """A unit or part as somebody looks at it: for staff, or for those who administer the unit."""

    unit: Unit
    top: Unit
    staff: bool
    mine: bool
    year: int

    def link(self, endpoint: str, **args: Any) -> str:
        """The address of another page of this unit, of the same year."""
        return url_for(f"energy.{endpoint}", **({"unit_id": self.unit.id, "year": self.year} | args))


def is_staff() -> bool:
    """Whether whoever looks may see every unit."""
    person = current()
    return person is not None and bool(person.roles & EDIT)


def open_at(tx: Any, unit_id: int) -> At:
    """The unit of an address, for whom may see it; 404 unknown_unit for anybody else."""
    person, staff = signed_in(), is_staff()
    unit, top = queries.seen_by(tx, person.member_id, unit_id, staff)
    year = read_year(request.args.get("year") or request.form.get("year"), local_day(now()))
    return At(unit, top, staff, top.id in (person.unit_ids or ()), year)


def thousandth(milli: int) -> Fraction:
    """A kept number in its unit."""
    return Fraction(milli, rules.MILLI)


def show(template: str, at: At, status: int = 200, **context: Any) -> tuple[str, int]:
    """A page of a unit."""
    today = local_day(now())
    return (
        render_template(
            f"energy/{template}", at=at, unit=at.top, w=words, shown=rules.shown, thousandth=thousandth, this_year=today.year, today=today, **context
        ),
        status,
    )  # fmt: skip


def change(
    use_case: Callable[[Any], Any], back: str, said: str, again: Callable[[Mapping[str, str]], Answer] | None = None
) -> Answer:
    """Do something: say so and go back, or say why not; with `again` a bad field keeps what was typed."""
    try:
        house().store.retrying(use_case)
    except Invalid as fault:
        if again is None:
            raise
        return again(fault.fields)
    except EngineError as fault:
        if fault.kind not in ("conflict", "limit"):
            raise
        say(message(fault.code, fault.facts), "bad")
    else:
        say(said)
    return redirect(back, 303)


def file(data: bytes, kind: str, name: str) -> Response:
    """Something to keep."""
    response = make_response(data)
    response.headers["Content-Type"] = kind
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
