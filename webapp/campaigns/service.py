"""The use cases of campaigns: joining, the staff's life cycle, and opening, closing and settling by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from points_engine import campaign as rules
from points_engine.errors import EngineError, Invalid, refuse
from webapp.campaigns.badges import ICONS
from webapp.campaigns.checks import check
from webapp.campaigns.linting import findings
from webapp.campaigns.moving import ARCHIVE_AFTER, SETTLE_AFTER, move_by_clock, record, step
from webapp.campaigns.pictures import MOST as MOST_PICTURES
from webapp.campaigns.pictures import add_picture, remove_picture
from webapp.campaigns.progress import catch_up, catch_up_members
from webapp.campaigns.settling import pay_due, try_again
from webapp.campaigns.summary import OVER, make_summary, summary_faults
from webapp.campaigns.summary import figures_of as summary_figures
from webapp.campaigns.tables import (
    campaign,
    campaign_badge,
    campaign_bonus,
    campaign_join,
    campaign_task,
    task_progress,
)
from webapp.campaigns.teams import team_faults
from webapp.campaigns.templates import facts_of, moved
from webapp.campaigns.values import CampaignFacts, TaskFacts
from webapp.green_units import queries as green_units
from webapp.ledger import funds
from webapp.store import Tx

__all__ = [
    "ARCHIVE_AFTER",
    "ICONS",
    "MOST_PICTURES",
    "OVER",
    "SETTLE_AFTER",
    "CampaignFacts",
    "TaskFacts",
    "add_picture",
    "campaign_audit",
    "catch_up",
    "catch_up_members",
    "change_campaign",
    "close_campaign",
    "copy_campaign",
    "create_campaign",
    "energy_week",
    "findings",
    "forget",
    "from_template",
    "join",
    "make_summary",
    "move_by_clock",
    "open_campaign",
    "pay_again",
    "pay_due",
    "remove_picture",
    "schedule_campaign",
    "summary_figures",
    "unschedule_campaign",
]

RULES = ("slug", "starts_at", "audience", "multiplier", "fund_id")  # stand once it has opened


# --- members -------------------------------------------------------------------------------------


def join(tx: Tx, catalogue: Any, member_id: int, campaign_id: int, now: datetime) -> bool:
    """Take part; False when already in. Acts done since the campaign began count as well.

    Raises unknown_campaign (404), window_closed (409) or not_eligible (403).
    """
    row = tx.row(select(campaign).where(campaign.c.id == campaign_id))
    if row is None or row.status == "draft":
        raise refuse("not_found", "unknown_campaign", campaign=campaign_id)
    if joined(tx, member_id, campaign_id):
        return False
    if row.status not in ("scheduled", "open") or now >= row.ends_at:
        raise refuse("conflict", "window_closed", campaign=campaign_id)
    if not eligible(row.audience, green_units.unit_ids_of(tx, member_id)):
        raise refuse("forbidden", "not_eligible", campaign=campaign_id)
    done = tx.upsert(
        campaign_join,
        [{"member_id": member_id, "campaign_id": campaign_id, "joined_at": now, "seen_seq": 0}],
        key=("member_id", "campaign_id"),
    )
    if row.status == "open" and done:
        catch_up_members(tx, catalogue, campaign_id, [member_id], now)
    return bool(done)


def joined(tx: Tx, member_id: int, campaign_id: int) -> bool:
    """Whether the member takes part."""
    return (
        tx.scalar(
            select(campaign_join.c.member_id).where(
                campaign_join.c.member_id == member_id, campaign_join.c.campaign_id == campaign_id
            )
        )
        is not None
    )


def eligible(audience: dict[str, Any], units: dict[str, int]) -> bool:
    """Whether somebody in these units (by kind) is meant."""
    meant = rules.Audience(
        bool(audience.get("all")), frozenset(audience.get("kinds", ())), frozenset(audience.get("units", ()))
    )
    return meant.includes(units)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: they take part in nothing more; what was paid, and their part of team sums, stay nameless."""
    tx.execute(delete(campaign_join).where(campaign_join.c.member_id == member_id))
    tx.execute(delete(task_progress).where(task_progress.c.member_id == member_id))
    tx.execute(delete(campaign_badge).where(campaign_badge.c.member_id == member_id))


# --- staff ---------------------------------------------------------------------------------------


def create_campaign(
    tx: Tx, actor_id: int | None, facts: CampaignFacts, tasks: Sequence[TaskFacts], now: datetime
) -> int:
    """Write a draft; nobody sees it before it is scheduled or opened."""
    check(facts, tasks)
    _known_fund(tx, facts.fund_id)
    _unused(tx, facts.slug)
    row = insert(campaign).values(**asdict(facts), status="draft", created_at=now)
    made = int(tx.scalar(row.returning(campaign.c.id)))
    _write_tasks(tx, made, tasks)
    record(tx, actor_id, "campaign.create", made, {"slug": facts.slug, "tasks": len(tasks)}, now)
    return made


def change_campaign(
    tx: Tx,
    actor_id: int | None,
    campaign_id: int,
    facts: CampaignFacts,
    tasks: Sequence[TaskFacts] | None,
    now: datetime,
) -> None:
    """Change a campaign; once it has opened its rules stand, and only words, end and budget may change."""
    row = staff_one(tx, campaign_id)
    if row.status in OVER:
        raise refuse("conflict", "already_resolved", status=row.status)
    if row.status == "open":
        facts = _only_words(row, facts)
        tasks = None
    check(facts, tasks)
    _known_fund(tx, facts.fund_id)
    if facts.slug != row.slug:
        _unused(tx, facts.slug)
    values = asdict(facts)
    before = {name: row._mapping[name] for name in values}
    if facts.bonus_budget != row.bonus_budget:
        values |= _new_budget(tx, campaign_id, facts.bonus_budget)
    tx.execute(update(campaign).where(campaign.c.id == campaign_id).values(**values))
    if tasks is not None:
        tx.execute(delete(campaign_task).where(campaign_task.c.campaign_id == campaign_id))
        _write_tasks(tx, campaign_id, tasks)
    was = {name: str(value) for name, value in before.items() if value != asdict(facts)[name]}
    record(tx, actor_id, "campaign.change", campaign_id, {"was": was}, now)


def schedule_campaign(tx: Tx, actor_id: int | None, campaign_id: int, now: datetime, catalogue: Any = None) -> None:
    """Announce a draft; the clock opens it. With the catalogue, goals of a domain are measured by its acts before."""
    row = staff_one(tx, campaign_id)
    if row.status == "draft" and row.ends_at <= now:
        raise Invalid({"ends_at": "in_past"})
    _must_be_possible(tx, catalogue, row, now)
    _move(tx, actor_id, campaign_id, ("draft",), "scheduled", now)


def unschedule_campaign(tx: Tx, actor_id: int | None, campaign_id: int, now: datetime) -> None:
    """Take an announcement back."""
    _move(tx, actor_id, campaign_id, ("scheduled",), "draft", now)


def open_campaign(tx: Tx, actor_id: int | None, campaign_id: int, now: datetime, catalogue: Any = None) -> None:
    """Open now; a window that would begin later begins now instead."""
    row = staff_one(tx, campaign_id)
    if row.status in ("draft", "scheduled") and row.ends_at <= now:
        raise Invalid({"ends_at": "in_past"})
    starts = {"starts_at": now} if row.starts_at > now else {}
    _must_be_possible(tx, catalogue, row, now)
    _move(tx, actor_id, campaign_id, ("draft", "scheduled"), "open", now, **starts)


def close_campaign(tx: Tx, actor_id: int | None, campaign_id: int, now: datetime) -> None:
    """Close now; a window that would end later ends now instead."""
    row = staff_one(tx, campaign_id)
    ends = {"ends_at": now} if row.starts_at < now < row.ends_at else {}
    _move(tx, actor_id, campaign_id, ("open",), "closed", now, **ends)


def from_template(tx: Tx, actor_id: int, key: str, starts_on: date, now: datetime) -> int:
    """A draft from one of the yearly templates, beginning on a local day; Invalid slug taken the second time."""
    return create_campaign(tx, actor_id, *facts_of(key, starts_on), now)


def copy_campaign(tx: Tx, actor_id: int, campaign_id: int, starts_on: date, now: datetime) -> int:
    """A draft with the words, rules and tasks of an earlier campaign, its days moved so that it begins on a local day."""
    row = staff_one(tx, campaign_id)
    facts = CampaignFacts(**{field.name: row._mapping[field.name] for field in fields(CampaignFacts)})
    rows = tx.rows(
        select(campaign_task).where(campaign_task.c.campaign_id == campaign_id).order_by(campaign_task.c.sort)
    )
    names = [field.name for field in fields(TaskFacts)]
    tasks = [TaskFacts(**{name: _as_written(task._mapping[name]) for name in names}) for task in rows]
    return create_campaign(tx, actor_id, *moved(facts, tasks, starts_on), now)


def _as_written(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def energy_week(tx: Tx, starts_on: date, now: datetime) -> int:
    """Write this year's 节能宣传周 with its seven theme days as a scheduled campaign; twice is once."""
    facts, tasks = facts_of("energy-week", starts_on)
    known = tx.scalar(select(campaign.c.id).where(campaign.c.slug == facts.slug))
    if known is not None:
        return int(known)
    made = create_campaign(tx, None, facts, tasks, now)
    _move(tx, None, made, ("draft",), "scheduled", now)
    return made


def pay_again(tx: Tx, actor_id: int, campaign_id: int, now: datetime) -> int:
    """Bonuses a dry fund or a frozen account left unpaid are due again; the clock pays them within a minute."""
    row = staff_one(tx, campaign_id)
    if row.fund_id is None or row.decided_at is None:
        raise _wrong_state(row, "settled")
    again = try_again(tx, campaign_id)
    record(tx, actor_id, "campaign.pay_again", campaign_id, {"bonuses": again}, now)
    return again


def campaign_audit(tx: Tx) -> list[str]:
    """One line a fault: budgets and draws of funds against the bonuses written down."""
    b, c = campaign_bonus.c, campaign.c
    paid = {
        row.campaign_id: int(row.paid)
        for row in tx.rows(
            select(b.campaign_id, func.sum(b.points).label("paid"))
            .where(b.status.in_(("paid", "kept")))
            .group_by(b.campaign_id)
        )
    }
    rows = tx.rows(
        select(c.id, c.bonus_spent, c.fund_id)
        .where(c.bonus_budget.is_not(None) | c.fund_id.is_not(None))
        .order_by(c.id)
    )
    faults = [
        f"campaign {row.id}: {row.bonus_spent} spent, but bonuses of {paid.get(row.id, 0)}"
        for row in rows
        if row.bonus_spent != paid.get(row.id, 0)
    ]
    given = funds.given(tx, [f"campaign:{row.id}" for row in rows if row.fund_id])
    for row in rows:
        drawn = given.get(f"campaign:{row.id}", 0)
        if row.fund_id and drawn != paid.get(row.id, 0):
            faults.append(f"campaign {row.id}: its fund gave {drawn}, but bonuses of {paid.get(row.id, 0)}")
    return faults + team_faults(tx) + summary_faults(tx)


# --- shared --------------------------------------------------------------------------------------


def staff_one(tx: Tx, campaign_id: int) -> Row[Any]:
    """One campaign in any state, for those who run it."""
    row = tx.row(select(campaign).where(campaign.c.id == campaign_id))
    if row is None:
        raise refuse("not_found", "unknown_campaign", campaign=campaign_id)
    return row


def _move(
    tx: Tx, actor_id: int | None, campaign_id: int, was: Sequence[str], to: str, now: datetime, **also: Any
) -> None:
    if not step(tx, actor_id, campaign_id, was, to, now, **also):
        raise _wrong_state(staff_one(tx, campaign_id), to)


def _must_be_possible(tx: Tx, catalogue: Any, row: Row[Any], now: datetime) -> None:
    """What nobody could do is not announced; 409 campaign_impossible."""
    if row.status in ("draft", "scheduled"):
        grave = [one for one in findings(tx, catalogue, row, now) if one.stop]
        if grave:
            raise refuse("conflict", "campaign_impossible", n=len(grave))


def _wrong_state(row: Row[Any], to: str) -> EngineError:
    return refuse("conflict", "already_resolved", status=row.status, wanted=to)


def _only_words(row: Row[Any], facts: CampaignFacts) -> CampaignFacts:
    kept = {name: row._mapping[name] for name in (*RULES, "badge_zh", "badge_en", "badge_icon")}
    return CampaignFacts(**{**asdict(facts), **kept})


def _new_budget(tx: Tx, campaign_id: int, budget: int | None) -> dict[str, Any]:
    """A budget set or raised is counted against what has been paid, and gives dry bonuses another chance."""
    b = campaign_bonus.c
    # Taking the row first makes the sum stand still: whoever pays needs this row.
    tx.execute(update(campaign).where(campaign.c.id == campaign_id).values(dry_at=None))
    paid = int(
        tx.scalar(
            select(func.coalesce(func.sum(b.points), 0)).where(
                b.campaign_id == campaign_id, b.status.in_(("paid", "kept"))
            )
        )
        or 0
    )
    if budget is not None and budget < paid:
        raise Invalid({"bonus_budget": "below_spent"})
    tx.execute(delete(campaign_bonus).where(b.campaign_id == campaign_id, b.status == "dry"))
    tx.execute(update(campaign_join).where(campaign_join.c.campaign_id == campaign_id).values(seen_seq=-1))
    return {"bonus_spent": paid}


def _write_tasks(tx: Tx, campaign_id: int, tasks: Sequence[TaskFacts]) -> None:
    for place, task in enumerate(tasks):
        values = asdict(task) | {"behaviours": list(task.behaviours), "domains": list(task.domains)}
        tx.execute(insert(campaign_task).values(campaign_id=campaign_id, **values, sort=place))


def _unused(tx: Tx, slug: str) -> None:
    if tx.scalar(select(campaign.c.id).where(campaign.c.slug == slug)) is not None:
        raise Invalid({"slug": "taken"})


def _known_fund(tx: Tx, fund_id: int | None) -> None:
    if fund_id is not None:
        try:
            funds.one(tx, fund_id)
        except EngineError:
            raise Invalid({"fund_id": "not_a_choice"}) from None
