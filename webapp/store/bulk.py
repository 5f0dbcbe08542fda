"""Set-wise writes: many rows of one or several tables in one statement, as JSON on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from webapp.store.hot import array_text

if TYPE_CHECKING:
    from webapp.store.engine import Tx

Names = tuple[str, ...]
DIALECTS: dict[str, Any] = {
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(),
}


@dataclass(frozen=True, slots=True)
class Write:
    """Rows (all with the same keys) for a table; where `key` exists, `add` is summed and `replace` overwritten.

    Without `key` a row that exists is an error; with `key` alone it stays as it is. A key must not stand twice.
    """

    table: Table
    rows: Sequence[Mapping[str, Any]]
    key: Names = ()
    add: Names = ()
    replace: Names = ()

    def statement(self, dialect: str, parameter: str = "rows") -> str:
        return _statement(self.table, tuple(self.rows[0]), self.key, self.add, self.replace, dialect, parameter)

    def bound(self, dialect: str) -> list[tuple[Any, ...]]:
        """The rows as the driver takes them; instants and days repeat in a batch, so each is turned once."""
        names = tuple(self.rows[0])
        binders = _binders(self.table, names, dialect)
        columns = [_column(b, [r[n] for r in self.rows]) for n, b in zip(names, binders, strict=True)]
        return list(zip(*columns, strict=True))

    def json(self) -> str:
        names = tuple(self.rows[0])
        records = [dict(zip(names, values, strict=True)) for values in self.bound("postgresql")]
        return json.dumps(records, default=_told, ensure_ascii=False)


def _told(value: Any) -> str:
    """What JSON has no word for, as PostgreSQL reads it from text."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def write(tx: Tx, writes: Sequence[Write]) -> int:
    """Do `writes` (no two on one table), in one round trip where the database can; the rows written by the last."""
    todo = [each for each in writes if each.rows]
    if not todo:
        return 0
    if tx.dialect == "sqlite":
        done = [tx.connection.exec_driver_sql(w.statement("sqlite"), w.bound("sqlite")).rowcount for w in todo]
        return done[-1]
    parts = [w.statement("postgresql", f"rows{n}") for n, w in enumerate(todo)]
    # Each part sees the database as it was before; none reads what another writes.
    before = ", ".join(f"w{n} AS ({part})" for n, part in enumerate(parts[:-1]))
    text = f"WITH {before} {parts[-1]}" if before else parts[-1]
    return tx.connection.exec_driver_sql(text, {f"rows{n}": w.json() for n, w in enumerate(todo)}).rowcount


def copy(tx: Tx, table: Table, columns: Names, lines: Sequence[str]) -> None:
    """Add rows as fast as PostgreSQL takes them; `lines` are in its text format, each with its line end.

    A row that exists is an error, as in an insert.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    with _driver(tx) as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as out:
        out.write("".join(lines))


def merge(
    tx: Tx, table: Table, columns: Mapping[str, Sequence[Any]], key: Names, add: Names = (), *, known: bool = False
) -> None:
    """Insert or add to rows given as columns of plain numbers, days and words, on PostgreSQL.

    Where `known`, all rows exist: what is not in `add` is overwritten. A key must not stand twice.
    """
    if not next(iter(columns.values())):
        return
    given = {f"c{n}": array_text(values) for n, values in enumerate(columns.values())}
    with _driver(tx) as cursor:
        cursor.execute(_merging(table, tuple(columns), key, add, known), given)


def find(tx: Tx, table: Table, columns: Names, keys: Mapping[str, Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows with these keys (columns side by side, each key once), as the driver gives them; on PostgreSQL.

    Sorted keys are found faster: neighbours are on one page.
    """
    given = {f"c{n}": array_text(values) for n, values in enumerate(keys.values())}
    with _driver(tx) as cursor:
        return list(cursor.execute(_finding(table, columns, tuple(keys)), given))


def by_index(tx: Tx) -> None:
    """For the rest of the transaction keys are looked up one by one, whatever the tables' statistics say.

    A plan that reads a whole table for some thousand keys is fast on a small park and ruinous on a large one.
    """
    with _driver(tx) as cursor:
        cursor.execute("SELECT set_config(name, 'off', true) FROM unnest(%(names)s::text[]) AS name", {"names": _SLOW})


_SLOW = "{enable_hashjoin,enable_mergejoin,enable_seqscan,enable_bitmapscan}"


@lru_cache(maxsize=64)
def _finding(table: Table, columns: Names, keys: Names) -> str:
    shown = ", ".join(f't."{name}"' for name in columns)
    types = [table.c[name].type.compile(DIALECTS["postgresql"]) for name in keys]
    arrays = ", ".join(f"%(c{n})s::{kind}[]" for n, kind in enumerate(types))
    names = ", ".join(f'"{name}"' for name in keys)
    on = " AND ".join(f't."{name}" = k."{name}"' for name in keys)
    return f'SELECT {shown} FROM unnest({arrays}) AS k({names}) JOIN "{table.name}" t ON {on}'


@lru_cache(maxsize=64)
def _merging(table: Table, names: Names, key: Names, add: Names, known: bool) -> str:
    types = [table.c[name].type.compile(DIALECTS["postgresql"]) for name in names]
    arrays = ", ".join(f"%(c{n})s::{kind}[]" for n, kind in enumerate(types))
    columns = ", ".join(f'"{name}"' for name in names)
    if not known:
        rest = _on_conflict(table.name, key, add, tuple(n for n in names if n not in key + add))
        return f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM unnest({arrays}){" WHERE true" + rest}'
    changes = ", ".join(
        f'"{n}" = "{table.name}"."{n}" + new."{n}"' if n in add else f'"{n}" = new."{n}"' for n in names if n not in key
    )
    where = " AND ".join(f'"{table.name}"."{n}" = new."{n}"' for n in key)
    return f'UPDATE "{table.name}" SET {changes} FROM unnest({arrays}) AS new({columns}) WHERE {where}'


@contextmanager
def _driver(tx: Tx) -> Iterator[Any]:
    """A cursor of the driver, in the transaction in hand; its errors are told as SQLAlchemy tells them."""
    connection: Any = tx.connection.connection.driver_connection
    try:
        with connection.cursor() as cursor:
            yield cursor
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error) from error


@lru_cache(maxsize=1024)
def _statement(table: Table, names: Names, key: Names, add: Names, replace: Names, dialect: str, parameter: str) -> str:
    columns, tail = ", ".join(f'"{name}"' for name in names), _on_conflict(table.name, key, add, replace)
    if dialect == "sqlite":
        marks = ", ".join("?" for _ in names)
        return f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks}){tail}'
    types = [table.c[name].type.compile(DIALECTS[dialect]) for name in names]
    record = ", ".join(f'"{name}" {kind}' for name, kind in zip(names, types, strict=True))
    # One text parameter: the driver would convert the elements of arrays one by one in Python.
    rows = f"json_to_recordset(%({parameter})s::json) AS r({record})"
    return f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM {rows} WHERE true{tail}'


def _on_conflict(table: str, key: Names, add: Names, replace: Names) -> str:
    if not key:
        return ""
    target = ", ".join(f'"{name}"' for name in key)
    changes = [f'"{n}" = "{table}"."{n}" + excluded."{n}"' for n in add]
    changes += [f'"{n}" = excluded."{n}"' for n in replace]
    action = f"UPDATE SET {', '.join(changes)}" if changes else "NOTHING"
    return f" ON CONFLICT ({target}) DO {action}"


@lru_cache(maxsize=512)
def _binders(table: Table, names: Names, dialect: str) -> tuple[Any, ...]:
    """How each column turns a Python value into what the driver takes (None: as it is)."""
    known = DIALECTS[dialect]
    return tuple(table.c[name].type.dialect_impl(known).bind_processor(known) for name in names)


def _column(binder: Any, values: list[Any]) -> list[Any]:
    if binder is None:
        return values
    try:
        once = {value: binder(value) for value in set(values)}
    except TypeError:  # lists and dicts, to be written as JSON
        return [binder(value) for value in values]
    return [once[value] for value in values]
