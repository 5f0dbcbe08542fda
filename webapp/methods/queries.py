"""Reads of methods: what was approved, drafts with their runs, and the living catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select

from points_engine.errors import refuse
from points_engine.methodology import Catalogue, load
from points_engine.methodology.drafts import with_versions
from webapp.methods.tables import method_draft, method_stamp, method_version, what_if, what_if_row
from webapp.store import Query, Tx

EVERYBODY, FEW_PEOPLE = 0, -1
STAMP = Query(select(method_stamp.c.n))


@dataclass(frozen=True, slots=True)
class Effect:
    """What a draft would have changed for one behaviour in one unit (0: everybody, -1: units under five people)."""

    behaviour: str
    unit_id: int
    members: int
    acts: int
    changed: int
    credited_g: int
    old_g: int
    new_g: int
    old_p: int
    new_p: int


@dataclass(frozen=True, slots=True)
class Approved:
    """Something approved at run time, for the history of a method."""

    id: int
    behaviour: str
    version: str
    text: str
    checksum: str
    reason: str
    valid_from: date
    decided_at: datetime


@cache
def published() -> Catalogue:
    """The methods that came with the program."""
    return load()


def approved(tx: Tx) -> list[Approved]:
    """Everything approved at run time, in the order of approval."""
    v = method_version.c
    columns = (v.id, v.behaviour, v.version, v.text, v.checksum, v.reason, v.valid_from, v.decided_at)
    return [Approved(*row) for row in tx.rows(select(*columns).order_by(v.id))]


def living(tx: Tx) -> Catalogue:
    """The methods that came with the program and those approved since."""
    return with_versions(published(), [each.text for each in approved(tx)])


def draft_by_id(tx: Tx, draft_id: int) -> Any:
    """One draft in any state; 404 unknown_draft."""
    row = tx.row(select(method_draft).where(method_draft.c.id == draft_id))
    if row is None:
        raise refuse("not_found", "unknown_draft")
    return row


def drafts(tx: Tx, after: int | None = None, limit: int = 31) -> Sequence[Any]:
    """Drafts, newest first."""
    query = select(method_draft).order_by(method_draft.c.id.desc()).limit(limit)
    return tx.rows(query.where(method_draft.c.id < after) if after is not None else query)


def open_drafts(tx: Tx) -> int:
    """How many drafts wait for somebody."""
    return int(tx.scalar(select(func.count()).select_from(method_draft).where(method_draft.c.state == "draft")))


def decision_on(tx: Tx, draft_id: int) -> Any:
    """The approval of a draft, or None."""
    return tx.row(select(method_version).where(method_version.c.draft_id == draft_id))


def newest_run(tx: Tx, draft_id: int) -> Any:
    """The last what-if of a draft, or None."""
    mine = select(what_if).where(what_if.c.draft_id == draft_id)
    return tx.row(mine.order_by(what_if.c.id.desc()).limit(1))


def run_by_id(tx: Tx, run_id: int) -> Any:
    """One what-if, or None."""
    return tx.row(select(what_if).where(what_if.c.id == run_id))


def totals(tx: Tx, run_id: int) -> list[Effect]:
    """The effects on everybody, by behaviour."""
    r = what_if_row.c
    return _effects(tx, select(what_if_row).where(r.run_id == run_id, r.unit_id == EVERYBODY).order_by(r.behaviour))


def by_unit(tx: Tx, run_id: int, limit: int | None = None) -> list[Effect]:
    """The effects on units, the largest change first."""
    r = what_if_row.c
    query = select(what_if_row).where(r.run_id == run_id, r.unit_id != EVERYBODY)
    query = query.order_by(
        func.abs(r.new_g - r.old_g).desc(), func.abs(r.new_p - r.old_p).desc(), r.behaviour, r.unit_id
    )
    return _effects(tx, query.limit(limit) if limit is not None else query)


def _effects(tx: Tx, query: Any) -> list[Effect]:
    return [Effect(*row[1:]) for row in tx.rows(query)]
