"""Simultaneous twins, debits and caps from several processes: exact counts on both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from points_engine.errors import EngineError
from points_engine.ledger import Move
from points_engine.methodology import Level, load
from tests.racing import race
from webapp.activities.commands import read_command
from webapp.activities.desk import Desk
from webapp.activities.proofs import Proof
from webapp.ledger import queries, service
from webapp.ledger.audit import check_members
from webapp.store import Store

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)


class Shop:
    """What each racing process opens for itself."""

    def __init__(self, url: str) -> None:
        self.store = Store(url, pool_size=32)
        self.desk = Desk(self.store)
        self.catalogue = load()


def log(shop: Shop, item: tuple[int, str, str, str]) -> str:
    member, id, behaviour, quantity = item
    command = read_command(
        shop.catalogue,
        member,
        id=id,
        behaviour=behaviour,
        quantity=Decimal(quantity),
        occurred_at=NOW,
        inputs={},
        evidence=(),
        now=NOW,
    )
    logged = shop.desk.log(command, NOW)
    return ("new" if logged.fresh else "same") + f" {logged.record['grams']}"


def debit(shop: Shop, item: tuple[int, str]) -> str:
    member, name = item
    cause = f"redemption:{name}"
    move = Move(member, "points", "points", "held", 30, "hold", cause, service.hold_key(cause))
    try:
        shop.store.retrying(lambda tx: service.post(tx, [move], NOW))
    except EngineError as error:
        return error.code
    return "held"


def audited(store: Store, last: int) -> list[str]:
    with store.snapshot() as tx:
        return check_members(tx, 0, last).faults


@pytest.mark.parametrize("processes", [2, 4])
def test_500_ids_of_500_members_20_times_each_are_500_credits(store: Store, database_url: str, processes: int) -> None:
    ids = [(member, str(uuid.uuid4()), "bike", "1") for member in range(1, 501)]
    twins = [item for item in ids for _ in range(20)]
    outcomes = race(Shop, database_url, log, twins, processes, 10)
    assert outcomes == {"new 47": 500, "same 47": 9500}
    with store.read() as tx:
        assert sum(queries.wallet(tx, m).declared_g for m, *_ in ids) == 500 * 47
    assert audited(store, 500) == []


def test_40_simultaneous_debits_of_30_from_100_are_3_each(store: Store, database_url: str) -> None:
    with store.write() as tx:
        service.post(
            tx,
            [
                Move(m, "points", "awarded", "points", 100, "review", f"activity:{m}", "start", NOW.date())
                for m in range(1, 101)
            ],
            NOW,
        )
    tries = [(member, uuid.uuid4().hex) for _ in range(40) for member in range(1, 101)]
    outcomes = race(Shop, database_url, debit, tries, 2, 8)
    assert outcomes == {"held": 300, "insufficient_points": 3700}
    with store.read() as tx:
        purses = [queries.wallet(tx, m) for m in range(1, 101)]
    assert {(p.points, p.held) for p in purses} == {(10, 90)}
    assert audited(store, 100) == []


@pytest.mark.parametrize(
    ("behaviour", "quantity", "credited"),
    [("bike", "1", 20), ("own_cup", "1", 2), ("paper_saved", "3", 7)],
)
def test_caps_are_exact_under_50_parallel_posts(
    store: Store, database_url: str, behaviour: str, quantity: str, credited: int
) -> None:
    posts = [(member, str(uuid.uuid4()), behaviour, quantity) for _ in range(50) for member in (1, 2, 3)]
    outcomes = race(Shop, database_url, log, posts, 2, 25)
    assert sum(n for what, n in outcomes.items() if not what.endswith(" 0")) == 3 * credited, outcomes
    assert sum(outcomes.values()) == 150 and all(what.startswith("new") for what in outcomes)
    assert audited(store, 10) == []


def test_a_race_can_fail() -> None:
    """The harness reports what goes wrong instead of hiding it."""
    outcomes = race(_nothing, "", _broken, list(range(6)), 2, 2)
    assert outcomes == {"ValueError: broken": 6}


def _nothing(_url: str) -> Any:
    return None


def _broken(_context: Any, _item: Any) -> str:
    raise ValueError("broken")


def ride(shop: Shop, item: tuple[int, int, str]) -> str:
    """A recorded trip that starts `minute` minutes after the first one; all of an hour overlap."""
    member, minute, natural = item
    starts = NOW - timedelta(hours=5) + timedelta(minutes=minute)
    source = "tram" if natural else ""
    proof = Proof("trip", Level.DEVICE, "accept", (), starts, starts + timedelta(minutes=45), source, natural)
    command = read_command(
        shop.catalogue,
        member,
        id=str(uuid.uuid4()),
        behaviour="bike",
        quantity=Decimal("2"),
        occurred_at=starts,
        inputs={},
        evidence=(),
        now=NOW,
        proof=proof,
    )
    return f"{shop.desk.log(command, NOW).record['grams']}"


def test_overlapping_trips_at_once_pay_once(store: Store, database_url: str) -> None:
    trips = [(member, minute, "") for minute in range(40) for member in range(1, 6)]
    outcomes = race(Shop, database_url, ride, trips, 2, 10)
    assert outcomes == {"190": 5, "0": 195}
    assert audited(store, 10) == []


def test_one_event_of_a_source_brought_by_many_pays_once(store: Store, database_url: str) -> None:
    events = [(member, 60 * (event % 4), f"tap-{event}") for member in range(1, 21) for event in range(20)]
    outcomes = race(Shop, database_url, ride, events, 2, 10)
    paid = sum(n for grams, n in outcomes.items() if grams.isdigit())
    assert paid == 20 and outcomes["EngineError: already_imported"] == 380, outcomes
    assert audited(store, 30) == []
