"""Working a period's boards out for good: from days, memberships and meters at one instant, with its place in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from points_engine import boards as rules
from points_engine.board_file import Entry
from points_engine.clock import days_of
from webapp.ledger import queries as ledger
from webapp.members import queries as members
from webapp.rankings import figures, marks
from webapp.rankings.boards import boards_of, find
from webapp.rankings.figures import Figure, Measured
from webapp.rankings.published_tables import board_hold
from webapp.store import Tx

PART = 5000  # positions a row
Held = frozenset[tuple[str, int]]  # ("member" or "unit", id)
Boards = dict[str, list[Entry]]


@dataclass(frozen=True, slots=True)
class CutOff:
    """Where the ledger stood: each member's chain, how many transfers in all, and a digest over the positions."""

    parts: list[str] = field(default_factory=list)
    members: int = 0
    transfers: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A period's boards, worked out in one snapshot."""

    period: str
    as_of: datetime
    entries: Boards
    held: Held
    cut: CutOff
    measured: list[Measured]


def work_out(tx: Tx, period: str, now: datetime) -> Draft:
    """All boards of a period; `tx` must be a snapshot, so that rows and positions are of one instant."""
    held = held_in(tx, period)
    first, last = days_of(period)
    query = (
        select(figures.days.c.member_id, func.sum(figures.grams))
        .where(figures.days.c.day.between(first, last))
        .group_by(figures.days.c.member_id)
    )
    values = ((int(row[0]), int(row[1])) for row in tx.rows(query))
    entries = of_members(values, members.inactive(tx), held)
    measured = figures.measured(tx, [period], now)
    entries |= of_units(figures.figures(tx, period, measured), period, held)
    return Draft(period, now, entries, held, cut_off(tx), measured)


def held_in(tx: Tx, period: str) -> Held:
    """Who is held back in a period."""
    h = board_hold.c
    return frozenset((row.subject, row.subject_id) for row in tx.rows(select(h.subject, h.subject_id).where(h.period == period)))  # fmt: skip


def of_members(values: Iterable[tuple[int, int]], gone: Collection[int], held: Held) -> Boards:
    """The members' board from (member, grams)."""
    out = {*gone, *(who for what, who in held if what == "member")}
    one = rules.weight_of(1)
    return {
        "members": [
            Entry(who, grams * rules.MILLI, grams * rules.MILLI, 1, one)
            for who, grams in values
            if grams > 0 and who not in out
        ]
    }


def of_units(found: Iterable[Figure], period: str, held: Held) -> Boards:
    """The boards of units from their figures, each value drawn towards the mean of its class where the board says so."""
    boards: Boards = {board.code: [] for board in boards_of(period) if not board.of_members}
    out = {who for what, who in held if what == "unit"}
    groups: dict[tuple[str, str, str], list[tuple[Figure, int]]] = {}
    for figure in found:
        for measure in figures.measures_of(period) if figure.unit.id not in out else ():
            plain = figure.plain_milli(measure)
            if plain > 0 and figure.stands(measure):
                groups.setdefault((figure.unit.kind, measure, figure.size_class), []).append((figure, plain))
    for (kind, measure, size), those in groups.items():
        mean = rules.mean_milli((plain, f.weight) for f, plain in those)
        for f, plain in those:
            value = marks.value_of(kind, measure, size, plain, f.weight, mean)
            entry = Entry(f.unit.id, value, plain, f.members, f.weight, size)
            for board in {find(kind, measure), find(kind, measure, size)} - {None}:
                boards[board.code].append(entry)  # type: ignore[union-attr]
    return boards


def cut_off(tx: Tx) -> CutOff:
    """Where each member's chain stands now."""
    seen: Any = ledger.seq_view.c
    rows = tx.rows(select(seen.member_id, seen.seq).where(seen.seq > 0).order_by(seen.member_id))
    parts = [
        " ".join(f"{row.member_id}:{row.seq}" for row in rows[start : start + PART])
        for start in range(0, len(rows), PART)
    ]
    digest = hashlib.sha256(" ".join(parts).encode()).hexdigest()
    return CutOff(parts, len(rows), sum(row.seq for row in rows), digest)
