"""The engine and the transaction: how reads and writes begin, end and are tried again on both databases."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, CursorResult, Engine, Executable, Row, Table, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError

from webapp.store import bulk
from webapp.store.bulk import Write
from webapp.store.hot import Query
from webapp.store.link import Link
from webapp.store.thousands import Overtaken

T = TypeVar("T")
TRIES = 4
# serialization_failure, deadlock_detected, lock_not_available, unique_violation
PG_CONNECT: dict[str, Any] = {"prepare_threshold": 2, "options": "-c jit=off -c timezone=UTC"}
RETRY_STATES = {"40001", "40P01", "55P03", "23505"}


class Tx(Link):
    """A transaction in hand; holding a writable one is the permission to write."""

    def __init__(self, connection: Connection, *, writable: bool) -> None:
        super().__init__(connection)
        self.writable = writable
        self._after: list[Callable[[], None]] = []

    def execute(self, statement: Executable, params: Any = None) -> CursorResult[*tuple[Any, ...]]:
        return self.connection.execute(statement, params)

    def rows(self, statement: Executable, params: Any = None) -> Sequence[Row[*tuple[Any, ...]]]:
        return self.execute(statement, params).all()

    def row(self, statement: Executable, params: Any = None) -> Row[*tuple[Any, ...]] | None:
        return self.execute(statement, params).first()

    def scalar(self, statement: Executable, params: Any = None) -> Any:
        return self.execute(statement, params).scalar()

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows (all with the same keys) set-wise; unnamed columns take the server default."""
        bulk.write(self, [Write(table, rows)])

    def upsert(
        self,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        key: Sequence[str],
        add: Sequence[str] = (),
        replace: Sequence[str] = (),
    ) -> int:
        """Insert rows; where `key` exists add to the `add` columns and overwrite the `replace` ones.

        With neither, existing rows stay as they are. Returns how many rows were written. A key must
        not stand twice in `rows`.
        """
        return bulk.write(self, [Write(table, rows, tuple(key), tuple(add), tuple(replace))])

    def write(self, writes: Sequence[Write]) -> None:
        """Write several tables at once; no two of `writes` on one table."""
        bulk.write(self, writes)

    @property
    def bulky(self) -> bool:
        """Whether the ways of `thousands` are there: rows by the thousand, past the work of single statements."""
        return self.dialect == "postgresql"

    def take_turn(self, name: str) -> None:
        """Wait until no other transaction holds the turn `name`; held until this one ends.

        Writers on SQLite take turns anyway.
        """
        if self.dialect == "postgresql":
            key = zlib.crc32(name.encode())
            self.connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (key,))

    def after_commit(self, run: Callable[[], None]) -> None:
        """Run `run` once the transaction is durable; never if it is rolled back."""
        self._after.append(run)

    def ran(self) -> None:
        for run in self._after:
            run()


class Store:
    """One database, reached by `url`; see docs/operations.md for what it needs to be durable."""

    def __init__(self, url: str, *, pool_size: int = 20, echo: bool = False) -> None:
        self.url = normal_url(url)
        self.dialect = "sqlite" if self.url.startswith("sqlite") else "postgresql"
        make = _sqlite if self.dialect == "sqlite" else _postgresql
        self.engine: Engine = make(self.url, pool_size, echo)
        # SQLite lets one writer in and starves the others; queueing here is fair and never times out.
        self._turn: Any = threading.Lock() if self.dialect == "sqlite" else None
        self._quick = Quick(self.engine)
        self._read = self.engine.execution_options(
            **({"puhui_begin": "BEGIN"} if self.dialect == "sqlite" else {"isolation_level": "AUTOCOMMIT"})
        )

    @property
    def many_writers(self) -> bool:
        """Whether several processes gain by writing at once; SQLite lets one in at a time."""
        return self.dialect == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Reads only. On PostgreSQL each statement sees the latest commit (no BEGIN round trips)."""
        with self._read.connect() as connection:
            yield Tx(connection, writable=False)

    def look_up(self, query: Query, **params: Any) -> list[Any]:
        """One read outside any transaction, for what every request asks first.

        On PostgreSQL each thread keeps a connection of its own for it: no pool, no check-out, no SQLAlchemy.
        """
        if self.dialect == "sqlite":
            with self.read() as tx:
                return query.rows(tx, **params)
        try:
            return query.rows_by(self._quick.cursor(), **params)
        except psycopg.OperationalError:  # the database was restarted meanwhile: a read may simply be asked again
            return query.rows_by(self._quick.anew(), **params)

    @contextmanager
    def snapshot(self) -> Iterator[Tx]:
        """Reads that all see one instant; for audits and exports."""
        options = {"puhui_begin": "BEGIN"} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with self.engine.execution_options(**options).connect() as connection:
            yield Tx(connection, writable=False)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """One transaction: commits at the end, rolls back on any exception, then runs what waits for it."""
        if self._turn:
            self._turn.acquire()
        try:
            with self.engine.connect() as connection, connection.begin():
                tx = Tx(connection, writable=True)
                yield tx
        finally:
            if self._turn:
                self._turn.release()
        tx.ran()

    def retrying(self, use_case: Callable[[Tx], T]) -> T:
        """Run `use_case` in a write transaction, again on a unique race, deadlock, serialization failure or Overtaken.

        The second run finds the first one's row and answers accordingly; the last failure is raised.
        """
        for attempt in range(TRIES):
            try:
                with self.write() as tx:
                    result = use_case(tx)
                return result
            except (DBAPIError, Overtaken) as error:
                if attempt == TRIES - 1 or not _worth_retrying(error):
                    raise
                time.sleep(0.005 * 2**attempt)
        raise AssertionError("unreachable")

    def forked(self) -> None:
        """Says that this process was forked: the connections in hand are the parent's, and are left alone."""
        self.engine.dispose(close=False)
        self._quick = Quick(self.engine)

    def dispose(self) -> None:
        self._quick.close()
        self.engine.dispose()


class Quick:
    """One autocommit driver connection a thread, opened on first use and again after it broke."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mine = threading.local()
        self._all: list[Any] = []

    def cursor(self) -> Any:
        connection = getattr(self._mine, "connection", None)
        if connection is None or connection.closed:
            connection = self._engine.dialect.connect(*self._arguments()[0], **self._arguments()[1])
            connection.autocommit = True
            self._mine.connection = connection
            self._all = [each for each in self._all if not each.closed] + [connection]
        return connection.cursor()

    def anew(self) -> Any:
        """A cursor on a connection opened now."""
        self._mine.connection.close()
        return self.cursor()

    def close(self) -> None:
        for connection in self._all:
            connection.close()
        self._all.clear()

    def _arguments(self) -> tuple[list[Any], dict[str, Any]]:
        args, named = self._engine.dialect.create_connect_args(self._engine.url)
        return list(args), {**named, **PG_CONNECT}


def normal_url(url: str) -> str:
    """postgres:// and postgresql:// mean psycopg 3 here."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def _worth_retrying(error: DBAPIError | Overtaken) -> bool:
    if isinstance(error, Overtaken):
        return True
    if isinstance(error, IntegrityError):
        state = getattr(error.orig, "sqlstate", None)
        return state in RETRY_STATES if state else "UNIQUE" in str(error.orig)
    return getattr(error.orig, "sqlstate", None) in RETRY_STATES


def _sqlite(url: str, pool_size: int, echo: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        echo=echo,
        connect_args={"timeout": 30, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL loses acknowledged commits when the power goes
            "foreign_keys=ON",
            "busy_timeout=30000",
            "cache_size=-32000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred BEGIN that later writes fails with "locked" at once; writers announce themselves.
        connection.exec_driver_sql(connection.get_execution_options().get("puhui_begin", "BEGIN IMMEDIATE"))

    return engine


def _postgresql(url: str, pool_size: int, echo: bool) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        echo=echo,
        pool_pre_ping=False,
        connect_args=PG_CONNECT,
    )
