"""Boards of the demo world: meters at many units, and months that people have reviewed, frozen and published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from webapp.demo import meters
from webapp.rankings import queries, service
from webapp.store import Store, Tx

METERED = 4  # units of each kind
HOLD = "照片与另一位用户的相同，待核实"


def hang_meters(tx: Tx, key: str, seed: int, units: Sequence[Any], admin_id: int, until: date, now: datetime) -> None:
    """A meter at the first few units of each kind; the very first company has one already."""
    seen: dict[str, int] = {}
    for number, unit in enumerate(units):
        seen[unit.kind] = seen.get(unit.kind, 0) + 1
        if number and seen[unit.kind] <= METERED:
            meters.hang_at_work(tx, key, seed + number, unit.id, admin_id, until, now, f"1400911{number:05d}")


def publish_months(store: Store, staff: Mapping[str, int], now: datetime) -> None:
    """All periods under review but the newest month are published by two people; one entry of the newest is held back."""
    with store.read() as tx:
        waiting = [row.period for row in queries.waiting(tx)]
    for period in waiting[:-1]:
        store.retrying(partial(service.ask_to_freeze, actor_id=staff["editor-demo"], period=period, now=now))
        service.freeze(store, period, now)
        store.retrying(partial(service.approve, actor_id=staff["admin-demo"], period=period, now=now))
    if not waiting:
        return
    with store.write() as tx:
        rows = queries.page(tx, "members", waiting[-1], 1, None, now).rows
        if len(rows) > 1:
            service.hold(tx, staff["reviewer-demo"], waiting[-1], "member", rows[1].subject_id, HOLD, now)
