"""What a view asks of the request under way: the house, the instant, the person, the address."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from flask import current_app, flash, g, has_request_context, request, session
from flask_login import current_user

from points_engine.errors import refuse
from webapp.web.house import House, Principal

EXTENSION = "puhui"


def house() -> House:
    """The house this application was built with."""
    return cast(House, current_app.extensions[EXTENSION])


def now() -> datetime:
    """The instant of this request: read once, so that everything in it shares one time."""
    if not has_request_context():
        return cast(datetime, house().clock.now())
    if "now" not in g:
        g.now = house().clock.now()
    return cast(datetime, g.now)


def current() -> Principal | None:
    """The signed-in member, or None."""
    if not has_request_context():
        return None
    user = current_user._get_current_object()
    return user if isinstance(user, Principal) else None


def signed_in() -> Principal:
    """The signed-in member of a guarded view; refuses when there is none."""
    principal = current()
    if principal is None:
        raise refuse("unauthenticated", "sign_in_required")
    return principal


def need_step_up() -> Principal:
    """The signed-in member, who gave a password or a code within the last 30 minutes."""
    principal = signed_in()
    if not principal.stepped_up(now()):
        raise refuse("forbidden", "step_up_required")
    return principal


def address() -> str:
    """The client's address, as far as the configured number of proxies lets us know it."""
    return request.remote_addr or "unknown"


def is_api() -> bool:
    return request.path.startswith("/api/")


def say(text: str, kind: str = "ok", undo: str | None = None, label: str | None = None) -> None:
    """Flash one sentence on the next page; `undo` is a URL that a button beside it posts to."""
    flash({"text": text, "undo": undo, "label": label}, kind)  # type: ignore[arg-type]


def guest_store() -> dict[str, Any]:
    """What a visitor did before registering (signed cookie), handed to `House.on_registered`."""
    session.modified = True  # what changes inside the dict is kept too
    return cast("dict[str, Any]", session.setdefault("guest", {}))
