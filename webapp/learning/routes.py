"""Pages of lessons: the list by topic with my progress, one to read, and finishing it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from points_engine.errors import EngineError, Invalid
from points_engine.quiz import seconds_to_read
from webapp.learning import lessons, quiz_pages, training_desk, training_pages, words
from webapp.web import after_arg, current, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message

bp = Blueprint("learning", __name__, url_prefix="/learn")


@bp.get("")
@guard.public("what saves energy is there to be learnt by everybody")
def index() -> str:
    topic = request.args.get("topic") or None
    if topic is not None and topic not in words.TOPICS:
        raise Invalid({"topic": "not_a_choice"})
    person = current()
    me = person.member_id if person else None
    with house().store.read() as tx:
        cards = lessons.published(tx, me, topic, after_arg(), lessons.PAGE + 1)
        progress = lessons.progress(tx, me) if me is not None else None
    page = page_of(cards, lessons.PAGE, lambda card: card.id)
    return render_template("learning/index.html", page=page, topic=topic, progress=progress, words=words)


@bp.get("/<int:lesson_id>")
@guard.public("what saves energy is there to be learnt by everybody")
def show(lesson_id: int) -> str:
    person = current()
    mark = lessons.opened(house().settings.secret_key, person.member_id, lesson_id, now()) if person else ""
    return _page(lesson_id, mark)


@bp.post("/<int:lesson_id>/read")
@guard.member
def read(lesson_id: int) -> Any:
    """I have read it; too early keeps the page with the time it was opened."""
    me, key, mark = signed_in().member_id, house().settings.secret_key, request.form.get("opened", "")
    try:
        house().store.retrying(lambda tx: lessons.finish(tx, key, me, lesson_id, mark, now()))
    except EngineError as error:
        if error.kind != "conflict":
            raise
        mark = lessons.kept(key, me, lesson_id, mark, now())
        return _page(lesson_id, mark, message(error.code, error.facts)), 409
    say(t("读完了，真不错", "Well read"))
    return redirect(url_for(".show", lesson_id=lesson_id), 303)


def _page(lesson_id: int, mark: str, refusal: str | None = None) -> str:
    person = current()
    with house().store.read() as tx:
        row = lessons.one(tx, lesson_id)
        done = person is not None and lessons.has_read(tx, person.member_id, lesson_id)
        following = lessons.following(tx, lesson_id)
    minutes = lessons.minutes(row.seconds_zh), lessons.minutes(row.seconds_en)
    return render_template(
        "learning/lesson.html", row=row, done=done, following=following, minutes=minutes, mark=mark, refusal=refusal,
        least=seconds_to_read(row.seconds_zh), words=words,
    )  # fmt: skip


BLUEPRINTS = (bp, quiz_pages.bp, training_pages.bp, training_desk.bp)
