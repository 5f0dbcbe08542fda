"""Rules of boards: size classes, means of three digits, drawing in, households, baselines, and places off the ladder."""

from __future__ import annotations

from random import Random

import pytest

from points_engine import boards, ladder
from points_engine.ranking import places


@pytest.mark.parametrize(
    ("people", "size"), [(1, "small"), (5, "small"), (49, "small"), (50, "medium"), (299, "medium"), (300, "large")]
)
def test_sizes(people: int, size: str) -> None:
    assert boards.class_of(people) == size


@pytest.mark.parametrize(
    ("adults", "children", "tenths"),
    [(0, 0, 0), (1, 0, 10), (2, 0, 15), (2, 2, 21), (3, 1, 23), (0, 1, 10), (0, 3, 16)],
)
def test_households(adults: int, children: int, tenths: int) -> None:
    assert boards.household(adults, children) == tenths


@pytest.mark.parametrize(("number", "cut"), [(0, 0), (7, 7), (999, 999), (1000, 1000), (1234, 1230), (931666, 931000)])
def test_three_digits(number: int, cut: int) -> None:
    assert boards.three_digits(number) == cut


def test_the_worked_example_of_the_method() -> None:
    assert boards.mean_milli([(1_844_166, 60), (19_166, 60)]) == 931_000
    assert boards.shrunk_milli(1_844_166, 60, 931_000, 20) == 1_141_730
    assert boards.shrunk_milli(1_843_333, 60, 930_000, 20) == 1_140_769
    assert boards.shrunk_milli(19_166, 60, 931_000, 20) == 720_576
    assert boards.shrunk_milli(500, 0, 0, 0) == 0 and boards.shrunk_milli(777, 18, 5, 0) == 777


def test_a_unit_is_drawn_in_less_the_larger_it_is_and_never_past_the_mean() -> None:
    drawn = [boards.shrunk_milli(100_000, weight, 40_000, 20) for weight in (50, 100, 1000, 100_000)]
    assert drawn == sorted(drawn) and all(40_000 <= value <= 100_000 for value in drawn)


@pytest.mark.parametrize(
    ("period", "last_year", "earlier"),
    [
        ("2026-W53", "2025-W52", ["2026-W52", "2026-W51", "2026-W50", "2026-W49"]),
        ("2026-02", "2025-02", ["2026-01", "2025-12", "2025-11"]),
        ("2026", "2025", []),
        ("total", None, []),
    ],
)
def test_what_a_period_is_compared_with(period: str, last_year: str | None, earlier: list[str]) -> None:
    assert boards.baseline_periods(period) == (last_year, earlier)


def test_last_year_comes_before_the_own_average() -> None:
    assert boards.baseline((10, 50), [(99, 50)]) == (10, 50)
    assert boards.baseline((0, 50), [(30, 50), (0, 50), (7, 0)]) == (30, 100)
    assert boards.baseline((0, 0), [(0, 50)]) == (0, 0)
    assert boards.against_milli(200, 50, 0, 0) == 0
    assert boards.against_milli(300, 50, 100, 50) == 300_000


def test_saved_energy_is_told_by_the_days_of_the_month() -> None:
    assert boards.saved_grams("electricity", 28_000, 28, 31_000, 31) == 0
    assert boards.saved_grams("electricity", 90_000, 30, 100_000, 30) == 1229
    assert boards.saved_grams("electricity", 100_000, 30, 90_000, 30) == -1229
    assert boards.saved_grams("water", 1, 30, 100_000, 30) == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_ladder_counts_what_counting_counts(seed: int) -> None:
    rng = Random(seed)
    top = rng.choice([3, 20, 300, 70_000, 1 << 34])
    values = {who: rng.randint(0, top) for who in range(200)}
    steps = ladder.moves((1, 0, value) for value in values.values())
    for who in rng.sample(range(200), 80):
        new = rng.randint(0, top)
        for step, n in ladder.moves([(1, values[who], new)]).items():
            steps[step] = steps.get(step, 0) + n
        values[who] = new
    ordered = sorted((v for v in values.values() if v), reverse=True)
    for value, place in zip(ordered, places(ordered), strict=True):
        assert 1 + ladder.above(steps, 1, value) == place
    assert min(steps.values()) >= 0


def test_each_period_has_a_number_of_its_own() -> None:
    periods = ["total", "2026", "2026-01", "2026-12", "2026-W01", "2026-W53", "2025-W01"]
    assert len({ladder.number_of(p) for p in periods}) == len(periods)
