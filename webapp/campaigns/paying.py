"""Paying bonuses as they arise, out of the campaign's own budget, and telling members; a fund is drawn in settling.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from points_engine.ledger import Wallet
from webapp.campaigns.changes import Change, changes
from webapp.campaigns.tables import campaign, campaign_bonus, campaign_task
from webapp.inbox import service as inbox
from webapp.ledger import service as ledger
from webapp.ledger.service import Move
from webapp.store import Tx


def paid_so_far(tx: Tx, campaign_id: int, members: Sequence[int]) -> dict[int, dict[str, Row[Any]]]:
    """The bonuses written down for these members, by cause."""
    found: dict[int, dict[str, Row[Any]]] = {member: {} for member in members}
    for row in tx.rows(
        select(campaign_bonus).where(
            campaign_bonus.c.member_id.in_(list(members)), campaign_bonus.c.campaign_id == campaign_id
        )
    ):
        found[row.member_id][row.cause] = row
    return found


def settle(
    tx: Tx,
    row: Row[Any],
    wallets: Mapping[int, Wallet],
    earned: Mapping[int, Mapping[str, int]],
    paid: Mapping[int, Mapping[str, Row[Any]]],
    now: datetime,
) -> None:
    """Pay what the budget allows, take back what can be taken back, and write down what was decided."""
    steps = [(member, step) for member, due in earned.items() for step in changes(due, paid[member])]
    pays = [(member, step) for member, step in steps if step.what == "pay"]
    dry = _dry(tx, row, pays, now)
    moves: list[Move] = []
    balance = {member: wallets[member].points for member, _ in steps}
    decided: list[tuple[int, Change, str]] = []
    freed = 0
    for member, step in sorted(steps, key=lambda pair: pair[1].what != "pay"):
        status = "paid"
        if step.what == "pay" and (member, step.cause) in dry:
            status = "dry"
        elif step.what == "pay":
            moves.append(_move(row.id, member, step))
            balance[member] += step.points
        elif step.what == "back" and balance[member] >= step.points:
            moves.append(_move(row.id, member, step))
            balance[member] -= step.points
            freed += step.points
            status = "returned"
        elif step.what == "back":
            status = "kept"  # spent already: written off rather than made a debt
        decided.append((member, step, status))
    ledger.post(tx, moves, now)
    if freed and row.bonus_budget is not None:
        tx.execute(update(campaign).where(campaign.c.id == row.id).values(bonus_spent=campaign.c.bonus_spent - freed))
    _write_decisions(tx, row.id, decided, now)
    _tell(tx, row, decided, now)


def _dry(tx: Tx, row: Row[Any], pays: Sequence[tuple[int, Change]], now: datetime) -> set[tuple[int, str]]:
    """Spend the budget for these bonuses; returns those it could not pay.

    The campaign's row is shared by everybody, so it is touched only when there is a budget to guard.
    """
    if row.bonus_budget is None or not pays:
        return set()
    if _spend(tx, row.id, sum(step.points for _, step in pays)):
        return set()
    dry = {(member, step.cause) for member, step in pays if not _spend(tx, row.id, step.points)}
    if dry:
        tx.execute(update(campaign).where(campaign.c.id == row.id, campaign.c.dry_at.is_(None)).values(dry_at=now))
    return dry


def _spend(tx: Tx, campaign_id: int, points: int) -> bool:
    done = tx.execute(
        update(campaign)
        .where(campaign.c.id == campaign_id, campaign.c.bonus_spent + points <= campaign.c.bonus_budget)
        .values(bonus_spent=campaign.c.bonus_spent + points)
    )
    return bool(done.rowcount == 1)


def _move(campaign_id: int, member: int, step: Change) -> Move:
    cause = f"campaign:{campaign_id}"
    key = f"{cause}:{step.cause}:{step.round}"
    if step.what == "pay":
        code = "task_bonus" if step.cause.startswith("task:") else "campaign_bonus"
        return Move(member, "points", "awarded", "points", step.points, code, cause, key)
    return Move(member, "points", "points", "awarded", step.points, "bonus_back", cause, f"{key}:back")


def _write_decisions(tx: Tx, campaign_id: int, decided: Sequence[tuple[int, Change, str]], now: datetime) -> None:
    tx.upsert(
        campaign_bonus,
        [
            {
                "member_id": member,
                "campaign_id": campaign_id,
                "cause": step.cause,
                "points": step.points,
                "status": status,
                "round": step.round,
                "decided_at": now,
            }
            for member, step, status in decided
        ],
        key=("member_id", "campaign_id", "cause"),
        replace=("points", "status", "round", "decided_at"),
    )


def _tell(tx: Tx, row: Row[Any], decided: Sequence[tuple[int, Change, str]], now: datetime) -> None:
    """One notice a completed task, and one when the budget is empty; never one an act."""
    link = f"/campaigns/{row.id}"
    titles = _task_titles(tx, {step.cause for _, step, status in decided if status == "paid"})
    inbox.notify_many(
        tx,
        [
            {
                "member_id": member,
                "key": f"campaign:{row.id}:{step.cause}",
                "title_zh": f"完成任务「{titles[step.cause][0]}」，+{step.points} 积分",
                "title_en": f"Task done: {titles[step.cause][1]}, +{step.points} points",
            }
            for member, step, status in decided
            if status == "paid" and step.what == "pay" and step.cause in titles
        ],
        "campaign_task",
        body_zh=f"活动：{row.title_zh}",
        body_en=f"Campaign: {row.title_en or row.title_zh}",
        link=link,
        now=now,
    )
    inbox.notify_many(
        tx,
        [{"member_id": m, "key": f"campaign:{row.id}:dry"} for m in sorted({m for m, _, s in decided if s == "dry"})],
        "campaign_dry",
        title_zh=f"「{row.title_zh}」的奖励积分已发完",
        title_en=f"{row.title_en or row.title_zh}: the bonus points are used up",
        body_zh="基础积分和减排量照常记录，不受影响。",
        body_en="Your ordinary points and grams go on as before.",
        link=link,
        now=now,
    )


def _task_titles(tx: Tx, causes: set[str]) -> dict[str, tuple[str, str]]:
    ids = [int(cause[5:]) for cause in causes if cause.startswith("task:")]
    if not ids:
        return {}
    c = campaign_task.c
    return {
        f"task:{r.id}": (r.title_zh, r.title_en or r.title_zh)
        for r in tx.rows(select(c.id, c.title_zh, c.title_en).where(c.id.in_(ids)))
    }


def tell_done(tx: Tx, row: Row[Any], done: Sequence[tuple[int, int]], now: datetime) -> None:
    """A task is done whose bonus comes out of a fund, at the end."""
    titles = _task_titles(tx, {f"task:{task}" for _, task in done})
    inbox.notify_many(
        tx,
        [
            {
                "member_id": member,
                "key": f"campaign:{row.id}:task:{task}",
                "title_zh": f"完成任务「{titles[f'task:{task}'][0]}」",
                "title_en": f"Task done: {titles[f'task:{task}'][1]}",
            }
            for member, task in done
        ],
        "campaign_task",
        body_zh=f"活动：{row.title_zh}。奖励积分在活动结束后统一发放。",
        body_en=f"Campaign: {row.title_en or row.title_zh}. Bonus points are paid after it ends.",
        link=f"/campaigns/{row.id}",
        now=now,
    )
