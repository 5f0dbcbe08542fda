"""The express lane of POST /api/v1/activities: a plain act, plainly logged, is answered without Flask's round.

Whatever is not plain (a cookie, a long body, a bad field, a refusal, a fault) goes on to the same view in Flask, which
finds the same and says it; so this lane knows one answer only, and it is byte for byte that of the view.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask

from webapp.api import shapes
from webapp.api.bodies import NewActivity, command_of, read_bytes
from webapp.members.signin import read_claim
from webapp.web import House, burst, headers, health
from webapp.web.i18n import choose, speaking

PATH, ENDPOINT = "/api/v1/activities", "api.log_activity"
MOST_BYTES = 4096
Start = Callable[..., Any]
Lane = Callable[[dict[str, Any], Start], Iterable[bytes]]


def install(app: Flask, house: House) -> None:
    """Stand before the application, behind what others put before it."""
    app.wsgi_app = Express(house, app.wsgi_app)  # type: ignore[method-assign, assignment]


class Express:
    """A WSGI application before another one."""

    def __init__(self, house: House, beyond: Lane) -> None:
        self._house = house
        self._beyond = beyond
        self._headers = headers.of_json(bool(house.settings.secure))
        self._encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        token = _token(environ)
        if token is None:
            return self._beyond(environ, start)
        began = time.perf_counter()
        sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        answer = self._answer(environ, token, sent)
        if answer is None:
            environ["wsgi.input"] = io.BytesIO(sent)
            return self._beyond(environ, start)
        status, body = answer
        health.note(ENDPOINT, "POST", status, began)
        start(f"{status} {HTTPStatus(status).phrase.upper()}", self._with_length(body))
        return [body]

    def _answer(self, environ: dict[str, Any], token: str, sent: bytes) -> tuple[HTTPStatus, bytes] | None:
        house, claim = self._house, read_claim(token)
        if claim is None or burst.full(claim.member_id, environ.get("REMOTE_ADDR", "")):
            return None
        try:
            now = house.clock.now()
            house.refresh(now)
            command = command_of(read_bytes(NewActivity, sent), house.catalogue, claim.member_id, now)
            person, logged = house.desk.log_for(claim, command, now)
            with speaking(choose(person.lang, None, environ.get("HTTP_ACCEPT_LANGUAGE"), api=True)):
                body = self._encode(shapes.activity(logged.record, house.catalogue)) + "\n"
        except Exception:  # noqa: BLE001 - the view meets it again, and tells it
            return None
        burst.count(claim.member_id)
        return (HTTPStatus.CREATED if logged.fresh else HTTPStatus.OK), body.encode()

    def _with_length(self, body: bytes) -> list[tuple[str, str]]:
        kind, *rest = self._headers
        return [kind, ("Content-Length", str(len(body))), *rest]


def _token(environ: dict[str, Any]) -> str | None:
    """The bearer token of a call for this lane, or None."""
    if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
        return None
    length = environ.get("CONTENT_LENGTH") or ""
    if environ.get("HTTP_COOKIE") or environ.get("QUERY_STRING") or not (length.isascii() and length.isdigit()):
        return None
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" and int(length) <= MOST_BYTES else None
