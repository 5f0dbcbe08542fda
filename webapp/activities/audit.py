"""Compares acts with the transfers they caused, what they use of caps with what they were credited, and the days they count on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from points_engine.activity import MILLI, periods
from webapp.activities.tables import activity
from webapp.activities.used import counter_key
from webapp.ledger import queries as ledger_queries
from webapp.ledger.audit import Findings, Net
from webapp.store import Tx


def check_members(tx: Tx, first: int, last: int, causes: Mapping[tuple[int, str], Net]) -> Findings:
    """Check the acts of members `first` to `last`; `causes` is what the ledger says each cause moved."""
    found = Findings()
    seen: set[tuple[int, str]] = set()
    acts: dict[tuple[int, date], int] = {}
    for row in tx.rows(select(activity).where(activity.c.member_id.between(first, last))):
        found.add("activities", 1)
        cause = (row.member_id, f"activity:{row.id}")
        seen.add(cause)
        _check_worth(found, row, causes.get(cause, {}))
        if row.status != "accepted":
            continue
        _check_counters(found, row)
        if row.grams or row.points:
            acts[(row.member_id, row.occurred_on)] = acts.get((row.member_id, row.occurred_on), 0) + 1
    for member, cause_text in sorted(set(causes) - seen):
        if cause_text.startswith("activity:"):
            found.faults.append(f"member {member}: transfers for {cause_text}, which does not exist")
    _compare_acts(tx, found, acts, first, last)
    return found


def _check_worth(found: Findings, row: Any, net: Net) -> None:
    account = "declared" if row.level == "declared" else "verified"
    moved = (net.get(account, 0), net.get("points", 0) + net.get("debt", 0))
    worth = (row.grams, row.points) if row.status == "accepted" else (0, 0)
    if moved != worth:
        found.faults.append(f"member {row.member_id}: act {row.id} is worth {worth}, its transfers moved {moved}")


def _check_counters(found: Findings, row: Any) -> None:
    """What the act uses of caps is what it was credited, in the windows of its own time."""
    windows = set(periods(row.occurred_at).values())
    worth = {"quantity": row.credited_milli, "acts": MILLI, "did": 1, "grams": row.grams, "points": row.points}
    for text, n in row.counters.items():
        found.add("cap_counters", 1)
        scope, period = counter_key(text)
        if period not in windows or n != worth.get(scope.partition(":")[0]):
            found.faults.append(f"member {row.member_id}: act {row.id} counts {n} as {scope} of {period}")


def _compare_acts(tx: Tx, found: Findings, derived: dict[tuple[int, date], int], first: int, last: int) -> None:
    days = ledger_queries.days
    stored = {
        (r.member_id, r.day): r.acts
        for r in tx.rows(select(days.c.member_id, days.c.day, days.c.acts).where(days.c.member_id.between(first, last)))
    }
    for key in sorted(set(stored) | set(derived)):
        have, should = stored.get(key, 0), derived.get(key, 0)
        if have != should:
            found.faults.append(f"member {key[0]}: day {key[1]} counts {have} acts, there are {should}")
