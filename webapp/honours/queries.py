"""Reads of honours: rounds, lists of candidates, one candidate with its working, awards by year, and what a code proves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select

from points_engine.clock import local_day
from points_engine.errors import refuse
from points_engine.honours import Evaluation, Honour, honours, read_record
from webapp.honours import judging, names
from webapp.honours.candidates import is_mine
from webapp.honours.judging import subject_of
from webapp.honours.rows import candidate, criteria_of, find, honour_of
from webapp.honours.tables import (
    honour_award,
    honour_candidate,
    honour_evaluation,
    honour_match,
    honour_objection,
    honour_record,
    honour_round,
)
from webapp.members import queries as members
from webapp.store import Tx

__all__ = ["candidate", "criteria_of", "find", "honour_of", "is_mine", "subject_of"]
PAGE = 50
COLUMNS = ("year", "honour", "honour_zh", "honour_en", "name", "number", "awarded_on", "status", "revoked_on", "reason")
PUBLIC = ("announced", "open", "reviewing", "proposed", "notice", "settled", "asked", "awarded")
LISTED = ("accepted", "awarded", "revoked")
_r, _c, _a, _o, _e, _m = (
    table.c
    for table in (honour_round, honour_candidate, honour_award, honour_objection, honour_evaluation, honour_match)
)


@dataclass(frozen=True, slots=True)
class Line:
    """A candidate in a list; `name` is empty for a person who is not named."""

    row: Row[Any]
    name: str
    evaluation: Evaluation | None = None
    award: Row[Any] | None = None
    objections: int = 0

    @property
    def id(self) -> int:
        return int(self.row.id)


@dataclass(frozen=True, slots=True)
class Awarded:
    """An honour as the public list has it."""

    candidate_id: int
    round_id: int
    honour: Honour
    year: int
    name: str
    number: str
    awarded_at: datetime
    revoked_at: datetime | None
    reason: str
    unit_id: int = 0

    def as_data(self) -> dict[str, Any]:
        """As the open data and the API give it."""
        words = (self.year, self.honour.code, self.honour.zh, self.honour.en, self.name, self.number)
        given, back = local_day(self.awarded_at), self.revoked_at and local_day(self.revoked_at)
        status = "revoked" if back else "valid"
        return dict(
            zip(COLUMNS, (*words, given.isoformat(), status, back and back.isoformat(), self.reason), strict=True)
        )


@dataclass(frozen=True, slots=True)
class Certified:
    """What a code stands for."""

    award: Awarded
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Badge:
    """An honour beside the name of who has it."""

    zh: str
    en: str
    year: int
    url: str


# --- rounds ----------------------------------------------------------------------------------------------


def public_round(tx: Tx, round_id: int) -> Row[Any]:
    """A round everybody may see; 404 unknown_honour for a draft or one given up."""
    row = find(tx, round_id)
    if row.state not in PUBLIC:
        raise refuse("not_found", "unknown_honour")
    return row


def current_rounds(tx: Tx) -> list[Row[Any]]:
    """Rounds under way, those with a notice first, then open ones."""
    order = {"notice": 0, "open": 1, "announced": 2}
    rows = tx.rows(select(honour_round).where(_r.state.in_(PUBLIC), _r.state != "awarded").order_by(_r.id))
    return sorted(rows, key=lambda row: (order.get(row.state, 3), row.id))


def staff_rounds(tx: Tx, after: int | None = None, limit: int = PAGE) -> list[Row[Any]]:
    """Every round, the newest first."""
    query = select(honour_round).order_by(_r.id.desc()).limit(limit)
    return list(tx.rows(query if after is None else query.where(_r.id < after)))


def counts(tx: Tx, round_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many candidates of each round stand where, and under `open` how many objections wait."""
    found: dict[int, dict[str, int]] = {each: {} for each in round_ids}
    if not round_ids:
        return found
    rows = tx.rows(
        select(_c.round_id, _c.state, func.count().label("n"))
        .where(_c.round_id.in_(list(round_ids)))
        .group_by(_c.round_id, _c.state)
    )
    waiting = tx.rows(
        select(_o.round_id, func.count().label("n"))
        .where(_o.round_id.in_(list(round_ids)), _o.state == "open")
        .group_by(_o.round_id)
    )
    for row in rows:
        found[row.round_id][row.state] = int(row.n)
    for row in waiting:
        found[row.round_id]["open"] = int(row.n)
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits at the desk."""

    nominated: int
    objections: int
    approvals: int


def waiting(tx: Tx) -> Waiting:
    """Nominations to answer, objections to decide, lists, awards and revocations that need a second person."""
    nominated = tx.scalar(
        select(func.count()).select_from(honour_candidate)
        .join(honour_round, _r.id == _c.round_id)
        .where(_c.state == "nominated", _r.state.in_(("open", "reviewing")))
    )  # fmt: skip
    objections = tx.scalar(select(func.count()).where(_o.state == "open"))
    lists = tx.scalar(select(func.count()).where(_r.state.in_(("proposed", "asked"))))
    back = tx.scalar(select(func.count()).where(_a.revoke_asked_by.is_not(None), _a.revoked_at.is_(None)))
    return Waiting(int(nominated or 0), int(objections or 0), int(lists or 0) + int(back or 0))


# --- lists -----------------------------------------------------------------------------------------------


def matches(tx: Tx, row: Row[Any], after: int, limit: int) -> list[tuple[int, str, Evaluation, Row[Any] | None]]:
    """Who met every criterion when the round was last screened: number, name, working and the candidate it may be."""
    subject = _m.member_id if honour_of(row).of_members else _m.unit_id
    rows = tx.rows(
        select(honour_match, subject.label("subject"))
        .where(_m.round_id == row.id, subject > after)
        .order_by(subject)
        .limit(limit)
    )
    there = tx.rows(
        select(honour_candidate).where(
            _c.round_id == row.id,
            or_(_c.unit_id.in_([r.unit_id for r in rows if r.unit_id]),
                _c.member_id.in_([r.member_id for r in rows if r.member_id])),
        )
    )  # fmt: skip
    known = {each.unit_id or each.member_id: each for each in there}
    called = names.names_of_subjects(tx, rows)
    return [(r.subject, called.get(r.subject, ""), read_record(r.record), known.get(r.subject)) for r in rows]


def match_count(tx: Tx, round_id: int) -> int:
    """How many met every criterion."""
    return int(tx.scalar(select(func.count()).where(_m.round_id == round_id)) or 0)


def candidates(
    tx: Tx, round_id: int, states: Sequence[str], after: int = 0, limit: int = PAGE, *, staff: bool = False
) -> list[Line]:
    """Candidates of a round in some states, with the working their place rests on."""
    rows = tx.rows(
        select(honour_candidate)
        .where(_c.round_id == round_id, _c.state.in_(states), _c.id > after)
        .order_by(_c.id)
        .limit(limit)
    )
    return _lines(tx, rows, staff)


def _lines(tx: Tx, rows: Sequence[Row[Any]], staff: bool) -> list[Line]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    called = names.names_for_staff(tx, rows) if staff else names.names_of(tx, rows)
    judged = {
        each.candidate_id: read_record(each.record)
        for each in tx.rows(
            select(_e.candidate_id, _e.record)
            .join(honour_candidate, (_c.id == _e.candidate_id) & (_c.evaluation == _e.number))
            .where(_e.candidate_id.in_(ids))
        )
    }
    awards = {each.candidate_id: each for each in tx.rows(select(honour_award).where(_a.candidate_id.in_(ids)))}
    waiting = {
        each.candidate_id: int(each.n)
        for each in tx.rows(
            select(_o.candidate_id, func.count().label("n"))
            .where(_o.candidate_id.in_(ids), _o.state == "open")
            .group_by(_o.candidate_id)
        )
    }
    return [
        Line(row, called[row.id], judged.get(row.id), awards.get(row.id), waiting.get(row.id, 0)) for row in rows
    ]  # fmt: skip


def one_line(tx: Tx, candidate_id: int, *, staff: bool = False) -> tuple[Row[Any], Line]:
    """A candidate and its round; 404 unknown_candidate."""
    row = candidate(tx, candidate_id)
    return find(tx, row.round_id), _lines(tx, [row], staff)[0]


def listed(tx: Tx, candidate_id: int) -> tuple[Row[Any], Line]:
    """A candidate that is or was published; 404 unknown_candidate for any other."""
    row, line = one_line(tx, candidate_id)
    if row.state not in ("notice", "settled", "asked", "awarded") or line.row.state not in LISTED:
        raise refuse("not_found", "unknown_candidate")
    return row, line


def standing(tx: Tx, row: Row[Any], subject: int, now: datetime) -> Evaluation:
    """How a unit or a member stands against a round's criteria at this moment; nothing is kept."""
    return judging.judge(tx, row, [subject], now)[subject]


# --- one candidate ---------------------------------------------------------------------------------------


def evaluations(tx: Tx, candidate_id: int) -> list[Row[Any]]:
    """Every time a candidate was judged, the newest first."""
    return list(tx.rows(select(honour_evaluation).where(_e.candidate_id == candidate_id).order_by(_e.number.desc())))


def objections_to(tx: Tx, candidate_id: int) -> list[Row[Any]]:
    """The objections to a candidate, open ones first; who raised them is for staff only."""
    rows = tx.rows(select(honour_objection).where(_o.candidate_id == candidate_id).order_by(_o.opened_at))
    return sorted(rows, key=lambda row: row.state != "open")


def open_objections(tx: Tx, limit: int = PAGE) -> list[tuple[Row[Any], Line]]:
    """Objections that wait for an answer, the oldest first."""
    rows = tx.rows(
        select(honour_objection).where(_o.state == "open").order_by(_o.opened_at, _o.candidate_id).limit(limit)
    )  # fmt: skip
    about = tx.rows(select(honour_candidate).where(_c.id.in_([row.candidate_id for row in rows])))
    lines = {line.id: line for line in _lines(tx, about, True)}
    return [(row, lines[row.candidate_id]) for row in rows if row.candidate_id in lines]


def history(tx: Tx, candidate_id: int) -> list[Row[Any]]:
    """What happened to an award, in order."""
    n = honour_record.c
    return list(tx.rows(select(honour_record).where(n.candidate_id == candidate_id).order_by(n.id)))


# --- mine ------------------------------------------------------------------------------------------------


def mine(tx: Tx, member_id: int, unit_ids: Sequence[int]) -> list[tuple[Row[Any], Line]]:
    """My candidacies and those of units I administer, the newest first."""
    units = [unit for unit in unit_ids if unit]
    rows = tx.rows(
        select(honour_candidate)
        .where(or_(_c.member_id == member_id, _c.unit_id.in_(units) if units else _c.member_id == member_id))
        .order_by(_c.id.desc())
        .limit(PAGE)
    )
    rounds = {row.id: row for row in tx.rows(select(honour_round).where(_r.id.in_({row.round_id for row in rows})))}
    return [(rounds[line.row.round_id], line) for line in _lines(tx, rows, True)]


def my_objections(tx: Tx, member_id: int) -> list[tuple[Row[Any], Line]]:
    """What I objected to, and the answers."""
    rows = tx.rows(
        select(honour_objection).where(_o.member_id == member_id).order_by(_o.opened_at.desc()).limit(PAGE)
    )  # fmt: skip
    about = tx.rows(select(honour_candidate).where(_c.id.in_({row.candidate_id for row in rows})))
    lines = {line.id: line for line in _lines(tx, about, False)}
    return [(row, lines[row.candidate_id]) for row in rows if row.candidate_id in lines]


def my_open_objection(tx: Tx, member_id: int, candidate_id: int) -> bool:
    """Whether I have an objection to a candidate that nobody has answered yet."""
    there = (_o.member_id == member_id, _o.candidate_id == candidate_id, _o.state == "open")
    return tx.scalar(select(_o.number).where(*there)) is not None


# --- awards ----------------------------------------------------------------------------------------------


def years(tx: Tx) -> list[tuple[int, int]]:
    """The years in which honours were given, the newest first, and how many."""
    rows = tx.rows(
        select(_r.year, func.count().label("n"))
        .join(honour_award, _a.round_id == _r.id)
        .group_by(_r.year)
        .order_by(_r.year.desc())
    )
    return [(int(row.year), int(row.n)) for row in rows]


def awards_of(tx: Tx, year: int, honour: str | None = None, after: int = 0, limit: int | None = PAGE) -> list[Awarded]:
    """The honours of a year, by honour and then in the order they were given; revoked ones are marked, not hidden."""
    query = _awards().where(_r.year == year, _a.candidate_id > after).order_by(_a.candidate_id)
    if honour:
        query = query.where(_r.honour == honour)
    return [_awarded(row) for row in tx.rows(query.limit(limit) if limit else query)]


def proof(tx: Tx, code: str) -> Certified | None:
    """What was given under a code; None for one nobody was given."""
    row = tx.row(_awards().where(_a.code == code)) if code else None
    return Certified(_awarded(row), row.awarded_at) if row is not None else None


def beside_name(tx: Tx, who: str, subject_id: int) -> list[Badge]:
    """The honours of a unit or a member that stand, the newest first; shown beside their names."""
    subject = _c.unit_id if who == "unit" else _c.member_id
    rows = tx.rows(
        _awards().where(subject == subject_id, _a.revoked_at.is_(None)).order_by(_r.year.desc(), _r.id).limit(12)
    )  # fmt: skip
    return [
        Badge(honours()[row.honour].zh, honours()[row.honour].en, int(row.year), f"/honours/{row.year}") for row in rows
    ]


def award_and_code(tx: Tx, candidate_id: int) -> Row[Any]:
    """The award of a candidate with its code, for its certificate; 404 unknown_certificate."""
    row = tx.row(select(honour_award).where(_a.candidate_id == candidate_id))
    if row is None:
        raise refuse("not_found", "unknown_certificate")
    return row


def who_did(tx: Tx, row: Any) -> dict[int, str]:
    """Nicknames of the staff whose hands a round went through."""
    ids = {row.author_id, row.proposed_by, row.noticed_by, row.asked_by, row.awarded_by} - {None}
    return members.nicknames(tx, sorted(ids))


def _awards() -> Any:
    return (
        select(honour_award, _r.honour, _r.year, _c.unit_id)
        .join(honour_round, _r.id == _a.round_id)
        .join(honour_candidate, _c.id == _a.candidate_id)
    )


def _awarded(row: Any) -> Awarded:
    return Awarded(
        row.candidate_id, row.round_id, honours()[row.honour], int(row.year), row.name, row.number, row.awarded_at,
        row.revoked_at, row.revoke_reason if row.revoked_at else "", row.unit_id,
    )  # fmt: skip
