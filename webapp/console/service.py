"""Use cases that only the desk has: verdicts with their notice, freezing, roles, the audit's reports, retries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from points_engine.errors import Invalid, refuse
from webapp import audit
from webapp.console import roles
from webapp.console.forms import Reason
from webapp.console.tables import audit_report
from webapp.jobs import enqueue, runner
from webapp.journal import service as journal
from webapp.ledger import service as ledger
from webapp.members import queries as members
from webapp.members import service as staff
from webapp.rewards import queries as rewards
from webapp.store import Tx

AUDIT = "console.audit"
KEPT_FAULTS = 1000
KEPT_REPORTS = 400


# --- members -----------------------------------------------------------------------------------------


def freeze(tx: Tx, actor_id: int, member_id: int, why: Reason, now: datetime) -> None:
    """No sign-in, no earning, no spending: both rooms in one transaction."""
    _not_oneself(actor_id, member_id)
    staff.freeze(tx, actor_id, member_id, why.zh, now)
    ledger.set_frozen(tx, member_id, True, now)


def unfreeze(tx: Tx, actor_id: int, member_id: int, why: Reason, now: datetime) -> None:
    """Everything works again."""
    _not_oneself(actor_id, member_id)
    staff.unfreeze(tx, actor_id, member_id, why.zh, now)
    ledger.set_frozen(tx, member_id, False, now)


def grant(tx: Tx, actor_id: int, member_id: int, role: str, now: datetime) -> None:
    """Give a staff role; nobody gives one to themselves, and an auditor holds no other."""
    _not_oneself(actor_id, member_id)
    if role not in roles.STAFF:
        raise Invalid({"role": "not_a_choice"})
    held = frozenset(grant.role for grant in members.grants_of(tx, member_id))
    if other := roles.clash(held, role):
        raise refuse("conflict", "roles_apart", role=role, held=other)
    staff.grant_role(tx, actor_id, member_id, role, now)


def revoke(tx: Tx, actor_id: int, member_id: int, role: str, now: datetime) -> None:
    """Take a staff role away; nobody takes their own, so the last administrator stays."""
    _not_oneself(actor_id, member_id)
    if role not in roles.STAFF:
        raise Invalid({"role": "not_a_choice"})
    staff.revoke_role(tx, actor_id, member_id, role, now)


def attach_to_merchant(tx: Tx, actor_id: int, member_id: int, merchant_id: int, now: datetime) -> None:
    """Let somebody fulfil codes at a merchant's counter."""
    _not_oneself(actor_id, member_id)
    rewards.staff_merchant(tx, merchant_id)
    staff.grant_role(tx, actor_id, member_id, "merchant", now, merchant_id=merchant_id)


def detach_from_merchant(tx: Tx, actor_id: int, member_id: int, merchant_id: int, now: datetime) -> None:
    """Take the counter away; their sessions end."""
    staff.revoke_role(tx, actor_id, member_id, "merchant", now, merchant_id=merchant_id)


def _not_oneself(actor_id: int, member_id: int) -> None:
    if actor_id == member_id:
        raise refuse("forbidden", "not_yourself")


# --- the audit ---------------------------------------------------------------------------------------


def ask_for_audit(tx: Tx, actor_id: int, now: datetime) -> None:
    """Leave an audit in the outbox; one that still waits is enough."""
    if runner.waits(tx, AUDIT):
        raise refuse("conflict", "audit_waits")
    key = f"{AUDIT}:{now.isoformat()}"
    enqueue(tx, AUDIT, {"key": key}, key, now)
    journal.record(tx, actor_id, "audit.run", "ledger", {}, now)


def write_report(house: Any, key: str) -> int:
    """Audit everything and keep the report under `key`, once; returns the number of faults."""
    with house.store.read() as tx:
        known = tx.row(select(audit_report.c.fault_count).where(audit_report.c.key == key))
    if known is not None:
        return int(known.fault_count)
    begun = house.clock.now()
    report = audit.run(house.store)
    row = {
        "key": key,
        "at": begun,
        "seconds": (house.clock.now() - begun).total_seconds(),
        "fault_count": len(report.faults),
        "faults": report.faults[:KEPT_FAULTS],
        "counts": report.counts,
    }
    with house.store.write() as tx:
        tx.upsert(audit_report, [row], key=["key"])
        ids = tx.rows(select(audit_report.c.id).order_by(audit_report.c.id.desc()).limit(KEPT_REPORTS))
        tx.execute(delete(audit_report).where(audit_report.c.id < ids[-1].id))
    return len(report.faults)


# --- jobs --------------------------------------------------------------------------------------------


def retry_job(tx: Tx, actor_id: int, row_id: int, now: datetime) -> None:
    """Give a failed outbox row another round."""
    if not runner.retry_failed(tx, row_id, now):
        raise refuse("conflict", "not_failed")
    journal.record(tx, actor_id, "job.retry", f"outbox:{row_id}", {}, now)
