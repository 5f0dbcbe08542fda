"""Counts SQL statements, so that tests can hold pages and batches to a budget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event


class Count:
    """How many statements ran, and which."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def count_statements(store: Any) -> Iterator[Count]:
    """Count what `store` sends to its database; an executemany counts once."""
    seen = Count()

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.statements.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
