"""What companies set up in the demo park: prepaid funds, one challenge that is over and archived, one that runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from points_engine.clock import start_of
from webapp.challenges import presets, service, settling
from webapp.demo.town import Unit
from webapp.green_units import queries as green_units
from webapp.ledger import funds
from webapp.store import Store, Tx

PAID_IN = 60_000
GRACE = settling.ARCHIVE_AFTER


def build_funds(tx: Tx, staff: dict[str, int], units: list[Unit], now: datetime) -> int | None:
    """The park's own fund and one of the first company, each paid in; the company's number."""
    admin = staff["admin-demo"]
    park = funds.open_fund(tx, admin, "park", None, "园区绿色奖励", now)
    funds.deposit(tx, park, 200_000, "deposit:园区-2026-01", "deposit:园区-2026-01", now, admin)
    if not units:
        return None
    made = funds.open_fund(tx, admin, "unit", units[0].id, "员工挑战奖励", now)
    for n in (1, 2):
        funds.deposit(tx, made, PAID_IN // 2, f"deposit:合同-2026-{n:02d}", f"deposit:合同-2026-{n:02d}", now, admin)
    return made


def build(store: Store, catalogue: Any, staff: dict[str, int], units: list[Unit], first: date, until: date) -> None:
    """One challenge over the first third of the days, settled; one over the last days, still running; both with a draft."""
    if not units or (until - first).days < 6:
        return
    third = first + timedelta(days=(until - first).days // 3)
    unit, hr = units[0].id, staff["hr-demo"]
    over = _challenge(store, catalogue, unit, hr, "relay", first, third, "第一届部门减排接力赛")
    runs = _challenge(store, catalogue, unit, hr, "commute", third, until + timedelta(days=14), "绿色通勤挑战")
    _challenge(
        store, catalogue, unit, hr, "table", until + timedelta(days=20), until + timedelta(days=34), "光盘与自带杯行动"
    )
    for number in (over, runs):
        store.retrying(partial(_publish, unit=unit, actor=hr, number=number, now=start_of(first)))
    store.retrying(partial(_join_all, unit=unit, numbers=(over, runs), now=start_of(first)))
    settling.move_by_clock(store, start_of(until))
    settled = start_of(third) + settling.SETTLE_AFTER
    settling.move_by_clock(store, max(settled, start_of(until)))
    store.retrying(partial(_archive, number=over))


def _challenge(
    store: Store, catalogue: Any, unit_id: int, actor: int, preset: str, first: date, after: date, title: str
) -> int:
    def made(tx: Tx) -> int:
        unit, mine = green_units.unit_by_id(tx, unit_id), funds.of_owner(tx, "unit", unit_id)
        facts = presets.facts_of(presets.BY_KEY[preset], catalogue, unit, title, mine[0].id, start_of(first))
        facts = replace(facts, starts_at=start_of(first), ends_at=start_of(after), colour="0f6cbd")
        return service.create_challenge(tx, actor, unit_id, preset, facts, start_of(first))

    return store.retrying(made)


def _publish(tx: Tx, *, unit: int, actor: int, number: int, now: datetime) -> None:
    """As the administrator would have, before anything could be measured."""
    service.announce(tx, service.administered(tx, actor, unit, number), actor, now - timedelta(hours=1))


def _join_all(tx: Tx, *, unit: int, numbers: tuple[int, ...], now: datetime) -> None:
    """Four of five colleagues take part in each."""
    for who in green_units.member_ids(tx, [unit]):
        for number in numbers:
            if (who + number) % 5:
                service.join(tx, who, number, now)


def _archive(tx: Tx, *, number: int) -> None:
    """The old one has long been put away."""
    settling.archive(tx, number)
