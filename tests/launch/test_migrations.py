"""Migrations: an empty database that is upgraded is the same as one made from the tables, on both databases."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from tests import servers
from webapp.store import Store, metadata, migrate


def differences(store: Store) -> list[Any]:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def described(store: Store) -> dict[str, Any]:
    """What SQLite knows: columns, indexes, foreign keys and triggers by table."""
    look = inspect(store.engine)
    said: dict[str, Any] = {}
    for table in sorted(set(look.get_table_names()) - {"alembic_version"}):
        said[table] = {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)],
            "key": look.get_pk_constraint(table),
            "unique": sorted(map(str, look.get_unique_constraints(table))),
            "checks": sorted(map(str, look.get_check_constraints(table))),
            "foreign": sorted(map(str, look.get_foreign_keys(table))),
        }
    kinds = text(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY name"
    )
    with store.read() as tx:
        said["beside"] = [(row.name, " ".join(row.sql.split())) for row in tx.rows(kinds)]
    return said


def test_sqlite_migrated_is_sqlite_made_from_the_tables(sqlite_url: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    assert not migrate.is_current(url)
    assert migrate.upgrade(url) == (None, migrate.head())
    assert migrate.is_current(url)
    assert migrate.upgrade(url) == (migrate.head(), migrate.head())
    migrated, made = Store(url), Store(sqlite_url)
    assert differences(migrated) == []
    assert described(migrated) == described(made)
    migrated.dispose()
    made.dispose()


def dump(url: str) -> list[str]:
    program = servers.postgres_program("pg_dump")
    assert program, "pg_dump comes with PostgreSQL"
    command = [program, "--schema-only", "--no-owner", "--exclude-table=alembic_version", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # A dump carries a random word against psql injection; it differs each time.
    return [line for line in said.splitlines() if not line.startswith(("--", "\\", "SET")) and line]


@pytest.mark.servers
def test_postgresql_migrated_is_postgresql_made_from_the_tables(postgres: servers.Server, pg_url: str) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS migrated WITH (FORCE)")
        connection.execute("CREATE DATABASE migrated")
    url = postgres.url_of("migrated")
    assert migrate.upgrade(url) == (None, migrate.head())
    store = Store(url)
    assert differences(store) == []
    store.dispose()
    assert sorted(dump(url)) == sorted(dump(pg_url))


def test_migrations_are_numbered_and_say_what_they_change() -> None:
    files = sorted(path.name for path in (migrate.FOLDER / "versions").glob("*.py"))
    assert [name[:4] for name in files] == [f"{i + 1:04d}" for i in range(len(files))]
    assert all(len(name) > len("0001_.py") for name in files)
