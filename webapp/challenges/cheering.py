"""Encouragements 鼓励: at half time and a day before the end each who takes part learns what is still missing, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, select, update

from points_engine import challenge as rules
from points_engine.challenge import Sums, Task
from points_engine.clock import local_day
from points_engine.workdays import days_between
from webapp.challenges import words
from webapp.challenges.measure import a, counted, sums_by_member, taking_part, tasks_of, teams_of, window_of
from webapp.challenges.tables import challenge
from webapp.challenges.workdays import workdays
from webapp.inbox import service as inbox
from webapp.store import Store, Tx

HALF, LAST = 1, 2
NAMES = {HALF: "half", LAST: "last"}
TEXTS = ("title_zh", "title_en", "body_zh", "body_en")


def cheer(store: Store, now: datetime) -> int:
    """Send what is due; a moment that was slept through is left out when the next one has come."""
    c = challenge.c
    with store.read() as tx:
        live = tx.rows(select(challenge).where(c.status == "open", c.cheered < LAST))
    told = 0
    for row in live:
        due = sum(at <= now for at in rules.cheers(row.starts_at, row.ends_at))
        if due > row.cheered:
            told += store.retrying(partial(_cheer, row=row, moment=due, now=now))
    return told


def _cheer(tx: Tx, row: Row[Any], moment: int, now: datetime) -> int:
    c = challenge.c
    turn = update(challenge).where(c.id == row.id, c.status == "open", c.cheered == row.cheered)
    if not tx.execute(turn.values(cheered=moment)).rowcount:
        return 0  # another timetable was quicker
    own = [task for task in tasks_of(tx, row.id) if task.scope == "person"]
    if not own:
        return 0
    ids = [r.member_id for r in tx.rows(taking_part(row.id))]
    lot = _lots(tx, row, now)
    told = [(member, said(row.title, own, *lot(member), moment)) for member in ids]
    key = f"challenge:{row.id}:{NAMES[moment]}"
    to = [{"member_id": member, "key": key, **dict(zip(TEXTS, text, strict=True))} for member, text in told if text]
    return inbox.notify_many(tx, to, "challenge", link=f"/challenges/{row.id}", now=now)


def _lots(tx: Tx, row: Row[Any], now: datetime) -> Callable[[int], tuple[Sums, int, int]]:
    """What each person has done, and on how many days and working days they can still add an act."""
    first, last = window_of(row)
    calendar, today = workdays(tx, first, last), local_day(now)
    left = [calendar.is_workday(day) for day in days_between(today, last)]
    spare = {acted: (len(left[acted:]), sum(left[acted:])) for acted in (False, True)}  # today counts once
    source, those = counted(row)
    acts_today = select(a.member_id).select_from(source).where(*those, a.occurred_on == today).distinct()
    acted = {r.member_id for r in tx.rows(acts_today)}
    done: dict[int, Sums] = {}
    teams = teams_of(tx, row.unit_id, row.audience, row.departments)
    for (member, _), sums in sums_by_member(tx, row, calendar, teams).items():
        done[member] = done.get(member, Sums()) + sums
    return lambda member: (done.get(member, Sums()), *spare[member in acted])


def said(
    title: str, tasks: Sequence[Task], sums: Sums, days: int, working: int, moment: int
) -> tuple[str, str, str, str] | None:
    """What one person is told, in both languages; None when there is nothing left that they could do."""
    lacks = [(task, rules.missing(task, sums, days, working)) for task in tasks]
    open_ones = [(task, lack) for task, lack in lacks if lack]
    reached = sum(lack == 0 for _, lack in lacks)
    if not open_ones and (moment == LAST or not reached):
        return None
    titles = _title(title, moment)
    if not open_ones:
        return (
            *titles,
            f"您已达成 {reached} 个目标，谢谢您的坚持！",
            f"You have reached {reached} of the goals. Thank you!",
        )
    zh = "；".join(words.lacking(task, lack)[0] for task, lack in open_ones)
    en = "; ".join(words.lacking(task, lack)[1] for task, lack in open_ones)
    done_zh = f"已达成 {reached} 个目标。" if reached else ""
    done_en = f"{reached} reached. " if reached else ""
    return *titles, f"{done_zh}还差：{zh}。", f"{done_en}Still missing: {en}."


def _title(title: str, moment: int) -> tuple[str, str]:
    if moment == HALF:
        return f"「{title}」已过半", f"{title}: half time"
    return f"「{title}」还有一天", f"{title}: one day left"
