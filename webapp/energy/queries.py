"""Reads of units' energy: who may see it, results for honours, histories, publications, scores and letters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from points_engine import energy as rules
from points_engine.clock import days_of
from points_engine.energy import Score, ScoreInputs
from points_engine.errors import refuse
from webapp.energy.books import Account, accounts
from webapp.energy.tables import (
    energy_choice,
    energy_code,
    energy_import,
    energy_letter,
    energy_publication,
    energy_quota,
    energy_reading,
    energy_score,
    energy_size,
    energy_tick,
)
from webapp.green_units import queries as green_units
from webapp.green_units.queries import Unit
from webapp.store import Tx

KINDS = ("public_body", "enterprise")  # communities and families have no evaluation
PAGE = 30


@dataclass(frozen=True, slots=True)
class Result:
    """A unit's year for honours: whether the target was met (None: no data or no target), the score, what it stands on."""

    met: bool | None
    score: int | None
    grade: str
    status: str
    closed: bool


def results(tx: Tx, unit_ids: Sequence[int], year: int) -> dict[int, Result]:
    """The year of some units: as the evaluation was closed, else as it stands now; units of other kinds are left out."""
    units = [unit for unit in green_units.by_ids(tx, unit_ids) if unit.kind in KINDS and unit.top_id is None]
    known = of_year(tx, units, year)
    closed = closed_scores(tx, year, [unit.id for unit in units])
    live = scores(tx, known, year)
    found: dict[int, Result] = {}
    for unit in units:
        status, row, judged = known[unit.id].standing(year), closed.get(unit.id), live.get(unit.id)
        if row is not None:
            found[unit.id] = Result(row.met, row.total, row.grade, status.status, True)
        elif judged is not None and status.status != "none":
            found[unit.id] = Result(status.met, judged[1].total, judged[1].grade, status.status, False)
        else:
            found[unit.id] = Result(status.met, None, "", status.status, False)
    return found


def scores(tx: Tx, known: dict[int, Account], year: int) -> dict[int, tuple[ScoreInputs, Score]]:
    """The scorecards, as they stand now, of those units that have a target for the year: nobody else is judged."""
    ticked: dict[int, set[str]] = {unit: set() for unit in known}
    for row in ticks(tx, list(known), year):
        if row.done:
            ticked[row.unit_id].add(row.item)
    found = {}
    for unit_id, account in known.items():
        if account.target is None or account.target.goal(year) is None:
            continue
        state = account.standing(year)
        given = ScoreInputs(state.met, state.levels.get("area"), account.in_time(year), frozenset(ticked[unit_id]))
        found[unit_id] = given, rules.score(given)
    return found


def ticks(tx: Tx, unit_ids: Sequence[int], year: int) -> list[Any]:
    """What staff found of units' management in a year."""
    k = energy_tick.c
    return list(tx.rows(select(energy_tick).where(k.unit_id.in_(unit_ids), k.year == year)))


def closed_scores(tx: Tx, year: int, unit_ids: Sequence[int]) -> dict[int, Any]:
    """The newest closed score of each unit."""
    c = energy_score.c
    rows = tx.rows(select(energy_score).where(c.year == year, c.unit_id.in_(unit_ids)).order_by(c.version))
    return {row.unit_id: row for row in rows}


def last_closing(tx: Tx, year: int) -> Any:
    """Version and time of the year's last closing, or None."""
    c = energy_score.c
    return tx.row(select(c.version, c.closed_at).where(c.year == year).order_by(c.version.desc()).limit(1))


def of_year(tx: Tx, units: Sequence[Unit], year: int) -> dict[int, Account]:
    """The accounts of many units in a year and the year before."""
    return accounts(tx, units, year - 1, year)


def account(tx: Tx, unit: Unit, year: int) -> Account:
    """One unit's (or part's) account of a year and the year before."""
    return of_year(tx, [unit], year)[unit.id]


def seen_by(tx: Tx, member_id: int, unit_id: int, staff: bool) -> tuple[Unit, Unit]:
    """A unit or part with its unit: any for staff, for others only what they administer; 404 unknown_unit.

    Families have no such pages.
    """
    unit = green_units.unit_by_id(tx, unit_id)
    top = green_units.unit_by_id(tx, unit.top_id) if unit.top_id else unit
    if top.kind == "family" or unit.status != "active" or top.status != "active":
        raise refuse("not_found", "unknown_unit")
    if not staff:
        green_units.administered_unit(tx, member_id, top.id)
    return unit, top


def readings(tx: Tx, unit_id: int, year: int) -> list[Any]:
    """Every figure ever told of a year, the newest version of each first."""
    r = energy_reading.c
    return list(
        tx.rows(
            select(energy_reading)
            .where(r.unit_id == unit_id, r.month.between(f"{year}-01", f"{year}-12"))
            .order_by(r.month.desc(), r.carrier, r.source, r.meter, r.version.desc())
        )
    )


def sizes(tx: Tx, unit_id: int) -> list[Any]:
    """Every floor area and headcount ever told, newest first."""
    s = energy_size.c
    return list(
        tx.rows(select(energy_size).where(s.unit_id == unit_id).order_by(s.what, s.from_on.desc(), s.id.desc()))
    )


def quotas(tx: Tx) -> list[Any]:
    """Quotas that staff have entered, newest first."""
    return list(tx.rows(select(energy_quota).order_by(energy_quota.c.id.desc()).limit(100)))


def publishes(tx: Tx, unit: Unit) -> bool:
    """Whether a unit's use may be published: public bodies always, others by their own choice."""
    if unit.kind == "public_body":
        return True
    return bool(tx.scalar(select(energy_choice.c.publishes).where(energy_choice.c.unit_id == unit.id)))


def publications(tx: Tx, unit_id: int, year: int | None = None) -> list[Any]:
    """What a unit has published, the newest year and version first."""
    p = energy_publication.c
    query = select(energy_publication).where(p.unit_id == unit_id)
    if year is not None:
        query = query.where(p.year == year)
    return list(tx.rows(query.order_by(p.year.desc(), p.version.desc())))


def published_in(tx: Tx, year: int, after: int | None = None, limit: int = PAGE + 1) -> list[Any]:
    """The newest version of each unit's publication of a year, by unit; those who no longer publish are left out."""
    p, c = energy_publication.c, energy_choice.c
    newest = (
        select(p.unit_id, func.max(p.version).label("version")).where(p.year == year).group_by(p.unit_id).subquery()
    )
    query = (
        select(energy_publication, c.publishes)
        .join(newest, (newest.c.unit_id == p.unit_id) & (newest.c.version == p.version))
        .outerjoin(energy_choice, c.unit_id == p.unit_id)
        .where(p.year == year)
        .order_by(p.unit_id)
    )
    if after is not None:
        query = query.where(p.unit_id > after)
    rows = list(tx.rows(query.limit(limit)))
    known = {unit.id: unit for unit in green_units.by_ids(tx, [row.unit_id for row in rows])}
    return [
        (row, known[row.unit_id])
        for row in rows
        if row.unit_id in known and (known[row.unit_id].kind == "public_body" or row.publishes)
    ]


def published_years(tx: Tx) -> list[int]:
    """The years of which something is published, newest first."""
    p = energy_publication.c
    return [row.year for row in tx.rows(select(p.year).distinct().order_by(p.year.desc()))]


def import_of(tx: Tx, import_id: int, unit_id: int | None) -> Any:
    """An uploaded file of a unit, or of the platform; 404 unknown_file."""
    i = energy_import.c
    mine = i.unit_id.is_(None) if unit_id is None else i.unit_id == unit_id
    row = tx.row(select(energy_import).where(i.id == import_id, mine))
    if row is None:
        raise refuse("not_found", "unknown_file")
    return row


def imports(tx: Tx, unit_id: int | None, limit: int = 10) -> list[Any]:
    """The latest uploads of a unit, or of the platform."""
    i = energy_import.c
    mine = i.unit_id.is_(None) if unit_id is None else i.unit_id == unit_id
    return list(tx.rows(select(energy_import).where(mine).order_by(i.id.desc()).limit(limit)))


def codes(tx: Tx, after: str | None = None, limit: int = PAGE + 1) -> list[Any]:
    """Meter codes of the platform, by code."""
    query = select(energy_code).order_by(energy_code.c.code).limit(limit)
    return list(tx.rows(query.where(energy_code.c.code > after) if after else query))


def letters_of(tx: Tx, unit_id: int) -> list[Any]:
    """The letters a unit has been sent, newest first."""
    c = energy_letter.c
    sent = c.status.in_(("sent", "answered"))
    return list(tx.rows(select(energy_letter).where(c.unit_id == unit_id, sent).order_by(c.id.desc())))


def letters(tx: Tx, year: int) -> list[Any]:
    """All letters of a year, drafts first."""
    c = energy_letter.c
    return list(tx.rows(select(energy_letter).where(c.year == year).order_by(c.status, c.id.desc()).limit(500)))


def notified(tx: Tx, unit_ids: Sequence[int], year: int) -> set[int]:
    """Which of these units were sent a notice to mend something for a year."""
    c = energy_letter.c
    told = (c.kind == "rectify", c.status.in_(("sent", "answered")))
    return {row[0] for row in tx.rows(select(c.unit_id).where(c.unit_id.in_(unit_ids), c.year == year, *told))}


def letter(tx: Tx, letter_id: int, unit_id: int | None = None) -> Any:
    """One letter; for a unit only one that was sent to it; 404 unknown_letter."""
    c = energy_letter.c
    query = select(energy_letter).where(c.id == letter_id)
    if unit_id is not None:
        query = query.where(c.unit_id == unit_id, c.status.in_(("sent", "answered")))
    row = tx.row(query)
    if row is None:
        raise refuse("not_found", "unknown_letter")
    return row


def platform_pairs(tx: Tx, months: Sequence[str]) -> list[tuple[int, str, str, int, int, int, int]]:
    """What the park's energy platform measured beside a year before: (unit, carrier, month, use, days, use then, days then).

    Uses in thousandths, the newest version of each figure; only what both years have, a unit's own total before its own
    meters before those of its parts, each meter against itself.
    """
    years = {month: f"{int(month[:4]) - 1}{month[4:]}" for month in months}
    r, u = energy_reading.c, green_units.unit_rows.c
    if not years:
        return []
    query = (
        select(func.coalesce(u.top_id, u.id).label("top"), r.unit_id, r.carrier, r.meter, r.month, r.value_milli)
        .join(green_units.unit_rows, u.id == r.unit_id)
        .where(r.source == "platform", r.month.in_(sorted({*years, *years.values()})))
        .order_by(r.version)
    )
    told = {(row.top, row.carrier, row.unit_id, row.meter, row.month): row.value_milli for row in tx.rows(query)}
    pairs: dict[tuple[int, str, str], dict[tuple[int, str], tuple[int, int]]] = defaultdict(dict)
    for (top, carrier, unit, meter, month), use in told.items():
        then = told.get((top, carrier, unit, meter, years.get(month, "")))
        if then is not None:
            pairs[top, carrier, month][unit, meter] = use, then
    return [
        (top, carrier, month, use, _days(month), then, _days(years[month]))
        for (top, carrier, month), those in sorted(pairs.items())
        for use, then in _best(top, those)
    ]


def _days(month: str) -> int:
    first, last = days_of(month)
    return (last - first).days + 1


def _best(top: int, those: dict[tuple[int, str], tuple[int, int]]) -> list[tuple[int, int]]:
    """The unit's own total, else its own meters, else what its parts have (of each the total before the meters)."""
    own = {meter: pair for (unit, meter), pair in those.items() if unit == top}
    if own:
        return [own[""]] if "" in own else list(own.values())
    totals = {unit for unit, meter in those if not meter}
    return [pair for (unit, meter), pair in those.items() if not meter or unit not in totals]
