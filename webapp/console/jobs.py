"""Work of the desk by timetable and on request: the audit of the whole ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from points_engine.clock import local_day
from webapp.console import service
from webapp.jobs import Job


def audit_now(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Outbox row console.audit: somebody at the desk asked for it."""
    service.write_report(house, str(payload["key"]))


def audit_nightly(house: Any, now: datetime) -> int:
    """Every night at three; returns how many faults were found."""
    return service.write_report(house, f"nightly:{local_day(now).isoformat()}")


JOBS = (Job("audit_ledger", cron={"hour": 3, "minute": 0}, run=audit_nightly),)
HANDLERS = {service.AUDIT: audit_now}
