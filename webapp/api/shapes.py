"""How things look in answers: one function a shape, in the names and units the contract fixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from points_engine.activity import MILLI
from points_engine.clock import LOCAL
from points_engine.methodology import (
    Behaviour,
    Cap,
    Catalogue,
    Level,
    Passport,
    grams_per_unit,
    passport,
    points_per_unit,
)
from webapp.activities.views import rests_on
from webapp.ledger.queries import Line
from webapp.web import t


def instant(at: datetime | None) -> str | None:
    """Instants leave in the park's own time, with the offset."""
    return None if at is None else at.astimezone(LOCAL).isoformat(timespec="seconds")


def number(value: Decimal | None) -> float | int | None:
    """A decimal as a JSON number, whole when it is whole."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def activity(record: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """An act with its passport, so that whoever reads the grams can recompute them."""
    return {
        "id": record["id"],
        "behaviour": record["behaviour"],
        "quantity": number(Decimal(record["quantity_milli"]) / MILLI),
        "credited_quantity": number(Decimal(record["credited_milli"]) / MILLI),
        "status": record["status"],
        "occurred_on": record["occurred_on"].isoformat(),
        "occurred_at": instant(record["occurred_at"]),
        "recorded_at": instant(record["recorded_at"]),
        "evidence_level": record["level"],
        "evidence_kind": rests_on(record),
        "grams": record["grams"],
        "points": record["points"],
        "reasons": record["reasons"],
        "passport": passport_of(record, catalogue),
    }


def passport_of(record: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The working behind an act, for the amount that was credited (or claimed, when nothing was)."""
    return _passport(read_passport(record, catalogue))


def read_passport(record: Mapping[str, Any], catalogue: Catalogue) -> Passport:
    """The engine's passport of a stored act, under the version it was credited by."""
    return _cached_passport(
        catalogue.behaviour(record["behaviour"]),
        record["version"],
        Decimal(record["credited_milli"] or record["quantity_milli"]) / MILLI,
        tuple(sorted(record["inputs"].items())),  # as stored: the engine reads numbers from text
        Level(record["level"]),
        record["occurred_on"],
    )


@lru_cache(maxsize=4096)
def _cached_passport(
    of: Behaviour, version: str, quantity: Decimal, inputs: tuple[tuple[str, str], ...], level: Level, on: date
) -> Passport:
    # People log the same few amounts again and again, and a published version never changes.
    return passport(of, version, quantity, dict(inputs), level, on)


def _passport(p: Passport) -> dict[str, Any]:
    return {
        "methodology": p.methodology,
        "version": p.version,
        "formula": p.formula,
        "formula_text": t(p.formula_zh, p.formula_en),
        "baseline": t(p.baseline_zh, p.baseline_en),
        "activity": t(p.activity_zh, p.activity_en),
        "factors": [
            {
                "name": t(f.name_zh, f.name_en),
                "role": f.role,
                "value": number(f.value),
                "unit": f.unit,
                "source": f.source,
                "valid_from": f.valid_from.isoformat(),
                "mark": f.mark,
            }
            for f in p.factors
        ],
        "working": t(p.working_zh, p.working_en),
        "points_working": t(p.points_working_zh, p.points_working_en),
    }


def behaviour(b: Behaviour, on: date) -> dict[str, Any]:
    return {
        "code": b.code,
        "ref": b.ref,
        "domain": b.domain,
        "name": t(b.name_zh, b.name_en),
        "unit": b.unit,
        "unit_name": t(b.unit_zh, b.unit_en),
        "inputs": [
            {"name": i.name, "label": t(i.label_zh, i.label_en), "kind": i.kind, "choices": list(i.open)}
            for i in b.inputs
        ],
        "usual": number(b.usual),
        "grams_per_unit": number(grams_per_unit(b, on)),
        "points_per_unit": number(points_per_unit(b, on)),
        "points_only": b.points_only,
        "caps": [_cap(c, b) for c in b.caps],
        "evidence": [level.value for level in b.evidence],
        "loggable": b.loggable,
    }


def _cap(cap: Cap, b: Behaviour) -> dict[str, Any]:
    return {
        "per": cap.per,
        "amount": number(cap.amount),
        "unit": b.unit if cap.of == "quantity" else "act",
        "group": cap.group or b.code,
    }


def line(entry: Line) -> dict[str, Any]:
    """One entry of a statement; `id` is also the cursor for `after`."""
    kind, _, cause_id = entry.cause.partition(":")
    return {
        "id": entry.seq,
        "code": entry.code,
        "account": entry.account,
        "amount": entry.amount,
        "cause": {"kind": kind, "id": cause_id},
        "occurred_on": entry.occurred_on.isoformat() if entry.occurred_on else None,
        "posted_at": instant(entry.posted_at),
    }


def points(available: int, held: int, lots: Sequence[tuple[date, int]]) -> dict[str, Any]:
    return {
        "available": available,
        "held": held,
        "expiring": [{"on": day.isoformat(), "points": n} for day, n in lots],
    }
