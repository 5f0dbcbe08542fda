"""What others ask of the rankings: catch up, rebuild, close periods, audit, and drop who leaves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select, update

from webapp.green_units.queries import memberships
from webapp.ledger import service as ledger
from webapp.rankings import closing, standings
from webapp.rankings.standings import behind, catch_up, rebuild, relist
from webapp.rankings.tables import open_period, published_board, score, unit_part, unit_score
from webapp.store import Tx

__all__ = ["audit_boards", "behind", "catch_up", "close_due", "forget", "rebuild", "relist", "set_listed"]
MANY = 1_000_000


def close_due(tx: Tx, now: datetime, limit: int | None = None) -> int:
    """Publish the boards of every period whose 72 hours are over; returns how many boards."""
    return sum(closing.close_period(tx, period, now) for period in closing.due_periods(tx, now)[:limit])


def set_listed(tx: Tx, member_id: int, listed: bool) -> None:
    """Take a frozen member off the live boards at once, or put a thawed one back."""
    tx.execute(update(score).where(score.c.member_id == member_id).values(listed=int(listed)))


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: live boards drop them; what they did for units stays."""
    set_listed(tx, member_id, False)


def audit_boards(tx: Tx) -> list[str]:
    """Compare every live standing with the members' days, and every published board with its checksum.

    Members with transfers not yet read are left out: they are behind, not wrong.
    """
    waiting = {m for m, _ in ledger.dirty_members(tx, MANY)}
    faults: list[str] = []
    for row in tx.rows(select(open_period.c.period).order_by(open_period.c.period)):
        faults += _member_faults(tx, row.period, waiting)
        faults += _unit_faults(tx, row.period, waiting)
    return faults + _published_faults(tx)


def _member_faults(tx: Tx, period: str, waiting: set[int]) -> list[str]:
    sums = standings.member_sums(period)
    there = score.c.period == period
    wrong = tx.rows(
        select(sums.c.member_id, sums.c.value, score.c.value)
        .select_from(sums.outerjoin(score, (score.c.member_id == sums.c.member_id) & there))
        .where(or_(score.c.value.is_(None), score.c.value != sums.c.value))
    )
    excess = tx.rows(
        select(score.c.member_id, sums.c.value, score.c.value)
        .select_from(score.outerjoin(sums, score.c.member_id == sums.c.member_id))
        .where(there, score.c.value != 0, sums.c.value.is_(None))
    )
    return [
        f"board members {period}: member {member} stands at {stored}, the days say {right or 0}"
        for member, right, stored in [*wrong, *excess]
        if member not in waiting
    ]


def _unit_faults(tx: Tx, period: str, waiting: set[int]) -> list[str]:
    parts = standings.part_sums(period)
    right = _by_unit(tx, select(parts.c.unit_id, func.sum(parts.c.value)).group_by(parts.c.unit_id))
    stored = tx.rows(select(unit_score).where(unit_score.c.period == period))
    behind_units = _units_of(tx, waiting)
    have = {row.unit_id: row.value for row in stored}
    faults = [
        f"board units {period}: unit {unit} stands at {have.get(unit, 0)}, the days say {right.get(unit, 0)}"
        for unit in sorted(have.keys() | right.keys())
        if have.get(unit, 0) != right.get(unit, 0) and unit not in behind_units
    ]
    kept = _by_unit(
        tx,
        select(unit_part.c.unit_id, func.sum(unit_part.c.value))
        .where(unit_part.c.period == period)
        .group_by(unit_part.c.unit_id),
    )
    faults += [
        f"board units {period}: unit {unit} stands at {have.get(unit, 0)}, its parts sum to {kept.get(unit, 0)}"
        for unit in sorted(have.keys() | kept.keys())
        if have.get(unit, 0) != kept.get(unit, 0)
    ]
    return faults + [
        f"board units {period}: unit {row.unit_id} has a wrong value per head"
        for row in stored
        if row.members and row.per_head_milli != row.value * 1000 // row.members and row.unit_id not in behind_units
    ]


def _by_unit(tx: Tx, query: object) -> dict[int, int]:
    return {row[0]: int(row[1]) for row in tx.rows(query)}  # type: ignore[arg-type]


def _units_of(tx: Tx, members: set[int]) -> set[int]:
    """Units whose sums may still move: those of members with unread transfers or memberships."""
    m = memberships.c
    stale = {row[0] for row in tx.rows(select(m.unit_id).where(m.scored_version < m.version).distinct())}
    ids = sorted(members)
    for start in range(0, len(ids), 5000):
        some = ids[start : start + 5000]
        stale |= {row[0] for row in tx.rows(select(m.unit_id).where(m.member_id.in_(some)).distinct())}
    return stale


def _published_faults(tx: Tx) -> list[str]:
    faults = []
    for row in tx.rows(select(published_board).order_by(published_board.c.period, published_board.c.board)):
        lines = list(closing.stored_lines(tx, row.board, row.period, row.salt))
        if closing.checksum(lines) != row.checksum or len(lines) != row.entries:
            faults.append(f"published board {row.board} {row.period}: rows do not fit the checksum")
    return faults
