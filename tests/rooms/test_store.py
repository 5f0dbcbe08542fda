"""The store: what the hot statements answer, and that a read survives a restarted connection."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

from sqlalchemy import bindparam, select, text

from webapp.ledger.tables import lot
from webapp.photos.tables import upload
from webapp.store import Query, Store, Write, among

DAY = date(2026, 6, 16)
NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
IDS = [str(uuid.UUID(int=n)) for n in range(1, 4)]


def fill(store: Store) -> None:
    rows = [
        {
            "member_id": n, "id": id, "sha256": "a" * 64, "blob": "x.jpg", "thumbnail": None, "width": 1, "height": 1,
            "size": 1, "created_at": NOW,
        }
        for n, id in enumerate(IDS, 1)
    ]  # fmt: skip
    lots = [{"member_id": n, "expires_on": DAY, "remaining": n} for n in (1, 2)]
    with store.write() as tx:
        tx.write([Write(upload, rows), Write(lot, lots, ("member_id", "expires_on"), ("remaining",))])


PAIRS = Query(select(upload).where(among("keys", upload.c.member_id, upload.c.id)))
LEFT = Query(
    select(lot.c.member_id, lot.c.remaining).where(
        among("members", lot.c.member_id), lot.c.expires_on == bindparam("day"), lot.c.remaining > 0
    )
)


def test_pairs_are_looked_up_exactly_and_types_come_back(store: Store) -> None:
    fill(store)
    with store.read() as tx:
        rows = PAIRS.rows(tx, keys=[(1, IDS[0]), (2, IDS[1]), (3, IDS[0]), (9, IDS[2])])
        assert sorted((r.member_id, r.id, r.created_at) for r in rows) == [(1, IDS[0], NOW), (2, IDS[1], NOW)]
        assert PAIRS.rows(tx, keys=[]) == []


def test_lists_and_values_go_together(store: Store) -> None:
    fill(store)
    rows = store.look_up(LEFT, members=[2, 3, 1], day=DAY)
    assert sorted(rows) == [(1, 1), (2, 2)]


def test_writes_of_several_tables_add_up_on_conflict(store: Store) -> None:
    fill(store)
    again = [{"member_id": 1, "expires_on": DAY, "remaining": 5}]
    with store.write() as tx:
        assert tx.upsert(lot, again, key=("member_id", "expires_on"), add=("remaining",)) == 1
        assert tx.upsert(lot, again, key=("member_id", "expires_on")) == 0
    assert store.look_up(LEFT, members=[1], day=DAY) == [(1, 6)]


def test_a_read_is_asked_again_after_the_connection_broke(store: Store) -> None:
    fill(store)
    ask = {"members": [1], "day": DAY}
    assert store.look_up(LEFT, **ask) == [(1, 1)]
    if store.dialect == "postgresql":
        with store.write() as tx:
            tx.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            )
    assert store.look_up(LEFT, **ask) == [(1, 1)]
