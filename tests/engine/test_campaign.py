"""Campaigns: the window on our clock, the multiplier on points only, tasks and their progress."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from points_engine.campaign import (
    Act,
    Audience,
    Task,
    bonus,
    completed_by,
    days_left,
    days_of_window,
    due,
    inside,
    progress,
    status_at,
    theme_tasks,
)

# 2026-06-15 00:00 to 2026-06-22 00:00 in Shanghai
START, END = datetime(2026, 6, 14, 16, tzinfo=UTC), datetime(2026, 6, 21, 16, tzinfo=UTC)
MONDAY = date(2026, 6, 15)
TICK = timedelta(microseconds=1)
RIDE = Act("a", "bike", "行", Decimal("5.2"), 247, 26, MONDAY, START + timedelta(hours=10))
TASK = Task(1, None, "log", frozenset(), frozenset(), 3, 30)


def acts(*changes):
    """Rides that differ from the first in what each change says, an hour apart."""
    return [
        replace(RIDE, **({"id": chr(98 + n), "recorded_at": START + timedelta(hours=11 + n)} | change))
        for n, change in enumerate(changes)
    ]


@pytest.mark.parametrize(
    ("occurred_on", "recorded_at", "counts"),
    [
        (MONDAY, START, True),
        (MONDAY, START - TICK, False),
        (date(2026, 6, 21), END - TICK, True),
        (date(2026, 6, 21), END, False),
        (date(2026, 6, 14), START + timedelta(hours=1), False),  # done before, logged inside
        (date(2026, 6, 22), END - TICK, False),  # a phone clock that runs ahead
    ],
)
def test_the_window_is_on_our_clock_and_on_the_members_day(occurred_on, recorded_at, counts):
    act = replace(RIDE, occurred_on=occurred_on, recorded_at=recorded_at)
    assert inside(act, START, END) is counts


def test_days_of_the_window():
    assert days_of_window(START, END) == (MONDAY, date(2026, 6, 21))
    assert days_of_window(START, END + TICK) == (MONDAY, date(2026, 6, 22))
    assert [days_left(END, now) for now in (START, END - TICK, END)] == [7, 1, 0]


@pytest.mark.parametrize(
    ("status", "now", "after"),
    [
        ("draft", END, "draft"),
        ("scheduled", START - TICK, "scheduled"),
        ("scheduled", START, "open"),
        ("open", END - TICK, "open"),
        ("open", END, "closed"),
        ("scheduled", END, "closed"),
        ("closed", START, "closed"),
    ],
)
def test_where_the_clock_takes_it(status, now, after):
    assert status_at(status, START, END, now) == after


@pytest.mark.parametrize(
    ("points", "percent", "extra"),
    [
        (26, 150, 13),
        (5, 150, 2),
        (1, 150, 0),
        (26, 200, 26),
        (26, 100, 0),
        (26, 50, 0),
        (7, 133, 2),
    ],
)
def test_the_multiplier_rounds_down(points, percent, extra):
    assert bonus(points, percent) == extra


@pytest.mark.parametrize(
    ("audience", "units", "meant"),
    [
        (Audience(everybody=True), {}, True),
        (Audience(), {"enterprise": 1}, False),
        (Audience(kinds=frozenset({"family"})), {"enterprise": 1}, False),
        (Audience(kinds=frozenset({"enterprise"})), {"enterprise": 1}, True),
        (Audience(units=frozenset({1, 2})), {"enterprise": 2}, True),
        (Audience(units=frozenset({1, 2})), {"enterprise": 3}, False),
    ],
)
def test_audience(audience, units, meant):
    assert audience.includes(units) is meant


MEAL = {"behaviour": "clean_plate", "domain": "食", "quantity": Decimal(1), "grams": 72}


@pytest.mark.parametrize(
    ("task", "changes", "reached"),
    [
        ({}, [{}, MEAL], 2),
        ({"behaviours": frozenset({"bike"})}, [{}, MEAL], 1),
        ({"domains": frozenset({"食"})}, [{}, MEAL, MEAL], 2),
        ({"behaviours": frozenset({"bike"}), "domains": frozenset({"食"})}, [{}, MEAL], 2),
        ({"kind": "days"}, [{}, {}, {"occurred_on": date(2026, 6, 16)}], 2),
        ({"kind": "grams"}, [{}, MEAL], 319),
        ({"kind": "amount", "behaviours": frozenset({"bike"})}, [{}, {}, MEAL], 10),
        ({"day": MONDAY}, [{}, {"occurred_on": date(2026, 6, 16)}], 1),
        ({"day": date(2026, 6, 17)}, [{}, MEAL], 0),
        ({}, [], 0),
    ],
)
def test_progress(task, changes, reached):
    assert progress(replace(TASK, **task), acts(*changes)) == reached


def test_the_act_that_completes_a_task():
    done = acts({}, MEAL, {}, {})
    assert completed_by(TASK, reversed(done)) == done[2]
    assert completed_by(replace(TASK, behaviours=frozenset({"bike"})), done) == done[3]
    assert completed_by(TASK, done[:2]) is None


def test_what_is_due():
    done = acts({}, {"points": 1})
    tasks = [
        replace(TASK, target=2),
        replace(TASK, id=2, target=3),
        replace(TASK, id=3, reward_points=0),
    ]
    assert due(done, tasks, {1, 3}, 150) == {"act:b": 13, "task:1": 30}
    assert due(done, tasks, {1, 3}, 100) == {"task:1": 30}


def test_theme_days():
    tasks = [TASK, replace(TASK, id=2, day=MONDAY), replace(TASK, id=3, day=date(2026, 6, 16))]
    assert [task.id for task in theme_tasks(tasks, MONDAY)] == [1, 2]
