"""Reads of the merchant's desk: today, this month, and what was handed over, to people without names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from points_engine.clock import local_day
from webapp.members import queries as members
from webapp.rewards import queries as rewards
from webapp.store import Tx

PAGE = 20


@dataclass(frozen=True, slots=True)
class Handed:
    """One line of the desk's list; `who` is a masked nickname, all a merchant ever learns."""

    id: str
    who: str
    code_end: str
    name_zh: str
    name_en: str
    points: int
    fulfilled_at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """The page /merchant."""

    merchants: Sequence[Any]
    today: int
    month: int
    month_points: int
    handed: Sequence[Handed]


def desk(tx: Tx, merchant_ids: Collection[int], now: datetime, after: tuple[datetime, str] | None = None) -> Desk:
    """Counts and one page (and one row more) of what these merchants handed over."""
    today = local_day(now)
    count, _ = rewards.handed_over_sums(tx, merchant_ids, today, today)
    month, points = rewards.handed_over_sums(tx, merchant_ids, today.replace(day=1), today)
    return Desk(rewards.merchants(tx, merchant_ids), count, month, points, handed(tx, merchant_ids, after, PAGE + 1))


def handed(
    tx: Tx, merchant_ids: Collection[int], after: tuple[datetime, str] | None = None, limit: int = PAGE
) -> list[Handed]:
    """What was handed over, newest first."""
    rows = rewards.handed_over(tx, merchant_ids, after, limit)
    return _handed(tx, rows)


def receipt(tx: Tx, actor_id: int, fulfilment_id: str) -> Handed:
    """What this person handed over under this id; raises unknown_fulfilment."""
    return _handed(tx, [rewards.fulfilled(tx, actor_id, fulfilment_id)])[0]


def _handed(tx: Tx, rows: Sequence[rewards.HandedOver]) -> list[Handed]:
    names = members.names(tx, {row.member_id for row in rows})
    return [
        Handed(
            r.id, masked(names[r.member_id].nickname if r.member_id in names else ""), r.code[-4:],
            r.name_zh, r.name_en or r.name_zh, r.points, r.fulfilled_at,
        )
        for r in rows
    ]  # fmt: skip


def masked(nickname: str) -> str:
    """小**; a person who left is only stars."""
    return f"{nickname[:1]}**" if nickname else "***"
