"""Work that happens later: what a job is, and how a use case leaves one in the outbox with its own transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.jobs import tables
from webapp.store import Tx

log = logging.getLogger("puhui.jobs")

Handler = Callable[[Any, Mapping[str, Any], datetime], Any]
"""`handler(house, payload, now)`: does one outbox row's work; safe to run twice."""


@dataclass(frozen=True)
class Job:
    """Work by timetable: every so many seconds, or by APScheduler cron fields in Asia/Shanghai."""

    name: str
    every_seconds: int | None = None
    cron: Mapping[str, Any] | None = None
    run: Callable[[Any, datetime], int] | None = None

    def __post_init__(self) -> None:
        assert (self.every_seconds is None) != (self.cron is None), f"{self.name}: one of the two"
        assert self.run is not None, f"{self.name} runs nothing"

    @property
    def kind(self) -> str:
        """The kind of the outbox row that carries one run of this job."""
        return f"job:{self.name}"


class _Line:
    """The way to the broker; a process that has none leaves the sending to the scheduler."""

    send: Callable[[str], None] | None = None


def connect(send: Callable[[str], None] | None) -> None:
    """Let this process tell the workers at once; called by the launchers, not by create_app."""
    _Line.send = send


def enqueue(
    tx: Tx,
    kind: str,
    payload: Mapping[str, Any],
    key: str,
    now: datetime,
    run_after: datetime | None = None,
) -> None:
    """Leave work in the outbox; it exists exactly if this transaction does, and once for each `key`."""
    later = run_after is not None and run_after > now
    written = tx.upsert(
        tables.outbox,
        [
            {
                "kind": kind,
                "payload": dict(payload),
                "key": key,
                "state": tables.QUEUED,
                "attempts": 0,
                "run_after": run_after or now,
                "sent_at": None if later else now,
                "created_at": now,
            }
        ],
        key=["key"],
    )
    if written and not later:
        tx.after_commit(lambda: tell(key))


def tell(key: str) -> None:
    """Send the key to the workers; a broker that is away costs only time, for the scheduler sends it again."""
    if _Line.send is None:
        return
    try:
        _Line.send(key)
    except Exception:  # noqa: BLE001 - whatever the broker's driver raises
        log.warning("the broker did not take %s; the scheduler will send it again", key)
