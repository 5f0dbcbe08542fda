"""Measures a what-if over history: our rows a second beside one plain sum over the same rows, and beside a loop in Python.

`python -m bench.what_if` (options: --acts 10000000, --members, --rounds, --databases sqlite postgresql). A draft brings
new figures for the city's trips and for the grid, so that every act is touched. Everything alternates in one run; what
counts are the ratios. Needs PostgreSQL (Debian: postgresql).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

import webapp.tables
from points_engine.methodology import Catalogue, Level
from points_engine.methodology.drafts import Draft, read_draft, with_versions
from points_engine.methodology.quantify import quantify_under
from tests.servers import start_postgres
from webapp.methods import effects, queries, service
from webapp.store import Store, metadata

assert webapp.tables  # fills the metadata
SIZES = (
    "shared_buffers=1GB", "work_mem=64MB", "maintenance_work_mem=512MB", "max_wal_size=16GB",
    "checkpoint_timeout=15min", "jit=off",
)  # fmt: skip
SAMPLE = 20_000  # acts of the loop in Python
UNITS = 2_000
CODES = ("bike", "shared_bike", "walk", "bus", "shuttle", "ebike", "carpool", "rooftop_pv")
FIGURES = """
[[factor]]
key = "city_trip_mix"
name = { zh = "城市出行结构", en = "city trip mix" }
value = "0.101"
unit = "kgCO2e/person-km"
source = "bench"
mark = "proposal"
valid_from = 2030-01-01
review_by = 2031-01-01

[[factor]]
key = "grid_shanxi"
name = { zh = "山西电网", en = "Shanxi grid" }
value = "0.61"
unit = "kgCO2/kWh"
source = "bench"
mark = "proposal"
valid_from = 2030-01-01
review_by = 2031-01-01
"""
POSTGRESQL = """
INSERT INTO activity (member_id, id, behaviour, version, quantity_milli, credited_milli, inputs, level, occurred_at,
  occurred_on, recorded_at, status, grams, points, reasons, evidence, counters, facts)
SELECT 1 + (n * 7919::bigint) % :members, gen_random_uuid(), b, '1', m, m, CASE b WHEN 'carpool' THEN '{"n":"3"}' ELSE '{}' END,
  CASE WHEN b = 'rooftop_pv' OR n % 5 = 0 THEN 'photo' ELSE 'declared' END, d, d::date, d, 'accepted', m / 20, 5,
  '[]', '[]', '{}', ''
FROM (SELECT n, (ARRAY['bike','shared_bike','walk','bus','shuttle','ebike','carpool','rooftop_pv'])[1 + (n / 7) % 8] AS b,
  500 * (1 + (n * 31::bigint) % 20) AS m, timestamptz '2026-01-01' + (n * 300::bigint / :acts) * interval '1 day' AS d
  FROM generate_series(1, :acts) AS n) AS made
"""
SQLITE = """
INSERT INTO activity (member_id, id, behaviour, version, quantity_milli, credited_milli, inputs, level, occurred_at,
  occurred_on, recorded_at, status, grams, points, reasons, evidence, counters, facts)
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :acts), made AS (
  SELECT n, CASE (n / 7) % 8 WHEN 0 THEN 'bike' WHEN 1 THEN 'shared_bike' WHEN 2 THEN 'walk' WHEN 3 THEN 'bus' WHEN 4 THEN 'shuttle'
    WHEN 5 THEN 'ebike' WHEN 6 THEN 'carpool' ELSE 'rooftop_pv' END AS b, 500 * (1 + (n * 31) % 20) AS m,
    date('2026-01-01', (n * 300 / :acts) || ' days') AS d FROM s)
SELECT 1 + (n * 7919) % :members, lower(hex(randomblob(16))), b, '1', m, m, CASE b WHEN 'carpool' THEN '{"n":"3"}' ELSE '{}' END,
  CASE WHEN b = 'rooftop_pv' OR n % 5 = 0 THEN 'photo' ELSE 'declared' END, d || ' 08:00:00.000000', d,
  d || ' 08:00:00.000000', 'accepted', m / 20, 5, '[]', '[]', '{}', '' FROM made
"""
PLAIN = text(
    "SELECT a.behaviour, sum(a.quantity_milli * f.factor) FROM activity AS a JOIN bench_factor AS f"
    " ON f.behaviour = a.behaviour GROUP BY a.behaviour"
)


def fill(store: Store, acts: int, members: int) -> None:
    """The acts in the order of their days, everybody in one of the units, and the yardstick's factors."""
    metadata.create_all(store.engine)
    pg = store.dialect == "postgresql"
    with store.write() as tx:
        tx.execute(text(POSTGRESQL if pg else SQLITE), {"acts": acts, "members": members})
        tx.execute(text("CREATE TABLE bench_factor (behaviour VARCHAR(24) PRIMARY KEY, factor BIGINT NOT NULL)"))
        tx.execute(
            text("INSERT INTO bench_factor VALUES (:b, :f)"), [{"b": b, "f": 95 + n} for n, b in enumerate(CODES)]
        )
        tx.insert(metadata.tables["green_unit"], [unit(n) for n in range(1, UNITS + 1)])
        rows = [{"member_id": m, "id": 1, "unit_id": 1 + m % UNITS, "kind": "enterprise", "joined_on": date(2026, 1, 1)}
                for m in range(1, members + 1)]  # fmt: skip
        tx.insert(metadata.tables["membership"], rows)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if pg else "ANALYZE"))


def unit(n: int) -> dict[str, Any]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return {"id": n, "kind": "enterprise", "name": f"unit {n}", "short_name": f"unit {n}", "status": "active",
            "created_at": at}  # fmt: skip


def ours(store: Store, old: Catalogue, new: Catalogue, draft: Draft) -> list[queries.Effect]:
    """What the job does, without writing its progress."""
    with store.read() as tx:
        parts, _ = service.parts_of(tx)
        rates = effects.draft_rates(tx, old, new, draft)
    found = []
    for members in parts:
        with store.read() as tx:
            found += effects.effects(tx, rates, members)
    return effects.added(found)


def plain(store: Store) -> Any:
    with store.read() as tx:
        return tx.rows(PLAIN)


def loop(store: Store, old: Catalogue, new: Catalogue, draft: Draft) -> float:
    """Rows a second of the engine, act by act, over a sample that is in memory already."""
    with store.read() as tx:
        rows = tx.rows(effects.acts.select().limit(SAMPLE))
    day, total = draft.complete_from, 0
    begun = time.perf_counter()
    for row in rows:
        inputs = {name: Decimal(value) for name, value in row.inputs.items()}
        amount, level = Decimal(row.credited_milli) / 1000, Level(row.level)
        was, then = old.behaviour(row.behaviour), new.behaviour(row.behaviour)
        total -= quantify_under(was.version(row.version), was, amount, inputs, level, row.occurred_on).grams
        total += quantify_under(then.version_on(day), then, amount, inputs, level, day).grams
    return len(rows) / (time.perf_counter() - begun)


def timed(run: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def measure(store: Store, acts: int, rounds: int) -> None:
    old = queries.published()
    new, draft = with_versions(old, [FIGURES]), read_draft(old, FIGURES)
    seen: dict[str, list[float]] = {"what-if": [], "plain sum": [], "Python loop": []}
    ours(store, old, new, draft), plain(store)  # warm
    for _ in range(rounds):
        seen["plain sum"].append(acts / timed(lambda: plain(store)))
        seen["what-if"].append(acts / timed(lambda: ours(store, old, new, draft)))
        seen["Python loop"].append(loop(store, old, new, draft))
    found = ours(store, old, new, draft)
    everybody = [e for e in found if e.unit_id == queries.EVERYBODY]
    assert sum(e.acts for e in everybody) == acts, everybody
    rate = statistics.median(seen["what-if"])
    print(f"\n{store.dialect}: {acts:,} acts, {len(everybody)} behaviours, {len(found):,} lines, {rounds} rounds")
    for name, rates in seen.items():
        middle = statistics.median(rates)
        print(f"  {name:12} {middle:>12,.0f} rows/s   what-if / this = {rate / middle:.2f}")
    print(f"  one what-if takes {acts / rate:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=1_000_000)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    given = parser.parse_args()
    if "postgresql" in given.databases:
        server = start_postgres(settings=SIZES)
        try:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE puhui")
            run(server.url_of("puhui"), given)
        finally:
            server.stop()
    if "sqlite" in given.databases:
        with tempfile.TemporaryDirectory() as folder:
            run(f"sqlite:///{Path(folder) / 'park.db'}", given)


def run(url: str, given: argparse.Namespace) -> None:
    store = Store(url)
    took = timed(lambda: fill(store, given.acts, given.members))
    print(f"{store.dialect}: filled in {took:.0f} s")
    measure(store, given.acts, given.rounds)
    store.dispose()


if __name__ == "__main__":
    main()
