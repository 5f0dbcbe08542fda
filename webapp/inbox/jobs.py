"""What the inbox leaves to the timetable and the outbox: gathering and sending e-mails, forgetting what is old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from points_engine.clock import local_day
from webapp.inbox import delivery, digests
from webapp.inbox.mail_tables import ASKED, NO_ADDRESS, mail, mail_item, mail_setting
from webapp.inbox.service import first_id
from webapp.inbox.tables import notice
from webapp.jobs import Job

KEEP = timedelta(days=400)
KEEP_MAIL = timedelta(days=35)
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


def sweep_mail(house: Any, now: datetime) -> int:
    """Forget on which days e-mails went, after five weeks, and addresses that were never proved, after two days."""
    with house.store.write() as tx:
        gone = int(tx.execute(delete(mail).where(mail.c.day < local_day(now - KEEP_MAIL))).rowcount)
        tx.execute(delete(mail_item).where(mail_item.c.created_at < now - KEEP_MAIL))
        unproved = update(mail_setting).where(
            mail_setting.c.state == ASKED, mail_setting.c.asked_at < now - timedelta(days=2)
        )
        tx.execute(unproved.values(sealed=None, state=NO_ADDRESS, asked_at=None, tries=0))
    return gone


JOBS = (
    Job("inbox.gather", every_seconds=60, run=digests.gather),
    Job("inbox.sweep_notices", cron={"hour": 3, "minute": 50}, run=sweep_notices),
    Job("inbox.sweep_mail", cron={"hour": 3, "minute": 55}, run=sweep_mail),
)
HANDLERS = {"inbox.mail": delivery.send_digest, "inbox.code": delivery.send_code}
