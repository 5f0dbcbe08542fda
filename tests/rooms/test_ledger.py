"""The ledger: posting, holds, lots, expiry, the chain, and what the audit finds when a row is touched."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from points_engine.errors import EngineError
from points_engine.ledger import Move
from webapp.ledger import queries, service
from webapp.ledger.audit import check_members, member_ranges
from webapp.store import Store

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
DAY = date(2026, 6, 16)


def award(member: int, points: int, key: str, **more: object) -> Move:
    return Move(member, "points", "awarded", "points", points, "review", f"activity:{key}", key, DAY, **more)  # type: ignore[arg-type]


def hold(member: int, points: int, name: str) -> Move:
    cause = f"redemption:{name}"
    return Move(member, "points", "points", "held", points, "hold", cause, service.hold_key(cause))


def release(member: int, points: int, name: str) -> Move:
    cause = f"redemption:{name}"
    return Move(member, "points", "held", "points", points, "refund", cause, f"{cause}:refund")


def post(store: Store, *moves: Move, now: datetime = NOW) -> list[service.Posted]:
    with store.write() as tx:
        return service.post(tx, moves, now)


def faults(store: Store) -> list[str]:
    with store.snapshot() as tx:
        return [f for first, last in member_ranges(tx) for f in check_members(tx, first, last).faults]


def wallet(store: Store, member: int) -> tuple[int, int, int, int]:
    with store.read() as tx:
        w = queries.wallet(tx, member)
    return w.declared_g, w.verified_g, w.points, w.held


def test_a_key_moves_once_and_answers_the_first(store: Store) -> None:
    first = post(store, award(1, 30, "a"), award(1, 30, "a"), award(2, 5, "a"))
    again = post(store, award(1, 30, "a"))
    assert [p.fresh for p in first] == [True, False, True]
    assert [p.seq for p in again] == [first[0].seq] and not again[0].fresh
    assert wallet(store, 1) == (0, 0, 30, 0) and wallet(store, 2) == (0, 0, 5, 0)
    assert faults(store) == []


def test_a_batch_is_all_or_nothing(store: Store) -> None:
    post(store, award(1, 30, "a"))
    with pytest.raises(EngineError) as refused:
        post(store, award(1, 5, "b"), hold(1, 36, "x"))
    assert refused.value.code == "insufficient_points"
    assert wallet(store, 1) == (0, 0, 30, 0) and faults(store) == []


def test_points_are_spent_first_to_expire_and_refunds_go_home(store: Store) -> None:
    early, late = date(2026, 7, 1), date(2027, 1, 1)
    post(store, award(1, 10, "late", expires_on=late), award(1, 10, "early", expires_on=early))
    post(store, hold(1, 15, "x"))
    with store.read() as tx:
        assert queries.expiring(tx, 1, DAY) == [(late, 5)]
    post(store, release(1, 15, "x"))
    with store.read() as tx:
        assert queries.expiring(tx, 1, DAY) == [(early, 10), (late, 10)]
    assert faults(store) == []


def test_a_refund_to_a_lot_that_expired_meanwhile_lives_on_for_a_while(store: Store) -> None:
    post(store, award(1, 10, "a", expires_on=DAY))
    post(store, hold(1, 10, "x"))
    later = NOW + timedelta(days=3)
    post(store, release(1, 10, "x"), now=later)
    with store.read() as tx:
        assert queries.expiring(tx, 1, date(2026, 6, 19)) == [(date(2026, 7, 19), 10)]


def test_expired_points_cannot_be_spent_even_before_the_job_ran(store: Store) -> None:
    post(store, award(1, 10, "a", expires_on=DAY))
    last_second = datetime(2026, 6, 16, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Shanghai
    with pytest.raises(EngineError):
        post(store, hold(1, 10, "x"), now=last_second + timedelta(seconds=1))
    post(store, hold(1, 10, "x"), now=last_second)
    assert wallet(store, 1) == (0, 0, 0, 10)


def test_expiry_takes_back_once(store: Store) -> None:
    post(store, award(1, 10, "a", expires_on=DAY), award(1, 4, "b", expires_on=date(2027, 1, 1)))
    tomorrow = NOW + timedelta(days=1)
    for expected in ([(1, 10)], []):
        with store.write() as tx:
            assert service.expire_points(tx, tomorrow) == expected
    assert wallet(store, 1) == (0, 0, 4, 0) and faults(store) == []


def test_a_frozen_member_neither_earns_nor_spends_but_gets_refunds(store: Store) -> None:
    post(store, award(1, 10, "a"), hold(1, 5, "x"))
    with store.write() as tx:
        service.set_frozen(tx, 1, True, NOW)
    for move in (award(1, 1, "b"), hold(1, 1, "y")):
        with pytest.raises(EngineError) as refused:
            post(store, move)
        assert refused.value.code == "account_frozen"
    post(store, release(1, 5, "x"))
    assert wallet(store, 1) == (0, 0, 10, 0)


def test_the_database_itself_refuses_to_change_or_delete_a_transfer(store: Store) -> None:
    post(store, award(1, 10, "a"))
    for statement in ("UPDATE transfer SET amount = 99", "DELETE FROM transfer"):
        with pytest.raises(DBAPIError), store.write() as tx:
            tx.execute(text(statement))


TAMPERINGS = {
    "changed amount": "UPDATE transfer SET amount = amount + 1 WHERE member_id = 1 AND seq = 1",
    "swapped accounts": "UPDATE transfer SET debit = credit, credit = debit WHERE member_id = 1 AND seq = 1",
    "deleted row": "DELETE FROM transfer WHERE member_id = 1 AND seq = 2",
    "deleted tail": "DELETE FROM transfer WHERE member_id = 1 AND seq = 3",
    "inserted row": "INSERT INTO transfer (member_id, seq, book, debit, credit, amount, code, cause, key, posted_at, digest) "
    "SELECT member_id, 99, book, debit, credit, amount, code, cause, 'forged', posted_at, digest FROM transfer WHERE member_id = 1 AND seq = 1",
    "changed cause": "UPDATE transfer SET cause = 'activity:other' WHERE member_id = 1 AND seq = 1",
    "changed balance": "UPDATE wallet SET points = points + 1 WHERE member_id = 1",
    "changed lot": "UPDATE lot SET remaining = remaining + 1 WHERE member_id = 1",
    "changed day": "UPDATE member_day SET points = points + 1 WHERE member_id = 1",
    "deleted wallet": "DELETE FROM wallet WHERE member_id = 2",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_the_audit_finds(store: Store, what: str) -> None:
    post(store, award(1, 10, "a"), award(1, 20, "b"), hold(1, 5, "x"), award(2, 3, "a"))
    assert faults(store) == []
    tamper(store, TAMPERINGS[what])
    assert faults(store), what


def tamper(store: Store, statement: str) -> None:
    """Change a row as somebody with the database's keys would: past the triggers."""
    with store.write() as tx:
        if store.dialect == "postgresql":
            tx.execute(text("ALTER TABLE transfer DISABLE TRIGGER ALL"))
        else:
            tx.execute(text("DROP TRIGGER transfer_no_update"))
            tx.execute(text("DROP TRIGGER transfer_no_delete"))
        tx.execute(text(statement))
