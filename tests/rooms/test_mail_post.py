"""How letters leave: encrypted, signed in, within a time limit, into files in development; and what is an address."""

from __future__ import annotations

from typing import Any

import pytest

from points_engine.errors import Invalid
from tests import postbox
from tests.people import make_member
from tests.postbox import Postbox
from webapp.app import create_app
from webapp.inbox import mailing
from webapp.inbox.forms import address_of
from webapp.inbox.letters import code_letter
from webapp.inbox.post import NotSent, SmtpPost, open_post
from webapp.jobs.runner import run_due
from webapp.settings import Settings

ADDRESS = "ling.unusual@mail.example"


@pytest.mark.parametrize(("security", "wrapped"), [("starttls", False), ("tls", True)])
def test_letters_travel_encrypted_and_signed_in(tmp_path: Any, security: str, wrapped: bool) -> None:
    pem, tls = postbox.certificate(tmp_path)
    box = Postbox(tls=tls, wrapped=wrapped, users={"puhui": "pass-word-1"})
    server = postbox.start(box)
    made = Settings(
        env="test", var_dir=tmp_path, mail_sender="smtp", smtp_host="127.0.0.1", smtp_port=box.port, smtp_ca=pem,
        smtp_security=security, smtp_from="a@puhui.example", smtp_user="puhui", smtp_password="pass-word-1", smtp_timeout=2,
    )  # fmt: skip
    letter = code_letter(made, 7, ADDRESS, "en", "123456", "x")
    SmtpPost(made).send(letter)
    assert box.letters[0]["Subject"] == "Puhui: your e-mail code" and "tls AUTH" in box.said and "DATA" not in box.said
    assert "pass-word-1" not in repr(made)
    strange = made.model_copy(update={"smtp_ca": None})
    with pytest.raises(NotSent, match="connect_"):
        SmtpPost(strange).send(letter)
    with pytest.raises(NotSent, match="connect_535") as refused:
        SmtpPost(made.model_copy(update={"smtp_password": "wrong"})).send(letter)
    assert refused.value.again and len(box.letters) == 1
    server.shutdown()
    server.server_close()


def test_a_silent_server_does_not_hold_a_worker(tmp_path: Any) -> None:
    box = Postbox(silent=True)
    server = postbox.start(box)
    made = Settings(
        env="test", var_dir=tmp_path, mail_sender="smtp", smtp_host="127.0.0.1", smtp_port=box.port,
        smtp_security="none", smtp_from="a@puhui.example", smtp_timeout=1,
    )  # fmt: skip
    with pytest.raises(NotSent, match="connect_") as late:
        SmtpPost(made).send(code_letter(made, 7, ADDRESS, None, "123456", "x"))
    assert late.value.again
    server.shutdown()
    server.server_close()


def test_in_development_letters_are_files_that_a_page_shows(tmp_path: Any, sqlite_url: str, clock: Any) -> None:
    made = Settings(env="test", var_dir=tmp_path / "var", database_url=sqlite_url)
    app = create_app(made, clock=clock)
    house = app.extensions["puhui"]
    who = make_member(house, "ling")
    house.store.retrying(lambda tx: mailing.ask_code(tx, made, who.id, ADDRESS, clock.now()))
    run_due(house, clock.now())
    assert ADDRESS in app.test_client().get("/dev/mail").text
    kept = next((tmp_path / "var" / "mail").glob("*.eml"))
    assert kept.stat().st_mode & 0o777 == 0o600
    house.mail = open_post(made.model_copy(update={"mail_sender": "none"}))
    assert app.test_client().get("/dev/mail").status_code == 404
    house.store.dispose()


@pytest.mark.parametrize(
    "text", ["a@b", "a b@c.cn", "a@b.cn\r\nBcc: x@y.cn", "@b.cn", "a@-b.cn", "a..b@c.cn", "x" * 65 + "@c.cn"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        address_of(text)
    assert set(refused.value.fields) == {"address"}


def test_addresses_are_kept_as_typed_but_for_the_domain() -> None:
    assert address_of(" Ling.Li+puhui@Mail.Example.CN ") == "Ling.Li+puhui@mail.example.cn"
