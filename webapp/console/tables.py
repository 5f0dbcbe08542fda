"""Rows of the desk: the reports of the ledger audit."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, String, Table

from webapp.store import BigId, JsonText, UtcDateTime, metadata

audit_report = Table(
    "audit_report",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    # Which request or which night: a report that is asked for twice is written once.
    Column("key", String(80), nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("fault_count", Integer, nullable=False),
    # At most the first thousand; the count above is whole.
    Column("faults", JsonText, nullable=False),
    Column("counts", JsonText, nullable=False),
)
Index("ix_audit_report_at", audit_report.c.at)
