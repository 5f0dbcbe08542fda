"""Set-wise writes: many rows of one or several tables in one statement, as JSON on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from webapp.store.link import Link

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


def write(tx: Link, writes: Sequence[Write]) -> int:
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


@lru_cache(maxsize=1024)
def _statement(table: Table, names: Names, key: Names, add: Names, replace: Names, dialect: str, parameter: str) -> str:
    columns, tail = ", ".join(f'"{name}"' for name in names), on_conflict(table.name, key, add, replace)
    if dialect == "sqlite":
        marks = ", ".join("?" for _ in names)
        return f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks}){tail}'
    types = [table.c[name].type.compile(DIALECTS[dialect]) for name in names]
    record = ", ".join(f'"{name}" {kind}' for name, kind in zip(names, types, strict=True))
    # One text parameter: the driver would convert the elements of arrays one by one in Python.
    rows = f"json_to_recordset(%({parameter})s::json) AS r({record})"
    return f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM {rows} WHERE true{tail}'


def on_conflict(table: str, key: Names, add: Names, replace: Names) -> str:
    """What becomes of a row that exists; nothing without a key."""
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
