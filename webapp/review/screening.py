"""Screening: acts recorded lately are drawn for samples and looked through for signals; set-wise, after the credit."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from points_engine import risk
from points_engine.activity import limits
from points_engine.clock import local_day
from points_engine.methodology import Catalogue
from points_engine.review import is_new, picked, rate, rules
from webapp.activities import queries as acts
from webapp.ledger import queries as ledger
from webapp.members import queries as members
from webapp.review import cases, keeping, standing
from webapp.review.tables import review_case, risk_signal, screening
from webapp.store import Tx

PAGE = 1000
FIRST_LOOK = timedelta(days=1)
# A transaction reads the clock before it commits; what it recorded may appear this late.
OVERLAP = timedelta(minutes=15)
Record = Mapping[str, Any]
WITH_EVIDENCE = ("photo", "device")


def screen_acts(house: Any, now: datetime) -> int:
    """Draw samples and look for signals among the acts recorded since last time; safe to run twice."""
    with house.store.read() as tx:
        until = tx.scalar(select(screening.c.until).where(screening.c.id == 1))
    since = until - OVERLAP - _undo() if until else now - FIRST_LOOK
    opened, after = 0, None
    while True:
        with house.store.read() as tx:
            rows = acts.recorded_between(tx, since, now, after, PAGE)
        if rows:
            opened += house.store.retrying(lambda tx, rows=rows: screen_page(tx, house, rows, now))
        if len(rows) < PAGE:
            break
        after = (rows[-1]["recorded_at"], rows[-1]["member_id"], rows[-1]["id"])
    with house.store.write() as tx:
        tx.upsert(screening, [{"id": 1, "until": now}], key=("id",), replace=("until",))
    return opened


def screen_page(tx: Tx, house: Any, rows: Sequence[Record], now: datetime) -> int:
    """One page of acts: how many cases it opened."""
    opened = _draw(tx, _secret(house), rows, now)
    signals = risk.of_acts([_seen(house.catalogue, row) for row in rows])
    fresh = standing.keep(tx, signals)
    people = {row["member_id"] for row in rows}
    more = _every_day(tx, {s.member_id for s in signals if s.code == "cap_exactly"}, now)
    more += _new_spenders(tx, people, now)
    fresh += standing.keep(tx, more)
    if fresh:
        last = {row["member_id"]: row["id"] for row in rows}
        last |= {s.member_id: s.activity_id for s in signals if s.activity_id}
        odd = {s.member_id for s in (*signals, *more)}
        opened += open_risks(tx, {m: last[m] for m in odd}, now)
    return opened


def _undo() -> timedelta:
    """Nothing is drawn while it can be undone: else who saw that it was would take it back and tell it anew."""
    return timedelta(minutes=limits()["undo_minutes"])


def _secret(house: Any) -> bytes:
    return hmac.digest(house.settings.secret_key.encode(), b"review-sampling", hashlib.sha256)


def _draw(tx: Tx, secret: bytes, rows: Sequence[Record], now: datetime) -> int:
    """Open a case for each act that is drawn; what it earned stays until a person says otherwise."""
    rows = [r for r in rows if _may_be_drawn(r, now)]
    people = sorted({row["member_id"] for row in rows})
    standings = standing.of_members(tx, people)
    newcomers = _newcomers(tx, rows)
    drawn = []
    for row in rows:
        key = (row["member_id"], row["id"])
        state = standings[row["member_id"]].state
        if picked(secret, row["id"], rate(row["level"], state, key in newcomers)):
            drawn.append((key, "new" if key in newcomers else "declared" if row["level"] == "declared" else state))
    known = _known(tx, [key for key, _ in drawn])
    fresh = [(key, cause) for key, cause in drawn if key not in known]
    for (member_id, activity_id), _ in fresh:
        keeping.keep(tx, member_id, activity_id, True)
    return cases.open_cases(tx, [cases.new_case(m, "sample", act, cause, now) for (m, act), cause in fresh])


def _may_be_drawn(row: Record, now: datetime) -> bool:
    credited = row["status"] == "accepted" and (row["grams"] or row["points"]) and row["decided_by"] is None
    return bool(credited and row["recorded_at"] < now - _undo())


def _newcomers(tx: Tx, rows: Sequence[Record]) -> set[tuple[int, str]]:
    """Acts with evidence that are among their member's first."""
    days = {row["member_id"]: row["occurred_on"] for row in rows if row["level"] in WITH_EVIDENCE}
    days |= ledger.first_days(tx, sorted(days))
    last = timedelta(days=rules()["switching"]["new_days"])
    young = {
        (row["member_id"], row["id"]): local_day(row["recorded_at"])
        for row in rows
        if row["level"] in WITH_EVIDENCE and local_day(row["recorded_at"]) < days[row["member_id"]] + last
    }
    nth = acts.first_with_evidence(tx, sorted({member for member, _ in young}), rules()["switching"]["new_acts"])
    return {key for key, day in young.items() if key in nth and is_new(nth[key], days[key[0]], day)}


def _known(tx: Tx, keys: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    c = review_case.c
    people = sorted({member for member, _ in keys})
    if not people:
        return set()
    ids = [activity_id for _, activity_id in keys]
    rows = tx.rows(
        select(c.member_id, c.activity_id).where(c.member_id.in_(people), c.kind == "sample", c.activity_id.in_(ids))
    )
    return {(row.member_id, row.activity_id) for row in rows}


def _seen(catalogue: Catalogue, row: Record) -> risk.Seen:
    behaviour = catalogue.behaviour(row["behaviour"])
    caps = [cap.amount for cap in behaviour.caps if cap.of == "quantity" and cap.per in ("act", "day")]
    return risk.Seen(
        row["member_id"],
        row["id"],
        row["behaviour"],
        behaviour.domain,
        row["quantity_milli"],
        row["occurred_at"],
        row["recorded_at"],
        tuple(row["reasons"]),
        int(min(caps) * 1000) if caps else None,
    )


def _every_day(tx: Tx, people: set[int], now: datetime) -> list[risk.Signal]:
    if not people:
        return []
    s = risk_signal.c
    since = now - timedelta(days=risk.kinds()["caps_every_day"]["days"] + 2)
    rows = tx.rows(
        select(s.member_id, s.seen_at).where(
            s.member_id.in_(sorted(people)), s.code == "cap_exactly", s.seen_at >= since
        )
    )
    times: dict[int, list[datetime]] = defaultdict(list)
    for row in rows:
        times[row.member_id].append(row.seen_at)
    return risk.every_day(times, now)


def _new_spenders(tx: Tx, people: set[int], now: datetime) -> list[risk.Signal]:
    young = members.joined_since(tx, people, now - timedelta(days=risk.kinds()["new_spending"]["days"]))
    spent = ledger.redeemed(tx, sorted(young))
    found = (risk.spends_early(m, at, spent.get(m, 0), now) for m, at in sorted(young.items()))
    return [signal for signal in found if signal]


def open_risks(tx: Tx, about: Mapping[int, str], now: datetime) -> int:
    """A case for each of these members whose signals weigh enough; `about` names the act it is shown with.

    What a person has looked at already does not count again, and one case at a time is enough.
    """
    people = sorted(about)
    looked = _looked_at(tx, people)
    weights = _weights(tx, [m for m in people if looked.get(m) != "open"], looked, now)
    least = rules()["score"]["open_at"]
    rows = [
        cases.new_case(m, "risk", about[m], "risk", now, score=total)
        for m, counted in sorted(weights.items())
        if (total := risk.score(counted)) >= least
    ]
    return cases.open_cases(tx, rows)


def _looked_at(tx: Tx, people: Sequence[int]) -> dict[int, Any]:
    """Members with a risk case: "open", or when the last one was decided."""
    if not people:
        return {}
    c = review_case.c
    rows = tx.rows(
        select(
            c.member_id,
            func.max(c.decided_at).label("last"),
            func.count().label("n"),
            func.count(c.decided_at).label("closed"),
        )
        .where(c.member_id.in_(list(people)), c.kind == "risk")
        .group_by(c.member_id)
    )
    return {row.member_id: "open" if row.n > row.closed else row.last for row in rows}


def _weights(tx: Tx, people: Sequence[int], looked: Mapping[int, Any], now: datetime) -> dict[int, dict[str, int]]:
    if not people:
        return {}
    s = risk_signal.c
    since = now - timedelta(days=rules()["score"]["window_days"])
    rows = tx.rows(select(s.member_id, s.code, s.weight, s.seen_at).where(s.member_id.in_(people), s.seen_at >= since))
    weights: dict[int, dict[str, int]] = {}
    for row in rows:
        if row.member_id in looked and row.seen_at <= looked[row.member_id]:
            continue
        mine = weights.setdefault(row.member_id, {})
        mine[row.code] = mine.get(row.code, 0) + row.weight
    return weights
