"""Who may call a view: a mark on each view, one check before every request, and no as the default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from points_engine.errors import refuse
from webapp.web.context import current, is_api
from webapp.web.house import Principal

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """The mark a guard leaves on a view: `kind` and, by kind, the roles or the reason."""

    kind: str
    roles: frozenset[str] = frozenset()
    reason: str = ""

    def refusal(self, person: Principal) -> str | None:
        """The error code this member meets, or None when welcome."""
        if self.kind == "roles" and not person.roles & self.roles:
            return "staff_only"
        if self.kind == "unit_admin" and not person.unit_ids:
            return "unit_admin_only"
        if self.kind == "managers" and not (person.unit_ids or person.roles & self.roles):
            return "unit_admin_only"
        if self.kind == "merchant" and not person.merchant_ids:
            return "merchant_only"
        return None


class Guards:
    """The decorators; each goes under the route decorator."""

    def public(self, reason: str) -> Callable[[View], View]:
        """Anyone; say why in a few words (the list of public views is a checked file)."""
        return _marker(Rule("public", reason=reason))

    def member(self, view: View) -> View:
        """Any signed-in member."""
        return _marker(Rule("member"))(view)

    def roles(self, *roles: str) -> Callable[[View], View]:
        """Staff with at least one of `roles`."""
        return _marker(Rule("roles", frozenset(roles)))

    def unit_admin(self, view: View) -> View:
        """Administrators of at least one green unit; the service checks which."""
        return _marker(Rule("unit_admin"))(view)

    def managers(self, *roles: str) -> Callable[[View], View]:
        """Staff with one of `roles`, or administrators of a green unit; the service checks which."""
        return _marker(Rule("managers", frozenset(roles)))

    def merchant(self, view: View) -> View:
        """People of at least one merchant; the service checks which."""
        return _marker(Rule("merchant"))(view)


guard = Guards()


def _marker(rule: Rule) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.guard = rule  # type: ignore[attr-defined]
        return view

    return mark


def rule_of(view: Callable[..., Any]) -> Rule | None:
    """The mark of a view function, or None when nobody thought about it."""
    found = getattr(view, "guard", None)
    return found if isinstance(found, Rule) else None


def check() -> Response | None:
    """Before every request: refuse unmarked views, send strangers to the sign-in page."""
    if request.endpoint is None:
        return None
    rule = rule_of(current_app.view_functions[request.endpoint])
    if rule is None:
        raise refuse("forbidden", "no_guard")
    if rule.kind == "public":
        return None
    person = current()
    if person is None:
        if is_api() or request.headers.get("HX-Request"):
            raise refuse("unauthenticated", "sign_in_required")
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("members.sign_in", next=back), 303)
    code = rule.refusal(person)
    if code:
        raise refuse("forbidden", code)
    return None
