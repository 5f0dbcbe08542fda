"""Doing the work: claims an outbox row, runs its handler, notes the end, tries again later, gives up visibly."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, select, update

from webapp.jobs import Handler, Job
from webapp.jobs.tables import DONE, FAILED, QUEUED, RUNNING, heartbeat, job_note, outbox
from webapp.store import Tx

log = logging.getLogger("puhui.jobs")

MAX_ATTEMPTS = 6
RESEND_AFTER = timedelta(seconds=60)
# A worker says it is alive every ten seconds; the rows of one that has been silent this long go back.
DEAD_AFTER = timedelta(seconds=45)
BATCH = 200


def back_off(attempts: int) -> timedelta:
    """10 s, 40 s, 160 s … at most an hour."""
    return timedelta(seconds=min(3600, 10 * 4 ** (attempts - 1)))


def all_jobs(house: Any) -> tuple[Job, ...]:
    """The rooms' timetable and the queue's own upkeep."""
    from webapp.jobs.upkeep import JOBS

    return (*house.jobs, *JOBS)


def handler_of(house: Any, kind: str) -> Handler | None:
    if kind in house.handlers:
        return house.handlers[kind]  # type: ignore[no-any-return]
    job = next((job for job in all_jobs(house) if job.kind == kind), None)
    return _scheduled(job) if job else None


def _scheduled(job: Job) -> Handler:
    def handle(house: Any, payload: Any, now: datetime) -> None:
        assert job.run is not None
        did = job.run(house, now)
        due = payload.get("due_at")
        note = {
            "job": job.name,
            "due_at": datetime.fromisoformat(due) if due else None,
            "finished_at": now,
            "did": int(did or 0),
        }
        with house.store.write() as tx:
            tx.upsert(job_note, [note], key=["job"], replace=["due_at", "finished_at", "did"])

    return handle


def run_one(house: Any, key: str, now: datetime, worker: str, *, raising: bool = False) -> bool:
    """Run the outbox row `key` if it is there for the taking; True if this call did it."""
    row = _claim(house, key, now, worker)
    if row is None:
        return False
    try:
        handler = handler_of(house, row.kind)
        if handler is None:
            raise LookupError(f"nothing handles {row.kind}")
        house.refresh(house.clock.now())
        handler(house, row.payload, now)
    except Exception as fault:
        if raising:
            raise
        _failed(house, row, worker, fault)
        return False
    mine = (outbox.c.id == row.id) & (outbox.c.claimed_by == worker) & (outbox.c.state == RUNNING)
    with house.store.write() as tx:
        end = {"state": DONE, "finished_at": house.clock.now(), "last_error": None}
        tx.execute(update(outbox).where(mine).values(**end))
    return True


def _claim(house: Any, key: str, now: datetime, worker: str) -> Any:
    """Take the row by a conditional UPDATE; the count says whether we or another got it."""
    free = (outbox.c.key == key) & (outbox.c.state == QUEUED) & (outbox.c.run_after <= now)
    taken = {
        "state": RUNNING,
        "claimed_at": now,
        "claimed_by": worker,
        "attempts": outbox.c.attempts + 1,
    }
    with house.store.write() as tx:
        if tx.execute(update(outbox).where(free).values(**taken)).rowcount != 1:
            return None
        return tx.row(select(outbox).where(outbox.c.key == key))


def _failed(house: Any, row: Any, worker: str, fault: Exception) -> None:
    now = house.clock.now()
    given_up = row.attempts >= MAX_ATTEMPTS
    log.error("job %s failed (attempt %s)", row.key, row.attempts, exc_info=fault)
    said = "".join(traceback.format_exception(fault))[-4000:]
    values: dict[str, Any] = {
        "state": FAILED if given_up else QUEUED,
        "finished_at": now if given_up else None,
        "run_after": now + back_off(row.attempts),
        "sent_at": None,
        "last_error": said,
    }
    mine = (outbox.c.id == row.id) & (outbox.c.claimed_by == worker) & (outbox.c.state == RUNNING)
    with house.store.write() as tx:
        tx.execute(update(outbox).where(mine).values(**values))


def run_due(house: Any, now: datetime, *, raising: bool = True) -> int:
    """Run every due row in this process, also those that the rows leave behind; for tests and commands."""
    done = 0
    while keys := _due_keys(house, now):
        ran = sum(run_one(house, key, now, "inline", raising=raising) for key in keys)
        done += ran
        if not ran:
            break
    return done


def run_job(house: Any, name: str, now: datetime) -> None:
    """Run one job of the timetable here and now; for tests and commands."""
    job = next(job for job in all_jobs(house) if job.name == name)
    _scheduled(job)(house, {}, now)


def _due_keys(house: Any, now: datetime) -> Sequence[str]:
    due = (outbox.c.state == QUEUED) & (outbox.c.run_after <= now)
    statement = select(outbox.c.key).where(due).order_by(outbox.c.id).limit(BATCH)
    with house.store.read() as tx:
        return [row.key for row in tx.rows(statement)]


def take_unsent(tx: Tx, now: datetime) -> list[str]:
    """The due rows that were never sent, or sent so long ago that the message must be lost; marked as sent."""
    due = (outbox.c.state == QUEUED) & (outbox.c.run_after <= now)
    lost = outbox.c.sent_at.is_(None) | (outbox.c.sent_at < now - RESEND_AFTER)
    rows = tx.rows(select(outbox.c.id, outbox.c.key).where(due & lost).order_by(outbox.c.id).limit(BATCH))
    if rows:
        ids = [row.id for row in rows]
        tx.execute(update(outbox).where(outbox.c.id.in_(ids) & due).values(sent_at=now))
    return [row.key for row in rows]


def needs_sweep(tx: Tx, now: datetime) -> bool:
    """Whether anything waits to be sent again or belongs to a dead worker; a read, so that idling writes nothing."""
    due = (outbox.c.state == QUEUED) & (outbox.c.run_after <= now)
    lost = outbox.c.sent_at.is_(None) | (outbox.c.sent_at < now - RESEND_AFTER)
    if tx.row(select(outbox.c.id).where(due & lost).limit(1)):
        return True
    return bool(tx.row(select(outbox.c.id).where(_orphaned(now)).limit(1)))


def _orphaned(now: datetime) -> Any:
    alive = select(heartbeat.c.name).where(heartbeat.c.seen_at >= now - DEAD_AFTER)
    old = outbox.c.claimed_at < now - DEAD_AFTER
    return (outbox.c.state == RUNNING) & old & outbox.c.claimed_by.not_in(alive)


def waits(tx: Tx, kind: str) -> bool:
    """Whether a row of this kind is still in the queue, not yet begun."""
    waiting = (outbox.c.state == QUEUED) & (outbox.c.kind == kind)
    return tx.row(select(outbox.c.id).where(waiting).limit(1)) is not None


def take_back(tx: Tx, now: datetime) -> int:
    """Put the rows of workers that died back into the queue; one that keeps killing its worker is given up."""
    hopeless = outbox.c.attempts >= MAX_ATTEMPTS
    values: dict[str, Any] = {
        "state": case((hopeless, FAILED), else_=QUEUED),
        "last_error": "the worker died while doing this",
        "sent_at": None,
    }
    return int(tx.execute(update(outbox).where(_orphaned(now)).values(**values)).rowcount)


def retry_failed(tx: Tx, row_id: int, now: datetime) -> bool:
    """Give a row that was given up another round of attempts; True if it was there to be tried."""
    given_up = (outbox.c.id == row_id) & (outbox.c.state == FAILED)
    values = {
        "state": QUEUED,
        "attempts": 0,
        "run_after": now,
        "sent_at": None,
        "finished_at": None,
    }
    return bool(tx.execute(update(outbox).where(given_up).values(**values)).rowcount == 1)


def beat(tx: Tx, name: str, role: str, now: datetime) -> None:
    """Say that the process `name` is alive."""
    row = {"name": name, "role": role, "seen_at": now}
    tx.upsert(heartbeat, [row], key=["name"], replace=["role", "seen_at"])
