"""The lint before publishing: gathers what the unit's people (or the park's) did before, and lets the rules judge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select

from points_engine.challenge import FEWEST, Sums, Task
from points_engine.challenge_lint import Finding, Past, Plan, Way, lint
from points_engine.clock import local_day
from points_engine.workdays import Workdays, days_between
from webapp.activities import queries as activities
from webapp.challenges.measure import eligible, taking_part, tasks_of, teams_of, window_of
from webapp.challenges.tables import challenge, challenge_task
from webapp.challenges.workdays import workdays
from webapp.green_units import queries as units
from webapp.ledger import funds
from webapp.store import Tx

m, a = units.memberships.c, activities.acts.c


def findings(tx: Tx, row: Row[Any], now: datetime) -> list[Finding]:
    """Every finding about a draft, the grave ones first."""
    made = plan_of(tx, row, now)
    return lint(made, past_of(tx, row, now))


def plan_of(tx: Tx, row: Row[Any], now: datetime, tasks: Sequence[Task] | None = None) -> Plan:
    """The draft as the rules see it: days, people, teams, and what its fund has left beside other challenges."""
    first, last = window_of(row)
    calendar, today = workdays(tx, first, last), local_day(now)
    teams = teams_of(tx, row.unit_id, row.audience, row.departments)
    could = eligible(tx, row, teams, today)
    large = sum(n >= FEWEST for team, n in could.items() if team is not None)
    rest = sum(n for team, n in could.items() if team is None or n < FEWEST)
    available = None
    if row.fund_id is not None:
        available = max(0, funds.one(tx, row.fund_id).balance - _promised(tx, row))
    days = (last - first).days + 1
    return Plan(
        days, len(calendar.between(first, last)), tasks_of(tx, row.id) if tasks is None else tasks, sum(could.values()),
        large + (rest >= FEWEST), available,
    )  # fmt: skip


def _promised(tx: Tx, row: Row[Any]) -> int:
    """What other published challenges on the same fund would cost if everybody who joined won everything."""
    c, t = challenge.c, challenge_task.c
    others = tx.rows(
        select(c.id, c.unit_id, c.audience, c.departments, func.sum(t.reward_points).label("points"))
        .join(challenge_task, t.challenge_id == c.id)
        .where(c.fund_id == row.fund_id, c.id != row.id, c.status.in_(("scheduled", "open", "closed")))
        .group_by(c.id, c.unit_id, c.audience, c.departments)
    )
    joined = {o.id: _joined(tx, o.id) for o in others}
    return sum(int(o.points) * joined[o.id] for o in others)


def _joined(tx: Tx, challenge_id: int) -> int:
    return int(tx.scalar(select(func.count()).select_from(taking_part(challenge_id).subquery())) or 0)


def past_of(tx: Tx, row: Row[Any], now: datetime) -> Past:
    """What people did in as many days up to yesterday; the park's when the unit has fewer than five who acted."""
    first, last = window_of(row)
    until = local_day(now) - timedelta(days=1)
    since = until - (last - first)
    calendar = workdays(tx, since, until)
    for source, unit_id in (("unit", row.unit_id), ("park", None)):
        members = _sums(tx, row, since, until, calendar, unit_id)
        if len(members) >= FEWEST:
            ways = _ways(tx, row, since, until, unit_id) or _ways(tx, row, since, until, None)
            return Past(source, _people(tx, unit_id, until), members, ways)
    return Past("park", _people(tx, None, until), (), ())


def _where(row: Row[Any], since: date, until: date, unit_id: int | None) -> tuple[Any, list[Any]]:
    those = [a.status == "accepted", or_(a.grams > 0, a.points > 0), a.occurred_on.between(since, until)]
    if row.behaviours:
        those.append(a.behaviour.in_(row.behaviours))
    if unit_id is None:
        return activities.acts, those
    belonged = and_(
        m.member_id == a.member_id,
        m.unit_id == unit_id,
        a.occurred_on >= m.joined_on,
        or_(m.left_on.is_(None), a.occurred_on < m.left_on),
    )
    return activities.acts.join(units.memberships, belonged), those


def _sums(tx: Tx, row: Row[Any], since: date, until: date, calendar: Workdays, unit_id: int | None) -> list[Sums]:
    source, those = _where(row, since, until, unit_id)
    off = [day for day in days_between(since, until) if not calendar.is_workday(day)]
    worked = case((a.occurred_on.in_(off), None), else_=a.occurred_on) if off else a.occurred_on
    rows = tx.rows(
        select(
            func.count().label("acts"), func.sum(a.grams).label("grams"),
            func.count(func.distinct(a.occurred_on)).label("days"),
            func.count(func.distinct(worked)).label("workdays"),
        ).select_from(source).where(*those).group_by(a.member_id)
    )  # fmt: skip
    return [Sums(r.acts, int(r.grams or 0), r.days, r.workdays) for r in rows]


def _ways(tx: Tx, row: Row[Any], since: date, until: date, unit_id: int | None) -> list[Way]:
    """What one act by word alone was worth, on average and rounded down, by behaviour that five people and more did."""
    source, those = _where(row, since, until, unit_id)
    rows = tx.rows(
        select(
            a.behaviour,
            func.count().label("acts"),
            func.sum(a.points).label("points"),
            func.sum(a.grams).label("grams"),
        )
        .select_from(source)
        .where(*those, a.level == "declared")
        .group_by(a.behaviour)
        .having(func.count(func.distinct(a.member_id)) >= FEWEST)
        .order_by(a.behaviour)
    )
    return [Way(r.behaviour, int(r.points or 0) // r.acts, int(r.grams or 0) // r.acts, 1) for r in rows]


def _people(tx: Tx, unit_id: int | None, on: date) -> int:
    belonged = [m.joined_on <= on, or_(m.left_on.is_(None), m.left_on > on)]
    if unit_id is not None:
        belonged.append(m.unit_id == unit_id)
    else:
        belonged.append(m.kind.in_(("enterprise", "public_body")))
    return int(tx.scalar(select(func.count(func.distinct(m.member_id))).where(*belonged)) or 0)
