"""Measures a challenge of a large company: working its board out, one person's page, settling and paying everybody.

`python -m bench.challenge` (options: --people, --departments, --acts, --rounds). Needs PostgreSQL. No yardstick: these are
times, with the sizes beside them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import select, text

import webapp.tables
from bench.boards import SIZES
from points_engine.challenge import Task
from points_engine.clock import local_day, start_of
from tests.servers import start_postgres
from webapp.challenges import measure, settling, standing
from webapp.challenges.tables import challenge, challenge_award
from webapp.ledger import funds
from webapp.store import Store
from webapp.store.migrate import upgrade

assert webapp.tables  # imported for the metadata it fills
DAYS = 14
REWARD = 10
GOALS = (("person", "days", 3, REWARD), ("person", "workdays", 5, REWARD), ("team", "total", 50_000, REWARD), ("all", "rate", 50, 0))  # fmt: skip
STATEMENTS = (
    "INSERT INTO member (id, public_id, login, nickname, created_at) "
    "SELECT g, 'b' || g, 'b' || g, '绿友' || g, :began FROM generate_series(1, :n) g",
    "INSERT INTO green_unit (id, kind, name, short_name, join_code, created_at, parent_id, top_id) "
    "SELECT g, 'enterprise', '部门' || g, '部门' || g, CASE WHEN g = 1 THEN 'BENCH001' END, :began, "
    "CASE WHEN g > 1 THEN 1 END, CASE WHEN g > 1 THEN 1 END FROM generate_series(1, :parts + 1) g",
    "INSERT INTO membership (member_id, id, unit_id, kind, department_id, joined_on) "
    "SELECT g, g, 1, 'enterprise', 2 + g % :parts, date '2020-01-01' FROM generate_series(1, :n) g",
    "INSERT INTO challenge_join (member_id, challenge_id, number, joined_on) "
    "SELECT g, 1, 1, :first FROM generate_series(1, :n) g",
    "INSERT INTO activity (member_id, id, behaviour, version, quantity_milli, credited_milli, inputs, level, occurred_at, "
    "occurred_on, recorded_at, status, grams, points, reasons, evidence, counters, facts) "
    "SELECT 1 + (random() * (:n - 1))::int, gen_random_uuid(), (ARRAY['bike', 'walk', 'bus_ride'])[1 + g % 3], '1', 3000, 3000, '{}', "
    "'L1', at, (at AT TIME ZONE 'Asia/Shanghai')::date, at, 'accepted', 300, 6, '[]', '[]', '[]', repeat('0', 64) "
    "FROM (SELECT g, CAST(:began AS timestamptz) + random() * interval '13 days' AS at FROM generate_series(1, :acts) g) x",
)


@contextmanager
def told(what: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{time.perf_counter() - begun:8.2f} s  {what}", flush=True)


def fill(store: Store, given: argparse.Namespace, now: datetime) -> None:
    """A company, its people in departments, a challenge of two weeks that is almost over, and what they did."""
    upgrade(store.url)
    began = start_of(local_day(now) - timedelta(days=DAYS))
    values = {
        "n": given.people,
        "parts": given.departments,
        "acts": given.acts,
        "began": began,
        "first": local_day(began),
    }
    facts = {
        "id": 1, "unit_id": 1, "preset": "week", "title": "大公司", "words": "", "display_name": "大公司", "colour": "0f6cbd",
        "starts_at": began, "ends_at": began + timedelta(days=DAYS), "status": "open", "audience": "all", "departments": [],
        "behaviours": [], "created_at": began,
    }  # fmt: skip
    with store.write() as tx:
        for statement in STATEMENTS:
            tx.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})
        facts["fund_id"] = funds.open_fund(tx, None, "unit", 1, "挑战", began)
        funds.deposit(tx, facts["fund_id"], given.people * REWARD * 4, "deposit:1", "deposit:1", began)
        tx.insert(challenge, [facts])
        names = ("scope", "goal", "target", "reward_points")
        rows = [{"challenge_id": 1, "sort": n, **dict(zip(names, goal, strict=True))} for n, goal in enumerate(GOALS)]
        tx.insert(measure.challenge_task, rows)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def middle(rounds: int, work: Callable[[int], object]) -> float:
    """The median seconds of so many runs."""
    took = []
    for n in range(rounds):
        begun = time.perf_counter()
        work(n)
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--departments", type=int, default=40)
    parser.add_argument("--acts", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    server = start_postgres(settings=SIZES)
    try:
        store, now, rng = Store(server.url), datetime.now(UTC), Random(7)
        print(f"{given.people:,} people in {given.departments} departments, {given.acts:,} acts")
        with told("filling"):
            fill(store, given, now)
        with store.read() as tx:
            row = tx.row(select(challenge))
            assert row is not None and all(isinstance(task, Task) for task in measure.tasks_of(tx, 1))

        def board(_: int) -> None:
            store.retrying(lambda tx: standing.refresh(tx, row, now))

        def mine(_: int) -> None:
            with store.read() as tx:
                measure.mine(tx, row, rng.randint(1, given.people))

        print(f"{middle(given.rounds, board):8.2f} s  the board worked out and kept (median of {given.rounds})")
        print(f"{middle(given.rounds * 10, mine) * 1000:8.2f} ms one person's own progress")
        later = row.ends_at + settling.SETTLE_AFTER
        with told("closed, settled, everybody paid"):
            settling.move_by_clock(store, row.ends_at)
            settling.move_by_clock(store, later)
        with store.read() as tx:
            paid = [r.status for r in tx.rows(select(challenge_award.c.status))]
        print(f"{len(paid):,} rewards, {paid.count('paid'):,} of them paid in points")
        store.dispose()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
