"""Reads of campaigns: the list, one with its tasks and my progress, the card on the home page, staff lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, String, and_, cast, func, literal, select

from points_engine import campaign as rules
from points_engine.errors import refuse
from webapp.campaigns.badges import of_member as badges
from webapp.campaigns.calendar import calendar
from webapp.campaigns.pictures import picture_blob, shots
from webapp.campaigns.service import eligible, staff_one
from webapp.campaigns.summary import one as summary
from webapp.campaigns.summary import versions as summaries
from webapp.campaigns.tables import (
    campaign,
    campaign_bonus,
    campaign_join,
    campaign_task,
    task_progress,
)
from webapp.campaigns.templates import templates
from webapp.campaigns.views import CampaignCard, CampaignView, TaskView, tasks
from webapp.green_units import queries as green_units
from webapp.store import Tx

__all__ = [
    "CampaignCard", "CampaignView", "TaskView", "audiences", "badges", "calendar", "cards", "detail", "details",
    "home_card", "picture_blob", "shots", "staff_one", "summaries", "summary", "tasks", "yearly",
]  # fmt: skip
SHOWN = ("scheduled", "open", "closed", "settled", "archived")
PAST_SHOWN = 10


def cards(tx: Tx, member_id: int | None, now: datetime) -> list[CampaignCard]:
    """Every campaign that has been announced: running, then coming, then the latest past ones."""
    return sorted(_cards(tx, _announced(tx), member_id, now), key=_in_order)


def details(tx: Tx, member_id: int | None, now: datetime) -> list[CampaignView]:
    """The campaigns of `cards`, whole."""
    return sorted(_views(tx, _announced(tx), member_id, now), key=lambda view: _in_order(view.card))


def detail(tx: Tx, campaign_id: int, member_id: int | None, now: datetime) -> CampaignView:
    """One announced campaign; a draft is not found."""
    row = tx.row(select(campaign).where(campaign.c.id == campaign_id, campaign.c.status.in_(SHOWN)))
    if row is None:
        raise refuse("not_found", "unknown_campaign", campaign=campaign_id)
    return _views(tx, [row], member_id, now)[0]


def has_archived(tx: Tx) -> bool:
    """Whether any campaign was put away."""
    return tx.scalar(select(campaign.c.id).where(campaign.c.status == "archived").limit(1)) is not None


def archived(
    tx: Tx, member_id: int | None, now: datetime, after: int | None = None, limit: int = PAST_SHOWN
) -> list[CampaignCard]:
    """Campaigns that were put away, newest first; `after` is the id of the last one seen."""
    c = campaign.c
    query = select(campaign).where(c.status == "archived").order_by(c.id.desc()).limit(limit)
    return _cards(tx, tx.rows(query if after is None else query.where(c.id < after)), member_id, now)


def _announced(tx: Tx) -> list[Row[Any]]:
    c = campaign.c
    live = tx.rows(select(campaign).where(c.status.in_(("scheduled", "open"))).order_by(c.starts_at, c.id))
    past = tx.rows(
        select(campaign)
        .where(c.status.in_(("closed", "settled")))
        .order_by(c.ends_at.desc(), c.id.desc())
        .limit(PAST_SHOWN)
    )
    return [*live, *past]


def _in_order(card: CampaignCard) -> int:
    return ("running", "coming", "past").index(card.state)


def _views(tx: Tx, rows: Sequence[Row[Any]], member_id: int | None, now: datetime) -> list[CampaignView]:
    """Whole campaigns, by as many queries for many as for one."""
    ids = [row.id for row in rows]
    found, members = tasks(tx, ids, member_id, now), _members(tx, ids)
    units = green_units.unit_ids_of(tx, member_id) if member_id is not None else None
    made = []
    for row, card in zip(rows, _cards(tx, rows, member_id, now), strict=True):
        may = units is not None and eligible(row.audience, units)
        made.append(
            CampaignView(
                card=card,
                body_zh=row.body_zh,
                body_en=row.body_en,
                tasks=found[row.id],
                eligible=may,
                can_join=may and not card.joined and card.state != "past",
                dry=row.dry_at is not None,
                funded=row.fund_id is not None,
                members=members.get(row.id, 0),
            )
        )
    return made


def _members(tx: Tx, ids: Sequence[int]) -> dict[int, int]:
    c = campaign_join.c
    rows = tx.rows(select(c.campaign_id, func.count().label("n")).where(c.campaign_id.in_(ids)).group_by(c.campaign_id))
    return {row.campaign_id: row.n for row in rows}


def home_card(
    tx: Tx, member_id: int | None, units: dict[str, int], now: datetime
) -> tuple[CampaignCard, list[TaskView]] | None:
    """The running campaign for home in two statements: one I joined, else one meant for me."""
    c, mine = campaign.c, campaign_join.c
    joined = and_(mine.campaign_id == c.id, mine.member_id == (member_id or 0))
    rows = tx.rows(
        select(campaign, mine.joined_at)
        .outerjoin(campaign_join, joined)
        .where(c.status == "open", c.starts_at <= now, c.ends_at > now)
        .order_by(c.ends_at, c.id)
        .limit(20)
    )
    row = next((r for r in rows if r.joined_at is not None), None)
    row = row or next((r for r in rows if member_id is None or eligible(r.audience, units)), None)
    if row is None:
        return None
    found = tasks(tx, [row.id], member_id, now)[row.id]
    done = sum(task.done for task in found) if row.joined_at is not None else None
    return _card(row, len(found), done, 0, now), found


@dataclass(frozen=True, slots=True)
class Yearly:
    """A template to choose: its name, and the day it would begin on next where that is always the same."""

    key: str
    name_zh: str
    name_en: str
    next_day: date | None


def yearly(today: date) -> list[Yearly]:
    """The campaigns that come back every year, soonest first, those without a date of their own before them."""
    found = []
    for template in templates().values():
        zh, en = (template.texts[name].replace("{year}", "").strip(" 年") for name in ("title_zh", "title_en"))
        found.append(Yearly(template.key, zh, en, template.next_day(today)))
    return sorted(found, key=lambda each: each.next_day or date.min)


def staff_list(tx: Tx) -> list[Row[Any]]:
    """Every campaign, newest window first, with how many joined."""
    counts = (
        select(campaign_join.c.campaign_id, func.count().label("members"))
        .group_by(campaign_join.c.campaign_id)
        .subquery()
    )
    return list(
        tx.rows(
            select(campaign, func.coalesce(counts.c.members, 0).label("members"))
            .outerjoin(counts, counts.c.campaign_id == campaign.c.id)
            .order_by(campaign.c.starts_at.desc(), campaign.c.id.desc())
        )
    )


def staff_tasks(tx: Tx, campaign_id: int) -> list[Row[Any]]:
    """The tasks as rows, with how many members completed each."""
    done = (
        select(task_progress.c.task_id, func.count().label("completions"))
        .where(task_progress.c.completed_at.is_not(None))
        .group_by(task_progress.c.task_id)
        .subquery()
    )
    return list(
        tx.rows(
            select(campaign_task, func.coalesce(done.c.completions, 0).label("completions"))
            .outerjoin(done, done.c.task_id == campaign_task.c.id)
            .where(campaign_task.c.campaign_id == campaign_id)
            .order_by(campaign_task.c.sort, campaign_task.c.id)
        )
    )


def bonus_sums(tx: Tx, campaign_id: int) -> dict[str, int]:
    """Bonus points of a campaign by what became of them."""
    b = campaign_bonus.c
    rows = tx.rows(
        select(b.status, func.sum(b.points).label("points")).where(b.campaign_id == campaign_id).group_by(b.status)
    )
    return {row.status: int(row.points) for row in rows}


def _cards(tx: Tx, rows: Sequence[Row[Any]], member_id: int | None, now: datetime) -> list[CampaignCard]:
    """Three queries whatever the number of campaigns."""
    ids = [row.id for row in rows]
    totals, mine, bonuses = _totals(tx, ids), {}, {}
    if member_id is not None and ids:
        mine, bonuses = _mine(tx, ids, member_id), _bonuses(tx, ids, member_id)
    return [_card(row, totals.get(row.id, 0), mine.get(row.id), bonuses.get(row.id, 0), now) for row in rows]


def _totals(tx: Tx, ids: Sequence[int]) -> dict[int, int]:
    c = campaign_task.c
    rows = tx.rows(select(c.campaign_id, func.count().label("n")).where(c.campaign_id.in_(ids)).group_by(c.campaign_id))
    return {row.campaign_id: row.n for row in rows}


def _mine(tx: Tx, ids: Sequence[int], member_id: int) -> dict[int, int]:
    """Campaigns I joined, with how many of their tasks I completed."""
    done = and_(
        task_progress.c.task_id == campaign_task.c.id,
        task_progress.c.member_id == member_id,
        task_progress.c.completed_at.is_not(None),
    )
    rows = tx.rows(
        select(campaign_join.c.campaign_id, func.count(task_progress.c.task_id).label("n"))
        .outerjoin(campaign_task, campaign_task.c.campaign_id == campaign_join.c.campaign_id)
        .outerjoin(task_progress, done)
        .where(campaign_join.c.member_id == member_id, campaign_join.c.campaign_id.in_(ids))
        .group_by(campaign_join.c.campaign_id)
    )
    return {row.campaign_id: row.n for row in rows}


def _bonuses(tx: Tx, ids: Sequence[int], member_id: int) -> dict[int, int]:
    b = campaign_bonus.c
    rows = tx.rows(
        select(b.campaign_id, func.sum(b.points).label("points"))
        .where(b.member_id == member_id, b.campaign_id.in_(ids), b.status.in_(("paid", "kept")))
        .group_by(b.campaign_id)
    )
    return {row.campaign_id: int(row.points) for row in rows}


def _card(row: Row[Any], total: int, done: int | None, bonus: int, now: datetime) -> CampaignCard:
    first, last = rules.days_of_window(row.starts_at, row.ends_at)
    return CampaignCard(
        row.id, row.slug, row.title_zh, row.title_en or row.title_zh, row.summary_zh,
        row.summary_en or row.summary_zh, row.theme_zh, row.theme_en or row.theme_zh, row.starts_at,
        row.ends_at, first, last, row.multiplier, _state(row, now),
        rules.days_left(row.ends_at, now), done is not None, total, done or 0, bonus,
    )  # fmt: skip


def _state(row: Row[Any], now: datetime) -> str:
    if row.status in ("closed", "settled", "archived") or now >= row.ends_at:
        return "past"
    return "running" if row.status == "open" and now >= row.starts_at else "coming"


def audiences(member_id: Any) -> list[Any]:
    """What announcements may be meant for: campaigns the member joined."""
    joined = select(literal("campaign:", String) + cast(campaign_join.c.campaign_id, String))
    return [joined.where(campaign_join.c.member_id == member_id)]
