"""Measures how soon a board of a million knows what was logged, and how long freezing a month of it takes.

`python -m bench.freshness` (options: --members, --units, --changed, --rounds). Builds all standings from the members' days,
lets `--changed` random members log something at once, catches up as the timetable does, and at last freezes and
publishes the month before. Needs PostgreSQL. No yardstick: these are times, with the sizes beside them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlalchemy import text

import webapp.tables
from bench.boards import KINDS, SIZES
from points_engine.clock import days_of, local_day, month_of
from tests.servers import start_postgres
from webapp.rankings import closing, freezing, service, standings
from webapp.rankings.jobs import ROUNDS
from webapp.store import Store
from webapp.store.migrate import upgrade

assert webapp.tables  # imported for the metadata it fills
STATEMENTS = (
    "INSERT INTO member (id, public_id, login, nickname, created_at) "
    "SELECT g, 'b' || g, 'b' || g, '绿友' || g, :now FROM generate_series(1, :n) g",
    f"INSERT INTO green_unit (kind, name, short_name, join_code, created_at, scored_version) "
    f"SELECT {KINDS}, '单位' || g, '单位' || g, 'B' || lpad(g::text, 6, '0'), :now, 1 FROM generate_series(1, :units) g",
    "INSERT INTO membership (member_id, id, unit_id, kind, joined_on, scored_version) "
    "SELECT g, g, u.id, u.kind, date '2020-01-01', 1 FROM generate_series(1, :n) g JOIN green_unit u ON u.id = 1 + g % :units",
    "INSERT INTO member_day (member_id, day, acts, declared_g, verified_g, points) "
    "SELECT g, CAST(:today AS date) - 12 * d - CAST(g % 5 AS int), 2, 100 + (g % 900 * 7919 + d * 104729) % 900, 0, 20 "
    "FROM generate_series(1, :n) g, generate_series(0, 4) d",
    "INSERT INTO wallet (member_id, declared_g, verified_g, points, held, seq, digest, scored_seq) "
    "SELECT member_id, sum(declared_g), 0, sum(points), 0, 10, repeat('0', 64), 10 FROM member_day GROUP BY member_id",
)


@contextmanager
def told(what: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{time.perf_counter() - begun:8.1f} s  {what}", flush=True)


def fill(store: Store, members: int, units: int, now: datetime) -> None:
    """People, units, two months of days (five a person), and standings built from them by the room itself."""
    upgrade(store.url)
    given = {"n": members, "units": units, "now": now, "today": local_day(now)}
    with told("people, units, days"), store.write() as tx:
        for statement in STATEMENTS:
            tx.execute(text(statement), {name: value for name, value in given.items() if f":{name}" in statement})
    _vacuum(store)
    with told("standings of every open period built anew"), store.write() as tx:
        service.rebuild(tx, now, history=False)
    _vacuum(store)


def _vacuum(store: Store) -> None:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def log(store: Store, ids: list[int], today: date) -> None:
    """What so many acts leave for the rankings: days that grew and chains that moved."""
    with store.write() as tx:
        tx.execute(
            text(
                "INSERT INTO member_day (member_id, day, acts, declared_g, verified_g, points) "
                "SELECT m, :today, 1, 120, 0, 5 FROM unnest(CAST(:ids AS bigint[])) m "
                "ON CONFLICT (member_id, day) DO UPDATE SET declared_g = member_day.declared_g + 120"
            ),
            {"ids": ids, "today": today},
        )
        tx.execute(text("UPDATE wallet SET seq = seq + 1 WHERE member_id = ANY(:ids)"), {"ids": ids})


def catch_up(store: Store, now: datetime) -> tuple[float, int]:
    """Seconds until nothing is behind, and how many batches it took."""
    begun, batches = time.perf_counter(), 0
    while True:
        with store.read() as tx:
            if not service.behind(tx):
                return time.perf_counter() - begun, batches
        store.retrying(lambda tx: standings.catch_up(tx, now))
        batches += 1


def freeze(store: Store, period: str, now: datetime) -> None:
    with told(f"{period} worked out in one snapshot"), store.snapshot() as tx:
        draft = freezing.work_out(tx, period, now)
    people = len(draft.entries["members"])
    write: Callable[..., int] = closing.publish_by_itself
    with told(f"{period} written and published: {len(draft.entries)} boards, {people:,} members on the largest"):
        store.retrying(lambda tx: write(tx, draft, now))
    with told("its largest file read back"), store.read() as tx:
        size = sum(len(line) for line in closing.file_of(tx, "members", period, 1))
    print(f"           {size / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--changed", type=int, default=20_000, help="members who log before each catching up")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    server = start_postgres(settings=SIZES)
    try:
        store, now, rng = Store(server.url), datetime.now(UTC), Random(7)
        fill(store, given.members, given.units, now)
        for _ in range(given.rounds):
            ids = rng.sample(range(1, given.members + 1), given.changed)
            log(store, ids, local_day(now))
            took, batches = catch_up(store, now)
            print(
                f"{took:8.1f} s  {given.changed:,} changed members caught up in {batches} batches "
                f"({given.changed / took:,.0f} a second; a run of the timetable takes up to {ROUNDS})",
                flush=True,
            )
        before = days_of(month_of(local_day(now)))[0] - timedelta(days=1)
        freeze(store, month_of(before), now)
        store.dispose()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
