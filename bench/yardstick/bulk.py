"""The bulk yardstick: COPY rows into a staging table and let one statement in the database post them all."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator

import psycopg

USERS, UNITS = 100_000, 2_000


def rows(count: int) -> Iterator[tuple[str, int, int, int, float, int]]:
    """Credits of random users in random units, as schema.sql's staging table takes them."""
    for _ in range(count):
        unit = random.randint(1, UNITS)
        yield uuid.uuid4().hex, random.randint(1, USERS), unit, USERS + unit, 3.5, random.randint(1, 5000)


def post(connection: psycopg.Connection, count: int) -> float:
    """Seconds to post `count` new rows durably; the rows are made up before the clock starts."""
    data = list(rows(count))
    connection.execute("TRUNCATE staging")
    began = time.perf_counter()
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy("COPY staging FROM STDIN") as copy:
            for row in data:
                copy.write_row(row)
        cursor.execute("ANALYZE staging")
        posted = cursor.execute("SELECT post_batch()").fetchone()
    took = time.perf_counter() - began
    assert posted and posted[0] == count, posted
    return took
