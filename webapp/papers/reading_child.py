"""The program that reads tables: a process of its own with little memory, little time and no files.

It is started by reading.py for one file, reads it from its input, answers in JSON and ends. Whatever a hostile
workbook does to a parser, it does it here. Nothing of ours is imported.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import resource
import struct
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import python_calamine

MEMORY = 512 * 1024 * 1024
SECONDS = 15  # of the processor
ENTRIES = 400  # files in a workbook
INFLATED = 64 * 1024 * 1024
RATIO, RATIO_FROM = 120, 4 * 1024 * 1024  # a bomb: inflates so many times, and to more than this
SHEETS = 20
CHUNK = 1 << 18
OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK"
BOUND_XML = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
FORMULA = re.compile(rb"<(?:[A-Za-z0-9_]{1,20}:)?f[\s/>]")
MERGED = re.compile(rb"<(?:[A-Za-z0-9_]{1,20}:)?mergeCell\s[^>]{0,80}?ref=[\"']([A-Za-z0-9:$]{1,30})")
CELL = re.compile(rb"<(?:[A-Za-z0-9_]{1,20}:)?c\s[^<>]{0,200}?\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^<>]{0,200}>")
# Far to the right or far down, perhaps: worth a closer look.
FAR = re.compile(rb"\br=[\"'](?:[A-Z]{2,3}[0-9]|[A-Z]{1,3}(?:[5-9][0-9]{4}|[0-9]{6,7})[\"'])")
TARGET = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Refused(Exception):
    """The file cannot be taken; a code and where in it."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.told = {"fault": code, **facts}


def main() -> None:
    """Read one file: its name's ending, the limits, the bytes; answer the rows or a fault."""
    _limit()
    source = sys.stdin.buffer
    kind, rows, columns, letters = struct.unpack(">8sIII", source.read(20))
    try:
        answer = _read(kind.rstrip(b"\0").decode(), source.read(), rows, columns, letters)
    except Refused as refusal:
        answer = refusal.told
    except Exception as error:  # noqa: BLE001 - hostile bytes make a parser raise anything
        answer = {"fault": "table_damaged", "error": type(error).__name__}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))


def _limit() -> None:
    for codec in ("gb18030", "utf-8-sig", "utf-16-le", "cp437"):  # no file can be opened afterwards
        codecs.lookup(codec)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # input, output and errors are open already
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def _read(kind: str, data: bytes, rows: int, columns: int, letters: int) -> dict[str, Any]:
    if data.startswith(OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        raise Refused("table_encrypted" if locked else "table_old_excel")
    if kind == "xls":
        raise Refused("table_wrong_kind" if data.startswith(ZIP) else "table_old_excel")
    if kind == "xlsm":
        raise Refused("table_macros")
    if kind not in ("xlsx", "csv") or data.startswith(ZIP) != (kind == "xlsx"):
        raise Refused("table_wrong_kind")
    sheet, lines = _workbook(data, rows, columns) if kind == "xlsx" else ("", _plain(data))
    return {"sheet": sheet, "rows": _checked(sheet, lines, rows, columns, letters)}


def _checked(
    sheet: str, lines: Iterator[tuple[int, list[str]]], rows: int, columns: int, letters: int
) -> list[tuple[int, list[str]]]:
    """The rows that hold something, each with its line in the file."""
    kept: list[tuple[int, list[str]]] = []
    for line, cells in lines:
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        if len(kept) > rows:  # one more than `rows`: the first holds the names of the columns
            raise Refused("table_too_many_rows", sheet=sheet, line=line, most=rows)
        if len(cells) > columns:
            raise Refused("table_too_many_columns", sheet=sheet, line=line, column=_letter(columns), most=columns)
        for n, text in enumerate(cells):
            if len(text) > letters:
                raise Refused("table_cell_too_long", sheet=sheet, line=line, column=_letter(n), most=letters)
        kept.append((line, cells))
    if not kept:
        raise Refused("table_empty", sheet=sheet)
    return kept


# --- .xlsx ------------------------------------------------------------------------------------


def _workbook(data: bytes, rows: int, columns: int) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Refused("table_damaged") from None
    parts = _inflate(archive, data)
    if any(name.lower().endswith("vbaproject.bin") for name in parts):
        raise Refused("table_macros")
    if "xl/workbook.xml" not in parts:
        raise Refused("table_wrong_kind")  # some other document in a zip
    for path, name in _sheets(parts).items():
        _inspect(name, parts.get(path, b""), rows, columns)
    parts.clear()
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    filled = []
    for each in book.sheets_metadata:
        if each.typ == python_calamine.SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_name(each.name)
            if sheet.start is not None:
                filled.append(sheet)
        if len(filled) > 1:
            raise Refused("table_many_sheets", sheet=each.name)
    if not filled:
        raise Refused("table_empty", sheet=book.sheet_names[0] if book.sheet_names else "")
    return filled[0].name, _cells(filled[0])


def _inflate(archive: zipfile.ZipFile, data: bytes) -> dict[str, bytes]:
    """The parts that matter, inflated by ourselves: what a part says of its size is not believed."""
    infos = archive.infolist()
    # As the reader finds them: it takes no notice of capitals and of which way a slash leans.
    names = {info.filename.lower().replace("\\", "/") for info in infos}
    if len(infos) > ENTRIES or len(names) < len(infos):
        raise Refused("table_damaged")
    if any(info.flag_bits & 0x1 for info in infos):
        raise Refused("table_encrypted")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise Refused("table_damaged")
    declared = sum(info.file_size for info in infos)
    if declared > INFLATED or (declared > RATIO_FROM and declared > RATIO * len(data)):
        raise Refused("table_bomb")
    found, total = {}, 0
    for info in infos:
        content = _part(info, data, INFLATED - total)
        total += len(content)
        if total > RATIO_FROM and total > RATIO * len(data):
            raise Refused("table_bomb")
        if len(content) != info.file_size:
            raise Refused("table_damaged")
        if info.filename.endswith((".xml", ".rels", ".bin")):
            found[info.filename] = content
    return found


def _part(info: zipfile.ZipInfo, data: bytes, most: int) -> bytes:
    head = data[info.header_offset : info.header_offset + 30]
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise Refused("table_damaged")
    name, extra = struct.unpack("<HH", head[26:30])
    begin = info.header_offset + 30 + name + extra
    packed = data[begin : begin + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        if len(packed) > most:
            raise Refused("table_bomb")
        return packed
    inflater = zlib.decompressobj(-15)
    out = bytearray()
    try:
        for at in range(0, len(packed), CHUNK):
            out += inflater.decompress(packed[at : at + CHUNK], most - len(out) + 1)
            if len(out) > most or inflater.unconsumed_tail:
                raise Refused("table_bomb")
        out += inflater.flush()
    except zlib.error:
        raise Refused("table_damaged") from None
    return bytes(out)


def _xml(content: bytes) -> ElementTree.Element:
    if BOUND_XML.search(content) or not content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise Refused("table_damaged")
    return ElementTree.fromstring(content)  # noqa: S314 - it has no DTD and no entity of its own


def _sheets(parts: dict[str, bytes]) -> dict[str, str]:
    """Path and name of every sheet."""
    named = {}
    rels = _xml(parts.get("xl/_rels/workbook.xml.rels", b"<r/>"))
    targets = {rel.get("Id"): rel.get("Target", "") for rel in rels}
    sheets = [node for node in _xml(parts["xl/workbook.xml"]).iter() if node.tag.endswith("}sheet")]
    if len(sheets) > SHEETS:
        raise Refused("table_many_sheets", sheet=sheets[SHEETS].get("name", ""))
    for node in sheets:
        target = targets.get(node.get(TARGET), "")
        path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if path not in parts:  # the reader might find it under another spelling, and nobody would have looked into it
            raise Refused("table_damaged")
        named[path] = node.get("name", "")
    others = (path for path in parts if path.startswith("xl/worksheets/") and path.endswith(".xml"))
    return {path: path.rsplit("/", 1)[-1] for path in others} | named


def _inspect(name: str, content: bytes, rows: int, columns: int) -> None:
    """Formulas, merged cells and a sheet too wide or long, found before anything is laid out."""
    if BOUND_XML.search(content) or (content and not content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")):
        raise Refused("table_damaged")
    if formula := FORMULA.search(content):
        raise Refused("table_formula", sheet=name, **_before(content, formula.start()))
    if merged := MERGED.search(content):
        cells = merged.group(1).decode()
        raise Refused("table_merged", sheet=name, cells=cells, **_place(cells.replace("$", "").split(":")[0]))
    if not FAR.search(content):
        return
    for letters, line in _filled(content):
        if _number(letters.decode()) >= columns:
            at = {"line": int(line), "column": letters.decode()}
            raise Refused("table_too_many_columns", sheet=name, most=columns, **at)
        if int(line) > rows + 1000:  # a heading may stand lower down
            raise Refused("table_too_many_rows", sheet=name, line=int(line), most=rows)


def _filled(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Cells that hold something; one that has only a border closes itself."""
    for found in CELL.finditer(content):
        if not found.group().endswith(b"/>"):
            yield found.group(1), found.group(2)


def _before(content: bytes, at: int) -> dict[str, Any]:
    """The cell that an element within it belongs to."""
    begin = max(content.rfind(b"<c ", 0, at), content.rfind(b":c ", 0, at) - 1)
    found = CELL.search(content, max(begin, 0), at) if begin >= 0 else None
    return _place((found.group(1) + found.group(2)).decode()) if found else {"line": "?", "column": "?"}


def _place(cell: str) -> dict[str, Any]:
    found = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", cell)
    return {"line": int(found.group(2)), "column": found.group(1)} if found else {"line": "?", "column": "?"}


def _cells(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    empty = [""] * sheet.start[1]
    for line, row in enumerate(sheet.iter_rows(), 1):
        yield line, empty + [_text(value) for value in row]


def _text(value: Any) -> str:
    """A cell as text: what was typed as text stays letter by letter, a whole number has no point."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime) and value.time().isoformat() == "00:00:00":
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)


# --- .csv -------------------------------------------------------------------------------------


def _plain(data: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(data)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(CHUNK)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            for n, cell in enumerate(cells):
                if cell.startswith("="):
                    raise Refused("table_formula", sheet="", line=line, column=_letter(n))
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise Refused("table_bad_line", sheet="", line=line) from None


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise Refused("table_encoding", sheet="", line=data[: data.find(b"\0")].count(b"\n") + 1)
    fault = None
    for codec in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError as error:
            fault = fault or error
    assert fault is not None
    raise Refused("table_encoding", sheet="", line=data[: fault.start].count(b"\n") + 1)


def _letter(n: int) -> str:
    """A, B … Z, AA of a column counted from 0."""
    name = ""
    while n >= 0:
        n, rest = divmod(n, 26)
        name = chr(65 + rest) + name
        n -= 1
    return name


def _number(letters: str) -> int:
    at = 0
    for letter in letters:
        at = at * 26 + ord(letter) - 64
    return at - 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
