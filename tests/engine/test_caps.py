"""Caps by day and month together: exact totals to the last unit, a new month begins anew, shared by acts of one group."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from points_engine.activity import Act, Decision, Usage, decide
from points_engine.methodology import Level, load
from points_engine.methodology.model import Behaviour, Cap

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)


def behaviour(of: str) -> Behaviour:
    """Cycling with 20 a day and 250 a month, of kilometres or of acts."""
    caps = (Cap("day", Decimal(20), of, "", "R"), Cap("month", Decimal(250), of, "", "R"))
    return replace(load().by_code["bike"], caps=caps, exclusions=())


def told(which: Behaviour, counters: dict[tuple[str, str], int], at: datetime, quantity: str) -> Decision:
    """Decide one act and let it use up its caps, as the ledger's shell does."""
    made = decide(Act(which, Decimal(quantity), {}, Level.DEVICE, at), Usage(counters, 0, 0))
    for key, used in made.counters.items():
        counters[key] = counters.get(key, 0) + used
    return made


@pytest.mark.parametrize("share", ["20", "7", "0.5", "33.333"])
def test_twenty_a_day_and_two_hundred_and_fifty_a_month(share: str) -> None:
    counters: dict[tuple[str, str], int] = {}
    which = behaviour("quantity")
    days = []
    for day in range(31):
        fits = [told(which, counters, NOON + timedelta(days=day, minutes=n), share).credited for n in range(45)]
        days.append(sum(fits))
    assert days[:12] == [20] * 12 and days[12] == 10 and sum(days) == 250
    last = told(which, counters, NOON + timedelta(days=30), share)
    assert (last.grams, last.points) == (0, 0) and last.reasons
    assert told(which, counters, NOON + timedelta(days=31), "5").credited == 5, "June begins anew"


def test_acts_are_counted_whole() -> None:
    counters: dict[tuple[str, str], int] = {}
    which = behaviour("acts")
    credited = [
        sum(told(which, counters, NOON + timedelta(days=day, minutes=n), "3").grams > 0 for n in range(25))
        for day in range(31)
    ]
    assert credited[:13] == [20] * 12 + [10] and sum(credited) == 250
