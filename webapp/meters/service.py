"""Use cases of meters: bind, read, import, replace, close; a contradiction is refused and nothing is half done."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from points_engine.clock import local_day, month_of
from points_engine.errors import EngineError, Invalid, refuse
from points_engine.meters import Backwards, Reading, check_readings, count
from webapp.activities import service as activities
from webapp.journal import service as journal
from webapp.meters import queries
from webapp.meters.forms import MILLI, Figure, MeterFacts, Replacement, fingerprint
from webapp.meters.queries import Meter, Owner
from webapp.meters.tables import meter, month_use, reading, saving, temperature
from webapp.photos import queries as photos
from webapp.store import Tx

# What only the electricity meter counts from the day it has a baseline (methodologies H02, H03, H04, H09).
INSIDE_THE_METER = ("ac_26", "led", "efficient_appliance", "lights_off")
MOST_METERS = {"home": 12, "unit": 200}


@dataclass(frozen=True, slots=True)
class Row:
    """A reading from a file, with the meter it is of."""

    meter_id: str
    figure: Figure


def add_meter(tx: Tx, key: str, actor_id: int, owner: Owner, facts: MeterFacts, now: datetime) -> str:
    """Bind a meter to a household or a unit; 409 meter_taken while anybody else holds it, too_many_meters."""
    mark = fingerprint(key, facts.kind, facts.number)
    if queries.bound(tx, facts.kind, mark) is not None:
        raise refuse("conflict", "meter_taken")
    most = MOST_METERS["unit" if owner.is_unit else "home"]
    mine = (meter.c.member_id == owner.member_id) & (meter.c.unit_id.is_not_distinct_from(owner.unit_id))
    there = int(tx.scalar(select(func.count()).select_from(meter).where(mine)) or 0)
    if there >= most:
        raise refuse("conflict", "too_many_meters", limit=most)
    made = str(uuid.uuid5(uuid.NAMESPACE_OID, f"meter:{owner.member_id}:{owner.unit_id}:{there}:{now.isoformat()}"))
    tx.insert(meter, [_meter_row(made, owner, facts, mark, now)])
    _record(tx, actor_id, owner, "meter.add", {"meter": made, "kind": facts.kind, "last4": facts.last4}, now)
    return made


def add_reading(tx: Tx, owner: Owner, meter_id: str, figure: Figure, now: datetime) -> bool:
    """Keep a reading; False when it was there already.

    Raises 409 reading_goes_back (with the two readings), reading_differs, meter_closed, meter_by_usage.
    """
    known = _touch(tx, owner, meter_id)
    if known.by_usage:
        raise refuse("conflict", "meter_by_usage")
    _check_photo(tx, owner, figure, known)
    return _keep(tx, known, [figure], now) > 0


def supported(owner: Owner, figure: Figure, photo_id: str, today: date) -> Figure:
    """The figure with what stands behind it: a unit's own record, or a photo sent within a week of the day."""
    if owner.is_unit:
        return replace(figure, support="file")
    in_time = today - figure.on <= timedelta(days=count("typed_late"))
    support = "photo" if photo_id and in_time and not figure.estimated else "none"
    return replace(figure, support=support, upload_id=photo_id or None)


def import_readings(tx: Tx, actor_id: int, owner: Owner, rows: Sequence[Row], by_usage: set[str], now: datetime) -> int:
    """Keep every reading of a checked file, or none; how many were new."""
    new = 0
    for meter_id in sorted({row.meter_id for row in rows}):
        known = _touch(tx, owner, meter_id)
        if known.by_usage and meter_id not in by_usage:
            raise refuse("conflict", "meter_by_usage")
        if meter_id in by_usage and not known.by_usage:
            if queries.readings(tx, [known])[known.place]:  # one that came while the file was looked at
                raise refuse("conflict", "meter_has_readings")
            tx.execute(update(meter).where(_is(known)).values(by_usage=True))
        new += _keep(tx, known, [row.figure for row in rows if row.meter_id == meter_id], now)
    _record(tx, actor_id, owner, "meter.import", {"rows": len(rows), "new": new}, now)
    return new


def remove_reading(tx: Tx, actor_id: int, owner: Owner, meter_id: str, register: int, on: date, now: datetime) -> None:
    """Take a mistyped reading out; 409 reading_settled once a month has been settled with it."""
    known = _touch(tx, owner, meter_id)
    all_of_it = queries.readings(tx, [known])[known.place]
    if not any(r.on == on and r.register == register for r in all_of_it):
        raise refuse("not_found", "unknown_reading")
    before = max((r.on for r in all_of_it if r.on < on), default=on)
    months = queries.settled(tx, [known.place])[known.place]
    if any(month >= month_of(before) for month in months):
        raise refuse("conflict", "reading_settled")
    r = reading.c
    tx.execute(
        delete(reading).where(
            r.member_id == known.member_id, r.meter_id == meter_id, r.register == register, r.read_on == on
        )
    )
    _record(tx, actor_id, owner, "meter.remove_reading", {"meter": meter_id, "on": on.isoformat()}, now)


def replace_register(
    tx: Tx, key: str, actor_id: int, owner: Owner, meter_id: str, told: Replacement, upload: Figure, now: datetime
) -> None:
    """The company has hung a new device: the old one's last figure, the new one's first; the baseline goes on.

    Both figures carry the support of `upload` (photo, or none).
    """
    known = _touch(tx, owner, meter_id)
    mark = fingerprint(key, known.kind, told.number)
    other = queries.bound(tx, known.kind, mark)
    if other is not None and other.id != known.id:
        raise refuse("conflict", "meter_taken")
    _keep(tx, known, [replace(upload, on=told.on, value=told.last)], now)
    values = {"number_hash": mark, "last4": told.number[-4:], "digits": told.digits, "register": known.register + 1}
    tx.execute(update(meter).where(_is(known)).values(**values))
    # The photo of one figure cannot stand in the table twice; what it supports does not change.
    fresh = replace(known, digits=told.digits, register=known.register + 1)
    _keep(tx, fresh, [replace(upload, on=told.on, value=told.first, upload_id=None)], now)
    _record(tx, actor_id, owner, "meter.replace", {"meter": meter_id, "last4": told.number[-4:]}, now)


def close_meter(tx: Tx, actor_id: int, owner: Owner, meter_id: str, now: datetime) -> None:
    """Moved house, or no longer ours: the number is free again; a new home begins a new baseline."""
    known = queries.one(tx, owner, meter_id)
    if known.closed_on is not None:
        return
    tx.execute(update(meter).where(_is(known), meter.c.closed_on.is_(None)).values(closed_on=local_day(now), due=True))
    if not owner.is_unit and known.kind == "electricity":
        _step_back(tx, owner, known, now)
    _record(tx, actor_id, owner, "meter.close", {"meter": meter_id}, now)


def import_temperatures(tx: Tx, actor_id: int, rows: Sequence[tuple[str, str, int, str]], now: datetime) -> int:
    """Keep (station, period, thousandths of a degree, source); a period told anew replaces the old figure."""
    kept = [
        {"station": station, "period": period, "mean_milli": mean, "source": source, "imported_at": now}
        for station, period, mean, source in rows
    ]
    replaced = ("mean_milli", "source", "imported_at")
    tx.upsert(temperature, kept, key=("station", "period"), replace=replaced)
    stations = sorted({row[0] for row in rows})
    detail = {"rows": len(rows), "first": min(r[1] for r in rows), "last": max(r[1] for r in rows)}
    journal.record(tx, actor_id, "temperature.import", ",".join(stations)[:60], detail, now)
    return len(kept)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: meters, readings and months go; what was credited stays with the acts."""
    for table in (reading, month_use, saving, meter):
        tx.execute(delete(table).where(table.c.member_id == member_id))


def goes_back(found: Backwards) -> EngineError:
    """The refusal that names both readings."""
    before, after = found.before, found.after
    return refuse(
        "conflict",
        "reading_goes_back",
        before_on=before.on.isoformat(),
        before=plain_figure(before.value),
        after_on=after.on.isoformat(),
        after=plain_figure(after.value),
    )


def plain_figure(milli: int) -> str:
    """1234.5 from 1234500 thousandths."""
    whole, part = divmod(abs(milli), MILLI)
    sign = "−" if milli < 0 else ""
    return sign + (f"{whole}.{part:03d}".rstrip("0") if part else str(whole))


def merged(known: Sequence[Reading], register: int, figures: Sequence[Figure]) -> tuple[list[Reading], list[Figure]]:
    """Readings with `figures` among them, and which of those are new; raises reading_differs.

    A true figure takes the place of an estimate, and a supported one that of a bare one.
    """
    by_day = {(r.register, r.on): r for r in known}
    new: list[Figure] = []
    for figure in figures:
        there = by_day.get((register, figure.on))
        told = Reading(figure.on, figure.value, figure.estimated, figure.support, register, figure.upload_id or "")
        if there is not None and not _better(told, there):
            if there.value != told.value and not told.estimated:
                facts = {"on": figure.on.isoformat(), "there": plain_figure(there.value)}
                raise refuse("conflict", "reading_differs", **facts, told=plain_figure(told.value))
            continue
        by_day[register, figure.on] = told
        new.append(figure)
    return list(by_day.values()), new


def _better(told: Reading, there: Reading) -> bool:
    if told.estimated:
        return False
    return there.estimated or (told.counts and not there.counts)


def _keep(tx: Tx, known: Meter, figures: Sequence[Figure], now: datetime) -> int:
    after, new = merged(queries.readings(tx, [known])[known.place], known.register, figures)
    if not new:
        return 0
    fault = check_readings(after, known.digits, known.bounds)
    if fault is not None:
        raise goes_back(fault)
    rows = [_reading_row(known, figure, now) for figure in new]
    key = ("member_id", "meter_id", "register", "read_on")
    tx.upsert(reading, rows, key=key, replace=("value_milli", "estimated", "support", "upload_id", "recorded_at"))
    return len(new)


def _check_photo(tx: Tx, owner: Owner, figure: Figure, known: Meter) -> None:
    """A photo is one's own and nobody's copy, and shows one figure on one day; the page only tells its id."""
    if figure.upload_id is None:
        return
    photo = photos.one(tx, owner.member_id, figure.upload_id)
    if photo is None:
        raise Invalid({"photo": "unknown_upload"})
    if photo.near == "copy" or photos.others_sent(tx, owner.member_id, photo.sha256):
        raise Invalid({"photo": "photo_reused"})
    r = reading.c
    used = tx.row(select(r.meter_id, r.read_on).where(r.member_id == owner.member_id, r.upload_id == figure.upload_id))
    if used is not None and (used.meter_id, used.read_on) != (known.id, figure.on):
        raise Invalid({"photo": "photo_reused"})


def _touch(tx: Tx, owner: Owner, meter_id: str) -> Meter:
    """The open meter, locked until the end of the transaction and due to be settled again."""
    queries.one(tx, owner, meter_id)
    changed = tx.execute(
        update(meter)
        .where(meter.c.member_id == owner.member_id, meter.c.id == meter_id, meter.c.closed_on.is_(None))
        .values(due=True)
    )
    if changed.rowcount == 0:
        raise refuse("conflict", "meter_closed")
    return queries.one(tx, owner, meter_id)


def _step_back(tx: Tx, owner: Owner, closed: Meter, now: datetime) -> None:
    """Without an electricity meter the acts inside it can be logged again."""
    others = [m for m in queries.meters_of(tx, owner) if m.kind == "electricity" and m.closed_on is None]
    months = queries.settled(tx, [closed.place, *(m.place for m in others)])
    least = count("months_before_credit")
    if len(months[closed.place]) >= least and not any(len(months[m.place]) >= least for m in others):
        activities.step_aside(tx, owner.member_id, INSIDE_THE_METER, closed.opened_on, local_day(now), now)


def _is(known: Meter) -> Any:
    return (meter.c.member_id == known.member_id) & (meter.c.id == known.id)


def _meter_row(made: str, owner: Owner, facts: MeterFacts, mark: str, now: datetime) -> dict[str, Any]:
    return {
        "member_id": owner.member_id,
        "id": made,
        "unit_id": owner.unit_id,
        "kind": facts.kind,
        "number_hash": mark,
        "last4": facts.last4,
        "digits": facts.digits,
        "people": facts.people,
        "electric_heating": facts.electric_heating,
        "by_usage": False,
        "register": 0,
        "opened_on": local_day(now),
        "closed_on": None,
        "created_at": now,
        "due": False,
    }


def _reading_row(known: Meter, figure: Figure, now: datetime) -> dict[str, Any]:
    return {
        "member_id": known.member_id,
        "meter_id": known.id,
        "register": known.register,
        "read_on": figure.on,
        "value_milli": figure.value,
        "estimated": figure.estimated,
        "support": figure.support,
        "upload_id": figure.upload_id,
        "recorded_at": now,
    }


def _record(tx: Tx, actor_id: int, owner: Owner, action: str, detail: dict[str, Any], now: datetime) -> None:
    """Changes of a unit's meters are journaled; what people do with their own is theirs."""
    if owner.is_unit:
        journal.record(tx, actor_id, action, f"unit:{owner.unit_id}", detail, now)
