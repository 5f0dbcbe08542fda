"""Reads of places: one by its code, the ones somebody manages, and how often each was scanned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select

from points_engine.errors import refuse
from points_engine.scanning import Hours
from webapp.activities import proofs
from webapp.places.tables import place
from webapp.store import Tx

PAGE = 30
FEW = 5  # fewer people than this are not counted out


@dataclass(frozen=True, slots=True)
class Place:
    """A place as its pages show it."""

    id: int
    code: str
    kind: str
    name_zh: str
    name_en: str
    unit_id: int | None
    behaviours: Mapping[str, str]
    opens: int | None
    closes: int | None
    days: str
    daily_cap: int
    here: tuple[float, float] | None
    radius_m: int | None
    screen_key: str
    status: str
    created_at: datetime

    @property
    def source(self) -> str:
        """What its scans are proofs from."""
        return f"place:{self.id}"

    @property
    def hours(self) -> Hours:
        days = frozenset(int(d) for d in self.days)
        if self.opens is None or self.closes is None:
            return Hours(0, 24 * 60, days)
        return Hours(self.opens, self.closes, days)


def by_code(tx: Tx, code: str) -> Place:
    """The place behind a plate; raises unknown_place."""
    row = tx.row(select(place).where(place.c.code == code))
    if row is None:
        raise refuse("not_found", "unknown_place")
    return _place(row)


def managed_one(tx: Tx, place_id: int, units: frozenset[int] | None) -> Place:
    """One place of the given units, or any when `units` is None; unknown_place for the rest."""
    row = tx.row(select(place).where(place.c.id == place_id, _within(units)))
    if row is None:
        raise refuse("not_found", "unknown_place")
    return _place(row)


def managed(tx: Tx, units: frozenset[int] | None, after: int | None = None, limit: int = PAGE) -> list[Place]:
    """The places of the given units (None: all), newest first; `after` is the id of the last one seen."""
    query = select(place).where(_within(units)).order_by(place.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(place.c.id < after)
    return [_place(row) for row in tx.rows(query)]


def scans_of(tx: Tx, places: Sequence[Place], since: date) -> dict[int, proofs.Scans]:
    """Acts and people at each place since a day; people under five are not told."""
    counts = proofs.scans_by_source(tx, [p.source for p in places], since)
    return {p.id: counts.get(p.source, proofs.Scans(0, 0)) for p in places}


def by_source(tx: Tx, source: str) -> Place | None:
    """The place that a proof came from."""
    kind, _, number = source.partition(":")
    if kind != "place" or not number.isdigit():
        return None
    row = tx.row(select(place).where(place.c.id == int(number)))
    return None if row is None else _place(row)


def kinds_of(tx: Tx, ids: Collection[int]) -> dict[int, str]:
    """What kind of place each of these is."""
    if not ids:
        return {}
    return {row.id: row.kind for row in tx.rows(select(place.c.id, place.c.kind).where(place.c.id.in_(sorted(ids))))}


def open_ones(tx: Tx, ids: Collection[int], kinds: Collection[str]) -> dict[int, str]:
    """Open places among these and of these kinds, with their kind; all open ones when neither is named."""
    query = select(place.c.id, place.c.kind).where(place.c.status == "open")
    if ids or kinds:
        query = query.where(or_(place.c.id.in_(sorted(ids)), place.c.kind.in_(sorted(kinds))))
    return {row.id: row.kind for row in tx.rows(query)}


def choices(tx: Tx, limit: int = 300) -> list[tuple[int, str, str, bool]]:
    """Places for tasks that ask for one: id, both names, whether it is open; newest first."""
    rows = tx.rows(select(place).order_by(place.c.id.desc()).limit(limit))
    return [(row.id, row.name_zh, row.name_en or row.name_zh, row.status == "open") for row in rows]


def _within(units: frozenset[int] | None) -> ColumnElement[bool]:
    if units is None:
        return place.c.id > 0
    return place.c.unit_id.in_(sorted(units)) if units else false()


def _place(row: Any) -> Place:
    here = None if row.lat_e5 is None else (row.lat_e5 / 100_000, row.lon_e5 / 100_000)
    return Place(
        row.id,
        row.code,
        row.kind,
        row.name_zh,
        row.name_en,
        row.unit_id,
        row.behaviours,
        row.opens,
        row.closes,
        row.days,
        row.daily_cap,
        here,
        row.radius_m,
        row.screen_key,
        row.status,
        row.created_at,
    )
