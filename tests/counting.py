"""Counts SQL statements, so that tests can hold pages and batches to a budget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from webapp.store import hot


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

    def look_up(query: Any, **params: Any) -> Any:
        if store.dialect == "postgresql":  # goes past the engine, by the driver's own connection
            seen.statements.append(str(query))
        return plain(query, **params)

    def send(query: Any, cursor: Any, params: Any) -> Any:
        seen.statements.append(str(query))  # one of several in a pipeline of the driver
        return piped(query, cursor, params)

    plain, piped = store.look_up, hot.Query.send
    event.listen(store.engine, "before_cursor_execute", note)
    store.look_up = look_up
    hot.Query.send = send  # type: ignore[method-assign, assignment]
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
        del store.look_up
        hot.Query.send = piped  # type: ignore[method-assign]
