"""Catching up: reads what joined members did, brings tasks and bonuses in line with it, and pays the difference."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from points_engine import campaign as rules
from points_engine.errors import EngineError
from points_engine.ledger import Wallet
from webapp.activities import queries as activities
from webapp.campaigns.changes import Change, changes
from webapp.campaigns.tables import (
    campaign,
    campaign_bonus,
    campaign_join,
    campaign_task,
    task_progress,
)
from webapp.inbox import service as inbox
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.ledger.service import Move
from webapp.store import Store, Tx

log = logging.getLogger("puhui.campaigns")
BATCH = 100
LIVE = ("open", "closed")  # a closed one still hears of undone and reviewed acts, until it is settled


def catch_up(store: Store, catalogue: Any, now: datetime) -> int:
    """Bring every live campaign up to date; returns how many members were touched. Safe twice and in parallel."""
    with store.read() as tx:
        live = tx.rows(select(campaign).where(campaign.c.status.in_(LIVE)).order_by(campaign.c.id))
    return sum(_catch_up_campaign(store, catalogue, row, now) for row in live)


def _catch_up_campaign(store: Store, catalogue: Any, row: Row[Any], now: datetime) -> int:
    touched, last = 0, 0
    while True:
        with store.read() as tx:
            members = behind(tx, row.id, last, BATCH)
        if not members:
            return touched
        last = members[-1]
        try:
            store.retrying(lambda tx, who=members: catch_up_members(tx, catalogue, row.id, who, now))
            touched += len(members)
        except EngineError:
            touched += _one_by_one(store, catalogue, row.id, members, now)


def _one_by_one(store: Store, catalogue: Any, campaign_id: int, members: Sequence[int], now: datetime) -> int:
    """One member whose books refuse must not hold up the others; that one is tried again next time."""
    touched = 0
    for member in members:
        try:
            store.retrying(lambda tx, m=member: catch_up_members(tx, catalogue, campaign_id, [m], now))
            touched += 1
        except EngineError as error:
            log.warning("campaign %s, member %s: %s", campaign_id, member, error.code)
    return touched


def behind(tx: Tx, campaign_id: int, after: int = 0, limit: int = BATCH) -> list[int]:
    """Joined members whose ledger has moved since this campaign looked; frozen ones wait."""
    seq = ledger_queries.seq_view
    rows = tx.rows(
        select(campaign_join.c.member_id)
        .join(seq, seq.c.member_id == campaign_join.c.member_id)
        .where(
            campaign_join.c.campaign_id == campaign_id,
            campaign_join.c.member_id > after,
            campaign_join.c.seen_seq < seq.c.seq,
            seq.c.frozen.is_(False),
        )
        .order_by(campaign_join.c.member_id)
        .limit(limit)
    )
    return [row.member_id for row in rows]


def catch_up_members(tx: Tx, catalogue: Any, campaign_id: int, members: Sequence[int], now: datetime) -> None:
    """Recompute these members' tasks and bonuses from their acts in the window, and post the difference.

    The wallets are locked first, so that no act slips in between reading and paying.
    """
    wallets = ledger.open_books(tx, members, now).wallets
    members = [m for m in members if not wallets[m].frozen]
    row = _rules_of(tx, campaign_id)
    if row is None or row.status not in LIVE or not members:
        return
    tasks = tasks_of(tx, campaign_id)
    acts = _acts(tx, catalogue, row, members)
    paid = _paid(tx, campaign_id, members)
    steps: list[tuple[int, Change]] = []
    standings: list[tuple[int, int, int, bool]] = []
    for member in members:
        done = {task.id: rules.progress(task, acts[member]) for task in tasks}
        standings += [(member, t.id, done[t.id], done[t.id] >= t.target) for t in tasks]
        earned = rules.due(acts[member], tasks, done, row.multiplier)
        steps += [(member, step) for step in changes(earned, paid[member])]
    _write_progress(tx, standings, now)
    _settle(tx, row, wallets, steps, now)
    _mark_seen(tx, campaign_id, members)


def _rules_of(tx: Tx, campaign_id: int) -> Row[Any] | None:
    """The campaign as it stands; without a budget to guard, a shared lock keeps one from being set meanwhile."""
    query = select(campaign).where(campaign.c.id == campaign_id)
    row = tx.row(query)
    if row is None or row.bonus_budget is not None:
        return row
    return tx.row(query.with_for_update(read=True))


def tasks_of(tx: Tx, campaign_id: int) -> list[rules.Task]:
    rows = tx.rows(select(campaign_task).where(campaign_task.c.campaign_id == campaign_id).order_by(campaign_task.c.id))
    return [
        rules.Task(r.id, r.day, r.kind, frozenset(r.behaviours), frozenset(r.domains), r.target, r.reward_points)
        for r in rows
    ]


def _acts(tx: Tx, catalogue: Any, row: Row[Any], members: Sequence[int]) -> dict[int, list[rules.Act]]:
    first, last = rules.days_of_window(row.starts_at, row.ends_at)
    found: dict[int, list[rules.Act]] = {member: [] for member in members}
    for fact in activities.acts_between(tx, members, first, last):
        if not fact.grams and not fact.points:
            continue  # over a cap: recorded, worth nothing, counts for nothing
        known = catalogue.by_code.get(fact.behaviour)
        act = rules.Act(
            fact.id, fact.behaviour, known.domain if known else "", fact.quantity, fact.grams, fact.points,
            fact.occurred_on, fact.recorded_at,
        )  # fmt: skip
        if rules.inside(act, row.starts_at, row.ends_at):
            found[fact.member_id].append(act)
    return found


def _paid(tx: Tx, campaign_id: int, members: Sequence[int]) -> dict[int, dict[str, Row[Any]]]:
    found: dict[int, dict[str, Row[Any]]] = {member: {} for member in members}
    for row in tx.rows(
        select(campaign_bonus).where(
            campaign_bonus.c.member_id.in_(list(members)), campaign_bonus.c.campaign_id == campaign_id
        )
    ):
        found[row.member_id][row.cause] = row
    return found


def _write_progress(tx: Tx, standings: Sequence[tuple[int, int, int, bool]], now: datetime) -> None:
    """Keep the first completion's instant; a task that fell back below its target is open again."""
    if not standings:
        return
    before = {
        (r.member_id, r.task_id): r.completed_at
        for r in tx.rows(
            select(task_progress).where(
                task_progress.c.member_id.in_(sorted({s[0] for s in standings})),
                task_progress.c.task_id.in_(sorted({s[1] for s in standings})),
            )
        )
    }
    tx.upsert(
        task_progress,
        [
            {
                "member_id": member,
                "task_id": task,
                "progress": done,
                "completed_at": (before.get((member, task)) or now) if complete else None,
            }
            for member, task, done, complete in standings
            if done or (member, task) in before
        ],
        key=("member_id", "task_id"),
        replace=("progress", "completed_at"),
    )


def _settle(
    tx: Tx,
    row: Row[Any],
    wallets: Mapping[int, Wallet],
    steps: Sequence[tuple[int, Change]],
    now: datetime,
) -> None:
    """Pay what the budget allows, take back what can be taken back, and write down what was decided."""
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


def _mark_seen(tx: Tx, campaign_id: int, members: Sequence[int]) -> None:
    """Our own bonuses moved the ledger too; what was read is everything up to now, under the lock."""
    seq = ledger_queries.seq_view
    latest = select(seq.c.seq).where(seq.c.member_id == campaign_join.c.member_id).scalar_subquery()
    tx.execute(
        update(campaign_join)
        .where(campaign_join.c.campaign_id == campaign_id, campaign_join.c.member_id.in_(list(members)))
        .values(seen_seq=latest)
    )
