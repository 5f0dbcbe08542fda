"""Tables for office programs: XLSX and CSV in which no cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

Cell = str | int | float | Decimal | date | None
# What a spreadsheet takes for the beginning of a formula, also behind blanks.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NAME_MAX = 31  # of a sheet, in Excel


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet: its name, the heads of its columns and its rows."""

    name: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] = ()


def xlsx(tables: Sequence[Table], author: str = "Puhui") -> bytes:
    """A workbook; text stays text, whatever it begins with. Rows are written as they come, not kept in memory."""
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": False,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"author": author})
    head = book.add_format({"bold": True, "bottom": 1})
    for number, table in enumerate(tables, 1):
        sheet = book.add_worksheet(_sheet_name(table.name, number))
        sheet.freeze_panes(1, 0)
        for n, wide in enumerate(table.widths):
            sheet.set_column(n, n, wide)
        sheet.write_row(0, 0, [plain(one) for one in table.heads], head)
        for row, cells in enumerate(table.rows, 1):
            for column, cell in enumerate(cells):
                _write(sheet, row, column, cell)
    book.close()
    return out.getvalue()


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A CSV that Excel opens in UTF-8 (with its mark); text that looks like a formula gets an apostrophe before it."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_safe(one) for one in heads])
    for cells in rows:
        writer.writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def plain(text: str) -> str:
    """Text without the control characters no office program can read."""
    return "".join(char for char in text if char.isprintable() or char in "\t\n")


def bare(text: str) -> str:
    """What `csv_text` wrote, without the apostrophe it put before what looks like a formula."""
    return text[1:] if text.startswith("'") and text[1:].lstrip(" ").startswith(FORMULA) else text


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        sheet.write_string(row, column, plain(cell))
    elif isinstance(cell, date | datetime):
        sheet.write_string(row, column, cell.isoformat())
    else:
        sheet.write_number(row, column, cell)


def _safe(cell: Cell) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    text = plain(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _sheet_name(name: str, number: int) -> str:
    """A name Excel accepts, told apart by its number where it had to be cut."""
    kept = "".join(" " if char in "[]:*?/\\" else char for char in plain(name)).strip("' ") or f"Sheet{number}"
    return kept if len(kept) <= NAME_MAX else f"{kept[: NAME_MAX - 3]} {number}"
