"""Quizzes at the desk: where their questions come from, what passes, open and closed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.console.roles import EDIT
from webapp.console.views import PAGE, Answer, change, sentence, show
from webapp.learning import bank, quizzes
from webapp.learning import words as learning_words
from webapp.learning.forms import QuizFacts
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_quizzes", __name__, url_prefix="/console/quizzes")
USUAL = {"questions": "10", "mark_kind": "percent", "mark": "60", "explain": "each", "topics": []}


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    with house().store.read() as tx:
        rows = quizzes.staff_list(tx, after_arg(), PAGE + 1)
    return show("quizzes.html", page=page_of(rows, PAGE, lambda row: row.id), learning=learning_words)


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    if request.method == "GET":
        return _form(None, USUAL)
    try:
        facts = QuizFacts.parse(request.form)
    except Invalid as error:
        return _form(None, _typed(), error.fields)
    made = house().store.retrying(lambda tx: quizzes.create(tx, signed_in().member_id, facts, now()))
    say(t("已保存草稿", "The draft is saved"))
    return redirect(url_for(".edit", quiz_id=made), 303)


@bp.route("/<int:quiz_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(quiz_id: int) -> Answer:
    with house().store.read() as tx:
        row = quizzes.staff_one(tx, quiz_id)
    if request.method == "GET":
        return _form(row, {name: "" if value is None else value for name, value in row._mapping.items()})
    try:
        facts = QuizFacts.parse(request.form)
        house().store.retrying(lambda tx: quizzes.change(tx, signed_in().member_id, quiz_id, facts, now()))
    except Invalid as error:
        return _form(row, _typed(), error.fields)
    except EngineError as error:
        if error.kind != "conflict":
            raise
        return _form(row, _typed(), {"questions": sentence(error)})
    say(t("已保存", "Saved"))
    return redirect(url_for(".edit", quiz_id=quiz_id), 303)


@bp.post("/<int:quiz_id>/state")
@guard.roles(*EDIT)
def state(quiz_id: int) -> Answer:
    opened = request.form.get("open") == "1"
    return change(
        lambda tx: quizzes.set_open(tx, signed_in().member_id, quiz_id, opened, now()),
        url_for(".edit", quiz_id=quiz_id),
        t("已开放", "Open now") if opened else t("已关闭", "Closed"),
    )


def _typed() -> dict[str, Any]:
    return request.form.to_dict() | {"topics": request.form.getlist("topics")}


def _form(row: Any, values: Any, errors: dict[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        there = bank.counts(tx)
        totals = quizzes.totals(tx, row.id) if row else None
    return show(
        "quiz.html",
        400 if errors else 200,
        row=row,
        values=values,
        errors=errors or {},
        there=there,
        totals=totals,
        needed=quizzes.needed_of(row) if row else None,
        learning=learning_words,
    )
