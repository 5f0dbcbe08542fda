"""The ladders of live boards: counts of values by steps, moved with every standing, from which places are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, insert, literal, literal_column, select, text, true, union_all

from points_engine import ladder
from webapp.rankings.boards import BOARDS, Board, find
from webapp.rankings.tables import ladder_step, score, unit_mark
from webapp.store import Tx

Change = tuple[int, int, int]  # ladder, old value, new value; 0 stands nowhere
_s = ladder_step.c
_ZERO: Any = literal_column("0")


def move(tx: Tx, changes: Iterable[Change]) -> None:
    """Count values off their old steps and onto the new; the caller holds the turn of the standings."""
    moved = ladder.moves(changes)
    rows = [{"ladder": whose, "shift": shift, "prefix": prefix, "n": n} for (whose, shift, prefix), n in sorted(moved.items())]  # fmt: skip
    tx.upsert(ladder_step, rows, key=("ladder", "shift", "prefix"), add=("n",))
    if any(n < 0 for n in moved.values()):
        tx.execute(delete(ladder_step).where(_s.n == literal_column("0")))  # its own small index knows them


# Each level with the bits in which siblings differ; the top level has no last sibling. Both databases call the columns so.
_LEVELS = "(VALUES {}) AS level".format(
    ", ".join(f"({shift}, {ladder.LAST if shift != ladder.SHIFTS[-1] else 1 << 62})" for shift in ladder.SHIFTS)
)
_SHIFT: Any = literal_column("level.column1")
_REST: Any = literal_column("level.column2")


def above(whose: Any, value: Any) -> Any:
    """How many stand above a value, as SQL: one index range of at most fifteen rows a level."""
    own = value.bitwise_rshift(_SHIFT)
    there = (_s.ladder == whose, _s.shift == _SHIFT, _s.prefix > own, _s.prefix <= own.bitwise_or(_REST))
    found = select(func.sum(_s.n)).select_from(text(_LEVELS), ladder_step).where(*there)
    return func.coalesce(found.scalar_subquery(), _ZERO)


def ties(whose: Any, value: Any) -> Any:
    """How many share a value, as SQL."""
    found = select(_s.n).where(_s.ladder == whose, _s.shift == literal_column("0"), _s.prefix == value)
    return func.coalesce(found.scalar_subquery(), _ZERO)


def entries(tx: Tx, board: Board, period: str) -> int:
    """How many stand on a live board."""
    top = select(func.sum(_s.n)).where(_s.ladder == board.ladder(period), _s.shift == ladder.SHIFTS[-1])
    return int(tx.scalar(top) or 0)


def drop(tx: Tx, period: str) -> None:
    """A period is closed: its ladders go."""
    tx.execute(delete(ladder_step).where(_s.ladder.in_([board.ladder(period) for board in BOARDS.values()])))


def build(tx: Tx, period: str) -> None:
    """Count a period's ladders anew from its standings."""
    drop(tx, period)
    for board in _standing(tx, period):
        _count(tx, board, period)


def recount(tx: Tx, boards: Iterable[Board], period: str) -> None:
    """Count some boards' ladders anew: all values have changed at once."""
    for board in sorted(set(boards), key=lambda each: each.number):
        tx.execute(delete(ladder_step).where(_s.ladder == board.ladder(period)))
        _count(tx, board, period)


def _count(tx: Tx, board: Board, period: str) -> None:
    tx.execute(insert(ladder_step).from_select(["ladder", "shift", "prefix", "n"], _steps(board, period)))


def _standing(tx: Tx, period: str) -> list[Board]:
    """The boards of a period that anybody stands on."""
    m = unit_mark.c
    groups = tx.rows(select(m.kind, m.measure, m.size_class).where(m.period == period, m.listed == 1).distinct())
    found = {find(row.kind, row.measure, size) for row in groups for size in ("", row.size_class)}
    return sorted({BOARDS["members"], *(board for board in found if board)}, key=lambda each: each.number)


_SHIFTS = union_all(*(select(literal_column(str(shift)).label("shift")) for shift in ladder.SHIFTS)).subquery("shifts")


def _steps(board: Board, period: str) -> Any:
    """The steps of a board as its standings have them, as SQL."""
    if board.of_members:
        value, there = score.c.value, [score.c.period == period, score.c.listed == 1]
    else:
        m = unit_mark.c
        value = m.value_milli
        there = [m.period == period, m.kind == board.subject, m.measure == board.measure, m.listed == 1]
        there += [m.size_class == board.size_class] if board.size_class else []
    prefix = value.bitwise_rshift(_SHIFTS.c.shift)
    return (
        select(literal(board.ladder(period), _s.ladder.type), _SHIFTS.c.shift, prefix, func.count())
        .select_from(value.table.join(_SHIFTS, true()))
        .where(*there, value > 0)
        .group_by(_SHIFTS.c.shift, prefix)
    )


def faults(tx: Tx, period: str) -> list[str]:
    """Where a ladder differs from the standings it counts."""
    found: dict[tuple[int, int, int], int] = {}
    for board in _standing(tx, period):
        found |= {(row[0], row[1], row[2]): int(row[3]) for row in tx.rows(_steps(board, period))}
    ids = [board.ladder(period) for board in BOARDS.values()]
    stored = {(row.ladder, row.shift, row.prefix): int(row.n) for row in tx.rows(select(ladder_step).where(_s.ladder.in_(ids)))}  # fmt: skip
    return [
        f"board ladder {period}: step {step} counts {stored.get(step, 0)}, the standings {found.get(step, 0)}"
        for step in sorted(stored.keys() | found.keys())
        if stored.get(step, 0) != found.get(step, 0)
    ]
