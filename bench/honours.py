"""Measures honours: looking through every company for who meets the criteria, a page of the list, judging one.

`python -m bench.honours` (options: --units, --each). Needs PostgreSQL. No yardstick: these are times, with the sizes beside them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, text

import webapp.tables
from points_engine.honours import honours
from tests.servers import start_postgres
from webapp.honours import queries, service
from webapp.honours.tables import honour_round
from webapp.store import Store
from webapp.store.migrate import upgrade

assert webapp.tables  # imported for the metadata it fills
NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
DAYS = tuple(date(2026, month, 10) for month in range(1, 7))
STATEMENTS = (
    "INSERT INTO green_unit (id, kind, name, short_name, created_at) "
    "SELECT g, 'enterprise', '企业' || g, '企业' || g, :now FROM generate_series(1, :units) g",
    "INSERT INTO member (id, public_id, nickname, created_at) "
    "SELECT g, 'b' || g, '绿友' || g, :now FROM generate_series(1, :n) g",
    "INSERT INTO membership (member_id, id, unit_id, kind, joined_on) "
    "SELECT g, g, 1 + (g - 1) / :each, 'enterprise', date '2026-01-01' FROM generate_series(1, :n) g",
)
ACTS = (
    "INSERT INTO member_day (member_id, day, acts, declared_g, verified_g, points) "
    "SELECT g, :day, 1, 2000, 0, 10 FROM generate_series(1, :n) g"
)


@contextmanager
def told(what: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{time.perf_counter() - begun:8.3f} s  {what}", flush=True)


def fill(store: Store, units: int, each: int) -> int:
    """Companies of so many people, all of whom act on a day of each month; and a round that is being reviewed."""
    sizes = {"now": NOW, "units": units, "each": each, "n": units * each}
    criteria = [one.as_data() for one in honours()["green_enterprise"].criteria if one.measure != "pledge"]
    with store.write() as tx:
        for statement in STATEMENTS:
            tx.execute(text(statement), sizes)
        for day in DAYS:
            tx.execute(text(ACTS), {"day": day, "n": sizes["n"]})
        tx.execute(text("ANALYZE"))
        row = {"honour": "green_enterprise", "year": 2026, "state": "reviewing", "criteria": criteria, "opens_at": NOW,
               "closes_at": NOW + timedelta(days=1), "notice_days": 5, "objections_to": "–", "author_id": 1,
               "created_at": NOW}  # fmt: skip
        key = tx.execute(insert(honour_round).values(**row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.honours")
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=5)
    given = parser.parse_args()
    server = start_postgres()
    try:
        upgrade(server.url)
        store = Store(server.url)
        made = fill(store, given.units, given.each)
        with told(f"{given.units} companies of {given.each} looked through, the list written"):
            service.screen(store, made, NOW)
        with store.read() as tx:
            row = queries.find(tx, made)
            with told("a page of the list"):
                queries.matches(tx, row, 0, queries.PAGE)
            with told("one company judged"):
                queries.standing(tx, row, 7, NOW)
        store.dispose()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
