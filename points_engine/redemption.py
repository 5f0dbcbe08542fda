"""兑换: a redemption is held, then fulfilled, cancelled or expired; who may end it, when, and what moves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from points_engine.errors import EngineError, refuse


class Status(StrEnum):
    HELD = "held"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Actor(StrEnum):
    MEMBER = "member"  # the one who redeemed
    MERCHANT = "merchant"  # the partner whose reward it is
    STAFF = "staff"
    CLOCK = "clock"


WHO_ENDS: dict[Status, frozenset[Actor]] = {
    Status.FULFILLED: frozenset({Actor.MERCHANT}),
    Status.CANCELLED: frozenset({Actor.MEMBER, Actor.STAFF}),
    Status.EXPIRED: frozenset({Actor.CLOCK}),
}

# status reached → (debit, credit, code) of the one points transfer that goes with it
MOVES: dict[Status, tuple[str, str, str]] = {
    Status.HELD: ("points", "held", "redeem"),
    Status.FULFILLED: ("held", "spent", "fulfil"),
    Status.CANCELLED: ("held", "points", "refund"),
    Status.EXPIRED: ("held", "points", "refund"),
}
# A donation is handed over the moment it is asked for: nothing is held.
DONATION = ("points", "spent", "donation")

RETURNS_STOCK = frozenset({Status.CANCELLED, Status.EXPIRED})


def end(status: Status, to: Status, actor: Actor, *, now: datetime, expires_at: datetime | None) -> Status:
    """The status after `actor` ends a redemption, or the refusal.

    A hold belongs to the merchant up to its last instant and to the clock from then on. Cancelling
    stays possible until the clock has acted: either way the points come back.
    """
    if actor not in WHO_ENDS.get(to, frozenset()):
        raise refuse("forbidden", "not_yours")
    if status is not Status.HELD:
        raise _too_late(status, to)
    over = expires_at is not None and now >= expires_at
    if to is Status.FULFILLED and over:
        raise refuse("conflict", "redemption_expired")
    if to is Status.EXPIRED and not over:
        raise refuse("conflict", "not_expired_yet")
    return to


def _too_late(status: Status, to: Status) -> EngineError:
    if to is not Status.FULFILLED:
        return refuse("conflict", "already_resolved", status=status.value)
    if status is Status.FULFILLED:
        return refuse("conflict", "already_fulfilled")
    return refuse("conflict", f"redemption_{status}")


def check_request(*, available: int, price: int, stock: int, taken: int, limit: int | None) -> None:
    """Refuse a redemption that cannot be: the limit first, then stock, then points."""
    if limit is not None and taken >= limit:
        raise refuse("conflict", "limit_reached", limit=limit)
    if stock < 1:
        raise refuse("conflict", "out_of_stock")
    if available < price:
        raise refuse("conflict", "insufficient_points", available=available, needed=price)
