"""Units' energy by worked examples: coal equivalents, sizes that change, the path, part of a year, quotas, the score."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from points_engine import boards, energy
from points_engine.energy import Book, Quota, ScoreInputs, Target, counted, months_of, score, standing


def book(power: dict[str, int], **others: object) -> Book:
    """A book of electricity in whole kWh by month."""
    return Book({("electricity", month): n * 1000 for month, n in power.items()}, **others)  # type: ignore[arg-type]


def flat(year: int, n: int, months: int = 12) -> dict[str, int]:
    return dict.fromkeys(months_of(year)[:months], n)


def test_coal_equivalents_are_those_of_the_boards() -> None:
    for carrier, milligrams in boards.rules()["coal_equivalent_milli"].items():
        assert energy.coal(carrier, 1000, "2026-01") * 1_000_000 == milligrams
    assert energy.coal("water", 1000, "2026-01") == 0
    assert energy.coal("electricity", 1_000_000, "2019-01") == Fraction("122.9")


@pytest.mark.parametrize("row", energy.rules()["factor"] + energy.rules()["quota"])
def test_every_figure_has_source_mark_and_unit(row: dict[str, object]) -> None:
    assert row["source"] and row["unit"] and row["mark"] in ("S", "D", "K", "R", "proposal")


def test_the_scorecard_sums_to_a_hundred() -> None:
    assert sum(item["points"] for item in energy.rules()["item"]) == 100


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        ({("typed", ""): 5}, ("typed", 5)),
        ({("typed", ""): 5, ("file", "a"): 2, ("file", "b"): 4}, ("file", 6)),
        ({("file", ""): 7, ("file", "a"): 2, ("file", "b"): 4}, ("file", 7)),
        ({("file", ""): 7, ("meter", ""): 9}, ("meter", 9)),
        ({("meter", ""): 9, ("platform", "m1"): 0}, ("platform", 0)),
        ({}, None),
    ],
)
def test_which_source_counts(rows: dict[tuple[str, str], int], best: object) -> None:
    assert counted(rows) == best


def test_a_year_with_an_area_that_grows_in_july() -> None:
    known = book(flat(2026, 1000), areas=[(date(2020, 1, 1), 1_000_000), (date(2026, 7, 1), 3_000_000)])
    assert known.coal(months_of(2026)) == Fraction("1474.8")
    assert known.size("area", months_of(2026)) == 2000
    assert known.value("area", months_of(2026)) == Fraction("0.7374")
    assert known.value("head", months_of(2026)) is None
    assert energy.shown(known.value("area", months_of(2026))) == "0.74"


def test_a_headcount_told_late_counts_from_its_day() -> None:
    known = book(flat(2026, 10), heads=[(date(2026, 11, 15), 50_000)])
    assert known.size("heads", months_of(2026)) == 50


@pytest.mark.parametrize(
    ("shape", "year", "goal"),
    [
        ("line", 2019, None), ("line", 2020, 100), ("line", 2022, 96), ("line", 2025, 90), ("line", 2030, 90),
        ("steps", 2021, 100), ("steps", 2025, 90), ("steps", 2026, 90),
    ],
)  # fmt: skip
def test_the_path(shape: str, year: int, goal: int | None) -> None:
    found = Target("total", shape, 2020, Fraction(100), {2025: Fraction(90)}).goal(year)
    assert found == goal


def target(value: str, measure: str = "total") -> Target:
    return Target(measure, "steps", 2025, Fraction(value), {2026: Fraction(value)})


@pytest.mark.parametrize(
    ("kwh", "goal", "status", "met"),
    [(1000, "1474.8", "on_track", True), (1000, "1474.79", "behind", False), (1000, "1500", "on_track", True)],
)
def test_a_whole_year_against_its_goal(kwh: int, goal: str, status: str, met: bool) -> None:
    found = standing(book(flat(2026, kwh)), 2026, target(goal), {})
    assert (found.status, found.met, found.complete) == (status, met, True)


def test_part_of_a_year_is_held_against_the_same_months_of_last_year() -> None:
    """Winter used three times as much last year: January to March are half of the year, not a quarter."""
    last = flat(2025, 100) | dict.fromkeys(months_of(2025)[:3], 300)
    known = book(last | flat(2026, 290, 3))
    found = standing(known, 2026, target("221.22"), {})  # 1800 kWh, as last year
    assert found.share == Fraction(1, 2) and found.status == "on_track" and found.met is None
    assert standing(book(flat(2026, 290, 3)), 2026, target("221.22"), {}).share == Fraction(1, 4)


def test_nothing_told_is_no_data_and_no_target_is_open() -> None:
    assert standing(book({}), 2026, target("10"), {}).status == "none"
    assert standing(book(flat(2026, 1)), 2026, None, {}).status == "open"


@pytest.mark.parametrize(
    ("area", "level", "status"),
    [(100, "over", "over"), (150, "constraint", "open"), (170, "guide", "open"), (300, "advanced", "open")],
)
def test_levels_of_a_quota(area: int, level: str, status: str) -> None:
    quota = Quota("area", Fraction(10), Fraction(9), Fraction(7), "x", 2022)
    known = book(flat(2026, 1000), areas=[(date(2020, 1, 1), area * 1000)])
    found = standing(known, 2026, None, {"area": quota})
    assert (found.levels["area"], found.status) == (level, status)


def test_a_quota_is_no_data_without_an_area() -> None:
    quota = Quota("area", Fraction(10), None, None, "x", 2022)
    assert standing(book(flat(2026, 1)), 2026, None, {"area": quota}).levels == {"area": "none"}


ALL = frozenset(energy.managed_items())


@pytest.mark.parametrize(
    ("given", "total", "grade"),
    [
        (ScoreInputs(True, "advanced", 12, ALL), 100, "excellent"),
        (ScoreInputs(True, "over", 12, ALL), 80, "good"),
        (ScoreInputs(True, "guide", 6, frozenset({"officer"})), 62, "pass"),
        (ScoreInputs(False, "advanced", 12, ALL), 70, "fail"),  # the target is a must
        (ScoreInputs(None, "none", 0, frozenset()), 0, "fail"),
        (ScoreInputs(True, None, 12, ALL), 100, "excellent"),  # no quota for this kind: 80 of 80
        (ScoreInputs(True, None, 11, ALL), 97, "excellent"),
        (ScoreInputs(True, "constraint", 5, ALL), 80, "good"),
    ],
)
def test_the_score(given: ScoreInputs, total: int, grade: str) -> None:
    found = score(given)
    assert (found.total, found.grade) == (total, grade)


def test_in_time_is_by_the_fifteenth() -> None:
    assert energy.deadline("2026-01") == date(2026, 2, 15) and energy.deadline("2025-12") == date(2026, 1, 15)


def test_numbers_are_rounded_half_up() -> None:
    assert [energy.shown(Fraction(n)) for n in ("1234.565", "0.005", "-1.2", "3")] == ["1,234.57", "0.01", "−1.2", "3"]
    assert energy.change(Fraction(90), Fraction(100)) == -10 and energy.change(Fraction(1), None) is None
