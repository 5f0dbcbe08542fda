"""The HTTP side of coming in: what the browser's session carries between phone, code and account."""

from __future__ import annotations

import secrets
from typing import Any

from flask import request, session
from flask_login import login_user, logout_user

from points_engine.errors import refuse
from webapp.members import codes, queries, service, signin
from webapp.members.forms import Registration
from webapp.members.phones import PhoneBook, book
from webapp.web import House, address, house, now
from webapp.web.preferences import from_cookie

PROVED_FOR = 900


def the_book() -> PhoneBook:
    return book(house().settings)


def device_name(agent: str) -> str:
    """A name a person recognises in the list of their devices."""
    system = next(
        (name for mark, name in (("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS"),
         ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux")) if mark in agent),
        "",
    )  # fmt: skip
    browser = next(
        (name for mark, name in (("MicroMessenger", "WeChat"), ("Edg/", "Edge"), ("Firefox/", "Firefox"),
         ("Chrome/", "Chrome"), ("Safari/", "Safari")) if mark in agent),
        "",
    )  # fmt: skip
    return " · ".join(part for part in (browser, system) if part)


def ask_code(phone: str, purpose: codes.Purpose, back: str) -> None:
    """Send a code and remember, in the signed cookie, what it is for."""
    nonce = secrets.token_hex(8)
    with house().store.write() as tx:
        codes.send_code(tx, the_book(), house().sms, phone, purpose, nonce, address(), now())
    session["code"] = {"phone": the_book().seal(phone), "purpose": purpose, "nonce": nonce, "next": back}


def asked() -> dict[str, Any]:
    """What the code under way is for; refuses when there is none."""
    found = session.get("code")
    phone = the_book().open(found["phone"]) if found else None
    if not found or phone is None:
        raise refuse("invalid", "no_code_asked")
    return {**found, "phone": phone}


def code_is_right(code: str) -> bool:
    """Judge the code typed; a wrong one is counted."""
    this = asked()
    with house().store.write() as tx:
        return codes.use_code(tx, the_book(), this["phone"], this["purpose"], this["nonce"], code, now())


def prove_phone(phone: str, back: str) -> None:
    """This browser's person holds this number: for a quarter of an hour they may register with it."""
    until = int(now().timestamp()) + PROVED_FOR
    session["proved"] = {"phone": the_book().seal(phone), "until": until, "next": back}


def proved() -> tuple[str, str] | None:
    """The proved number and where to go after registering, or None."""
    found = session.get("proved")
    if not found or found["until"] < now().timestamp():
        return None
    phone = the_book().open(found["phone"])
    return (phone, found["next"]) if phone else None


def let_in(token: str) -> None:
    """Put the session's token in a fresh cookie; what a guest did stays until it is handed over."""
    guest = session.get("guest")
    session.clear()
    if guest:
        session["guest"] = guest
    principal = signin.load(house(), token, "web")
    assert principal is not None
    session.permanent = True
    login_user(principal)


def start(member_id: int) -> None:
    """A session for a member who has just proved who they are by a code."""
    with house().store.write() as tx:
        token = signin.start_session(tx, member_id, "web", device_name(request.user_agent.string), now())
    let_in(token)


def register(command: Registration) -> int:
    """Make the member, let them in, and hand over what they did as a guest."""
    chosen = from_cookie()
    preferences = {"lang": chosen.lang, "theme": chosen.theme, "elder": chosen.elder}
    member_id = house().store.retrying(
        lambda tx: service.register_member(tx, the_book(), command, now(), **preferences)
    )
    start(int(member_id))
    hand_over(house(), int(member_id))
    return int(member_id)


def hand_over(to: House, member_id: int) -> None:
    """Each room takes what the visitor left in the signed cookie."""
    guest = session.pop("guest", None) or {}
    for hook in to.on_registered:
        hook(to, member_id, guest, now())


def let_out(token: str) -> None:
    with house().store.write() as tx:
        signin.close_session(tx, token, now())
    logout_user()
    session.clear()


def by_phone(phone: str) -> int | None:
    """The member with this number; a frozen one is told so only now that the number is proved."""
    with house().store.read() as tx:
        found = queries.by_phone(tx, the_book(), phone)
    if found is None:
        return None
    if found.status != "active":
        raise refuse("forbidden", "member_frozen")
    return int(found.id)
