"""Reads of published boards: what fixes one, its versions, pages, places and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.rankings.boards import Board
from webapp.rankings.places import AROUND, PAGE, Found
from webapp.rankings.published_tables import board_closing, board_hold, published_board, published_row
from webapp.store import Tx

_b, _r, _c = published_board.c, published_row.c, board_closing.c


@dataclass(frozen=True, slots=True)
class Published:
    """What fixes a published board."""

    version: int
    as_of: datetime
    entries: int
    checksum: str
    salt: str
    method_zh: str
    method_en: str
    note_zh: str
    note_en: str
    decided_at: datetime | None
    head: str


def versions(tx: Tx, board: Board, period: str) -> list[Published]:
    """The published versions of a board, the newest first."""
    rows = tx.rows(
        select(published_board, _c.note_zh, _c.note_en, _c.decided_at)
        .join(board_closing, (_c.period == _b.period) & (_c.version == _b.version))
        .where(_b.board == board.code, _b.period == period, _c.state == "published")
        .order_by(_b.version.desc())
    )
    return [Published(**{name: getattr(row, name) for name in Published.__slots__}) for row in rows]


def page(tx: Tx, board: Board, period: str, version: int, number: int) -> list[Found]:
    """One page and the first row of the next."""
    first = (number - 1) * PAGE + 1
    return _between(tx, board, period, version, first, first + PAGE)


def own(tx: Tx, board: Board, period: str, version: int, subject: int) -> Any:
    """A subject's row, or None."""
    who = _r.member_id if board.of_members else _r.unit_id
    there = (who == subject, _r.period == period, _r.board == board.code, _r.version == version)
    return tx.row(select(published_row).where(*there))


def places_among(tx: Tx, board: Board, period: str, subjects: Sequence[int]) -> tuple[int | None, dict[int, int]]:
    """The newest published version of a board, and the places these subjects have on it; None where there is none."""
    version = tx.scalar(
        select(_b.version)
        .join(board_closing, (_c.period == _b.period) & (_c.version == _b.version))
        .where(_b.board == board.code, _b.period == period, _c.state == "published")
        .order_by(_b.version.desc())
        .limit(1)
    )
    if version is None:
        return None, {}
    who = _r.member_id if board.of_members else _r.unit_id
    rows = tx.rows(
        select(who.label("subject"), _r.place).where(
            who.in_(list(subjects)), _r.period == period, _r.board == board.code, _r.version == version
        )
    )
    return int(version), {row.subject: int(row.place) for row in rows}


def held_back(tx: Tx, subject: str, year: int, ids: Sequence[int]) -> set[int]:
    """Who of these members or units staff held back from a board of a year, and have not put back."""
    h = board_hold.c
    rows = tx.rows(
        select(h.subject_id)
        .where(h.subject == subject, h.period.startswith(str(year)), h.subject_id.in_(list(ids)))
        .distinct()
    )
    return {row.subject_id for row in rows}


def around(tx: Tx, board: Board, period: str, version: int, position: int) -> list[Found]:
    """The row at a position with two above and two below."""
    return _between(tx, board, period, version, position - AROUND, position + AROUND)


def above(tx: Tx, board: Board, period: str, version: int, place: int) -> int | None:
    """The next higher value, in thousandths; None in the lead."""
    rows = _between(tx, board, period, version, place - 1, place - 1) if place > 1 else []
    return rows[0].value_milli if rows else None


def _between(tx: Tx, board: Board, period: str, version: int, first: int, last: int) -> list[Found]:
    rows: Sequence[Any] = tx.rows(
        select(published_row)
        .where(_r.board == board.code, _r.period == period, _r.version == version, _r.position.between(first, last))
        .order_by(_r.position)
    )
    return [
        Found(r.member_id if r.member_id is not None else r.unit_id, r.place, r.value_milli, r.members, r.plain_milli)
        for r in rows
    ]
