"""Sampling by reputation, the switching rules, and the signals of risk: rates, draws, sums, groups in lockstep."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from points_engine import review, risk
from points_engine.review import Reputation
from tests import farm

SECRET = b"only the house knows"
NOON = datetime(2026, 6, 16, 4, 0, tzinfo=UTC)


def walked(outcomes: str, start: str = "normal") -> Reputation:
    standing = Reputation(start)
    for each in outcomes:
        standing = standing.after(each == "p")
    return standing


@pytest.mark.parametrize(
    ("start", "outcomes", "state"),
    [
        ("normal", "p" * 9, "normal"),
        ("normal", "p" * 10, "trusted"),
        ("normal", "ppfpppp", "normal"),
        ("normal", "fppppppppp", "normal"),
        ("normal", "fpppf", "tightened"),
        ("normal", "fppppf", "normal"),
        ("normal", "ff", "tightened"),
        ("trusted", "pppppf", "normal"),
        ("trusted", "f", "normal"),
        ("tightened", "pppp", "tightened"),
        ("tightened", "ppppp", "normal"),
        ("tightened", "ppfppppp", "normal"),
        ("tightened", "fpfpfpf", "tightened"),
        ("tightened", "fpfpfpfpf", "stopped"),
        ("tightened", "fffff", "stopped"),
        ("stopped", "p" * 30, "stopped"),
    ],
)
def test_the_switching_rules(start: str, outcomes: str, state: str) -> None:
    assert walked(outcomes, start).state == state


def test_a_new_state_forgets_the_verdicts_before_it() -> None:
    assert walked("fpppf") == Reputation("tightened", "")
    assert walked("ppppp", "tightened") == Reputation("normal", "")
    assert Reputation("stopped").reopened() == Reputation("tightened", "")
    assert Reputation("normal", "pp").reopened().state == "normal"
    assert Reputation("trusted", "pp").confirmed() == Reputation("tightened", "")
    assert len(walked("pf" * 3 + "p" * 40, "stopped").outcomes) == review.KEPT_OUTCOMES


def test_a_newcomer_is_one_for_five_acts_and_fourteen_days() -> None:
    first = date(2026, 6, 1)
    assert review.is_new(1, first, first) and review.is_new(5, first, first + timedelta(days=13))
    assert not review.is_new(6, first, first) and not review.is_new(1, first, first + timedelta(days=14))


@pytest.mark.parametrize(
    ("level", "state", "new", "expected"),
    [
        ("photo", "normal", True, 1000),
        ("photo", "normal", False, 200),
        ("device", "trusted", False, 50),
        ("photo", "tightened", False, 1000),
        ("declared", "normal", False, 5),
        ("declared", "tightened", True, 50),
        ("partner", "trusted", False, 10),
    ],
)
def test_the_rates(level: str, state: str, new: bool, expected: int) -> None:
    assert review.rate(level, state, new) == expected


@pytest.mark.parametrize("rate", [0, 5, 50, 200, 1000])
def test_the_draw_keeps_its_rate_and_cannot_be_foretold(rate: int) -> None:
    rng = random.Random(rate)
    ids = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(20_000)]
    mine = {i for i in ids if review.picked(SECRET, i, rate)}
    assert abs(len(mine) - 20 * rate) <= 5 * (20 * rate + 1) ** 0.5
    assert mine == {i for i in ids if review.picked(SECRET, i, rate)}
    if 0 < rate < 1000:
        assert mine != {i for i in ids if review.picked(b"somebody else", i, rate)}
        assert mine < {i for i in ids if review.picked(SECRET, i, rate * 2)}


def test_what_takes_two() -> None:
    assert not review.takes_two("sample", "fail", 1000, 50, False)
    assert review.takes_two("sample", "fail", 1001, 0, False) and review.takes_two("sample", "fail", 0, 51, False)
    assert not review.takes_two("sample", "pass", 9999, 999, False)
    assert all(review.takes_two(kind, word, 0, 0, True) for kind in review.KINDS for word in review.WORDS[kind])


def test_every_rule_says_where_it_is_from() -> None:
    rules = review.rules()
    assert all(rules[name]["source"] for name in ("sampling", "switching", "decisions", "score"))
    assert all(
        kind["source"] and kind["zh"] and kind["en"] and 0 < kind["weight"] <= kind["most"]
        for kind in risk.kinds().values()
    )
    assert set(rules["decisions"]["due_days"]) == set(review.KINDS)


def seen(n: int = 1, **more: object) -> risk.Seen:
    facts: dict = {
        "member_id": 1, "id": str(uuid.UUID(int=n)), "behaviour": "steps", "domain": "行", "quantity_milli": 5_432_000,
        "occurred_at": NOON, "recorded_at": NOON + timedelta(seconds=n), "reasons": (), "cap_milli": 10_000_000,
    }  # fmt: skip
    return risk.Seen(**(facts | more))


def codes(*acts: risk.Seen) -> list[str]:
    return [signal.code for signal in risk.of_acts(acts)]


def test_an_ordinary_act_shows_nothing() -> None:
    assert codes(seen(1), seen(2, quantity_milli=8_000_000), seen(3, domain="食")) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"reasons": ("photo_reused",)}, "photo_reused"),
        ({"reasons": ("too_fast_for_a_bike", "fast_stretch")}, "implausible_trip"),
        ({"occurred_at": NOON - timedelta(hours=9)}, "night"),
        ({"quantity_milli": 66_666_000}, "round_total"),
        ({"quantity_milli": 10_000_000}, "cap_exactly"),
    ],
)
def test_what_an_act_shows_by_itself(more: dict, code: str) -> None:
    assert codes(seen(1, **more)) == [code]


def test_the_hours_of_the_night_end_at_five_and_are_for_travel() -> None:
    assert codes(seen(1, occurred_at=NOON - timedelta(hours=7))) == []
    assert codes(seen(1, occurred_at=NOON - timedelta(hours=9), domain="住")) == []


def test_a_burst_is_one_signal_with_a_natural_mark() -> None:
    acts = [seen(n, recorded_at=NOON + timedelta(seconds=n)) for n in range(30)]
    (one,) = [s for s in risk.of_acts(acts) if s.code == "burst"]
    (again,) = [s for s in risk.of_acts(acts[10:]) if s.code == "burst"]
    assert (one.member_id, one.mark) == (again.member_id, again.mark)
    assert "burst" not in codes(*acts[:11])


def test_caps_to_the_unit_day_after_day() -> None:
    days = [NOON - timedelta(days=n) for n in range(14)]
    assert [s.code for s in risk.every_day({7: days, 8: days[:13], 9: days[:5] + days[6:] + days[13:]}, NOON)] == [
        "caps_every_day"
    ]
    assert [s.member_id for s in risk.every_day({7: [d - timedelta(days=1) for d in days]}, NOON)] == [7]


def test_a_new_account_that_spends() -> None:
    assert risk.spends_early(1, NOON - timedelta(days=2), 501, NOON)
    assert risk.spends_early(1, NOON - timedelta(days=2), 500, NOON) is None
    assert risk.spends_early(1, NOON - timedelta(days=8), 5000, NOON) is None


def test_the_score_holds_each_kind_to_its_most() -> None:
    assert risk.score({"night": 300, "cap_exactly": 5, "gone": 50}) == 25
    assert risk.score({}) == 0


def crowd(rng: random.Random, people: int, days: int = 8, each: int = 4) -> dict[int, set[risk.Mark]]:
    kinds = ("bike", "bus", "steps", "no_cutlery", "plant_meal")
    return {
        person: {
            risk.mark_of(rng.choice(kinds), NOON + timedelta(days=day, minutes=rng.randrange(14 * 60)))
            for day in range(days)
            for _ in range(each)
        }
        for person in range(1, people + 1)
    }


def test_groups_in_lockstep_are_found_and_the_crowd_is_not() -> None:
    rng = random.Random(5)
    marks = crowd(rng, 400)
    pattern = sorted(marks[1])
    for bot in range(1001, 1009):  # one script, eight accounts, now and then a beat missed
        marks[bot] = {mark for mark in pattern if rng.random() > 0.06}
    marks[1002] |= {risk.mark_of("bike", NOON + timedelta(days=3))}
    sketches = risk.Sketches()
    for member, own in marks.items():
        for mark in own:
            sketches.add(member, mark)
    found = {member for group in sketches.candidates() for member in group}
    assert set(range(1001, 1009)) <= found and len(found) < 60
    groups = risk.in_lockstep({member: marks[member] for member in found})
    assert groups and set().union(*groups) <= {1, *range(1001, 1009)} and len(set().union(*groups)) >= 8


@pytest.mark.parametrize(("spread", "seen_on"), [(0, 7), (4, 7), (600, 14)])
def test_a_farm_comes_before_a_person(spread: int, seen_on: int) -> None:
    told = farm.run(40, 16, spread)
    assert told["seen"] == 40 and told["seen_on"] <= seen_on
    assert told["earned"] <= told["a_day"] * 40 * (told["seen_on"] + 7)


def test_commuters_and_short_histories_are_no_group() -> None:
    commute = {risk.mark_of("bike", NOON + timedelta(days=d)) for d in range(9)}
    assert risk.in_lockstep(dict.fromkeys(range(9), commute)) == []
    busy = {risk.mark_of("bike", NOON + timedelta(minutes=10 * n)) for n in range(30)}
    assert risk.in_lockstep(dict.fromkeys(range(9), busy)) == []


def test_an_overturned_verdict_takes_one_fault_away_and_no_more() -> None:
    two = Reputation().after(False).after(False)
    assert two.state == "tightened" and two.forgiven() == Reputation()
    stopped = two
    while stopped.state != "stopped":
        stopped = stopped.after(False)
    back = stopped.forgiven()
    assert back.state == "tightened" and back.after(False).state == "stopped", "the other faults stand"
    assert Reputation("normal", "ppf").forgiven() == Reputation("normal", "pp")
    assert Reputation("trusted", "").forgiven() == Reputation("trusted", "")
