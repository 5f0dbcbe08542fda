"""The calendar of working days: what the library knows, what staff have said, and where the one ends."""

from __future__ import annotations

from datetime import date, datetime

import chinese_calendar  # type: ignore[import-untyped]  # the library has no types
from sqlalchemy import delete, select

from points_engine.errors import Invalid
from points_engine.workdays import Workdays, days_between
from webapp.challenges.tables import workday_override
from webapp.journal import service as journal
from webapp.store import Tx

NOTE_MAX = 60
FIRST_YEAR = min(chinese_calendar.holidays).year
LAST_YEAR = max(chinese_calendar.holidays).year


def official(first: date, last: date) -> dict[date, bool]:
    """What the calendar library says of the days it knows."""
    return {
        day: bool(chinese_calendar.is_workday(day))
        for day in days_between(first, last)
        if FIRST_YEAR <= day.year <= LAST_YEAR
    }


def workdays(tx: Tx, first: date, last: date) -> Workdays:
    """The working days of a stretch of time, by one statement."""
    c = workday_override.c
    rows = tx.rows(select(c.day, c.works).where(c.day.between(first, last)))
    return Workdays({row.day: row.works for row in rows}, official(first, last))


def set_workday(tx: Tx, actor_id: int, day: date, works: bool | None, note: str, now: datetime) -> None:
    """Staff say whether a day is worked, or (None) leave it to the calendar again."""
    note = " ".join(note.split())
    if len(note) > NOTE_MAX:
        raise Invalid({"note": "too_long"})
    if not 2020 <= day.year <= 2100:
        raise Invalid({"day": "bad_day"})
    if works is None:
        tx.execute(delete(workday_override).where(workday_override.c.day == day))
    else:
        row = {"day": day, "works": works, "note": note, "actor_id": actor_id, "at": now}
        tx.upsert(workday_override, [row], key=("day",), replace=("works", "note", "actor_id", "at"))
    detail = {"day": day.isoformat(), "works": works, "note": note}
    journal.record(tx, actor_id, "workday.set", f"workday:{day}", detail, now)
