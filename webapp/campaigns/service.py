"""The use cases of campaigns: joining, the staff's life cycle, and opening, closing and settling by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from points_engine import campaign as rules
from points_engine.errors import EngineError, Invalid, refuse
from webapp.campaigns.progress import behind, catch_up, catch_up_members
from webapp.campaigns.tables import (
    campaign,
    campaign_bonus,
    campaign_join,
    campaign_task,
    task_progress,
)
from webapp.campaigns.templates import facts_of, moved
from webapp.campaigns.values import CampaignFacts, TaskFacts
from webapp.green_units import queries as green_units
from webapp.journal import service as journal
from webapp.store import Tx

__all__ = [
    "CampaignFacts",
    "TaskFacts",
    "campaign_audit",
    "catch_up",
    "catch_up_members",
    "change_campaign",
    "close_campaign",
    "copy_campaign",
    "create_campaign",
    "energy_week",
    "forget",
    "from_template",
    "join",
    "move_by_clock",
    "open_campaign",
    "schedule_campaign",
    "unschedule_campaign",
]

SETTLE_AFTER = timedelta(days=3)  # late reviews and undone acts still count until then


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
    """The member leaves: they take part in nothing more; what was paid stays for the audit, nameless."""
    tx.execute(delete(campaign_join).where(campaign_join.c.member_id == member_id))
    tx.execute(delete(task_progress).where(task_progress.c.member_id == member_id))


# --- staff ---------------------------------------------------------------------------------------


def create_campaign(
    tx: Tx, actor_id: int | None, facts: CampaignFacts, tasks: Sequence[TaskFacts], now: datetime
) -> int:
    """Write a draft; nobody sees it before it is scheduled or opened."""
    _check(facts, tasks)
    _unused(tx, facts.slug)
    made = int(
        tx.execute(insert(campaign).values(**asdict(facts), status="draft", created_at=now)).inserted_primary_key[0]
    )
    _write_tasks(tx, made, tasks)
    _record(tx, actor_id, "campaign.create", made, {"slug": facts.slug, "tasks": len(tasks)}, now)
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
    row = _campaign(tx, campaign_id)
    if row.status in ("closed", "settled"):
        raise refuse("conflict", "already_resolved", status=row.status)
    if row.status == "open":
        facts = _only_words(row, facts)
        tasks = None
    _check(facts, tasks)
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
    _record(tx, actor_id, "campaign.change", campaign_id, {"was": was}, now)


def schedule_campaign(tx: Tx, actor_id: int | None, campaign_id: int, now: datetime) -> None:
    """Announce a draft; the clock opens it."""
    row = _campaign(tx, campaign_id)
    if row.status == "draft" and row.ends_at <= now:
        raise Invalid({"ends_at": "in_past"})
    _move(tx, actor_id, campaign_id, ("draft",), "scheduled", now)


def unschedule_campaign(tx: Tx, actor_id: int | None, campaign_id: int, now: datetime) -> None:
    """Take an announcement back."""
    _move(tx, actor_id, campaign_id, ("scheduled",), "draft", now)


def open_campaign(tx: Tx, actor_id: int | None, campaign_id: int, now: datetime) -> None:
    """Open now; a window that would begin later begins now instead."""
    row = _campaign(tx, campaign_id)
    if row.status in ("draft", "scheduled") and row.ends_at <= now:
        raise Invalid({"ends_at": "in_past"})
    starts = {"starts_at": now} if row.starts_at > now else {}
    _move(tx, actor_id, campaign_id, ("draft", "scheduled"), "open", now, **starts)


def close_campaign(tx: Tx, actor_id: int | None, campaign_id: int, now: datetime) -> None:
    """Close now; a window that would end later ends now instead."""
    row = _campaign(tx, campaign_id)
    ends = {"ends_at": now} if row.starts_at < now < row.ends_at else {}
    _move(tx, actor_id, campaign_id, ("open",), "closed", now, **ends)


def move_by_clock(tx: Tx, now: datetime) -> int:
    """Open what is due, close what is over, settle what has been closed for three days; safe twice."""
    c = campaign.c
    due = (
        (tx.rows(select(c.id).where(c.status == "scheduled", c.starts_at <= now)), "scheduled", "open"),
        (tx.rows(select(c.id).where(c.status == "open", c.ends_at <= now)), "open", "closed"),
        (
            tx.rows(select(c.id).where(c.status == "closed", c.ends_at <= now - SETTLE_AFTER)),
            "closed",
            "settled",
        ),
    )
    moved = 0
    for rows, was, to in due:
        for row in rows:
            if to == "settled" and behind(tx, row.id, limit=1):
                continue  # somebody's acts are still unread
            moved += _try_move(tx, None, row.id, (was,), to, now)
    return moved


def from_template(tx: Tx, actor_id: int, key: str, starts_on: date, now: datetime) -> int:
    """A draft from one of the yearly templates, beginning on a local day; Invalid slug taken the second time."""
    return create_campaign(tx, actor_id, *facts_of(key, starts_on), now)


def copy_campaign(tx: Tx, actor_id: int, campaign_id: int, starts_on: date, now: datetime) -> int:
    """A draft with the words, rules and tasks of an earlier campaign, its days moved so that it begins on a local day."""
    row = _campaign(tx, campaign_id)
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


def campaign_audit(tx: Tx) -> list[str]:
    """One line a fault: guarded budgets against the bonuses written down."""
    b = campaign_bonus.c
    paid = {
        row.campaign_id: int(row.paid)
        for row in tx.rows(
            select(b.campaign_id, func.sum(b.points).label("paid"))
            .where(b.status.in_(("paid", "kept")))
            .group_by(b.campaign_id)
        )
    }
    rows = tx.rows(select(campaign.c.id, campaign.c.bonus_spent).where(campaign.c.bonus_budget.is_not(None)))
    return [
        f"campaign {row.id}: {row.bonus_spent} spent, but bonuses of {paid.get(row.id, 0)}"
        for row in rows
        if row.bonus_spent != paid.get(row.id, 0)
    ]


# --- shared --------------------------------------------------------------------------------------


def _campaign(tx: Tx, campaign_id: int) -> Row[Any]:
    row = tx.row(select(campaign).where(campaign.c.id == campaign_id))
    if row is None:
        raise refuse("not_found", "unknown_campaign", campaign=campaign_id)
    return row


def _move(
    tx: Tx, actor_id: int | None, campaign_id: int, was: Sequence[str], to: str, now: datetime, **also: Any
) -> None:
    if not _try_move(tx, actor_id, campaign_id, was, to, now, **also):
        raise _wrong_state(_campaign(tx, campaign_id), to)


def _try_move(
    tx: Tx, actor_id: int | None, campaign_id: int, was: Sequence[str], to: str, now: datetime, **also: Any
) -> int:
    """The conditional update decides between a staff member and the clock, or two of either."""
    moved = tx.execute(
        update(campaign).where(campaign.c.id == campaign_id, campaign.c.status.in_(was)).values(status=to, **also)
    ).rowcount
    if moved:
        _record(tx, actor_id, f"campaign.{to}", campaign_id, {"was": list(was)}, now)
    return int(moved)


def _wrong_state(row: Row[Any], to: str) -> EngineError:
    return refuse("conflict", "already_resolved", status=row.status, wanted=to)


def _only_words(row: Row[Any], facts: CampaignFacts) -> CampaignFacts:
    kept = {name: row._mapping[name] for name in ("slug", "starts_at", "audience", "multiplier")}
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
    tx.execute(update(campaign_join).where(campaign_join.c.campaign_id == campaign_id).values(seen_seq=0))
    return {"bonus_spent": paid}


def _write_tasks(tx: Tx, campaign_id: int, tasks: Sequence[TaskFacts]) -> None:
    for place, task in enumerate(tasks):
        values = asdict(task) | {"behaviours": list(task.behaviours), "domains": list(task.domains)}
        tx.execute(insert(campaign_task).values(campaign_id=campaign_id, **values, sort=place))


def _check(facts: CampaignFacts, tasks: Sequence[TaskFacts] | None) -> None:
    wrong: dict[str, str] = {}
    wrong |= {name: "required" for name in ("slug", "title_zh") if not getattr(facts, name).strip()}
    if facts.ends_at <= facts.starts_at:
        wrong["ends_at"] = "before_start"
    if not 100 <= facts.multiplier <= 500:
        wrong["multiplier"] = "out_of_bounds"
    if facts.bonus_budget is not None and not 0 <= facts.bonus_budget <= 10**12:
        wrong["bonus_budget"] = "out_of_bounds"
    if not (facts.audience.get("all") or facts.audience.get("kinds") or facts.audience.get("units")):
        wrong["audience"] = "required"
    if not wrong:
        first, last = rules.days_of_window(facts.starts_at, facts.ends_at)
        for task in tasks or ():
            outside = task.day is not None and not first <= task.day <= last
            if (
                outside
                or task.kind not in rules.KINDS
                or task.target < 1
                or task.reward_points < 0
                or not task.title_zh
            ):
                wrong["tasks"] = "invalid"
    if wrong:
        raise Invalid(wrong)


def _unused(tx: Tx, slug: str) -> None:
    if tx.scalar(select(campaign.c.id).where(campaign.c.slug == slug)) is not None:
        raise Invalid({"slug": "taken"})


def _record(tx: Tx, actor_id: int | None, action: str, campaign_id: int, detail: dict[str, Any], now: datetime) -> None:
    journal.record(tx, actor_id, action, f"campaign:{campaign_id}", detail, now)
