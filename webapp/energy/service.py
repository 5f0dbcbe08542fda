"""Use cases of units' energy: tell sizes, readings, targets and quotas; what is told is added, earlier figures stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import func, insert, select

from points_engine.energy import months_of
from points_engine.errors import Invalid
from webapp.energy import queries
from webapp.energy.books import accounts
from webapp.energy.forms import QuotaFacts, SizeFacts, TargetFacts, Told
from webapp.energy.tables import energy_choice, energy_quota, energy_reading, energy_size, energy_target
from webapp.green_units import queries as green_units
from webapp.journal import service as journal
from webapp.store import Tx

_r = energy_reading.c
CHUNK = 500


def tell_size(tx: Tx, actor_id: int, unit_id: int, facts: SizeFacts, now: datetime, *, staff: bool = False) -> bool:
    """A floor area or headcount from a day on; the same day again corrects it. False when it says nothing new."""
    unit, _ = queries.seen_by(tx, actor_id, unit_id, staff)
    same = [row for row in queries.sizes(tx, unit.id) if (row.what, row.from_on) == (facts.what, facts.from_on)]
    if same and (same[0].value_milli, same[0].source) == (facts.value_milli, facts.source):
        return False
    tx.execute(
        insert(energy_size).values(
            unit_id=unit.id, what=facts.what, from_on=facts.from_on, value_milli=facts.value_milli,
            source=facts.source, actor_id=actor_id, entered_at=now,
        )
    )  # fmt: skip
    detail: dict[str, Any] = {"from": facts.from_on.isoformat(), "milli": facts.value_milli}
    if same:
        detail["instead_of"] = same[0].value_milli
    record(tx, actor_id, f"energy.{facts.what}", unit.id, detail, now)
    return True


def tell_reading(tx: Tx, actor_id: int, told: Told, now: datetime, *, staff: bool = False) -> bool:
    """A typed figure of a month; another one corrects it, the earlier stays beside. False when it says nothing new."""
    queries.seen_by(tx, actor_id, told.unit_id, staff)
    fresh, changed = write_readings(tx, actor_id, [told], "typed", None, now)
    if fresh or changed:
        detail = {"month": told.month, "carrier": told.carrier, "milli": told.milli, "correction": bool(changed)}
        record(tx, actor_id, "energy.reading", told.unit_id, detail, now)
    return bool(fresh or changed)


def compare(tx: Tx, told: Sequence[Told], source: str) -> tuple[list[tuple[Told, int]], int]:
    """Which figures are new (version 1) or corrections (the next version), and how many say what is known already."""
    known: dict[tuple[int, str, str, str], tuple[int, int]] = {}
    for unit_ids in _chunks(sorted({each.unit_id for each in told})):
        rows = tx.rows(
            select(_r.unit_id, _r.month, _r.carrier, _r.meter, _r.version, _r.value_milli)
            .where(
                _r.unit_id.in_(unit_ids),
                _r.source == source,
                _r.month.between(min(each.month for each in told), max(each.month for each in told)),
            )
            .order_by(_r.version)
        )
        known |= {(r.unit_id, r.month, r.carrier, r.meter): (r.version, r.value_milli) for r in rows}
    found, same = [], 0
    for each in told:
        version, milli = known.get((each.unit_id, each.month, each.carrier, each.meter), (0, None))
        if milli == each.milli:
            same += 1
        else:
            found.append((each, version + 1))
    return found, same


def write_readings(
    tx: Tx, actor_id: int, told: Sequence[Told], source: str, import_id: int | None, now: datetime
) -> tuple[int, int]:
    """Write down what is new, each figure once however many do it at the same time; how many were new, and corrected."""
    for unit_id in sorted({each.unit_id for each in told}):
        tx.take_turn(f"energy of {unit_id}")
    found, _ = compare(tx, told, source)
    rows = [
        {
            "unit_id": each.unit_id, "month": each.month, "carrier": each.carrier, "source": source,
            "meter": each.meter, "version": version, "value_milli": each.milli, "note": each.note,
            "import_id": import_id, "actor_id": actor_id, "entered_at": now,
        }
        for each, version in found
    ]  # fmt: skip
    for some in _chunks(rows):
        tx.upsert(energy_reading, some, key=("unit_id", "month", "carrier", "source", "meter", "version"))
    fresh = sum(version == 1 for _, version in found)
    return fresh, len(found) - fresh


def set_target(tx: Tx, actor_id: int, unit_id: int, facts: TargetFacts, now: datetime, *, staff: bool = False) -> None:
    """A target path in place of the one before; without a typed base it is the base year's own figure.

    Raises Invalid base when that year was not told whole.
    """
    unit, _ = queries.seen_by(tx, actor_id, unit_id, staff)
    base = facts.base
    if base is None:
        book = accounts(tx, [unit], facts.base_year, facts.base_year)[unit.id].book
        whole = book.value(facts.measure, months_of(facts.base_year))
        if whole is None or not book.complete(facts.base_year, facts.measure):
            raise Invalid({"base": "base_not_whole"})
        base = Fraction(int(whole * 1000 + Fraction(1, 2)), 1000)
    if not base:
        raise Invalid({"base": "must_be_positive"})
    points = facts.points(base)
    tx.execute(
        insert(energy_target).values(
            unit_id=unit.id, measure=facts.measure, shape=facts.shape, base_year=facts.base_year, base=str(base),
            points=points, given=facts.given, source=facts.source, actor_id=actor_id, entered_at=now,
        )
    )  # fmt: skip
    detail = {"measure": facts.measure, "base_year": facts.base_year, "base": str(base), "points": points}
    record(tx, actor_id, "energy.target", unit.id, detail, now)


def set_choice(tx: Tx, actor_id: int, unit_id: int, on: bool, now: datetime) -> None:
    """A company wants its use published, or no longer; only its own administrators say so."""
    unit, _ = queries.seen_by(tx, actor_id, unit_id, staff=False)
    row = {"unit_id": unit.id, "publishes": on, "actor_id": actor_id, "set_at": now}
    tx.upsert(energy_choice, [row], key=("unit_id",), replace=("publishes", "actor_id", "set_at"))
    record(tx, actor_id, "energy.choice", unit.id, {"publishes": on}, now)


def set_quota(tx: Tx, actor_id: int, facts: QuotaFacts, now: datetime, unit_id: int | None = None) -> None:
    """Staff enter a quota of a kind of unit, or of one unit; what was entered before stays."""
    kind = green_units.unit_by_id(tx, unit_id).kind if unit_id else facts.kind
    made = tx.execute(
        insert(energy_quota).values(
            unit_id=unit_id, kind=kind, measure=facts.measure, upper=facts.upper, guide=facts.guide,
            advanced=facts.advanced, source=facts.source, from_year=facts.from_year, actor_id=actor_id, entered_at=now,
        )
    ).inserted_primary_key  # fmt: skip
    assert made is not None
    detail = {"kind": kind, "unit": unit_id, "measure": facts.measure, "upper": facts.upper, "year": facts.from_year}
    journal.record(tx, actor_id, "energy.quota", f"energy_quota:{made[0]}", detail, now)


def last_told(tx: Tx, unit_ids: Iterable[int]) -> dict[int, str]:
    """The latest month of which each unit has told anything itself."""
    found: dict[int, str] = defaultdict(str)
    query = select(_r.unit_id, func.max(_r.month).label("month")).where(_r.unit_id.in_(list(unit_ids)))
    for row in tx.rows(query.group_by(_r.unit_id)):
        found[row.unit_id] = row.month
    return found


def record(tx: Tx, actor_id: int, action: str, unit_id: int, detail: dict[str, Any], now: datetime) -> None:
    """A line of the journal about a unit."""
    journal.record(tx, actor_id, action, f"unit:{unit_id}", detail, now)


def _chunks(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
