"""Further kinds of task, days in a row, the calendar's weeks, the last call, and the look before announcing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from points_engine import campaign_days as days
from points_engine.campaign import Rule, complete, due_at_the_end, last_call, progress, shares
from points_engine.campaign_lint import Past, Plan, Supply, lint
from points_engine.clock import start_of
from tests.engine.test_campaign import END, MONDAY, START, TASK, acts

TUESDAY = MONDAY + timedelta(days=1)


def on(*given: int) -> list[date]:
    return [MONDAY + timedelta(days=n) for n in given]


@pytest.mark.parametrize(
    ("given", "best", "monday", "wednesday"),
    [
        ([], 0, 0, 0),
        ([0], 1, 1, 0),
        ([0, 0, 1], 2, 1, 2),
        ([0, 1, 2, 4, 5], 3, 1, 3),
        ([-2, -1, 1], 2, 2, 1),
    ],
)
def test_days_in_a_row(given, best, monday, wednesday):
    assert days.best_run(on(*given)) == best
    assert days.run_now(on(*given), MONDAY) == monday
    assert days.run_now(on(*given), MONDAY + timedelta(days=2)) == wednesday


def test_the_weeks_of_a_month_begin_on_monday():
    june = days.weeks("2026-06")
    assert [len(week) for week in june] == [7] * 5
    assert (
        june[0][0] == date(2026, 6, 1) and june[4][:2] == [date(2026, 6, 29), date(2026, 6, 30)] and june[4][2] is None
    )
    assert days.weeks("2026-02")[0] == [None] * 6 + [date(2026, 2, 1)]
    assert days.months(date(2025, 12, 31), date(2026, 2, 1)) == ["2025-12", "2026-01", "2026-02"]


def test_a_streak_is_broken_by_a_day_without():
    task = replace(TASK, kind="streak", target=3)
    run = acts({}, {"occurred_on": TUESDAY}, *({"occurred_on": day} for day in on(3, 4, 5)))
    assert progress(task, run) == 3 and progress(task, run[:-1]) == 2
    assert progress(replace(task, behaviours=frozenset({"bus"})), run) == 0


@pytest.mark.parametrize(
    ("rule", "counted"),
    [
        (Rule(), 3),
        (Rule(places=frozenset({7})), 2),
        (Rule(place_kinds=frozenset({"canteen"})), 2),
        (Rule(places=frozenset({8}), place_kinds=frozenset({"shop"})), 1),
        (Rule(places=frozenset({9})), 0),
    ],
)
def test_scans_count_where_they_should(rule, counted):
    done = acts(
        {"place": 7, "place_kind": "canteen"},
        {"place": 7, "place_kind": "canteen"},
        {"place": 8, "place_kind": "shop"},
        {},
    )
    assert progress(replace(TASK, kind="scan", rule=rule), done) == counted


def test_what_other_rooms_tell_is_taken_as_it_is():
    assert progress(replace(TASK, kind="quiz"), acts({}), 2) == 2
    assert progress(replace(TASK, kind="pledge"), acts({})) == 0


def test_parts_of_a_team_goal_go_to_the_unit_of_the_day():
    team = replace(TASK, kind="team", rule=Rule(of="enterprise", measure="grams"))
    done = acts({"units": {"enterprise": 4}}, {"units": {"enterprise": 5}, "grams": 3}, {"units": {"community": 9}}, {})
    assert shares(team, done) == {4: 247, 5: 3} and progress(team, done) == 250
    everybody = replace(team, rule=Rule(of="campaign", measure="acts"))
    assert shares(everybody, done) == {0: 4}
    people = replace(team, rule=Rule(of="enterprise", measure="people"))
    assert shares(people, done) == {4: 1, 5: 1} and progress(people, done) == 1
    assert shares(team, []) == {}


def test_a_team_goal_is_done_by_who_brought_something():
    team = replace(TASK, kind="team", target=100)
    assert [complete(team, *case) for case in ((1, True), (0, True), (100, False))] == [True, False, False]
    assert [complete(TASK, *case) for case in ((3, False), (2, True))] == [True, False]


def test_out_of_a_fund_the_acts_of_a_member_are_one_bonus():
    done = acts({}, {"points": 5}, {"points": 1})
    assert due_at_the_end(done, [TASK], {1}, 150) == {"task:1": 30, "acts": 13 + 2}
    assert due_at_the_end(done, [TASK], set(), 100) == {}


def test_the_last_call_comes_at_nine_on_the_last_of_several_days():
    sunday = start_of(date(2026, 6, 21))
    nine = sunday + timedelta(hours=9)
    at = [last_call(START, END, when) for when in (nine - timedelta(seconds=1), nine, END, nine - timedelta(days=1))]
    assert at == [False, True, False, False]
    assert not last_call(sunday, END, nine), "a campaign of one day has none"


# --- before announcing ---------------------------------------------------------------------------------

OPEN = Supply(True)


@pytest.mark.parametrize(
    ("task", "supply", "found"),
    [
        ({"kind": "streak", "target": 8}, None, [("longer_than_campaign", True)]),
        ({"kind": "streak", "target": 7}, None, []),
        ({"kind": "days", "target": 2, "day": MONDAY}, None, [("longer_than_campaign", True)]),
        ({"kind": "quiz", "target": 8, "rule": Rule(subject="1")}, OPEN, [("quiz_once_a_day", True)]),
        ({"kind": "quiz", "target": 1}, Supply(False), [("no_quiz", True)]),
        ({"kind": "quiz", "target": 1}, Supply(True, False), [("quiz_closed", True)]),
        ({"kind": "quiz", "target": 1}, Supply(True, needed=5, available=4), [("too_few_questions", True)]),
        ({"kind": "quiz", "target": 1}, Supply(True, needed=5, available=5), []),
        ({"kind": "pledge", "target": 2, "rule": Rule(subject="a")}, OPEN, [("only_once", True)]),
        ({"kind": "pledge", "target": 1, "rule": Rule(subject="a")}, Supply(True, False), [("pledge_closed", True)]),
        ({"kind": "session", "target": 2, "rule": Rule(subject="1")}, OPEN, [("only_once", True)]),
        ({"kind": "session", "target": 2}, OPEN, []),
        ({"kind": "session", "target": 1}, Supply(True, True, False), [("session_at_another_time", True)]),
        ({"kind": "scan", "target": 1}, Supply(False), [("no_scan", True)]),
    ],
)
def test_what_nobody_could_do_stops_a_campaign(task, supply, found):
    plan = Plan(7, [replace(TASK, reward_points=0, **task)], {1: supply} if supply else {})
    assert [(one.code, one.stop) for one in lint(plan)] == found


@pytest.mark.parametrize(
    ("target", "found"),
    [(150, []), (151, [("hard_to_reach", False)]), (300, [("hard_to_reach", False)]), (301, [("out_of_reach", True)])],
)
def test_a_team_goal_is_measured_by_the_best_before(target, found):
    task = replace(TASK, kind="team", target=target, reward_points=0, rule=Rule(of="campaign", measure="acts"))
    assert [(one.code, one.stop) for one in lint(Plan(7, [task], {}, {1: Past(9, 0, 100)}))] == found
    assert lint(Plan(7, [task], {}, {1: Past(0, 0, 0)})) == [], "nothing is known"


def test_a_goal_nobody_reached_before_is_only_noted():
    assert [
        (one.code, one.stop) for one in lint(Plan(7, [replace(TASK, reward_points=0)], {}, {1: Past(9, 0, 2)}))
    ] == [("nobody_before", False)]


@pytest.mark.parametrize(
    ("points", "fund", "found"),
    [
        (None, False, ["no_limit"]),
        (0, True, ["fund_empty"]),
        (0, False, ["may_run_dry"]),
        (179, True, ["may_run_dry"]),
        (180, True, []),
    ],
)
def test_money_is_measured_by_who_would_have_won(points, fund, found):
    plan = Plan(7, [TASK], {}, {1: Past(9, 4, 5)}, points, fund)  # 4 winners and half as many again, 30 points each
    assert [one.code for one in lint(plan)] == found
