"""A writer killed in the middle of its work: what it acknowledged is there, and the books balance."""

from __future__ import annotations

from tests.crashing import Careless, run


def test_no_acknowledged_credit_is_lost(database_url: str) -> None:
    cycles = 150 if database_url.startswith("sqlite") else 60
    acked, problems = run(database_url, cycles, seed=7)
    assert acked > cycles and problems == []


def test_the_control_without_a_transaction_is_caught(sqlite_url: str) -> None:
    _, problems = run(sqlite_url, 40, seed=7, kind=Careless)
    assert problems, "the harness must see what half-written batches leave behind"
