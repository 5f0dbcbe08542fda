"""The rules of challenges, as tables: who counts, goals, teams that are too small, ties, and who is rewarded first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from points_engine import challenge as rules
from points_engine.challenge import JOINT, Group, Person, Stay, Sums, Task
from points_engine.challenge_lint import Past, Plan, Way, lint, winners
from points_engine.workdays import Workdays

JUNE = (date(2026, 6, 1), date(2026, 6, 10))
ENDS = datetime(2026, 6, 10, 16, 0, tzinfo=UTC)


def day(n: int) -> date:
    return date(2026, 6, n)


@pytest.mark.parametrize(
    ("joined", "belonged", "days"),
    [
        ((day(1), None), (date(2025, 1, 1), None), 10),  # from the first day to the last
        ((day(4), None), (date(2025, 1, 1), None), 7),  # joins late: from the day of joining
        ((day(1), day(4)), (date(2025, 1, 1), None), 3),  # leaves: up to the day before
        ((day(4), day(4)), (date(2025, 1, 1), None), 0),  # joins and leaves the same day
        ((day(1), None), (day(9), None), 2),  # new in the company
        ((day(1), None), (date(2025, 1, 1), day(3)), 2),  # leaves the company
        ((day(5), None), (date(2025, 1, 1), day(5)), 0),  # left before joining
        ((day(1), None), (day(10), None), 1),
        ((day(11), None), (date(2025, 1, 1), None), 0),
    ],
)
def test_the_days_on_which_somebody_counts(joined: tuple, belonged: tuple, days: int) -> None:  # type: ignore[type-arg]
    met = rules.meet(JUNE, joined, belonged)
    assert ((met[1] - met[0]).days if met else 0) == days


@pytest.mark.parametrize(("today", "counts_from"), [(date(2026, 5, 20), day(1)), (day(1), day(1)), (day(7), day(7))])
def test_acts_count_from_the_day_of_joining(today: date, counts_from: date) -> None:
    assert rules.day_of_joining(today, JUNE[0]) == counts_from


@pytest.mark.parametrize(
    ("status", "minutes", "may"),
    [("draft", -10, False), ("scheduled", -10, True), ("open", -1, True), ("open", 0, False), ("closed", -10, False)],
)
def test_joining_is_open_until_the_last_minute(status: str, minutes: int, may: bool) -> None:
    assert rules.may_join(status, ENDS, ENDS + timedelta(minutes=minutes)) is may


def test_somebody_who_moves_counts_for_each_department_on_its_own_days() -> None:
    stays = [Stay(1, 7, day(1), day(4)), Stay(1, 8, day(4), day(11)), Stay(2, 7, day(1), day(11))]
    counted = rules.count_days(stays, Workdays())
    # 1 to 3 June are Monday to Wednesday; 4 to 10 June have five working days; all ten have eight.
    assert counted == {7: (2, 13, 11), 8: (1, 7, 5)}


def group(people: int, grams: int = 0, days: int = 10) -> Group:
    return Group(people, people, min(people, 1), people * days, people * 8, Sums(1, grams, 1, 1))


@pytest.mark.parametrize(
    ("sizes", "teams"),
    [
        ({7: 5, 8: 6}, {7: 5, 8: 6}),
        ({7: 5, 8: 1}, {7: 5}),  # one person alone: no team, and nobody to join with
        ({7: 5, 8: 1, 9: 4}, {7: 5, JOINT: 5}),  # a team of one and one of four make one of five
        ({7: 5, None: 5}, {7: 5, JOINT: 5}),  # people without a department too
        ({7: 4, 8: 0}, {}),
        ({7: 5, 8: 0}, {7: 5}),  # an empty team is none
    ],
)
def test_teams_of_fewer_than_five_stand_together(sizes: dict[int | None, int], teams: dict[int, int]) -> None:
    gathered = rules.gather({team: group(n) for team, n in sizes.items()})
    assert {team: g.people for team, g in gathered.items()} == teams


@pytest.mark.parametrize(("own", "rewarded_with"), [(7, 7), (8, JOINT), (None, JOINT)])
def test_the_team_somebody_is_rewarded_with(own: int | None, rewarded_with: int) -> None:
    assert rules.team_at_the_end(own, {7: group(5), JOINT: group(5)}) == rewarded_with
    assert rules.team_at_the_end(8, {7: group(5)}) is None


@pytest.mark.parametrize(
    ("goal", "figures", "done"),
    [
        ("total", Group(5, 10, 4, 50, 40, Sums(9, 1234, 0, 0)), 1234),
        ("per_head", Group(5, 10, 4, 50, 40, Sums(9, 1234, 0, 0)), 246),  # five people for ten days
        ("per_head", Group(6, 10, 4, 51, 40, Sums(9, 1234, 0, 0)), 241),  # a sixth for a day: 5.1 heads
        ("per_head", Group(), 0),
        ("rate", Group(5, 10, 4, 50, 40), 40),  # of those who could have, not of those who joined
        ("rate", Group(5, 3, 4, 50, 40), 100),
        ("rate", Group(), 0),
        ("frequency", Group(5, 10, 4, 50, 40, Sums(0, 0, 0, 30)), 75),
        ("frequency", Group(5, 10, 4, 50, 0, Sums(0, 0, 0, 0)), 0),  # no working day in the window
    ],
)
def test_how_far_a_group_has_come(goal: str, figures: Group, done: int) -> None:
    assert rules.done_by_group(Task(1, "team", goal, 1), figures, 10) == done


@pytest.mark.parametrize(
    ("grams", "places"),
    [
        ({7: 300, 8: 200, 9: 100}, {7: 1, 8: 2, 9: 3}),
        ({7: 300, 8: 300, 9: 100}, {7: 1, 8: 1, 9: 3}),  # a tie shares the place; the next is left out
        ({7: 300, 8: 200, 9: 200, 10: 1}, {7: 1, 8: 2, 9: 2, 10: 4}),
        ({7: 0, 8: 100}, {8: 1}),  # nothing done, no place
        ({}, {}),
    ],
)
def test_places_and_ties(grams: dict[int, int], places: dict[int, int]) -> None:
    assert rules.places({team: group(5, g) for team, g in grams.items()}, 10) == places


def test_places_go_by_the_head_and_not_by_size() -> None:
    assert rules.places({7: group(5, 1000), 8: group(50, 9000)}, 10) == {7: 1, 8: 2}


def person(member: int, acts: int, joined: int = 1, stays: bool = True, team: int | None = 7) -> Person:
    return Person(member, day(joined), stays, team, Sums(acts, acts * 100, acts, acts))


def test_rewards_go_to_those_who_stay_and_did_something_in_the_documented_order() -> None:
    tasks = [Task(1, "person", "acts", 3, 20), Task(2, "team", "total", 500, 5), Task(3, "all", "total", 10**9, 5)]
    people = [
        person(4, 5, joined=2),
        person(3, 3, joined=2),
        person(9, 2),  # did something: rewarded with the team
        person(1, 9, stays=False),  # left: counts for the team, is not rewarded
        person(2, 0),  # joined and did nothing
    ]
    found = rules.awards(tasks, people, {7: group(5, 600)}, group(5, 600), 10)
    assert [(a.task, a.member, a.points) for a in found] == [
        (1, 3, 20), (1, 4, 20), (2, 9, 5), (2, 3, 5), (2, 4, 5),
    ]  # fmt: skip


def test_everybody_of_teams_that_tie_is_rewarded() -> None:
    people = [person(1, 1, team=7), person(2, 1, team=8), person(3, 1, team=9)]
    teams = {7: group(5, 300), 8: group(5, 300), 9: group(5, 100)}
    found = rules.awards([Task(1, "team", "place", 1, 50)], people, teams, group(15), 10)
    assert [(a.member, a.place) for a in found] == [(1, 1), (2, 1)]


# --- the lint ------------------------------------------------------------------------------------

PEOPLE = [Sums(n, n * 100, min(n, 10), min(n, 8)) for n in range(1, 21)]  # twenty people, from one act to twenty
PAST = Past("unit", 40, PEOPLE, [Way("own_cup", 2, 10, 2)])


def plan(*tasks: Task, days: int = 10, workdays: int = 8, available: int | None = 10**6, eligible: int = 40) -> Plan:
    return Plan(days, workdays, tasks, eligible, 3, available)


@pytest.mark.parametrize(
    ("made", "finding", "stop"),
    [
        (plan(Task(1, "person", "workdays", 1), days=3, workdays=0), "no_workdays", True),
        (plan(Task(1, "person", "acts", 5), days=3, workdays=0), "no_workdays", False),
        (plan(Task(1, "person", "days", 11)), "more_than_days", True),
        (plan(Task(1, "person", "workdays", 9)), "more_than_workdays", True),
        (plan(Task(1, "person", "acts", 17)), "few_before", False),  # five people reached sixteen
        (plan(Task(1, "person", "acts", 49)), "few_before", True),
        (plan(Task(1, "all", "total", 40_000)), "out_of_reach_together", False),  # 21,000 before
        (plan(Task(1, "all", "total", 63_001)), "out_of_reach_together", True),
        (plan(Task(1, "person", "acts", 5, 100), available=None), "no_fund", True),
        (plan(Task(1, "person", "acts", 5, 30), available=719), "budget_too_small", True),  # 24 likely winners
        (plan(Task(1, "person", "acts", 5, 30), available=1199), "budget_tight", False),
        (plan(Task(1, "person", "acts", 5, 50)), "cheap_to_farm", False),  # five cups are worth 10
        (plan(Task(1, "person", "acts", 5, 200)), "cheap_to_farm", True),
        (plan(Task(1, "team", "place", 3)), "every_place_wins", False),
        (plan(Task(1, "person", "acts", 5), eligible=4), "few_people", False),
    ],
)
def test_what_the_lint_finds(made: Plan, finding: str, stop: bool) -> None:
    found = {one.code: one for one in lint(made, PAST)}
    assert finding in found and found[finding].stop is stop, found


def test_a_sound_challenge_has_no_findings() -> None:
    sound = plan(Task(1, "person", "workdays", 6, 40), Task(2, "all", "total", 30_000), available=10**6)
    assert lint(sound, PAST) == []


def test_trying_targets_out_tells_nothing_of_the_best_one() -> None:
    """Whatever the best four did, every target gives the same findings with the same figures."""
    far = [*PEOPLE[:16], *(Sums(90 + n, 9000, 10, 8) for n in range(4))]
    for target in range(1, 200):
        made = plan(Task(1, "person", "acts", target, 30), available=100)
        one, other = (lint(made, Past("unit", 40, people)) for people in (PEOPLE, far))
        assert one == other, target


def test_likely_winners_are_those_of_before_and_half_as_many_again() -> None:
    task = Task(1, "person", "acts", 5, 30)
    assert winners(task, plan(task), PAST) == 24  # 16 of 40 reached it
    assert winners(task, plan(task, eligible=400), PAST) == 240
    assert winners(Task(1, "person", "acts", 1, 30), plan(task, eligible=10), PAST) == 8
    assert winners(task, plan(task), Past("park", 0)) == 40  # nothing is known: everybody


def test_findings_say_where_they_were_measured() -> None:
    task = Task(1, "person", "acts", 5)
    assert [f.code for f in lint(plan(task), Past("park", 40, PEOPLE))] == ["measured_in_the_park"]


def test_a_draft_without_tasks_of_a_team_needs_no_teams() -> None:
    alone = Plan(10, 8, [Task(1, "team", "total", 5)], 40, 0, 0)
    assert "no_teams" in {f.code for f in lint(alone, PAST)}
