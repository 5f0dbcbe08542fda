"""The headers of every answer: content policy, framing, caching, and HTML made small."""

from __future__ import annotations

import gzip
import io
import secrets

from flask import Flask, Response, request

from webapp.web.context import current

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
FIXED = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
WORTH_PACKING = 1024


def of_json(https: bool) -> list[tuple[str, str]]:
    """The headers of a personal answer in JSON, for who answers without Flask; its length comes on top."""
    always = [("Content-Type", "application/json"), *FIXED.items(), *([HSTS] if https else [])]
    return [*always, ("Cache-Control", "no-store"), ("Vary", "Cookie")]


def install(app: Flask, https: bool) -> None:
    @app.after_request
    def finish(response: Response) -> Response:
        if "Content-Security-Policy" in response.headers:  # a view that knows better
            for name, value in FIXED.items():
                response.headers.setdefault(name, value)
        else:
            response.headers.extend(FIXED)
        if https:
            response.headers.setdefault(*HSTS)
        _cache(response)
        return _pack(response)


def _cache(response: Response) -> None:
    """Personal pages are not stored at all; the others are asked for again each time."""
    if response.headers.get("Cache-Control"):
        return
    try:
        personal = current() is not None
    except Exception:  # noqa: BLE001 - the person cannot be known when the database is away
        personal = True
    response.headers["Cache-Control"] = "no-store" if personal else "private, no-cache"
    response.vary.add("Cookie")


def _pack(response: Response) -> Response:
    """Gzip HTML for browsers that take it; a random header length hides the size of secrets."""
    if (
        response.mimetype not in ("text/html", "image/svg+xml")
        or response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or "gzip" not in request.headers.get("Accept-Encoding", "")
    ):
        return response
    body = response.get_data()
    if len(body) < WORTH_PACKING:
        return response
    packed = io.BytesIO()
    padding = "x" * secrets.randbelow(100)
    with gzip.GzipFile(padding, "wb", 5, packed, mtime=0) as out:
        out.write(body)
    response.set_data(packed.getvalue())
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
