"""The form for one act, read: what was typed is kept, and every field that needs changing says why."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from points_engine.clock import LOCAL, local_day
from points_engine.errors import Invalid
from points_engine.methodology import Behaviour, parse_number
from points_engine.units import plain

WIDE = re.compile(r"[\uff10-\uff19\uff0e\uff0c。]")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST = 40
MOST_PHOTOS = 4


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields, as text; shown again when something is wrong."""

    id: str
    quantity: str
    day: str
    time: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    photo_ids: tuple[str, ...] = ()

    def with_photos(self, more: Sequence[str]) -> Typed:
        """With photos that came in this request, the latest `MOST_PHOTOS` of them all."""
        return replace(self, photo_ids=tuple(dict.fromkeys((*self.photo_ids, *more)))[-MOST_PHOTOS:])


@dataclass(frozen=True, slots=True)
class Read:
    """The same fields as values; bounds and choices are left to the methodology."""

    quantity: Decimal
    occurred_at: datetime
    inputs: Mapping[str, Any]


def blank(behaviour: Behaviour, now: datetime, quantity: str = "") -> Typed:
    """A fresh form: the usual amount, now, and an id that makes sending it twice one act."""
    local = now.astimezone(LOCAL)
    usual = quantity if _is_number(quantity) else f"{plain(behaviour.usual):f}"
    inputs = {each.name: each.usual for each in behaviour.inputs}
    return Typed(str(uuid.uuid4()), usual, local.date().isoformat(), f"{local:%H:%M}", inputs)


def typed(form: Mapping[str, str], behaviour: Behaviour) -> Typed:
    """The fields as sent, cut to a sane length."""
    return Typed(
        _text(form, "id"),
        _text(form, "quantity"),
        _text(form, "day"),
        _text(form, "time"),
        {each.name: _text(form, f"input-{each.name}") for each in behaviour.inputs},
        _photo_ids(form),
    )


def read(given: Typed, behaviour: Behaviour, now: datetime) -> Read:
    """The typed texts as values; raises Invalid with every field that cannot be read."""
    wrong: dict[str, str] = {}
    quantity = _number(given.quantity, "quantity", wrong)
    at = _moment(given, now, wrong)
    inputs: dict[str, Any] = {}
    for each in behaviour.inputs:
        text = given.inputs.get(each.name, "")
        value: Any = text if each.kind == "choice" else _number(text, f"inputs.{each.name}", wrong)
        inputs[each.name] = value
    if wrong:
        raise Invalid(wrong)
    return Read(quantity, at, inputs)


def day_of(given: Typed, now: datetime) -> date:
    """The local day the typed act is of; today while that cannot be read."""
    return local_day(_moment(given, now, {}))


def read_number(text: str) -> Decimal:
    """One number as typed; raises Invalid({"quantity": …})."""
    wrong: dict[str, str] = {}
    value = _number(text, "quantity", wrong)
    if wrong:
        raise Invalid(wrong)
    return value


def _photo_ids(form: Mapping[str, str]) -> tuple[str, ...]:
    """One field a photo; a plain mapping has at most one."""
    every = form.getlist("photo_id") if hasattr(form, "getlist") else [form.get("photo_id", "")]
    return tuple(dict.fromkeys(each.strip()[:LONGEST] for each in every if each.strip()))[:MOST_PHOTOS]


def _text(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "").strip()[:LONGEST]


def _is_number(text: str) -> bool:
    try:
        return parse_number(text) > 0
    except Invalid:
        return False


def _number(text: str, name: str, wrong: dict[str, str]) -> Decimal:
    if not text:
        wrong[name] = "required"
    elif WIDE.search(text):
        wrong[name] = "full_width_digits"
    else:
        try:
            return parse_number(text)
        except Invalid:
            wrong[name] = "not_a_number"
    return Decimal(0)


def _moment(given: Typed, now: datetime, wrong: dict[str, str]) -> datetime:
    """The local day and time; the minute that is now keeps its seconds, so that two acts stay two."""
    if not DAY.fullmatch(given.day):
        wrong["day"] = "required" if not given.day else "bad_day"
    if not TIME.fullmatch(given.time):
        wrong["time"] = "required" if not given.time else "bad_time"
    if "day" in wrong or "time" in wrong:
        return now
    try:
        day = date.fromisoformat(given.day)
        at = datetime.fromisoformat(f"{day}T{given.time}").replace(tzinfo=LOCAL)
    except ValueError:
        wrong["day"] = "bad_day"
        return now
    local = now.astimezone(LOCAL)
    return now if at == local.replace(second=0, microsecond=0) else at
