"""Alembic's wiring: runs inside the connection that webapp.store.migrate hands over, in batch mode on SQLite."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy.types import TypeDecorator

import webapp.tables  # noqa: F401 - fills the metadata
from webapp.store import metadata


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """Write our own column types as what they are in the database, so that old migrations outlive them."""
    if kind == "type" and isinstance(item, TypeDecorator) and type(item).__module__.startswith("webapp"):
        autogen_context.imports.add("import sqlalchemy as sa")
        return f"sa.{item.impl!r}"
    return False


connection = context.config.attributes["connection"]
assert connection is not None, "run migrations with: python3 -m webapp migrate"
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
