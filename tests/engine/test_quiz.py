"""Quizzes: pass marks exact at every edge, draws that repeat, answers right or wrong, reading times."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.quiz import (
    draw,
    fitting,
    is_right,
    needed,
    option_order,
    order,
    reading_seconds,
    seconds_to_read,
    shares,
)

POOL = {"energy": range(10), "water": range(10, 13), "waste": range(20, 40)}


def test_a_mark_in_percent_is_exact_for_every_size_and_every_mark() -> None:
    for questions in range(1, 21):
        for mark in range(1, 101):
            least = needed("percent", mark, questions)
            asked = Fraction(mark, 100)
            assert Fraction(least, questions) >= asked > Fraction(least - 1, questions), (questions, mark)
            assert 1 <= least <= questions


@pytest.mark.parametrize(
    ("mark", "questions", "least"),
    [(60, 7, 5), (60, 5, 3), (60, 10, 6), (50, 3, 2), (100, 7, 7), (1, 20, 1), (1, 1, 1), (34, 3, 2), (33, 3, 1)],
)
def test_marks_people_know(mark: int, questions: int, least: int) -> None:
    assert needed("percent", mark, questions) == least
    assert needed("count", least, questions) == least


@given(
    st.text("0123456789abcdef", min_size=1, max_size=8),
    st.integers(1, 45),
    st.lists(st.sampled_from([*POOL, "none"]), unique=True),
)
def test_a_draw_repeats_takes_each_once_and_is_even(seed: str, questions: int, topics: list[str]) -> None:
    drawn = draw(seed, POOL, questions, topics)
    assert drawn == draw(seed, POOL, questions, topics)
    there = sum(len(POOL.get(topic, ())) for topic in topics) if topics else 33
    assert len(drawn) == len(set(drawn)) == min(questions, there)
    counts = [sum(each in POOL.get(topic, ()) for each in drawn) for topic in topics]
    for topic, count in zip(topics, counts, strict=True):
        assert count == len(POOL.get(topic, ())) or count >= max(counts) - 1


def test_seeds_differ() -> None:
    assert len({tuple(draw(str(n), POOL, 5)) for n in range(50)}) > 40
    assert len({tuple(option_order(str(n), 1, "single", 4)) for n in range(50)}) > 10
    assert option_order("a", 1, "truth", 2) == [0, 1]
    assert sorted(order("x", range(9))) == list(range(9))


def test_shares_go_round() -> None:
    assert shares(7, [9, 9, 9]) == [3, 2, 2]
    assert shares(7, [1, 9, 2]) == [1, 4, 2]
    assert shares(9, [1, 2]) == [1, 2] and shares(0, [3]) == [0]


@pytest.mark.parametrize(
    ("kind", "chosen", "fits"),
    [
        ("single", [1], True), ("single", [], False), ("single", [0, 1], False), ("single", [4], False),
        ("single", [-1], False), ("multiple", [0, 3], True), ("multiple", [0, 0], False), ("multiple", [], False),
        ("truth", [1], True), ("truth", [0, 1], False),
    ],
)  # fmt: skip
def test_what_may_be_chosen(kind: str, chosen: list[int], fits: bool) -> None:
    assert fitting(kind, 4, chosen) is fits


def test_a_part_of_the_answer_is_not_the_answer() -> None:
    assert is_right([0, 2], [2, 0]) and not is_right([0, 2], [0]) and not is_right([0, 2], [0, 1, 2])


def test_reading_times() -> None:
    assert reading_seconds("") == 0
    assert reading_seconds("节" * 240) == 60 and reading_seconds("word " * 200) == 60
    assert reading_seconds("节" * 120 + " save" * 100 + "，。！") == 60
    assert reading_seconds("节") == 1 and reading_seconds("it's 26 °C, don’t") == 2
    assert (seconds_to_read(0), seconds_to_read(21), seconds_to_read(61), seconds_to_read(9999)) == (10, 11, 31, 180)
