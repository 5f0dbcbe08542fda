"""What the jobs page and the health checks read: each job's last and next run, failed rows, and who is alive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from webapp.jobs import Job
from webapp.jobs.tables import FAILED, QUEUED, RUNNING, heartbeat, job_note, outbox
from webapp.jobs.timetable import last_due, next_due
from webapp.store import Tx

LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class JobLine:
    """One job of the timetable as the console shows it."""

    name: str
    when: str
    last_run: datetime | None
    last_did: int | None
    next_due: datetime | None
    late: bool


@dataclass(frozen=True)
class FailedRow:
    """Work that was given up, as the jobs page lists it."""

    id: int
    kind: str
    key: str
    attempts: int
    created_at: datetime
    last_error: str


@dataclass(frozen=True)
class JobsPage:
    """The whole jobs page; ages are in seconds, None if nobody was ever seen."""

    jobs: tuple[JobLine, ...]
    failed: tuple[FailedRow, ...]
    queued: int
    running: int
    worker_age: float | None
    scheduler_age: float | None


def jobs_page(tx: Tx, house: Any, now: datetime) -> JobsPage:
    """Everything the console's jobs page shows."""
    from webapp.jobs.runner import all_jobs

    notes = {row.job: row for row in tx.rows(select(job_note))}
    counts = _counts(tx)
    return JobsPage(
        jobs=tuple(_line(job, notes.get(job.name), now) for job in all_jobs(house)),
        failed=failed_rows(tx),
        queued=counts.get(QUEUED, 0),
        running=counts.get(RUNNING, 0),
        worker_age=age(tx, "worker", now),
        scheduler_age=age(tx, "scheduler", now),
    )


def _line(job: Job, note: Any, now: datetime) -> JobLine:
    due = last_due(job, now)
    missed = due is not None and (note is None or note.finished_at < due)
    when = f"{job.every_seconds} s" if job.every_seconds else _cron(job)
    return JobLine(
        name=job.name,
        when=when,
        last_run=note.finished_at if note else None,
        last_did=note.did if note else None,
        next_due=next_due(job, now),
        late=missed and due is not None and now - due > LATE_AFTER,
    )


def _cron(job: Job) -> str:
    return " ".join(f"{field}={value}" for field, value in dict(job.cron or {}).items())


def _counts(tx: Tx) -> dict[str, int]:
    waiting = outbox.c.state.in_([QUEUED, RUNNING])
    rows = tx.rows(select(outbox.c.state, func.count()).where(waiting).group_by(outbox.c.state))
    return {row[0]: int(row[1]) for row in rows}


def failed_rows(tx: Tx, limit: int = 50) -> tuple[FailedRow, ...]:
    """The rows that were given up, newest first."""
    rows = tx.rows(select(outbox).where(outbox.c.state == FAILED).order_by(outbox.c.id.desc()).limit(limit))
    return tuple(
        FailedRow(row.id, row.kind, row.key, row.attempts, row.created_at, row.last_error or "") for row in rows
    )


def age(tx: Tx, role: str, now: datetime) -> float | None:
    """Seconds since any process of this role said it is alive."""
    seen = tx.scalar(
        select(heartbeat.c.seen_at).where(heartbeat.c.role == role).order_by(heartbeat.c.seen_at.desc()).limit(1)
    )
    return max(0.0, (now - seen).total_seconds()) if seen else None
