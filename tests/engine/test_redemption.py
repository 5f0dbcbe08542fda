"""Who may end a held redemption, when, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from points_engine.errors import EngineError
from points_engine.redemption import MOVES, RETURNS_STOCK, Actor, Status, check_request, end

DEADLINE = datetime(2026, 6, 15, 16, tzinfo=UTC)
JUST_BEFORE = DEADLINE - timedelta(microseconds=1)
H, F, C, E = Status.HELD, Status.FULFILLED, Status.CANCELLED, Status.EXPIRED
ME, SHOP, STAFF, CLOCK = Actor.MEMBER, Actor.MERCHANT, Actor.STAFF, Actor.CLOCK


@pytest.mark.parametrize(
    ("status", "to", "actor", "now", "outcome"),
    [
        (H, F, SHOP, JUST_BEFORE, F),
        (H, F, SHOP, DEADLINE, "redemption_expired"),
        (H, F, ME, JUST_BEFORE, "not_yours"),
        (H, F, STAFF, JUST_BEFORE, "not_yours"),
        (H, F, CLOCK, JUST_BEFORE, "not_yours"),
        (H, C, ME, JUST_BEFORE, C),
        (H, C, ME, DEADLINE, C),
        (H, C, STAFF, JUST_BEFORE, C),
        (H, C, SHOP, JUST_BEFORE, "not_yours"),
        (H, E, CLOCK, DEADLINE, E),
        (H, E, CLOCK, JUST_BEFORE, "not_expired_yet"),
        (H, E, ME, DEADLINE, "not_yours"),
        (H, H, ME, JUST_BEFORE, "not_yours"),
        (F, F, SHOP, JUST_BEFORE, "already_fulfilled"),
        (C, F, SHOP, JUST_BEFORE, "redemption_cancelled"),
        (E, F, SHOP, JUST_BEFORE, "redemption_expired"),
        (F, C, ME, JUST_BEFORE, "already_resolved"),
        (C, C, ME, JUST_BEFORE, "already_resolved"),
        (E, C, ME, DEADLINE, "already_resolved"),
        (F, E, CLOCK, DEADLINE, "already_resolved"),
        (C, E, CLOCK, DEADLINE, "already_resolved"),
    ],
)
def test_ending(status, to, actor, now, outcome):
    try:
        got = end(status, to, actor, now=now, expires_at=DEADLINE)
    except EngineError as refused:
        got = refused.code
    assert got == outcome


def test_without_a_deadline_only_people_end_it():
    assert end(H, F, SHOP, now=DEADLINE, expires_at=None) is F
    with pytest.raises(EngineError, match="not_expired_yet"):
        end(H, E, CLOCK, now=DEADLINE, expires_at=None)


def test_every_move_gives_back_or_spends_what_was_held():
    held = MOVES[H][1]
    assert {MOVES[status][0] for status in (F, C, E)} == {held}
    assert {status for status in Status if MOVES[status][1] == "points"} == RETURNS_STOCK


@pytest.mark.parametrize(
    ("available", "stock", "taken", "limit", "outcome"),
    [
        (50, 1, 0, 1, None),
        (50, 1, 9, None, None),
        (49, 1, 0, 1, "insufficient_points"),
        (50, 0, 0, 1, "out_of_stock"),
        (50, 1, 1, 1, "limit_reached"),
        (0, 0, 1, 1, "limit_reached"),
        (0, 0, 0, 1, "out_of_stock"),
    ],
)
def test_asking(available, stock, taken, limit, outcome):
    got = None
    try:
        check_request(available=available, price=50, stock=stock, taken=taken, limit=limit)
    except EngineError as refused:
        got = refused.code
    assert got == outcome
