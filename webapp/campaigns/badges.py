"""Badges 徽章: given for a task or for all of them, once each; taken back while the campaign lives if the task falls back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, delete, or_, select, tuple_

from webapp.campaigns.tables import campaign, campaign_badge, campaign_task
from webapp.store import Tx

# From the house's icon set; what may stand on a badge.
ICONS = {
    "leaf": ("叶子", "Leaf"), "trees": ("树林", "Trees"), "sun": ("太阳", "Sun"), "bolt": ("闪电", "Bolt"),
    "bulb": ("灯泡", "Bulb"), "flame": ("火焰", "Flame"), "droplet": ("水滴", "Drop"), "recycle": ("循环", "Recycle"),
    "bike": ("自行车", "Bicycle"), "walk": ("步行", "Walking"), "bus": ("公交", "Bus"), "bowl-chopsticks": ("碗筷", "Bowl"),
    "cup": ("杯子", "Cup"), "shopping-bag": ("布袋", "Bag"), "school": ("学校", "School"), "book": ("书", "Book"),
    "users": ("伙伴", "People"), "home": ("家", "Home"), "building": ("楼", "Building"), "medal": ("奖章", "Medal"),
    "trophy": ("奖杯", "Trophy"), "shield-check": ("盾", "Shield"),
}  # fmt: skip
WHOLE = 0  # the badge for every task of a campaign
PAGE = 30
MOST = 100  # of one campaign


class Stands(Protocol):
    """What a member's standing with a task says."""

    @property
    def member(self) -> int: ...
    @property
    def task(self) -> int: ...
    @property
    def complete(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge somebody has, or could have."""

    campaign_id: int
    task_id: int
    name_zh: str
    name_en: str
    icon: str
    given_at: datetime | None
    title_zh: str = ""
    title_en: str = ""


def give(tx: Tx, row: Row[Any], standings: Sequence[Stands], now: datetime) -> None:
    """Give these members the badges they have earned, and take back those they no longer have earned."""
    offered = {badge.task_id: badge for badge in offers(tx, row)}
    if not offered or not standings:
        return
    earned = {(s.member, s.task): s.complete for s in standings}
    for one in standings:
        earned[one.member, WHOLE] = earned.get((one.member, WHOLE), True) and one.complete
    have = [(m, task) for (m, task), done in earned.items() if done and task in offered]
    gone = [(m, task) for (m, task), done in earned.items() if not done and task in offered]
    tx.upsert(
        campaign_badge,
        [
            {
                "member_id": m, "campaign_id": row.id, "task_id": task, "name_zh": offered[task].name_zh,
                "name_en": offered[task].name_en, "icon": offered[task].icon, "given_at": now,
            }
            for m, task in sorted(have)
        ],
        key=("member_id", "campaign_id", "task_id"),
    )  # fmt: skip
    b = campaign_badge.c
    if gone:
        tx.execute(delete(campaign_badge).where(b.campaign_id == row.id, tuple_(b.member_id, b.task_id).in_(gone)))


def offers(tx: Tx, row: Row[Any] | None) -> list[Badge]:
    """The badges of a campaign: of its tasks, then of the whole."""
    if row is None:
        return []
    t = campaign_task.c
    tasks = tx.rows(select(campaign_task).where(t.campaign_id == row.id, t.badge_zh != "").order_by(t.sort, t.id))
    found = [
        Badge(
            row.id, r.id, r.badge_zh, r.badge_en or r.badge_zh, r.badge_icon, None, r.title_zh, r.title_en or r.title_zh
        )
        for r in tasks
    ]
    if row.badge_zh:
        found.append(Badge(row.id, WHOLE, row.badge_zh, row.badge_en or row.badge_zh, row.badge_icon, None))
    return found


def offered(tx: Tx, campaign_id: int, member_id: int | None) -> list[Badge]:
    """The badges of a campaign, those this member has with the instant they got them."""
    row = tx.row(select(campaign).where(campaign.c.id == campaign_id))
    mine = {badge.task_id: badge for badge in of_member(tx, member_id, campaign_id, limit=MOST)} if member_id else {}
    return [
        replace(one, given_at=mine[one.task_id].given_at) if one.task_id in mine else one for one in offers(tx, row)
    ]


def of_member(
    tx: Tx, member_id: int, campaign_id: int | None = None, after: str = "", limit: int = PAGE
) -> list[Badge]:
    """The badges somebody has, newest campaign first; `after` is "campaign-task" of the last one seen."""
    b = campaign_badge.c
    query = (
        select(campaign_badge, campaign.c.title_zh, campaign.c.title_en)
        .join(campaign, campaign.c.id == b.campaign_id)
        .where(b.member_id == member_id)
        .order_by(b.campaign_id.desc(), b.task_id)
        .limit(limit)
    )
    if campaign_id is not None:
        query = query.where(b.campaign_id == campaign_id)
    if after:
        number, task = map(int, after.split("-"))
        query = query.where(or_(b.campaign_id < number, (b.campaign_id == number) & (b.task_id > task)))
    return [
        Badge(r.campaign_id, r.task_id, r.name_zh, r.name_en, r.icon, r.given_at, r.title_zh, r.title_en or r.title_zh)
        for r in tx.rows(query)
    ]
