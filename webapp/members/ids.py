"""The short names by which members are known outside the database."""

from __future__ import annotations

import secrets

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_public_id() -> str:
    """Ten letters that are hard to confuse: short enough to read out, too many to try."""
    return "".join(secrets.choice(LETTERS) for _ in range(10))
