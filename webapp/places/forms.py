"""What comes in for places: a place as staff describe it, and a scan as a phone sends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from points_engine.errors import EngineError, Invalid
from points_engine.methodology import Catalogue, Level, parse_number, read_quantity
from points_engine.scanning import rules
from webapp.green_units.forms import ALPHABET

# Kind of place: 中文, English, and what is usually done there.
KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "canteen": ("食堂", "Canteen", ("clean_plate", "own_lunch_box", "own_chopsticks", "own_cup", "plant_meal")),
    "charging": ("充电桩", "Charging pile", ("ev_charge",)),
    "bus_line": ("公交线路", "Bus line", ("bus_ride", "shuttle")),
    "greenway": ("绿道", "Greenway", ("walk", "bike", "shared_bike")),
    "recycling": ("回收点", "Recycling point", ("box_returned", "clothes_recycled", "waste_sorting", "second_hand")),
    "shop": ("商店", "Shop", ("own_bag", "own_cup", "own_lunch_box", "no_cutlery")),
}
# A scan proves that somebody was there: enough for these acts, never for what a meter or an invoice has to show.
SCANNED = tuple(dict.fromkeys(code for _, _, codes in KINDS.values() for code in codes))
CODE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A place as described: behaviours with the amount of one scan ("" = the member tells it)."""

    kind: str
    name_zh: str
    name_en: str
    unit_id: int | None
    behaviours: Mapping[str, str]
    opens: int | None
    closes: int | None
    days: str
    daily_cap: int
    lat_e5: int | None
    lon_e5: int | None
    radius_m: int | None

    @classmethod
    def parse(cls, form: Any, catalogue: Catalogue) -> PlaceFacts:
        """Read the form of a place; raises Invalid with every bad field."""
        wrong: dict[str, str] = {}
        name_zh, name_en = _name(form, "name_zh", 40, wrong), _name(form, "name_en", 80, wrong, optional=True)
        kind = form.get("kind", "")
        if kind not in KINDS:
            wrong["kind"] = "not_a_choice"
        behaviours = _behaviours(form, catalogue, wrong)
        opens, closes = _minutes(form.get("opens"), "opens", wrong), _minutes(form.get("closes"), "closes", wrong)
        if (opens is None) != (closes is None) and not wrong.keys() & {"opens", "closes"}:
            wrong["closes" if closes is None else "opens"] = "required"
        days = "".join(d for d in "1234567" if d in form.getlist("days"))
        if not days:
            wrong["days"] = "required"
        cap = _whole(form.get("daily_cap"), "daily_cap", 1, 20, wrong)
        unit = _whole(form.get("unit_id"), "unit_id", 1, 10**17, wrong) if form.get("unit_id") else None
        spot = _spot(form, wrong)
        if wrong:
            raise Invalid(wrong)
        return cls(kind, name_zh, name_en, unit, behaviours, opens, closes, days, cap or 1, *spot)


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as a phone sends it; where the phone is is compared and forgotten."""

    id: str
    behaviour: str
    quantity: Decimal | None
    key: str
    here: tuple[float, float] | None
    accuracy_m: float | None

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> Scan:
        """Read `id`, `behaviour`, `quantity`, `key` of a screen, and `lat`, `lon`, `accuracy`."""
        quantity = parse_number(form["quantity"]) if form.get("quantity") else None
        spot = [_degree(form.get(name)) for name in ("lat", "lon", "accuracy")]
        here = (spot[0], spot[1]) if spot[0] is not None and spot[1] is not None else None
        return cls(
            form.get("id", ""), form.get("behaviour", ""), quantity, form.get("key", "")[:16].strip(), here, spot[2]
        )


def read_place_code(text: str | None) -> str:
    """A code as typed, with or without spaces and dashes, in any case; Invalid when it cannot be one."""
    code = "".join((text or "").split()).replace("-", "").upper()
    if not code:
        raise Invalid({"code": "required"})
    if len(code) != CODE_LENGTH or any(letter not in ALPHABET for letter in code):
        raise Invalid({"code": "place_code"})
    return code


def _name(form: Any, field: str, most: int, wrong: dict[str, str], *, optional: bool = False) -> str:
    name = " ".join((form.get(field) or "").split())
    if not name and not optional:
        wrong[field] = "required"
    elif len(name) > most or not name.isprintable():
        wrong[field] = "too_long" if len(name) > most else "invalid"
    return name


def _behaviours(form: Any, catalogue: Catalogue, wrong: dict[str, str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for code in form.getlist("behaviours"):
        try:
            behaviour = catalogue.behaviour(code)
            if code not in SCANNED or Level.PHOTO not in behaviour.evidence or behaviour.inputs:
                raise Invalid({"behaviours": "not_a_choice"})
            amount = (form.get(f"amount-{code}") or "").strip()
            chosen[code] = f"{read_quantity(behaviour, parse_number(amount)):f}" if amount else ""
        except Invalid as error:
            wrong["behaviours"] = next(iter(error.fields.values()))
        except EngineError:
            wrong["behaviours"] = "not_a_choice"
    if not chosen:
        wrong.setdefault("behaviours", "required")
    elif len(chosen) > 6:
        wrong["behaviours"] = "too_many"
    return chosen


def _minutes(text: str | None, field: str, wrong: dict[str, str]) -> int | None:
    """18:30 as minutes after midnight."""
    if not text:
        return None
    hours, _, minutes = text.partition(":")
    if not (hours.isascii() and hours.isdigit() and minutes[:2].isascii() and minutes[:2].isdigit()):
        wrong[field] = "invalid"
        return None
    found = int(hours) * 60 + int(minutes[:2])
    if not 0 <= found < 24 * 60 or int(minutes[:2]) > 59:
        wrong[field] = "invalid"
        return None
    return found


def _whole(text: str | None, field: str, least: int, most: int, wrong: dict[str, str]) -> int | None:
    text = (text or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
        wrong[field] = "required" if not text else "not_a_number" if not text.isdigit() else "out_of_bounds"
        return None
    return int(text)


def _spot(form: Any, wrong: dict[str, str]) -> tuple[int | None, int | None, int | None]:
    """Where the place stands, if its place is to be checked: latitude, longitude and radius."""
    if form.get("check_place") != "1":
        return None, None, None
    found = []
    for field, most in (("lat", 90), ("lon", 180)):
        try:
            degrees = Decimal((form.get(field) or "").strip())
            if not abs(degrees) <= most:
                raise InvalidOperation
            found.append(int(degrees * 100_000))
        except InvalidOperation:
            wrong[field] = "invalid" if form.get(field) else "required"
            found.append(0)
    radius = form.get("radius_m") or str(rules()["place_radius"])
    return found[0], found[1], _whole(radius, "radius_m", 50, 5000, wrong)


def _degree(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) <= 100_000 else None  # false for what is not a number, too
