"""Reads of rewards: the shelf as a member sees it, my redemptions, what a merchant handed over, staff lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from points_engine.clock import local_day, month_of, start_of
from points_engine.errors import refuse
from webapp.ledger import queries as ledger
from webapp.rewards.redeeming import TOTAL
from webapp.rewards.tables import fulfilment, member_reward_count, merchant, redemption, reward
from webapp.store import Tx

SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class RewardCard:
    """A reward on the shelf; `reason` is the code of why this member cannot take it now, else None."""

    id: int
    code: str
    name_zh: str
    name_en: str
    description_zh: str
    description_en: str
    kind: str
    points: int
    stock: int
    limit: int | None
    limit_window: str
    taken: int
    hold_days: int
    image: str | None
    merchant_zh: str
    merchant_en: str
    address_zh: str
    address_en: str
    contact: str
    reason: str | None
    short: int

    @property
    def available(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class RedemptionView:
    """A redemption as its member reads it."""

    id: str
    reward_id: int
    name_zh: str
    name_en: str
    kind: str
    status: str
    code: str
    points: int
    created_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None
    merchant_zh: str
    merchant_en: str
    address_zh: str
    address_en: str
    contact: str

    def overdue(self, now: datetime) -> bool:
        """Still held, but its time is over: the refund is on its way."""
        return self.status == "held" and self.expires_at is not None and self.expires_at <= now

    def soon(self, now: datetime) -> bool:
        return self.status == "held" and self.expires_at is not None and self.expires_at - now <= SOON


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """The page /rewards; `points` is None for somebody who is not signed in."""

    cards: Sequence[RewardCard]
    points: int | None
    held: int
    waiting: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """One fulfilment as the merchant keeps it: the member only by id, to be masked by the room that shows it."""

    id: str
    member_id: int
    code: str
    name_zh: str
    name_en: str
    points: int
    fulfilled_at: datetime


# --- for members ---------------------------------------------------------------------------------


def shelf(tx: Tx, member_id: int | None, now: datetime) -> list[RewardCard]:
    """Everything on the shelf, in the staff's order, with what this member may take."""
    rows = tx.rows(_cards().where(reward.c.status == "on").order_by(reward.c.sort, reward.c.points, reward.c.id))
    return _for_member(tx, rows, member_id, now)


def shelf_page(tx: Tx, member_id: int | None, now: datetime) -> ShelfPage:
    """The page /rewards."""
    cards = shelf(tx, member_id, now)
    if member_id is None:
        return ShelfPage(cards, None, 0, 0)
    wallet = ledger.wallet(tx, member_id)
    return ShelfPage(cards, wallet.points, wallet.held, waiting(tx, member_id))


def card(tx: Tx, reward_id: int, member_id: int | None, now: datetime) -> RewardCard:
    """One reward, also one taken off the shelf (with its reason); a draft is not found."""
    rows = tx.rows(_cards().where(reward.c.id == reward_id, reward.c.status != "draft"))
    if not rows:
        raise refuse("not_found", "unknown_reward", reward=reward_id)
    return _for_member(tx, rows, member_id, now)[0]


def waiting(tx: Tx, member_id: int) -> int:
    """How many codes of the member wait to be used."""
    return int(
        tx.scalar(
            select(func.count())
            .select_from(redemption)
            .where(redemption.c.member_id == member_id, redemption.c.status == "held")
        )
        or 0
    )


def mine(
    tx: Tx,
    member_id: int,
    status: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 30,
) -> list[RedemptionView]:
    """The member's redemptions, newest first; `after` is (created_at, id) of the last one seen."""
    r = redemption.c
    query = _redemptions().where(r.member_id == member_id).order_by(r.created_at.desc(), r.id.desc()).limit(limit)
    if status:
        query = query.where(r.status == status)
    if after:
        at, last = after
        query = query.where(or_(r.created_at < at, and_(r.created_at == at, r.id < last)))
    return [_view(row) for row in tx.rows(query)]


def one(tx: Tx, member_id: int, redemption_id: str) -> RedemptionView:
    """The member's own redemption; raises unknown_redemption, also for somebody else's."""
    row = tx.row(_redemptions().where(redemption.c.member_id == member_id, redemption.c.id == redemption_id))
    if row is None:
        raise refuse("not_found", "unknown_redemption", id=redemption_id)
    return _view(row)


# --- for merchants and staff -----------------------------------------------------------------------


def merchants(tx: Tx, ids: Collection[int] | None = None) -> list[Row[Any]]:
    """Merchants by name, all or some."""
    query = select(merchant).order_by(merchant.c.name_zh)
    return list(tx.rows(query if ids is None else query.where(merchant.c.id.in_(sorted(ids)))))


def handed_over(
    tx: Tx, merchant_ids: Collection[int], after: tuple[datetime, str] | None = None, limit: int = 30
) -> list[HandedOver]:
    """What these merchants fulfilled, newest first."""
    f = fulfilment.c
    query = (
        _fulfilments()
        .where(f.merchant_id.in_(sorted(merchant_ids)))
        .order_by(f.fulfilled_at.desc(), f.id.desc())
        .limit(limit)
    )
    if after:
        at, last = after
        query = query.where(or_(f.fulfilled_at < at, and_(f.fulfilled_at == at, f.id < last)))
    return [_handed_over(row) for row in tx.rows(query)]


def fulfilled(tx: Tx, actor_id: int, fulfilment_id: str) -> HandedOver:
    """One fulfilment by the person who made it; raises unknown_fulfilment."""
    row = tx.row(_fulfilments().where(fulfilment.c.member_id == actor_id, fulfilment.c.id == fulfilment_id))
    if row is None:
        raise refuse("not_found", "unknown_fulfilment", id=fulfilment_id)
    return _handed_over(row)


def handed_over_sums(tx: Tx, merchant_ids: Collection[int], first: date, last: date) -> tuple[int, int]:
    """(count, points) fulfilled by these merchants on local days `first` to `last`."""
    row = tx.row(
        select(func.count(), func.coalesce(func.sum(fulfilment.c.points), 0)).where(
            fulfilment.c.merchant_id.in_(sorted(merchant_ids)),
            fulfilment.c.fulfilled_at >= start_of(first),
            fulfilment.c.fulfilled_at < start_of(last + timedelta(days=1)),
        )
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


def staff_list(tx: Tx) -> list[Row[Any]]:
    """Every reward with its merchant and how many are held and fulfilled."""
    held = func.count().filter(redemption.c.status == "held")
    done = func.count().filter(redemption.c.status == "fulfilled")
    counts = (
        select(redemption.c.reward_id, held.label("held"), done.label("fulfilled"))
        .group_by(redemption.c.reward_id)
        .subquery()
    )
    return list(
        tx.rows(
            select(
                reward,
                merchant.c.name_zh.label("merchant_zh"),
                merchant.c.name_en.label("merchant_en"),
                func.coalesce(counts.c.held, 0).label("held"),
                func.coalesce(counts.c.fulfilled, 0).label("fulfilled"),
            )
            .outerjoin(merchant, merchant.c.id == reward.c.merchant_id)
            .outerjoin(counts, counts.c.reward_id == reward.c.id)
            .order_by(reward.c.sort, reward.c.id)
        )
    )


def staff_one(tx: Tx, reward_id: int) -> Row[Any]:
    """One reward in any state, for the staff's form."""
    row = tx.row(select(reward).where(reward.c.id == reward_id))
    if row is None:
        raise refuse("not_found", "unknown_reward", reward=reward_id)
    return row


def staff_merchant(tx: Tx, merchant_id: int) -> Row[Any]:
    """One merchant for the desk; refused when unknown."""
    row = tx.row(select(merchant).where(merchant.c.id == merchant_id))
    if row is None:
        raise refuse("not_found", "unknown_merchant", merchant=merchant_id)
    return row


# --- shared ------------------------------------------------------------------------------------------


def _cards() -> Any:
    return select(
        reward,
        merchant.c.name_zh.label("merchant_zh"),
        merchant.c.name_en.label("merchant_en"),
        merchant.c.address_zh,
        merchant.c.address_en,
        merchant.c.contact,
    ).outerjoin(merchant, merchant.c.id == reward.c.merchant_id)


def _for_member(tx: Tx, rows: Sequence[Row[Any]], member_id: int | None, now: datetime) -> list[RewardCard]:
    month = month_of(local_day(now))
    points, counts = 0, {}
    if member_id is not None:
        points = ledger.wallet(tx, member_id).points
        c = member_reward_count.c
        counts = {
            (r.reward_id, r.window): r.n
            for r in tx.rows(select(member_reward_count).where(c.member_id == member_id, c.window.in_((TOTAL, month))))
        }
    cards = []
    for row in rows:
        taken = counts.get((row.id, TOTAL if row.limit_window == "total" else month), 0)
        reason = _reason(row, taken, points) if member_id is not None else _reason(row, 0, row.points)
        cards.append(_card(row, taken, reason, max(0, row.points - points)))
    return cards


def _reason(row: Row[Any], taken: int, points: int) -> str | None:
    if row.status != "on":
        return "reward_off"
    if row.stock < 1:
        return "out_of_stock"
    if row.per_member_limit is not None and taken >= row.per_member_limit:
        return "limit_reached"
    return "insufficient_points" if points < row.points else None


def _card(row: Row[Any], taken: int, reason: str | None, short: int) -> RewardCard:
    return RewardCard(
        row.id, row.code, row.name_zh, row.name_en, row.description_zh, row.description_en, row.kind,
        row.points, row.stock, row.per_member_limit, row.limit_window, taken, row.hold_days, row.image,
        row.merchant_zh or "", row.merchant_en or "", row.address_zh or "", row.address_en or "",
        row.contact or "", reason, short,
    )  # fmt: skip


def _fulfilments() -> Any:
    f = fulfilment.c
    return select(f.id, f.holder_id, f.code, f.points, f.fulfilled_at, reward.c.name_zh, reward.c.name_en).join(
        reward, reward.c.id == f.reward_id
    )


def _handed_over(row: Row[Any]) -> HandedOver:
    return HandedOver(row.id, row.holder_id, row.code, row.name_zh, row.name_en, row.points, row.fulfilled_at)


def _redemptions() -> Any:
    return (
        select(
            redemption,
            reward.c.name_zh,
            reward.c.name_en,
            reward.c.kind,
            merchant.c.name_zh.label("merchant_zh"),
            merchant.c.name_en.label("merchant_en"),
            merchant.c.address_zh,
            merchant.c.address_en,
            merchant.c.contact,
        )
        .join(reward, reward.c.id == redemption.c.reward_id)
        .outerjoin(merchant, merchant.c.id == redemption.c.merchant_id)
    )


def _view(row: Row[Any]) -> RedemptionView:
    return RedemptionView(
        row.id, row.reward_id, row.name_zh, row.name_en, row.kind, row.status, row.code, row.points,
        row.created_at, row.expires_at, row.closed_at, row.merchant_zh or "", row.merchant_en or "",
        row.address_zh or "", row.address_en or "", row.contact or "",
    )  # fmt: skip
