"""Campaigns of every year: drafts from templates, and last year's moved to this year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from points_engine.clock import start_of
from points_engine.errors import EngineError, Invalid
from points_engine.methodology import load
from webapp.campaigns import queries, service
from webapp.campaigns.templates import templates
from webapp.store import Store

MONDAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
STAFF = 9001
CATALOGUE = load()


@pytest.mark.parametrize("key", sorted(templates()))
def test_every_template_makes_a_draft_of_known_behaviours(store: Store, key: str) -> None:
    with store.write() as tx:
        which = service.from_template(tx, STAFF, key, MONDAY, NOW)
        assert service.from_template(tx, STAFF, key, MONDAY + timedelta(days=365), NOW) != which
    with store.read() as tx:
        row, tasks = queries.staff_one(tx, which), queries.staff_tasks(tx, which)
    assert "{year}" not in row.title_zh + row.title_en and "2026" in row.title_zh
    assert row.starts_at == start_of(MONDAY) and row.status == "draft"
    assert tasks and {code for task in tasks for code in task.behaviours} <= set(CATALOGUE.by_code)
    with pytest.raises(Invalid), store.write() as tx:
        service.from_template(tx, STAFF, key, MONDAY, NOW)


def test_an_unknown_template_is_refused(store: Store) -> None:
    with pytest.raises(EngineError) as error, store.write() as tx:
        service.from_template(tx, STAFF, "no-such-day", MONDAY, NOW)
    assert error.value.code == "unknown_template"


def test_last_years_campaign_begins_again(store: Store) -> None:
    """Words, rules and tasks come along; the window and the theme days move, the year in the words follows."""
    with store.write() as tx:
        which = service.from_template(tx, STAFF, "energy-week", MONDAY, NOW)
        again = service.copy_campaign(tx, STAFF, which, date(2027, 6, 21), NOW)
    with store.read() as tx:
        was, row = queries.staff_one(tx, which), queries.staff_one(tx, again)
        before, tasks = queries.staff_tasks(tx, which), queries.staff_tasks(tx, again)
    assert (row.status, row.slug, row.title_zh) == ("draft", "energy-week-2027-06-21", "2027 年节能宣传周")
    assert row.ends_at - row.starts_at == was.ends_at - was.starts_at and row.starts_at == start_of(date(2027, 6, 21))
    assert (row.multiplier, row.audience) == (was.multiplier, was.audience)
    moved = [(t.day + timedelta(days=371) if t.day else None, t.kind, t.target, t.behaviours) for t in before]
    assert moved == [(t.day, t.kind, t.target, t.behaviours) for t in tasks]


def test_days_that_are_the_same_every_year_are_offered_next() -> None:
    days = {each.key: each.next_day for each in queries.yearly(date(2026, 6, 5))}
    assert days["environment-day"] == date(2026, 6, 5)
    assert days["earth-day"] == date(2027, 4, 22)
    assert days["energy-week"] is None
