"""Announcements: write in Markdown, look at the preview, publish now or later, take down."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import Invalid
from webapp.campaigns import queries as campaigns
from webapp.console import words
from webapp.console.forms import local_input, read_instant
from webapp.console.roles import EDIT
from webapp.console.views import PAGE, Answer, change, show
from webapp.green_units import queries as units
from webapp.green_units.figures import FEWEST
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
        named = _audiences(tx, [row.audience for row in rows])
    return show("announcements.html", page=page_of(rows, PAGE, lambda each: each.id), named=named, fewest=FEWEST)


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
    return _form(known, _values(known))


@bp.post("/<int:announcement_id>/publish")
@guard.roles(*EDIT)
def publish(announcement_id: int) -> Answer:
    wrong: dict[str, str] = {}
    at = read_instant(request.form.get("at"), "at", wrong, optional=True)
    if wrong:
        with house().store.read() as tx:
            known = queries.announcement_by_id(tx, announcement_id, now())
        return _form(known, _values(known) | {"at": request.form.get("at", "")}, wrong)
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


def _values(known: Any) -> dict[str, Any]:
    """What the form shows of an announcement that is there."""
    kept = {name: getattr(known, name) for name in FIELDS} | {"expires_at": local_input(known.expires_at)}
    kept |= {"by_mail": known.by_mail, "audience": known.audience}
    if known.audience.startswith("unit:"):
        with house().store.read() as tx:
            kept |= {"audience": "unit", "unit": units.unit_by_id(tx, int(known.audience[5:])).name}
    return kept


def _read() -> AnnouncementText:
    """The form; a unit is named by its whole name, which is looked up."""
    form, wrong = request.form.to_dict(), {}
    if form.get("audience") == "unit":
        with house().store.read() as tx:
            known = units.named(tx, form.get("unit", "").strip())
        if len(known) == 1:
            form["audience"] = f"unit:{known[0].id}"
        else:
            form["audience"], wrong = "all", {"unit": "unit_unknown" if not known else "unit_twice"}
    try:
        text = AnnouncementText.parse(form)
    except Invalid as error:
        raise Invalid(dict(error.fields) | wrong) from None
    if wrong:
        raise Invalid(wrong)
    return text


def _choices(tx: Any) -> list[tuple[str, str]]:
    """Whom an announcement can be meant for; campaigns while they are not over."""
    kinds = [(f"kind:{kind}", t("所有", "All: ") + t(*name)) for kind, name in words.UNIT_KINDS.items()]
    live = [c for c in campaigns.staff_list(tx) if c.status in ("scheduled", "open", "closed")]
    joined = [(f"campaign:{c.id}", t("参加：", "Joined: ") + t(c.title_zh, c.title_en)) for c in live]
    return [
        ("all", t("所有人，包括访客", "Everybody, visitors too")),
        *kinds,
        ("unit", t("一个单元", "One unit")),
        *joined,
    ]


def _audiences(tx: Any, tags: list[str]) -> dict[str, str]:
    """The tags in words; two statements for any number of them."""
    ids = [int(tag[5:]) for tag in tags if tag.startswith("unit:")]
    found = {f"unit:{unit_id}": names[0] for unit_id, names in units.names_of(tx, ids).items()}
    found |= {f"campaign:{c.id}": t(c.title_zh, c.title_en) for c in campaigns.staff_list(tx)}
    return dict(_choices(tx)) | found


def _save(known: Any) -> Answer:
    try:
        text = _read()
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
    with house().store.read() as tx:
        choices = _choices(tx)
    kept = values.get("audience", "all")
    if kept not in dict(choices):
        choices.append((kept, kept))
    return show(
        "announcement.html",
        400 if errors else 200,
        known=known,
        values=values,
        errors=errors or {},
        preview=preview,
        choices=choices,
        fewest=FEWEST,
    )
