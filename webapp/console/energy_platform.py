"""Files of the park's energy platform at the desk: upload, preview, take in whole; and which unit each meter code belongs to."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.clock import local_day
from points_engine.energy import CARRIERS
from points_engine.errors import EngineError, Invalid
from webapp.console.roles import EDIT
from webapp.console.views import Answer, change, show
from webapp.energy import files, importing, queries, words
from webapp.energy.file_pages import SHOWN, checksum_of, faults_file, faults_of
from webapp.energy.forms import NAME_MAX, plain
from webapp.green_units import queries as green_units
from webapp.papers.reading import read_table
from webapp.web import guard, house, now, page_of, say, signed_in, t, whole
from webapp.web.messages import message

bp = Blueprint("console_energy_platform", __name__, url_prefix="/console/energy/platform")


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    """The form for a file, earlier files, and the codes."""
    return _index()


@bp.post("")
@guard.roles(*EDIT)
def upload() -> Answer:
    """Read a file and show what it would do."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Invalid({"file": "missing_file"})
        checksum, name = checksum_of(sent.stream), sent.filename
        sent.stream.seek(0)
        with house().store.read() as tx:
            codes = importing.known_codes(tx)
        lines = read_platform_file(name, sent.stream, codes)
        made = house().store.retrying(
            lambda tx: importing.stage(tx, signed_in().member_id, None, name, checksum, lines, now())
        )
    except Invalid as fault:
        return _index(fault.fields)
    except EngineError as fault:
        if fault.kind != "invalid":
            raise
        return _index({"file": message(fault.code, fault.facts)})
    return redirect(url_for(".one", import_id=made), 303)


def read_platform_file(name: str, stream: Any, codes: Mapping[str, tuple[int, str]]) -> files.Lines:
    """A platform's file by its name: JSON, else CSV or XLSX."""
    if name.lower().endswith(".json"):
        table = files.json_table(stream.read(files.MOST_JSON + 1))
    else:
        table = read_table(name, io.BytesIO(stream.read()))
    return files.read_platform(table, codes, local_day(now()))


@bp.get("/<int:import_id>")
@guard.roles(*EDIT)
def one(import_id: int) -> Answer:
    """What a file would do, or did."""
    with house().store.read() as tx:
        row = queries.import_of(tx, import_id, None)
    return show("energy_file.html", upload=row, faults=faults_of(row)[:SHOWN], w=words)


@bp.get("/<int:import_id>/faults")
@guard.roles(*EDIT)
def faults(import_id: int) -> Any:
    """The faulty lines as a workbook."""
    with house().store.read() as tx:
        return faults_file(queries.import_of(tx, import_id, None))


@bp.post("/<int:import_id>/confirm")
@guard.roles(*EDIT)
def confirm(import_id: int) -> Answer:
    return change(
        lambda tx: importing.confirm(tx, signed_in().member_id, None, import_id, now()),
        url_for(".one", import_id=import_id),
        t("已导入", "The file is taken in"),
    )


@bp.post("/<int:import_id>/drop")
@guard.roles(*EDIT)
def drop(import_id: int) -> Answer:
    return change(
        lambda tx: importing.drop(tx, signed_in().member_id, None, import_id, now()),
        url_for(".index"),
        t("已作废，什么都没有改", "Dropped; nothing was changed"),
    )


@bp.post("/codes")
@guard.roles(*EDIT)
def code() -> Answer:
    """Say which unit a meter code belongs to."""
    given, carrier = plain(request.form.get("code")), request.form.get("carrier", "")
    wrong: dict[str, str] = {}
    if not files.METER.fullmatch(given):
        wrong["code"] = "meter_number" if given else "required"
    if carrier not in CARRIERS:
        wrong["carrier"] = "not_a_choice"
    unit_id = whole(request.form.get("unit") if (request.form.get("unit") or "").isdigit() else None) or 0
    with house().store.read() as tx:
        found = green_units.by_ids(tx, [unit_id])
    if not found or found[0].kind not in queries.KINDS or found[0].status != "active":
        wrong["unit"] = "unknown"
    if wrong:
        return _index(wrong, request.form)
    house().store.retrying(lambda tx: importing.set_code(tx, signed_in().member_id, given, unit_id, carrier, now()))
    say(t("已对应", "The code is set"))
    return redirect(url_for(".index"), 303)


def _index(errors: Mapping[str, str] | None = None, form: Any = None) -> Answer:
    after = plain(request.args.get("after"))[:NAME_MAX] or None
    with house().store.read() as tx:
        latest = queries.imports(tx, None)
        page = page_of(queries.codes(tx, after), queries.PAGE, lambda row: row.code)
        units = {unit.id: unit for unit in green_units.by_ids(tx, [row.unit_id for row in page.items])}
    return show(
        "energy_platform.html", 400 if errors else 200, latest=latest, page=page, units=units, errors=errors or {},
        form=form or {}, w=words,
    )  # fmt: skip
