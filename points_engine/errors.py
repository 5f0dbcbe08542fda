"""Every way the rules say no: a stable code, a kind that maps to one HTTP status, and the facts."""

from __future__ import annotations

from typing import Any, Literal

Kind = Literal["invalid", "unauthenticated", "forbidden", "not_found", "conflict", "limit", "unavailable"]


class EngineError(Exception):
    """A refusal that leaves no trace; `code` is documented in docs/errors.md, `facts` are JSON-ready."""

    def __init__(self, kind: Kind, code: str, facts: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.kind: Kind = kind
        self.code = code
        self.facts: dict[str, Any] = facts or {}


class Invalid(EngineError):
    """Bad input; `fields` maps each field to the code of what is wrong with it."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("invalid", "invalid_input", {"fields": fields})
        self.fields = fields


def refuse(kind: Kind, code: str, **facts: Any) -> EngineError:
    """Build the refusal `code` of `kind`; the caller raises it."""
    return EngineError(kind, code, facts)
