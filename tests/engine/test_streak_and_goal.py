"""Streaks with their free rest days, and the ring of the monthly goal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from points_engine.goal import ring, suggest
from points_engine.streak import streak


def june(*days):
    return [date(2026, 6, day) for day in days]


@pytest.mark.parametrize(
    ("active", "today", "current", "best", "rest_left", "rested"),
    [
        ([], 15, 0, 0, 2, []),
        ([15], 15, 1, 1, 2, []),
        ([14], 15, 1, 1, 2, []),  # today is not over
        ([13], 15, 1, 1, 1, [14]),
        ([12], 15, 1, 1, 0, [13, 14]),
        ([11], 15, 0, 1, 2, []),  # three missed days are too many, and no rest is spent on them
        ([10, 11, 13, 14, 15], 15, 5, 5, 1, [12]),
        ([10, 12, 14, 15], 15, 4, 4, 0, [11, 13]),
        ([9, 11, 13, 15], 15, 1, 3, 0, []),  # the third gap of the month breaks it
        ([1, 2, 3, 4, 9, 10], 10, 2, 4, 2, []),
        ([10, 10, 11], 11, 2, 2, 2, []),  # two acts on a day are one day
        ([14, 15, 16, 17], 15, 2, 2, 2, []),  # the future does not count
    ],
)
def test_streak(active, today, current, best, rest_left, rested):
    got = streak(june(*active), june(today)[0])
    assert (got.current, got.best, got.rest_left) == (current, best, rest_left)
    assert list(got.rested) == june(*rested)
    assert got.kept_today is (today in active)


def test_each_month_has_its_own_rest_days():
    days = [date(2026, 6, 28), date(2026, 7, 3)]  # 29 and 30 June, 1 and 2 July
    got = streak(days, date(2026, 7, 3))
    assert (got.current, got.rest_left, len(got.rested)) == (2, 0, 4)
    assert streak([date(2026, 6, 27), date(2026, 7, 2)], date(2026, 7, 2)).current == 1


def test_a_long_streak():
    first = date(2026, 1, 1)
    days = [first + timedelta(days=n) for n in range(300)]
    assert streak(days, days[-1]).current == 300


@pytest.mark.parametrize(
    ("done", "goal", "day", "percent", "left", "days_left", "a_day"),
    [
        (0, 3000, 1, 0, 3000, 30, 100),
        (2999, 3000, 30, 99, 1, 1, 1),
        (3000, 3000, 15, 100, 0, 16, 0),
        (9000, 3000, 15, 100, 0, 16, 0),
        (1000, 3000, 15, 33, 2000, 16, 125),
    ],
)
def test_ring(done, goal, day, percent, left, days_left, a_day):
    got = ring(done, goal, date(2026, 6, day))
    assert (got.percent, got.left, got.days_left, got.a_day) == (percent, left, days_left, a_day)
    assert got.reached is (left == 0)


def test_a_goal_of_nothing_is_our_bug():
    with pytest.raises(ValueError):
        ring(0, 0, date(2026, 6, 1))


@pytest.mark.parametrize(("last_month", "goal"), [(0, 2000), (1000, 2000), (5000, 5500), (5001, 6000), (10000, 11000)])
def test_suggest(last_month, goal):
    assert suggest(last_month) == goal
