"""The rows of the queue: the outbox, the timetable's firings, what each job last did, and who is alive."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from webapp.store import BigId, JsonText, UtcDateTime, metadata

QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("kind", String(80), nullable=False),
    Column("payload", JsonText, nullable=False),
    Column("key", String(200), nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("run_after", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("claimed_at", UtcDateTime),
    Column("claimed_by", String(80)),
    Column("finished_at", UtcDateTime),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("key"),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
    Index("ix_outbox_state_run_after", "state", "run_after"),
)

schedule_run = Table(
    "schedule_run",
    metadata,
    Column("job", String(80), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("fired_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("job", "due_at"),
)

job_note = Table(
    "job_note",
    metadata,
    Column("job", String(80), primary_key=True),
    Column("due_at", UtcDateTime),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("did", Integer, nullable=False),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)
