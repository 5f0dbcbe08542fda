"""A lock that one process in the park holds: an advisory lock on PostgreSQL, a locked file beside SQLite."""

from __future__ import annotations

import fcntl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.store.engine import Store

POLL_SECONDS = 1.0


class Held:
    """The lock in hand; it goes with the database connection that took it."""

    def __init__(self, connection: Any = None) -> None:
        self._connection = connection

    def still(self) -> bool:
        """Whether the lock is surely ours; a file's lock is, a connection's only while it answers."""
        if self._connection is None:
            return True
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True


@contextmanager
def waiting_for(store: Store, name: str, folder: Path) -> Iterator[Held]:
    """Wait until the lock `name` is ours and hold it; the end of the process gives it back, however it ends."""
    take = _advisory if store.dialect == "postgresql" else _file
    with take(store, name, folder) as held:
        yield held


@contextmanager
def _advisory(store: Store, name: str, _folder: Path) -> Iterator[Held]:
    number = zlib.crc32(f"puhui:{name}".encode())
    outside = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:n)"), {"n": number}):
            time.sleep(POLL_SECONDS)
        yield Held(connection)


@contextmanager
def _file(_store: Store, name: str, folder: Path) -> Iterator[Held]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(POLL_SECONDS)
        yield Held()
