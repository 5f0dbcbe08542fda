"""What others ask of the rankings: catch up, rebuild, close periods, audit, and drop who leaves."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Executable, func, or_, select

from points_engine import board_file
from points_engine import boards as rules
from webapp.green_units.queries import memberships
from webapp.ledger import service as ledger
from webapp.rankings import closing, figures, freezing, ladders, recount, standings
from webapp.rankings.closing import approve, ask_to_freeze, correct, hold, lift, note_recount, send_back, withdraw
from webapp.rankings.published_tables import board_closing, published_board
from webapp.rankings.standings import behind, catch_up, rebuild, refresh_energy, relist
from webapp.rankings.tables import open_period, score, unit_mark, unit_part, unit_score
from webapp.store import Store, Tx

__all__ = [
    "approve",
    "ask_to_freeze",
    "audit_boards",
    "behind",
    "catch_up",
    "close_due",
    "correct",
    "forget",
    "freeze",
    "hold",
    "lift",
    "note_recount",
    "rebuild",
    "recounted",
    "refresh_energy",
    "relist",
    "send_back",
    "withdraw",
]
MANY = 1_000_000


def close_due(store: Store, reviewed: tuple[str, ...], now: datetime, limit: int | None = None) -> int:
    """Publish every period whose 72 hours are over, or open its review where people look first; returns how many.

    Each is worked out in one snapshot and written in one transaction; a second run finds it done.
    """
    with store.read() as tx:
        due = [period for period in closing.due_periods(tx, now) if closing.latest(tx, period) is None]
    done = 0
    for period in due[:limit]:
        if closing.needs_people(period, reviewed):
            done += store.retrying(partial(closing.open_review, period=period, now=now))
            continue
        with store.snapshot() as tx:
            draft = freezing.work_out(tx, period, now)
        done += min(1, store.retrying(partial(closing.publish_by_itself, draft=draft, now=now)))
    return done


def freeze(store: Store, period: str, now: datetime) -> int:
    """Freeze a period somebody asked for, in one snapshot; returns how many boards."""
    with store.snapshot() as tx:
        draft = freezing.work_out(tx, period, now)
    return store.retrying(lambda tx: closing.freeze(tx, draft, now))


def recounted(store: Store, period: str, version: int) -> list[str]:
    """Codes of boards of a version that are not what the transfers say at its cut-off."""
    with store.snapshot() as tx:
        return recount.differences(tx, period, version)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: live boards drop them; what they did for units stays."""
    standings.set_listed(tx, [member_id], 0)


def audit_boards(tx: Tx) -> list[str]:
    """Compare every live standing with the members' days, and every published board with its checksum.

    Members with transfers not yet read are left out: they are behind, not wrong.
    """
    waiting = {m for m, _ in ledger.dirty_members(tx, MANY)}
    faults: list[str] = []
    for row in tx.rows(select(open_period.c.period).order_by(open_period.c.period)):
        faults += _member_faults(tx, row.period, waiting)
        faults += _unit_faults(tx, row.period, waiting)
        faults += ladders.faults(tx, row.period)
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
    parts = figures.part_sums(period)
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
    marked = {
        (row.unit_id, row.measure): row.plain_milli
        for row in tx.rows(select(unit_mark).where(unit_mark.c.period == period, unit_mark.c.listed == 1))
    }
    return faults + [
        f"board units {period}: unit {row.unit_id} has a wrong {measure}"
        for row in stored
        for measure, right in _plain(row)
        if marked.get((row.unit_id, measure), right) != right and row.unit_id not in behind_units
    ]


def _plain(row: Any) -> list[tuple[str, int]]:
    """What a unit's marks should say before they are drawn in."""
    return [("total", row.value * 1000), ("per_head", rules.per_person_milli(row.value, row.weight))]


def _by_unit(tx: Tx, query: Executable) -> dict[int, int]:
    return {row[0]: int(row[1]) for row in tx.rows(query)}


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
    """Every published board against its checksum, and every closing against its boards."""
    faults = []
    b = published_board.c
    for row in tx.rows(select(published_board).order_by(b.period, b.board, b.version)):
        text = list(closing.file_of(tx, row.board, row.period, row.version))
        if board_file.digest(text) != row.checksum or len(text) - 1 != row.entries:
            faults.append(
                f"published board {row.board} {row.period} version {row.version}: rows do not fit the checksum"
            )
    known = {(row.period, row.version) for row in tx.rows(select(b.period, b.version).distinct())}
    c = board_closing.c
    for row in tx.rows(select(c.period, c.version).where(c.state == "published")):
        if (row.period, row.version) not in known:
            faults.append(f"closing {row.period} version {row.version}: published without boards")
    return faults
