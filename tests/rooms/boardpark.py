"""A small park for the tests of boards and units: members as rows, grams as transfers, nothing made up around them."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from points_engine.ledger import Move
from webapp.green_units import service as units
from webapp.green_units.forms import UnitNames
from webapp.ledger import service as ledger
from webapp.members.tables import member
from webapp.rankings import service as rankings

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)  # Tuesday of 2026-W25, nine in the morning in Changzhi
TODAY = date(2026, 6, 16)
_numbers = itertools.count(1)


def people(store: Any, count: int, first: int = 1) -> list[int]:
    """Members `first` … with nicknames 用户1, 用户2 …"""
    ids = list(range(first, first + count))
    with store.write() as tx:
        tx.insert(
            member,
            [
                {"id": i, "public_id": f"p{i:07d}", "nickname": f"用户{i}", "theme": "auto", "created_at": NOW}
                for i in ids
            ],
        )
    return ids


def act(store: Any, who: int, grams: int, day: date = TODAY, now: datetime = NOW, account: str = "declared") -> None:
    """`who` saves grams on a day."""
    key = f"act:{next(_numbers)}"
    with store.write() as tx:
        books = ledger.open_books(tx, [who], now)
        books.stage(Move(who, "carbon", "reduction", account, grams, "act", key, key, day))
        books.count_act(who, day, 1)
        books.flush()


def undo(store: Any, who: int, grams: int, day: date = TODAY, now: datetime = NOW) -> None:
    """An act of `who` is taken back."""
    key = f"undo:{next(_numbers)}"
    with store.write() as tx:
        books = ledger.open_books(tx, [who], now)
        books.stage(Move(who, "carbon", "declared", "reduction", grams, "undo", key, key, day))
        books.count_act(who, day, -1)
        books.flush()


def company(store: Any, name: str, kind: str = "enterprise", now: datetime = NOW) -> int:
    with store.write() as tx:
        return units.create_unit(tx, 1, kind, UnitNames(name, name[:12]), now)


def join(store: Any, unit_id: int, *ids: int, now: datetime = NOW, department: int | None = None) -> None:
    with store.write() as tx:
        for who in ids:
            units.join_unit(tx, who, unit_id, now, department)


def catch_up(store: Any, now: datetime = NOW) -> None:
    while True:
        with store.write() as tx:
            if not rankings.catch_up(tx, now):
                return


def faults(store: Any) -> list[str]:
    with store.snapshot() as tx:
        return rankings.audit_boards(tx)


def close(store: Any, now: datetime, reviewed: tuple[str, ...] = ()) -> int:
    """What the timetable does each hour."""
    return rankings.close_due(store, reviewed, now)
