"""Announcements: write in Markdown, look at the preview, publish now or later, take down."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import Invalid
from webapp.console.forms import local_input, read_instant
from webapp.console.roles import EDIT
from webapp.console.views import PAGE, Answer, change, show
from webapp.inbox import queries, service
from webapp.inbox.forms import AnnouncementText
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_announcements", __name__, url_prefix="/console/announcements")
FIELDS = ("title_zh", "title_en", "body_zh", "body_en")


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    with house().store.read() as tx:
        rows = queries.all_announcements(tx, now(), after_arg(), PAGE + 1)
    return show("announcements.html", page=page_of(rows, PAGE, lambda each: each.id))


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    if request.method == "GET":
        return _form(None, {})
    return _save(None)


@bp.route("/<int:announcement_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(announcement_id: int) -> Answer:
    with house().store.read() as tx:
        known = queries.announcement_by_id(tx, announcement_id, now())
    if request.method == "POST":
        return _save(known)
    values = {name: getattr(known, name) for name in FIELDS} | {"expires_at": local_input(known.expires_at)}
    return _form(known, values)


@bp.post("/<int:announcement_id>/publish")
@guard.roles(*EDIT)
def publish(announcement_id: int) -> Answer:
    wrong: dict[str, str] = {}
    at = read_instant(request.form.get("at"), "at", wrong, optional=True)
    if wrong:
        with house().store.read() as tx:
            known = queries.announcement_by_id(tx, announcement_id, now())
        values = {name: getattr(known, name) for name in FIELDS} | {"expires_at": local_input(known.expires_at)}
        return _form(known, values | {"at": request.form.get("at", "")}, wrong)
    return change(
        lambda tx: service.publish_announcement(tx, signed_in().member_id, announcement_id, now(), at),
        url_for(".edit", announcement_id=announcement_id),
        t("已发布", "Published") if at is None or at <= now() else t("已定时发布", "Scheduled"),
    )


@bp.post("/<int:announcement_id>/withdraw")
@guard.roles(*EDIT)
def withdraw(announcement_id: int) -> Answer:
    return change(
        lambda tx: service.withdraw_announcement(tx, signed_in().member_id, announcement_id, now()),
        url_for(".edit", announcement_id=announcement_id),
        t("已撤回", "Withdrawn"),
    )


def _save(known: Any) -> Answer:
    try:
        text = AnnouncementText.parse(request.form)
    except Invalid as wrong:
        return _form(known, request.form, wrong.fields)
    if request.form.get("do") == "preview":
        return _form(known, request.form, preview=text)
    me = signed_in().member_id
    with house().store.write() as tx:
        if known is None:
            made = service.create_announcement(tx, me, text, now())
        else:
            made = known.id
            service.edit_announcement(tx, me, made, text, now())
    say(t("已保存", "Saved"))
    return redirect(url_for(".edit", announcement_id=made), 303)


def _form(known: Any, values: Any, errors: dict[str, str] | None = None, preview: Any = None) -> Answer:
    return show(
        "announcement.html",
        400 if errors else 200,
        known=known,
        values=values,
        errors=errors or {},
        preview=preview,
    )
