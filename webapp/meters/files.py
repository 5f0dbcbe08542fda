"""Files: a utility's export and a temperature table as CSV, read whole, with every fault by its line."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from points_engine.clock import days_of
from points_engine.errors import EngineError, Invalid
from points_engine.meters import Reading, check_readings, next_month
from webapp.meters.forms import MILLI, Figure, read_day, read_figure, read_number
from webapp.meters.queries import Meter, Place
from webapp.meters.service import Row, goes_back, merged

MOST_BYTES = 200_000  # ten years of daily readings
MOST_ROWS = 6_000
HEADS: Mapping[str, tuple[str, ...]] = {
    "number": ("表号", "电表号", "水表号", "燃气表号", "热表号", "表计号", "户号", "meter", "meternumber", "meterno"),
    "on": ("日期", "抄表日期", "时间", "抄表时间", "date", "readingdate", "day"),
    "month": ("月份", "账期", "month", "period"),
    "value": ("读数", "示数", "表底", "本期示数", "电表读数", "reading", "value", "register"),
    "usage": ("用量", "电量", "用电量", "水量", "用水量", "气量", "用气量", "热量", "usage", "consumption", "kwh"),
    "kind": ("抄表方式", "类型", "读数类型", "type", "kind"),
    "mean": ("平均气温", "日平均气温", "气温", "温度", "mean", "temperature", "tavg", "temp"),
    "station": ("站点", "气象站", "台站", "station"),
    "source": ("来源", "数据来源", "source"),
}
COLUMNS: Mapping[str, tuple[str, str]] = {
    "number": ("表号", "meter number"),
    "on": ("日期", "date"),
    "month": ("月份", "month"),
    "value": ("读数", "reading"),
    "usage": ("用量", "usage"),
    "mean": ("平均气温", "mean temperature"),
    "station": ("站点", "station"),
    "source": ("来源", "source"),
}
MISSING = {
    "number": "no_column_number",
    "on": "no_column_on",
    "month": "no_column_month",
    "value": "no_column_value",
    "usage": "no_column_usage",
}
ESTIMATED = ("估", "estim", "推算")
MONTH = re.compile(r"(\d{4})[-/.年]?(\d{1,2})月?")
MEAN = re.compile(r"-?\d{1,2}(\.\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line of a file; `column` is the field, `facts` fill the words of the code."""

    line: int
    column: str
    code: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One reading of a file as the preview shows it."""

    line: int
    meter: Meter
    figure: Figure
    new: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file read whole; it is taken in only when `faults` is empty."""

    text: str
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    by_usage: frozenset[str] = frozenset()

    @property
    def new(self) -> list[Line]:
        return [line for line in self.lines if line.new]

    @property
    def rows(self) -> list[Row]:
        return [Row(line.meter.id, line.figure) for line in self.lines]


def decode(data: bytes) -> str:
    """UTF-8 with or without a mark, or GB 18030 (which GBK is part of); Invalid for anything else."""
    if len(data) > MOST_BYTES:
        raise Invalid({"file": "file_too_big"})
    if not data.strip():
        raise Invalid({"file": "missing"})
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Invalid({"file": "not_a_table"})


def read_table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The fields that the first line names, and the lines below with their numbers; Invalid if it is no table."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    if "，" in first and delimiter not in first:
        text, delimiter = text.replace("，", ","), ","
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(c.strip() for c in row)]
    except csv.Error:
        raise Invalid({"file": "not_a_table"}) from None
    if len(rows) < 2:
        raise Invalid({"file": "no_rows"})
    if len(rows) > MOST_ROWS:
        raise Invalid({"file": "too_many_rows"})
    return [_field(cell) for cell in rows[0][1]], rows[1:]


def read_readings(text: str, meters: Sequence[Meter], marks: Mapping[str, Sequence[str]],
                  known: Mapping[Place, Sequence[Reading]], today: date) -> Parsed:  # fmt: skip
    """A utility's export: meter number, date and reading – or month and usage – checked against what is there.

    `marks` are the fingerprints under which a number may be known: number → one per kind.
    """
    heads, rows = read_table(text)
    usage = "value" not in heads and "usage" in heads
    needed = ("month", "usage") if usage else ("on", "value")
    missing = [name for name in needed if name not in heads]
    if "number" not in heads and len(meters) != 1:
        missing.append("number")
    if missing:
        raise Invalid({"file": MISSING[missing[0]]})
    faults: list[Fault] = []
    told: dict[str, list[tuple[int, Figure]]] = {}
    spent: dict[str, list[tuple[int, str, int]]] = {}
    by_id = {each.id: each for each in meters}
    for line, cells in rows:
        row = dict(zip(heads, cells, strict=False))
        wrong: dict[str, str] = {}
        each = _meter(row, meters, marks, wrong)
        if usage:
            month, amount = _month(row.get("month"), today, wrong), read_figure(row.get("usage"), 9, wrong, "usage")
            if not wrong and each:
                spent.setdefault(each.id, []).append((line, month, amount))
        else:
            value = read_figure(row.get("value"), each.digits if each else 9, wrong)
            on = read_day(row.get("on"), today, wrong)
            estimated = any(word in row.get("kind", "").lower() for word in ESTIMATED)
            if not wrong and each:
                told.setdefault(each.id, []).append((line, Figure(on, value, estimated, "file")))
        faults += [Fault(line, column, code) for column, code in wrong.items()]
    for meter_id, months in spent.items():
        told[meter_id] = _running(by_id[meter_id], months, known[by_id[meter_id].place], faults)
    lines = [
        line
        for meter_id, figures in told.items()
        for line in _fitted(by_id[meter_id], figures, known[by_id[meter_id].place], faults)
    ]
    ordered = tuple(sorted(faults, key=lambda fault: fault.line))
    return Parsed(text, tuple(sorted(lines, key=lambda each: each.line)), ordered, frozenset(spent))


def _meter(
    row: Mapping[str, str], meters: Sequence[Meter], marks: Mapping[str, Sequence[str]], wrong: dict[str, str]
) -> Meter | None:
    if "number" not in row and len(meters) == 1:
        return meters[0]
    number = read_number(row.get("number"), wrong)
    found = next((each for each in meters if each.number_hash in marks.get(number, ())), None)
    if found is None and not wrong:
        wrong["number"] = "unknown_meter"
    return found


def numbers_in(text: str) -> set[str]:
    """Every meter number that a file names."""
    heads, rows = read_table(text)
    if "number" not in heads:
        return set()
    at = heads.index("number")
    return {read_number(cells[at], {}) for _, cells in rows if len(cells) > at}


def _running(
    known: Meter, months: Sequence[tuple[int, str, int]], there: Sequence[Reading], faults: list[Fault]
) -> list[tuple[int, Figure]]:
    """Usage by month as a register that runs on: from nothing, or from the reading on a month's first day."""
    ordered = sorted(months, key=lambda each: each[1])
    at = {r.on: r.value for r in there if r.register == known.register}
    if at and not known.by_usage:
        faults.append(Fault(ordered[0][0], "usage", "usage_beside_readings"))
        return []
    first = days_of(ordered[0][1])[0]
    figures: list[tuple[int, Figure]] = []
    if not at:
        at[first] = 0
        figures.append((ordered[0][0], Figure(first, 0, False, "file")))
    for line, month, amount in ordered:
        starts, ends = days_of(month)[0], days_of(next_month(month))[0]
        if starts not in at:
            faults.append(Fault(line, "month", "month_apart"))
            return []
        figures.append((line, Figure(ends, at[starts] + amount, False, "file")))
        at.setdefault(ends, at[starts] + amount)
    return figures


def _fitted(
    known: Meter, told: Sequence[tuple[int, Figure]], there: Sequence[Reading], faults: list[Fault]
) -> list[Line]:
    """The lines of one meter, each new or there already; lines that contradict something become faults."""
    lines, now = _merge(known, told, there, faults)
    found = check_readings(now, 9 if known.by_usage else known.digits, known.bounds)
    if found is not None:
        named = {(figure.on, figure.value): line for line, figure in told}
        line = next((named[r.on, r.value] for r in (found.after, found.before) if (r.on, r.value) in named), 0)
        refusal = goes_back(found)
        faults.append(Fault(line, "value", refusal.code, refusal.facts))
    return lines


def _merge(
    known: Meter, told: Sequence[tuple[int, Figure]], there: Sequence[Reading], faults: list[Fault]
) -> tuple[list[Line], list[Reading]]:
    """All at once; line by line only to find which of them differ from what is there."""
    try:
        now, new = merged(there, known.register, [figure for _, figure in told])
        fresh = {figure.on for figure in new}
        return [Line(line, known, figure, figure.on in fresh) for line, figure in told], now
    except EngineError:
        now, lines = list(there), []
    for line, figure in told:
        try:
            now, new = merged(now, known.register, [figure])
            lines.append(Line(line, known, figure, bool(new)))
        except EngineError as refusal:
            faults.append(Fault(line, "value", refusal.code, refusal.facts))
    return lines, now


def read_temperatures(text: str, station: str, source: str, today: date) -> tuple[list[tuple[str, str, int, str]], list[Fault]]:  # fmt: skip
    """(station, period, thousandths of a degree, source) by line, and every fault; the columns may stand in the form."""
    heads, rows = read_table(text)
    when = next((name for name in ("on", "month") if name in heads), None)
    if when is None or "mean" not in heads:
        raise Invalid({"file": "no_column_mean" if when else "no_column_on"})
    found: list[tuple[str, str, int, str]] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str], int] = {}
    for line, cells in rows:
        row, wrong = dict(zip(heads, cells, strict=False)), dict[str, str]()
        period = _period(row.get(when, ""), today, wrong)
        place, origin = row.get("station") or station, row.get("source") or source
        text_mean = unicodedata.normalize("NFKC", row.get("mean", "")).replace("−", "-")
        if not MEAN.fullmatch(text_mean) or not -50 <= Decimal(text_mean) <= 50:
            wrong["mean"] = "bad_temperature"
        if not place or len(place) > 40:
            wrong["station"] = "missing" if not place else "out_of_bounds"
        if not origin or len(origin) > 120:
            wrong["source"] = "missing" if not origin else "out_of_bounds"
        if not wrong and (place, period) in seen:
            wrong["on"] = "twice_in_file"
        if not wrong:
            seen[place, period] = line
            found.append((place, period, int(Decimal(text_mean) * MILLI), origin))
        faults += [Fault(line, column, code) for column, code in wrong.items()]
    return found, faults


def _period(typed: str, today: date, wrong: dict[str, str]) -> str:
    month = MONTH.fullmatch(unicodedata.normalize("NFKC", typed).strip())
    if month and len(typed.strip()) < 8:
        return _month(typed, today, wrong, "on")
    return read_day(typed, today, wrong).isoformat()


def _month(typed: str | None, today: date, wrong: dict[str, str], field_name: str = "month") -> str:
    """A month that is over."""
    found = MONTH.fullmatch(unicodedata.normalize("NFKC", typed or "").strip())
    if not found or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 2200:
        wrong[field_name] = "bad_month"
        return "2000-01"
    month = f"{found[1]}-{int(found[2]):02d}"
    if days_of(month)[1] >= today:
        wrong[field_name] = "in_future"
    return month


def _field(head: str) -> str:
    """The field that a heading names; units in brackets and spaces play no part."""
    plain = re.sub(r"[(（\[].*?[)）\]]|[\s_\-]", "", unicodedata.normalize("NFKC", head)).lower()
    return next((name for name, words in HEADS.items() if plain in words), f"?{plain}")
