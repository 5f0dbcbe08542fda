"""A small real SMTP server for tests: STARTTLS or TLS, sign-in, and refusals by address."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Postbox:
    """What arrived, and how to answer: `refusals` by address, `at_data` and `at_dot` for everybody."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    at_dot: str = ""  # an answer in place of 250, or "close"
    users: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    wrapped: bool = False
    silent: bool = False
    lock: Any = field(default_factory=threading.Lock)


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        self.box: Postbox = cast(Any, self.server).box
        if self.box.silent:  # a server that accepts and says nothing
            self.rfile.read()
            return
        if self.box.wrapped:
            self._wrap()
        self.secure, self.known = self.box.wrapped, False
        self.say("220 here")
        while line := self.rfile.readline():
            if not self.step(line.decode().strip()):
                return

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def _wrap(self) -> None:
        assert self.box.tls is not None
        self.request = self.box.tls.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb")

    def step(self, line: str) -> bool:
        word = line.split(" ")[0].upper()
        with self.box.lock:
            self.box.said.append(f"{'tls ' if self.secure else ''}{word}")
        if word in ("EHLO", "HELO"):
            can = ["here"]
            can += ["STARTTLS"] if self.box.tls and not self.secure else []
            can += ["AUTH PLAIN"] if self.box.users and self.secure else []
            self.say("\r\n".join(f"250{'-' if n < len(can) - 1 else ' '}{each}" for n, each in enumerate(can)))
        elif word == "STARTTLS":
            self.say("220 go on")
            self._wrap()
            self.secure = True
        elif word == "AUTH":
            _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
            self.known = self.box.users.get(user) == password
            self.say("235 hello" if self.known else "535 5.7.8 no")
        elif word == "MAIL":
            self.say("530 5.7.0 sign in first" if self.box.users and not self.known else "250 ok")
        elif word == "RCPT":
            self.say(self.box.refusals.get(line.split("<")[1].split(">")[0], "250 ok"))
        elif word == "DATA":
            return self.data()
        elif word == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("250 ok")
        return True

    def data(self) -> bool:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        if self.box.at_dot == "close":
            return False
        if not self.box.at_dot:
            with self.box.lock:
                self.box.letters.append(cast(EmailMessage, message_from_bytes(b"".join(lines), policy=default)))
        self.say(self.box.at_dot or "250 ok")
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


def start(box: Postbox) -> _Server:
    """Serve `box` on a port of this machine until shutdown()."""
    server = _Server(("127.0.0.1", 0), _Talk)
    server.box = box  # type: ignore[attr-defined]
    box.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself: its file, to be trusted, and the server's side."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "mail.pem", folder / "mail.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return pem, context
