"""Published boards worked out again from the transfers up to where each chain stood at the cut-off, and from what meters said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from points_engine import board_file
from points_engine import boards as rules
from points_engine.clock import days_of
from webapp.green_units import queries as green_units
from webapp.green_units.queries import memberships
from webapp.ledger import queries as ledger
from webapp.members import queries as members
from webapp.rankings import figures, freezing
from webapp.rankings.boards import boards_of
from webapp.rankings.figures import Figure, Key, Measured
from webapp.rankings.published_tables import board_closing, board_cut_off, board_energy, published_board
from webapp.store import Tx

RANGE = 5000  # members at a time
FROM_METERS = "energy"


@dataclass(slots=True)
class Sums:
    """What the transfers of all members add up to: grams by member, and by unit and period, and who brought any."""

    members: dict[int, int] = field(default_factory=dict)
    units: dict[Key, int] = field(default_factory=dict)
    active: dict[int, int] = field(default_factory=dict)


def positions(tx: Tx, period: str, version: int) -> dict[int, int]:
    """Where each member's chain stood when a version was frozen."""
    c = board_cut_off.c
    rows = tx.rows(select(c.positions).where(c.period == period, c.version == version).order_by(c.part))
    pairs = (each.split(":") for row in rows for each in row.positions.split())
    return {int(member): int(seq) for member, seq in pairs}


def measured(tx: Tx, period: str, version: int) -> list[Measured]:
    """What meters said when a version was frozen."""
    e = board_energy.c
    rows = tx.rows(select(e.measured).where(e.period == period, e.version == version).order_by(e.part))
    lines = [line.split() for row in rows for line in row.measured.splitlines()]
    return [Measured(int(unit), kind, month, *map(int, rest)) for unit, kind, month, *rest in lines]


def boards(
    tx: Tx, period: str, seen: Mapping[int, int], basis: freezing.Basis | None, meters: Sequence[Measured]
) -> freezing.Boards:
    """All boards of a period from the transfers up to the positions `seen` and what `meters` said, without whom `basis` leaves out."""
    last_year, earlier = rules.baseline_periods(period)
    bases = [each for each in (last_year, *earlier) if each]
    sums = Sums()
    for part in _ranges(seen):
        _add(tx, sums, part, seen, period, bases)
    gone, held = (basis.gone, basis.held) if basis else (members.inactive(tx), freezing.held_in(tx, period))
    found = freezing.of_members(sorted(sums.members.items()), gone, held)
    those = _figures(tx, sums, period, last_year, earlier, figures.saved(meters, [period]), basis)
    return found | freezing.of_units(those, period, held)


def differences(tx: Tx, period: str, version: int) -> list[str]:
    """Which boards of a published version are not, byte for byte, what the ledger says at its cut-off."""
    c = board_closing.c
    kept = freezing.basis_of(tx.scalar(select(c.basis).where(c.period == period, c.version == version)))
    meters = measured(tx, period, version)
    right = boards(tx, period, positions(tx, period, version), kept, meters)
    b = published_board.c
    stored = {
        row.board: row for row in tx.rows(select(published_board).where(b.period == period, b.version == version))
    }
    wrong = []
    for board in boards_of(period):
        row = stored.get(board.code)
        if row is not None and not row.head:
            continue  # closed before there were versions
        if board.measure == FROM_METERS and not meters:
            continue  # frozen before what meters said was kept
        if row is None or board_file.digest(text_of(row.head, row.salt, right[board.code])) != row.checksum:
            wrong.append(board.code)
    return wrong


def text_of(head: str, salt: str, entries: list[board_file.Entry]) -> Iterator[str]:
    """The file that these entries make."""
    yield head
    for _, line in board_file.rows(board_file.in_order(entries, salt)):
        yield line


def _ranges(seen: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    for first in range(0, max(seen, default=0) + 1, RANGE):
        yield first, first + RANGE - 1


def _add(tx: Tx, sums: Sums, part: tuple[int, int], seen: Mapping[int, int], period: str, bases: list[str]) -> None:
    """Add what the members of a range brought, day by day, to whom they belonged on that day."""
    first, last = days_of(period)
    moves = ledger.act_moves(tx, part, rules.first_day(period), last)
    spans = _spans(tx, part)
    bounds = [(each, *days_of(each)) for each in (period, *bases)]
    parts: dict[tuple[int, int], int] = {}
    for move in moves:
        if move.seq > seen.get(move.member_id, 0):
            continue
        grams = int(move.grams)
        if first <= move.day <= last:
            sums.members[move.member_id] = sums.members.get(move.member_id, 0) + grams
        for unit, joined, left in spans.get(move.member_id, ()):
            if not joined <= move.day or (left is not None and move.day >= left):
                continue
            for each, begins, ends in bounds:
                if begins <= move.day <= ends:
                    sums.units[unit, each] = sums.units.get((unit, each), 0) + grams
            if first <= move.day <= last:
                parts[move.member_id, unit] = parts.get((move.member_id, unit), 0) + grams
    for (_, unit), grams in parts.items():
        if grams > 0:
            sums.active[unit] = sums.active.get(unit, 0) + 1


def _spans(tx: Tx, part: tuple[int, int]) -> dict[int, list[tuple[int, date, date | None]]]:
    m = memberships.c
    found: dict[int, list[tuple[int, date, date | None]]] = {}
    for row in tx.rows(select(m.member_id, m.unit_id, m.joined_on, m.left_on).where(m.member_id.between(*part))):
        found.setdefault(row.member_id, []).append((row.unit_id, row.joined_on, row.left_on))
    return found


def _figures(
    tx: Tx, sums: Sums, period: str, last_year: str | None, earlier: list[str], coal: Mapping[Key, int],
    basis: freezing.Basis | None,
) -> list[Figure]:  # fmt: skip
    ids = sorted({unit for unit, _ in sums.units} | {unit for unit, _ in coal})
    units: dict[int, Any] = {}
    for start in range(0, len(ids), RANGE):
        units |= green_units.board_units(tx, ids[start : start + RANGE])
    wanted = [each for each in (period, last_year, *earlier) if each]
    people = figures.heads(tx, wanted)
    if basis:  # as they were then: a unit may have been closed, or a family have changed its mind
        units = {n: replace(each, named=n not in basis.shut, active=n not in basis.shut) for n, each in units.items()}
    tenths = figures.weights(tx, units, people, basis.children if basis else None)

    def pair(unit: int, each: str | None) -> tuple[int, int]:
        return (sums.units.get((unit, each), 0), tenths.get((unit, each), 0)) if each else (0, 0)

    return [
        Figure(
            units[unit],
            sums.units.get((unit, period), 0),
            sums.active.get(unit, 0),
            people.get((unit, period), 0),
            tenths.get((unit, period), 0),
            rules.baseline(pair(unit, last_year), [pair(unit, each) for each in earlier]),
            coal.get((unit, period), 0),
        )
        for unit in ids
        if unit in units
    ]
