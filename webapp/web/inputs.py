"""What no room should have to think of: numbers that no database holds, and text that none takes."""

from __future__ import annotations

from flask import request
from werkzeug import routing

from points_engine.errors import refuse
from webapp.web.context import is_api

NUL = "\0"


class IntegerConverter(routing.IntegerConverter):
    """A whole number in an address that fits a BIGINT; a longer one names nothing, so it is not found."""

    def __init__(self, rules: routing.Map) -> None:
        super().__init__(rules, max=2**63 - 1)


def check() -> None:
    """Before every request: refuse a NUL in address or form, which PostgreSQL takes in no text (bad_request)."""
    sent = [request.path, *(text for texts in request.args.listvalues() for text in texts)]
    if request.method == "POST" and not is_api():
        sent += (text for texts in request.form.listvalues() for text in texts)
    if any(NUL in text for text in sent):
        raise refuse("invalid", "bad_request")
