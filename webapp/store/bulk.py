"""Set-wise writes: many rows in one statement, as one JSON array on PostgreSQL and executemany on SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from webapp.store.engine import Tx

Names = tuple[str, ...]
DIALECTS: dict[str, Any] = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}


def insert(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, all with the same keys."""
    if rows:
        names = tuple(rows[0])
        _run(tx, table, _statement(table, names, "", tx.dialect), names, rows)


def upsert(
    tx: Tx,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[str],
    add: Sequence[str],
    replace: Sequence[str],
) -> int:
    """Insert `rows`; on conflict of `key` sum the `add` columns and overwrite the `replace` ones."""
    if not rows:
        return 0
    names = tuple(rows[0])
    tail = _on_conflict(table, tuple(key), tuple(add), tuple(replace))
    return _run(tx, table, _statement(table, names, tail, tx.dialect), names, rows)


@lru_cache(maxsize=512)
def _on_conflict(table: Table, key: Names, add: Names, replace: Names) -> str:
    target = ", ".join(f'"{name}"' for name in key)
    changes = [f'"{n}" = "{table.name}"."{n}" + excluded."{n}"' for n in add]
    changes += [f'"{n}" = excluded."{n}"' for n in replace]
    action = f"UPDATE SET {', '.join(changes)}" if changes else "NOTHING"
    return f" ON CONFLICT ({target}) DO {action}"


@lru_cache(maxsize=512)
def _statement(table: Table, names: Names, tail: str, dialect: str) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    if dialect == "sqlite":
        marks = ", ".join("?" for _ in names)
        return f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks}){tail}'  # noqa: S608 - names of our own tables
    types = [table.c[name].type.compile(DIALECTS[dialect]) for name in names]
    record = ", ".join(f'"{name}" {kind}' for name, kind in zip(names, types, strict=True))
    # One text parameter: the driver would convert the elements of arrays one by one in Python.
    rows = f"json_to_recordset(%(rows)s::json) AS r({record})"
    # "WHERE true": without it ON CONFLICT after a bare FROM could be read as a join's ON.
    return f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM {rows} WHERE true{tail}'  # noqa: S608 - as above


@lru_cache(maxsize=512)
def _binders(table: Table, names: Names, dialect: str) -> tuple[Any, ...]:
    """How each column turns a Python value into what the driver takes (None: as it is)."""
    known = DIALECTS[dialect]
    return tuple(table.c[name].type.dialect_impl(known).bind_processor(known) for name in names)


def _run(tx: Tx, table: Table, statement: str, names: Names, rows: Sequence[Mapping[str, Any]]) -> int:
    binders = _binders(table, names, tx.dialect)
    columns = [_bound(b, [r[n] for r in rows]) for n, b in zip(names, binders, strict=True)]
    bound = list(zip(*columns, strict=True))
    if tx.dialect == "sqlite":
        return tx.connection.exec_driver_sql(statement, bound).rowcount
    records = [dict(zip(names, values, strict=True)) for values in bound]
    text = json.dumps(records, default=str, ensure_ascii=False)
    return tx.connection.exec_driver_sql(statement, {"rows": text}).rowcount


def _bound(binder: Any, values: list[Any]) -> list[Any]:
    """A column as the driver takes it; instants and days repeat within a batch, so each is turned once."""
    if binder is None:
        return values
    try:
        once = {value: binder(value) for value in set(values)}
    except TypeError:  # lists and dicts, to be written as JSON
        return [binder(value) for value in values]
    return [once[value] for value in values]
