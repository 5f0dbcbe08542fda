"""The nightly look: groups of accounts that move in step, and the sweep of old signals and cases about acts long gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from points_engine import risk
from points_engine.clock import local_day
from points_engine.review import rules
from webapp.activities import queries as acts
from webapp.review import cases, keeping, screening, standing
from webapp.review.tables import review_case, risk_signal
from webapp.store import Tx

PAGE = 2000
# People on one bus ride at one time; their records come from the operator and say nothing about the accounts.
PARTNER = "partner"
LARGEST = 3000  # accounts compared with each other at a time


def find_groups(house: Any, now: datetime) -> int:
    """Signal accounts that did the same in the same ten minutes for a week; returns how many cases that opened."""
    since = now - timedelta(days=risk.kinds()["lockstep"]["days"] + 1)
    suspects = _sketch(house, since, now).candidates()
    marked: dict[int, str] = {}
    for group in suspects:
        with house.store.read() as tx:
            marks, last = _marks(tx, sorted(group)[:LARGEST], since, now)
        for found in risk.in_lockstep(marks):
            marked |= {member: last[member] for member in found}
    if not marked:
        return 0
    week = risk.week_mark(local_day(now))
    signals = [risk.signal(member, "lockstep", week, now, act) for member, act in sorted(marked.items())]
    return int(house.store.retrying(lambda tx: _keep(tx, signals, marked, now)))


def _keep(tx: Tx, signals: Sequence[risk.Signal], marked: dict[int, str], now: datetime) -> int:
    return screening.open_risks(tx, marked, now) if standing.keep(tx, signals) else 0


def _sketch(house: Any, since: datetime, now: datetime) -> risk.Sketches:
    """Sixteen numbers a member, out of everything recorded since: read in pages, so that memory grows with members."""
    sketches, after = risk.Sketches(), None
    while True:
        with house.store.read() as tx:
            rows = acts.recorded_between(tx, since, now, after, PAGE)
        for row in rows:
            if row["level"] != PARTNER:
                sketches.add(row["member_id"], risk.mark_of(row["behaviour"], row["recorded_at"]))
        if len(rows) < PAGE:
            return sketches
        after = (rows[-1]["recorded_at"], rows[-1]["member_id"], rows[-1]["id"])


def _marks(
    tx: Tx, people: Sequence[int], since: datetime, now: datetime
) -> tuple[dict[int, set[risk.Mark]], dict[int, str]]:
    """What each did when, and the last act of each."""
    marks: dict[int, set[risk.Mark]] = {}
    last: dict[int, str] = {}
    for fact in acts.acts_between(tx, people, local_day(since), local_day(now)):
        if fact.level != PARTNER:
            marks.setdefault(fact.member_id, set()).add(risk.mark_of(fact.behaviour, fact.recorded_at))
            last[fact.member_id] = fact.id
    return marks, last


def sweep(house: Any, now: datetime) -> int:
    """Forget old signals, close cases about acts that no longer stand, let old samples lapse; returns how many rows."""
    return int(house.store.retrying(lambda tx: _sweep(tx, now)))


def _sample_days() -> timedelta:
    return timedelta(days=rules()["decisions"]["sample_days"])


def _sweep(tx: Tx, now: datetime) -> int:
    old = now - timedelta(days=rules()["decisions"]["kept_days"])
    gone = tx.execute(delete(risk_signal).where(risk_signal.c.seen_at < old)).rowcount
    c = review_case.c
    waiting = tx.rows(select(review_case).where(c.decided_at.is_(None), c.kind.in_(("pending", "sample", "appeal"))))
    known = acts.by_keys(tx, [(case.member_id, case.activity_id) for case in waiting])
    wanted = {"pending": "pending", "sample": "accepted", "appeal": "rejected"}
    for case in waiting:
        record = known.get((case.member_id, case.activity_id))
        lapsed = case.kind == "sample" and case.state == "open" and case.opened_at < now - _sample_days()
        if lapsed or record is None or record["status"] != wanted[case.kind]:
            cases.close(tx, case, "void", None, "void", "", "", now)
            keeping.keep(tx, case.member_id, case.activity_id, False)
            gone += 1
    return int(gone)
