"""Pages of lists of employees: upload, preview with faults, confirm; and the invitations a member finds."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.green_units import inviting, joining, queries, roster, roster_reads, service
from webapp.green_units.roster_lines import read_lines
from webapp.members.phones import PhoneBook
from webapp.members.phones import book as phone_book
from webapp.papers.reading import read_table
from webapp.papers.writing import Table, xlsx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message, reason

bp = Blueprint("rosters", __name__)
PAGE = 50
FAULTS_SHOWN = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def the_book() -> PhoneBook:
    return phone_book(house().settings)


@bp.get("/unit-admin/<int:unit_id>/roster")
@guard.unit_admin
def index(unit_id: int) -> str:
    """The unit's list, earlier uploads, and the form for another."""
    return _index(unit_id)


@bp.post("/unit-admin/<int:unit_id>/roster")
@guard.unit_admin
def upload(unit_id: int) -> Any:
    """Read a file and show what it would do; nothing is changed yet."""
    with house().store.read() as tx:
        queries.administered_company(tx, signed_in().member_id, unit_id)
    sent = request.files.get("file")
    mode = "left" if request.form.get("mode") == "left" else "listed"
    try:
        if sent is None or not sent.filename:
            raise Invalid({"file": "missing_file"})
        table = read_table(sent.filename, sent.stream)
        sent.stream.seek(0)
        checksum = hashlib.sha256(sent.stream.read()).hexdigest()
        book, name = the_book(), sent.filename
        lines = read_lines(table, book, unit_id)
        made = house().store.retrying(
            lambda tx: roster.stage(tx, book, signed_in().member_id, unit_id, name, checksum, lines, mode, now())
        )
    except Invalid as refusal:
        return _index(unit_id, refusal.fields), 400
    except EngineError as refusal:
        if refusal.kind != "invalid":
            raise
        return _index(unit_id, {"file": message(refusal.code, refusal.facts)}), 400
    return redirect(url_for(".show", unit_id=unit_id, import_id=made), 303)


@bp.get("/unit-admin/<int:unit_id>/roster/<int:import_id>")
@guard.unit_admin
def show(unit_id: int, import_id: int) -> str:
    """What a list would do, or did; faults by line and column."""
    with house().store.read() as tx:
        unit = queries.administered_company(tx, signed_in().member_id, unit_id)
        found = roster_reads.upload_of(tx, unit_id, import_id)
        head, faults = roster_reads.faults_of(tx, the_book(), unit_id, import_id)
    return render_template(
        "green_units/roster_preview.html", unit=unit, upload=found, head=head, faults=faults[:FAULTS_SHOWN]
    )


@bp.get("/unit-admin/<int:unit_id>/roster/<int:import_id>/faults")
@guard.unit_admin
def faults(unit_id: int, import_id: int) -> Response:
    """The faulty lines as a workbook to correct and send again, what is wrong beside each."""
    with house().store.read() as tx:
        queries.administered_company(tx, signed_in().member_id, unit_id)
        head, wrong = roster_reads.faults_of(tx, the_book(), unit_id, import_id)
    wide = len(head)
    rows: list[list[Any]] = [
        [*(fault.cells + [""] * wide)[:wide], fault.line, fault.column, _told(fault.reason, fault.other)]
        for fault in wrong
    ]
    heads = [*head, t("原行号", "Line"), t("列", "Column"), t("问题", "What is wrong")]
    return _file(xlsx([Table(t("待修改", "To correct"), heads, rows)]), f"list-{import_id}-faults.xlsx")


@bp.get("/unit-admin/<int:unit_id>/roster/template")
@guard.unit_admin
def template(unit_id: int) -> Response:
    """An empty list to fill in."""
    with house().store.read() as tx:
        queries.administered_company(tx, signed_in().member_id, unit_id)
    return _file(xlsx([Table("名单", ["手机号", "工号", "部门"], [], [16, 12, 30])]), "list.xlsx")


@bp.get("/unit-admin/<int:unit_id>/roster/export")
@guard.unit_admin
def export(unit_id: int) -> Response:
    """The unit's list: last digits, parts and how each line stands."""
    with house().store.read() as tx:
        queries.administered_company(tx, signed_in().member_id, unit_id)
        found = roster_reads.entries(tx, unit_id)
    kinds = {"phone": t("手机", "Phone"), "number": t("工号", "Employee number")}
    states = {"invited": t("已邀请", "Invited"), "joined": t("已加入", "Joined"),
              "declined": t("已谢绝", "Declined"), "left": t("已离职", "Left")}  # fmt: skip
    rows = [[kinds[e.kind], e.tail, e.department, states[e.status], e.listed_at.date()] for e in found]
    heads = [t("号码类型", "Kind"), t("尾号", "Ends in"), t("部门", "Department"), t("状态", "State"), t("日期", "Day")]
    return _file(xlsx([Table(t("名单", "List"), heads, rows, [10, 8, 24, 10, 12])]), "list.xlsx")


@bp.post("/unit-admin/<int:unit_id>/roster/<int:import_id>/confirm")
@guard.unit_admin
def confirm(unit_id: int, import_id: int) -> Any:
    house().store.retrying(lambda tx: roster.confirm(tx, signed_in().member_id, unit_id, import_id, now()))
    say(t("名单已生效", "The list is in force"))
    return redirect(url_for(".show", unit_id=unit_id, import_id=import_id), 303)


@bp.post("/unit-admin/<int:unit_id>/roster/<int:import_id>/drop")
@guard.unit_admin
def drop(unit_id: int, import_id: int) -> Any:
    house().store.retrying(lambda tx: roster.drop(tx, signed_in().member_id, unit_id, import_id, now()))
    say(t("已作废，什么都没有改", "Dropped; nothing was changed"))
    return redirect(url_for(".index", unit_id=unit_id), 303)


@bp.post("/unit-admin/<int:unit_id>/roster/remove")
@guard.unit_admin
def remove(unit_id: int) -> Any:
    ref = request.form.get("ref", "")[:64]
    house().store.retrying(lambda tx: roster.remove(tx, signed_in().member_id, unit_id, ref, now()))
    say(t("已从名单移除", "Taken off the list"))
    return redirect(url_for(".index", unit_id=unit_id), 303)


# --- requests -----------------------------------------------------------------------------------


@bp.get("/unit-admin/<int:unit_id>/requests")
@guard.unit_admin
def requests(unit_id: int) -> str:
    """Who waits to be let in."""
    with house().store.read() as tx:
        unit = queries.administered_company(tx, signed_in().member_id, unit_id)
        found = joining.requests(tx, unit_id, after_arg(), PAGE + 1)
    return render_template("green_units/requests.html", unit=unit, page=page_of(found, PAGE, lambda one: one.member_id))


@bp.post("/unit-admin/<int:unit_id>/requests")
@guard.unit_admin
def answer(unit_id: int) -> Any:
    text, yes = request.form.get("member", ""), request.form.get("yes") == "1"
    member_id = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    house().store.retrying(lambda tx: service.answer_request(tx, signed_in().member_id, unit_id, member_id, yes, now()))
    say(t("已通过", "Let in") if yes else t("已拒绝", "Not let in"))
    return redirect(url_for(".requests", unit_id=unit_id), 303)


@bp.post("/unit-admin/<int:unit_id>/approval")
@guard.unit_admin
def approval(unit_id: int) -> Any:
    on = request.form.get("on") == "1"
    house().store.retrying(lambda tx: joining.set_approval(tx, signed_in().member_id, unit_id, on, now()))
    say(t("加入需要批准", "People have to be let in") if on else t("凭码直接加入", "The code lets people in"))
    return redirect(url_for("unit_admin.show", unit_id=unit_id), 303)


# --- what a member finds ------------------------------------------------------------------------


@bp.get("/units/invitations")
@guard.member
def invitations() -> str:
    """Units whose list holds my number; nobody is put into one unasked."""
    with house().store.read() as tx:
        found = inviting.my_invitations(tx, signed_in().member_id)
        mine = queries.unit_ids_of(tx, signed_in().member_id)
    return render_template("green_units/invitations.html", found=found, mine=mine)


@bp.post("/units/invitations/<int:unit_id>")
@guard.member
def reply(unit_id: int) -> Any:
    """One tap: join, or decline."""
    me = signed_in().member_id
    if request.form.get("yes") == "1":
        house().store.retrying(lambda tx: roster.accept(tx, me, unit_id, now()))
        say(t("已加入", "You have joined"))
        return redirect(url_for("green_units.show", unit_id=unit_id), 303)
    house().store.retrying(lambda tx: roster.decline(tx, me, unit_id))
    say(t("已谢绝", "Declined"))
    return redirect(url_for(".invitations"), 303)


@bp.post("/units/requests/<int:unit_id>/back")
@guard.member
def take_back(unit_id: int) -> Any:
    house().store.retrying(lambda tx: joining.take_back(tx, signed_in().member_id, unit_id))
    say(t("申请已撤回", "You no longer ask to join"))
    return redirect(url_for("green_units.index"), 303)


def _index(unit_id: int, errors: dict[str, str] | None = None) -> str:
    after = request.args.get("after")
    with house().store.read() as tx:
        unit = queries.administered_company(tx, signed_in().member_id, unit_id)
        lines = roster_reads.entries(tx, unit_id, after, PAGE + 1)
        latest = roster_reads.uploads(tx, unit_id)
        totals = roster_reads.totals(tx, unit_id)
    return render_template(
        "green_units/roster.html", unit=unit, page=page_of(lines, PAGE, lambda one: one.ref_hash),
        latest=latest, totals=totals, errors=errors or {}, mode=request.form.get("mode", "listed"),
    )  # fmt: skip


def _told(code: str, other: int) -> str:
    return f"{reason(code)}{t('（第', ' (line ')}{other}{t('行）', ')')}" if other else reason(code)


def _file(data: bytes, name: str) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = XLSX
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
