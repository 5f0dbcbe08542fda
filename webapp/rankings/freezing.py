"""Working a period's boards out for good: from days, memberships and meters at one instant, with its place in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from points_engine import boards as rules
from points_engine.board_file import Entry
from points_engine.clock import days_of
from webapp.green_units import queries as green_units
from webapp.ledger import queries as ledger
from webapp.members import queries as members
from webapp.rankings import figures, marks
from webapp.rankings.boards import boards_of, find
from webapp.rankings.figures import Figure, Measured
from webapp.rankings.published_tables import board_hold
from webapp.store import Tx

PART = 5000  # positions a row
Held = frozenset[tuple[str, int]]  # ("member" or "unit", id)
Hold = tuple[str, int, str, int, str]  # subject, id, reason, held by whom and when
Boards = dict[str, list[Entry]]


@dataclass(frozen=True, slots=True)
class CutOff:
    """Where the ledger stood: each member's chain, how many transfers in all, and a digest over the positions."""

    parts: list[str] = field(default_factory=list)
    members: int = 0
    transfers: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """Who was left out at the cut-off, and who were children: what later changes of accounts and units must not move."""

    holds: tuple[Hold, ...]
    gone: frozenset[int]
    shut: frozenset[int]
    children: Mapping[int, int]

    @property
    def held(self) -> Held:
        return frozenset((hold[0], hold[1]) for hold in self.holds)

    def kept(self) -> dict[str, Any]:
        """As it is stored with the closing."""
        young = [[unit, n] for unit, n in sorted(self.children.items()) if n]
        return {"holds": self.holds, "gone": sorted(self.gone), "shut": sorted(self.shut), "children": young}


@dataclass(frozen=True, slots=True)
class Draft:
    """A period's boards, worked out in one snapshot."""

    period: str
    as_of: datetime
    entries: Boards
    basis: Basis
    cut: CutOff
    measured: list[Measured]

    @property
    def held(self) -> Held:
        return self.basis.held


def work_out(tx: Tx, period: str, now: datetime) -> Draft:
    """All boards of a period; `tx` must be a snapshot, so that rows and positions are of one instant."""
    holds = holds_in(tx, period)
    held: Held = frozenset((hold[0], hold[1]) for hold in holds)
    first, last = days_of(period)
    query = (
        select(figures.days.c.member_id, func.sum(figures.grams))
        .where(figures.days.c.day.between(first, last))
        .group_by(figures.days.c.member_id)
    )
    values = [(int(row[0]), int(row[1])) for row in tx.rows(query)]
    measured = figures.measured(tx, [period], now)
    found, gone = figures.figures(tx, period, measured), frozenset(members.inactive(tx))
    entries = of_members(values, gone, held) | of_units(found, period, held)
    basis = Basis(
        holds,
        gone & {who for who, _ in values},
        frozenset(figure.unit.id for figure in found if not figure.unit.allowed),
        green_units.children(tx, sorted(figure.unit.id for figure in found if figure.unit.kind == "family")),
    )
    return Draft(period, now, entries, basis, cut_off(tx), measured)


def basis_of(kept: Mapping[str, Any] | None) -> Basis | None:
    """What a closing keeps; None for one from before it was kept."""
    if kept is None:
        return None
    young = {int(unit): int(n) for unit, n in kept["children"]}
    return Basis(tuple(tuple(hold) for hold in kept["holds"]), frozenset(kept["gone"]), frozenset(kept["shut"]), young)


def held_in(tx: Tx, period: str) -> Held:
    """Who is held back in a period."""
    return frozenset((hold[0], hold[1]) for hold in holds_in(tx, period))


def holds_in(tx: Tx, period: str) -> tuple[Hold, ...]:
    """The holds of a period as they stand."""
    h = board_hold.c
    rows = tx.rows(select(board_hold).where(h.period == period).order_by(h.subject, h.subject_id))
    return tuple((r.subject, r.subject_id, r.reason, r.held_by, r.held_at.isoformat()) for r in rows)


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
