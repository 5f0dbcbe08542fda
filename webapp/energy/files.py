"""Tables of readings, read line by line with every fault by line and column: a unit's own, and the park platform's as CSV, XLSX or JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from points_engine.energy import CARRIERS
from points_engine.errors import refuse
from webapp.energy.forms import Told, plain, read_milli, read_month
from webapp.papers.reading import Table, WrongCell, column_name, columns_of

# What the columns may be called.
HEADS = {
    "month": {"月份", "月", "month"},
    "carrier": {"能源品种", "能源种类", "品种", "类型", "carrier", "energy"},
    "value": {"用量", "数值", "消费量", "实物量", "value", "usage", "amount"},
    "unit": {"单位", "计量单位", "unit"},
    "part": {"部门", "楼宇", "建筑", "部门路径", "part", "building"},
    "meter": {"表号", "表计", "表计编号", "meter"},
    "code": {"表计编码", "平台编码", "编码", "code", "meter_code"},
    "note": {"备注", "说明", "note"},
}
WORDS = {
    "electricity": {"电", "电力", "用电", "electricity"}, "gas": {"气", "天然气", "燃气", "gas"},
    "heat": {"热", "热力", "供热", "heat"}, "water": {"水", "自来水", "用水", "water"},
    "petrol": {"汽油", "车用汽油", "petrol", "gasoline"}, "diesel": {"柴油", "车用柴油", "diesel"},
}  # fmt: skip
# A file may state its own unit: what to multiply by to come to ours.
UNITS = {
    "electricity": {"kwh": 1, "千瓦时": 1, "度": 1, "mwh": 1000, "万千瓦时": 10000},
    "gas": {"m3": 1, "立方米": 1, "万立方米": 10000}, "water": {"m3": 1, "立方米": 1, "吨": 1, "t": 1},
    "heat": {"gj": 1, "吉焦": 1}, "petrol": {"l": 1, "升": 1}, "diesel": {"l": 1, "升": 1},
}  # fmt: skip
METER = re.compile(r"[0-9A-Za-z._\-]{1,40}")
MOST_JSON, MOST_ROWS = 4 * 1024 * 1024, 50_000
JSON_KEYS = ("code", "month", "value", "carrier", "unit")


class Fault(NamedTuple):
    """What is wrong with a line: the column's letter, the reason, what the line says."""

    line: int
    column: str
    reason: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Lines:
    """What a table says: its columns, good lines and faulty ones."""

    head: list[str]
    good: list[Told]
    faults: list[Fault]


@dataclass(frozen=True, slots=True)
class Unit:
    """Whose readings a unit's file may hold: its own and its parts', by path."""

    id: int
    parts: Mapping[tuple[str, ...], int]


def read_unit(table: Table, unit: Unit, today: date) -> Lines:
    """A unit's own table: month, carrier, use; perhaps a part, a meter, a unit of measure, a note."""
    columns = _columns(table, ("month", "carrier", "value"))

    def line(cells: Mapping[str, str]) -> Told:
        carrier = _carrier(cells["carrier"])
        return _told(cells, _part(cells.get("part", ""), unit), carrier, _meter(cells.get("meter", "")), today)

    return _lines(table, columns, line)


def read_platform(table: Table, codes: Mapping[str, tuple[int, str]], today: date) -> Lines:
    """The platform's table: code, month, use; the code says which unit and which carrier."""
    columns = _columns(table, ("code", "month", "value"))

    def line(cells: Mapping[str, str]) -> Told:
        code = plain(cells["code"])
        if code not in codes:
            raise WrongCell("code", "unknown_code" if code else "required")
        unit_id, carrier = codes[code]
        if plain(cells.get("carrier", "")) and _carrier(cells["carrier"]) != carrier:
            raise WrongCell("carrier", "other_carrier")
        return _told(cells, unit_id, carrier, code, today)

    return _lines(table, columns, line)


def json_table(data: bytes) -> Table:
    """The platform's JSON as a table: {"readings": [{"code", "month", "value", …}]}; refuses anything else."""
    if len(data) > MOST_JSON:
        raise refuse("invalid", "table_too_big", most=MOST_JSON // (1024 * 1024))
    try:
        rows = json.loads(data, parse_float=str, parse_int=str)["readings"]
        if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(isinstance(row, dict) for row in rows):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refuse("invalid", "platform_json") from None
    cells = [[_text(row.get(key)) for key in JSON_KEYS] for row in rows]
    return Table("JSON", [(0, list(JSON_KEYS)), *((n, row) for n, row in enumerate(cells, 1))])


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def _columns(table: Table, needed: Sequence[str]) -> dict[str, int]:
    found = columns_of(table, HEADS, notes=True)
    missing = [field for field in needed if field not in found]
    if missing:
        raise refuse("invalid", "energy_columns", needed="、".join(sorted(HEADS[f])[-1] for f in missing))
    return found


def _lines(table: Table, columns: Mapping[str, int], read: Any) -> Lines:
    head = table.rows[0][1]
    good: list[Told] = []
    faults: list[Fault] = []
    seen: dict[tuple[int, str, str, str], int] = {}
    for number, cells in table.rows[1:]:
        named = {field: cells[n] if n < len(cells) else "" for field, n in columns.items()}
        try:
            told: Told = read(named)
            first = seen.setdefault((told.unit_id, told.carrier, told.month, told.meter), number)
            if first != number:
                raise WrongCell("month", "twice_in_file")
            good.append(told)
        except WrongCell as wrong:
            faults.append(Fault(number, column_name(columns.get(wrong.field, 0)), wrong.reason, list(cells)))
    if not good and not faults:
        raise refuse("invalid", "table_empty", sheet=table.sheet or "1")
    return Lines(head, good, faults)


def _told(cells: Mapping[str, str], unit_id: int, carrier: str, meter: str, today: date) -> Told:
    wrong: dict[str, str] = {}
    month = read_month(cells["month"], today, wrong)
    milli = read_milli(cells["value"], wrong) * _times(cells.get("unit", ""), carrier)
    note = plain(cells.get("note", ""))[:200]
    if wrong:
        raise WrongCell(*next(iter(wrong.items())))
    if milli >= 10**15:
        raise WrongCell("value", "too_large")
    return Told(unit_id, carrier, month, meter, milli, note)


def _times(text: str, carrier: str) -> int:
    name = unicodedata.normalize("NFKC", text).strip().lower()
    if name and name not in UNITS[carrier]:
        raise WrongCell("unit", "unit_mismatch")
    return UNITS[carrier][name] if name else 1


def _carrier(text: str) -> str:
    name = plain(text).lower()
    found = next((code for code, names in WORDS.items() if name in names), None)
    if found is None or found not in CARRIERS:
        raise WrongCell("carrier", "not_a_choice" if name else "required")
    return found


def _meter(text: str) -> str:
    meter = plain(text)
    if meter and not METER.fullmatch(meter):
        raise WrongCell("meter", "meter_number")
    return meter


def _part(text: str, unit: Unit) -> int:
    path = tuple(name for name in (plain(each) for each in re.split(r"[/／]", text)) if name)
    if not path:
        return unit.id
    if path not in unit.parts:
        raise WrongCell("part", "unknown_part")
    return unit.parts[path]
