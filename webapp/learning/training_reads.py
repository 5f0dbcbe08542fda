"""Reads of sessions: those one may come to, mine, those one organises, and who signed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from points_engine.errors import refuse
from webapp.learning.tables import training, training_sign_up
from webapp.members import queries as members
from webapp.store import Tx

PAGE = 20
PEOPLE_PAGE = 50
_t, _s = training.c, training_sign_up.c


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed up, as the organiser sees them: a nickname, and whether they came."""

    turn: int
    nickname: str
    state: str
    attended_at: datetime | None
    attended_by: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many signed up, wait and came."""

    signed: int
    waiting: int
    came: int


def coming(
    tx: Tx, unit_ids: frozenset[int], now: datetime, after: int | None = None, limit: int = PAGE
) -> Sequence[Any]:
    """Open sessions not yet over that one may come to, the next first; `after` is the last one seen."""
    query = (
        select(training)
        .where(_t.status == "open", _t.ends_at > now, _visible(unit_ids))
        .order_by(_t.starts_at, _t.id)
        .limit(limit)
    )
    if after is not None:
        last = select(_t.starts_at).where(_t.id == after).scalar_subquery()
        query = query.where(or_(_t.starts_at > last, and_(_t.starts_at == last, _t.id > after)))
    return tx.rows(query)


def mine(tx: Tx, member_id: int, limit: int = 50) -> Sequence[Any]:
    """What I signed up for, latest first, with how it stands."""
    return tx.rows(
        select(training, _s.state, _s.turn, _s.attended_at)
        .join(training_sign_up, _s.training_id == _t.id)
        .where(_s.member_id == member_id, _s.state != "cancelled")
        .order_by(_t.starts_at.desc(), _t.id.desc())
        .limit(limit)
    )


def row_of(tx: Tx, training_id: int) -> Any:
    """A session in any state; 404 unknown_session."""
    row = tx.row(select(training).where(_t.id == training_id))
    if row is None:
        raise refuse("not_found", "unknown_session")
    return row


def visible_one(tx: Tx, member_id: int, unit_ids: frozenset[int], training_id: int) -> Any:
    """A session one may come to, or has signed up for; 404 for those of other units."""
    row = row_of(tx, training_id)
    if my_sign_up(tx, member_id, training_id) is None:
        check_visible(row, unit_ids)
    return row


def check_visible(row: Any, unit_ids: frozenset[int]) -> None:
    """Whether somebody of these units may come; a session of another unit is 404."""
    if row.audience == "unit" and row.unit_id not in unit_ids:
        raise refuse("not_found", "unknown_session")


def my_sign_up(tx: Tx, member_id: int, training_id: int) -> Any:
    """My own line, or None."""
    return tx.row(select(training_sign_up).where(_s.member_id == member_id, _s.training_id == training_id))


def ahead_of(tx: Tx, training_id: int, turn: int) -> int:
    """How many wait before this turn."""
    return int(
        tx.scalar(select(func.count()).where(_s.training_id == training_id, _s.state == "waiting", _s.turn < turn)) or 0
    )


def managed(tx: Tx, units: frozenset[int] | None, after: int | None = None, limit: int = PAGE) -> Sequence[Any]:
    """Sessions of the given units (None: all), newest first."""
    query = select(training).where(_within(units)).order_by(_t.id.desc()).limit(limit)
    if after is not None:
        query = query.where(_t.id < after)
    return tx.rows(query)


def managed_one(tx: Tx, units: frozenset[int] | None, training_id: int) -> Any:
    """A session of the given units; 404 unknown_session for any other."""
    row = tx.row(select(training).where(_t.id == training_id, _within(units)))
    if row is None:
        raise refuse("not_found", "unknown_session")
    return row


def people(tx: Tx, training_id: int, after: int | None = None, limit: int = PEOPLE_PAGE) -> list[Person]:
    """Who signed up, seats before the waiting list's places, in the order of signing up."""
    query = (
        select(training_sign_up)
        .where(_s.training_id == training_id, _s.state != "cancelled")
        .order_by(_s.turn)
        .limit(limit)
    )
    if after is not None:
        query = query.where(_s.turn > after)
    rows = tx.rows(query)
    names = members.nicknames(tx, [row.member_id for row in rows])
    return [Person(row.turn, names.get(row.member_id, ""), row.state, row.attended_at, row.attended_by) for row in rows]


def totals(tx: Tx, training_ids: Sequence[int]) -> dict[int, Totals]:
    """How many signed up, wait and came, by session."""
    rows = tx.rows(
        select(
            _s.training_id,
            func.count().filter(_s.state == "in").label("signed"),
            func.count().filter(_s.state == "waiting").label("waiting"),
            func.count(_s.attended_at).label("came"),
        )
        .where(_s.training_id.in_(list(training_ids)))
        .group_by(_s.training_id)
    )
    found = {row.training_id: Totals(int(row.signed), int(row.waiting), int(row.came)) for row in rows}
    return {each: found.get(each, Totals(0, 0, 0)) for each in training_ids}


def _visible(unit_ids: frozenset[int]) -> ColumnElement[bool]:
    own = _t.unit_id.in_(sorted(unit_ids)) if unit_ids else false()
    return or_(_t.audience == "park", own)


def _within(units: frozenset[int] | None) -> ColumnElement[bool]:
    if units is None:
        return _t.id > 0
    return _t.unit_id.in_(sorted(units)) if units else false()
