"""Redeeming, cancelling and expiring: points, stock, code and counter move together or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, select, update

from points_engine.clock import local_day, month_of
from points_engine.errors import EngineError, refuse
from points_engine.redemption import DONATION, MOVES, Actor, Status, check_request, end
from webapp.inbox import service as inbox
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.ledger.service import Move
from webapp.members import queries as members
from webapp.rewards import codes
from webapp.rewards.tables import (
    member_reward_count,
    redemption,
    redemption_code,
    reward,
    wrong_code,
)
from webapp.store import Tx

TOTAL = "total"


@dataclass(frozen=True)
class Redeemed:
    """The answer to a request; `first` is false when the same request was answered before."""

    id: str
    reward_id: int
    status: str
    code: str
    points: int
    expires_at: datetime | None
    first: bool


# --- a member redeems -------------------------------------------------------------------------


def redeem(
    tx: Tx, member_id: int, redemption_id: str, reward_id: int, now: datetime, by: int | None = None
) -> Redeemed:
    """Take one `reward_id` off the shelf: hold the points (a donation spends them) and give a code.

    For somebody under fourteen, `by` is the guardian; guardian_redeems without. Raises unknown_reward, reward_off, limit_reached, out_of_stock, insufficient_points, account_frozen or
    request_reused. Run through store.retrying: a twin of the same id loses on the primary key and then
    finds this answer.
    """
    facts, month = _facts(reward_id), month_of(local_day(now))
    earlier = find(tx, member_id, redemption_id)
    if earlier is not None:
        return _again(earlier, facts)
    guardian = members.guardian_of(tx, member_id)
    if guardian is not None and guardian != by:
        raise refuse("forbidden", "guardian_redeems")
    try:
        item = _allowed(tx, member_id, reward_id, month)
    except EngineError:
        # A twin may have committed since we looked, and what refuses us is what it has just taken.
        twin = find(tx, member_id, redemption_id)
        if twin is None:
            raise
        return _again(twin, facts)
    values = _new_redemption(item, member_id, redemption_id, facts, month, now)
    tx.insert(redemption, [values])
    tx.insert(
        redemption_code,
        [
            {
                "code": values["code"],
                "member_id": member_id,
                "redemption_id": redemption_id,
                "merchant_id": item.merchant_id,
            }
        ],
    )
    _count(tx, item, member_id, month)
    ledger.post(tx, [_payment(item, member_id, redemption_id)], now)
    # The one row everybody shares comes last, so that it is locked for as short as possible.
    _take_from_stock(tx, reward_id)
    return _redeemed(tx.row(by_id(member_id, redemption_id)), first=True)


def _again(earlier: Row[Any], facts: str) -> Redeemed:
    """The first answer to a request with the same id; with another wish it is refused."""
    if earlier.facts != facts:
        raise refuse("conflict", "request_reused", id=earlier.id)
    return _redeemed(earlier, first=False)


def _allowed(tx: Tx, member_id: int, reward_id: int, month: str) -> Row[Any]:
    """Cheap reads refuse most of a rush; what they let through is guarded again when it is written."""
    item = _on_the_shelf(tx, reward_id)
    check_request(
        available=ledger_queries.wallet(tx, member_id).points,
        price=item.points,
        stock=item.stock,
        taken=_taken(tx, item, member_id, month),
        limit=item.per_member_limit,
    )
    return item


def _on_the_shelf(tx: Tx, reward_id: int) -> Row[Any]:
    item = tx.row(select(reward).where(reward.c.id == reward_id))
    if item is None or item.status == "draft":
        raise refuse("not_found", "unknown_reward", reward=reward_id)
    if item.status != "on":
        raise refuse("conflict", "reward_off", reward=reward_id)
    return item


def _new_redemption(
    item: Row[Any], member_id: int, redemption_id: str, facts: str, month: str, now: datetime
) -> dict[str, Any]:
    at_once = item.kind == "donation"
    return {
        "member_id": member_id,
        "id": redemption_id,
        "reward_id": item.id,
        "merchant_id": item.merchant_id,
        "code": codes.new_code(),
        "status": "fulfilled" if at_once else "held",
        "points": item.points,
        "facts": facts,
        "month": month,
        "created_at": now,
        "expires_at": None if at_once else now + timedelta(days=item.hold_days),
        "closed_at": now if at_once else None,
    }


def _payment(item: Row[Any], member_id: int, redemption_id: str) -> Move:
    cause = f"redemption:{redemption_id}"
    debit, credit, code = DONATION if item.kind == "donation" else MOVES[Status.HELD]
    return Move(member_id, "points", debit, credit, item.points, code, cause, ledger.hold_key(cause))


def _taken(tx: Tx, item: Row[Any], member_id: int, month: str) -> int:
    if item.per_member_limit is None:
        return 0
    found = tx.scalar(select(member_reward_count.c.n).where(_counter(member_id, item.id, _window(item, month))))
    return int(found or 0)


def _limit_reached(item: Row[Any]) -> EngineError:
    return refuse("conflict", "limit_reached", limit=item.per_member_limit)


def _window(item: Row[Any], month: str) -> str:
    return TOTAL if item.limit_window == "total" else month


def _counter(member_id: int, reward_id: int, window: str) -> Any:
    c = member_reward_count.c
    return and_(c.member_id == member_id, c.reward_id == reward_id, c.window == window)


def _count(tx: Tx, item: Row[Any], member_id: int, month: str) -> None:
    """Count this one; the guard sits in the update, so that parallel requests cannot pass together."""
    for window in (TOTAL, month):
        key = {"member_id": member_id, "reward_id": item.id, "window": window}
        tx.upsert(member_reward_count, [{**key, "n": 0}], key=list(key))
        change = update(member_reward_count).where(_counter(member_id, item.id, window))
        if item.per_member_limit is not None and window == _window(item, month):
            change = change.where(member_reward_count.c.n < item.per_member_limit)
        if tx.execute(change.values(n=member_reward_count.c.n + 1)).rowcount != 1:
            raise _limit_reached(item)


def _take_from_stock(tx: Tx, reward_id: int) -> None:
    taken = tx.execute(
        update(reward)
        .where(reward.c.id == reward_id, reward.c.stock >= 1, reward.c.status == "on")
        .values(stock=reward.c.stock - 1)
    )
    if taken.rowcount != 1:
        raise refuse("conflict", "out_of_stock")


# --- a held redemption ends: cancelled or expired ------------------------------------


def cancel_redemption(tx: Tx, member_id: int, redemption_id: str, now: datetime) -> Redeemed:
    """Give the points back and the item too; cancelling twice answers the same."""
    row = find(tx, member_id, redemption_id)
    if row is None:
        raise refuse("not_found", "unknown_redemption", id=redemption_id)
    if row.status == "held" and close(tx, row, Status.CANCELLED, now):
        _give_back(tx, [row], now)
        return _redeemed(find(tx, member_id, redemption_id), first=True)
    row = find(tx, member_id, redemption_id)
    assert row is not None
    if row.status != "cancelled":
        end(Status(row.status), Status.CANCELLED, Actor.MEMBER, now=now, expires_at=row.expires_at)
    return _redeemed(row, first=False)


def expire_holds(tx: Tx, now: datetime, limit: int = 200) -> int:
    """End up to `limit` holds whose time is over; returns how many this transaction ended itself."""
    due = tx.rows(
        select(redemption)
        .where(redemption.c.status == "held", redemption.c.expires_at <= now)
        .order_by(redemption.c.member_id, redemption.c.id)
        .limit(limit)
    )
    ended = [row for row in due if close(tx, row, Status.EXPIRED, now)]
    if ended:
        _give_back(tx, ended, now)
        _tell_expired(tx, ended, now)
    return len(ended)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: what they hold goes back on the shelf; what was redeemed stays, nameless."""
    held = tx.rows(
        select(redemption)
        .where(redemption.c.member_id == member_id, redemption.c.status == "held")
        .order_by(redemption.c.id)
    )
    ended = [row for row in held if close(tx, row, Status.CANCELLED, now)]
    if ended:
        _give_back(tx, ended, now)
    tx.execute(delete(wrong_code).where(wrong_code.c.member_id == member_id))


def close(tx: Tx, row: Row[Any], status: Status, now: datetime) -> bool:
    """Move held to `status`; exactly one of fulfil, cancel and expire gets True."""
    change = update(redemption).where(
        redemption.c.member_id == row.member_id,
        redemption.c.id == row.id,
        redemption.c.status == "held",
    )
    if status is Status.FULFILLED:
        change = change.where(redemption.c.expires_at > now)
    if status is Status.EXPIRED:
        change = change.where(redemption.c.expires_at <= now)
    return bool(tx.execute(change.values(status=status.value, closed_at=now)).rowcount)


def _give_back(tx: Tx, rows: Sequence[Row[Any]], now: datetime) -> None:
    """Counters, then accounts, then stock: the order in which redeem takes them, so that none waits in a ring."""
    for row in sorted(rows, key=lambda r: (r.member_id, r.reward_id)):
        for window in (TOTAL, row.month):
            tx.execute(
                update(member_reward_count)
                .where(_counter(row.member_id, row.reward_id, window))
                .values(n=member_reward_count.c.n - 1)
            )
    ledger.post(tx, [_refund(row) for row in rows], now)
    back: dict[int, int] = {}
    for row in rows:
        back[row.reward_id] = back.get(row.reward_id, 0) + 1
    for reward_id in sorted(back):
        tx.execute(update(reward).where(reward.c.id == reward_id).values(stock=reward.c.stock + back[reward_id]))


def _refund(row: Row[Any]) -> Move:
    cause = f"redemption:{row.id}"
    debit, credit, code = MOVES[Status.CANCELLED]  # the same as for EXPIRED
    return Move(row.member_id, "points", debit, credit, row.points, code, cause, f"{cause}:end")


def _tell_expired(tx: Tx, rows: Sequence[Row[Any]], now: datetime) -> None:
    names = {
        r.id: r
        for r in tx.rows(
            select(reward.c.id, reward.c.name_zh, reward.c.name_en).where(
                reward.c.id.in_({row.reward_id for row in rows})
            )
        )
    }
    for row in rows:
        zh, en = names[row.reward_id].name_zh, names[row.reward_id].name_en or names[row.reward_id].name_zh
        inbox.notify(
            tx,
            row.member_id,
            "redemption_expired",
            f"「{zh}」已过期，积分已退回",
            f"{en} has expired, your points are back",
            f"没有在期限内领取，{row.points} 积分已退回您的账户。",
            f"It was not collected in time; {row.points} points are back in your account.",
            f"/redemptions/{row.id}",
            now,
            key=f"redemption_expired:{row.id}",
        )


# --- shared --------------------------------------------------------------------------------------


def by_id(member_id: int, redemption_id: str) -> Any:
    return select(redemption).where(redemption.c.member_id == member_id, redemption.c.id == redemption_id)


def find(tx: Tx, member_id: int, redemption_id: str) -> Row[Any] | None:
    return tx.row(by_id(member_id, redemption_id))


def _redeemed(row: Row[Any] | None, *, first: bool) -> Redeemed:
    assert row is not None
    return Redeemed(row.id, row.reward_id, row.status, row.code, row.points, row.expires_at, first)


def _facts(reward_id: int) -> str:
    return hashlib.sha256(f"reward={reward_id}".encode()).hexdigest()
