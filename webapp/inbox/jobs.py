"""What the inbox leaves to the timetable: forgetting notices that are older than a year."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from webapp.inbox.service import first_id
from webapp.inbox.tables import notice
from webapp.jobs import Job

KEEP = timedelta(days=400)
MEMBERS = 1000  # one transaction each, along the primary key


def sweep_notices(house: Any, now: datetime) -> int:
    """Delete notices sent more than 400 days ago, read or not."""
    with house.store.read() as tx:
        ends = tx.row(select(func.min(notice.c.member_id).label("first"), func.max(notice.c.member_id).label("last")))
    if ends is None or ends.first is None:
        return 0
    gone, oldest = 0, first_id(now - KEEP)
    for first in range(ends.first, ends.last + 1, MEMBERS):
        old = notice.c.member_id.between(first, first + MEMBERS - 1) & (notice.c.id < oldest)
        with house.store.write() as tx:
            gone += int(tx.execute(delete(notice).where(old)).rowcount)
    return gone


JOBS = (Job("inbox.sweep_notices", cron={"hour": 3, "minute": 50}, run=sweep_notices),)
