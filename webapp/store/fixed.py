"""Rows that the database itself refuses to change: the triggers for both databases, hung on a table's creation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Table, event
from sqlalchemy.schema import DDL

CHANGES = ("update", "delete")


def never_changed(
    table: Table,
    said: str,
    name: str = "append_only",
    *,
    when: Mapping[str, str] | None = None,
    function: str | None = None,
    body: str | None = None,
) -> None:
    """Refuse updates and deletes of `table` with the words `said`.

    Where that depends on the row: `when` gives SQLite's condition of refusal for each verb, `body` what PostgreSQL's `function` does.
    The texts are compared with those of the migrations by a test; change them only with a migration.
    """
    for dialect, statement in _statements(table.name, said, name, when, function, body):
        made = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", made.execute_if(dialect=dialect))


def _statements(
    table: str, said: str, name: str, when: Mapping[str, str] | None, function: str | None, body: str | None
) -> Iterator[tuple[str, str]]:
    verbs = tuple(when or CHANGES)
    for verb in verbs:
        condition = f" WHEN {when[verb]}" if when else ""
        yield (
            "sqlite",
            f"\nCREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table}{condition}\n"
            f"BEGIN SELECT RAISE(ABORT, '{said}'); END\n",
        )
    function = function or f"{table}_{name}"
    body = body or f"BEGIN RAISE EXCEPTION '{said}'; END"
    yield (
        "postgresql",
        f"\nCREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$\n{body} $$\n",
    )
    yield (
        "postgresql",
        f"\nCREATE TRIGGER {table}_{name} BEFORE {' OR '.join(verbs).upper()} ON {table}\n"
        f"FOR EACH ROW EXECUTE FUNCTION {function}()\n",
    )
