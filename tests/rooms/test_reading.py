"""Tables people send: text kept letter by letter, every hostile or wrong file refused with its sheet, line and column."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from points_engine.errors import EngineError
from webapp.papers import reading
from webapp.papers.reading import Limits, Table, columns_of, read_table
from webapp.web.messages import MESSAGES

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEAD = ["手机号", "工号", "部门"]


def book(fill: Callable[[Any, Any], Any] = lambda _book, _sheet: None) -> bytes:
    """A workbook with a sheet 名单, its head, and what `fill` writes."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"strings_to_formulas": False})
    sheet = made.add_worksheet("名单")
    sheet.write_row(0, 0, HEAD)
    fill(made, sheet)
    made.close()
    return out.getvalue()


def refusal(name: str, data: bytes, limits: Limits = reading.LIMITS) -> tuple[str, dict[str, Any]]:
    with pytest.raises(EngineError) as refused:
        read_table(name, io.BytesIO(data), limits)
    assert refused.value.kind == "invalid" and refused.value.code in MESSAGES
    return refused.value.code, refused.value.facts


def swapped(data: bytes, path: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == path else old.read(name))
    return out.getvalue()


def test_text_is_kept_letter_by_letter() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_string(1, 0, "１３８００１３８０００")
        sheet.write_string(1, 1, "000123 ")
        sheet.write_string(1, 2, " 研发部/一组  ")
        sheet.write_number(3, 0, 13800138000)
        sheet.write_number(3, 1, 1.5)
        sheet.write_string(3, 2, "=1+1")
        sheet.write_boolean(4, 1, True)

    table = read_table("名单.XLSX", io.BytesIO(book(fill)))
    assert table.sheet == "名单" and table.rows == [
        [1, HEAD],
        [2, ["１３８００１３８０００", "000123 ", " 研发部/一组  "]],
        [4, ["13800138000", "1.5", "=1+1"]],
        [5, ["", "TRUE"]],
    ]


@pytest.mark.parametrize(
    "data",
    [
        '手机号,工号\n 007 ,"研\n发"\n\nＡ,9\n'.encode(),
        '\ufeff手机号,工号\r\n 007 ,"研\n发"\r\n\r\nＡ,9'.encode(),
        '手机号;工号\n 007 ;"研\n发"\n\nＡ;9\n'.encode("gbk"),
        '手机号\t工号\n 007 \t"研\n发"\n\nＡ\t9\n'.encode("gb18030"),
    ],
)
def test_csv_in_every_usual_dress(data: bytes) -> None:
    rows = read_table("a.csv", io.BytesIO(data)).rows
    assert [row[1] for row in rows] == [["手机号", "工号"], [" 007 ", "研\n发"], ["Ａ", "9"]]
    assert [row[0] for row in rows] == [1, 2, 5]


@pytest.mark.parametrize(
    ("fill", "code", "facts"),
    [
        (lambda _, s: s.write_formula(2, 1, "=1+1", None, 2), "table_formula", {"line": 3, "column": "B"}),
        (lambda _, s: s.write_array_formula(2, 1, 3, 1, "{=A1:A2}"), "table_formula", {"line": 3, "column": "B"}),
        (lambda _, s: s.merge_range(5, 1, 7, 2, "x"), "table_merged", {"line": 6, "column": "B", "cells": "B6:C8"}),
        (lambda _, s: s.write(60_000, 1, "x"), "table_too_many_rows", {"line": 60_001}),
        (lambda _, s: s.write(1_048_575, 16_383, "x"), "table_too_many_columns", {"column": "XFD"}),
        (lambda _, s: s.write(4, 45, "x"), "table_too_many_columns", {"line": 5, "column": "AT", "most": 40}),
        (lambda _, s: s.write(3, 2, "长" * 501), "table_cell_too_long", {"line": 4, "column": "C"}),
        (lambda b, _: b.add_worksheet("二").write(0, 0, "x"), "table_many_sheets", {"sheet": "二"}),
    ],
)
def test_what_a_list_must_not_hold_is_named_with_its_place(fill: Any, code: str, facts: dict[str, Any]) -> None:
    told, found = refusal("a.xlsx", book(fill))
    assert told == code and {"sheet": "名单"} | facts == {key: found[key] for key in {"sheet": 0} | facts}


def test_borders_and_empty_sheets_do_no_harm() -> None:
    def fill(made: Any, sheet: Any) -> None:
        line = made.add_format({"border": 1})
        sheet.write_blank(900_000, 900, None, line)
        made.add_worksheet("空")

    assert read_table("a.xlsx", io.BytesIO(book(fill))).rows == [[1, HEAD]]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.xls", OLE + bytes(600), "table_old_excel"),
        ("a.xlsx", OLE + bytes(600), "table_old_excel"),
        ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "table_encrypted"),
        ("a.xlsm", book(), "table_macros"),
        ("a.csv", book(), "table_wrong_kind"),
        ("a.xlsx", "手机号\n1".encode(), "table_wrong_kind"),
        ("a.ods", book(), "table_wrong_kind"),
        ("a", book(), "table_wrong_kind"),
        ("a.xlsx", book()[:3000], "table_damaged"),
        ("a.xlsx", b"PK\x03\x04" + bytes(90), "table_damaged"),
        ("a.xlsx", b"", "table_empty"),
        ("a.csv", b"\n\n,,\n", "table_empty"),
        ("a.csv", "a\nb".encode("utf-16"), "table_encoding"),
        ("a.csv", b"a\nb\xff\xff", "table_encoding"),
        ("a.csv", b'a\n"b', "table_bad_line"),
        ("a.csv", b"a\n1,=cmd", "table_formula"),
    ],
)
def test_other_files_are_refused_for_what_they_are(name: str, data: bytes, code: str) -> None:
    assert refusal(name, data)[0] == code


def test_macros_and_hostile_parts_inside_a_plain_name() -> None:
    out = io.BytesIO(book())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert refusal("a.xlsx", out.getvalue())[0] == "table_macros"
    sheet = "xl/worksheets/sheet1.xml"
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
    assert refusal("a.xlsx", swapped(book(), sheet, lambda xml: entity + xml[55:]))[0] == "table_damaged"
    assert refusal("a.xlsx", swapped(book(), sheet, lambda xml: xml.decode().encode("utf-16")))[0] == "table_damaged"
    assert refusal("a.xlsx", swapped(book(), "xl/workbook.xml", lambda _: b"<"))[0] == "table_damaged"


@pytest.mark.parametrize(
    ("name", "target"),
    [("xl/Worksheets/Sheet1.xml", ""), ("xl\\worksheets\\sheet1.xml", ""), ("xl/sheet1.foo", "/xl/sheet1.foo")],
)
def test_a_sheet_by_another_spelling_is_not_read_unseen(name: str, target: str) -> None:
    data, out = book(lambda _book, sheet: sheet.write_formula(1, 0, "=1+1")), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            content = old.read(each)
            if target and each == "xl/_rels/workbook.xml.rels":
                content = content.replace(b"worksheets/sheet1.xml", target.encode())
            new.writestr(name if each == "xl/worksheets/sheet1.xml" else each, content)
    assert refusal("a.xlsx", out.getvalue())[0] == "table_damaged"
    with zipfile.ZipFile(out, "a") as both:
        both.writestr("xl/worksheets/sheet1.xml", zipfile.ZipFile(io.BytesIO(book())).read("xl/worksheets/sheet1.xml"))
    assert refusal("a.xlsx", out.getvalue())[0] == "table_damaged"


def bomb(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * size)
    return out.getvalue()


def test_bombs_are_found_by_what_they_say_and_by_what_they_are() -> None:
    assert refusal("a.xlsx", bomb(200_000_000))[0] == "table_bomb"
    assert refusal("a.xlsx", bomb(20_000_000))[0] == "table_bomb"
    lying = bomb(20_000_000).replace(struct.pack("<I", 20_000_000), struct.pack("<I", 1000))
    assert refusal("a.xlsx", lying)[0] == "table_bomb"
    short = bomb(3_000_000).replace(struct.pack("<I", 3_000_000), struct.pack("<I", 1000))
    assert refusal("a.xlsx", short)[0] == "table_damaged"


def test_columns_are_found_whatever_the_letters_of_their_names() -> None:
    heads = {"use": ("用量", "Usage"), "number": {"工号", "employee no"}}

    def found(*cells: str, notes: bool = False) -> dict[str, int]:
        return columns_of(Table("", [(1, list(cells))]), heads, notes=notes)

    assert found("备注", " ＵＳＡＧＥ ", "Employee  No") == {"use": 1, "number": 2}
    assert found("用量（kWh）", "[x]") == {}
    for noted in ("用量（kWh）", "用量 [kWh]", "用量［千瓦时］", "(2026) 用量"):
        assert found("工号", noted, notes=True) == {"number": 0, "use": 1}
    with pytest.raises(EngineError) as refused:
        found("用量", "工号", " usage ")
    assert (refused.value.code, refused.value.facts) == ("table_column_twice", {"sheet": "1", "name": "usage"})
    with pytest.raises(EngineError) as refused:
        columns_of(Table("", []), heads)
    assert refused.value.code == "table_empty"


def test_limits_hold() -> None:
    rows = "a\n" + "x\n" * 11
    assert refusal("a.csv", rows.encode(), Limits(rows=10)) == (
        "table_too_many_rows", {"sheet": "1", "line": 12, "most": 10},
    )  # fmt: skip
    assert len(read_table("a.csv", io.BytesIO(rows.encode()), Limits(rows=11)).rows) == 12
    assert refusal("a.csv", rows.encode(), Limits(size=10))[0] == "table_too_big"


def test_what_the_process_answers_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (b"", b"[]", b"{}", b'{"fault": "boo", "line": 1}', b'{"sheet": "a", "rows": [["1", ["x"]]]}',
                   b'{"sheet": "a", "rows": [[1, [2]]]}', b'{"sheet": "a", "rows": 5}', b"\xff"):  # fmt: skip
        monkeypatch.setattr(reading, "_ask", lambda _, answer=answer: answer)
        assert refusal("a.csv", b"x")[0] == "table_damaged"


def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WAIT", 0.01)
    assert refusal("a.xlsx", book())[0] == "table_damaged"
