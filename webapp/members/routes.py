"""Pages for coming in and going out: sign in, code, register, forgotten password, the first administrator."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response as FlaskResponse
from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from points_engine.errors import EngineError, Invalid, refuse
from webapp.members import (
    codes,
    entering,
    passwords,
    queries,
    routes_me,
    routes_pages,
    service,
    signin,
    staff,
)
from webapp.members.blueprint import bp
from webapp.members.forms import FirstAdministrator, Registration, code_of, phone_of
from webapp.web import address, current, guard, house, now, safe_next, say, signed_in, t
from webapp.web.preferences import Preferences, to_cookie

__all__ = ["bp", "routes_me", "routes_pages"]


@bp.get("/sign-in")
@guard.public("the way in")
def sign_in() -> str | Response:
    if current():
        return redirect(safe_next(), 303)
    # The sign-ins of a demo world are passwords; people who have just arrived should not have to look for them.
    by = request.args.get("by") or ("password" if house().demo else "code")
    mode = "password" if by == "password" or not _codes_leave() else "code"
    return _sign_in_page(mode, {}, None)


def _codes_leave() -> bool:
    return bool(house().settings.sms_sender != "none")


def _sign_in_page(mode: str, errors: dict[str, str], refused: str | None) -> str:
    return render_template(
        "members/sign_in.html",
        mode=mode,
        codes=_codes_leave(),
        errors=errors,
        refused=refused,
        next=safe_next(),
        typed=request.form,
        inbox=house().settings.development_inbox,
    )


@bp.post("/sign-in")
@guard.public("the way in")
def do_sign_in() -> str | Response | tuple[str, int]:
    """By password, or by asking for a code."""
    if request.form.get("mode") == "code":
        return _ask("sign_in", lambda errors, code: _sign_in_page("code", errors, code))
    login, password = request.form.get("login", ""), request.form.get("password", "")
    missing = {name: "required" for name in ("login", "password") if not request.form.get(name)}
    if missing:
        return _sign_in_page("password", missing, None), 400
    device = entering.device_name(request.user_agent.string)
    try:
        token = service.open_session(house(), login, password, "web", address(), device, now())
    except EngineError as error:
        if error.kind not in ("unauthenticated", "limit", "forbidden"):
            raise
        status = {"unauthenticated": 400, "limit": 429}.get(error.kind, 403)
        return _sign_in_page("password", {}, error.code), status
    entering.let_in(token)
    return _welcome(safe_next())


def _ask(purpose: codes.Purpose, page: Callable[[dict[str, str], str | None], str]) -> str | Response | tuple[str, int]:
    """Send a code to the number typed, or show the page again with what is wrong."""
    try:
        entering.ask_code(phone_of(request.form.get("phone")), purpose, safe_next())
    except Invalid as error:
        return page(error.fields, None), 400
    except EngineError as error:
        if error.kind not in ("limit", "unavailable"):
            raise
        return page({}, error.code), 429 if error.kind == "limit" else 503
    return redirect(url_for(".code"), 303)


def _welcome(where: str) -> Response:
    """After signing in the member's own language, colours and text size apply at once."""
    response = redirect(where, 303)
    with house().store.read() as tx:
        chosen = queries.preferences(tx, signed_in().member_id)
    to_cookie(response, Preferences(chosen.lang, chosen.theme, chosen.elder))
    return response


@bp.get("/code")
@guard.public("a code comes before the session")
def code() -> str:
    return _code_page({})


def _code_page(errors: dict[str, str], refused: str | None = None) -> str:
    this = entering.asked()
    return render_template(
        "members/code.html",
        phone=this["phone"],
        purpose=this["purpose"],
        errors=errors,
        refused=refused,
        inbox=house().settings.development_inbox,
    )


@bp.post("/code")
@guard.public("a code comes before the session")
def do_code() -> str | Response | tuple[str, int]:
    this = entering.asked()
    try:
        right = entering.code_is_right(code_of(request.form.get("code")))
    except Invalid as error:
        return _code_page(error.fields), 400
    if not right:
        return _code_page({"code": "bad_code"}), 400
    session.pop("code", None)
    if this["purpose"] == "phone":
        return routes_me.finish_phone(this["phone"])
    if this["purpose"] == "step_up":
        with house().store.write() as tx:
            signin.step_up(tx, signed_in().session_id, now())
        return redirect(this["next"], 303)
    member_id = entering.by_phone(this["phone"])
    if member_id is None:
        entering.prove_phone(this["phone"], this["next"])
        return redirect(url_for(".register"), 303)
    entering.start(member_id)
    return _welcome(this["next"])


@bp.post("/code/again")
@guard.public("a code comes before the session")
def code_again() -> str | Response | tuple[str, int]:
    this = entering.asked()
    try:
        entering.ask_code(this["phone"], this["purpose"], this["next"])
    except EngineError as error:
        if error.kind not in ("limit", "unavailable"):
            raise
        return _code_page({}, error.code), 429
    say(t("验证码已重新发送", "A new code is on its way"))
    return redirect(url_for(".code"), 303)


@bp.get("/register")
@guard.public("the way in")
def register() -> str | Response:
    if current():
        return redirect(url_for(".me"), 303)
    return _register_page({}, None)


def _register_page(errors: dict[str, str], refused: str | None) -> str:
    known = entering.proved()
    return render_template(
        "members/register.html",
        phone=known[0] if known else None,
        details=bool(known) or not _codes_leave(),
        errors=errors,
        refused=refused,
        next=safe_next(),
        typed=request.form,
        inbox=house().settings.development_inbox,
        guest=bool(session.get("guest")),
    )


@bp.post("/register")
@guard.public("the way in")
def do_register() -> str | Response | tuple[str, int]:
    """First the phone; with the phone proved, the few details and the consents."""
    known = entering.proved()
    if known is None and _codes_leave():
        return _ask("sign_in", _register_page)
    phone, back = known or (None, safe_next())
    try:
        entering.register(Registration.parse(request.form, phone))
    except Invalid as error:
        return _register_page(error.fields, None), 400
    except EngineError as error:
        if error.code != "phone_taken":
            raise
        return _register_page({}, error.code), 409
    say(t("注册成功，欢迎加入", "You are in. Welcome"))
    return redirect(back, 303)


@bp.get("/forgot")
@guard.public("a forgotten password keeps people out")
def forgot() -> str:
    return _forgot_page({}, None)


def _forgot_page(errors: dict[str, str], refused: str | None) -> str:
    return render_template(
        "members/forgot.html",
        errors=errors,
        refused=refused,
        codes=_codes_leave(),
        typed=request.form,
        inbox=house().settings.development_inbox,
    )


@bp.post("/forgot")
@guard.public("a forgotten password keeps people out")
def do_forgot() -> str | Response | tuple[str, int]:
    """The code signs in, and a fresh sign-in may set a new password without the old one."""
    try:
        entering.ask_code(phone_of(request.form.get("phone")), "sign_in", url_for(".password"))
    except Invalid as error:
        return _forgot_page(error.fields, None), 400
    except EngineError as error:
        if error.kind not in ("limit", "unavailable"):
            raise
        return _forgot_page({}, error.code), 429
    return redirect(url_for(".code"), 303)


@bp.get("/sign-in/again")
@guard.member
def step_up() -> str | Response:
    if signed_in().stepped_up(now()):
        return redirect(safe_next("/me"), 303)
    return _step_up_page({}, None)


def _step_up_page(errors: dict[str, str], refused: str | None) -> str:
    with house().store.read() as tx:
        page = queries.profile(tx, signed_in().member_id, entering.the_book())
    return render_template(
        "members/step_up.html", page=page, errors=errors, refused=refused, next=safe_next("/me"), codes=_codes_leave()
    )


@bp.post("/sign-in/again")
@guard.member
def do_step_up() -> str | Response | tuple[str, int]:
    """By the password, or by a code to the member's own number."""
    me = signed_in()
    if request.form.get("mode") == "code":
        with house().store.read() as tx:
            phone = queries.phone_of(tx, me.member_id, entering.the_book())
        if phone is None:
            raise refuse("not_found", "not_found")
        try:
            entering.ask_code(phone, "step_up", safe_next("/me"))
        except EngineError as error:
            return _step_up_page({}, error.code), 429
        return redirect(url_for(".code"), 303)
    try:
        signin.confirm_password(house(), me.member_id, request.form.get("password", ""), address(), now())
    except EngineError as error:
        if error.code == "bad_credentials":
            return _step_up_page({"password": "bad_password"}, None), 400
        return _step_up_page({}, error.code), 429
    with house().store.write() as tx:
        signin.step_up(tx, me.session_id, now())
    return redirect(safe_next("/me"), 303)


@bp.post("/sign-out")
@guard.member
def sign_out() -> Response:
    entering.let_out(signed_in().session_id)
    response = redirect("/", 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    say(t("已退出登录", "You are signed out"))
    return response


@bp.get("/first-admin")
@guard.public("guarded by its one-time token")
def first_admin() -> str | tuple[str, int]:
    token = request.args.get("token", "")
    with house().store.read() as tx:
        good = staff.token_is_good(tx, token, now())
    if not good:
        raise refuse("forbidden", "admin_token_invalid")
    return _admin_page(token, {})


def _admin_page(token: str, errors: dict[str, str]) -> str:
    return render_template("members/first_admin.html", token=token, errors=errors, typed=request.form)


@bp.post("/first-admin")
@guard.public("guarded by its one-time token")
def do_first_admin() -> str | Response | tuple[str, int]:
    token = request.form.get("token", "")
    try:
        command = FirstAdministrator.parse(request.form)
        hashed = passwords.hash_password(command.password)
        with house().store.write() as tx:
            member_id = staff.become_first_administrator(tx, token, command, hashed, now())
    except Invalid as error:
        return _admin_page(token, error.fields), 400
    entering.start(member_id)
    say(t("管理员账号已建立", "The administrator account is ready"))
    return redirect("/me", 303)


@bp.get("/dev/sms")
@guard.public("exists only in development; elsewhere it answers 404")
def development_inbox() -> FlaskResponse:
    """The codes that would have been sent; only where the settings say this is not production."""
    sender = house().sms
    if not (house().settings.development_inbox and getattr(sender, "readable", False)):
        raise refuse("not_found", "not_found")
    return make_response(render_template("members/dev_sms.html", messages=sender.recent()))
