"""Going through what is old, a batch at a time: the one loop behind every job that deletes by member and id."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_, select

from webapp.store.engine import Store, Tx

BATCH = 200

Place = tuple[int, str]
START: Place = (0, str(uuid.UUID(int=0)))


def sweep(store: Store, table: Table, old: ColumnElement[bool], purge: Callable[[Tx, list[Place]], int]) -> int:
    """How many rows `purge` did away with, asked for each batch of (member_id, id) for which `old` holds.

    What purge leaves is not asked again, so it ends; run twice it finds what the first run left.
    """
    gone, after = 0, START
    while batch := _batch(store, table, old, after):
        gone += store.retrying(partial(_purged, purge, batch))
        after = batch[-1]
    return gone


def _purged(purge: Callable[[Tx, list[Place]], int], batch: list[Place], tx: Tx) -> int:
    return purge(tx, batch)


def _batch(store: Store, table: Table, old: Any, after: Place) -> list[Place]:
    c, (member, last) = table.c, after
    beyond = or_(c.member_id > member, and_(c.member_id == member, c.id > last))
    with store.read() as tx:
        rows = tx.rows(select(c.member_id, c.id).where(beyond, old).order_by(c.member_id, c.id).limit(BATCH))
    return [(row.member_id, row.id) for row in rows]
