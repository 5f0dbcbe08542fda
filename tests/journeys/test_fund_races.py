"""Fifty workers at the last points of a fund, and several schedulers at one challenge: exact on both databases."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from points_engine.clock import start_of
from points_engine.ledger import Move
from tests.racing import race
from tests.rooms.challenging import FIRST, make_company
from webapp import audit
from webapp.app import build_house
from webapp.challenges.forms import TaskFacts
from webapp.challenges.jobs import move_challenges
from webapp.ledger import funds, queries
from webapp.settings import Settings
from webapp.store import Store

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
CAUSE = "prize:1"


def open_store(url: str) -> Store:
    return Store(url, pool_size=32)


def moves_of(members: list[int], points: int) -> list[Move]:
    return [
        Move(m, "points", "granted", "points", points, "challenge_bonus", CAUSE, f"{CAUSE}:task:1") for m in members
    ]


def draw(store: Store, item: tuple[int, list[int], int]) -> str:
    fund, members, points = item
    done = store.retrying(lambda tx: funds.draw(tx, fund, CAUSE, moves_of(members, points), NOW))
    return f"paid {len(done.paid)} dry {len(done.dry)} already {len(done.already)}"


def prepared(store: Store, points: int) -> int:
    with store.write() as tx:
        made = funds.open_fund(tx, None, "park", None, "园区奖励", NOW)
        funds.deposit(tx, made, points, "invoice:1", "invoice:1", NOW)
    return made


@pytest.mark.parametrize(("points", "winners"), [(1, 10), (3, 3), (10, 1), (11, 0)])
def test_50_workers_at_the_last_10_points(store: Store, database_url: str, points: int, winners: int) -> None:
    fund = prepared(store, 10)
    outcomes = race(open_store, database_url, draw, [(fund, [m], points) for m in range(1, 51)], 2, 25)
    assert outcomes == {
        k: n for k, n in {"paid 1 dry 0 already 0": winners, "paid 0 dry 1 already 0": 50 - winners}.items() if n
    }
    with store.read() as tx:
        assert funds.one(tx, fund).balance == 10 - winners * points
        assert sum(queries.wallet(tx, m).points for m in range(1, 51)) == winners * points
    assert audit.run(store).faults == []


def test_50_workers_with_the_same_batch_pay_it_once(store: Store, database_url: str) -> None:
    fund = prepared(store, 1000)
    outcomes = race(open_store, database_url, draw, [(fund, list(range(1, 11)), 10)] * 50, 2, 25)
    assert outcomes == {"paid 10 dry 0 already 0": 1, "paid 0 dry 0 already 10": 49}
    with store.read() as tx:
        assert funds.one(tx, fund).balance == 900
    assert audit.run(store).faults == []


def test_batches_that_share_people_and_a_fund_that_runs_dry(store: Store, database_url: str) -> None:
    """Twenty batches of ten, each person in four of them, points for seventeen people."""
    fund = prepared(store, 17 * 5)
    batches = [(fund, [(n * 5 + k) % 50 + 1 for k in range(10)], 5) for n in range(40)]
    race(open_store, database_url, draw, batches, 2, 20)
    with store.read() as tx:
        purses = [queries.wallet(tx, m).points for m in range(1, 51)]
        assert funds.one(tx, fund).balance == 0
    assert sorted(purses) == [0] * 33 + [5] * 17
    assert audit.run(store).faults == []


def tick(house: Any, moment: datetime) -> str:
    move_challenges(house, moment)
    return "done"


def open_house(url: str) -> Any:
    return build_house(Settings(env="test", database_url=url, var_dir=Path(tempfile.mkdtemp())))


def test_many_schedulers_at_once_settle_a_challenge_once(house: Any, database_url: str) -> None:
    """Twelve people win ten points each, the fund has a hundred: ten are paid, whoever runs the clock and how often."""
    company = make_company(house, paid_in=100)
    number = company.challenge(tasks=(TaskFacts("person", "acts", 1, 10),))
    company.join(number, *company.people)
    for person in company.people:
        company.log(person, start_of(FIRST) + timedelta(hours=9))
    ends = start_of(FIRST + timedelta(days=7))
    for moment in (start_of(FIRST), ends, ends + timedelta(days=3)):
        assert race(open_house, database_url, tick, [moment] * 8, 2, 4) == {"done": 8}
    with house.store.read() as tx:
        status = dict(tx.rows(text("SELECT status, count(*) FROM challenge_award GROUP BY status")))
        assert status == {"paid": 10, "dry": 2}
        assert tx.scalar(text("SELECT status FROM challenge")) == "settled"
        assert funds.one(tx, company.fund).balance == 0
        steps = tx.rows(text("SELECT action FROM staff_action WHERE actor_id IS NULL AND action LIKE 'challenge.%'"))
    assert sorted(r.action for r in steps) == [
        "challenge.closed",
        "challenge.open",
        "challenge.scheduled",
        "challenge.settled",
    ]
    assert audit.run(house.store).faults == []
