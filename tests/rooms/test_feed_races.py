"""Imports that nobody locks out: two partners at once keep everybody's caps, and a wallet that moved is found out."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.conftest import START
from tests.racing import race
from tests.rooms.test_feeds import open_house, people, run, write
from webapp import audit
from webapp.activities.tables import activity
from webapp.ledger.service import open_books, set_frozen
from webapp.ledger.setwise import credit_acts, look_into_books
from webapp.ledger.tables import wallet
from webapp.store import Overtaken, Store


def import_from(house: Any, item: str) -> str:
    path, source = item.split("|")
    summary, _ = run(house, Path(path), source)
    return "whole" if summary["rows"] == 900 else str(summary)


def test_two_partners_at_once_keep_the_caps_of_everybody(house: Any, tmp_path: Path, database_url: str) -> None:
    """Three rides of each of 300 members from either partner, four a day being paid: nobody's wallet is locked, and none is overtaken."""
    people(house.store, 300)
    items = []
    for minute, source in enumerate(("acme", "other")):
        rides = [f"e{n}-{h},p{n},bus_ride,1,2026-06-15 {h:02}:0{minute}:00" for h in (8, 12, 18) for n in range(1, 301)]
        items.append(f"{write(tmp_path / f'{source}.csv', *rides)}|{source}")
    assert race(open_house, database_url, import_from, items, 2, 1) == {"whole": 2}
    with house.store.read() as tx:
        paid = Counter(row.member_id for row in tx.rows(select(activity.c.member_id).where(activity.c.grams > 0)))
    assert paid == dict.fromkeys(range(1, 301), 4)
    assert audit.run(house.store).faults == []


@pytest.mark.servers
def test_a_wallet_that_moved_meanwhile_is_found_out(pg_url: str) -> None:
    store = Store(pg_url)
    people(store, 2)
    with store.write() as tx:
        open_books(tx, {1, 2}, START)
    one = [(member, str(uuid.uuid4()), 80, 8, "2026-06-15") for member in (1, 2)]
    with pytest.raises(Overtaken), store.write() as tx:
        books = look_into_books(tx, {1, 2}, START)
        with store.write() as other:
            set_frozen(other, 2, True, START)
        credit_acts(books, one)
    with pytest.raises(Overtaken), store.write() as tx:
        books = look_into_books(tx, {1}, START)
        with store.write() as other:
            credit_acts(look_into_books(other, {1}, START), one[:1])
        credit_acts(books, [(1, str(uuid.uuid4()), 80, 8, "2026-06-15")])
    with store.read() as tx:
        assert [tuple(row) for row in tx.rows(select(wallet.c.member_id, wallet.c.seq).order_by(wallet.c.member_id))] == [
            (1, 2), (2, 0)
        ]  # fmt: skip
    store.dispose()
