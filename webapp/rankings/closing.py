"""Publishing a board: 72 hours after a period ends its order is written down once, with a checksum, for good."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from points_engine.ranking import freezes_at, places
from webapp.rankings import standings
from webapp.rankings.boards import BOARDS, GRACE, METHOD_EN, METHOD_ZH, Board
from webapp.rankings.tables import (
    open_period,
    published_board,
    published_row,
    score,
    unit_part,
    unit_score,
)
from webapp.store import Tx

HEADER = "place,reference,value_g,members\n"
CHUNK = 2000


def due_periods(tx: Tx, now: datetime) -> list[str]:
    """Open periods whose grace is over, oldest first."""
    rows = tx.rows(select(open_period.c.period))
    due = [(at, row.period) for row in rows if (at := freezes_at(row.period, GRACE)) is not None and at <= now]
    return [period for _, period in sorted(due)]


def close_period(tx: Tx, period: str, now: datetime) -> int:
    """Publish all boards of a period and drop its live standings; returns how many boards."""
    while standings.behind(tx):
        if not standings.catch_up(tx, now):
            break
    standings.relist(tx)
    for board in BOARDS.values():
        _publish(tx, board, period, now)
    for table in (score, unit_score, unit_part, open_period):
        tx.execute(delete(table).where(table.c.period == period))
    return len(BOARDS)


def reference(salt: str, subject_id: int) -> str:
    """What stands for a member or unit in the download: the same person has another one on each board."""
    return hashlib.sha256(f"{salt}:{subject_id}".encode()).hexdigest()[:16]


def line(place: int, ref: str, value_milli: int, members: int) -> str:
    """One line of the download; the checksum is over the header and these lines."""
    whole, part = divmod(value_milli, 1000)
    value = f"{whole}.{part:03d}" if part else str(whole)
    return f"{place},{ref},{value},{members}\n"


def checksum(lines: Iterable[str]) -> str:
    """The digest of exactly the bytes that can be downloaded; they name nobody, so a name can still be taken back."""
    digest = hashlib.sha256(HEADER.encode())
    for one in lines:
        digest.update(one.encode())
    return digest.hexdigest()


def stored_lines(tx: Tx, board: str, period: str, salt: str) -> Iterator[str]:
    """The published rows as lines, in order."""
    position = 0
    while True:
        rows = tx.rows(
            select(published_row)
            .where(
                published_row.c.board == board,
                published_row.c.period == period,
                published_row.c.position > position,
            )
            .order_by(published_row.c.position)
            .limit(CHUNK)
        )
        if not rows:
            return
        for row in rows:
            subject_id = row.member_id if row.member_id is not None else row.unit_id
            yield line(row.place, reference(salt, subject_id), row.value_milli, row.members)
        position = rows[-1].position


def _publish(tx: Tx, board: Board, period: str, now: datetime) -> None:
    salt = secrets.token_hex(16)
    lines: list[str] = []
    ordered = _ordered(tx, board, period)
    ranks = places([row.value_milli for row in ordered])
    for start in range(0, len(ordered), CHUNK):
        rows = []
        for i, row in enumerate(ordered[start : start + CHUNK], start):
            rows.append(
                {
                    "board": board.code,
                    "period": period,
                    "position": i + 1,
                    "place": ranks[i],
                    "member_id": row.id if board.of_members else None,
                    "unit_id": None if board.of_members else row.id,
                    "value_milli": row.value_milli,
                    "members": row.members,
                    "reached_at": row.reached_at,
                }
            )
            lines.append(line(ranks[i], reference(salt, row.id), row.value_milli, row.members))
        tx.insert(published_row, rows)
    tx.execute(
        insert(published_board).values(
            board=board.code,
            period=period,
            as_of=now,
            entries=len(ordered),
            checksum=checksum(lines),
            salt=salt,
            method_zh=METHOD_ZH,
            method_en=METHOD_EN,
        )
    )


def _ordered(tx: Tx, board: Board, period: str) -> list[Any]:
    return list(tx.rows(in_order(board, period)))


def in_order(board: Board, period: str) -> Any:
    """The live standings of a board, first place first: id, value_milli, members, reached_at."""
    if board.of_members:
        s = score.c
        return (
            select(
                s.member_id.label("id"),
                (s.value * 1000).label("value_milli"),
                (s.value * 0 + 1).label("members"),
                s.reached_at,
            )
            .where(s.period == period, s.listed == 1, s.value > 0)
            .order_by(s.value.desc(), s.reached_at, s.member_id)
        )
    u = unit_score.c
    value = u.per_head_milli if board.per_head else u.value
    return (
        select(
            u.unit_id.label("id"),
            (value if board.per_head else value * 1000).label("value_milli"),
            u.members,
            u.reached_at,
        )
        .where(u.period == period, u.kind == board.subject, u.listed == 1, value > 0)
        .order_by(value.desc(), u.reached_at, u.unit_id)
    )
