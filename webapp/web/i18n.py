"""The request's language, and the pair helper that every text on a page goes through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask import g, has_request_context, request

from webapp.web.context import current, is_api
from webapp.web.preferences import LANGS, from_cookie

DEFAULT = "zh-CN"


def choose(member: str | None, cookie: str | None, header: str | None, api: bool) -> str:
    """The member's own choice, then the cookie, then the browser; an API call asks by header first."""
    asked = _from_header(header)
    order = (asked, member, cookie) if api else (member, cookie, asked)
    return next((lang for lang in order if lang in LANGS), DEFAULT)


def _from_header(header: str | None) -> str | None:
    """The best supported language of an Accept-Language header, or None."""
    ranked: list[tuple[float, str]] = []
    for part in (header or "")[:300].split(","):
        name, _, rest = part.strip().partition(";q=")
        try:
            weight = float(rest) if rest else 1.0
        except ValueError:
            continue
        lang = {"zh": "zh-CN", "en": "en"}.get(name.split("-")[0].lower())
        if lang and weight > 0:
            ranked.append((weight, lang))
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


_spoken: ContextVar[str] = ContextVar("spoken", default=DEFAULT)


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Outside Flask's requests: let `t` speak this language."""
    token = _spoken.set(lang)
    try:
        yield
    finally:
        _spoken.reset(token)


def lang() -> str:
    """The language of this request: zh-CN or en."""
    if not has_request_context():
        return _spoken.get()
    if "lang" not in g:
        try:
            person = current()
        except Exception:  # noqa: BLE001 - an error page must still find its words when the database is away
            person = None
        g.lang = choose(
            person.lang if person else None,
            from_cookie().lang,
            request.headers.get("Accept-Language"),
            is_api(),
        )
    return str(g.lang)


def t(zh: str, en: str | None) -> str:
    """The text in the request's language; Chinese when there is no English."""
    return en if en and lang() == "en" else zh
