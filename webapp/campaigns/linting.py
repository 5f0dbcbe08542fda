"""The look at a campaign before it is announced: whether what its tasks ask for is there, and what people did before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, or_, select

from points_engine import campaign as rules
from points_engine.campaign_lint import Finding, Past, Plan, Supply, lint
from points_engine.clock import local_day
from points_engine.errors import EngineError
from webapp.activities import queries as activities
from webapp.campaigns.facts import tasks_of
from webapp.campaigns.outside import window
from webapp.green_units import queries as green_units
from webapp.learning import queries as learning
from webapp.ledger import funds
from webapp.places import queries as places
from webapp.pledges import queries as pledges
from webapp.store import Tx

a = activities.acts.c
m = green_units.memberships.c
MEASURED = ("log", "days", "streak", "grams", "amount", "team")


def findings(tx: Tx, catalogue: Any, row: Row[Any], now: datetime) -> list[Finding]:
    """Every finding about a campaign as it is written, those that stop it first."""
    tasks = tasks_of(tx, row.id)
    first, last = rules.days_of_window(row.starts_at, row.ends_at)
    days, until = (last - first).days + 1, local_day(now) - timedelta(days=1)
    past = {
        task.id: _past(tx, catalogue, task, until - timedelta(days=0 if task.day else days - 1), until)
        for task in tasks
        if task.kind in MEASURED
    }
    points = row.bonus_budget
    if row.fund_id is not None:
        balance = funds.one(tx, row.fund_id).balance
        points = balance if points is None else min(points, balance)
    plan = Plan(days, tasks, _supplies(tx, row, tasks), past, points, row.fund_id is not None)
    return lint(plan)


def _supplies(tx: Tx, row: Row[Any], tasks: Sequence[rules.Task]) -> dict[int, Supply]:
    look = {"quiz": _quiz, "session": _session, "pledge": _pledge, "scan": _scan}
    return {task.id: look[task.kind](tx, row, task) for task in tasks if task.kind in look}


def _quiz(tx: Tx, row: Row[Any], task: rules.Task) -> Supply:
    if not task.rule.subject:
        return Supply(bool(learning.quiz_choices(tx)))
    found = learning.quiz_supply(tx, int(task.rule.subject))
    if found is None:
        return Supply(False)
    status, needed, available = found
    return Supply(True, status == "open", True, max(1, needed), available)


def _session(tx: Tx, row: Row[Any], task: rules.Task) -> Supply:
    if not task.rule.subject:
        return Supply(bool(learning.session_choices(tx)))
    found = learning.session_times(tx, int(task.rule.subject))
    if found is None:
        return Supply(False)
    begins, ends = window(row, task)
    return Supply(True, found[0] == "open", found[1] < ends and found[2] > begins)


def _pledge(tx: Tx, row: Row[Any], task: rules.Task) -> Supply:
    try:
        text = pledges.one(tx, task.rule.subject, None).text
    except EngineError:
        return Supply(False)
    current = task.rule.edition in (0, text.current)
    return Supply(True, text.status == "open" and text.for_members and current)


def _scan(tx: Tx, row: Row[Any], task: rules.Task) -> Supply:
    found = places.open_ones(tx, task.rule.places, task.rule.place_kinds)
    missing = task.rule.places - found.keys()
    return Supply(bool(found) and not missing)


def _past(tx: Tx, catalogue: Any, task: rules.Task, since: date, until: date) -> Past:
    """What people did in these days: one statement over their acts, whatever their number."""
    those = [a.status == "accepted", or_(a.grams > 0, a.points > 0), a.occurred_on.between(since, until)]
    known = catalogue.behaviours if catalogue is not None else ()
    wanted = set(task.behaviours) | {b.code for b in known if b.domain in task.domains}
    if wanted:
        those.append(a.behaviour.in_(sorted(wanted)))
    if task.kind == "team":
        return _past_of_teams(tx, task, those)
    value = {
        "days": func.count(func.distinct(a.occurred_on)), "streak": func.count(func.distinct(a.occurred_on)),
        "grams": func.sum(a.grams), "amount": func.sum(a.credited_milli) / 1000,
    }.get(task.kind, func.count())  # fmt: skip
    each = select(value.label("value")).where(*those).group_by(a.member_id).subquery()
    row = tx.row(
        select(
            func.count().label("people"),
            func.sum(case((each.c.value >= task.target, 1), else_=0)).label("done"),
            func.max(each.c.value).label("best"),
        ).select_from(each)
    )
    assert row is not None
    return Past(int(row.people), int(row.done or 0), int(row.best or 0))


def _past_of_teams(tx: Tx, task: rules.Task, those: list[ColumnElement[bool]]) -> Past:
    value = {"acts": func.count(), "grams": func.sum(a.grams)}.get(
        task.rule.measure, func.count(func.distinct(a.member_id))
    )
    people = func.count(func.distinct(a.member_id)).label("people")
    query = select(value.label("value"), people).where(*those)
    if task.rule.of != rules.EVERYBODY:
        belonged = (
            (m.member_id == a.member_id)
            & (m.kind == task.rule.of)
            & (a.occurred_on >= m.joined_on)
            & or_(m.left_on.is_(None), a.occurred_on < m.left_on)
        )
        query = query.select_from(activities.acts.join(green_units.memberships, belonged)).group_by(m.unit_id)
    rows = tx.rows(query)
    best = max((int(row.value or 0) for row in rows), default=0)
    return Past(sum(int(row.people) for row in rows), 0, best)
