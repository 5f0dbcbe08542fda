"""Cross-site request forgery: a token in every form, a header from scripts, and the Origin checked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from markupsafe import Markup

from points_engine.errors import refuse
from webapp.web.context import is_api

protect = CSRFProtect()
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def install(app: Flask) -> None:
    """Check by hand: the API carries bearer tokens and no cookies, so it needs no token here."""
    app.config.setdefault("WTF_CSRF_ENABLED", True)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["WTF_CSRF_SSL_STRICT"] = False  # the Origin is checked below, for http as well
    protect.init_app(app)


def by_link(view: Any) -> Any:
    """Mark a view whose address is signed and is itself the permission; goes under the guard."""
    view.by_link = True
    return view


def check() -> None:
    """Before every request: an unsafe one needs the token, and its Origin, when sent, must be ours."""
    if request.method not in UNSAFE or is_api() or request.endpoint is None:
        return
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return
    if getattr(current_app.view_functions[request.endpoint], "by_link", False):
        return
    origin = request.headers.get("Origin")
    if origin and origin != "null" and _host_of(origin) != request.host:
        raise refuse("forbidden", "csrf_failed")
    try:
        protect.protect()
    except CSRFError as error:
        raise refuse("forbidden", "csrf_failed") from error


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as http://[
        return None


def csrf() -> Markup:
    """The hidden input for a form."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
