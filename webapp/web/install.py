"""Puts the kernel into an application: sessions, guards, headers, errors, words and static files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask_login import LoginManager
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.web import assets, burst, context, csrf, errors, formats, guards, headers, inputs, prose
from webapp.web.context import is_api
from webapp.web.house import House, Principal
from webapp.web.i18n import lang, t
from webapp.web.icons import behaviour_icon, behaviour_tint
from webapp.web.messages import message, reason
from webapp.web.paging import more_url
from webapp.web.preferences import effective
from webapp.web.urls import here

Loader = Callable[[str, str], Principal | None]


def install(app: Flask, house: House, load: Loader, static_to: Path) -> None:
    """`load(token, kind)` finds the live session; `static_to` is where hashed static files go."""
    settings = house.settings
    https = bool(settings.secure)
    app.extensions[context.EXTENSION] = house
    app.secret_key = settings.secret_key
    app.url_map.converters["int"] = inputs.IntegerConverter
    _cookies(app, https)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        t=t, lang=lang, csrf=csrf.csrf, message=message, reason=reason, more_url=more_url,
        current=context.current, now=context.now, preferences=effective, here=here,
        icp_number=settings.icp_number, demo_world=lambda: bool(house.demo), on_tab=_on_tab,
        behaviour_icon=behaviour_icon, behaviour_tint=behaviour_tint,
    )  # fmt: skip
    app.jinja_env.filters["markdown"] = prose.markdown
    formats.install(app)
    assets.install(app, static_to)
    headers.install(app, https)
    errors.install(app)
    _sign_in(app, load)
    csrf.install(app)
    app.before_request(burst.check)
    app.before_request(guards.check)
    app.before_request(inputs.check)
    app.before_request(csrf.check)
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]


def _cookies(app: Flask, https: bool) -> None:
    app.config.update(
        SESSION_COOKIE_NAME="__Host-puhui" if https else "puhui",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=90),
        REMEMBER_COOKIE_SECURE=https,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
    )
    # Set outright: Flask has both keys already, the first as None, which is no limit at all.
    app.config["MAX_CONTENT_LENGTH"] = 12 * 1024 * 1024
    app.config["MAX_FORM_MEMORY_SIZE"] = 512 * 1024


def _sign_in(app: Flask, load: Loader) -> None:
    """Cookie sessions serve pages only, bearer tokens the API only."""
    manager = LoginManager()
    manager.session_protection = None  # addresses and browser names change on phones
    manager.init_app(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def by_cookie(token: str) -> Principal | None:
        return None if is_api() else load(token, "web")

    @manager.request_loader  # type: ignore[untyped-decorator]
    def by_token(request: Any) -> Principal | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not is_api() or scheme.lower() != "bearer" or not token:
            return None
        return load(token.strip(), "api")


def _on_tab(prefix: str) -> bool:
    """True when the page belongs to the tab that starts at `prefix`."""
    if prefix == "/":
        return request.path == "/"
    return request.path == prefix or request.path.startswith(prefix + "/")
