"""Prepaid funds: paid in once, drawn in batches, never below nothing, and what the audit finds when a row is touched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from points_engine.errors import EngineError, Invalid
from points_engine.ledger import Move
from tests.people import make_member, make_unit
from webapp import audit
from webapp.ledger import funds, queries, service
from webapp.store import Store

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
CAUSE = "prize:1"


def grant(member: int, points: int, key: str = "task:1", cause: str = CAUSE) -> Move:
    return Move(member, "points", "granted", "points", points, "challenge_bonus", cause, f"{cause}:{key}")


def opened(store: Store, points: int = 0) -> int:
    with store.write() as tx:
        made = funds.open_fund(tx, 9, "unit", 7, "员工挑战", NOW)
        if points:
            funds.deposit(tx, made, points, "invoice:1", "invoice:1", NOW, 9)
    return made


def drawn(store: Store, fund: int, *moves: Move, cause: str = CAUSE) -> funds.Drawn:
    return store.retrying(lambda tx: funds.draw(tx, fund, cause, moves, NOW))


def balance(store: Store, fund: int) -> int:
    with store.read() as tx:
        return funds.one(tx, fund).balance


def points(store: Store, *members: int) -> list[int]:
    with store.read() as tx:
        return [queries.wallet(tx, m).points for m in members]


def test_a_payment_comes_in_once(store: Store) -> None:
    fund = opened(store, 100)
    with store.write() as tx:
        assert not funds.deposit(tx, fund, 100, "invoice:1", "invoice:1", NOW, 9)
        assert funds.deposit(tx, fund, 20, "invoice:2", "invoice:2", NOW, 9)
    assert balance(store, fund) == 120
    with store.read() as tx:
        assert [(line.code, line.amount, line.balance) for line in funds.lines(tx, fund)] == [
            ("deposit", 20, 120),
            ("deposit", 100, 100),
        ]
    assert audit.run(store).faults == []


def test_nobody_fills_a_fund_that_they_spend(house: Any) -> None:
    both, other = make_member(house, "both"), make_member(house, "other")
    unit = make_unit(house, "enterprise", "漳山发电", both)
    with house.store.write() as tx:
        fund = funds.open_fund(tx, both.id, "unit", unit, "员工挑战", NOW)
    for use_case in (funds.deposit, funds.withdraw):
        with pytest.raises(EngineError, match="not_your_own"), house.store.write() as tx:
            use_case(tx, fund, 10, "invoice:1", "invoice:1", NOW, both.id)
    with house.store.write() as tx:
        assert funds.deposit(tx, fund, 10, "invoice:1", "invoice:1", NOW, other.id)
        park = funds.open_fund(tx, both.id, "park", None, "园区", NOW)
        assert funds.deposit(tx, park, 10, "invoice:1", "invoice:1", NOW, both.id)


def test_a_batch_is_one_movement_and_each_member_is_paid_once(store: Store) -> None:
    fund = opened(store, 100)
    first = drawn(store, fund, grant(1, 30), grant(2, 30))
    again = drawn(store, fund, grant(1, 30), grant(2, 30), grant(3, 30))
    assert [m.member_id for m in first.paid] == [1, 2]
    assert [m.member_id for m in again.already] == [1, 2] and [m.member_id for m in again.paid] == [3]
    assert balance(store, fund) == 10 and points(store, 1, 2, 3) == [30, 30, 30]
    with store.read() as tx:
        assert [line.amount for line in funds.lines(tx, fund)] == [-30, -60, 100]
        assert funds.drawn(tx, fund) == 90
    assert audit.run(store).faults == []


@pytest.mark.parametrize(
    ("have", "asked", "paid"),
    [
        (100, [40, 40, 20], [1, 1, 1]),
        (99, [40, 40, 20], [1, 1, 0]),
        (50, [60, 30, 30, 20], [0, 1, 0, 1]),  # one that is too large does not hold up the next
        (10, [11, 12], [0, 0]),
        (0, [1], [0]),
    ],
)
def test_who_is_paid_when_it_runs_dry(store: Store, have: int, asked: list[int], paid: list[int]) -> None:
    fund = opened(store, have)
    moves = [grant(n, amount) for n, amount in enumerate(asked, 1)]
    done = drawn(store, fund, *moves)
    assert {m.member_id for m in done.paid} == {n for n, yes in enumerate(paid, 1) if yes}
    assert {m.member_id for m in done.dry} == {n for n, yes in enumerate(paid, 1) if not yes}
    assert balance(store, fund) == have - sum(a for a, yes in zip(asked, paid, strict=True) if yes)
    assert audit.run(store).faults == []


def test_topped_up_it_pays_what_was_dry_and_nobody_twice(store: Store) -> None:
    fund = opened(store, 30)
    assert len(drawn(store, fund, grant(1, 30), grant(2, 30)).dry) == 1
    with store.write() as tx:
        funds.deposit(tx, fund, 30, "invoice:2", "invoice:2", NOW, 9)
    assert [m.member_id for m in drawn(store, fund, grant(1, 30), grant(2, 30)).paid] == [2]
    assert points(store, 1, 2) == [30, 30] and balance(store, fund) == 0


def test_a_frozen_account_waits_and_holds_up_nobody(store: Store) -> None:
    fund = opened(store, 100)
    with store.write() as tx:
        service.set_frozen(tx, 1, True, NOW)
    done = drawn(store, fund, grant(1, 30), grant(2, 30))
    assert [m.member_id for m in done.frozen] == [1] and [m.member_id for m in done.paid] == [2]
    assert balance(store, fund) == 70


def test_what_comes_back_is_the_funds_again(store: Store) -> None:
    fund = opened(store, 100)
    drawn(store, fund, grant(1, 30))
    back = Move(1, "points", "points", "granted", 30, "bonus_back", CAUSE, f"{CAUSE}:task:1:back")
    for _ in range(2):
        with store.write() as tx:
            funds.put_back(tx, fund, CAUSE, [back], NOW)
    assert balance(store, fund) == 100 and points(store, 1) == [0]
    assert audit.run(store).faults == []


def test_only_what_is_there_can_be_withdrawn(store: Store) -> None:
    fund = opened(store, 50)
    with store.write() as tx:
        funds.withdraw(tx, fund, 20, "wrong amount", "back:1", NOW, 9)
        assert not funds.withdraw(tx, fund, 20, "wrong amount", "back:1", NOW, 9)
        with pytest.raises(EngineError, match="fund_too_small"):
            funds.withdraw(tx, fund, 31, "too much", "back:2", NOW, 9)
    assert balance(store, fund) == 30
    assert audit.run(store).faults == []


@pytest.mark.parametrize(
    ("kind", "owner", "name", "field"),
    [("bank", 1, "x", "kind"), ("unit", None, "x", "owner"), ("park", 1, "x", "owner"), ("park", None, " ", "name")],
)
def test_a_fund_has_a_kind_an_owner_and_a_name(
    store: Store, kind: str, owner: int | None, name: str, field: str
) -> None:
    with store.write() as tx, pytest.raises(Invalid) as wrong:
        funds.open_fund(tx, 9, kind, owner, name, NOW)
    assert set(wrong.value.fields) == {field}


def test_the_database_refuses_to_change_a_movement(store: Store) -> None:
    opened(store, 50)
    for statement in ("UPDATE fund_transfer SET amount = 60", "DELETE FROM fund_transfer"):
        with pytest.raises(DBAPIError), store.write() as tx:
            tx.execute(text(statement))


@pytest.mark.parametrize(
    "touch",
    [
        "UPDATE fund SET balance = balance + 1",
        "UPDATE fund SET digest = 'x'",
        "UPDATE fund_transfer SET amount = 60 WHERE seq = 1",
        "DELETE FROM fund_transfer WHERE seq = 2",
        "UPDATE fund_transfer SET cause = 'prize:2' WHERE seq = 2",
    ],
)
def test_the_audit_sees_a_touched_row(store: Store, touch: str) -> None:
    fund = opened(store, 50)
    drawn(store, fund, grant(1, 30))
    assert audit.run(store).faults == []
    with store.write() as tx:
        for off in _guards_off(store):
            tx.execute(text(off))
        tx.execute(text(touch))
    assert audit.run(store).faults != []


def test_the_audit_sees_a_reward_that_no_fund_gave(store: Store) -> None:
    with store.write() as tx:
        service.post(tx, [grant(1, 30)], NOW)
    assert audit.run(store).faults == ["prize:1: funds gave 0, members got 30"]


def _guards_off(store: Store) -> list[str]:
    if store.dialect == "postgresql":
        return ["ALTER TABLE fund_transfer DISABLE TRIGGER fund_transfer_append_only"]
    return ["DROP TRIGGER fund_transfer_no_update", "DROP TRIGGER fund_transfer_no_delete"]
