"""What people see who close a period: where each stands, its first hundred with what is known of them, what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from points_engine.errors import refuse
from webapp.green_units import queries as green_units
from webapp.members import queries as members
from webapp.rankings import places
from webapp.rankings.boards import Board
from webapp.rankings.places import Found
from webapp.rankings.published_tables import board_closing, board_hold, published_board, published_row
from webapp.review import queries as review
from webapp.store import Tx

TOP = 100
_c, _h, _r = board_closing.c, board_hold.c, published_row.c


@dataclass(frozen=True, slots=True)
class Line:
    """One of the first hundred: `risk` is the sum of a member's signals, None for units."""

    place: int
    subject_id: int
    name: str
    public_id: str
    value_milli: int
    plain_milli: int
    members: int
    risk: int | None
    held: bool


@dataclass(frozen=True, slots=True)
class Held:
    """An entry that is held back, and why."""

    subject: str
    subject_id: int
    name: str
    reason: str
    held_by: int
    held_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """The closing of a period as the desk shows it."""

    row: Any
    versions: Sequence[Any]
    lines: Sequence[Line]
    held: Sequence[Held]
    checksums: Sequence[Any]


def closings(tx: Tx, after: str | None, limit: int) -> list[Any]:
    """Published closings by period; `after` is period|version of the last one seen."""
    query = select(board_closing).where(_c.state == "published")
    if after and after.isascii() and after.isprintable():
        period, _, version = after.partition("|")
        last = int(version) if version.isascii() and version.isdigit() and len(version) < 6 else 0
        query = query.where(or_(_c.period < period, and_(_c.period == period, _c.version < last)))
    return list(tx.rows(query.order_by(_c.period.desc(), _c.version.desc()).limit(limit)))


def waiting(tx: Tx) -> list[Any]:
    """Closings that wait for people, the oldest first."""
    return list(tx.rows(select(board_closing).where(_c.state != "published").order_by(_c.opened_at, _c.period)))


def review_of(tx: Tx, period: str, board: Board, now: datetime) -> Review:
    """One period with the first hundred of one board; 404 unknown_period."""
    versions = tx.rows(select(board_closing).where(_c.period == period).order_by(_c.version.desc()))
    if not versions:
        raise refuse("not_found", "unknown_period")
    row = versions[0]
    held = list(tx.rows(select(board_hold).where(_h.period == period).order_by(_h.held_at)))
    subject = "member" if board.of_members else "unit"
    ids_held = {each.subject_id for each in held if each.subject == subject}
    found = _top(tx, period, board, row)
    names = _names(tx, "member", {h.subject_id for h in held if h.subject == "member"} | ({f.id for f in found} if board.of_members else set()))  # fmt: skip
    names |= _names(tx, "unit", {h.subject_id for h in held if h.subject == "unit"} | (set() if board.of_members else {f.id for f in found}))  # fmt: skip
    risks = review.scores(tx, [f.id for f in found], now) if board.of_members else {}
    lines = [
        Line(f.place, f.id, *names.get((subject, f.id), ("–", "")), f.value_milli, f.plain_milli, f.members,
             risks.get(f.id, 0) if board.of_members else None, f.id in ids_held)
        for f in found
    ]  # fmt: skip
    b = published_board.c
    sums = tx.rows(select(b.board, b.entries, b.checksum).where(b.period == period, b.version == row.version, b.entries > 0).order_by(b.board))  # fmt: skip
    kept = [Held(h.subject, h.subject_id, names.get((h.subject, h.subject_id), ("–", ""))[0], h.reason, h.held_by, h.held_at) for h in held]  # fmt: skip
    return Review(row, versions, lines, kept, sums)


def _top(tx: Tx, period: str, board: Board, row: Any) -> list[Found]:
    """The first hundred: as frozen, else as they live, else (a correction) as the version before has them."""
    if row.state in ("reviewing", "freezing") and row.version == 1:
        return places.page(tx, board, period, 1, TOP)[:TOP]
    version = row.version if row.state in ("frozen", "published") else row.version - 1
    there = (_r.board == board.code, _r.period == period, _r.version == version, _r.position <= TOP)
    return [
        Found(r.member_id if r.member_id is not None else r.unit_id, r.place, r.value_milli, r.members, r.plain_milli)
        for r in tx.rows(select(published_row).where(*there).order_by(_r.position))
    ]


def _names(tx: Tx, subject: str, ids: set[int]) -> dict[tuple[str, int], tuple[str, str]]:
    if not ids:
        return {}
    if subject == "member":
        return {("member", n): (each.nickname, each.public_id) for n, each in members.names(tx, sorted(ids)).items()}
    return {("unit", u.id): (u.short_name, "") for u in green_units.board_units(tx, sorted(ids)).values()}
