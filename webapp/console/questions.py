"""The question bank at the desk: write and change questions, withdraw them, take files in and give the bank out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.console.roles import EDIT
from webapp.console.views import PAGE, Answer, change, one_of, show
from webapp.learning import bank, bank_lines, importing
from webapp.learning import words as learning_words
from webapp.learning.forms import QuestionText
from webapp.papers.reading import read_table
from webapp.papers.writing import Table, csv_text, xlsx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message, reason

bp = Blueprint("console_questions", __name__, url_prefix="/console/questions")
FAULTS_SHOWN = 100
KINDS_OF_FILE = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    topic = one_of(request.args.get("topic"), learning_words.TOPICS, "topic")
    status = one_of(request.args.get("status"), learning_words.QUESTION_STATES, "status")
    text = request.args.get("q", "").strip()[:60]
    with house().store.read() as tx:
        rows = bank.listed(tx, topic, status, text, after_arg(), PAGE + 1)
        there = bank.counts(tx)
    page = page_of(rows, PAGE, lambda row: row.id)
    return show("questions.html", page=page, there=there, given=request.args, learning=learning_words)


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    if request.method == "GET":
        return _form(None, {"kind": "single", "topic": "carbon", "difficulty": "1"})
    try:
        text = QuestionText.parse(request.form)
        made = house().store.retrying(lambda tx: bank.add(tx, signed_in().member_id, text, now()))
    except Invalid as error:
        return _form(None, request.form, error.fields)
    say(t("已入库", "It is in the bank"))
    return redirect(url_for(".edit", question_id=made), 303)


@bp.route("/<int:question_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(question_id: int) -> Answer:
    """A question with its versions; saving writes the next one."""
    with house().store.read() as tx:
        known = bank.one(tx, question_id)
    if request.method == "GET":
        return _form(known, known.text.form())
    try:
        text = QuestionText.parse(request.form)
        house().store.retrying(lambda tx: bank.edit(tx, signed_in().member_id, question_id, text, now()))
    except Invalid as error:
        return _form(known, request.form, error.fields)
    say(t("已保存为新版本", "Saved as a new version"))
    return redirect(url_for(".edit", question_id=question_id), 303)


@bp.post("/<int:question_id>/state")
@guard.roles(*EDIT)
def state(question_id: int) -> Answer:
    used = request.form.get("used") == "1"
    return change(
        lambda tx: bank.set_in_use(tx, signed_in().member_id, question_id, used, now()),
        url_for(".edit", question_id=question_id),
        t("已恢复使用", "In use again") if used else t("已撤下，不再抽到", "Withdrawn; it is drawn no more"),
    )


@bp.get("/import")
@guard.roles(*EDIT)
def imports() -> Answer:
    return _imports()


@bp.post("/import")
@guard.roles(*EDIT)
def upload() -> Answer:
    """Read a file and show what it would add; nothing is changed yet."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Invalid({"file": "missing_file"})
        name = sent.filename
        table = read_table(name, sent.stream, bank_lines.LIMITS)
        lines = bank_lines.read_lines(table, csv=name.lower().endswith(".csv"))
    except Invalid as error:
        return _imports(error.fields)
    except EngineError as error:
        if error.kind != "invalid":
            raise
        return _imports({"file": message(error.code, error.facts)})
    made = house().store.retrying(lambda tx: importing.stage(tx, signed_in().member_id, name, lines, now()))
    return redirect(url_for(".show_import", import_id=made), 303)


@bp.get("/import/<int:import_id>")
@guard.roles(*EDIT)
def show_import(import_id: int) -> Answer:
    """What a file would add, or did; faults by line and column."""
    with house().store.read() as tx:
        row = importing.one(tx, import_id)
    _, faults = importing.faults_of(row)
    return show(
        "question_import.html", row=row, faults=faults[:FAULTS_SHOWN], more=len(faults) > FAULTS_SHOWN,
        sample=(row.staged or [])[:5], learning=learning_words,
    )  # fmt: skip


@bp.get("/import/<int:import_id>/faults")
@guard.roles(*EDIT)
def faults(import_id: int) -> Response:
    """The faulty lines as a workbook to correct, what is wrong beside each."""
    with house().store.read() as tx:
        head, wrong = importing.faults_of(importing.one(tx, import_id))
    wide = len(head)
    rows: list[list[Any]] = [
        [*(f.cells + [""] * wide)[:wide], f.line, f"{f.column} {f.head}".strip(), _told(f)] for f in wrong
    ]
    heads = [*head, t("原行号", "Line"), t("列", "Column"), t("问题", "What is wrong")]
    return _file(xlsx([Table(t("待修改", "To correct"), heads, rows)]), f"questions-{import_id}-faults", "xlsx")


@bp.post("/import/<int:import_id>/confirm")
@guard.roles(*EDIT)
def confirm(import_id: int) -> Answer:
    return change(
        lambda tx: importing.confirm(tx, signed_in().member_id, import_id, now()),
        url_for(".show_import", import_id=import_id),
        t("已入库", "They are in the bank"),
    )


@bp.post("/import/<int:import_id>/drop")
@guard.roles(*EDIT)
def drop(import_id: int) -> Answer:
    return change(
        lambda tx: importing.drop(tx, signed_in().member_id, import_id, now()),
        url_for(".imports"),
        t("已作废，题库没有变化", "Dropped; the bank is as it was"),
    )


@bp.get("/template")
@guard.roles(*EDIT)
def template() -> Response:
    """An empty table to fill in."""
    return _file(xlsx([Table("题库", bank_lines.heads(), [])]), "questions", "xlsx")


@bp.get("/export.<form>")
@guard.roles(*EDIT)
def export(form: str) -> Response:
    """Every question in use, in the form that can be taken in again."""
    form = one_of(form, KINDS_OF_FILE, "form") or "xlsx"
    with house().store.read() as tx:
        rows = list(bank_lines.rows(bank.everything(tx)))
    if form == "csv":
        return _file(csv_text(bank_lines.heads(), rows).encode(), "questions", form)
    return _file(xlsx([Table("题库", bank_lines.heads(), rows)]), "questions", form)


def _imports(errors: dict[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        latest = importing.latest(tx)
    return show(
        "question_imports.html", 400 if errors else 200, latest=latest, errors=errors or {}, learning=learning_words,
        heads=bank_lines.heads(), needed=[bank_lines.HEADS[name][0] for name in bank_lines.NEEDED],
    )  # fmt: skip


def _form(known: bank.Question | None, values: Any, errors: dict[str, str] | None = None) -> Answer:
    versions = []
    if known:
        with house().store.read() as tx:
            versions = bank.versions(tx, known.id)
    return show(
        "question.html", 400 if errors else 200, known=known, values=values, errors=errors or {}, versions=versions,
        learning=learning_words,
    )  # fmt: skip


def _told(fault: bank_lines.Fault) -> str:
    if not fault.other:
        return reason(fault.reason)
    what = t("第", "line ") if fault.reason == "twice_in_file" else t("题号 ", "question ")
    return f"{reason(fault.reason)} ({what}{fault.other})"


def _file(data: bytes, name: str, form: str) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = KINDS_OF_FILE[form]
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response
