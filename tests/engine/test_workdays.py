"""Working days: make-up Saturdays, holidays, staff's word, and a plain week where the calendar ends."""

from __future__ import annotations

from datetime import date

import pytest

from points_engine.workdays import Workdays
from webapp.challenges.workdays import official

# The week of the Labour Day holiday of 2026 with its make-up day, as published by the State Council.
HOLIDAY, MAKE_UP = date(2026, 5, 1), date(2026, 5, 9)


@pytest.mark.parametrize(
    ("day", "works", "source"),
    [
        (date(2026, 6, 15), True, "calendar"),  # a Monday
        (date(2026, 6, 13), False, "calendar"),  # a Saturday
        (HOLIDAY, False, "calendar"),  # a Friday off
        (MAKE_UP, True, "calendar"),  # a Saturday at work
        (date(2026, 6, 19), False, "calendar"),  # Dragon Boat Festival, a Friday
        (date(2026, 10, 1), False, "calendar"),
        (date(2027, 1, 1), True, "week"),  # New Year of a year that is not published yet: a Friday
        (date(2027, 1, 2), False, "week"),
    ],
)
def test_the_official_calendar_and_the_plain_week_after_it(day: date, works: bool, source: str) -> None:
    days = Workdays({}, official(date(2026, 1, 1), date(2027, 12, 31)))
    assert (days.is_workday(day), days.source(day)) == (works, source)


def test_staff_have_the_last_word() -> None:
    days = Workdays({date(2027, 1, 1): False, date(2027, 1, 9): True, MAKE_UP: False}, official(MAKE_UP, MAKE_UP))
    assert [days.is_workday(d) for d in (date(2027, 1, 1), date(2027, 1, 9), MAKE_UP)] == [False, True, False]
    assert days.source(MAKE_UP) == "staff"


def test_a_week_with_a_make_up_saturday_has_its_days_counted() -> None:
    days = Workdays({}, official(date(2026, 5, 1), date(2026, 5, 10)))
    assert days.between(date(2026, 5, 4), date(2026, 5, 10)) == [
        date(2026, 5, 6), date(2026, 5, 7), date(2026, 5, 8), MAKE_UP,
    ]  # fmt: skip
    assert days.between(date(2026, 5, 1), date(2026, 5, 5)) == []
