"""Bonuses out of a fund: decided once after the end, drawn in batches in a fixed order, each paid once by its key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, func, select, update

from points_engine import campaign as rules
from points_engine.fund import cover
from points_engine.ledger import Move
from webapp.activities import queries as activities
from webapp.campaigns.tables import campaign, campaign_bonus, campaign_join, campaign_task, task_progress
from webapp.inbox import service as inbox
from webapp.ledger import funds
from webapp.store import Store, Tx

BATCH = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATER = 10**17  # multiplied points stand behind every task, the small ones first


def settle(store: Store, row: Row[Any], now: datetime) -> None:
    """Decide and pay; any step may be repeated, and two may run at once."""
    decide(store, row, now)
    while store.retrying(lambda tx: pay_batch(tx, row.id, now)):
        pass


def pay_due(store: Store, now: datetime) -> int:
    """Pay what became due again after a payment into the fund."""
    b, c = campaign_bonus.c, campaign.c
    waiting = (
        select(b.campaign_id)
        .join(campaign, c.id == b.campaign_id)
        .where(b.status == "due", c.status.in_(("settled", "archived")))
        .distinct()
    )
    with store.read() as tx:
        ids = [row.campaign_id for row in tx.rows(waiting)]
    paid = 0
    for number in ids:
        while n := store.retrying(partial(pay_batch, campaign_id=number, now=now)):
            paid += n
    return paid


def try_again(tx: Tx, campaign_id: int) -> int:
    """What an empty fund or a frozen account left unpaid is due again; each is still paid once."""
    b = campaign_bonus.c
    waiting = (b.campaign_id == campaign_id, b.status.in_(("dry", "frozen")))
    again = tx.execute(update(campaign_bonus).where(*waiting).values(status="due")).rowcount
    tx.execute(update(campaign).where(campaign.c.id == campaign_id).values(dry_at=None))
    return int(again)


def due(tx: Tx, campaign_id: int) -> int:
    """How many bonuses are decided and not drawn yet."""
    b = campaign_bonus.c
    return int(tx.scalar(select(func.count()).where(b.campaign_id == campaign_id, b.status == "due")) or 0)


# --- deciding ------------------------------------------------------------------------------------


def decide(store: Store, row: Row[Any], now: datetime) -> None:
    """Write down what everybody is due, then that it is decided; begun again after a crash it comes to the same."""
    last = 0
    while found := store.retrying(partial(_decide_some, row=row, after=last, now=now)):
        last = found
    store.retrying(lambda tx: _decided(tx, row.id, now))


def _decide_some(tx: Tx, row: Row[Any], after: int, now: datetime) -> int:
    """Write down what the next members are due; the last of them, or 0 when all is decided."""
    here = _mine(tx, row.id)
    if here is None or here.status != "closed" or here.decided_at is not None:
        return 0
    j = campaign_join.c
    found = tx.rows(
        select(j.member_id).where(j.campaign_id == row.id, j.member_id > after).order_by(j.member_id).limit(BATCH)
    )
    members = [r.member_id for r in found]
    if not members:
        return 0
    bonuses = [*_for_tasks(tx, row.id, members), *_for_acts(tx, here, members)]
    tx.upsert(
        campaign_bonus,
        [
            {
                "member_id": member, "campaign_id": row.id, "cause": cause, "points": points, "status": "due",
                "round": 1, "decided_at": now, "rank": rank,
            }
            for member, cause, points, rank in bonuses
        ],
        key=("member_id", "campaign_id", "cause"),
    )  # fmt: skip
    return int(members[-1])


def _for_tasks(tx: Tx, campaign_id: int, members: Sequence[int]) -> Iterable[tuple[int, str, int, int]]:
    t, p = campaign_task.c, task_progress.c
    rows = tx.rows(
        select(p.member_id, p.task_id, p.completed_at, t.reward_points)
        .join(campaign_task, t.id == p.task_id)
        .where(t.campaign_id == campaign_id, p.member_id.in_(list(members)), p.completed_at.is_not(None))
    )
    for r in rows:
        if r.reward_points:
            yield (
                r.member_id,
                f"task:{r.task_id}",
                r.reward_points,
                (r.completed_at - EPOCH) // timedelta(microseconds=1),
            )


def _for_acts(tx: Tx, row: Row[Any], members: Sequence[int]) -> Iterable[tuple[int, str, int, int]]:
    """What the multiplier adds to each act, rounded down act by act, as one bonus a member."""
    if row.multiplier <= rules.PERCENT:
        return
    first, last = rules.days_of_window(row.starts_at, row.ends_at)
    extra: dict[int, int] = {}
    for act in activities.acts_between(tx, members, first, last):
        if row.starts_at <= act.recorded_at < row.ends_at:
            extra[act.member_id] = extra.get(act.member_id, 0) + rules.bonus(act.points, row.multiplier)
    for member, points in sorted(extra.items()):
        if points:
            yield member, "acts", points, LATER + points


def _decided(tx: Tx, campaign_id: int, now: datetime) -> None:
    c = campaign.c
    _mine(tx, campaign_id)
    done = update(campaign).where(c.id == campaign_id, c.status == "closed", c.decided_at.is_(None))
    tx.execute(done.values(decided_at=now))


# --- paying --------------------------------------------------------------------------------------


def pay_batch(tx: Tx, campaign_id: int, now: datetime) -> int:
    """Draw the next bonuses; 0 when none is due. Tasks by the instant they were completed, then multiplied points,
    small ones first; at one instant by member. The turn keeps two schedulers from the same batch."""
    row = _mine(tx, campaign_id)
    if row is None or row.fund_id is None or row.decided_at is None:
        return 0
    b = campaign_bonus.c
    waiting = tx.rows(
        select(campaign_bonus)
        .where(b.campaign_id == campaign_id, b.status == "due")
        .order_by(b.rank, b.member_id, b.cause)
        .limit(BATCH)
    )
    if not waiting:
        return 0
    moves = [_move(campaign_id, each) for each in waiting]
    fits = [True] * len(moves)
    if row.bonus_budget is not None:
        fits = cover(row.bonus_budget - row.bonus_spent, (move.amount for move in moves))
    within = [move for move, fit in zip(moves, fits, strict=True) if fit]
    drawn = funds.draw(tx, row.fund_id, f"campaign:{campaign_id}", within, now)
    beyond = [move for move, fit in zip(moves, fits, strict=True) if not fit]
    for status, those in (
        ("paid", (*drawn.paid, *drawn.already)), ("dry", (*drawn.dry, *beyond)), ("frozen", drawn.frozen)
    ):  # fmt: skip
        _mark(tx, campaign_id, those, status, now)
    spent = sum(move.amount for move in drawn.paid)
    tx.execute(update(campaign).where(campaign.c.id == campaign_id).values(bonus_spent=campaign.c.bonus_spent + spent))
    if drawn.dry or beyond:
        _tell_dry(tx, row, [*drawn.dry, *beyond], now)
    return len(waiting)


def _mine(tx: Tx, campaign_id: int) -> Row[Any] | None:
    """The campaign, nobody else's until the end of the transaction."""
    tx.take_turn(f"campaign:{campaign_id}")
    return tx.row(select(campaign).where(campaign.c.id == campaign_id))


def _move(campaign_id: int, row: Row[Any]) -> Move:
    cause = f"campaign:{campaign_id}"
    code = "task_bonus" if row.cause.startswith("task:") else "campaign_bonus"
    return Move(row.member_id, "points", "granted", "points", row.points, code, cause, f"{cause}:{row.cause}:1")


def _mark(tx: Tx, campaign_id: int, moves: Sequence[Move], status: str, now: datetime) -> None:
    tx.upsert(
        campaign_bonus,
        [
            {
                "member_id": move.member_id, "campaign_id": campaign_id,
                "cause": move.key.removeprefix(f"campaign:{campaign_id}:").removesuffix(":1"),
                "points": move.amount, "status": status, "round": 1, "decided_at": now, "rank": 0,
            }
            for move in moves
        ],
        key=("member_id", "campaign_id", "cause"),
        replace=("status", "decided_at"),
    )  # fmt: skip


def _tell_dry(tx: Tx, row: Row[Any], moves: Sequence[Move], now: datetime) -> None:
    """Who is not paid learns it; base points are never touched."""
    tx.execute(update(campaign).where(campaign.c.id == row.id, campaign.c.dry_at.is_(None)).values(dry_at=now))
    inbox.notify_many(
        tx,
        [{"member_id": m, "key": f"campaign:{row.id}:dry"} for m in sorted({move.member_id for move in moves})],
        "campaign_dry",
        f"「{row.title_zh}」的奖励积分已发完",
        f"{row.title_en or row.title_zh}: the bonus points are used up",
        "基础积分和减排量照常记录，不受影响；主办方补足资金后会补发。",
        "Your ordinary points and grams are as before; bonuses are paid once the fund is filled again.",
        f"/campaigns/{row.id}",
        now,
    )
