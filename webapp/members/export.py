"""Everything the platform holds about one member, from every table that names them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, select

from webapp.members.phones import PhoneBook
from webapp.members.tables import member
from webapp.store import Tx, metadata

# Keys to the account, not data about the person.
SECRET_COLUMNS = frozenset(
    {
        "password_hash",
        "token_hash",
        "code_hash",
        "phone_hash",
        "phone_cipher",
        "ref_hash",
        "number_hash",
        "scored_version",
        "version_lock",
        "sealed",
    }
)


def tables_of_members() -> list[Table]:
    """Every table with a member_id; a new table is in the export the day it exists."""
    return [table for name, table in sorted(metadata.tables.items()) if "member_id" in table.c]


def export_member(tx: Tx, member_id: int, book: PhoneBook, now: datetime) -> dict[str, Any]:
    """All rows as plain values, by table."""
    row = tx.row(select(member).where(member.c.id == member_id))
    assert row is not None, member_id
    me = _plain(row._mapping)
    me["phone"] = book.open(row.phone_cipher)
    return {
        "format": "puhui-export-1",
        "exported_at": now.isoformat(),
        "member": me,
        "tables": {table.name: _rows(tx, table, member_id) for table in tables_of_members()},
    }


def _rows(tx: Tx, table: Table, member_id: int) -> list[dict[str, Any]]:
    shown = [column for column in table.c if column.name not in SECRET_COLUMNS]
    query = select(*shown).where(table.c.member_id == member_id).order_by(*table.primary_key.columns)
    return [_plain(row._mapping) for row in tx.rows(query)]


def _plain(row: Any) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items() if name not in SECRET_COLUMNS}


def _value(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if value is None or isinstance(value, bool | int | str | float | list | dict):
        return value
    return str(value)
