"""Reads a table that somebody sends (.xlsx or .csv): limits first, then a process of its own parses it.

Text comes out letter by letter (leading zeros, full-width digits, spaces at the end); a number as it would be typed.
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from points_engine.errors import EngineError, refuse

PROGRAM = Path(__file__).with_name("reading_child.py")
NOTE = re.compile(r"[(\[].*?[)\]]")  # what stands in brackets behind a name, once its letters are plain
WAIT = 30.0  # seconds by the clock; the processor's seconds are limited in the process itself
MOST_ANSWER = 48 * 1024 * 1024
FAULTS = frozenset(
    {
        "table_bad_line", "table_bomb", "table_cell_too_long", "table_damaged", "table_empty", "table_encoding",
        "table_encrypted", "table_formula", "table_macros", "table_many_sheets", "table_merged", "table_old_excel",
        "table_too_many_columns", "table_too_many_rows", "table_wrong_kind",
    }
)  # fmt: skip
_turns = threading.BoundedSemaphore(2)  # each may take 512 MB for a moment, whatever the number of threads that wait


@dataclass(frozen=True, slots=True)
class Limits:
    """What a table may have at most."""

    size: int = 8 * 1024 * 1024
    rows: int = 50_000
    columns: int = 40
    letters: int = 500


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet's rows that hold something, each with its line in the file; the first names the columns."""

    sheet: str
    rows: list[tuple[int, list[str]]]


LIMITS = Limits()


def read_table(name: str, file: IO[bytes], limits: Limits = LIMITS) -> Table:
    """Read a file by its name and content; refuses with a code and the sheet, line and column it is about."""
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    data = file.read(limits.size + 1)
    if len(data) > limits.size:
        raise refuse("invalid", "table_too_big", most=limits.size // (1024 * 1024))
    if not data:
        raise refuse("invalid", "table_empty", sheet="")
    head = struct.pack(">8sIII", ending.encode()[:8], limits.rows, limits.columns, limits.letters)
    with _turns:
        told = _told(_ask(head + data))
    if "fault" in told:
        raise _refusal(told)
    return Table(told["sheet"], told["rows"])


class WrongCell(Exception):
    """A cell that does not do: the field its column stands for, and a reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def columns_of(table: Table, heads: Mapping[str, Iterable[str]], *, notes: bool = False) -> dict[str, int]:
    """Where each field's column stands, by any of its names; width, case and blanks of the letters do not matter.

    With `notes` a name may be followed by something in brackets. Refuses a table without lines (table_empty) and a
    field that two columns are called by (table_column_twice).
    """
    if not table.rows:
        raise refuse("invalid", "table_empty", sheet=table.sheet or "1")
    names = {_plain(name): field for field, those in heads.items() for name in those}
    found: dict[str, int] = {}
    for n, cell in enumerate(table.rows[0][1]):
        name = _plain(cell)
        field = names.get(NOTE.sub("", name) if notes else name)
        if field in found:
            raise refuse("invalid", "table_column_twice", sheet=table.sheet or "1", name=cell.strip()[:40])
        if field:
            found[field] = n
    return found


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).lower().split())


def column_name(n: int) -> str:
    """A, B … Z, AA of a column counted from 0."""
    name = ""
    while n >= 0:
        n, rest = divmod(n, 26)
        name = chr(65 + rest) + name
        n -= 1
    return name


def _ask(sent: bytes) -> bytes:
    """Let a process read it; nothing when it was stopped, died or says too much."""
    path = os.pathsep.join(each for each in sys.path if each)
    with tempfile.TemporaryFile() as source:
        source.write(sent)
        source.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-P", "-B", str(PROGRAM)],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": path, "PATH": os.defpath},  # none of our secrets
            cwd="/",
            start_new_session=True,
        )
        watch = threading.Timer(WAIT, child.kill)
        watch.daemon = True
        watch.start()
        try:
            assert child.stdout is not None
            return child.stdout.read(MOST_ANSWER)
        finally:
            watch.cancel()
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()


def _told(answer: bytes) -> dict[str, Any]:
    """What the process answered; a workbook that took it over could say anything, so its shape is checked."""
    try:
        told = json.loads(answer)
        if "fault" in told:
            return dict(told)
        fine = isinstance(told["sheet"], str) and all(
            isinstance(line, int) and all(isinstance(cell, str) for cell in cells) for line, cells in told["rows"]
        )
    except (ValueError, KeyError, TypeError):
        fine = False
    return dict(told) if fine else {"fault": "table_damaged"}


def _refusal(told: dict[str, Any]) -> EngineError:
    code = told["fault"] if told["fault"] in FAULTS else "table_damaged"
    facts = {key: value for key, value in told.items() if key in ("sheet", "line", "column", "cells", "most")}
    facts["sheet"] = str(facts.get("sheet") or "")[:40] or "1"
    return refuse("invalid", code, **facts)
