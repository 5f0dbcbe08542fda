"""The life of a campaign by the clock: it opens, calls on its last day, closes, settles and is put away, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update

from points_engine import campaign as rules
from points_engine.clock import local_day
from webapp.campaigns import settling
from webapp.campaigns.progress import behind
from webapp.campaigns.tables import campaign, campaign_bonus, campaign_join, campaign_task, task_progress
from webapp.inbox import service as inbox
from webapp.jobs import enqueue
from webapp.journal import service as journal
from webapp.store import Store, Tx

SETTLE_AFTER = timedelta(days=3)  # late reviews and undone acts still count until then
ARCHIVE_AFTER = timedelta(days=30)  # after settling, unless the operator says otherwise
TELL = "campaigns.tell"
TELL_BATCH = 500


def move_by_clock(store: Store, now: datetime, archive_after: timedelta = ARCHIVE_AFTER) -> int:
    """Whatever is due at this minute; safe twice and by two schedulers at once."""
    moved = int(store.retrying(lambda tx: _simple_steps(tx, now, archive_after)))
    with store.read() as tx:
        closed = tx.rows(_over(now))
    for row in closed:
        moved += _settle(store, row, now)
    return moved


def step(
    tx: Tx, actor_id: int | None, campaign_id: int, was: Sequence[str], to: str, now: datetime, **also: Any
) -> int:
    """The conditional update decides between a staff member and the clock, or two of either."""
    moved = tx.execute(
        update(campaign).where(campaign.c.id == campaign_id, campaign.c.status.in_(was)).values(status=to, **also)
    ).rowcount
    if moved:
        record(tx, actor_id, f"campaign.{to}", campaign_id, {"was": list(was)}, now)
        if to in ("open", "settled"):
            _tell(tx, campaign_id, to, now)
        if to == "closed":
            _read_all_again(tx, campaign_id)
    return int(moved)


def record(tx: Tx, actor_id: int | None, action: str, campaign_id: int, detail: dict[str, Any], now: datetime) -> None:
    """One line in the journal of what was done to a campaign."""
    journal.record(tx, actor_id, action, f"campaign:{campaign_id}", detail, now)


def _simple_steps(tx: Tx, now: datetime, archive_after: timedelta) -> int:
    c = campaign.c
    due = (
        ("scheduled", "open", c.starts_at <= now),
        ("open", "closed", c.ends_at <= now),
        ("settled", "archived", c.settled_at <= now - archive_after),
    )
    moved = 0
    for was, to, when in due:
        for row in tx.rows(select(c.id).where(c.status == was, when).order_by(c.id)):
            moved += step(tx, None, row.id, (was,), to, now)
    _last_calls(tx, now)
    return moved


def _over(now: datetime) -> Any:
    c = campaign.c
    return select(campaign).where(c.status == "closed", c.ends_at <= now - SETTLE_AFTER).order_by(c.id)


def _settle(store: Store, row: Row[Any], now: datetime) -> int:
    """When all is read: pay what comes from a fund, then close the books."""
    with store.read() as tx:
        if behind(tx, row.id, limit=1):
            return 0  # somebody's acts are still unread
    if row.fund_id is not None:
        settling.settle(store, row, now)
    return int(store.retrying(lambda tx: _finish(tx, row.id, now)))


def _finish(tx: Tx, campaign_id: int, now: datetime) -> int:
    row = tx.row(select(campaign).where(campaign.c.id == campaign_id))
    assert row is not None
    if row.fund_id is not None and (row.decided_at is None or settling.due(tx, campaign_id)):
        return 0
    return step(tx, None, campaign_id, ("closed",), "settled", now, settled_at=now)


def _read_all_again(tx: Tx, campaign_id: int) -> None:
    """Before the end everybody is read once more where a task is told by another room, which may have corrected it."""
    t, j = campaign_task.c, campaign_join.c
    if tx.scalar(select(func.count()).where(t.campaign_id == campaign_id, t.kind.in_(rules.OUTSIDE))):
        tx.execute(update(campaign_join).where(j.campaign_id == campaign_id).values(seen_seq=-1))


# --- telling -------------------------------------------------------------------------------------


def _last_calls(tx: Tx, now: datetime) -> None:
    c = campaign.c
    soon = select(campaign).where(
        c.status == "open", c.last_call_at.is_(None), c.ends_at > now, c.ends_at <= now + timedelta(days=1)
    )
    for row in tx.rows(soon):
        if not rules.last_call(row.starts_at, row.ends_at, now):
            continue
        called = update(campaign).where(c.id == row.id, c.last_call_at.is_(None)).values(last_call_at=now)
        if tx.execute(called).rowcount:
            _tell(tx, row.id, "last", now)


def _tell(tx: Tx, campaign_id: int, what: str, now: datetime, after: int = 0) -> None:
    """Leave the telling to a job: it goes through everybody who joined, a few hundred a transaction."""
    payload = {"campaign": campaign_id, "what": what, "after": after}
    enqueue(tx, TELL, payload, f"{TELL}:{campaign_id}:{what}:{after}", now)


def tell(tx: Tx, payload: Mapping[str, Any], now: datetime) -> int:
    """Outbox row campaigns.tell: the next members hear of it, once each; the rest is left to a further row."""
    row = tx.row(select(campaign).where(campaign.c.id == payload["campaign"]))
    j = campaign_join.c
    if row is None:
        return 0
    members = [
        r.member_id
        for r in tx.rows(
            select(j.member_id)
            .where(j.campaign_id == row.id, j.member_id > payload["after"])
            .order_by(j.member_id)
            .limit(TELL_BATCH)
        )
    ]
    if len(members) == TELL_BATCH:
        _tell(tx, row.id, payload["what"], now, members[-1])
    words = {"open": _opening, "last": _calling, "settled": _result}[payload["what"]](tx, row, members, now)
    key = f"campaign:{row.id}:{payload['what']}"
    to = [{"member_id": member, "key": key, **told} for member, told in words.items()]
    return inbox.notify_many(tx, to, "campaign", link=f"/campaigns/{row.id}", now=now)


Words = dict[int, dict[str, str]]


def _opening(tx: Tx, row: Row[Any], members: Sequence[int], now: datetime) -> Words:
    told = {"title_zh": f"「{row.title_zh}」开始了", "title_en": f"{row.title_en or row.title_zh} has begun"}
    return dict.fromkeys(members, told)


def _calling(tx: Tx, row: Row[Any], members: Sequence[int], now: datetime) -> Words:
    """Only who can still do something: whose tasks of today or of the whole time are not all done."""
    t, p = campaign_task.c, task_progress.c
    day = local_day(now)
    total = int(tx.scalar(select(func.count()).where(t.campaign_id == row.id, (t.day.is_(None)) | (t.day == day))) or 0)
    done = {
        r.member_id: r.n
        for r in tx.rows(
            select(p.member_id, func.count().label("n"))
            .join(campaign_task, t.id == p.task_id)
            .where(
                t.campaign_id == row.id, (t.day.is_(None)) | (t.day == day),
                p.member_id.in_(list(members)), p.completed_at.is_not(None),
            )
            .group_by(p.member_id)
        )
    }  # fmt: skip
    left = {m: total - done.get(m, 0) for m in members}
    return {
        m: {
            "title_zh": f"「{row.title_zh}」今天是最后一天，还有 {n} 个任务",
            "title_en": f"Last day of {row.title_en or row.title_zh}: {n} tasks left",
        }
        for m, n in left.items()
        if n
    }


def _result(tx: Tx, row: Row[Any], members: Sequence[int], now: datetime) -> Words:
    """What it came to for whoever completed a task or was paid something."""
    t, p, b = campaign_task.c, task_progress.c, campaign_bonus.c
    tasks = tx.rows(
        select(p.member_id, func.count().label("n"))
        .join(campaign_task, t.id == p.task_id)
        .where(t.campaign_id == row.id, p.member_id.in_(list(members)), p.completed_at.is_not(None))
        .group_by(p.member_id)
    )
    points = tx.rows(
        select(b.member_id, func.sum(b.points).label("n"))
        .where(b.campaign_id == row.id, b.member_id.in_(list(members)), b.status.in_(("paid", "kept")))
        .group_by(b.member_id)
    )
    done, got = {r.member_id: int(r.n) for r in tasks}, {r.member_id: int(r.n) for r in points}
    return {
        m: {
            "title_zh": f"「{row.title_zh}」已结算：完成 {done.get(m, 0)} 个任务，奖励 {got.get(m, 0)} 积分",
            "title_en": f"{row.title_en or row.title_zh} is settled: {done.get(m, 0)} tasks, {got.get(m, 0)} bonus points",
        }
        for m in members
        if m in done or m in got
    }
