"""Pages of e-mail: my choices, proving an address, one tap off, and the way out in every letter."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from points_engine.errors import EngineError, Invalid, refuse
from webapp.inbox import mailing
from webapp.inbox.forms import MailChoice, address_of
from webapp.inbox.topics import NAMES, NEVER_SILENT, TOPICS
from webapp.members import queries as members
from webapp.web import guard, house, now, say, signed_in, t
from webapp.web.csrf import by_link

bp = Blueprint("mail", __name__)


@bp.get("/inbox/settings")
@guard.member
def choices() -> str:
    return _page({})


@bp.post("/inbox/settings")
@guard.member
def do_choices() -> str | Response | tuple[str, int]:
    try:
        choice = MailChoice.parse(request.form)
    except Invalid as error:
        return _page(error.fields), 400
    house().store.retrying(lambda tx: mailing.save(tx, signed_in().member_id, choice))
    say(t("已保存", "Saved"))
    return redirect(url_for(".choices"), 303)


@bp.post("/inbox/settings/address")
@guard.member
def do_address() -> str | Response | tuple[str, int]:
    """A code goes to the address; nothing else does before it came back."""
    try:
        address = address_of(request.form.get("address"))
        if not house().mail.ready:
            raise refuse("unavailable", "mail_unavailable")
        house().store.retrying(lambda tx: mailing.ask_code(tx, house().settings, signed_in().member_id, address, now()))
    except Invalid as error:
        return _page(error.fields), 400
    except EngineError as error:
        if error.kind not in ("limit", "unavailable"):
            raise
        return _page({}, error.code), 429
    say(t("验证码已发送，请查收邮件", "A code is on its way to you"))
    return redirect(url_for(".choices"), 303)


@bp.post("/inbox/settings/code")
@guard.member
def do_code() -> str | Response | tuple[str, int]:
    code = "".join(request.form.get("code", "").split())
    store, mine = house().store, signed_in().member_id
    if not store.retrying(lambda tx: mailing.confirm(tx, house().settings, mine, code, now())):
        return _page({"code": "bad_code"}), 400
    say(t("邮箱已验证", "Your address is proved"))
    return redirect(url_for(".choices"), 303)


@bp.post("/inbox/settings/remove")
@guard.member
def remove() -> Response:
    house().store.retrying(lambda tx: mailing.remove(tx, signed_in().member_id))
    say(t("邮箱地址已删除", "Your address is deleted"))
    return redirect(url_for(".choices"), 303)


@bp.post("/inbox/topics/<topic>/<any(on, off):way>")
@guard.member
def turn(topic: str, way: str) -> Response:
    """One tap: no e-mail and no counter for this topic any more; the way back is in the answer."""
    house().store.retrying(lambda tx: mailing.turn(tx, signed_in().member_id, topic, way == "on"))
    name = t(*NAMES[topic])
    if way == "on":
        say(t(f"已恢复提醒：{name}", f"On again: {name}"))
    else:
        say(t(f"不再提醒：{name}", f"Off: {name}"), undo=url_for(".turn", topic=topic, way="on"))
    return redirect(url_for("inbox.index"), 303)


@bp.get("/mail/off/<token>")
@guard.public("the way out of e-mails works without signing in; the address is signed")
def ask_off(token: str) -> str:
    """Only asks: programs that look at links in letters must not turn anything off."""
    mailing.owner_of(house().settings, token)
    return render_template("inbox/mail_off.html", done=False)


@bp.post("/mail/off/<token>")
@guard.public("the way out of e-mails works without signing in; the address is signed")
@by_link
def do_off(token: str) -> str:
    """From the page, or from a mail program in one click (RFC 8058), which has neither cookie nor token."""
    member_id = mailing.owner_of(house().settings, token)
    house().store.retrying(lambda tx: mailing.all_off(tx, member_id))
    return render_template("inbox/mail_off.html", done=True)


@bp.get("/dev/mail")
@guard.public("exists only in development; elsewhere it answers 404")
def development_mail() -> str:
    """The letters that would have been sent."""
    post = house().mail
    if not (house().settings.development_inbox and post.readable):
        raise refuse("not_found", "not_found")
    return render_template("inbox/dev_mail.html", letters=post.recent())


def _page(errors: dict[str, str], refused: str | None = None) -> str:
    with house().store.read() as tx:
        page = mailing.settings_of(tx, house().settings, signed_in().member_id)
        child = members.is_child(tx, signed_in().member_id)
    post = house().mail
    return render_template(
        "inbox/settings.html",
        page=page,
        errors=errors,
        refused=refused,
        typed=request.form,
        topics=[(topic, t(*NAMES[topic]), topic != NEVER_SILENT) for topic in TOPICS],
        ready=post.ready and not child,
        child=child,
        looking=post.readable and house().settings.development_inbox,
    )
