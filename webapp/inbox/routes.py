"""Pages of the inbox: my notices, one announcement, and the ways to mark them read."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from points_engine.errors import Invalid
from webapp.inbox import queries, routes_mail, service
from webapp.inbox.topics import NAMES, topic_of
from webapp.web import current, guard, house, now, say, signed_in, t
from webapp.web.urls import is_local

bp = Blueprint("inbox", __name__)
OPENED_KEPT = 40
BLUEPRINTS = (bp, routes_mail.bp)


@bp.get("/inbox")
@guard.member
def index() -> str:
    after = request.args.get("after")
    if after is not None and (len(after) > 32 or not after.isalnum()):
        raise Invalid({"after": "invalid"})
    with house().store.read() as tx:
        mine = queries.meant_for(house().audiences, signed_in().member_id)
        page = queries.page(tx, signed_in().member_id, now(), after, mine)
    return render_template("inbox/index.html", page=page, offers=_offers(page), names=NAMES)


@bp.post("/inbox/read")
@guard.member
def read_all() -> Response:
    with house().store.write() as tx:
        service.mark_all_read(tx, signed_in().member_id, now())
    say(t("全部标为已读", "Everything is marked as read"))
    return redirect(url_for(".index"), 303)


@bp.post("/inbox/<notice_id>")
@guard.member
def open_notice(notice_id: str) -> Response:
    """Mark it read and go where it points, or back to the list."""
    with house().store.write() as tx:
        link = service.mark_read(tx, signed_in().member_id, notice_id, now())
    return redirect(link if link and is_local(link) else url_for(".index"), 303)


@bp.get("/announcements/<int:announcement_id>")
@guard.public("announcements are for everybody")
def announcement(announcement_id: int) -> str:
    """Those meant for some are shown to them alone. Members' openings are counted once a browser, and not by whom."""
    person = current()
    mine = queries.meant_for(house().audiences, person.member_id if person else None)
    with house().store.read() as tx:
        found = queries.announcement_in_force(tx, announcement_id, now(), mine)
    seen = session.get("opened", [])
    if person and announcement_id not in seen:
        house().store.retrying(lambda tx: service.count_opening(tx, announcement_id))
        session["opened"] = [*seen, announcement_id][-OPENED_KEPT:]
    return render_template("inbox/announcement.html", page=found)


def _offers(page: queries.InboxPage) -> dict[str, str]:
    """Beside the newest notice of each topic: the one tap that turns the topic off."""
    offers: dict[str, str] = {}
    for each in page.notices:
        topic = topic_of(each.kind)
        if topic and topic not in offers.values():
            offers[each.id] = topic
    return offers
