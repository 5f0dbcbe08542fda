"""Reads of challenges: an administrator's list, a member's, one as its people see it, certificates and kudos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from webapp.challenges import measure
from webapp.challenges.measure import tasks_of, window_of
from webapp.challenges.service import administered, published
from webapp.challenges.tables import (
    challenge,
    challenge_award,
    challenge_certificate,
    challenge_invite,
    challenge_join,
    challenge_kudos,
    workday_override,
)
from webapp.challenges.workdays import LAST_YEAR, workdays
from webapp.green_units import queries as units
from webapp.members import queries as members
from webapp.store import Tx

PAGE = 20

__all__ = ["LAST_YEAR", "PAGE", "administered", "published", "tasks_of", "window_of", "workdays"]


@dataclass(frozen=True, slots=True)
class Card:
    """A challenge in a list."""

    id: int
    title: str
    display_name: str
    status: str
    first: date
    last: date
    joined: bool
    people: int


@dataclass(frozen=True, slots=True)
class Diploma:
    """A certificate as anybody with its number may see it."""

    number: str
    nickname: str
    title: str
    display_name: str
    colour: str
    challenge_id: int
    first: date
    last: date
    grams: int
    days: int
    tasks: int
    issued_at: datetime


def of_unit(tx: Tx, unit_id: int, after: int | None = None, limit: int = PAGE) -> list[Card]:
    """Every challenge of a unit, newest first, for its administrator."""
    query = select(challenge, _people()).where(challenge.c.unit_id == unit_id).order_by(challenge.c.id.desc())
    rows = tx.rows((query if after is None else query.where(challenge.c.id < after)).limit(limit))
    return [_card(row, False) for row in rows]


def mine(tx: Tx, member_id: int, after: int | None = None, limit: int = PAGE) -> list[Card]:
    """Published challenges of my units, and those I took part in; by invitation only where I am invited."""
    c, m, j, i = challenge.c, units.memberships.c, challenge_join.c, challenge_invite.c
    belong = select(m.unit_id).where(m.member_id == member_id, m.left_on.is_(None))
    took_part = select(j.challenge_id).where(j.member_id == member_id)
    invited = select(i.challenge_id).where(i.member_id == member_id)
    here = select(j.challenge_id).where(j.member_id == member_id, j.left_on.is_(None))
    query = (
        select(challenge, _people(), c.id.in_(here).label("joined"))
        .where(
            c.status != "draft",
            or_(c.id.in_(took_part), and_(c.unit_id.in_(belong), or_(c.audience != "invited", c.id.in_(invited)))),
        )
        .order_by(c.id.desc())
        .limit(limit)
    )
    rows = tx.rows(query if after is None else query.where(c.id < after))
    return [_card(row, bool(row.joined)) for row in rows]


def taking_part(tx: Tx, member_id: int, challenge_id: int) -> date | None:
    """Since when this member takes part; None when they do not (any more)."""
    j = challenge_join.c
    since: date | None = tx.scalar(
        select(j.joined_on).where(j.member_id == member_id, j.challenge_id == challenge_id, j.left_on.is_(None))
    )
    return since


def my_awards(tx: Tx, member_id: int, challenge_id: int) -> dict[int, Row[Any]]:
    """What I reached, by task."""
    w = challenge_award.c
    rows = tx.rows(select(challenge_award).where(w.member_id == member_id, w.challenge_id == challenge_id))
    return {row.task_id: row for row in rows}


def award_sums(tx: Tx, challenge_id: int) -> dict[int, dict[str, tuple[int, int]]]:
    """How many people and points by task and state; for totals, never for one person."""
    w = challenge_award.c
    rows = tx.rows(
        select(w.task_id, w.status, func.count().label("n"), func.sum(w.points).label("points"))
        .where(w.challenge_id == challenge_id)
        .group_by(w.task_id, w.status)
    )
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for row in rows:
        found.setdefault(row.task_id, {})[row.status] = (int(row.n), int(row.points or 0))
    return found


def kudos(tx: Tx, challenge_id: int) -> dict[int, dict[str, int]]:
    """How often each word was said to each team."""
    k = challenge_kudos.c
    rows = tx.rows(
        select(k.team_id, k.word, func.count().label("n"))
        .where(k.challenge_id == challenge_id)
        .group_by(k.team_id, k.word)
        .order_by(func.count().desc())
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.team_id, {})[row.word] = int(row.n)
    return found


def joined_count(tx: Tx, challenge_id: int) -> int:
    """How many take part now."""
    return int(tx.scalar(select(func.count()).select_from(measure.taking_part(challenge_id).subquery())) or 0)


def invited(tx: Tx, challenge_id: int, member_ids: Sequence[int]) -> set[int]:
    """Which of these people are invited."""
    i = challenge_invite.c
    those = (i.challenge_id == challenge_id, i.member_id.in_(list(member_ids)))
    return {row.member_id for row in tx.rows(select(i.member_id).where(*those))}


def certificate(tx: Tx, number: str | None = None, member_id: int = 0, challenge_id: int = 0) -> Diploma | None:
    """A certificate by its number, or mine of a challenge."""
    k, c = challenge_certificate.c, challenge.c
    mine = k.number == number if number else and_(k.member_id == member_id, k.challenge_id == challenge_id)
    row = tx.row(
        select(challenge_certificate, c.title, c.display_name, c.colour, c.starts_at, c.ends_at)
        .join(challenge, c.id == k.challenge_id)
        .where(mine)
    )
    if row is None:
        return None
    name = members.nicknames(tx, [row.member_id]).get(row.member_id, "")
    return Diploma(
        row.number, name, row.title, row.display_name, row.colour, row.challenge_id, *window_of(row), row.grams,
        row.days, row.tasks, row.issued_at,
    )  # fmt: skip


def titles(tx: Tx, causes: Sequence[str]) -> dict[str, str]:
    """The titles of challenges named as causes of movements."""
    ids = {int(cause[10:]) for cause in causes if cause.startswith("challenge:") and cause[10:].isdigit()}
    rows = tx.rows(select(challenge.c.id, challenge.c.title).where(challenge.c.id.in_(sorted(ids)))) if ids else []
    return {f"challenge:{row.id}": row.title for row in rows}


def overrides(tx: Tx, after: str | None = None, limit: int = 30) -> list[Row[Any]]:
    """What staff said of single days, latest first."""
    query = select(workday_override).order_by(workday_override.c.day.desc()).limit(limit)
    if after:
        query = query.where(workday_override.c.day < date.fromisoformat(after))
    return list(tx.rows(query))


def _people() -> Any:
    j, m = challenge_join.c, units.memberships.c
    belongs = and_(m.member_id == j.member_id, m.left_on.is_(None))
    here = (j.challenge_id == challenge.c.id, j.left_on.is_(None), m.unit_id == challenge.c.unit_id)
    count = select(func.count()).select_from(challenge_join.join(units.memberships, belongs)).where(*here)
    return count.correlate(challenge).scalar_subquery().label("people")


def _card(row: Row[Any], joined: bool) -> Card:
    return Card(row.id, row.title, row.display_name, row.status, *window_of(row), joined, int(row.people))
