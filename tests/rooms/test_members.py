"""Members: coming in by code and password, limits, devices, consent, roles, export, leaving."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from points_engine.errors import EngineError, Invalid
from tests.counting import count_statements
from tests.people import PASSWORD, make_member
from webapp.journal import queries as journal
from webapp.members import codes, consents, export, forms, passwords, phones, queries, signin, staff
from webapp.members.phones import book
from webapp.members.sms import ConsoleSender, NoSender, open_sender
from webapp.members.tables import consent, member, otp, role_grant, session
from webapp.store import metadata

PHONE = "13812345678"
ADULT = {"age_14": "1", "agree": "1"}


def last_code(house: Any) -> str:
    return str(house.sms.recent()[0].code)


def ask(client: Any, phone: str = PHONE, **more: str) -> Any:
    return client.post("/sign-in", data={"mode": "code", "phone": phone, **more})


def register(client: Any, house: Any, phone: str = PHONE, **details: str) -> Any:
    assert ask(client, phone).status_code == 303
    assert client.post("/code", data={"code": last_code(house)}).headers["Location"] == "/register"
    return client.post("/register", data={**ADULT, **details})


def row_of(house: Any, phone: str = PHONE) -> Any:
    with house.store.read() as tx:
        found = book(house.settings).fingerprint(phone)
        return tx.row(select(member).where(member.c.phone_hash == found))


# --- coming in by code ----------------------------------------------------------------------------


def test_register_by_phone_and_code(app: Any, house: Any) -> None:
    client = app.test_client()
    answer = register(client, house, nickname="林小满", consent_boards="1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = client.get("/me").text
    assert "林小满" in page and "138****5678" in page
    row = row_of(house)
    assert PHONE not in "".join(str(value) for value in row)
    assert row.age_14_confirmed_at == house.clock.now() and row.board_opt_out is False
    with house.store.read() as tx:
        given = consents.consents_of(tx, row.id)
    assert {purpose for purpose, state in given.items() if state.given} == {"terms", "privacy", "boards"}


def test_details_are_asked_for_again_when_wrong(app: Any, house: Any) -> None:
    client = app.test_client()
    ask(client)
    client.post("/code", data={"code": last_code(house)})
    answer = client.post("/register", data={"nickname": "官方客服"})
    assert answer.status_code == 400
    assert 'value="官方客服"' in answer.text
    for field in ("nickname", "age_14", "agree"):
        assert f'id="error-{field}"' in answer.text
    assert row_of(house) is None
    assert client.post("/register", data=ADULT).status_code == 303
    assert row_of(house).nickname.startswith("绿友")


def test_a_proved_phone_serves_a_quarter_of_an_hour(app: Any, house: Any, clock: Any) -> None:
    client = app.test_client()
    ask(client)
    client.post("/code", data={"code": last_code(house)})
    clock.advance(minutes=16)
    assert client.post("/register", data=ADULT).status_code == 400
    assert row_of(house) is None


def test_sign_in_by_code_and_next(app: Any, house: Any, clock: Any) -> None:
    register(app.test_client(), house)
    clock.advance(minutes=2)
    client = app.test_client()
    ask(client, " +86 138-1234-5678 ", next="/me/devices")
    answer = client.post("/code", data={"code": f" {last_code(house)} "})
    assert answer.headers["Location"] == "/me/devices"
    assert client.get("/me/devices").status_code == 200


def test_a_code_is_good_once_and_only_where_it_was_asked_for(app: Any, house: Any, clock: Any) -> None:
    register(app.test_client(), house)
    clock.advance(minutes=2)
    client, other = app.test_client(), app.test_client()
    ask(client)
    code = last_code(house)
    assert other.post("/code", data={"code": code}).status_code == 400
    clock.advance(minutes=2)
    ask(other)
    assert client.post("/code", data={"code": last_code(house)}).status_code == 400, "another browser's code"
    assert other.post("/code", data={"code": last_code(house)}).status_code == 303
    with other.session_transaction() as kept:
        kept["code"] = {"phone": book(house.settings).seal(PHONE), "purpose": "sign_in", "nonce": "x", "next": "/"}
    assert other.post("/code", data={"code": code}).status_code == 400


def test_a_code_lasts_five_minutes(app: Any, house: Any, clock: Any) -> None:
    client = app.test_client()
    ask(client)
    clock.advance(minutes=5)
    assert client.post("/code", data={"code": last_code(house)}).status_code == 400


def test_five_wrong_codes_spend_it(app: Any, house: Any) -> None:
    client = app.test_client()
    ask(client)
    right = last_code(house)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert client.post("/code", data={"code": wrong}).status_code == 400
    assert client.post("/code", data={"code": right}).status_code == 400


def test_guesses_at_the_same_time_are_five_too(house: Any, store: Any) -> None:
    books, now = book(house.settings), house.clock.now()
    with store.write() as tx:
        codes.send_code(tx, books, house.sms, PHONE, "sign_in", "n", "1.2.3.4", now)
    barrier = threading.Barrier(12)

    def guess() -> None:
        barrier.wait()
        with store.write() as tx:
            codes.use_code(tx, books, PHONE, "sign_in", "n", "000000", now)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert tx.scalar(select(otp.c.tries)) <= 5


def test_codes_are_not_sent_too_often(app: Any, house: Any, clock: Any) -> None:
    client = app.test_client()
    assert ask(client).status_code == 303
    assert ask(client).status_code == 429
    sent = 1
    for _ in range(12):
        clock.advance(minutes=20)
        sent += ask(client).status_code == 303
    assert sent == codes.A_DAY
    clock.advance(hours=24)
    assert ask(client).status_code == 303


def test_an_unknown_number_gets_the_same_answer(app: Any, house: Any) -> None:
    register(app.test_client(), house)
    one, other = app.test_client(), app.test_client()
    house.clock.advance(minutes=2)
    known, unknown = ask(one), ask(other, "13912345678")
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


@pytest.mark.parametrize("typed", ["", "12345", "23812345678", "1381234567", "abc", "138123456789"])
def test_numbers_that_are_none(app: Any, typed: str) -> None:
    answer = ask(app.test_client(), typed)
    assert answer.status_code == 400 and 'id="error-phone"' in answer.text


def test_full_width_digits_are_understood() -> None:
    assert phones.normal("１３８１２３４５６７８") == PHONE


def test_what_a_guest_did_is_handed_over(app: Any, house: Any) -> None:
    got: list[Any] = []
    house.on_registered = (lambda to, member_id, guest, now: got.append((member_id, guest)),)
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["guest"] = {"log": "walk"}
    register(client, house)
    assert got == [(row_of(house).id, {"log": "walk"})]
    with client.session_transaction() as kept:
        assert "guest" not in kept


def test_without_a_vendor_people_register_by_password(app: Any, house: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(house, "settings", house.settings.model_copy(update={"sms_sender": "none"}))
    monkeypatch.setattr(house, "sms", NoSender())
    client = app.test_client()
    assert 'name="phone"' not in client.get("/sign-in").text
    assert client.get("/dev/sms").status_code == 404
    details = {**ADULT, "login": "ling-1", "password": PASSWORD, "password_again": PASSWORD}
    assert client.post("/register", data=details).status_code == 303
    assert client.get("/me").status_code == 200
    taken = app.test_client().post("/register", data=details)
    assert taken.status_code == 400 and 'id="error-login"' in taken.text


def test_production_has_no_inbox(settings: Any, tmp_path: Any) -> None:
    assert isinstance(open_sender(settings), ConsoleSender)
    assert not settings.model_copy(update={"env": "production"}).development_inbox


def test_the_inbox_shows_no_whole_number(client: Any, house: Any) -> None:
    ask(client)
    page = client.get("/dev/sms").text
    assert last_code(house) in page and PHONE not in page


# --- by password ----------------------------------------------------------------------------------


def test_sign_in_by_login_or_phone(app: Any, house: Any) -> None:
    make_member(house, "ling", password=PASSWORD)
    for login in ("ling", " LING "):
        client = app.test_client()
        answer = client.post("/sign-in", data={"login": login, "password": PASSWORD, "next": "//evil"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        assert client.get("/me").status_code == 200


def test_wrong_passwords_are_counted(app: Any, house: Any, clock: Any) -> None:
    make_member(house, "ling", password=PASSWORD)
    client = app.test_client()
    bad, good = {"login": "ling", "password": "wrong"}, {"login": "ling", "password": PASSWORD}
    answers = [client.post("/sign-in", data=bad).status_code for _ in range(10)]
    assert answers == [400] * 10
    assert client.post("/sign-in", data=good).status_code == 429
    elsewhere = {"REMOTE_ADDR": "10.1.1.1"}
    assert app.test_client().post("/sign-in", data=good, environ_base=elsewhere).status_code == 303, "the owner"
    clock.advance(minutes=16)
    assert client.post("/sign-in", data=good).status_code == 303


def test_the_api_counts_too(client: Any, house: Any) -> None:
    make_member(house, "ling", password=PASSWORD)
    for _ in range(10):
        answer = client.post("/api/v1/session", json={"login": "ling", "password": "wrong"})
        assert (answer.status_code, answer.json["error"]["code"]) == (401, "bad_credentials")
    answer = client.post("/api/v1/session", json={"login": "ling", "password": "wrong"})
    assert (answer.status_code, answer.json["error"]["code"]) == (429, "too_many_attempts")
    assert int(answer.headers["Retry-After"]) > 0


def test_success_gives_the_tries_back(client: Any, house: Any) -> None:
    make_member(house, "ling", password=PASSWORD)
    for _ in range(3):
        for _ in range(4):
            client.post("/api/v1/session", json={"login": "ling", "password": "wrong"})
        answer = client.post("/api/v1/session", json={"login": "ling", "password": PASSWORD})
        assert answer.status_code == 201


def test_an_unknown_login_takes_the_hash_too(house: Any, monkeypatch: Any) -> None:
    asked: list[Any] = []
    real = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda stored, typed: asked.append(stored) or real(stored, typed))
    with pytest.raises(EngineError, match="bad_credentials"):
        signin.open_session(house, "nobody", "wrong", "api", "1.1.1.1", "", house.clock.now())
    assert asked == [None]


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "password_short"), ("x" * 129, "password_long"), ("password1", "password_common"),
        ("12345678", "password_common"), ("11111111", "password_common"), ("qwertyuiop", "password_common"),
        ("19900101", "password_common"), ("13812345678", "password_common"), ("Woaini1314!", "password_common"),
        ("ling-2026-x", "password_common"), ("correct horse 42", None), ("每天走路去上班", "password_short"),
        ("每天都走路去上班吧", None),
    ],
)  # fmt: skip
def test_passwords_that_everybody_guesses(password: str, reason: str | None) -> None:
    assert passwords.fault(password, "ling") == reason


def test_staff_need_twelve() -> None:
    assert passwords.fault("corr horse", staff=True) == "password_short_staff"


def test_passwords_are_argon2id() -> None:
    assert passwords.hash_password("abc").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


# --- sessions -------------------------------------------------------------------------------------


def test_one_statement_finds_the_principal(house: Any) -> None:
    token = make_member(house, "ling", "editor", "reviewer").token()
    with count_statements(house.store) as seen:
        principal = signin.load(house, token, "api")
    assert principal is not None and principal.roles == {"editor", "reviewer"}
    assert len([statement for statement in seen.statements if statement != "BEGIN"]) == 1


@pytest.mark.parametrize(
    "token", ["", "x", ".", "1.", "zzzzzzzzzzzzzz.x", "1.x", "-1.x", "１.x", "1" * 200, "1.é", "A.b"]
)
def test_tokens_that_are_none(house: Any, token: str) -> None:
    assert signin.load(house, token, "api") is None


@pytest.mark.parametrize(
    ("roles", "idle", "absolute"),
    [((), timedelta(days=30), timedelta(days=90)), (("editor",), timedelta(minutes=30), timedelta(hours=12))],
)
def test_sessions_end_by_themselves(house: Any, clock: Any, roles: Any, idle: Any, absolute: Any) -> None:
    person = make_member(house, "ling", *roles)
    token, start = person.token("web"), clock.now()
    clock.set(start + idle)
    assert signin.load(house, token, "web") is not None, "just in time, and noted"
    clock.set(start + idle * 2 + timedelta(seconds=1))
    assert signin.load(house, token, "web") is None
    busy, start = person.token("web"), clock.now()
    while clock.now() - start <= absolute:
        assert signin.load(house, busy, "web") is not None
        clock.advance(seconds=(idle * 0.9).total_seconds())
    assert signin.load(house, busy, "web") is None


def test_sign_out_ends_it_on_the_server(app: Any, house: Any) -> None:
    person = make_member(house, "ling")
    client = person.sign_in(app.test_client())
    with client.session_transaction() as kept:
        token = kept["_user_id"]
    assert client.post("/sign-out").status_code == 303
    assert signin.load(house, token, "web") is None
    headers = person.headers()
    assert client.delete("/api/v1/session", headers=headers).status_code == 204
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_the_token_is_kept_as_a_hash_only(house: Any) -> None:
    token = make_member(house, "ling").token()
    with house.store.read() as tx:
        row = tx.row(select(session))
    assert token not in str(row) and row.token_hash == signin.token_hash(token)


def test_devices_are_mine_to_end(app: Any, house: Any) -> None:
    ling, bo = make_member(house, "ling"), make_member(house, "bo99")
    client = ling.sign_in(app.test_client())
    other = ling.token("api")
    with client.session_transaction() as kept:
        mine = kept["_user_id"]
    with house.store.read() as tx:
        found = queries.devices(tx, ling.id, mine, house.clock.now())
    gone = next(device for device in found if not device.is_this)
    assert bo.sign_in(app.test_client()).post(f"/me/devices/{gone.public_id}/revoke").status_code == 404
    assert client.post(f"/me/devices/{gone.public_id}/revoke").status_code == 303
    assert signin.load(house, other, "api") is None
    third = ling.token("web")
    client.post("/me/devices/revoke-others")
    assert signin.load(house, third, "web") is None and client.get("/me").status_code == 200


def test_a_new_password_ends_the_others(app: Any, house: Any) -> None:
    ling = make_member(house, "ling", password=PASSWORD)
    client, other = ling.sign_in(app.test_client()), ling.token()
    again = {"password": "eine neue Losung", "password_again": "eine neue Losung"}
    assert client.post("/me/password", data={**again, "password_again": "x"}).status_code == 400
    assert client.post("/me/password", data=again).status_code == 303
    assert signin.load(house, other, "api") is None and client.get("/me").status_code == 200
    signin.open_session(house, "ling", "eine neue Losung", "api", "1.1.1.1", "", house.clock.now())


def test_forgotten_password(app: Any, house: Any, clock: Any) -> None:
    register(app.test_client(), house)
    clock.advance(minutes=2)
    client = app.test_client()
    assert client.post("/forgot", data={"phone": PHONE}).status_code == 303
    assert client.post("/code", data={"code": last_code(house)}).headers["Location"] == "/me/password"
    again = {"password": PASSWORD, "password_again": PASSWORD}
    assert client.post("/me/password", data=again).status_code == 303
    signin.open_session(house, PHONE, PASSWORD, "web", "1.1.1.1", "", clock.now())


def test_important_steps_ask_again_after_half_an_hour(app: Any, house: Any, clock: Any) -> None:
    client = make_member(house, "ling", password=PASSWORD).sign_in(app.test_client())
    important = ("/me/phone", "/me/password", "/me/export", "/me/export.json", "/me/leave")
    assert [client.get(path).status_code for path in important] == [200] * 5
    clock.advance(minutes=31)
    for path in important:
        assert client.get(path).headers["Location"] == f"/sign-in/again?next={path}"
    assert client.post("/me/leave", data={"word": "注销"}).headers["Location"] == "/sign-in/again?next=/me"
    assert client.post("/sign-in/again", data={"password": "wrong"}).status_code == 400
    answer = client.post("/sign-in/again", data={"password": PASSWORD, "next": "/me/export"})
    assert answer.headers["Location"] == "/me/export"
    assert client.get("/me/export").status_code == 200


def test_step_up_by_code(app: Any, house: Any, clock: Any) -> None:
    client = app.test_client()
    register(client, house)
    clock.advance(minutes=31)
    assert client.post("/sign-in/again", data={"mode": "code", "next": "/me/export"}).status_code == 303
    assert client.post("/code", data={"code": last_code(house)}).headers["Location"] == "/me/export"
    assert client.get("/me/export").status_code == 200


# --- my own things --------------------------------------------------------------------------------


def test_profile(app: Any, house: Any) -> None:
    make_member(house, "taken")
    client = make_member(house, "ling").sign_in(app.test_client())
    fine = {"nickname": "小满", "login": "xiaoman", "goal_kg": "３５", "on_boards": "1"}
    assert client.post("/me/profile", data={**fine, "login": "taken"}).status_code == 400
    assert client.post("/me/profile", data={**fine, "goal_kg": "0"}).status_code == 400
    assert client.post("/me/profile", data=fine).status_code == 303
    with house.store.read() as tx:
        row = tx.row(select(member).where(member.c.login == "xiaoman"))
        assert (row.nickname, row.goal_g_month, row.board_opt_out) == ("小满", 35000, False)
    client.post("/me/profile", data={k: v for k, v in fine.items() if k != "on_boards"})
    with house.store.read() as tx:
        assert queries.names(tx, [row.id])[row.id].hidden
        assert not consents.has_consent(tx, row.id, "boards")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("林小满", None), ("Bo-2", None), ("阿·依", None), ("Zoë", None), ("x", "nickname"), ("a" * 17, "nickname"),
        ("<b>x</b>", "nickname"), ("小\u202e满", "nickname"), ("小\u200b满", "nickname"), ("碳普惠官方", "nickname_reserved"),
        ("Ａｄｍｉｎ1", "nickname_reserved"), ("叫我13812345678", "nickname_number"), ("", "required"),
    ],
)  # fmt: skip
def test_nicknames(name: str, reason: str | None) -> None:
    errors: dict[str, str] = {}
    forms.nickname_of(name, errors)
    assert errors.get("nickname") == reason


def test_change_of_phone(app: Any, house: Any, clock: Any) -> None:
    client, other = app.test_client(), app.test_client()
    register(client, house)
    register(other, house, "13900000000")
    clock.advance(minutes=2)
    client.post("/me/phone", data={"phone": "13900000000"})
    assert client.post("/code", data={"code": last_code(house)}).status_code == 409
    clock.advance(minutes=2)
    client.post("/me/phone", data={"phone": "13700000000"})
    assert client.post("/code", data={"code": last_code(house)}).status_code == 303
    assert row_of(house, "13700000000") is not None and row_of(house) is None
    assert "137****0000" in client.get("/me").text


def test_consents_are_given_and_taken_back_by_purpose(app: Any, house: Any, clock: Any) -> None:
    ling = make_member(house, "ling")
    client = ling.sign_in(app.test_client())
    for purpose in consents.OPTIONAL:
        for agree, expected in (("1", True), ("0", False), ("0", False), ("1", True), ("1", True)):
            clock.advance(seconds=1)
            assert client.post(f"/me/privacy/{purpose}", data={"agree": agree}).status_code == 303
            with house.store.read() as tx:
                assert consents.has_consent(tx, ling.id, purpose) is expected
    assert client.post("/me/privacy/terms", data={"agree": "0"}).status_code == 404
    assert client.post("/me/privacy/boards", data={"agree": "yes"}).status_code == 400
    with house.store.read() as tx:
        proof = tx.rows(select(consent).where(consent.c.purpose == "location"))
    assert len(proof) == 2 and sum(row.withdrawn_at is None for row in proof) == 1


def test_a_new_version_is_asked_about(app: Any, house: Any, monkeypatch: Any) -> None:
    client = make_member(house, "ling").sign_in(app.test_client())
    assert "有更新" not in client.get("/me").text
    monkeypatch.setitem(consents.VERSIONS, "terms", "2027-01-01")
    assert "有更新" in client.get("/me").text
    house.clock.advance(seconds=5)
    client.post("/me/privacy/terms", data={"agree": "1"})
    assert "有更新" not in client.get("/me").text


def test_legal_texts_by_version_in_both_languages(client: Any) -> None:
    assert "敏感个人信息" in client.get("/privacy").text
    assert client.get(f"/terms?version={consents.VERSIONS['terms']}").status_code == 200
    for bad in ("2020-01-01", "../../x", "", "2026-06-0１"):
        assert client.get("/terms", query_string={"version": bad}).status_code == 404
    client.post("/preferences", data={"lang": "en"})
    assert "separate consent" in client.get("/privacy").text.lower()


def test_feedback(app: Any, house: Any) -> None:
    client = app.test_client()
    assert client.post("/help", data={"text": " "}).status_code == 400
    assert client.post("/help", data={"text": "x" * 1001}).status_code == 400
    answers = [client.post("/help", data={"text": "很好"}).status_code for _ in range(11)]
    assert answers == [303] * 10 + [429]


# --- everything about me --------------------------------------------------------------------------


def test_no_table_with_a_member_is_left_out(house: Any) -> None:
    """Every table that names a member is in the export, whatever room it belongs to."""
    import webapp.tables  # noqa: F401  # all rooms

    named = {name for name, table in metadata.tables.items() if "member_id" in table.c}
    ling = make_member(house, "ling", "editor", password=PASSWORD)
    ling.token()
    with house.store.snapshot() as tx:
        data = export.export_member(tx, ling.id, book(house.settings), house.clock.now())
    assert set(data["tables"]) == named >= {"consent", "session", "role_grant", "feedback", "notice", "activity"}
    assert len(data["tables"]["consent"]) == 4 and data["member"]["login"] == "ling"
    shown = json.dumps(data)
    for secret in ("password_hash", "token_hash", "phone_cipher", "phone_hash", "argon2"):
        assert secret not in shown
    for table in named:
        kept = set(metadata.tables[table].c.keys()) - export.SECRET_COLUMNS
        assert "member_id" in kept


def test_the_export_holds_mine_and_nobody_elses(app: Any, house: Any) -> None:
    client, other = app.test_client(), app.test_client()
    register(client, house, nickname="林小满")
    register(other, house, "13900000000", nickname="陈大山")
    for who, words in ((client, "我的留言"), (other, "别人的留言")):
        who.post("/help", data={"text": words})
    answer = client.get("/me/export.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    text = answer.text
    assert PHONE in text and "我的留言" in text
    assert "陈大山" not in text and "别人的留言" not in text and "13900000000" not in text


# --- leaving --------------------------------------------------------------------------------------


def test_leaving_takes_the_word(app: Any, house: Any) -> None:
    client = app.test_client()
    register(client, house, nickname="林小满")
    assert client.post("/me/leave", data={"word": "好"}).status_code == 400
    assert client.get("/me").status_code == 200


def test_leaving_takes_the_person_and_keeps_the_row(app: Any, house: Any) -> None:
    client = app.test_client()
    register(client, house, nickname="林小满")
    me, forgotten = row_of(house), []
    with client.session_transaction() as kept:
        token = kept["_user_id"]
    house.forgetters = (*house.forgetters, lambda tx, member_id, now: forgotten.append(member_id))
    client.post("/help", data={"text": "hello"})
    assert client.post("/me/leave", data={"word": "注销"}).headers["Location"] == "/"
    assert forgotten == [me.id] and row_of(house) is None
    assert signin.load(house, token, "web") is None
    with house.store.read() as tx:
        row = tx.row(select(member).where(member.c.id == me.id))
        assert (row.status, row.login, row.phone_cipher, row.password_hash) == ("left", None, None, None)
        assert "林小满" not in str(row)
        assert tx.scalar(select(func.count()).select_from(role_grant).where(role_grant.c.member_id == me.id)) == 0
        assert all(state.given is False for state in consents.consents_of(tx, me.id).values())
        assert queries.inactive(tx) == [me.id]
    house.clock.advance(minutes=2)
    assert register(app.test_client(), house).status_code == 303, "the number is free again"


def test_the_last_administrator_stays(app: Any, house: Any) -> None:
    client = make_member(house, "wang", "administrator").sign_in(app.test_client())
    answer = client.post("/me/leave", data={"word": "注销"})
    assert answer.status_code == 409 and client.get("/me").status_code == 200


# --- staff ----------------------------------------------------------------------------------------


def test_freezing_ends_sessions_and_leaves_a_row(app: Any, house: Any) -> None:
    wang, ling = make_member(house, "wang", "administrator"), make_member(house, "ling", password=PASSWORD)
    headers, now = ling.headers(), house.clock.now()
    with house.store.write() as tx:
        staff.freeze_member(tx, wang.id, ling.id, "刷分", now)
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401
    answer = app.test_client().post("/sign-in", data={"login": "ling", "password": PASSWORD})
    assert answer.status_code == 403 and "冻结" in answer.text
    with pytest.raises(EngineError, match="already_resolved"), house.store.write() as tx:
        staff.freeze_member(tx, wang.id, ling.id, "again", now)
    with pytest.raises(EngineError, match="not_yourself"), house.store.write() as tx:
        staff.freeze_member(tx, wang.id, wang.id, "me", now)
    with house.store.write() as tx:
        staff.unfreeze_member(tx, wang.id, ling.id, "查清", now)
    signin.open_session(house, "ling", PASSWORD, "web", "1.1.1.1", "", now)
    with house.store.read() as tx:
        rows = journal.recent(tx, subject=f"member:{ling.id}")
    assert [(row.action, row.actor_id) for row in rows] == [("member.unfrozen", wang.id), ("member.frozen", wang.id)]


def test_roles_are_granted_and_taken_back(app: Any, house: Any) -> None:
    wang, ling = make_member(house, "wang", "administrator"), make_member(house, "ling")
    token, now = ling.token("web"), house.clock.now()
    with house.store.write() as tx:
        for _ in range(2):
            staff.grant_role(tx, wang.id, ling.id, "merchant", now, merchant_id=7)
        staff.grant_role(tx, wang.id, ling.id, "unit_admin", now, unit_id=3)
    principal = signin.load(house, token, "web")
    assert principal is not None
    assert (principal.merchant_ids, principal.unit_ids, principal.is_staff) == ((7,), (3,), False)
    with house.store.read() as tx:
        assert len(journal.recent(tx, action="role.granted", subject=f"member:{ling.id}")) == 2
    for role, scope in (("king", {}), ("merchant", {}), ("editor", {"unit_id": 1})):
        with pytest.raises(Invalid), house.store.write() as tx:
            staff.grant_role(tx, wang.id, ling.id, role, now, **scope)
    with house.store.write() as tx:
        staff.revoke_role(tx, wang.id, ling.id, "merchant", now, merchant_id=7)
    assert signin.load(house, token, "web") is None
    with pytest.raises(EngineError, match="last_administrator"), house.store.write() as tx:
        staff.revoke_role(tx, ling.id, wang.id, "administrator", now)


def test_the_first_administrator_comes_by_a_one_time_link(app: Any, house: Any, clock: Any) -> None:
    with house.store.write() as tx:
        old = staff.create_admin_token(tx, clock.now())
        token = staff.create_admin_token(tx, clock.now())
    client = app.test_client()
    assert client.get(f"/first-admin?token={old}").status_code == 403
    assert client.get("/first-admin").status_code == 403
    assert client.get(f"/first-admin?token={token}").status_code == 200
    form = {"token": token, "nickname": "管理员王", "login": "wang", "password": PASSWORD, "password_again": PASSWORD}
    assert client.post("/first-admin", data={**form, "password": "short"}).status_code == 400
    assert client.post("/first-admin", data=form).status_code == 303
    assert client.get("/me").status_code == 200
    assert app.test_client().post("/first-admin", data={**form, "login": "other"}).status_code == 403
    with house.store.write() as tx:
        assert staff.create_admin_token(tx, clock.now()) is None
        assert queries.staff_with_role(tx, "administrator")


def test_an_admin_link_lasts_a_day(app: Any, house: Any, clock: Any) -> None:
    with house.store.write() as tx:
        token = staff.create_admin_token(tx, clock.now())
    clock.advance(hours=25)
    assert app.test_client().get(f"/first-admin?token={token}").status_code == 403


def test_the_staff_list_shows_no_phone(app: Any, house: Any) -> None:
    register(app.test_client(), house, nickname="林小满")
    make_member(house, "edda", "editor", "reviewer")
    with house.store.read() as tx:
        lines = queries.staff_list(tx)
        assert [line.roles for line in lines] == [("editor", "reviewer"), ()]
        assert [line.nickname for line in queries.staff_list(tx, q="林小")] == ["林小满"]
        assert [line.login for line in queries.staff_list(tx, q="EDDA")] == ["edda"]
        assert queries.staff_list(tx, q="%") == []
        assert queries.staff_card(tx, lines[1].public_id).nickname == "林小满"
    assert "138" not in str(lines)


def test_spent_things_are_purged(app: Any, house: Any, clock: Any) -> None:
    from webapp.members.jobs import purge_spent

    client = app.test_client()
    register(client, house)
    client.post("/sign-in", data={"login": "x", "password": "y"})
    clock.advance(days=100)
    assert purge_spent(house, clock.now()) >= 3
    with house.store.read() as tx:
        assert tx.row(select(otp)) is None and tx.row(select(session)) is None


def test_names_of_nobody(house: Any) -> None:
    with house.store.read() as tx:
        assert queries.names(tx, []) == {}


def test_pages_of_mine_open(app: Any, house: Any) -> None:
    client = app.test_client()
    register(client, house, nickname="林小满")
    titles = set()
    for path in (
        "/me",
        "/me/profile",
        "/me/phone",
        "/me/password",
        "/me/devices",
        "/me/privacy",
        "/me/export",
        "/me/leave",
    ):
        page = client.get(path)
        assert page.status_code == 200
        assert page.text.count("<h1") == 1
        title = re.search(r"<title>(.*?)</title>", page.text)
        assert title and title[1] not in titles
        titles.add(title[1])
