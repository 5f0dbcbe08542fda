"""Measures `import-activities` beside the bulk yardstick: 10,000 rows, durable, alternated in one run.

`python -m bench.feeds` (options: --members, --before, --rows, --rounds, --feed, --workers, --memory ROWS). What counts
is the ratio. Needs PostgreSQL. Neither begins in empty tables: so many rows (--before) are posted by each first. With
--memory one more file of so many rows is imported, and the peak memory of both told.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import random
import statistics
import subprocess
import sys
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench import world
from bench.run import HERE, SIZES, YARDSTICK_UNITS, _place
from bench.yardstick import bulk
from points_engine.clock import LOCAL, SystemClock
from tests.servers import Server, start_postgres
from webapp.feeds import importing, mapping
from webapp.members.phones import PhoneBook
from webapp.methods.queries import living
from webapp.store import Store

# What each kind of feed puts in a row beside the event, the member and the time.
FIRST = world.DAYS + 2  # days ago: before those of which the world holds sums without the acts they are of
FILLING = 100_000  # rows at a time
EARLIER = 75  # days ago: where the acts lie that are there before anything is measured
FEEDS = {"transit": "bus_ride,1", "canteen": "clean_plate,1", "bill": "online_bill,1", "bike": "shared_bike,{km}"}


def prepare(server: Server, members: int) -> str:
    """The yardstick's database and ours, filled; the address of ours."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE yardstick")
        connection.execute("CREATE DATABASE puhui")
    schema = ["psql", "-q", *_place(server), "-d", "yardstick", "-v", "nu=100000", "-v", f"nun={YARDSTICK_UNITS}"]
    subprocess.run([*schema, "-f", str(HERE / "yardstick/schema.sql")], check=True, capture_output=True)
    store = Store(server.url_of("puhui"))
    world.fill(store, members)
    store.dispose()
    return server.url_of("puhui")


def write_file(path: Path, rows: int, members: int, feed: str, day: int) -> Path:
    """A partner's file of one day, so many days ago, in the standard format: events of random members."""
    midnight = datetime.now(UTC).astimezone(LOCAL).replace(hour=0, minute=0, second=0) - timedelta(days=day)
    with path.open("w", encoding="utf-8") as out:
        out.write("event_id,member,behaviour,quantity,occurred_at\n")
        for _ in range(rows):
            at = midnight + timedelta(seconds=random.randint(6 * 3600, 23 * 3600))
            what = FEEDS[feed].format(km=random.randint(500, 9000) / 1000)
            out.write(f"{uuid.uuid4().hex},b{random.randint(1, members)},{what},{at:%Y-%m-%d %H:%M:%S}\n")
    return path


def job_for(store: Store, path: Path, source: str, workers: int) -> importing.Job:
    with store.read() as tx:
        catalogue = living(tx)
    plan = mapping.load(source, mapping.folders(path.parent), catalogue)
    return importing.Job(
        path, plan, catalogue, PhoneBook("k" * 16, "p" * 16), SystemClock().now, workers=workers, own_process=True
    )


def import_file(url: str, path: Path, source: str, workers: int) -> dict[str, Any]:
    """Import a file as the command does, from opening it to the last commit; the summary."""
    store = Store(url)
    try:
        return importing.run(store, job_for(store, path, source, workers), lambda *_row: None)
    finally:
        store.dispose()


def fill(given: argparse.Namespace, connection: psycopg.Connection, url: str, folder: Path) -> None:
    """Post what is there before anything is measured, and one batch like those that are."""
    for day in range(EARLIER, EARLIER - given.before // FILLING, -1):
        bulk.post(connection, FILLING)
        path = write_file(folder / "before.csv", FILLING, given.members, given.feed, day)
        import_file(url, path, "bench", given.workers)
    with psycopg.connect(url, autocommit=True) as ours:
        for each in (connection, ours):
            each.execute("VACUUM ANALYZE")  # else the database would do it while we measure
    bulk.post(connection, given.rows)
    warm = write_file(folder / "warm.csv", given.rows, given.members, given.feed, FIRST - 1)
    import_file(url, warm, "bench", given.workers)


def measure(given: argparse.Namespace, server: Server, url: str, folder: Path) -> None:
    ratios, ours, floors = [], [], []
    with psycopg.connect(server.url_of("yardstick"), autocommit=True) as connection:
        fill(given, connection, url, folder)
        for day in range(FIRST, FIRST + given.rounds):
            floor = given.rows / bulk.post(connection, given.rows)
            path = write_file(folder / "feed.csv", given.rows, given.members, given.feed, day)
            summary = import_file(url, path, "bench", given.workers)
            assert summary["credited"] > given.rows * 9 // 10, summary
            rate = given.rows / summary["seconds"]
            ratios.append(rate / floor)
            ours.append(rate)
            floors.append(floor)
            print(
                f"yardstick {floor:>8,.0f} rows/s   import {rate:>8,.0f} rows/s   ratio {rate / floor:.2f}", flush=True
            )
    print(
        f"\n{given.feed}, {given.rows:,} rows, {given.members:,} members, {given.before:,} rows before, {given.workers} worker(s), "
        f"median of {given.rounds} rounds: yardstick {statistics.median(floors):,.0f} rows/s, import "
        f"{statistics.median(ours):,.0f} rows/s, ratio {statistics.median(ratios):.2f} (aim 0.50)"
    )


def memory(given: argparse.Namespace, url: str, folder: Path) -> None:
    """Peak memory of an import process of few rows and of many."""
    for day, rows in ((60, given.rows), (61, given.memory)):
        path = write_file(folder / f"{rows}.csv", rows, given.members, given.feed, day)
        code = (
            "import json, resource, sys; from pathlib import Path; from bench.feeds import import_file\n"
            "s = import_file(sys.argv[1], Path(sys.argv[2]), 'bench', int(sys.argv[3]))\n"
            "peak = [resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]\n"
            "print(json.dumps([s['credited'], s['zero'], s['seconds'], *peak]))"
        )
        command = [sys.executable, "-c", code, url, str(path), str(given.workers)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        credited, zero, seconds, own, child = json.loads(out)
        print(
            f"{rows:>9,} rows: {rows / seconds:,.0f} rows/s, {credited:,} credited, {zero:,} at 0; "
            f"peak memory {own} MB, largest worker {child} MB"
        )


def profile(given: argparse.Namespace, url: str, folder: Path) -> None:
    path = write_file(folder / "profile.csv", given.rows, given.members, given.feed, 62)
    profiler = cProfile.Profile()
    profiler.runcall(import_file, url, path, "bench", 1)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument(
        "--before", type=int, default=300_000, help="rows that either side holds before, in whole hundred thousands"
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--feed", choices=sorted(FEEDS), default="transit")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--memory", type=int, default=0, metavar="ROWS")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    server = start_postgres(durable=True, settings=SIZES)
    with tempfile.TemporaryDirectory() as name:
        try:
            url = prepare(server, given.members)
            measure(given, server, url, Path(name))
            if given.memory:
                memory(given, url, Path(name))
            if given.profile:
                profile(given, url, Path(name))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
