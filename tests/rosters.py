"""Lists of employees for tests: made-up numbers, tables as they are read, and what a file of them is."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Any

from webapp.green_units import roster
from webapp.green_units.roster_lines import read_lines
from webapp.members.phones import PhoneBook
from webapp.members.tables import member
from webapp.papers.reading import Table, read_table
from webapp.store import Store

BOOK = PhoneBook("key", "pepper")


def phone(n: int) -> str:
    return f"138{n:08d}"


def table(*rows: tuple[str, ...], head: tuple[str, ...] = ("手机号", "部门")) -> Table:
    return Table("名单", [(n, list(cells)) for n, cells in enumerate((head, *rows), 1)])


def upload(store: Any, unit_id: int, found: Table, now: datetime, mode: str = "listed", actor: int = 1) -> int:
    """Stage a table as its administrator does; returns the list's number."""
    lines = read_lines(found, BOOK, unit_id)
    return int(
        store.retrying(lambda tx: roster.stage(tx, BOOK, actor, unit_id, "名单.xlsx", "0" * 64, lines, mode, now))
    )


def confirm(store: Any, unit_id: int, import_id: int, now: datetime, actor: int = 1) -> dict[str, int]:
    done: dict[str, int] = store.retrying(lambda tx: roster.confirm(tx, actor, unit_id, import_id, now))
    return done


def give_phones(store: Any, numbers: dict[int, str]) -> None:
    """Members with these numbers."""
    with store.write() as tx:
        for member_id, number in numbers.items():
            tx.execute(member.update().where(member.c.id == member_id).values(phone_hash=BOOK.fingerprint(number)))


def csv_file(rows: int) -> bytes:
    """A list of employees as a file."""
    lines = [f"{phone(n)},研发部/{n % 20 + 1}组" for n in range(rows)]
    return ("手机号,部门\n" + "\n".join(lines) + "\n").encode()


def import_file(url: str, unit_id: int, data: bytes, now: datetime, began: Any = None) -> dict[str, int]:
    """The whole way of a file, in a process of its own."""
    store = Store(url)
    try:
        lines = read_lines(read_table("a.csv", io.BytesIO(data)), BOOK, unit_id)
        digest = hashlib.sha256(data).hexdigest()
        made = store.retrying(lambda tx: roster.stage(tx, BOOK, 1, unit_id, "a.csv", digest, lines, "listed", now))
        if began is not None:
            began.set()
        return confirm(store, unit_id, made, now)
    finally:
        store.dispose()
