"""Kills a forked writer with SIGKILL again and again, and checks that no acknowledged credit is lost.

`python -m tests.crashing --cycles 1000 --database-url URL` runs it at length; the URL's database must be
empty and have its tables (the default makes a SQLite file of its own).
"""

from __future__ import annotations

import argparse
import os
import random
import select as io_select
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

import webapp.tables
from points_engine.methodology import load
from webapp.activities import audit, service
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.tables import activity
from webapp.ledger import audit as ledger_audit
from webapp.store import Store, Tx

START = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
MEMBERS = 200
BATCH = 8
CATALOGUE = load()


class Careless(Store):
    """The control: every statement commits by itself, so a kill leaves half a batch behind."""

    @contextmanager
    def write(self) -> Iterator[Tx]:
        options: dict[str, Any] = (
            {"puhui_begin": "SELECT 1"} if self.dialect == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        )
        with self.engine.execution_options(**options).connect() as connection:
            yield Tx(connection, writable=True)


def run(url: str, cycles: int, seed: int, kind: type[Store] = Store) -> tuple[int, list[str]]:
    """`cycles` kills; returns how many credits were acknowledged and everything found wrong afterwards."""
    random.seed(seed)
    acked: set[str] = set()
    for cycle in range(cycles):
        acked |= _one_life(url, cycle, seed, kind)
    store = Store(url)
    problems = _lost(store, acked) + _audit(store)
    store.dispose()
    return len(acked), problems


def _one_life(url: str, cycle: int, seed: int, kind: type[Store]) -> set[str]:
    """Fork a writer, let it acknowledge for some milliseconds, kill it; returns what it acknowledged."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            _write_until_killed(url, writer, random.Random(seed * 1_000_003 + cycle), cycle, kind)
        finally:
            os._exit(1)
    os.close(writer)
    received = b""
    deadline = None
    while True:
        wait = 10.0 if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = io_select.select([reader], [], [], wait)
        if not ready:
            break
        chunk = os.read(reader, 65536)
        if not chunk:
            break
        received += chunk
        deadline = deadline or time.monotonic() + random.uniform(0.003, 0.03)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while chunk := os.read(reader, 65536):
        received += chunk
    os.close(reader)
    whole, _, _ = received.rpartition(b"\n")
    return {line.decode() for line in whole.split(b"\n") if line}


def _write_until_killed(url: str, pipe: int, dice: random.Random, cycle: int, kind: type[Store]) -> None:
    store = kind(url, pool_size=1)
    now = START + timedelta(seconds=cycle)
    while True:
        commands = [_command(dice, now) for _ in range(BATCH)]
        with store.write() as tx:
            answers = service.log_many(tx, commands, now)
        done = [c.id for c, a in zip(commands, answers, strict=True) if getattr(a, "fresh", False)]
        os.write(pipe, "".join(f"{id}\n" for id in done).encode())


def _command(dice: random.Random, now: datetime) -> LogActivity:
    return read_command(
        CATALOGUE,
        dice.randrange(1, MEMBERS + 1),
        id=str(uuid.UUID(int=dice.getrandbits(128))),
        behaviour=dice.choice(("bike", "bus", "own_cup", "clean_plate")),
        quantity=Decimal(1),
        occurred_at=now - timedelta(seconds=dice.randrange(200_000)),
        inputs={},
        evidence=(),
        now=now,
    )


def _lost(store: Store, acked: set[str]) -> list[str]:
    with store.read() as tx:
        stored = {row.id for row in tx.rows(select(activity.c.id))}
        print(f"{len(acked)} acknowledged, {tx.scalar(select(func.count()).select_from(activity))} stored")
    return [f"lost: {id}" for id in sorted(acked - stored)]


def _audit(store: Store) -> list[str]:
    with store.snapshot() as tx:
        found = ledger_audit.check_members(tx, 0, MEMBERS + 1)
        return found.faults + audit.check_members(tx, 0, MEMBERS + 1, found.causes).faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url")
    parser.add_argument("--control", action="store_true", help="without transactions: must find faults")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.database_url or f"sqlite:///{folder}/crash.db"
        if not given.database_url:
            store = Store(url)
            webapp.tables.metadata.create_all(store.engine)
            store.dispose()
        began = time.monotonic()
        acked, problems = run(url, given.cycles, given.seed, Careless if given.control else Store)
    print(
        f"{given.cycles} kills, {acked} acknowledged credits, {len(problems)} problems, {time.monotonic() - began:.0f} s"
    )
    for problem in problems[:20]:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
