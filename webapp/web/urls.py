"""Addresses: where a request may be sent next (only to a page of ours), and ids that stand in them."""

from __future__ import annotations

import uuid
from urllib.parse import unquote, urlsplit

from flask import request

from webapp.web.context import house

NOWHERE = str(uuid.UUID(int=0))  # no row of ours has this id


def is_local(target: str) -> bool:
    """True for a path on this site; false for anything a browser could read as another host."""
    seen = target
    for _ in range(3):  # an encoded slash or backslash must not slip through a second decoding
        if not seen.startswith("/") or seen.startswith("//") or "\\" in seen:
            return False
        if any(ord(char) < 33 or ord(char) == 127 for char in seen):
            return False
        seen = unquote(seen)
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc


def safe_next(default: str = "/") -> str:
    """The `next` of the form or the address when it is ours, else `default`."""
    target = request.form.get("next") or request.args.get("next") or ""
    return target if target and len(target) < 500 and is_local(target) else default


def outward(path: str) -> str:
    """The whole address of a page of ours, as people outside type or scan it."""
    return str(house().settings.base_url or request.host_url).rstrip("/") + path


def here() -> str:
    """The path and query of this page, for a form that should come back to it."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def uuid_of(text: str) -> str:
    """The UUID of an address in its one spelling; nonsense becomes NOWHERE, so that it is not found like a stranger's."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return NOWHERE
