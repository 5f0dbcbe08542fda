"""Rows by the thousand on PostgreSQL: written, found and changed as columns, past the work of single statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from webapp.store.bulk import Names, on_conflict
from webapp.store.hot import DIALECTS, array_text
from webapp.store.link import Link

AT_ONCE = 500  # lines handed over together: the database works on them while the next are put together

Columns = Mapping[str, Sequence[Any]]


class Overtaken(Exception):
    """What was read without a lock has been changed by somebody else; the transaction cannot go on."""


def copy(tx: Link, table: Table, columns: Names, lines: Sequence[str]) -> None:
    """Add rows as fast as PostgreSQL takes them; `lines` are in its text format, each with its line end.

    A row that exists is an error, as in an insert.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    with _driver(tx) as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as out:
        for first in range(0, len(lines), AT_ONCE):
            out.write("".join(lines[first : first + AT_ONCE]))


def merge(tx: Link, table: Table, columns: Columns, key: Names, add: Names = ()) -> None:
    """Insert or add to rows given as columns of plain numbers, days and words; a key must not stand twice."""
    if next(iter(columns.values())):
        with _driver(tx) as cursor:
            cursor.execute(_merging(table, tuple(columns), key, add), _given(columns.values()))


def change(tx: Link, table: Table, key: str, columns: Columns, was: Columns) -> None:
    """Overwrite rows given as columns, the one called `key` among them.

    Raises Overtaken when one of them is no longer what it `was`: what followed from reading it must be worked out again.
    """
    count = len(columns[key])
    if not count:
        return
    statement = _changing(table, key, tuple(columns), tuple(was))
    with _driver(tx) as cursor:
        changed = cursor.execute(statement, _given([*columns.values(), *was.values()])).rowcount
    if changed != count:
        raise Overtaken(f"{count - changed} rows of {table.name} were changed meanwhile")


def find(
    tx: Link,
    table: Table,
    columns: Names,
    keys: Columns,
    until: tuple[str, Sequence[Any]] | None = None,
) -> list[tuple[Any, ...]]:
    """The rows with these keys (columns side by side, each key once), as the driver gives them.

    `until` makes one of the columns the first value of a range, and gives the last ones.
    Sorted keys are found faster: neighbours are on one page.
    """
    statement = _finding(table, columns, tuple(keys), until[0] if until else "")
    with _driver(tx) as cursor:
        return list(cursor.execute(statement, _given([*keys.values(), *([until[1]] if until else [])])))


def by_index(tx: Link) -> None:
    """For the rest of the transaction keys are looked up one by one, whatever the tables' statistics say.

    A plan that reads a whole table for some thousand keys is fast on a small park and ruinous on a large one.
    """
    with _driver(tx) as cursor:
        cursor.execute("SELECT set_config(name, 'off', true) FROM unnest(%(names)s::text[]) AS name", {"names": _SLOW})


_SLOW = "{enable_hashjoin,enable_mergejoin,enable_seqscan,enable_bitmapscan}"


def _given(lists: Iterable[Sequence[Any]]) -> dict[str, str]:
    return {f"c{n}": array_text(values) for n, values in enumerate(lists)}


def _arrays(table: Table, names: Names) -> str:
    types = [table.c[name].type.compile(DIALECTS["postgresql"]) for name in names]
    return ", ".join(f"%(c{n})s::{kind}[]" for n, kind in enumerate(types))


@lru_cache(maxsize=64)
def _finding(table: Table, columns: Names, keys: Names, ranged: str) -> str:
    shown = ", ".join(f't."{name}"' for name in columns)
    names = ", ".join([f'"{name}"' for name in keys] + (["until"] if ranged else []))
    on = [f't."{name}" {">=" if name == ranged else "="} k."{name}"' for name in keys]
    on += [f't."{ranged}" <= k.until'] if ranged else []
    arrays = _arrays(table, (*keys, ranged) if ranged else keys)
    return f'SELECT {shown} FROM unnest({arrays}) AS k({names}) JOIN "{table.name}" t ON {" AND ".join(on)}'


@lru_cache(maxsize=64)
def _merging(table: Table, names: Names, key: Names, add: Names) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    rest = on_conflict(table.name, key, add, tuple(n for n in names if n not in key + add))
    return f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM unnest({_arrays(table, names)}) WHERE true{rest}'


@lru_cache(maxsize=64)
def _changing(table: Table, key: str, names: Names, was: Names) -> str:
    columns = ", ".join([f'"{name}"' for name in names] + [f'"was {name}"' for name in was])
    changes = ", ".join(f'"{n}" = new."{n}"' for n in names if n != key)
    where = " AND ".join([f't."{key}" = new."{key}"'] + [f't."{n}" = new."was {n}"' for n in was])
    arrays = _arrays(table, (*names, *was))
    return f'UPDATE "{table.name}" t SET {changes} FROM unnest({arrays}) AS new({columns}) WHERE {where}'


@contextmanager
def _driver(tx: Link) -> Iterator[Any]:
    """A cursor of the driver, in the transaction in hand; its errors are told as SQLAlchemy tells them."""
    connection: Any = tx.connection.connection.driver_connection
    try:
        with connection.cursor() as cursor:
            yield cursor
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error) from error
