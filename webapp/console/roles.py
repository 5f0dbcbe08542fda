"""Which roles open which part of the desk; the one table that routes, menu and tests read."""

from __future__ import annotations

STAFF = ("reviewer", "editor", "auditor", "administrator")
REVIEW = ("reviewer", "administrator")
EDIT = ("editor", "administrator")
AUDIT = ("auditor", "administrator")
ADMIN = ("administrator",)
# Everybody who judges or publishes must be able to look a figure up.
METHODS = STAFF

# An auditor looks at what the others do, and so is none of them.
APART = {"auditor": frozenset({"reviewer", "editor", "administrator"})}


def clash(held: frozenset[str], role: str) -> str | None:
    """The role already held that does not go together with `role`, or None."""
    for one, others in APART.items():
        if role == one and held & others:
            return sorted(held & others)[0]
        if role in others and one in held:
            return one
    return None
