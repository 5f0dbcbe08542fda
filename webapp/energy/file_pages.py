"""Pages of a unit's files of readings: upload, preview with faults by line and column, confirm whole or drop."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request

from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from webapp.energy import files, importing, queries
from webapp.energy.pages import EDIT, XLSX, Answer, change, file, is_staff, open_at, show
from webapp.green_units import queries as green_units
from webapp.papers.reading import read_table
from webapp.papers.writing import Table, xlsx
from webapp.web import guard, house, now, signed_in, t
from webapp.web.messages import message, reason

SHOWN = 100


def install(bp: Blueprint) -> None:
    """Add these pages to the unit's blueprint."""
    bp.get("/files", endpoint="uploads")(guard.managers(*EDIT)(uploads))
    bp.post("/files", endpoint="upload")(guard.managers(*EDIT)(upload))
    bp.get("/files/template", endpoint="template")(guard.managers(*EDIT)(template))
    bp.get("/files/<int:import_id>", endpoint="preview")(guard.managers(*EDIT)(preview))
    bp.get("/files/<int:import_id>/faults", endpoint="faults")(guard.managers(*EDIT)(faults))
    bp.post("/files/<int:import_id>/confirm", endpoint="confirm")(guard.managers(*EDIT)(confirm))
    bp.post("/files/<int:import_id>/drop", endpoint="drop")(guard.managers(*EDIT)(drop))


def uploads(unit_id: int) -> Answer:
    """The form for a file, and earlier ones."""
    return _uploads(unit_id)


def _uploads(unit_id: int, errors: Mapping[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        latest = queries.imports(tx, at.unit.id)
    return show("files.html", at, 400 if errors else 200, latest=latest, errors=errors or {})


def upload(unit_id: int) -> Answer:
    """Read a file and show what it would do; nothing is changed yet."""
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        tree = green_units.tree_of(tx, at.top.id)
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Invalid({"file": "missing_file"})
        table = read_table(sent.filename, sent.stream)
        checksum = checksum_of(sent.stream)
        parts = tree.by_path if at.unit.id == at.top.id else {}
        lines = files.read_unit(table, files.Unit(at.unit.id, parts), local_day(now()))
        name = sent.filename
        made = house().store.retrying(
            lambda tx: importing.stage(
                tx, signed_in().member_id, unit_id, name, checksum, lines, now(), staff=is_staff()
            )
        )
    except Invalid as fault:
        return _uploads(unit_id, fault.fields)
    except EngineError as fault:
        if fault.kind != "invalid":
            raise
        return _uploads(unit_id, {"file": message(fault.code, fault.facts)})
    return redirect(at.link("preview", import_id=made), 303)


def checksum_of(stream: Any) -> str:
    """SHA-256 of an uploaded file."""
    stream.seek(0)
    return hashlib.sha256(stream.read()).hexdigest()


def template(unit_id: int) -> Answer:
    """An empty table to fill in."""
    with house().store.read() as tx:
        open_at(tx, unit_id)
    heads = ["月份", "能源品种", "用量", "单位", "部门", "表号", "备注"]
    return file(
        xlsx([Table("用能", heads, [["2026-01", "电", 12000, "kWh", "", "", ""]], [10] * 7)]), XLSX, "energy.xlsx"
    )


def preview(unit_id: int, import_id: int) -> Answer:
    """What a file would do, or did; faults by line and column."""
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        row = queries.import_of(tx, import_id, at.unit.id)
    return show("preview.html", at, upload=row, faults=faults_of(row)[:SHOWN])


def faults_of(row: Any) -> list[files.Fault]:
    """The faulty lines of an upload."""
    return [files.Fault(*each) for each in row.faults["lines"]] if row.faults else []


def faults(unit_id: int, import_id: int) -> Answer:
    """The faulty lines as a workbook to correct, what is wrong beside each."""
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        row = queries.import_of(tx, import_id, at.unit.id)
    return faults_file(row)


def faults_file(row: Any) -> Answer:
    """The faulty lines of any upload as a workbook."""
    head = row.faults["head"] if row.faults else []
    rows: list[list[Any]] = [
        [*(each.cells + [""] * len(head))[: len(head)], each.line, each.column, reason(each.reason)]
        for each in faults_of(row)
    ]
    heads = [*head, t("原行号", "Line"), t("列", "Column"), t("问题", "What is wrong")]
    return file(xlsx([Table(t("待修改", "To correct"), heads, rows)]), XLSX, f"energy-{row.id}-faults.xlsx")


def confirm(unit_id: int, import_id: int) -> Answer:
    """Take the file in, whole."""
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
    return change(
        lambda tx: importing.confirm(tx, signed_in().member_id, unit_id, import_id, now(), staff=is_staff()),
        at.link("preview", import_id=import_id),
        t("已导入", "The file is taken in"),
    )


def drop(unit_id: int, import_id: int) -> Answer:
    """Forget the preview."""
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
    return change(
        lambda tx: importing.drop(tx, signed_in().member_id, unit_id, import_id, now(), staff=is_staff()),
        at.link("uploads"),
        t("已作废，什么都没有改", "Dropped; nothing was changed"),
    )
