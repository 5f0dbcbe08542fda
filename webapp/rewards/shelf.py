"""The staff's hand on the shelf: merchants, rewards, stock, and the audit of both; every change leaves a journal row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, literal, select, update

from points_engine.errors import Invalid, refuse
from webapp.journal import service as journal
from webapp.rewards.queries import staff_one
from webapp.rewards.redeeming import TOTAL
from webapp.rewards.tables import member_reward_count, merchant, redemption, reward
from webapp.store import Tx

STATUSES = ("draft", "on", "off")


@dataclass(frozen=True)
class MerchantFacts:
    """What staff say about a merchant."""

    code: str
    name_zh: str
    name_en: str = ""
    address_zh: str = ""
    address_en: str = ""
    contact: str = ""


@dataclass(frozen=True)
class RewardFacts:
    """What staff say about a reward; stock is put in by add_stock, not written."""

    code: str
    name_zh: str
    kind: str
    points: int
    name_en: str = ""
    description_zh: str = ""
    description_en: str = ""
    per_member_limit: int | None = None
    limit_window: str = "total"
    hold_days: int = 7
    merchant_id: int | None = None
    image: str | None = None
    sort: int = 100


def create_merchant(tx: Tx, actor_id: int | None, facts: MerchantFacts, now: datetime) -> int:
    """Add a merchant; its code must be new."""
    _unused(tx, merchant, facts.code)
    made = int(
        tx.scalar(insert(merchant).values(**asdict(facts), status="open", created_at=now).returning(merchant.c.id))
    )
    journal.record(tx, actor_id, "merchant.create", f"merchant:{made}", asdict(facts), now)
    return made


def change_merchant(tx: Tx, actor_id: int | None, merchant_id: int, facts: MerchantFacts, now: datetime) -> None:
    """Change what is said about a merchant."""
    row = tx.row(select(merchant).where(merchant.c.id == merchant_id))
    if row is None:
        raise refuse("not_found", "unknown_merchant", merchant=merchant_id)
    if facts.code != row.code:
        _unused(tx, merchant, facts.code)
    tx.execute(update(merchant).where(merchant.c.id == merchant_id).values(**asdict(facts)))
    journal.record(tx, actor_id, "merchant.change", f"merchant:{merchant_id}", _difference(row, asdict(facts)), now)


def create_reward(tx: Tx, actor_id: int | None, facts: RewardFacts, now: datetime) -> int:
    """Add a reward as a draft with an empty shelf."""
    _check(tx, facts)
    _unused(tx, reward, facts.code)
    made = int(tx.scalar(insert(reward).values(**asdict(facts), status="draft", created_at=now).returning(reward.c.id)))
    journal.record(tx, actor_id, "reward.create", f"reward:{made}", asdict(facts), now)
    return made


def change_reward(tx: Tx, actor_id: int | None, reward_id: int, facts: RewardFacts, now: datetime) -> None:
    """Change a reward; what was redeemed before keeps its points and its date."""
    row = staff_one(tx, reward_id)
    _check(tx, facts)
    if facts.code != row.code:
        _unused(tx, reward, facts.code)
    tx.execute(update(reward).where(reward.c.id == reward_id).values(**asdict(facts)))
    journal.record(tx, actor_id, "reward.change", f"reward:{reward_id}", _difference(row, asdict(facts)), now)


def add_stock(tx: Tx, actor_id: int | None, reward_id: int, amount: int, now: datetime) -> int:
    """Put `amount` on the shelf, or (negative) take what is still there away; returns the stock."""
    if amount == 0 or abs(amount) > 1_000_000:
        raise Invalid({"amount": "out_of_bounds"})
    changed = tx.execute(
        update(reward)
        .where(reward.c.id == reward_id, reward.c.stock + amount >= 0)
        .values(stock=reward.c.stock + amount, stock_given=reward.c.stock_given + amount)
    )
    row = staff_one(tx, reward_id)
    if changed.rowcount != 1:
        raise refuse("conflict", "out_of_stock", reward=reward_id, stock=row.stock)
    journal.record(tx, actor_id, "reward.stock", f"reward:{reward_id}", {"added": amount, "stock": row.stock}, now)
    return int(row.stock)


def set_status(tx: Tx, actor_id: int | None, reward_id: int, status: str, now: datetime) -> None:
    """Show (on), take off the shelf (off) or put back to draft."""
    if status not in STATUSES:
        raise Invalid({"status": "not_a_choice"})
    row = staff_one(tx, reward_id)
    if row.status == status:
        return
    tx.execute(update(reward).where(reward.c.id == reward_id).values(status=status))
    journal.record(tx, actor_id, "reward.status", f"reward:{reward_id}", {"was": row.status, "is": status}, now)


def stock_audit(tx: Tx) -> list[str]:
    """One line a fault: shelves and limit counters against a recount of the redemptions."""
    taken: dict[int, int] = {
        row.reward_id: row.n
        for row in tx.rows(
            select(redemption.c.reward_id, func.count().label("n"))
            .where(redemption.c.status.in_(("held", "fulfilled")))
            .group_by(redemption.c.reward_id)
        )
    }
    faults = [
        f"reward {row.id}: stock {row.stock}, but {row.stock_given} given - {taken.get(row.id, 0)} taken"
        for row in tx.rows(select(reward.c.id, reward.c.stock, reward.c.stock_given).order_by(reward.c.id))
        if row.stock != row.stock_given - taken.get(row.id, 0)
    ]
    return faults + _counter_faults(tx)


def stock_totals(tx: Tx) -> dict[str, int]:
    """Counts for the audit: what was put in, what is left, and redemptions by state."""
    row = tx.row(select(func.coalesce(func.sum(reward.c.stock_given), 0), func.coalesce(func.sum(reward.c.stock), 0)))
    given, left = (int(row[0]), int(row[1])) if row else (0, 0)
    states = tx.rows(select(redemption.c.status, func.count().label("n")).group_by(redemption.c.status))
    return {"stock_given": given, "stock_left": left} | {r.status: int(r.n) for r in states}


def _counter_faults(tx: Tx) -> list[str]:
    """Both sides are grouped by the database; only counters that differ reach Python."""
    r, c = redemption.c, member_reward_count.c
    live = r.status.in_(("held", "fulfilled"))
    by_month = (
        select(r.member_id, r.reward_id, r.month.label("window"), func.count().label("n"))
        .where(live)
        .group_by(r.member_id, r.reward_id, r.month)
    )
    in_total = (
        select(r.member_id, r.reward_id, literal(TOTAL).label("window"), func.count().label("n"))
        .where(live)
        .group_by(r.member_id, r.reward_id)
    )
    counted = by_month.union_all(in_total).subquery("counted")
    kept = select(c.member_id, c.reward_id, c.window, c.n).where(c.n > 0).subquery("kept")
    same = (
        (counted.c.member_id == kept.c.member_id)
        & (counted.c.reward_id == kept.c.reward_id)
        & (counted.c.window == kept.c.window)
    )
    wrong = tx.rows(
        select(kept, counted.c.n.label("recount"))
        .select_from(kept.outerjoin(counted, same))
        .where(func.coalesce(counted.c.n, 0) != kept.c.n)
    )
    absent = tx.rows(select(counted).select_from(counted.outerjoin(kept, same)).where(kept.c.member_id.is_(None)))
    return [
        f"member {row.member_id}, reward {row.reward_id}, {row.window}: counted {row.n}, recount {row.recount or 0}"
        for row in wrong
    ] + [
        f"member {row.member_id}, reward {row.reward_id}, {row.window}: not counted, recount {row.n}" for row in absent
    ]


def _check(tx: Tx, facts: RewardFacts) -> None:
    wrong: dict[str, str] = {}
    if not facts.code.strip():
        wrong["code"] = "required"
    if not facts.name_zh.strip():
        wrong["name_zh"] = "required"
    if facts.kind not in ("voucher", "goods", "donation"):
        wrong["kind"] = "not_a_choice"
    if not 1 <= facts.points <= 1_000_000:
        wrong["points"] = "out_of_bounds"
    if facts.per_member_limit is not None and facts.per_member_limit < 1:
        wrong["per_member_limit"] = "out_of_bounds"
    if facts.limit_window not in ("total", "month"):
        wrong["limit_window"] = "not_a_choice"
    if not 1 <= facts.hold_days <= 365:
        wrong["hold_days"] = "out_of_bounds"
    if facts.kind != "donation" and facts.merchant_id is None:
        wrong["merchant_id"] = "required"
    if facts.merchant_id is not None and not tx.scalar(select(merchant.c.id).where(merchant.c.id == facts.merchant_id)):
        wrong["merchant_id"] = "not_a_choice"
    if wrong:
        raise Invalid(wrong)


def _unused(tx: Tx, table: Any, code: str) -> None:
    if tx.scalar(select(table.c.id).where(table.c.code == code)) is not None:
        raise Invalid({"code": "taken"})


def _difference(row: Row[Any], facts: dict[str, Any]) -> dict[str, Any]:
    was = row._mapping
    return {name: {"was": was[name], "is": value} for name, value in facts.items() if was[name] != value}
