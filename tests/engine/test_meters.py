"""Meters in the engine: registers that roll over, months that add up, baselines that cannot be pumped up."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.clock import days_of
from points_engine.meters import (
    Home,
    MonthUse,
    Reading,
    Working,
    check_readings,
    degree_days,
    month_uses,
    next_month,
    peers_of,
    rules,
    work_out,
)

LIMIT = Decimal("0.3")


def at(day: str, value: int, **more: object) -> Reading:
    return Reading(date.fromisoformat(day), value * 1000, **more)  # type: ignore[arg-type]


def months_from(first: str, uses: list[int]) -> dict[str, MonthUse]:
    """Measured months with these daily uses, in whole units."""
    found, month = {}, first
    for use in uses:
        days = int(days_of(month)[1].day)
        found[month] = MonthUse(month, days, use * 1000 * days, True)
        month = next_month(month)
    return found


def home(first: str, uses: list[int], **more: object) -> Home:
    return Home("electricity", months_from(first, uses), LIMIT, **more)  # type: ignore[arg-type]


def last(each: Home) -> Working:
    return work_out(each, max(each.months))


def credited(each: Home) -> int:
    """What is credited without a person, over every month, worked out as each month closes."""
    total = 0
    for month in each.months:
        known = {m: u for m, u in each.months.items() if m <= month}
        done = work_out(replace(each, months=known), month)
        total += done.saved if done.verdict == "accept" else 0
    return total


def test_every_rule_says_where_it_comes_from() -> None:
    assert all(rule.source and rule.unit for rule in rules().values())


def test_a_month_is_spread_over_the_days_between_readings() -> None:
    uses = month_uses([at("2026-01-01", 100), at("2026-03-02", 160)], 6, "electricity")
    assert [(u.month, u.use, u.measured) for u in uses] == [("2026-01", 31_000, True), ("2026-02", 28_000, True)]


def test_readings_in_reverse_order_say_the_same() -> None:
    told = [at("2026-01-01", 100), at("2026-02-01", 160), at("2026-03-01", 230)]
    assert check_readings(told[::-1], 6, "electricity") is None
    assert month_uses(told[::-1], 6, "electricity") == month_uses(told, 6, "electricity")


def test_a_reading_that_goes_back_is_named() -> None:
    fault = check_readings([at("2026-02-01", 90), at("2026-01-01", 100)], 6, "electricity")
    assert fault is not None and (fault.before.value, fault.after.value) == (100_000, 90_000)


def test_a_register_rolls_over_only_from_its_top_and_by_little() -> None:
    assert check_readings([at("2026-01-01", 99_950), at("2026-02-01", 50)], 5, "electricity") is None
    (use,) = month_uses([at("2026-01-01", 99_950), at("2026-02-01", 50)], 5, "electricity")
    assert use.use == 100_000
    assert check_readings([at("2026-01-01", 50_000), at("2026-02-01", 50)], 5, "electricity")
    assert check_readings([at("2026-01-01", 99_950), at("2026-02-01", 5_000)], 5, "electricity")


def test_an_estimate_earns_nothing_until_a_true_reading_comes_and_then_plays_no_part() -> None:
    told = [at("2026-01-01", 100), at("2026-02-01", 999, estimated=True)]
    assert [u.measured for u in month_uses(told, 6, "electricity")] == [False]
    told.append(at("2026-03-01", 218))
    assert check_readings(told, 6, "electricity") is None  # the estimate was too high; nobody is to blame
    assert [(u.use, u.measured) for u in month_uses(told, 6, "electricity")] == [(62_000, True), (56_000, True)]


def test_a_figure_without_a_photo_and_too_long_a_gap_measure_nothing() -> None:
    typed = [at("2026-01-01", 100), at("2026-02-01", 160, support="none")]
    apart = [at("2026-01-01", 100), at("2026-06-01", 900)]
    assert not any(u.measured for told in (typed, apart) for u in month_uses(told, 6, "electricity"))


def test_a_replaced_register_goes_on_where_the_old_one_ended() -> None:
    told = [
        at("2026-01-01", 100),
        at("2026-01-16", 145),
        at("2026-01-16", 3, register=1),
        at("2026-02-01", 51, register=1),
    ]
    (use,) = month_uses(told, 6, "electricity")
    assert (use.use, use.measured) == (93_000, True)


@given(
    st.lists(st.tuples(st.integers(1, 45), st.integers(0, 60_000)), min_size=2, max_size=30),
    st.integers(0, 99_999_999),
    st.randoms(use_true_random=False),
)
def test_months_add_up_to_the_register(steps: list[tuple[int, int]], start: int, chance: random.Random) -> None:
    """Whatever the order of delivery, and over the top of the register: no thousandth appears or is lost."""
    day, value, total, told = date(2025, 1, 1), start, 0, []
    told.append(Reading(day, value % 10**8))
    for days, a_day in steps:
        day += timedelta(days=days)
        total += a_day * days
        told.append(Reading(day, (start + total) % 10**8))
    if any(a.value > b.value and a.value < 9 * 10**7 for a, b in pairwise(told)):
        return  # more than a tenth of the register in one step: a contradiction, tested above
    end = next_month(f"{day.year}-{day.month:02d}")
    told.append(Reading(date.fromisoformat(f"{end}-01"), (start + total) % 10**8))
    chance.shuffle(told)
    assert check_readings(told, 5, "electricity") is None
    uses = month_uses(told, 5, "electricity")
    assert sum(u.use for u in uses) == total and all(u.use >= 0 for u in uses)


def test_three_months_before_the_first_credit() -> None:
    assert last(home("2026-01", [10, 10, 5])).outcome == "too_early"
    fourth = last(home("2026-01", [10, 10, 10, 8]))
    assert (fourth.outcome, fourth.basis, fourth.saved) == ("saved", "own_average", 60_000)


def test_the_same_month_last_year_comes_first() -> None:
    done = last(home("2025-06", [20, *[10] * 11, 15]))
    assert (done.basis, done.baseline, done.saved, done.verdict) == ("last_year", 600_000, 150_000, "accept")
    assert Working.read(done.plain()) == done


def test_the_credit_is_capped() -> None:
    done = last(home("2025-06", [20, *[18] * 11, 2]))
    assert (done.saved, done.cap, done.fallen) == (180_000, 180_000, 540_000)


def test_using_more_is_no_saving() -> None:
    done = last(home("2026-01", [10, 10, 10, 12]))
    assert (done.outcome, done.saved, done.verdict) == ("no_saving", 0, "accept")


def test_peers_stand_in_where_there_is_no_own_figure() -> None:
    peers = {"2026-06": peers_of([Fraction(n * 1000) for n in (8, 9, 10, 11, 12)])}
    apart = {**months_from("2024-12", [10, 10, 10]), **months_from("2026-06", [9])}
    done = work_out(Home("electricity", apart, LIMIT, peers=peers), "2026-06")
    assert (done.basis, done.saved, done.peers) == ("peers", 30_000, 5)
    few = {"2026-06": peers_of([Fraction(10_000)] * 4)}
    assert work_out(Home("electricity", apart, LIMIT, peers=few), "2026-06").outcome == "no_baseline"


def test_a_household_without_a_year_is_capped_by_its_peers() -> None:
    peers = {"2026-04": peers_of([Fraction(n * 1000) for n in (8, 9, 10, 11, 12)])}
    done = last(home("2026-01", [20, 20, 20, 10], peers=peers))
    assert (done.before_limits, done.baseline) == (600_000, 330_000)


@pytest.mark.parametrize(("use", "reason"), [(61, "use_too_high"), (0, "use_too_low")])
def test_implausible_use_is_looked_at(use: int, reason: str) -> None:
    done = last(home("2025-06", [*[90 if use else 1] * 12, use]))
    assert done.verdict == "review" and reason in done.reasons


def test_a_file_nobody_can_check_is_looked_at() -> None:
    months = {m: replace(u, files_only=True) for m, u in months_from("2025-06", [10] * 12 + [8]).items()}
    assert last(Home("electricity", months, LIMIT)).verdict == "accept"
    assert last(Home("electricity", months, LIMIT, anchored=False)).reasons == ("file_without_photo",)


def test_a_mild_winter_is_not_a_saving() -> None:
    """Half the cold and half the heat used: the weather saved it, not the household."""
    cold, mild = {"2025-12": -2_000}, {"2026-12": 8_000}
    weather = {m: d for m, t in {**cold, **mild}.items() if (d := degree_days(m, {m: t}))}
    months = {**months_from("2025-09", [1, 1, 1]), **months_from("2025-12", [20]), **months_from("2026-12", [14])}
    plain = work_out(Home("heat", months, Decimal("0.2")), "2026-12")
    fair = work_out(Home("heat", months, Decimal("0.2"), weather=weather), "2026-12")
    assert plain.saved > 0 and fair.saved == 0 and fair.correction == 700_000


def test_degree_days_need_the_whole_month() -> None:
    days = {(date(2026, 1, 1) + timedelta(days=n)).isoformat(): -2_000 for n in range(31)}
    whole = degree_days("2026-01", days)
    assert whole is not None and (whole.heating, whole.cooling) == (31 * 20_000, 0)
    days.pop("2026-01-09")
    assert degree_days("2026-01", days) is None
    assert degree_days("2026-01", {"2026-01": -2_000}) == whole


HONEST = st.lists(st.integers(90, 110), min_size=10, max_size=36)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=40), st.integers(0, 11))
def test_never_more_than_the_cap_and_never_less_than_nothing(uses: list[int], month: int) -> None:
    done = last(home(f"2024-{month + 1:02d}", uses))
    assert 0 <= done.saved <= done.baseline * LIMIT
    assert done.saved <= max(0, done.baseline - done.use)
    assert done.baseline <= done.before_limits


@given(st.integers(3, 40), st.integers(0, 30), st.integers(6, 30), st.sampled_from([2, 3, 5]))
def test_pumping_up_the_baseline_gains_nothing(level: int, before: int, after: int, times: int) -> None:
    """Use double for three months, then return: never more than who stayed honest, at any point of the history."""
    honest = home("2023-01", [level] * (before + 3 + after))
    pumped = home("2023-01", [level] * before + [level * times] * 3 + [level] * after)
    assert credited(pumped) <= credited(honest)


@given(st.lists(st.integers(95, 105), min_size=34, max_size=34), st.integers(12, 20))
def test_pumping_gains_nothing_beside_small_swings(uses: list[int], start: int) -> None:
    """With real ups and downs: what a pumped history earns stays within what the swings themselves earn."""
    pumped = [u * 2 if start <= n < start + 3 else u for n, u in enumerate(uses)]
    assert credited(home("2023-01", [u // 3 for u in pumped])) <= credited(home("2023-01", [u // 3 for u in uses]))
