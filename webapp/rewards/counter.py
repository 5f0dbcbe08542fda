"""The counter's patience: a typed code is tried, and a wrong one is remembered although the refusal leaves no trace."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from points_engine.errors import EngineError, refuse
from webapp.rewards.fulfilling import Receipt, fulfil
from webapp.rewards.tables import wrong_code
from webapp.store import Store, Tx

TRIES = 5
WINDOW = timedelta(minutes=10)


def fulfil_typed(
    store: Store, actor_id: int, merchant_ids: Collection[int], fulfilment_id: str, code: str, now: datetime
) -> Receipt:
    """`fulfil` for a person at a counter: at most five codes that do not exist in ten minutes.

    It takes the store, not a transaction, because the wrong try must stay when the refusal is rolled back.
    """
    try:
        return store.retrying(lambda tx: _try(tx, actor_id, merchant_ids, fulfilment_id, code, now))
    except EngineError as error:
        if error.code == "unknown_code":
            store.retrying(lambda tx: _remember(tx, actor_id, now))
        raise


def wrong_codes_left(tx: Tx, actor_id: int, now: datetime) -> int:
    """How many more wrong codes this person may type for now."""
    return max(0, TRIES - _recent(tx, actor_id, now))


def _try(tx: Tx, actor_id: int, merchant_ids: Collection[int], fulfilment_id: str, code: str, now: datetime) -> Receipt:
    if wrong_codes_left(tx, actor_id, now) == 0:
        raise refuse("limit", "too_many_attempts", retry_after=int(WINDOW.total_seconds()))
    return fulfil(tx, actor_id, merchant_ids, fulfilment_id, code, now)


def _remember(tx: Tx, actor_id: int, now: datetime) -> None:
    tx.execute(delete(wrong_code).where(wrong_code.c.member_id == actor_id, wrong_code.c.typed_at <= now - WINDOW))
    tx.insert(wrong_code, [{"member_id": actor_id, "id": str(uuid.uuid4()), "typed_at": now}])


def _recent(tx: Tx, actor_id: int, now: datetime) -> int:
    return int(
        tx.scalar(
            select(func.count())
            .select_from(wrong_code)
            .where(wrong_code.c.member_id == actor_id, wrong_code.c.typed_at > now - WINDOW)
        )
        or 0
    )
