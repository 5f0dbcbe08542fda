"""Lessons at the desk: write one, look at the preview, publish it, take it down."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import Invalid
from points_engine.quiz import reading_seconds
from webapp.console.roles import EDIT
from webapp.console.views import PAGE, Answer, change, show
from webapp.learning import lessons
from webapp.learning import words as learning_words
from webapp.learning.forms import LessonText
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_lessons", __name__, url_prefix="/console/lessons")
FIELDS = tuple(LessonText.__dataclass_fields__)


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    with house().store.read() as tx:
        rows = lessons.staff_list(tx, after_arg(), PAGE + 1)
    return show("lessons.html", page=page_of(rows, PAGE, lambda row: row.id), learning=learning_words)


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    if request.method == "GET":
        return _form(None, {"topic": "carbon"})
    try:
        text = LessonText.parse(request.form)
    except Invalid as error:
        return _form(None, request.form, error.fields)
    if request.form.get("do") == "preview":
        return _form(None, request.form, preview=text)
    made = house().store.retrying(lambda tx: lessons.create(tx, signed_in().member_id, text, now()))
    say(t("已保存草稿", "The draft is saved"))
    return redirect(url_for(".edit", lesson_id=made), 303)


@bp.route("/<int:lesson_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(lesson_id: int) -> Answer:
    with house().store.read() as tx:
        row = lessons.staff_one(tx, lesson_id)
    if request.method == "GET":
        return _form(row, {name: getattr(row, name) for name in FIELDS})
    try:
        text = LessonText.parse(request.form)
    except Invalid as error:
        return _form(row, request.form, error.fields)
    if request.form.get("do") == "preview":
        return _form(row, request.form, preview=text)
    house().store.retrying(lambda tx: lessons.change(tx, signed_in().member_id, lesson_id, text, now()))
    say(t("已保存", "Saved"))
    return redirect(url_for(".edit", lesson_id=lesson_id), 303)


@bp.post("/<int:lesson_id>/publish")
@guard.roles(*EDIT)
def publish(lesson_id: int) -> Answer:
    return change(
        lambda tx: lessons.publish(tx, signed_in().member_id, lesson_id, now()),
        url_for(".edit", lesson_id=lesson_id),
        t("已发布，大家可以读了", "Published; everybody can read it"),
    )


@bp.post("/<int:lesson_id>/withdraw")
@guard.roles(*EDIT)
def withdraw(lesson_id: int) -> Answer:
    return change(
        lambda tx: lessons.withdraw(tx, signed_in().member_id, lesson_id, now()),
        url_for(".edit", lesson_id=lesson_id),
        t("已撤下", "Taken down"),
    )


def _form(row: Any, values: Any, errors: dict[str, str] | None = None, preview: LessonText | None = None) -> Answer:
    seconds = reading_seconds(preview.title_zh + preview.body_zh) if preview else 0
    return show(
        "lesson.html",
        400 if errors else 200,
        row=row,
        values=values,
        errors=errors or {},
        preview=preview,
        minutes=lessons.minutes(seconds),
        learning=learning_words,
    )
