"""Reads of meters: whose they are, their readings and months, peers, temperatures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import and_, case, func, or_, select, tuple_

from points_engine.clock import days_of
from points_engine.errors import refuse
from points_engine.meters import DegreeDays, Peers, Reading, degree_days, peers_of
from webapp.meters.forms import size_of
from webapp.meters.tables import meter, month_use, reading, saving, temperature
from webapp.store import Tx

PAGE = 20
LOOK_BACK = timedelta(days=31 * 27)  # two years of history and the months that a page shows
Place = tuple[int, str]  # member, meter


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose meters are meant: a member's, or a green unit's (then `member_id` is 0)."""

    member_id: int
    unit_id: int | None = None

    @property
    def is_unit(self) -> bool:
        return self.unit_id is not None


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter as its owner sees it."""

    member_id: int
    id: str
    unit_id: int | None
    kind: str
    number_hash: str
    last4: str
    digits: int
    people: int
    electric_heating: bool
    by_usage: bool
    register: int
    opened_on: date
    closed_on: date | None
    due: bool

    @property
    def place(self) -> Place:
        return self.member_id, self.id

    @property
    def bounds(self) -> str:
        """The kind whose daily bounds hold its rolling over; none for a unit's meter."""
        return "" if self.unit_id is not None else self.kind

    @property
    def size(self) -> str:
        return size_of(self.people)


COLUMNS = [meter.c[name] for name in Meter.__slots__]


def meters_of(tx: Tx, owner: Owner) -> list[Meter]:
    """The owner's meters, open ones first."""
    query = select(*COLUMNS).where(*_owned(owner)).order_by(meter.c.closed_on.is_not(None), meter.c.created_at)
    return [Meter(**row._mapping) for row in tx.rows(query)]


def one(tx: Tx, owner: Owner, meter_id: str) -> Meter:
    """One of the owner's meters; 404 unknown_meter for anybody else's."""
    row = tx.row(select(*COLUMNS).where(*_owned(owner), meter.c.id == meter_id))
    if row is None:
        raise refuse("not_found", "unknown_meter")
    return Meter(**row._mapping)


def due(tx: Tx, limit: int) -> list[Meter]:
    """Meters whose readings have changed since they were last settled."""
    query = select(*COLUMNS).where(meter.c.due).order_by(meter.c.member_id, meter.c.id).limit(limit)
    return [Meter(**row._mapping) for row in tx.rows(query)]


def bound(tx: Tx, kind: str, number_hash: str) -> Meter | None:
    """The open meter with this number, whoever has it."""
    row = tx.row(
        select(*COLUMNS).where(meter.c.kind == kind, meter.c.number_hash == number_hash, meter.c.closed_on.is_(None))
    )
    return Meter(**row._mapping) if row else None


def readings(tx: Tx, meters: Sequence[Meter], since: date | None = None) -> dict[Place, list[Reading]]:
    """Readings by meter, as the engine takes them; `id` of a reading is its photo's."""
    r = reading.c
    found: dict[Place, list[Reading]] = {each.place: [] for each in meters}
    query = select(reading).where(tuple_(r.member_id, r.meter_id).in_(list(found)))
    for row in tx.rows(query.where(r.read_on >= since) if since else query) if found else ():
        found[row.member_id, row.meter_id].append(_reading(row))
    return found


def reading_page(tx: Tx, place: Place, after: tuple[date, int] | None, limit: int) -> list[Any]:
    """Rows of readings, newest first."""
    r = reading.c
    query = select(reading).where(r.member_id == place[0], r.meter_id == place[1])
    if after is not None:
        on, register = after
        query = query.where(or_(r.read_on < on, and_(r.read_on == on, r.register < register)))
    return list(tx.rows(query.order_by(r.read_on.desc(), r.register.desc()).limit(limit)))


def reading_on(tx: Tx, known: Meter, on: date) -> Any:
    """The row of the register's reading of a day, or None."""
    r = reading.c
    mine = (r.member_id == known.member_id) & (r.meter_id == known.id)
    return tx.row(select(reading).where(mine, r.read_on == on).order_by(r.register.desc()).limit(1))


def settled(tx: Tx, places: Iterable[Place]) -> dict[Place, dict[str, Any]]:
    """Rows of savings by meter and month."""
    s = saving.c
    found: dict[Place, dict[str, Any]] = {place: {} for place in places}
    for row in tx.rows(select(saving).where(tuple_(s.member_id, s.meter_id).in_(list(found)))) if found else ():
        found[row.member_id, row.meter_id][row.month] = row
    return found


def behind_act(tx: Tx, member_id: int, activity_id: str) -> tuple[Meter, Any, list[Any]] | None:
    """The meter, the settled month and the readings around it that an act was made of; None for other acts."""
    row = tx.row(select(saving).where(saving.c.member_id == member_id, saving.c.activity_id == activity_id))
    if row is None:
        return None
    known, (first, last), r = one(tx, Owner(member_id), row.meter_id), days_of(row.month), reading.c
    near = select(reading).where(
        r.member_id == member_id,
        r.meter_id == row.meter_id,
        r.read_on.between(first - timedelta(days=45), last + timedelta(days=45)),
    )
    return known, row, list(tx.rows(near.order_by(r.read_on.desc(), r.register.desc()).limit(12)))


def last_readings(tx: Tx, meters: Sequence[Meter]) -> dict[Place, date]:
    """The day of the latest reading of each meter that has one."""
    r = reading.c
    if not meters:
        return {}
    query = (
        select(r.member_id, r.meter_id, func.max(r.read_on).label("on"))
        .where(tuple_(r.member_id, r.meter_id).in_([each.place for each in meters]))
        .group_by(r.member_id, r.meter_id)
    )
    return {(row.member_id, row.meter_id): row.on for row in tx.rows(query)}


def peers(tx: Tx, months: Iterable[str], kinds: Iterable[str]) -> dict[tuple[str, str, str], dict[Place, Fraction]]:
    """Daily use of every home by (month, kind, size); the asking home is taken out by `peers_without`."""
    m = month_use.c
    found: dict[tuple[str, str, str], dict[Place, Fraction]] = defaultdict(dict)
    wanted, of = sorted(set(months)), sorted(set(kinds))
    if not wanted or not of:
        return found
    query = select(m.month, m.kind, m.size, m.member_id, m.meter_id, m.use_milli, m.days).where(
        m.month.in_(wanted), m.kind.in_(of), m.measured, m.member_id != 0
    )
    for row in tx.rows(query):
        found[row.month, row.kind, row.size][row.member_id, row.meter_id] = Fraction(row.use_milli, row.days)
    return found


def peers_without(group: Mapping[Place, Fraction], member_id: int) -> Peers | None:
    """What the other households of a group use; None when there are none."""
    others = [daily for (other, _), daily in group.items() if other != member_id]
    return peers_of(others) if others else None


def weather(tx: Tx, months: Iterable[str]) -> dict[str, DegreeDays]:
    """Degree-days by month, from the first station (by name) that knows the month whole."""
    wanted = sorted(set(months))
    if not wanted:
        return {}
    t = temperature.c
    means: dict[str, dict[str, int]] = defaultdict(dict)
    for row in tx.rows(select(t.station, t.period, t.mean_milli).where(func.substr(t.period, 1, 7).in_(wanted))):
        means[row.station][row.period] = row.mean_milli
    found: dict[str, DegreeDays] = {}
    for station in sorted(means):
        for month in wanted:
            if month not in found and (known := degree_days(month, means[station])):
                found[month] = known
    return found


def temperatures(tx: Tx, after: str | None, limit: int) -> list[Any]:
    """Rows of the temperature table, newest period first; `after` is period|station."""
    t = temperature.c
    query = select(temperature).order_by(t.period.desc(), t.station).limit(limit)
    if after:
        period, _, station = after.partition("|")
        query = query.where(or_(t.period < period, and_(t.period == period, t.station > station)))
    return list(tx.rows(query))


def known_temperatures(tx: Tx, station: Iterable[str]) -> dict[tuple[str, str], int]:
    """What is already in the table for these stations."""
    t = temperature.c
    rows = tx.rows(select(t.station, t.period, t.mean_milli).where(t.station.in_(sorted(set(station)))))
    return {(row.station, row.period): row.mean_milli for row in rows}


def unit_months(tx: Tx, months: Sequence[str]) -> list[Any]:
    """Use of green units' meters: rows of unit_id, kind, month, use_milli, days and the same of a year before.

    Only months that were measured in both years.
    """
    now, then, m = month_use.alias("now"), month_use.alias("then"), meter.c
    years = {month: f"{int(month[:4]) - 1}{month[4:]}" for month in months}
    if not years:
        return []
    earlier = case(years, value=now.c.month)
    query = (
        select(m.unit_id, m.kind, now.c.month, now.c.use_milli, now.c.days,
               then.c.use_milli.label("then_milli"), then.c.days.label("then_days"))
        .select_from(meter)
        .join(now, and_(now.c.member_id == m.member_id, now.c.meter_id == m.id))
        .join(then, and_(then.c.member_id == m.member_id, then.c.meter_id == m.id, then.c.month == earlier))
        .where(m.member_id == 0, now.c.month.in_(sorted(years)), now.c.measured, then.c.measured)
    )  # fmt: skip
    return list(tx.rows(query))


def unit_use(tx: Tx, unit_ids: Sequence[int], first: str, last: str) -> dict[tuple[int, str, str], int]:
    """Use of units' meters in thousandths by (unit, kind, month), in months that all meters of the kind measured.

    A meter belongs to the months from its first measured one until it is closed.
    """
    m, u = meter.c, month_use.c
    if not unit_ids:
        return {}
    meters = list(
        tx.rows(select(m.unit_id, m.id, m.kind, m.closed_on).where(m.member_id == 0, m.unit_id.in_(unit_ids)))
    )
    uses: dict[str, dict[str, int]] = defaultdict(dict)
    wanted = select(m.id).where(m.member_id == 0, m.unit_id.in_(unit_ids))
    query = select(u.meter_id, u.month, u.use_milli).where(u.member_id == 0, u.meter_id.in_(wanted), u.measured)
    for row in tx.rows(query.where(u.month <= last)):
        uses[row.meter_id][row.month] = row.use_milli
    groups: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for each in meters:
        if uses[each.id]:
            groups[each.unit_id, each.kind].append(each)
    found: dict[tuple[int, str, str], int] = {}
    for (unit, kind), those in groups.items():
        for month in {month for each in those for month in uses[each.id] if month >= first}:
            hung = [each for each in those if _hung(each, min(uses[each.id]), month)]
            if all(month in uses[each.id] for each in hung):
                found[unit, kind, month] = sum(uses[each.id].get(month, 0) for each in those)
    return found


def _hung(known: Any, first: str, month: str) -> bool:
    return bool(first <= month and (known.closed_on is None or known.closed_on > days_of(month)[0]))


def has_meters(tx: Tx, member_id: int) -> bool:
    """Whether the member has an open meter."""
    return tx.row(select(meter.c.id).where(meter.c.member_id == member_id, meter.c.closed_on.is_(None))) is not None


def _owned(owner: Owner) -> tuple[Any, ...]:
    unit = meter.c.unit_id.is_(None) if owner.unit_id is None else meter.c.unit_id == owner.unit_id
    return meter.c.member_id == owner.member_id, unit


def _reading(row: Any) -> Reading:
    return Reading(row.read_on, row.value_milli, row.estimated, row.support, row.register, row.upload_id or "")
