"""The figures candidates are judged by: a whole kind of unit or all members at once, in a bounded number of statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, literal, select

from points_engine import boards as rules
from points_engine.clock import days_of, start_of
from points_engine.honours import Criterion, Figure, measures
from webapp.energy import queries as energy
from webapp.green_units import queries as green_units
from webapp.green_units.queries import FEWEST, BoardUnit, memberships
from webapp.honours.tables import honour_award, honour_candidate
from webapp.ledger.queries import days
from webapp.members import queries as members
from webapp.pledges import queries as pledges
from webapp.rankings import figures as sums
from webapp.rankings import queries as rankings
from webapp.rankings.boards import board_of
from webapp.review import queries as review
from webapp.store import Tx

CHUNK = 5000
LEDGER = "ledger"
GRAMS = days.c.declared_g + days.c.verified_g
Figures = dict[int, dict[str, Figure]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be known: the subject's kind, the year and the criteria."""

    subject: str
    year: int
    criteria: Sequence[Criterion]

    @property
    def wanted(self) -> set[str]:
        return {each.measure for each in self.criteria}

    @property
    def days(self) -> tuple[date, date]:
        return days_of(str(self.year))

    def param(self, measure: str) -> str:
        return next((each.param for each in self.criteria if each.measure == measure), "")


def of_units(tx: Tx, asked: Asked, ids: Sequence[int] | None = None) -> Figures:
    """The figures of these units, or of every living unit of the kind."""
    found = green_units.board_units(tx, ids) if ids is not None else green_units.living_of_kind(tx, asked.subject)
    units = {unit.id: unit for unit in found.values() if unit.kind == asked.subject and unit.active}
    among = list(units) if ids is not None else None
    figures: Figures = {unit: {} for unit in units}
    _sums_of_units(tx, asked, units, among, figures)
    _shared(tx, asked, list(units), figures, "unit")
    _pledges_of_units(tx, asked, list(units), figures)
    _energy(tx, asked, list(units), figures)
    return figures


def of_members(tx: Tx, asked: Asked, ids: Sequence[int] | None = None) -> Figures:
    """The figures of these members, or of all who reach the grams asked for and may be proposed at all."""
    rows = _sums_of_members(tx, asked, ids)
    if ids is None:
        rows = _may_be_proposed(tx, rows)
    figures: Figures = {
        member: {"grams": Figure(grams, LEDGER), "months_active": Figure(months, LEDGER)}
        for member, (grams, months) in rows.items()
    }
    found = list(figures)
    if "improvement" in asked.wanted:
        before = _grams_of_members(tx, asked.year - 1, found)
        for member in found:
            figures[member]["improvement"] = _against(rows[member][0], before.get(member, 0))
    _shared(tx, asked, found, figures, "member")
    _pledges_of_members(tx, asked, found, figures)
    return figures


# --- units -----------------------------------------------------------------------------------------------


def _sums_of_units(
    tx: Tx, asked: Asked, units: Mapping[int, BoardUnit], among: list[int] | None, figures: Figures
) -> None:
    """Grams, per head, participation, improvement, months and people; no figure where fewer than five stand behind it."""
    period, family = str(asked.year), asked.subject == "family"
    grams = sums.sums(tx, *asked.days, among)
    people = {k: n for k, n in sums.heads(tx, [period], among).items() if k[0] in units}
    weights = sums.weights(tx, units, people)
    acted, months = _acted(tx, asked, among), _months(tx, asked, among, 1 if family else FEWEST)
    bases = sums.baselines(tx, period, units, among is not None) if "improvement" in asked.wanted else {}
    for unit in units:
        heads, active = people.get((unit, period), 0), acted.get(unit, 0)
        mine = figures[unit]
        mine["people"] = Figure(heads, LEDGER) if family or heads >= FEWEST else Figure(None, LEDGER, "few")
        if not family and (heads < FEWEST or 0 < active < FEWEST):
            mine |= {code: Figure(None, LEDGER, "few") for code in _personal()}
            continue
        value, weight = grams.get(unit, 0), weights.get((unit, period), 0)
        base = bases.get(unit, (0, 0))
        mine |= {
            "grams": Figure(value, LEDGER),
            "per_head": Figure(rules.per_person_milli(value, weight) // 1000, LEDGER),
            "participation": Figure(rules.share_milli(active, heads), LEDGER),
            "months_active": Figure(months.get(unit, 0), LEDGER),
            "improvement": Figure(rules.against_milli(value, weight, *base), LEDGER)
            if base[0] and base[1]
            else Figure(None, LEDGER, "no_baseline"),
        }


def _personal() -> list[str]:
    return [each.code for each in measures().values() if each.personal]


def _acted(tx: Tx, asked: Asked, among: list[int] | None) -> dict[int, int]:
    """How many of each unit's people saved anything in the year."""
    parts = sums.part_sums(str(asked.year))
    query = select(parts.c.unit_id, func.count().label("n")).group_by(parts.c.unit_id)
    return {row.unit_id: int(row.n) for row in _by(tx, query, parts.c.unit_id, among)}


def _months(tx: Tx, asked: Asked, among: list[int] | None, least: int) -> dict[int, int]:
    """In how many months of the year at least so many of a unit's people acted."""
    m, month = memberships.c, _month(asked.year)
    by_month = (
        select(m.unit_id, month.label("month"))
        .select_from(sums.belonging())
        .where(days.c.day.between(*asked.days), days.c.acts > 0)
        .group_by(m.unit_id, "month")
        .having(func.count(func.distinct(m.member_id)) >= least)
    )
    found: dict[int, int] = {}
    for row in _by(tx, by_month, m.unit_id, among):
        found[row.unit_id] = found.get(row.unit_id, 0) + 1
    return found


def _pledges_of_units(tx: Tx, asked: Asked, units: Sequence[int], figures: Figures) -> None:
    """A unit signs by its administrator, within the year."""
    slug = asked.param("pledge")
    if not slug:
        return
    first, last = _instants(asked)
    for some in _chunks(units):
        signed = pledges.units_signed_between(tx, slug, some, first, last)
        for unit in some:
            figures[unit]["pledge"] = Figure(int(unit in signed), f"pledge:{slug}")


def _energy(tx: Tx, asked: Asked, units: Sequence[int], figures: Figures) -> None:
    """Whether the energy target of the year was met, as the energy room's evaluation has it."""
    if "energy_target" not in asked.wanted:
        return
    for some in _chunks(units):
        results = energy.results(tx, some, asked.year)
        for unit in some:
            met = results[unit].met if unit in results else None
            figures[unit]["energy_target"] = Figure(
                None if met is None else int(met), "energy", "" if met is not None else "no_energy"
            )


# --- members ---------------------------------------------------------------------------------------------


def _sums_of_members(tx: Tx, asked: Asked, ids: Sequence[int] | None) -> dict[int, tuple[int, int]]:
    """Grams and months with acts of each member in the year."""
    d, least = days.c, max([1, *(c.threshold * 1000 for c in asked.criteria if c.measure == "grams")])
    query = (
        select(
            d.member_id,
            func.sum(GRAMS).label("grams"),
            func.count(func.distinct(case((d.acts > 0, _month(asked.year))))).label("months"),
        )
        .where(d.day.between(*asked.days))
        .group_by(d.member_id)
    )
    if ids is None:
        query = query.having(func.sum(GRAMS) >= least)
    found = {row.member_id: (int(row.grams or 0), int(row.months)) for row in _by(tx, query, d.member_id, ids)}
    return found | {member: (0, 0) for member in ids or () if member not in found}


def _grams_of_members(tx: Tx, year: int, ids: Sequence[int]) -> dict[int, int]:
    d = days.c
    query = (
        select(d.member_id, func.sum(GRAMS).label("grams"))
        .where(d.day.between(*days_of(str(year))))
        .group_by(d.member_id)
    )
    return {row.member_id: int(row.grams or 0) for row in _by(tx, query, d.member_id, ids)}


def _may_be_proposed(tx: Tx, rows: Mapping[int, Any]) -> dict[int, Any]:
    """Without children, accounts asleep, and those who do not wish to be seen: they may only come forward themselves."""
    out: set[int] = set()
    for some in _chunks(list(rows)):
        out |= set(members.inactive(tx, some))
        out |= {member for member, name in members.names(tx, some).items() if name.hidden}
    return {member: row for member, row in rows.items() if member not in out}


def _against(value: int, before: int) -> Figure:
    if before <= 0:
        return Figure(None, LEDGER, "no_baseline")
    return Figure(rules.against_milli(value, rules.TENTHS, before, rules.TENTHS), LEDGER)


def _pledges_of_members(tx: Tx, asked: Asked, ids: Sequence[int], figures: Figures) -> None:
    slug = asked.param("pledge")
    if not slug:
        return
    for some in _chunks(ids):
        signed = pledges.signed_between(tx, slug, some, *_instants(asked))
        for member in some:
            figures[member]["pledge"] = Figure(int(member in signed), f"pledge:{slug}")


# --- both ------------------------------------------------------------------------------------------------


def _shared(tx: Tx, asked: Asked, ids: Sequence[int], figures: Figures, who: str) -> None:
    """Places on a published board of the year, and breaches."""
    for some in _chunks(ids):
        if "place" in asked.wanted:
            _places(tx, asked, some, figures)
        if "no_breach" in asked.wanted:
            guilty = _breaches(tx, asked, some, who)
            for subject in some:
                figures[subject]["no_breach"] = Figure(int(subject not in guilty), "review")


def _places(tx: Tx, asked: Asked, ids: Sequence[int], figures: Figures) -> None:
    board = board_of(asked.param("place"))
    version, places = rankings.places_among(tx, board, str(asked.year), ids)
    source = f"board:{board.code}:{asked.year}" + (f":{version}" if version else "")
    for subject in ids:
        place = places.get(subject)
        why = "" if place else "not_on_board" if version else "no_board"
        figures[subject]["place"] = Figure(place, source, why)


def _breaches(tx: Tx, asked: Asked, ids: Sequence[int], who: str) -> set[int]:
    """Held back from a board of the year, or an honour revoked in it; of people a fault in review, of units a notice."""
    first, last = _instants(asked)
    found = rankings.held_back(tx, who, asked.year, ids)
    subject, a = honour_candidate.c[f"{who}_id"], honour_award.c
    revoked = (
        select(subject)
        .join(honour_award, a.candidate_id == honour_candidate.c.id)
        .where(subject.in_(list(ids)), a.revoked_at >= first, a.revoked_at < last)
    )
    found |= {row[0] for row in tx.rows(revoked)}
    if who == "member":
        return found | review.at_fault(tx, ids, first, last)
    return found | energy.notified(tx, ids, asked.year)


def _instants(asked: Asked) -> tuple[datetime, datetime]:
    """The year as instants: from its first moment up to before the next one's."""
    return start_of(date(asked.year, 1, 1)), start_of(date(asked.year + 1, 1, 1))


def _month(year: int) -> Any:
    """Which month of the year a day is in, as a number."""
    ends = [(days.c.day <= days_of(f"{year}-{n:02d}")[1], literal(n)) for n in range(1, 12)]
    return case(*ends, else_=literal(12))


def _chunks(ids: Sequence[int]) -> list[list[int]]:
    return [list(ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK)]


def _by(tx: Tx, query: Any, column: Any, ids: Collection[int] | None) -> list[Any]:
    """The rows for these ids, some thousands at a time, or for all."""
    if ids is None:
        return list(tx.rows(query))
    return [row for some in _chunks(list(ids)) for row in tx.rows(query.where(column.in_(some)))]
