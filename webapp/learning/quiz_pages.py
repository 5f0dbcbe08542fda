"""Pages of quizzes: which there are, beginning one, a question at a time, the result, and my history."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from webapp.learning import attempts, quizzes, words
from webapp.learning.forms import read_chosen
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in
from webapp.web.messages import message
from webapp.web.paging import moment_arg, moment_key

bp = Blueprint("quizzes", __name__, url_prefix="/quizzes")


@bp.get("")
@guard.member
def index() -> str:
    with house().store.read() as tx:
        cards = quizzes.open_ones(tx, signed_in().member_id, local_day(now()), after_arg(), quizzes.PAGE + 1)
    return render_template("learning/quizzes.html", page=page_of(cards, quizzes.PAGE, lambda card: card.id))


@bp.get("/history")
@guard.member
def history() -> str:
    with house().store.read() as tx:
        rows = attempts.history(tx, signed_in().member_id, moment_arg(), attempts.PAGE + 1)
    page = page_of(rows, attempts.PAGE, lambda row: moment_key(row.started_at, row.id))
    return render_template("learning/history.html", page=page, at=now(), grace=attempts.GRACE)


@bp.get("/<int:quiz_id>")
@guard.member
def show(quiz_id: int) -> str:
    with house().store.read() as tx:
        row = quizzes.one(tx, quiz_id)
        today = attempts.today_of(tx, signed_in().member_id, quiz_id, local_day(now()))
    return render_template(
        "learning/quiz.html", row=row, needed=quizzes.needed_of(row), today=today,
        ids=[str(uuid.uuid4()) for _ in range(2)], words=words,
    )  # fmt: skip


@bp.post("/<int:quiz_id>/start")
@guard.member
def start(quiz_id: int) -> Any:
    """Begin, for the day's score or for practice; a second tap leads to the same attempt."""
    me, scored, key = signed_in().member_id, request.form.get("practice") != "1", request.form.get("id", "")
    try:
        made = house().store.retrying(lambda tx: attempts.start(tx, me, quiz_id, key, scored, now()))
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(message(error.code, error.facts), "bad")
        return redirect(url_for(".show", quiz_id=quiz_id), 303)
    return redirect(url_for(".attempt", quiz_id=quiz_id, attempt_id=made), 303)


@bp.get("/<int:quiz_id>/attempts/<attempt_id>")
@guard.member
def attempt(quiz_id: int, attempt_id: str) -> str:
    return _page(quiz_id, attempt_id, request.args.get("q"))


@bp.post("/<int:quiz_id>/attempts/<attempt_id>/answer")
@guard.member
def answer(quiz_id: int, attempt_id: str) -> Any:
    """Keep one answer; what is explained at once stays on the page, otherwise the next question comes."""
    me, place = signed_in().member_id, _place(request.form.get("q"))
    try:
        chosen = read_chosen(request.form.getlist("chosen"))
        house().store.retrying(lambda tx: attempts.answer(tx, me, attempt_id, place, chosen, now()))
    except Invalid as error:
        return _page(quiz_id, attempt_id, str(place + 1), error.fields), 400
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(message(error.code, error.facts), "bad")
        return redirect(url_for(".attempt", quiz_id=quiz_id, attempt_id=attempt_id, q=place + 1), 303)
    with house().store.read() as tx:
        found = attempts.one(tx, me, quiz_id, attempt_id)
    onward = place + 1 if found.explain == "each" else min(place + 2, len(found.items))
    return redirect(url_for(".attempt", quiz_id=quiz_id, attempt_id=attempt_id, q=onward), 303)


@bp.post("/<int:quiz_id>/attempts/<attempt_id>/finish")
@guard.member
def finish(quiz_id: int, attempt_id: str) -> Any:
    house().store.retrying(lambda tx: attempts.finish(tx, signed_in().member_id, attempt_id, now()))
    return redirect(url_for(".attempt", quiz_id=quiz_id, attempt_id=attempt_id), 303)


def _page(quiz_id: int, attempt_id: str, asked: str | None, errors: dict[str, str] | None = None) -> str:
    with house().store.read() as tx:
        found = attempts.one(tx, signed_in().member_id, quiz_id, attempt_id)
    if found.finished_at is not None:
        return render_template("learning/result.html", attempt=found, words=words)
    place = min(_place(asked), len(found.items) - 1) if asked else found.next_place
    return render_template(
        "learning/attempt.html", attempt=found, item=found.items[place], over=found.over(now()), words=words,
        errors=errors or {},
    )  # fmt: skip


def _place(text: str | None) -> int:
    """Which question an address or a form means, counted from 1 there."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) < 1:
        raise Invalid({"q": "not_a_page"})
    return int(text) - 1
