"""My own pages: the hub, profile, phone, password, devices, privacy, export and leaving."""

from __future__ import annotations

import json

from flask import Response as FlaskResponse
from flask import make_response, redirect, render_template, request, session, url_for
from flask_login import logout_user
from werkzeug.wrappers import Response

from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from webapp.members import consents, entering, export, passwords, queries, service, signin
from webapp.members.blueprint import bp
from webapp.members.forms import NewPassword, Profile, confirmed_leave, phone_of
from webapp.web import guard, house, need_step_up, now, say, signed_in, t


@bp.get("/me")
@guard.member
def me() -> str:
    with house().store.read() as tx:
        page = queries.profile(tx, signed_in().member_id, entering.the_book())
        given = consents.consents_of(tx, signed_in().member_id)
        badges = house().beside_name(tx, "member", signed_in().member_id)
    old = [purpose for purpose in consents.REQUIRED if not given[purpose].given or given[purpose].outdated]
    return render_template("members/me.html", page=page, outdated=old, badges=badges)


@bp.get("/me/profile")
@guard.member
def profile() -> str:
    return _profile_page({})


def _profile_page(errors: dict[str, str]) -> str:
    with house().store.read() as tx:
        page = queries.profile(tx, signed_in().member_id, entering.the_book())
    return render_template("members/profile.html", page=page, errors=errors, typed=request.form)


@bp.post("/me/profile")
@guard.member
def do_profile() -> str | Response | tuple[str, int]:
    try:
        command = Profile.parse(request.form)
        house().store.retrying(lambda tx: service.update_profile(tx, signed_in().member_id, command, now()))
    except Invalid as error:
        return _profile_page(error.fields), 400
    say(t("资料已保存", "Saved"))
    return redirect(url_for(".me"), 303)


@bp.get("/me/phone")
@guard.member
def phone() -> str:
    need_step_up()
    return _phone_page({}, None)


def _phone_page(errors: dict[str, str], refused: str | None) -> str:
    with house().store.read() as tx:
        page = queries.profile(tx, signed_in().member_id, entering.the_book())
    codes = house().settings.sms_sender != "none"
    inbox = house().settings.development_inbox
    return render_template(
        "members/phone.html", page=page, errors=errors, refused=refused, codes=codes, inbox=inbox, typed=request.form
    )


@bp.post("/me/phone")
@guard.member
def do_phone() -> str | Response | tuple[str, int]:
    """A code goes to the new number; only then does it become mine."""
    need_step_up()
    try:
        entering.ask_code(phone_of(request.form.get("phone")), "phone", url_for(".me"))
    except Invalid as error:
        return _phone_page(error.fields, None), 400
    except EngineError as error:
        if error.kind not in ("limit", "unavailable"):
            raise
        return _phone_page({}, error.code), 429
    return redirect(url_for(".code"), 303)


def finish_phone(number: str) -> Response | tuple[str, int]:
    """The code was right; called by the code page."""
    mine = need_step_up()
    try:
        house().store.retrying(
            lambda tx: service.change_phone(tx, entering.the_book(), mine.member_id, number, mine.session_id)
        )
    except EngineError as error:
        if error.code != "phone_taken":
            raise
        return _phone_page({"phone": "phone_taken"}, None), 409
    say(t("手机号已更换，其他设备已退出", "Phone changed; other devices are signed out"))
    return redirect(url_for(".me"), 303)


@bp.get("/me/password")
@guard.member
def password() -> str:
    need_step_up()
    return _password_page({})


def _password_page(errors: dict[str, str]) -> str:
    with house().store.read() as tx:
        page = queries.profile(tx, signed_in().member_id, entering.the_book())
    return render_template("members/password.html", page=page, errors=errors)


@bp.post("/me/password")
@guard.member
def do_password() -> str | Response | tuple[str, int]:
    mine = need_step_up()
    with house().store.read() as tx:
        page = queries.profile(tx, mine.member_id, entering.the_book())
    try:
        command = NewPassword.parse(request.form, page.login, mine.is_staff)
    except Invalid as error:
        return _password_page(error.fields), 400
    hashed = passwords.hash_password(command.password)
    with house().store.write() as tx:
        service.set_password(tx, mine.member_id, hashed, mine.session_id)
    say(t("密码已设置，其他设备已退出", "Password set; other devices are signed out"))
    return redirect(url_for(".me"), 303)


@bp.get("/me/devices")
@guard.member
def devices() -> str:
    mine = signed_in()
    with house().store.read() as tx:
        found = queries.devices(tx, mine.member_id, mine.session_id, now())
    return render_template("members/devices.html", devices=found)


@bp.post("/me/devices/<device_id>/revoke")
@guard.member
def revoke_device(device_id: str) -> Response:
    with house().store.write() as tx:
        signin.close_device(tx, signed_in().member_id, device_id)
    say(t("这台设备已退出", "That device is signed out"))
    return redirect(url_for(".devices"), 303)


@bp.post("/me/devices/revoke-others")
@guard.member
def revoke_others() -> Response:
    with house().store.write() as tx:
        signin.close_all(tx, signed_in().member_id, keep=signed_in().session_id)
    say(t("其他设备都已退出", "All other devices are signed out"))
    return redirect(url_for(".devices"), 303)


@bp.get("/me/privacy")
@guard.member
def my_privacy() -> str:
    with house().store.read() as tx:
        given = consents.consents_of(tx, signed_in().member_id)
    return render_template(
        "members/my_privacy.html",
        required=[given[purpose] for purpose in consents.REQUIRED],
        optional=[given[purpose] for purpose in consents.OPTIONAL],
        versions=consents.VERSIONS,
    )


@bp.post("/me/privacy/<purpose>")
@guard.member
def change_consent(purpose: str) -> Response:
    """`agree` 1 gives, 0 takes back."""
    agree = request.form.get("agree")
    if agree not in ("0", "1"):
        raise Invalid({"agree": "not_a_choice"})
    change = consents.give_consent if agree == "1" else consents.withdraw_consent
    house().store.retrying(lambda tx: change(tx, signed_in().member_id, purpose, now()))
    say(t("已记下您的选择", "Your choice is noted"))
    return redirect(url_for(".my_privacy"), 303)


@bp.get("/me/export")
@guard.member
def my_export() -> str:
    need_step_up()
    tables = [(table.name, len(table.c)) for table in export.tables_of_members()]
    return render_template("members/export.html", tables=tables)


@bp.get("/me/export.json")
@guard.member
def my_export_file() -> FlaskResponse:
    """Everything about me, as one JSON file."""
    mine = need_step_up()
    with house().store.snapshot() as tx:
        data = export.export_member(tx, mine.member_id, entering.the_book(), now())
        for more in house().exporters:
            data |= more(house(), tx, mine.member_id)
    response = make_response(json.dumps(data, ensure_ascii=False, indent=2))
    response.mimetype = "application/json"
    name = f"puhui-{local_day(now()).isoformat()}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/me/leave")
@guard.member
def leave() -> str:
    need_step_up()
    return render_template("members/leave.html", errors={})


@bp.post("/me/leave")
@guard.member
def do_leave() -> str | Response | tuple[str, int]:
    mine = need_step_up()
    try:
        confirmed_leave(request.form)
    except Invalid as error:
        return render_template("members/leave.html", errors=error.fields), 400
    house().store.retrying(lambda tx: service.leave(tx, mine.member_id, house().forgetters, now()))
    logout_user()
    session.clear()
    say(t("账号已注销，谢谢您的参与", "Your account is closed. Thank you for taking part"))
    return redirect("/", 303)
