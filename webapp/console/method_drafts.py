"""New versions of methods at the desk: write, see all faults, try on history, let a second person approve."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from points_engine.errors import Invalid
from points_engine.methodology.formulas import FORMULAS
from webapp.console.fault_words import said
from webapp.console.roles import EDIT, METHODS
from webapp.console.views import PAGE, Answer, change, found, show
from webapp.green_units import queries as green_units
from webapp.members import queries as members
from webapp.methods import forms, queries, service
from webapp.store import Tx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_drafts", __name__, url_prefix="/console/methods/drafts")
SHOWN = 100  # lines of units on the page; the file has all
START = 'behaviour = "bike"\n\n[[version]]\nversion = "2"\n'
FIGURES = ("members", "acts", "changed", "credited_g", "old_g", "new_g", "old_p", "new_p")


@bp.get("")
@guard.roles(*METHODS)
def index() -> Answer:
    with house().store.read() as tx:
        rows = queries.drafts(tx, after_arg(), PAGE + 1)
        names = members.names(tx, [row.author_id for row in rows])
    return show("method_drafts.html", page=page_of(rows, PAGE, lambda each: each.id), names=names, subject=_subject)


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    """For those who write TOML by hand."""
    if request.method == "GET":
        return show("method_draft_new.html", values={"text": START}, errors={})
    return _create(request.form.get("text", ""), "method_draft_new.html", {})


@bp.route("/version/<ref>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def version(ref: str) -> Answer:
    """A new version of one method by form."""
    b = found(house().catalogue.by_ref.get(ref), "unknown_methodology")
    context = {
        "b": b,
        "formulas": [(key, t(f.zh, f.en)) for key, f in FORMULAS.items()],
        "keys": sorted(house().catalogue.factors),
    }
    if request.method == "GET":
        values = forms.version_values(b, service.earliest_day(now()))
        return show("method_version.html", values=values, errors={}, **context)
    try:
        text = forms.read_version(house().catalogue, b, request.form)
    except Invalid as wrong:
        return show("method_version.html", 400, values=request.form, errors=wrong.fields, **context)
    return _create(text, "method_version.html", context)


@bp.route("/factor/<key>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def factor(key: str) -> Answer:
    """A new value of one figure by form."""
    series = found(house().catalogue.factors.get(key))
    if request.method == "GET":
        values = forms.factor_values(series, service.earliest_day(now()))
        return show("method_factor.html", series=series, values=values, errors={})
    try:
        text = forms.read_factor(series, request.form)
    except Invalid as wrong:
        return show("method_factor.html", 400, series=series, values=request.form, errors=wrong.fields)
    return _create(text, "method_factor.html", {"series": series})


@bp.get("/<int:draft_id>")
@guard.roles(*METHODS)
def one(draft_id: int) -> Answer:
    return _page(draft_id)


@bp.post("/<int:draft_id>")
@guard.roles(*EDIT)
def save(draft_id: int) -> Answer:
    text, reason, me = request.form.get("text", ""), request.form.get("reason", ""), signed_in().member_id
    try:
        house().store.retrying(lambda tx: service.change_draft(tx, me, draft_id, text, reason, now()))
    except Invalid as wrong:
        return _page(draft_id, {"text": text, "reason": reason}, wrong.fields)
    say(t("已保存", "Saved"))
    return redirect(url_for(".one", draft_id=draft_id), 303)


@bp.post("/<int:draft_id>/what-if")
@guard.roles(*EDIT)
def try_it(draft_id: int) -> Answer:
    me, back = signed_in().member_id, url_for(".one", draft_id=draft_id, _anchor="what-if")
    return change(lambda tx: service.ask_what_if(tx, me, draft_id, now()), back, t("开始试算", "Being worked out"))


@bp.post("/<int:draft_id>/approve")
@guard.roles(*EDIT)
def approve(draft_id: int) -> Answer:
    me, back = signed_in().member_id, url_for(".one", draft_id=draft_id)
    answer = change(lambda tx: service.approve_draft(tx, me, draft_id, now()), back, t("已批准", "Approved"))
    service.refresh(house(), now(), at_once=True)
    return answer


@bp.post("/<int:draft_id>/withdraw")
@guard.roles(*EDIT)
def withdraw(draft_id: int) -> Answer:
    me, back = signed_in().member_id, url_for(".one", draft_id=draft_id)
    return change(lambda tx: service.withdraw_draft(tx, me, draft_id, now()), back, t("已搁置", "Put aside"))


@bp.get("/<int:draft_id>/what-if.csv")
@guard.roles(*METHODS)
def effects_file(draft_id: int) -> Response:
    """Every behaviour and unit; units of fewer than five people come together."""
    with house().store.read() as tx:
        queries.draft_by_id(tx, draft_id)
        run = queries.newest_run(tx, draft_id)
        rows = [*queries.totals(tx, run.id), *queries.by_unit(tx, run.id)] if run else []
        units = _unit_names(tx, rows)
    out = io.StringIO()
    out.write("\ufeff")  # so that spreadsheets read Chinese
    sheet = csv.writer(out)
    sheet.writerow(("behaviour", "ref", "unit_id", "unit", *FIGURES))
    for e in rows:
        ref = house().catalogue.behaviour(e.behaviour).ref
        sheet.writerow((e.behaviour, ref, e.unit_id, _safe(units[e.unit_id]), *(getattr(e, name) for name in FIGURES)))
    name = f'attachment; filename="what-if-{draft_id}.csv"'
    return Response(out.getvalue(), mimetype="text/csv", headers={"Content-Disposition": name})


def _create(text: str, template: str, context: dict[str, Any]) -> Answer:
    reason, me = request.form.get("reason", ""), signed_in().member_id
    try:
        made = house().store.retrying(lambda tx: service.create_draft(tx, me, text, reason, now()))
    except Invalid as wrong:
        return show(template, 400, values=request.form, errors=wrong.fields, **context)
    say(t("草稿已保存", "Draft saved"))
    return redirect(url_for(".one", draft_id=made), 303)


def _page(draft_id: int, values: dict[str, str] | None = None, errors: dict[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        row = queries.draft_by_id(tx, draft_id)
        faults = service.faults_of(tx, row.text, now()) if row.state == "draft" else []
        run = queries.newest_run(tx, draft_id)
        totals = queries.totals(tx, run.id) if run and run.state == "done" else []
        units = queries.by_unit(tx, run.id, SHOWN + 1) if run and run.state == "done" else []
        decision = queries.decision_on(tx, draft_id)
        people = [row.author_id, *row.hands, *([decision.decided_by] if decision else [])]
        names, unit_names = members.names(tx, people), _unit_names(tx, units)
    fresh = run is not None and run.checksum == row.checksum
    return show(
        "method_draft.html", 400 if errors else 200, row=row, faults=[(f.key, said(f.problem)) for f in faults], run=run, fresh=fresh, totals=totals,
        units=units[:SHOWN], more=len(units) > SHOWN, decision=decision, names=names, unit_names=unit_names,
        mine=signed_in().member_id in row.hands, values=values or {"text": row.text, "reason": row.reason},
        errors=errors or {}, by_code=house().catalogue.by_code, subject=_subject(row),
        earliest=service.earliest_day(now()),
    )  # fmt: skip


def _subject(row: Any) -> str:
    """What a draft is about, in few words."""
    known = house().catalogue.by_code.get(row.behaviour)
    return f"{known.ref} {t(known.name_zh, known.name_en)}" if known else t("因子或未完成", "Figures, or unfinished")


def _unit_names(tx: Tx, rows: Iterable[Any]) -> dict[int, str]:
    ids = {e.unit_id for e in rows if e.unit_id > 0}
    names = {unit.id: unit.short_name for unit in green_units.board_units(tx, ids).values()}
    some = {
        queries.EVERYBODY: t("全部", "Everybody"),
        queries.FEW_PEOPLE: t(
            "不足 5 人的单元合计（一人可属几个单元）", "Units of fewer than 5 (one may be in several)"
        ),
    }
    return {**{i: str(i) for i in ids}, **names, **some}


def _safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
