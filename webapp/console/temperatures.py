"""The temperature table by which meters are corrected for weather: look at it, preview a file, take it in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for

from points_engine.clock import local_day
from points_engine.errors import Invalid
from webapp.console.roles import ADMIN
from webapp.console.views import PAGE, Answer, change, show
from webapp.meters import files, queries, service
from webapp.web import guard, house, now, page_of, signed_in, t
from webapp.web.messages import reason

bp = Blueprint("console_temperatures", __name__, url_prefix="/console/temperatures")


@bp.get("")
@guard.roles(*ADMIN)
def index() -> Answer:
    return _page()


@bp.post("")
@guard.roles(*ADMIN)
def take() -> Answer:
    """Preview a table, or take in the one that was previewed; with any fault nothing is taken in."""
    station, source = (request.form.get(name, "").strip() for name in ("station", "source"))
    try:
        sent = request.files.get("file")
        text = files.decode(sent.stream.read(files.MOST_BYTES + 1)) if sent and sent.filename else ""
        text = text or request.form.get("text", "")
        if not text.strip():
            raise Invalid({"file": "missing"})
        rows, faults = files.read_temperatures(text, station, source, local_day(now()))
    except Invalid as fault:
        return _page(errors=fault.fields, status=400)
    if faults or not rows:
        return _page(faults=faults, status=400)
    if "confirm" not in request.form:
        return _page(rows=rows, text=text)
    return change(
        lambda tx: service.import_temperatures(tx, signed_in().member_id, rows, now()),
        url_for(".index"),
        t(f"已导入 {len(rows)} 行气温", f"{len(rows)} temperatures imported"),
    )


def fault_words(fault: files.Fault) -> str:
    """What is wrong with a line."""
    return f"{t(*files.COLUMNS[fault.column])}{t('：', ': ')}{reason(fault.code)}"


def _page(
    rows: list[Any] | None = None,
    faults: list[files.Fault] | None = None,
    errors: dict[str, str] | None = None,
    text: str = "",
    status: int = 200,
) -> Answer:
    after = request.args.get("after", "")[:60] or None
    with house().store.read() as tx:
        known = queries.temperatures(tx, after, PAGE + 1)
        there = queries.known_temperatures(tx, {row[0] for row in rows}) if rows else {}
    changed = sum(1 for s, p, mean, _ in rows or () if there.get((s, p), mean) != mean)
    return show(
        "temperatures.html",
        status,
        page=page_of(known, PAGE, lambda row: f"{row.period}|{row.station}"),
        rows=rows,
        new=sum(1 for row in rows or () if row[:2] not in there),
        changed=changed,
        faults=faults or [],
        errors=errors or {},
        text=text,
        form=request.form,
        fault_words=fault_words,
        figure=service.plain_figure,
    )
