"""The ladders of live boards: counts of values by steps, moved with every standing, from which places are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, insert, literal, literal_column, select, tuple_

from points_engine import ladder
from webapp.rankings.boards import BOARDS, Board, find
from webapp.rankings.tables import ladder_step, score, unit_mark
from webapp.store import Tx

Change = tuple[int, int, int]  # ladder, old value, new value; 0 stands nowhere
CHUNK = 5000
_s = ladder_step.c
_ZERO: Any = literal_column("0")
_KEY = (_s.ladder, _s.shift, _s.prefix)


def move(tx: Tx, changes: Iterable[Change]) -> None:
    """Count values off their old steps and onto the new; the caller holds the turn of the standings."""
    moved = ladder.moves(changes)
    rows = [{"ladder": whose, "shift": shift, "prefix": prefix, "n": n} for (whose, shift, prefix), n in sorted(moved.items())]  # fmt: skip
    tx.upsert(ladder_step, rows, key=("ladder", "shift", "prefix"), add=("n",))
    left = [step for step, n in sorted(moved.items()) if n < 0]
    for start in range(0, len(left), CHUNK):
        tx.execute(delete(ladder_step).where(tuple_(*_KEY).in_(left[start : start + CHUNK]), _s.n == 0))


def above(whose: Any, value: Any) -> Any:
    """How many stand above a value, as SQL: a few index ranges of at most fifteen rows each."""
    total: Any = None
    for shift in ladder.SHIFTS:
        own = value.bitwise_rshift(literal_column(str(shift)))
        there = [_s.ladder == whose, _s.shift == literal_column(str(shift)), _s.prefix > own]
        if shift != ladder.SHIFTS[-1]:
            there.append(_s.prefix <= own.bitwise_or(literal_column(str(ladder.LAST))))
        part: Any = select(func.coalesce(func.sum(_s.n), _ZERO)).where(*there).scalar_subquery()
        total = part if total is None else total + part
    return total


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
    for found in right_steps(tx, period):
        tx.execute(insert(ladder_step).from_select(["ladder", "shift", "prefix", "n"], found))


def right_steps(tx: Tx, period: str) -> list[Any]:
    """SELECTs of the steps as the standings of a period have them; one a board and level."""
    found = [_steps(BOARDS["members"], period, score.c.value, score.c.period == period, score.c.listed == 1)]
    m = unit_mark.c
    groups = tx.rows(select(m.kind, m.measure, m.size_class).where(m.period == period, m.listed == 1).distinct())
    sized = {find(row.kind, row.measure, row.size_class) for row in groups}
    whole = {find(row.kind, row.measure) for row in groups}
    for board in sorted({b for b in sized | whole if b}, key=lambda b: b.number):
        there = [m.period == period, m.kind == board.subject, m.measure == board.measure, m.listed == 1]
        there += [m.size_class == board.size_class] if board.size_class else []
        found.append(_steps(board, period, m.value_milli, *there))
    return [each for group in found for each in group]


def _steps(board: Board, period: str, value: Any, *there: Any) -> list[Any]:
    made = []
    for shift in ladder.SHIFTS:
        prefix = value.bitwise_rshift(literal_column(str(shift)))
        made.append(
            select(literal(board.ladder(period), _s.ladder.type), literal(shift, _s.shift.type), prefix, func.count())
            .where(*there, value > 0)
            .group_by(prefix)
        )
    return made


def faults(tx: Tx, period: str) -> list[str]:
    """Where a ladder differs from the standings it counts."""
    found: dict[tuple[int, int, int], int] = {}
    for each in right_steps(tx, period):
        found |= {(row[0], row[1], row[2]): int(row[3]) for row in tx.rows(each)}
    ids = [board.ladder(period) for board in BOARDS.values()]
    stored = {(row.ladder, row.shift, row.prefix): int(row.n) for row in tx.rows(select(ladder_step).where(_s.ladder.in_(ids)))}  # fmt: skip
    return [
        f"board ladder {period}: step {step} counts {stored.get(step, 0)}, the standings {found.get(step, 0)}"
        for step in sorted(stored.keys() | found.keys())
        if stored.get(step, 0) != found.get(step, 0)
    ]
