"""What tasks ask of other rooms: quizzes passed, pledges signed, sessions attended, and who did any of it lately."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from points_engine import campaign as rules
from points_engine.clock import start_of
from webapp.campaigns.tables import campaign_join, campaign_task, task_progress
from webapp.learning import queries as learning
from webapp.pledges import queries as pledges
from webapp.store import Tx

OVERLAP = timedelta(minutes=15)  # what was written late: a long transaction, a quiz that ran out of time


def told(tx: Tx, row: Row[Any], tasks: Sequence[rules.Task], members: Sequence[int]) -> dict[int, dict[int, int]]:
    """How often each of these members did what each such task asks: one query a task, whatever the number of members."""
    return {task.id: _counts(tx, row, task, members) for task in tasks if task.kind in rules.OUTSIDE}


def _counts(tx: Tx, row: Row[Any], task: rules.Task, members: Sequence[int]) -> dict[int, int]:
    if task.kind == "pledge":
        # A pledge is signed once an edition: who had signed it before the campaign is not asked again.
        signed = pledges.editions_signed(tx, task.rule.subject, members, window(row, task)[1])
        return {member: 1 for member, edition in signed if task.rule.edition in (0, edition)}
    begins, ends = window(row, task)
    if task.kind == "quiz":
        return learning.quizzes_passed(tx, _number(task), members, begins, ends)
    return learning.sessions_attended(tx, members, begins, ends, _number(task))


def look_around(tx: Tx, row: Row[Any], tasks: Sequence[rules.Task], now: datetime) -> int:
    """Let the members who did such a thing since the last look be read again; returns how many."""
    found = 0
    since = {
        r.id: r.looked_until
        for r in tx.rows(
            select(campaign_task.c.id, campaign_task.c.looked_until).where(campaign_task.c.campaign_id == row.id)
        )
    }
    for task in tasks:
        if task.kind not in rules.OUTSIDE:
            continue
        begins, ends = window(row, task)
        first = max(begins, since[task.id] - OVERLAP) if since[task.id] else begins
        if first < ends:
            found += _again(tx, row.id, task.id, _doers(tx, task, first, ends))
            tx.execute(
                update(campaign_task).where(campaign_task.c.id == task.id).values(looked_until=min(ends + OVERLAP, now))
            )
    return found


def _doers(tx: Tx, task: rules.Task, first: datetime, last: datetime) -> set[int]:
    if task.kind == "pledge":
        return pledges.signers_since(tx, task.rule.subject, first, last)
    if task.kind == "quiz":
        return learning.passers_between(tx, _number(task), first, last)
    return learning.attenders_between(tx, _number(task), first, last)


def _number(task: rules.Task) -> int | None:
    """Which quiz or session; None means any."""
    return int(task.rule.subject) if task.rule.subject else None


def _again(tx: Tx, campaign_id: int, task_id: int, members: set[int]) -> int:
    """Mark who joined and has not completed the task as unread."""
    done = select(task_progress.c.member_id).where(
        task_progress.c.task_id == task_id, task_progress.c.completed_at.is_not(None)
    )
    j, those, found = campaign_join.c, sorted(members), 0
    for n in range(0, len(those), 500):
        found += tx.execute(
            update(campaign_join)
            .where(j.campaign_id == campaign_id, j.member_id.in_(those[n : n + 500]), j.member_id.not_in(done))
            .values(seen_seq=-1)
        ).rowcount
    return found


def window(row: Row[Any], task: rules.Task) -> tuple[datetime, datetime]:
    """The campaign's window, or of it the theme day of the task."""
    if task.day is None:
        return row.starts_at, row.ends_at
    return max(row.starts_at, start_of(task.day)), min(row.ends_at, start_of(task.day + timedelta(days=1)))
