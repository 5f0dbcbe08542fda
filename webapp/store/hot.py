"""Statements for hot paths: compiled once for each dialect, run without SQLAlchemy's work per call."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import ColumnElement, Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import NullType

from webapp.store.link import Link

DIALECTS: dict[str, Any] = {
    "postgresql": postgresql.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(paramstyle="named"),
}


class among(ColumnElement[Any]):  # lower case: it reads as an operator: among("keys", table.c.a, table.c.b)
    """The columns, taken together, are one of the entries of the list parameter `name`.

    One text whatever the length of the list: IN with expanding parameters is another statement for every
    length, compiled and planned anew each time.
    """

    inherit_cache = False
    type = NullType()

    def __init__(self, name: str, *columns: ColumnElement[Any]) -> None:
        self.name = name
        self.columns = columns

    def given(self, dialect: str, values: Sequence[Any]) -> dict[str, str]:
        """The list as the parameters of this dialect."""
        lists = list(zip(*values, strict=True)) if len(self.columns) > 1 else [values]
        lists = lists or [() for _ in self.columns]
        if dialect == "sqlite":
            texts = [[_text(v, column) for v in each] for each, column in zip(lists, self.columns, strict=True)]
            return {self.name: json.dumps(list(zip(*texts, strict=True)))}
        return {f"{self.name}{n}": array_text(each) for n, each in enumerate(lists)}


def array_text(values: Sequence[Any]) -> str:
    """A PostgreSQL array literal; the driver would convert the elements one by one in Python."""
    text = '","'.join(map(str, values))
    if "\\" in text or text.count('"') != 2 * max(0, len(values) - 1):  # words of others; ours hold neither
        text = '","'.join(str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return f'{{"{text}"}}' if values else "{}"


def _text(value: Any, column: ColumnElement[Any]) -> Any:
    """A value as SQLite keeps it."""
    if column.type.__visit_name__ == "uuid":
        return value.replace("-", "")
    return value if isinstance(value, int | str) else value.isoformat()


def _instant(value: Any) -> Any:
    """An instant as SQLite keeps it."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: Any, **kw: Any) -> str:
    columns = ", ".join(compiler.process(column, **kw) for column in element.columns)
    kinds = [column.type.compile(compiler.dialect) for column in element.columns]
    lists = ", ".join(f"%({element.name}{n})s::{kind}[]" for n, kind in enumerate(kinds))
    return f"{columns} = ANY({lists})" if len(kinds) == 1 else f"({columns}) IN (SELECT * FROM unnest({lists}))"


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: Any, **kw: Any) -> str:
    columns = ", ".join(compiler.process(column, **kw) for column in element.columns)
    parts = ", ".join(f"value ->> {n}" for n in range(len(element.columns)))
    return f"({columns}) IN (SELECT {parts} FROM json_each(:{element.name}))"


class Query:
    """A SELECT whose parameters are plain values and `among` lists; rows come as named tuples."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._lists: list[among] = [e for e in iterate(statement) if isinstance(e, among)]
        self._made: dict[str, _Made] = {}

    def rows(self, tx: Link, **params: Any) -> list[Any]:
        """Run in `tx`; a list whose name an `among` bears is handed over as one parameter a column."""
        made, given = self._ready(tx.dialect, params)
        return [made.read(values) for values in tx.connection.exec_driver_sql(made.text, given)]

    def tuples(self, tx: Link, **params: Any) -> list[tuple[Any, ...]]:
        """The rows as the driver gives them, for thousands at a time: plain tuples, no type of ours applied."""
        made, given = self._ready(tx.dialect, params)
        cursor: Any = tx.connection.exec_driver_sql(made.text, given).cursor
        return list(cursor.fetchall())

    def quick(self, tx: Link, **params: Any) -> list[Any]:
        """As `rows`; on PostgreSQL by a cursor of the driver itself and as it gives the values, which are ours but for UUIDs.

        For look-ups that cost less than SQLAlchemy's work.
        """
        if tx.dialect == "sqlite":
            return self.rows(tx, **params)
        made, given = self._ready("postgresql", params)
        cursor = tx.connection.info.get("quick")  # lives as long as the connection: opening one takes its time
        if cursor is None:
            driver: Any = tx.connection.connection.driver_connection
            cursor = tx.connection.info["quick"] = driver.cursor()
        try:
            return list(map(made.make, cursor.execute(made.text, given).fetchall()))
        except psycopg.Error as error:
            raise DBAPIError.instance(None, None, error, psycopg.Error) from error

    def rows_by(self, cursor: Any, **params: Any) -> list[Any]:
        """Run by a cursor of the PostgreSQL driver itself."""
        made, given = self._ready("postgresql", params)
        with cursor:
            return [made.read(values) for values in cursor.execute(made.text, given)]

    def send(self, cursor: Any, params: dict[str, Any]) -> Callable[[], list[Any]]:
        """Run by a cursor of the PostgreSQL driver; the rows when they are asked for, in a pipeline later."""
        made, given = self._ready("postgresql", params)
        cursor.execute(made.text, given)
        return lambda: [made.read(values) for values in cursor.fetchall()]

    def _ready(self, dialect: str, params: dict[str, Any]) -> tuple[_Made, dict[str, Any]]:
        made = self._made.get(dialect) or self._make(dialect)
        given = made.fixed | params
        if dialect == "sqlite":
            given = {name: _instant(value) for name, value in given.items()}
        for element in self._lists:
            given |= element.given(dialect, given.pop(element.name))
        return made, given

    def _make(self, dialect: str) -> _Made:
        known = DIALECTS[dialect]
        compiled = self._statement.compile(dialect=known)
        columns = list(self._statement.selected_columns)
        row = namedtuple("row", [c.key or f"c{n}" for n, c in enumerate(columns)])  # type: ignore[misc]
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        made = _Made(str(compiled), fixed, row, [_reader(c, known, dialect) for c in columns])
        self._made[dialect] = made
        return made


Asked = tuple[Query, dict[str, Any]]


def together(tx: Link, *asked: Asked) -> list[list[Any]]:
    """The rows of several queries, run in this order; PostgreSQL hears them all in one round trip.

    Each sees what was committed before it began, as if it had been asked by itself.
    """
    if tx.dialect == "sqlite" or len(asked) < 2:
        return [query.rows(tx, **params) for query, params in asked]
    connection: Any = tx.connection.connection.driver_connection
    try:
        with connection.pipeline():
            answers = [query.send(connection.cursor(), params) for query, params in asked]
        return [answer() for answer in answers]
    except psycopg.Error as error:  # told as SQLAlchemy tells it, for whoever tries again
        raise DBAPIError.instance(None, None, error, psycopg.Error) from error


class _Made:
    """A query as one dialect runs it."""

    def __init__(
        self, text: str, fixed: dict[str, Any], row: Any, readers: Sequence[Callable[[Any], Any] | None]
    ) -> None:
        self.text = text
        self.fixed = fixed
        self._row = row
        self.make = row._make
        self._readers = [(n, read) for n, read in enumerate(readers) if read]

    def read(self, values: Sequence[Any]) -> Any:
        if not self._readers:
            return self._row._make(values)
        changed = list(values)
        for n, read in self._readers:
            changed[n] = read(changed[n])
        return self._row._make(changed)


def _reader(column: Any, known: Any, dialect: str) -> Callable[[Any], Any] | None:
    if dialect == "postgresql" and column.type.__visit_name__ == "uuid":
        return lambda value: None if value is None else str(value)  # the driver makes UUID objects
    found: Callable[[Any], Any] | None = column.type.dialect_impl(known).result_processor(known, None)
    return found
