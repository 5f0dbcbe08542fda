"""Reads of review: the queues, one case with what is known, appeals as members see them, and the public figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from points_engine import risk
from points_engine.clock import local_day, month_of
from points_engine.errors import refuse
from points_engine.review import Reputation, rules
from webapp.review import cases, standing
from webapp.review.service import appeal_until
from webapp.review.tables import reputation, review_case, risk_signal
from webapp.store import Tx

KINDS = ("sample", "risk", "appeal")
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much of a kind waits, and how much of it is overdue."""

    total: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """The public figures of a month; None where fewer than five would show."""

    month: str
    sampled: int | None
    passed: int | None
    failed: int | None
    appeals: int | None
    overturned: int | None
    median_days: int | None


@dataclass(frozen=True, slots=True)
class Appeal:
    """What a member sees on the page of a refused act."""

    until: datetime
    open: bool  # an appeal can be made now
    case: Any  # the appeal that was made, or None


def waiting(tx: Tx, now: datetime) -> dict[str, Waiting]:
    """The open cases by kind; acts that wait without a word yet are counted by the activities room."""
    c = review_case.c
    late = func.count().filter(c.due_at < now)
    counted = select(c.kind, func.count().label("n"), late.label("late"))
    rows = tx.rows(counted.where(c.decided_at.is_(None)).group_by(c.kind))
    found = {row.kind: Waiting(int(row.n), int(row.late)) for row in rows}
    return {kind: found.get(kind, Waiting()) for kind in ("pending", *KINDS)}


def queue(tx: Tx, kind: str, after: tuple[datetime, str] | None, limit: int) -> list[Any]:
    """Open cases of a kind, the first due on top; `after` is (due_at, id) of the last one seen."""
    c = review_case.c
    query = select(review_case).where(c.kind == kind, c.decided_at.is_(None)).order_by(c.due_at, c.id).limit(limit)
    if after:
        at, last = after
        query = query.where(or_(c.due_at > at, and_(c.due_at == at, c.id > last)))
    return list(tx.rows(query))


def case(tx: Tx, case_id: str) -> Any:
    """One case; unknown_case (404) for anything else."""
    row = tx.row(select(review_case).where(review_case.c.id == case_id))
    if row is None:
        raise refuse("not_found", "unknown_case")
    return row


def about_act(tx: Tx, member_id: int, activity_id: str) -> list[Any]:
    """Every case about an act."""
    return cases.of_act(tx, member_id, activity_id)


def about_acts(tx: Tx, kind: str, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Any]:
    """Cases of a kind by (member, act), for a page of acts."""
    if not keys:
        return {}
    c = review_case.c
    people, ids = {m for m, _ in keys}, {a for _, a in keys}
    rows = tx.rows(
        select(review_case).where(c.member_id.in_(sorted(people)), c.kind == kind, c.activity_id.in_(sorted(ids)))
    )
    return {(row.member_id, row.activity_id): row for row in rows}


def standing_of(tx: Tx, member_id: int) -> Reputation:
    """Where a member stands."""
    return standing.of_members(tx, [member_id])[member_id]


def signals_of(tx: Tx, member_id: int, now: datetime) -> list[Any]:
    """The member's signals within the window, newest first."""
    s = risk_signal.c
    since = now - timedelta(days=rules()["score"]["window_days"])
    return list(
        tx.rows(
            select(risk_signal)
            .where(s.member_id == member_id, s.seen_at >= since)
            .order_by(s.seen_at.desc(), s.code, s.mark)
            .limit(100)
        )
    )


def scores(tx: Tx, member_ids: Collection[int], now: datetime) -> dict[int, int]:
    """The sum of each member's signals within the window."""
    if not member_ids:
        return {}
    s = risk_signal.c
    since = now - timedelta(days=rules()["score"]["window_days"])
    rows = tx.rows(
        select(s.member_id, s.code, func.sum(s.weight).label("total"))
        .where(s.member_id.in_(sorted(set(member_ids))), s.seen_at >= since)
        .group_by(s.member_id, s.code)
    )
    counted: dict[int, dict[str, int]] = defaultdict(dict)
    for row in rows:
        counted[row.member_id][row.code] = int(row.total)
    return {member: risk.score(counted.get(member, {})) for member in member_ids}


def at_fault(tx: Tx, member_ids: Collection[int], since: datetime, until: datetime) -> set[int]:
    """Who of these is under stricter review, or had an act taken back in the time that no appeal gave back."""
    ids = sorted(set(member_ids))
    if not ids:
        return set()
    r, c, a = reputation.c, review_case.c, review_case.alias("appealed").c
    strict = select(r.member_id).where(r.member_id.in_(ids), r.state.in_(("tightened", "stopped")))
    restored = select(a.activity_id).where(
        a.member_id == c.member_id, a.activity_id == c.activity_id, a.kind == "appeal", a.decision == "overturn"
    )
    found_out = or_(
        and_(c.kind == "sample", c.decision == "fail"),
        and_(c.kind == "risk", c.decision == "confirm"),
    )
    taken = select(c.member_id).where(
        c.member_id.in_(ids), found_out, c.decided_at >= since, c.decided_at < until, ~restored.exists()
    )
    return {row[0] for row in tx.rows(strict.union(taken))}


def appeal_of(tx: Tx, record: Mapping[str, Any], now: datetime) -> Appeal | None:
    """The appeal of a refused act, made or possible; None where there is nothing to appeal."""
    case = cases.find(tx, record["member_id"], "appeal", record["id"])
    if case is None and record["status"] != "rejected":
        return None
    until = appeal_until(record)
    return Appeal(until, case is None and now <= until, case)


# --- public figures ------------------------------------------------------------------------------------


def by_month(tx: Tx, now: datetime) -> list[Month]:
    """The last twelve months, the newest first: numbers of cases, never of a person."""
    months = _months(now)
    c = review_case.c
    opened = tx.rows(
        select(c.opened_month, c.kind, func.count().label("n"))
        .where(c.opened_month >= months[-1], c.kind.in_(("sample", "appeal")))
        .group_by(c.opened_month, c.kind)
    )
    decided = tx.rows(
        select(c.month, c.kind, c.decision, c.took_days, func.count().label("n"))
        .where(c.month >= months[-1], c.state == "decided", c.kind != "risk")
        .group_by(c.month, c.kind, c.decision, c.took_days)
    )
    counts: dict[tuple[str, str], int] = defaultdict(int)
    days: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in opened:
        counts[(row.opened_month, row.kind)] += row.n
    for row in decided:
        counts[(row.month, row.decision)] += row.n
        if row.kind in ("sample", "appeal"):
            days[row.month].append((row.took_days, row.n))
    return [_month(month, counts, days[month]) for month in months if any(key[0] == month for key in counts)]


def _month(month: str, counts: Mapping[tuple[str, str], int], days: list[tuple[int, int]]) -> Month:
    def shown(what: str) -> int | None:
        n = counts.get((month, what), 0)
        return None if 0 < n < rules()["decisions"]["least_shown"] else n

    enough = sum(n for _, n in days) >= rules()["decisions"]["least_shown"]
    return Month(
        month,
        shown("sample"),
        shown("pass"),
        shown("fail"),
        shown("appeal"),
        shown("overturn"),
        median(days) if enough else None,
    )


def median(days: Sequence[tuple[int, int]]) -> int:
    """The middle one of days given as (days, how often)."""
    total, seen = sum(n for _, n in days), 0
    for day, n in sorted(days):
        seen += n
        if 2 * seen >= total:
            return day
    return 0


def _months(now: datetime) -> list[str]:
    """This month and the eleven before it, newest first."""
    day = local_day(now).replace(day=1)
    months = []
    for _ in range(MONTHS):
        months.append(month_of(day))
        day = (day - timedelta(days=1)).replace(day=1)
    return months
