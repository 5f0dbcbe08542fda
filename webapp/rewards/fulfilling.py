"""Fulfilling: a code becomes the thing it stands for, once, at the right counter and in time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select

from points_engine.errors import refuse
from points_engine.redemption import MOVES, Actor, Status, end
from webapp.inbox import service as inbox
from webapp.journal import service as journal
from webapp.ledger import service as ledger
from webapp.ledger.service import Move
from webapp.rewards import codes
from webapp.rewards.redeeming import close, find
from webapp.rewards.tables import fulfilment, redemption, redemption_code, reward
from webapp.store import Tx


@dataclass(frozen=True)
class Receipt:
    """What the counter hands over; never who receives it."""

    id: str
    code: str
    reward_id: int
    reward_zh: str
    reward_en: str
    points: int
    fulfilled_at: datetime
    first: bool


def fulfil(
    tx: Tx, actor_id: int, merchant_ids: Collection[int], fulfilment_id: str, code: str, now: datetime
) -> Receipt:
    """Hand over what `code` stands for, once; the same fulfilment id again gets the same receipt."""
    code = codes.typed(code)
    earlier = _receipt(tx, actor_id, fulfilment_id, code)
    if earlier is not None:
        return earlier
    row = _held_for(tx, merchant_ids, code)
    if row.status == "held" and close(tx, row, Status.FULFILLED, now):
        return _hand_over(tx, actor_id, fulfilment_id, row, now)
    # Somebody was faster: perhaps our own twin, whose receipt is then ours.
    earlier = _receipt(tx, actor_id, fulfilment_id, code)
    if earlier is not None:
        return earlier
    latest = find(tx, row.member_id, row.id)
    assert latest is not None
    end(Status(latest.status), Status.FULFILLED, Actor.MERCHANT, now=now, expires_at=latest.expires_at)
    raise AssertionError("a hold that could be fulfilled was not")


def _held_for(tx: Tx, merchant_ids: Collection[int], code: str) -> Row[Any]:
    """The redemption behind a code of one of these merchants; any other code does not exist for them."""
    row = tx.row(
        select(redemption)
        .join(
            redemption_code,
            and_(
                redemption_code.c.member_id == redemption.c.member_id,
                redemption_code.c.redemption_id == redemption.c.id,
            ),
        )
        .where(redemption_code.c.code == code, redemption_code.c.merchant_id.in_(sorted(merchant_ids)))
    )
    if row is None:
        raise refuse("not_found", "unknown_code")
    return row


def _hand_over(tx: Tx, actor_id: int, fulfilment_id: str, row: Row[Any], now: datetime) -> Receipt:
    cause = f"redemption:{row.id}"
    tx.insert(
        fulfilment,
        [
            {
                "member_id": actor_id,
                "id": fulfilment_id,
                "merchant_id": row.merchant_id,
                "code": row.code,
                "holder_id": row.member_id,
                "redemption_id": row.id,
                "reward_id": row.reward_id,
                "points": row.points,
                "fulfilled_at": now,
            }
        ],
    )
    debit, credit, why = MOVES[Status.FULFILLED]
    move = Move(row.member_id, "points", debit, credit, row.points, why, cause, f"{cause}:end")
    ledger.post(tx, [move], now)
    journal.record(
        tx, actor_id, "redemption.fulfil", cause, {"merchant": row.merchant_id, "reward": row.reward_id}, now
    )
    receipt = _receipt(tx, actor_id, fulfilment_id, row.code, first=True)
    assert receipt is not None
    inbox.notify(
        tx,
        row.member_id,
        "redemption_fulfilled",
        f"已领取「{receipt.reward_zh}」",
        f"You collected {receipt.reward_en or receipt.reward_zh}",
        "商家已核销您的兑换码。",
        "The merchant has accepted your code.",
        f"/redemptions/{row.id}",
        now,
        key=f"redemption_fulfilled:{row.id}",
    )
    return receipt


def _receipt(tx: Tx, actor_id: int, fulfilment_id: str, code: str, *, first: bool = False) -> Receipt | None:
    row = tx.row(
        select(fulfilment, reward.c.name_zh, reward.c.name_en)
        .join(reward, reward.c.id == fulfilment.c.reward_id)
        .where(fulfilment.c.member_id == actor_id, fulfilment.c.id == fulfilment_id)
    )
    if row is None:
        return None
    if row.code != code:
        raise refuse("conflict", "request_reused", id=fulfilment_id)
    return Receipt(row.id, row.code, row.reward_id, row.name_zh, row.name_en, row.points, row.fulfilled_at, first)
