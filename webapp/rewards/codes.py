"""Redemption codes: made from 50 random bits, shown in groups, read however they are typed."""

from __future__ import annotations

import secrets

# No I, L, O or U: nothing that looks like a digit, and no accidental words.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """AB3DE-6GH7K: two groups, easy to read out at a counter."""
    return f"{code[:5]}-{code[5:]}"


def typed(text: str) -> str:
    """What somebody typed, read kindly: case, spaces, dashes, full-width and lookalike letters."""
    halved = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    kept = (c for c in halved.upper() if c.isalnum() and c.isascii())
    return "".join(kept).translate(LOOKALIKES)
