"""How many requests one person or one address may send in a short time; far above any honest hand."""

from __future__ import annotations

from flask import request

from points_engine.errors import refuse
from webapp.web.context import address, current, house

WINDOW = 10  # seconds
PER_MEMBER = 300
PER_ADDRESS = 900
FREE = ("/static/", "/healthz", "/readyz", "/metrics", "/sw.js")


def check() -> None:
    """Before every request: refuse a flood with too_many_requests (429) and when to come back."""
    if request.path.startswith(FREE):
        return
    person = current()
    key, most = (f"member:{person.member_id}", PER_MEMBER) if person else (f"address:{address()}", PER_ADDRESS)
    if not house().limiter.allow(key, most, WINDOW):
        raise refuse("limit", "too_many_requests", retry_after=WINDOW)
