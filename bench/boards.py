"""Measures live boards at a million members beside a Redis sorted set, in one process and one run.

`python -m bench.boards` (options: --members, --units, --rounds). First page, my place and neighbours alternate with
ZREVRANGE, ZREVRANK and ZREVRANK with a range around it; what counts are the ratios of the medians. Then whole pages
through the application. Needs PostgreSQL and redis-server (Debian: postgresql, redis-server).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import redis
from sqlalchemy import text

import webapp.tables
from bench import world
from points_engine.clock import local_day, month_of
from tests.servers import start_postgres, start_redis
from webapp.rankings import ladders, marks, places
from webapp.rankings.boards import BOARDS, Board
from webapp.store import Store, Tx
from webapp.store.migrate import upgrade

assert webapp.tables  # imported for the metadata it fills
SIZES = ("shared_buffers=1GB", "work_mem=64MB", "maintenance_work_mem=256MB", "jit=off")
TOP = "board"
KINDS = "(ARRAY['enterprise', 'public_body', 'community'])[1 + g % 3]"
CLASSES = "CASE WHEN members < 50 THEN 'small' WHEN members < 300 THEN 'medium' ELSE 'large' END"
VALUE = "least(2000000, floor(exp(7 + 1.3 * sqrt(-2 * ln(random() + 1e-9)) * cos(6.283185 * random()))))::bigint + 1"


@dataclass(frozen=True)
class Pair:
    """One question: how long Redis and the board take for it, in microseconds."""

    what: str
    redis_us: float
    board_us: float

    def line(self) -> str:
        ratio = self.board_us / self.redis_us
        return f"{self.what:<34} redis {self.redis_us:8.0f} us   board {self.board_us:8.0f} us   ratio {ratio:5.2f}"


def fill(store: Store, members: int, units: int, period: str) -> None:
    """Standings as catching up leaves them; the ladders are built by the room itself."""
    upgrade(store.url)
    given = {"n": members, "units": units, "period": period, "now": datetime.now(UTC)}
    with store.write() as tx:
        for statement in STATEMENTS:
            begun = time.perf_counter()
            tx.execute(text(statement), {name: value for name, value in given.items() if f":{name}" in statement})
            print(f"{time.perf_counter() - begun:6.1f} s  {statement[:60]}", flush=True)
        marks.refresh_means(tx, [period])
        ladders.build(tx, period)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


STATEMENTS = (
    "SELECT setseed(0.7)",
    "INSERT INTO member (id, public_id, login, nickname, created_at) "
    "SELECT g, 'b' || g, 'b' || g, '绿友' || g, :now FROM generate_series(1, :n) g",
    "INSERT INTO consent (member_id, purpose, given_at, version) SELECT g, 'boards', :now, '1' FROM generate_series(1, 2000) g",
    f"INSERT INTO green_unit (kind, name, short_name, join_code, created_at, scored_version) "
    f"SELECT {KINDS}, '单位' || g, '单位' || g, 'B' || lpad(g::text, 6, '0'), :now, 1 FROM generate_series(1, :units) g",
    "INSERT INTO membership (member_id, id, unit_id, kind, joined_on, scored_version) "
    "SELECT g, g, u.id, u.kind, date '2020-01-01', 1 FROM generate_series(1, :n) g JOIN green_unit u ON u.id = 1 + g % :units",
    "INSERT INTO standing (id, as_of) VALUES (1, :now)",
    "INSERT INTO open_period (period) VALUES (:period)",
    f"INSERT INTO score (member_id, period, value, reached_at, listed) SELECT g, :period, {VALUE}, "
    "CAST(:now AS timestamptz) - random() * interval '20 days', 1 FROM generate_series(1, :n) g",
    f"INSERT INTO unit_mark (unit_id, period, measure, kind, size_class, members, weight, plain_milli, value_milli, "
    f"reached_at, listed) SELECT id, :period, m, kind, {CLASSES}, members, members * 10, v, v, :now, 1 FROM (SELECT id, kind, "
    f"5 + floor(exp(random() * 6))::int AS members FROM green_unit) u, LATERAL (SELECT m, 1000 * ({VALUE}) AS v "
    f"FROM unnest(ARRAY['total', 'per_head', 'participation', 'improvement', 'energy']) m WHERE u.id > 0) x",
)  # fmt: skip


def load(client: Any, tx: Tx, board: Board, period: str, name: str) -> list[int]:
    """The same values in a sorted set; the ids on it."""
    if board.of_members:
        query = text("SELECT member_id, value FROM score WHERE period = :p")
    else:
        query = text(
            "SELECT unit_id, value_milli FROM unit_mark WHERE period = :p AND kind = :k AND measure = :m AND listed = 1"
        )
    rows = tx.rows(query, {"p": period, "k": board.subject, "m": board.measure})
    pipe = client.pipeline(transaction=False)
    for start in range(0, len(rows), 20_000):
        pipe.zadd(name, {str(row[0]): int(row[1]) for row in rows[start : start + 20_000]})
        pipe.execute()
    return [int(row[0]) for row in rows]


def compare(what: str, ids: Sequence[int], theirs: Callable[[int], Any], ours: Callable[[int], Any]) -> Pair:
    """Both alternate over the same ids; medians, after a warm-up."""
    for one in ids[:40]:
        theirs(one), ours(one)
    took: tuple[list[float], list[float]] = ([], [])
    for one in ids:
        for ask, times in ((theirs, took[0]), (ours, took[1])):
            begun = time.perf_counter()
            ask(one)
            times.append(time.perf_counter() - begun)
    return Pair(what, statistics.median(took[0]) * 1e6, statistics.median(took[1]) * 1e6)


def questions(client: Any, tx: Tx, board: Board, period: str, ids: Sequence[int], name: str) -> list[Pair]:
    """First page, my place, neighbours."""

    def beside(one: int) -> Any:
        at = client.zrevrank(name, str(one))
        return client.zrevrange(name, max(0, at - places.AROUND), at + places.AROUND, withscores=True)

    def first(_: int) -> Any:
        return client.zrevrange(name, 0, places.PAGE - 1, withscores=True)

    return [
        compare(f"{board.code}: first page", ids, first, lambda _: places.page(tx, board, period, 1)),
        compare(f"{board.code}: my place", ids, lambda i: client.zrevrank(name, str(i)), lambda i: places.own(tx, board, period, i)),
        compare(f"{board.code}: neighbours", ids, beside, lambda i: places.around(tx, board, period, i)),
    ]  # fmt: skip


def exact(client: Any, tx: Tx, board: Board, period: str, ids: Sequence[int], name: str) -> int:
    """How many of some places differ from counting everybody above in Redis; 0 or the ladder is wrong."""
    wrong = 0
    for one in ids:
        me = places.own(tx, board, period, one)
        assert me is not None
        wrong += me.place != 1 + client.zcount(name, f"({me.value}", "+inf")
    return wrong


def pages(store: Store, url: str, members: int, rounds: int) -> list[str]:
    """Whole pages through the application, for a signed-in member, in milliseconds at the median."""
    from webapp.app import create_app
    from webapp.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(env="test", database_url=url, var_dir=Path(folder)))
        client = app.test_client()
        [token] = world.open_sessions(store, range(members // 2, members // 2 + 1), "web", datetime.now(UTC))
        [cookie] = world.cookies(app, [token])
        name, _, value = cookie.partition("=")
        client.set_cookie(name, value)
        return [_page(client, path, rounds) for path in ("/rankings/members?period=month", "/rankings/enterprise-per-head?period=month", "/rankings/community-total-small?period=month")]  # fmt: skip


def _page(client: Any, path: str, rounds: int) -> str:
    took = []
    for n in range(rounds + 5):
        begun = time.perf_counter()
        status = client.get(path).status_code
        assert status == 200, (path, status)
        if n >= 5:
            took.append(time.perf_counter() - begun)
    return f"{path:<50} median {statistics.median(took) * 1000:6.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=400)
    given = parser.parse_args()
    server, cache = start_postgres(settings=SIZES), start_redis()
    try:
        period, store, client = month_of(local_day(datetime.now(UTC))), Store(server.url), redis.Redis(port=cache.port)
        fill(store, given.members, given.units, period)
        rng = Random(7)
        with store.read() as tx:
            for code in ("members", "enterprise-per-head"):
                board = BOARDS[code]
                known = load(client, tx, board, period, code)
                ids = [rng.choice(known) for _ in range(given.rounds)]
                for pair in questions(client, tx, board, period, ids, code):
                    print(pair.line(), flush=True)
                print(f"{code}: places that differ from counting: {exact(client, tx, board, period, ids, code)}")
        for line in pages(store, server.url, given.members, 60):
            print(line, flush=True)
        store.dispose()
    finally:
        server.stop()
        cache.stop()


if __name__ == "__main__":
    main()
