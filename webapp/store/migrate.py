"""Migrations: brings a database to this version's tables, says whether it is there, and writes the next numbered file."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, create_engine, event, text
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import DDL

from webapp.store.engine import normal_url
from webapp.store.types import metadata

FOLDER = Path(__file__).resolve().parent.parent.parent / "migrations"
LOCK = 580_116_114  # two processes that migrate at once take turns on PostgreSQL


def _config(connection: Connection | None = None) -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


@lru_cache(maxsize=1)
def head() -> str | None:
    """The number of the newest migration."""
    return ScriptDirectory.from_config(_config()).get_current_head()


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """One connection in one transaction: a migration happens whole or not at all, on both databases."""
    engine = create_engine(normal_url(url), poolclass=NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _manual(connection: Any, _record: Any) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        yield connection


def _file_of(url: str) -> Path | None:
    """The SQLite file, or None for another database and for one in memory."""
    place = url.partition(":///")[2].partition("?")[0]
    return Path(place) if url.startswith("sqlite") and place and place != ":memory:" else None


def current(url: str) -> str | None:
    """The migration that the database is at; None for an empty one."""
    file = _file_of(url)
    if file is not None and not file.exists():
        return None
    with _connection(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(url: str) -> bool:
    return current(url) == head()


def upgrade(url: str) -> tuple[str | None, str | None]:
    """Bring the database to the newest migration; where it was and where it is now."""
    file = _file_of(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    with _connection(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": LOCK})
        before = MigrationContext.configure(connection).get_current_revision()
        if before != head():
            command.upgrade(_config(connection), "head")
    return before, head()


def write_next(what_changes: str) -> Path:
    """Write migrations/versions/NNNN_what_changes.py with what the tables say and the migrations do not."""
    import webapp.tables  # noqa: F401 - fills the metadata

    number = f"{int(head() or '0') + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/now.db"
        upgrade(url)
        with _connection(url) as connection:
            known = set(connection.dialect.get_table_names(connection))
            made: Any = command.revision(_config(connection), message=what_changes, autogenerate=True, rev_id=number)
    path = Path(made.path)
    _add_triggers(path, [table for table in metadata.sorted_tables if table.name not in known])
    head.cache_clear()
    return path


def _add_triggers(path: Path, tables: list[Table]) -> None:
    """Autogenerate does not see what is hung on a table's creation (append-only triggers); write it out."""
    lines = []
    for table in tables:
        for listener in table.dispatch.after_create:
            if isinstance(listener, DDL):
                condition = listener._ddl_if
                assert condition, f"{table.name}: say which database the DDL is for"
                dialect = condition.dialect
                lines.append(f'    if op.get_bind().dialect.name == "{dialect}":\n')
                lines.append(f"        op.execute(sa.DDL({listener.statement!r}))\n")
    said = path.read_text(encoding="utf-8")
    marker = re.search(r"\n\n\ndef downgrade", said)
    assert marker
    path.write_text(said[: marker.start()] + "\n" + "".join(lines) + said[marker.start() :], "utf-8")
