"""How letters leave: the port, and its adapters for SMTP, for a folder of files, and for none at all."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Protocol

from points_engine.errors import refuse

KEPT = 50
WIRE = SMTP.clone(max_line_length=900)  # the way out stays on one line, for programs that read it simply
_FAULTS = (OSError, smtplib.SMTPException)


class NotSent(Exception):
    """A letter that did not leave; the words are a code and never an address.

    `again`: worth another try. `gone`: the address takes no letters. `unsure`: it may have arrived.
    """

    def __init__(self, code: str, *, again: bool = False, gone: bool = False, unsure: bool = False) -> None:
        super().__init__(code)
        self.code, self.again, self.gone, self.unsure = code, again, gone, unsure


class Post(Protocol):
    """What an adapter has to offer; `readable` is true when a page may show what was sent."""

    ready: bool
    readable: bool

    def send(self, letter: EmailMessage) -> None: ...


class SmtpPost:
    """One connection a letter: STARTTLS, TLS from the first byte, or plain to a relay on the same machine."""

    ready, readable = True, False

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def send(self, letter: EmailMessage) -> None:
        """Hand it over; raises NotSent and nothing else."""
        to, sender = str(letter["To"]), str(self._settings.smtp_from)
        try:
            server = self._open()
        except _FAULTS as fault:
            raise NotSent(f"connect_{_name(fault)}", again=True) from None
        try:
            _expect(lambda: server.mail(sender), "from")
            _expect(lambda: server.rcpt(to), "to")
            try:
                code, said = server.data(letter.as_bytes(policy=WIRE))
            except smtplib.SMTPDataError as fault:
                raise _refused("data", fault.smtp_code, _bytes(fault.smtp_error)) from None
            except _FAULTS as fault:  # it was on its way: whether it arrived nobody can tell
                raise NotSent(f"data_{_name(fault)}", unsure=True) from None
            if code != 250:
                raise _refused("data", code, said)
        finally:
            with suppress(*_FAULTS):
                server.quit()
            server.close()

    def _open(self) -> smtplib.SMTP:
        s = self._settings
        secure = ssl.create_default_context(cafile=str(s.smtp_ca) if s.smtp_ca else None)
        server: smtplib.SMTP
        if s.smtp_security == "tls":
            server = smtplib.SMTP_SSL(s.smtp_host, s.smtp_port, timeout=s.smtp_timeout, context=secure)
        else:
            server = smtplib.SMTP(s.smtp_host, s.smtp_port, timeout=s.smtp_timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if s.smtp_security == "starttls":
                server.starttls(context=secure)
                server.ehlo()
            if s.smtp_user:
                server.login(s.smtp_user, s.smtp_password or "")
        except BaseException:
            server.close()
            raise
        return server


def _expect(step: Callable[[], tuple[int, bytes]], name: str) -> None:
    try:
        code, said = step()
    except _FAULTS as fault:
        raise NotSent(f"{name}_{_name(fault)}", again=True) from None
    if code not in (250, 251):
        raise _refused(name, code, said)


def _refused(step: str, code: int, said: bytes) -> NotSent:
    """4xx: again later. 5xx: never this letter; and about the address (not about policy, 5.7), never any."""
    if code < 500:
        return NotSent(f"{step}_{code}", again=True)
    found = re.match(rb"\s*5\.(\d{1,3})\.", said)
    about = found.group(1) if found else b""
    if step == "to":
        gone = code in (501, 521, 550, 551, 553, 556) and about != b"7"
    else:
        gone = step == "data" and about == b"1"
    return NotSent(f"{step}_{code}", gone=gone, again=step == "from")


def _name(fault: BaseException) -> str:
    code = getattr(fault, "smtp_code", None)
    return str(code) if code else re.sub(r"(?<!^)(?=[A-Z])", "_", type(fault).__name__.replace("SMTP", "")).lower()


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Kept:
    """One letter of the development folder."""

    to: str
    subject: str
    text: str
    off: str


class FilePost:
    """Writes each letter to a file in the var folder; for development and tests only."""

    ready = readable = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        number = len(list(self._folder.glob("*.eml"))) + 1
        made = re.sub(r"[^A-Za-z0-9]", "", str(letter["Message-ID"]).split("@")[0])
        descriptor = os.open(self._folder / f"{number:06d}-{made}.eml", os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(letter.as_bytes(policy=WIRE))

    def recent(self) -> list[Kept]:
        """What was sent lately, newest first."""
        from email import message_from_bytes
        from email.policy import default

        found = []
        for path in sorted(self._folder.glob("*.eml"), reverse=True)[:KEPT]:
            letter = message_from_bytes(path.read_bytes(), policy=default)
            body = letter.get_body(("plain",))
            text = body.get_content() if body else ""
            found.append(
                Kept(str(letter["To"]), str(letter["Subject"]), text, str(letter["List-Unsubscribe"]).strip()[1:-1])
            )
        return found


class NoPost:
    """No server: the app alone tells people things."""

    ready = readable = False

    def send(self, letter: EmailMessage) -> None:
        raise refuse("unavailable", "mail_unavailable")


def open_post(settings: Any) -> Post:
    """The adapter that the settings ask for."""
    if settings.mail_sender == "smtp":
        return SmtpPost(settings)
    if settings.mail_sender == "file":
        return FilePost(Path(settings.var_dir) / "mail")
    return NoPost()
