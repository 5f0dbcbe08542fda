"""What the desk's routes share: rendering with its words, one-button changes, confirmations, addresses of pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template
from werkzeug.wrappers import Response

from points_engine.errors import EngineError, Invalid, refuse
from webapp.console import words
from webapp.store import Tx
from webapp.web import current, house
from webapp.web import say as flash
from webapp.web.messages import message, reason

PAGE = 30
Answer = str | tuple[str, int] | Response


def show(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """A page of the desk."""
    return render_template(f"console/{template}", words=words, may=may, **context), status


def may(*roles: str) -> bool:
    """Whether the person at the desk holds one of `roles`; for showing and hiding, never for guarding."""
    person = current()
    return person is not None and bool(person.roles & set(roles))


def sentence(error: EngineError) -> str:
    """A refusal in words; for bad input, what is wrong with each field."""
    if isinstance(error, Invalid):
        return " ".join(dict.fromkeys(reason(code) for code in error.fields.values()))
    return message(error.code, error.facts)


def change(use_case: Callable[[Tx], Any], back: str, said: str) -> Response:
    """A change by one button: do it, say so or say why not, and go back to the page."""
    try:
        house().store.retrying(use_case)
    except EngineError as error:
        if error.kind not in ("conflict", "invalid", "limit"):
            raise
        flash(sentence(error), "bad")
    else:
        flash(said)
    return redirect(back, 303)


def one_of(text: str | None, allowed: Any, field: str) -> str | None:
    """An optional choice of an address; Invalid for anything not offered."""
    if not text:
        return None
    if text not in allowed:
        raise Invalid({field: "not_a_choice"})
    return text


def found(value: Any, code: str = "not_found") -> Any:
    """`value`, or 404."""
    if value is None:
        raise refuse("not_found", code)
    return value
