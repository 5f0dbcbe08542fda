"""The auditor's pages: reports of the whole ledger, totals by account, and the journal of staff actions."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from points_engine.clock import start_of
from points_engine.errors import Invalid
from webapp.console import queries, service
from webapp.console.forms import read_day
from webapp.console.roles import AUDIT
from webapp.console.views import PAGE, Answer, change, show
from webapp.web import after_arg, guard, house, now, page_of, signed_in, t

bp = Blueprint("console_ledger", __name__, url_prefix="/console")


@bp.get("/ledger")
@guard.roles(*AUDIT)
def index() -> Answer:
    with house().store.read() as tx:
        page = page_of(queries.reports(tx, after_arg(), PAGE + 1), PAGE, lambda row: row.id)
        last = queries.last_report(tx)
        waits = queries.audit_waits(tx)
    return show("ledger.html", page=page, last=last, waits=waits, accounts=queries.accounts(last))


@bp.get("/ledger/<int:report_id>")
@guard.roles(*AUDIT)
def report(report_id: int) -> Answer:
    with house().store.read() as tx:
        one = queries.report(tx, report_id)
    return show("report.html", report=one, accounts=queries.accounts(one))


@bp.post("/ledger/run")
@guard.roles(*AUDIT)
def run() -> Answer:
    return change(
        lambda tx: service.ask_for_audit(tx, signed_in().member_id, now()),
        url_for(".index"),
        t("已开始，完成后这里会出现新报告", "Started; a new report appears here when it is done"),
    )


@bp.get("/journal")
@guard.roles(*AUDIT)
def journal() -> Answer:
    wrong: dict[str, str] = {}
    area = request.args.get("area", "")
    if area and area not in queries.AREAS:
        wrong["area"] = "not_a_choice"
    first = read_day(request.args.get("from"), "from", wrong)
    last = read_day(request.args.get("to"), "to", wrong)
    if wrong:
        raise Invalid(wrong)
    asked = queries.JournalAsk(
        area,
        (request.args.get("who") or "").strip()[:40],
        (request.args.get("subject") or "").strip()[:120],
        start_of(first) if first else None,
        start_of(last) if last else None,
    )
    with house().store.read() as tx:
        lines = queries.journal(tx, asked, after_arg(), PAGE + 1)
    return show(
        "journal.html",
        page=page_of(lines, PAGE, lambda line: line.entry.id),
        asked=request.args,
        areas=queries.AREAS,
    )
