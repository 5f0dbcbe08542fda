"""Reads a table of employees line by line: whom each line names, and what is wrong with it, by line and column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from points_engine.errors import Invalid, refuse
from webapp.green_units.forms import NAME_MAX
from webapp.green_units.tree import DEEPEST
from webapp.members.phones import PhoneBook, normal
from webapp.papers.reading import Table, WrongCell, column_name, columns_of

# What the columns may be called; a name is read by nobody and kept nowhere.
HEADS = {
    "phone": {"手机号", "手机", "手机号码", "电话", "联系电话", "phone", "mobile"},
    "number": {"工号", "员工号", "员工编号", "职工号", "employee number", "employee no", "number"},
    "department": {"部门", "所属部门", "部门路径", "department"},
}
NUMBER = re.compile(r"[0-9A-Za-z._-]{1,20}")
NUMBER_TAIL = 2
Path = tuple[str, ...]


class Line(NamedTuple):
    """Whom a line names: a keyed hash, its end, and the part they work in (None: the list does not say)."""

    line: int
    kind: str
    ref_hash: str
    tail: str
    path: Path | None


class Fault(NamedTuple):
    """What is wrong with a line: the column's letter, a reason, and another line it is about."""

    line: int
    column: str
    reason: str
    other: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Lines:
    """What a table says: the names of its columns, its good lines and its faulty ones."""

    head: list[str]
    good: list[Line]
    faults: list[Fault]


def read_lines(table: Table, book: PhoneBook, unit_id: int) -> Lines:
    """Read every line; refuses a table without a column for phones or employee numbers."""
    columns = _columns(table)
    head = table.rows[0][1]
    reader = _Reader(columns, book, unit_id)
    good: list[Line] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for number, cells in table.rows[1:]:
        try:
            line = reader.read(number, cells)
        except WrongCell as wrong:
            faults.append(Fault(number, column_name(columns.get(wrong.field, 0)), wrong.reason, 0, cells))
            continue
        first = seen.setdefault(line.ref_hash, number)
        if first != number:
            faults.append(Fault(number, column_name(columns[line.kind]), "twice_in_file", first, cells))
        else:
            good.append(line)
    if not good and not faults:
        raise refuse("invalid", "table_empty", sheet=table.sheet or "1")
    return Lines(head, good, faults)


def _columns(table: Table) -> dict[str, int]:
    found = columns_of(table, HEADS)
    if not found.keys() & {"phone", "number"}:
        raise refuse("invalid", "table_columns", sheet=table.sheet or "1", line=table.rows[0][0])
    return found


class _Reader:
    """Remembers paths: a list names few parts many times."""

    def __init__(self, columns: dict[str, int], book: PhoneBook, unit_id: int) -> None:
        self._columns, self._book, self._unit_id = columns, book, unit_id
        self._paths: dict[str, Path | str | None] = {}

    def read(self, number: int, cells: Sequence[str]) -> Line:
        path = self._path(self._cell(cells, "department"))
        phone, own = self._cell(cells, "phone"), self._cell(cells, "number")
        if phone and phone.strip():
            try:
                digits = normal(phone)
            except Invalid:
                raise WrongCell("phone", "phone") from None
            return Line(number, "phone", self._book.fingerprint(digits), digits[-4:], path)
        if own and own.strip():
            return Line(number, "number", *number_of(self._book, self._unit_id, own), path)
        raise WrongCell("phone" if "phone" in self._columns else "number", "nobody_named")

    def _cell(self, cells: Sequence[str], field: str) -> str | None:
        at = self._columns.get(field)
        return None if at is None else cells[at] if at < len(cells) else ""

    def _path(self, text: str | None) -> Path | None:
        if text is None:
            return None
        if text not in self._paths:
            self._paths[text] = path_of(text)
        path = self._paths[text]
        if isinstance(path, str):
            raise WrongCell("department", path)
        return path


def number_of(book: PhoneBook, unit_id: int, text: str) -> tuple[str, str]:
    """The keyed hash of an employee number within one unit, and its end; other units know it by another hash."""
    number = unicodedata.normalize("NFKC", text).strip()
    if not NUMBER.fullmatch(number):
        raise WrongCell("number", "employee_number")
    tail = number[-NUMBER_TAIL:] if len(number) > NUMBER_TAIL + 1 else ""
    return book.tag(f"employee of {unit_id}", number.upper()), tail


def listed_number(book: PhoneBook, unit_id: int, text: str) -> tuple[str, str]:
    """As `number_of`, for a number typed into a form."""
    try:
        return number_of(book, unit_id, text)
    except WrongCell:
        raise Invalid({"number": "employee_number"}) from None


def path_of(text: str) -> Path | str:
    """'研发部/一组' as names from the first level down, or the reason why it cannot be one; empty: in no part."""
    names = tuple(" ".join(name.split()) for name in re.split(r"[/／>＞]", text))
    if names == ("",):
        return ()
    if len(names) > DEEPEST:
        return "part_too_deep_here"
    if any(not name or len(name) > NAME_MAX or not name.isprintable() for name in names):
        return "department_name"
    return names
