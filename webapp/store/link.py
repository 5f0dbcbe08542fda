"""What the store's own files need of a transaction: its connection, and which database it speaks to."""

from __future__ import annotations

from sqlalchemy import Connection


class Link:
    """A connection in hand."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
