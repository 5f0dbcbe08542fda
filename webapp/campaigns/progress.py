"""Catching up: reads what joined members did, brings tasks, badges and bonuses in line with it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, false, func, select, update

from points_engine import campaign as rules
from points_engine.errors import EngineError
from webapp.campaigns import badges, outside, paying, teams
from webapp.campaigns.facts import Facts, gather, reached_together, tasks_of
from webapp.campaigns.tables import campaign, campaign_join, task_progress
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
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
    with store.read() as tx:
        tasks = tasks_of(tx, row.id)
    if any(task.kind in rules.OUTSIDE for task in tasks):
        store.retrying(lambda tx: outside.look_around(tx, row, tasks, now))
    touched = _read_who_is_behind(store, catalogue, row, now)
    if any(task.kind == "team" for task in tasks) and teams.add_up(store, row, tasks, now):
        touched += _read_who_is_behind(store, catalogue, row, now)  # a goal was reached, or is no longer
    return touched


def _read_who_is_behind(store: Store, catalogue: Any, row: Row[Any], now: datetime) -> int:
    touched, last = 0, 0
    while True:
        with store.read() as tx:
            members = behind(tx, row.id, last, BATCH)
        if not members:
            return touched
        last = members[-1]
        try:
            _catch_up(store, catalogue, row.id, members, now)
            touched += len(members)
        except EngineError:
            touched += _one_by_one(store, catalogue, row.id, members, now)


def _catch_up(store: Store, catalogue: Any, campaign_id: int, members: Sequence[int], now: datetime) -> None:
    store.retrying(lambda tx: catch_up_members(tx, catalogue, campaign_id, members, now))


def _one_by_one(store: Store, catalogue: Any, campaign_id: int, members: Sequence[int], now: datetime) -> int:
    """One member whose books refuse must not hold up the others; that one is tried again next time."""
    touched = 0
    for member in members:
        try:
            _catch_up(store, catalogue, campaign_id, [member], now)
            touched += 1
        except EngineError as error:
            log.warning("campaign %s, member %s: %s", campaign_id, member, error.code)
    return touched


def behind(tx: Tx, campaign_id: int, after: int = 0, limit: int = BATCH) -> list[int]:
    """Joined members whose ledger has moved since this campaign looked, or who are unread; frozen ones wait."""
    seq = ledger_queries.seq_view
    rows = tx.rows(
        select(campaign_join.c.member_id)
        .outerjoin(seq, seq.c.member_id == campaign_join.c.member_id)
        .where(
            campaign_join.c.campaign_id == campaign_id,
            campaign_join.c.member_id > after,
            campaign_join.c.seen_seq < func.coalesce(seq.c.seq, 0),
            func.coalesce(seq.c.frozen, false()).is_(False),
        )
        .order_by(campaign_join.c.member_id)
        .limit(limit)
    )
    return [row.member_id for row in rows]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one member has come with one task."""

    member: int
    task: int
    done: int
    complete: bool


def catch_up_members(tx: Tx, catalogue: Any, campaign_id: int, members: Sequence[int], now: datetime) -> None:
    """Recompute these members' tasks and bonuses from what they did in the window, and post the difference.

    The wallets are locked first, so that no act slips in between reading and paying, then their places in the
    campaign, so that a team goal reached meanwhile is read by whoever comes second.
    """
    wallets = ledger.open_books(tx, members, now).wallets
    members = [m for m in members if not wallets[m].frozen]
    row = _rules_of(tx, campaign_id)
    if row is None or row.status not in LIVE or not members:
        return
    _hold(tx, campaign_id, members)
    tasks = tasks_of(tx, campaign_id)
    facts = gather(tx, catalogue, row, tasks, members)
    standings = stand(tasks, facts, teams.write_shares(tx, tasks, facts), reached_together(tx, tasks))
    fresh = _write_progress(tx, tasks, standings, now)
    badges.give(tx, row, standings, now)
    if row.fund_id is None:
        paid = paying.paid_so_far(tx, campaign_id, members)
        paying.settle(tx, row, wallets, _earned(row, tasks, facts, standings), paid, now)
    else:
        paying.tell_done(tx, row, fresh, now)
    _mark_seen(tx, campaign_id, members)


def stand(
    tasks: Sequence[rules.Task],
    facts: Mapping[int, Facts],
    shares: Mapping[tuple[int, int], Mapping[int, int]],
    together: set[tuple[int, int]],
) -> list[Standing]:
    """Every member's standing with every task; `shares` by (member, task) and unit."""
    found = []
    for member, mine in facts.items():
        for task in tasks:
            done = rules.progress(task, mine.acts, mine.told.get(task.id, 0))
            reached = any((task.id, unit) in together for unit in shares.get((member, task.id), {}))
            found.append(Standing(member, task.id, done, rules.complete(task, done, reached)))
    return found


def _earned(
    row: Row[Any], tasks: Sequence[rules.Task], facts: Mapping[int, Facts], standings: Sequence[Standing]
) -> dict[int, dict[str, int]]:
    complete = completed(standings)
    return {m: rules.due(mine.acts, tasks, complete.get(m, set()), row.multiplier) for m, mine in facts.items()}


def completed(standings: Sequence[Standing]) -> dict[int, set[int]]:
    """The tasks each member has completed."""
    found: dict[int, set[int]] = {}
    for one in standings:
        if one.complete:
            found.setdefault(one.member, set()).add(one.task)
    return found


def _rules_of(tx: Tx, campaign_id: int) -> Row[Any] | None:
    """The campaign as it stands; without a budget to guard, a shared lock keeps one from being set meanwhile."""
    query = select(campaign).where(campaign.c.id == campaign_id)
    row = tx.row(query)
    if row is None or row.bonus_budget is not None:
        return row
    return tx.row(query.with_for_update(read=True))


def _hold(tx: Tx, campaign_id: int, members: Sequence[int]) -> None:
    j = campaign_join.c
    mine = select(j.member_id).where(j.campaign_id == campaign_id, j.member_id.in_(list(members)))
    tx.rows(mine.order_by(j.member_id).with_for_update())


def _write_progress(
    tx: Tx, tasks: Sequence[rules.Task], standings: Sequence[Standing], now: datetime
) -> list[tuple[int, int]]:
    """Keep the first completion's instant; a task that fell back is open again. Returns (member, task) newly done."""
    if not standings:
        return []
    before = {
        (r.member_id, r.task_id): r.completed_at
        for r in tx.rows(
            select(task_progress).where(
                task_progress.c.member_id.in_(sorted({s.member for s in standings})),
                task_progress.c.task_id.in_(sorted({s.task for s in standings})),
            )
        )
    }
    tx.upsert(
        task_progress,
        [
            {
                "member_id": s.member,
                "task_id": s.task,
                "progress": s.done,
                "completed_at": (before.get((s.member, s.task)) or now) if s.complete else None,
            }
            for s in standings
            if s.done or (s.member, s.task) in before
        ],
        key=("member_id", "task_id"),
        replace=("progress", "completed_at"),
    )
    return [(s.member, s.task) for s in standings if s.complete and not before.get((s.member, s.task))]


def _mark_seen(tx: Tx, campaign_id: int, members: Sequence[int]) -> None:
    """Our own bonuses moved the ledger too; what was read is everything up to now, under the lock."""
    seq = ledger_queries.seq_view
    latest = select(seq.c.seq).where(seq.c.member_id == campaign_join.c.member_id).scalar_subquery()
    tx.execute(
        update(campaign_join)
        .where(campaign_join.c.campaign_id == campaign_id, campaign_join.c.member_id.in_(list(members)))
        .values(seen_seq=latest)
    )
