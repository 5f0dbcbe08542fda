"""Reads of the desk: what waits, the audit's reports, the journal with names, and one person by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from points_engine.errors import refuse
from webapp.activities import queries as acts
from webapp.campaigns import queries as campaigns
from webapp.console import roles, service
from webapp.console.tables import audit_report
from webapp.honours import queries as honours
from webapp.jobs import queries as jobs
from webapp.jobs import runner
from webapp.journal import queries as journals
from webapp.members import queries as members
from webapp.rankings import queries as rankings
from webapp.review import queries as reviews
from webapp.rewards import queries as rewards
from webapp.store import Tx

# How actions begin, for the journal's filter.
AREAS: dict[str, tuple[str, str]] = {
    "activity": ("核验", "Review"),
    "sample": ("抽查", "Samples"),
    "risk": ("风险", "Risk"),
    "appeal": ("申诉", "Appeals"),
    "reputation": ("信誉", "Standing"),
    "photo": ("查看照片", "Photos seen"),
    "track": ("查看轨迹", "Tracks seen"),
    "campaign": ("活动", "Campaigns"),
    "reward": ("权益", "Rewards"),
    "merchant": ("商家", "Merchants"),
    "redemption": ("核销", "Fulfilments"),
    "announcement": ("公告", "Announcements"),
    "unit": ("绿色单元", "Green units"),
    "fund": ("专项资金", "Funds"),
    "challenge": ("企业挑战", "Challenges"),
    "honour": ("荣誉", "Honours"),
    "workday": ("工作日历", "Working days"),
    "member": ("用户", "Members"),
    "role": ("角色", "Roles"),
    "audit": ("审计", "Audits"),
    "job": ("任务", "Jobs"),
    "feed": ("合作方数据", "Partners’ records"),
}
BOOKS = {
    "carbon": ("reduction", "declared", "verified"),
    "points": ("awarded", "granted", "points", "held", "spent", "expired"),
}


@dataclass(frozen=True, slots=True)
class DeskPage:
    """The overview; what a role may not see is None."""

    pending: int | None
    oldest: datetime | None
    campaigns: list[Any] | None
    low: list[Any] | None
    jobs: jobs.JobsPage | None
    late: list[Any]
    report: Any
    waits: Mapping[str, reviews.Waiting] | None = None  # samples, risk and appeals
    honours: honours.Waiting | None = None
    closings: list[Any] | None = None  # boards that are over and wait for people


def desk(tx: Tx, house: Any, held: frozenset[str], now: datetime) -> DeskPage:
    """What waits for somebody with these roles."""
    review, edit, audit = (bool(held & set(allowed)) for allowed in (roles.REVIEW, roles.EDIT, roles.AUDIT))
    first = acts.pending(tx, limit=1) if review else []
    page = jobs.jobs_page(tx, house, now) if audit else None
    return DeskPage(
        pending=acts.count_pending(tx) if review else None,
        oldest=first[0]["recorded_at"] if first else None,
        campaigns=[row for row in campaigns.staff_list(tx) if row.status in ("open", "scheduled")] if edit else None,
        low=[row for row in rewards.staff_list(tx) if is_low(row)] if edit else None,
        jobs=page,
        late=[job for job in page.jobs if job.late] if page else [],
        report=last_report(tx) if audit else None,
        waits=reviews.waiting(tx, now) if review else None,
        honours=honours.waiting(tx) if review or edit else None,
        closings=rankings.waiting(tx) if review or edit else None,
    )


def is_low(row: Any) -> bool:
    """On the shelf, and three or fewer, or less than a tenth, are left."""
    return bool(row.status == "on" and row.stock <= max(3, row.stock_given // 10))


# --- the audit ---------------------------------------------------------------------------------------


def last_report(tx: Tx) -> Row[Any] | None:
    """The newest report of the ledger audit."""
    return tx.row(select(audit_report).order_by(audit_report.c.id.desc()).limit(1))


def reports(tx: Tx, after: int | None = None, limit: int = 30) -> list[Row[Any]]:
    """Reports newest first, without their long columns."""
    c = audit_report.c
    query = select(c.id, c.key, c.at, c.seconds, c.fault_count).order_by(c.id.desc()).limit(limit)
    return list(tx.rows(query.where(c.id < after) if after is not None else query))


def report(tx: Tx, report_id: int) -> Row[Any]:
    """One kept audit report; refused when there is none."""
    row = tx.row(select(audit_report).where(audit_report.c.id == report_id))
    if row is None:
        raise refuse("not_found", "unknown_report")
    return row


def audit_waits(tx: Tx) -> bool:
    """Whether an audit has been asked for and has not run yet."""
    return runner.waits(tx, service.AUDIT)


def accounts(row: Any) -> list[tuple[str, list[tuple[str, int]], int]]:
    """Of a report: each book, its accounts with their totals, and their sum, which must be nothing."""
    if row is None:
        return []
    counts: Mapping[str, int] = row.counts
    found = []
    for book, names in BOOKS.items():
        lines = [(name, int(counts.get(f"{book}.{name}", 0))) for name in names]
        found.append((book, lines, sum(n for _, n in lines)))
    return found


# --- the journal -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JournalAsk:
    """The filters of the journal."""

    area: str
    who: str
    subject: str
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry with the name of who did it; None when a command on the server did."""

    entry: journals.Entry
    nickname: str | None
    public_id: str | None


def journal(tx: Tx, asked: JournalAsk, after: int | None, limit: int) -> list[JournalLine]:
    """Entries newest first, with names; an unknown person has done nothing."""
    actor_id = None
    if asked.who:
        person = named(tx, asked.who)
        if person is None:
            return []
        actor_id = person.id
    found = journals.recent(
        tx,
        after,
        limit,
        action=f"{asked.area}." if asked.area else None,
        subject=asked.subject or None,
        actor_id=actor_id,
        since=asked.first,
        until=asked.last + timedelta(days=1) if asked.last else None,
    )
    names = members.names(tx, {entry.actor_id for entry in found if entry.actor_id is not None})
    return [_line(entry, names.get(entry.actor_id or 0)) for entry in found]


def _line(entry: journals.Entry, name: members.Name | None) -> JournalLine:
    return JournalLine(entry, name.nickname if name else None, name.public_id if name else None)


# --- people ------------------------------------------------------------------------------------------


def named(tx: Tx, who: str) -> members.StaffLine | None:
    """The member with exactly this public id or login."""
    if not who:
        return None
    lines = members.staff_list(tx, who, limit=50)
    return next((each for each in lines if who in (each.public_id,) or who.lower() == each.login), None)
