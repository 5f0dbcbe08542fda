"""Team goals: what each member brought, what units and everybody have together, and who is to be read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, select, update

from points_engine import campaign as rules
from webapp.campaigns.facts import Facts
from webapp.campaigns.tables import campaign, campaign_join, campaign_share, campaign_task, campaign_team
from webapp.store import Store, Tx

Shares = dict[tuple[int, int], dict[int, int]]  # (member, task) -> unit -> amount


def write_shares(tx: Tx, tasks: Sequence[rules.Task], facts: Mapping[int, Facts]) -> Shares:
    """Write down what these members bring; what they no longer bring becomes nothing."""
    goals = [task for task in tasks if task.kind == "team"]
    if not goals:
        return {}
    found: Shares = {(m, t.id): rules.shares(t, mine.acts) for m, mine in facts.items() for t in goals}
    c = campaign_share.c
    rows = {(m, t, unit): amount for (m, t), parts in found.items() for unit, amount in parts.items()}
    known = tx.rows(select(c.member_id, c.task_id, c.unit_id).where(
        c.member_id.in_(sorted(facts)), c.task_id.in_([t.id for t in goals])
    ))  # fmt: skip
    for old in known:
        rows.setdefault((old.member_id, old.task_id, old.unit_id), 0)
    tx.upsert(
        campaign_share,
        [{"member_id": m, "task_id": t, "unit_id": unit, "amount": n} for (m, t, unit), n in sorted(rows.items())],
        key=("member_id", "task_id", "unit_id"),
        replace=("amount",),
    )
    return found


def add_up(store: Store, row: Row[Any], tasks: Sequence[rules.Task], now: datetime) -> int:
    """Bring the sums in line with the parts; returns how many members a goal reached, or lost, concerns."""
    goals = {task.id: task.target for task in tasks if task.kind == "team"}
    with store.read() as tx:
        if not _differing(tx, goals):
            return 0
    return int(store.retrying(lambda tx: _write_sums(tx, row.id, goals, now)))


def _differing(tx: Tx, goals: Mapping[int, int]) -> dict[tuple[int, int], tuple[Any, Any]]:
    """Sums that are not what is stored: (task, unit) -> (sum now, stored row or None)."""
    c, t = campaign_share.c, campaign_team.c
    people = func.sum(case((c.amount > 0, 1), else_=0)).label("people")
    sums = tx.rows(
        select(c.task_id, c.unit_id, func.sum(c.amount).label("total"), people)
        .where(c.task_id.in_(sorted(goals)))
        .group_by(c.task_id, c.unit_id)
    )
    stored = {(r.task_id, r.unit_id): r for r in tx.rows(select(campaign_team).where(t.task_id.in_(sorted(goals))))}
    found = {}
    for row in sums:
        old = stored.get((row.task_id, row.unit_id))
        if old is None or (old.total, old.people) != (int(row.total), int(row.people)):
            found[row.task_id, row.unit_id] = (row, old)
    return found


def _write_sums(tx: Tx, campaign_id: int, goals: Mapping[int, int], now: datetime) -> int:
    tx.take_turn(f"campaign:{campaign_id}:teams")
    changed, again = [], 0
    for (task, unit), (row, old) in sorted(_differing(tx, goals).items()):
        before = old.reached_at if old is not None else None
        reached = (before or now) if int(row.total) >= goals[task] else None
        changed.append({
            "task_id": task, "unit_id": unit, "total": int(row.total), "people": int(row.people), "reached_at": reached,
        })  # fmt: skip
        if reached is not None or before is not None:
            again += _read_again(tx, campaign_id, task, unit, turned=(reached is None) != (before is None))
    tx.upsert(campaign_team, changed, key=("task_id", "unit_id"), replace=("total", "people", "reached_at"))
    return again


def _read_again(tx: Tx, campaign_id: int, task: int, unit: int, *, turned: bool) -> int:
    """Everybody with a part, when a goal was reached or lost; who joins in later reads it as reached already."""
    if not turned:
        return 0
    s, j = campaign_share.c, campaign_join.c
    part = select(s.member_id).where(s.task_id == task, s.unit_id == unit)
    marked = update(campaign_join).where(j.campaign_id == campaign_id, j.member_id.in_(part)).values(seen_seq=-1)
    return int(tx.execute(marked).rowcount)


def team_faults(tx: Tx) -> list[str]:
    """One line for each team goal of a settled campaign whose sum is not what its members brought."""
    c, t = campaign_share.c, campaign_team.c
    parts = select(c.task_id, c.unit_id, func.sum(c.amount).label("total")).group_by(c.task_id, c.unit_id).subquery()
    over = select(campaign_task.c.id).join(campaign, campaign.c.id == campaign_task.c.campaign_id).where(
        campaign.c.status.in_(("settled", "archived"))
    )  # fmt: skip
    rows = tx.rows(
        select(t.task_id, t.unit_id, t.total, func.coalesce(parts.c.total, 0).label("parts"))
        .outerjoin(parts, (parts.c.task_id == t.task_id) & (parts.c.unit_id == t.unit_id))
        .where(t.task_id.in_(over), t.total != func.coalesce(parts.c.total, 0))
    )
    return [f"team goal {r.task_id}, unit {r.unit_id}: {r.total} written, members brought {r.parts}" for r in rows]
