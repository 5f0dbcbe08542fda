"""Boards: shared places, who got there first, gaps, neighbours, periods and the frozen order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from points_engine.clock import days_of
from points_engine.ranking import (
    Score,
    around,
    before,
    checksum,
    freezes_at,
    in_order,
    kind_of,
    per_head_milli,
    period_of,
    places,
    standings,
)

NOON = datetime(2026, 6, 15, 4, tzinfo=UTC)


def score(subject, value, minutes=0, members=1):
    return Score(subject, value, NOON + timedelta(minutes=minutes), members)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([5], [1]),
        ([9, 8, 7], [1, 2, 3]),
        ([9, 8, 8, 7], [1, 2, 2, 4]),
        ([9, 9, 9, 1], [1, 1, 1, 4]),
        ([9, 9, 8, 8, 7], [1, 1, 3, 3, 5]),
    ],
)
def test_equal_values_share_a_place(values, expected):
    assert places(values) == expected


def test_values_out_of_order_are_our_bug():
    with pytest.raises(AssertionError):
        places([1, 2])


def test_inside_a_tie_whoever_got_there_first_then_the_smaller_id():
    scores = [score(4, 8, 5), score(3, 8, 5), score(2, 8, 1), score(1, 7), score(5, 9, 9)]
    assert [each.subject for each in in_order(scores)] == [5, 2, 3, 4, 1]
    rows = standings(scores)
    assert [(row.place, row.score.subject) for row in rows] == [
        (1, 5),
        (2, 2),
        (2, 3),
        (2, 4),
        (5, 1),
    ]
    Random(1).shuffle(scores)
    assert standings(scores) == rows


def test_the_gap_leads_to_the_next_better_place_not_to_the_neighbour():
    rows = standings([score(1, 100), score(2, 80), score(3, 80, 1), score(4, 75)])
    assert [row.gap for row in rows] == [None, 20, 20, 5]
    assert [row.gap for row in standings([score(1, 5), score(2, 5, 1)])] == [None, None]


def test_nothing_earns_no_place():
    assert standings([score(1, 0), score(2, -5)]) == []


def test_my_row_with_its_neighbours():
    rows = standings([score(n, 100 - n) for n in range(1, 8)])
    assert [row.score.subject for row in around(rows, 4)] == [2, 3, 4, 5, 6]
    assert [row.score.subject for row in around(rows, 1, 1)] == [1, 2]
    assert [row.score.subject for row in around(rows, 7, 1)] == [6, 7]
    assert around(rows, 99) == []


@pytest.mark.parametrize(
    ("value", "members", "milli"),
    [(100, 3, 33333), (99, 3, 33000), (1, 1, 1000), (5, 0, 0), (0, 9, 0)],
)
def test_per_head_rounds_down(value, members, milli):
    assert per_head_milli(value, members) == milli


def test_a_frozen_board_shows_every_change():
    rows = standings([score(1, 9), score(2, 8), score(3, 8, 1)])
    first = checksum(rows)
    assert first == checksum(standings([score(3, 8, 1), score(2, 8), score(1, 9)]))
    for other in (
        [score(1, 9), score(2, 8), score(3, 7, 1)],
        [score(1, 9), score(3, 8), score(2, 8, 1)],
        [score(1, 9), score(2, 8), score(3, 8, 2)],
        [score(1, 9), score(2, 8), score(3, 8, 1, members=2)],
        [score(1, 9), score(2, 8)],
    ):
        assert checksum(standings(other)) != first


@pytest.mark.parametrize(
    ("kind", "day", "period", "previous"),
    [
        ("week", date(2026, 6, 15), "2026-W25", "2026-W24"),
        ("week", date(2027, 1, 3), "2026-W53", "2026-W52"),
        ("week", date(2027, 1, 4), "2027-W01", "2026-W53"),
        ("month", date(2026, 1, 31), "2026-01", "2025-12"),
        ("year", date(2026, 6, 15), "2026", "2025"),
        ("total", date(2026, 6, 15), "total", None),
    ],
)
def test_periods(kind, day, period, previous):
    assert period_of(kind, day) == period
    assert kind_of(period) == kind
    assert before(period) == previous


def test_a_period_freezes_when_late_acts_no_longer_count():
    grace = timedelta(hours=72)
    assert freezes_at("2026-W25", grace) == datetime(2026, 6, 24, 16, tzinfo=UTC)
    assert freezes_at("total", grace) is None


@pytest.mark.parametrize(
    "text",
    ["9999-12", "9999-W52", "2026-W54", "2026-13", "２０２６-06", "2026- 6", "2026-W1", "2026-1²", "", "week", "٢٠٢٦"],
)
def test_what_is_no_period_is_refused_as_such(text: str) -> None:
    with pytest.raises(ValueError):
        days_of(text)
