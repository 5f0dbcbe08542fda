"""Refusals as answers: one table of statuses, one JSON shape, one page; faults are logged with an id."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import (
    Flask,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from points_engine.errors import EngineError
from webapp.web.context import is_api
from webapp.web.messages import message

log = logging.getLogger("puhui.web")

STATUS = {
    "invalid": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "limit": 429,
    "unavailable": 503,
}
HTTP_CODES = {
    400: "bad_request",
    401: "sign_in_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "bad_request",
    411: "bad_request",
    413: "too_large",
    414: "bad_request",
    415: "unsupported_media_type",
    422: "invalid_input",
    429: "too_many_attempts",
    431: "too_large",
    503: "busy",
}


def install(app: Flask) -> None:
    app.register_error_handler(EngineError, answer_refusal)
    app.register_error_handler(HTTPException, answer_http)


def error_json(code: str, status: int, facts: dict[str, Any] | None = None) -> Response:
    """The one shape of every JSON error."""
    body = {"error": {"code": code, "message": message(code, facts), "facts": facts or {}}}
    response = jsonify(body)
    response.status_code = status
    return response


def answer_refusal(error: EngineError) -> AnyResponse:
    """A refusal by the rules: JSON for the API, a fragment for htmx, a page for people."""
    status = STATUS[error.kind]
    if is_api():
        response: AnyResponse = error_json(error.code, status, error.facts)
    elif error.code == "step_up_required":
        back = request.full_path.rstrip("?") if request.method == "GET" else "/me"
        response = redirect(url_for("members.step_up", next=back), 303)
    else:
        response = _page(error.code, status, error.facts)
    wait = error.facts.get("retry_after")
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def answer_http(error: HTTPException) -> AnyResponse:
    """What the framework refuses, in our shape; a redirect passes through; a fault gets an id."""
    status = error.code or 500
    if status < 400:
        return error.get_response()
    if status >= 500 and status != 503:
        return _fault(error)
    code = HTTP_CODES.get(status, "bad_request")
    response = error_json(code, status) if is_api() else _page(code, status, {})
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())  # type: ignore[attr-defined]
    return response


def _page(code: str, status: int, facts: dict[str, Any]) -> Response:
    text = message(code, facts)
    if request.headers.get("HX-Request"):
        body = render_template("errors/fragment.html", text=text, code=code)
    else:
        body = render_template("errors/refused.html", text=text, code=code, status=status)
    return make_response(body, status)


def _fault(error: HTTPException) -> AnyResponse:
    """A broken promise of ours: logged with the id that the person sees, and no detail on the page."""
    fault = secrets.token_hex(5)
    cause = getattr(error, "original_exception", None) or error
    log.error("fault id=%s %s %s", fault, request.method, request.path, exc_info=cause)
    if is_api():
        return error_json("fault", 500, {"id": fault})
    return make_response(render_template("errors/fault.html", fault=fault), 500)
