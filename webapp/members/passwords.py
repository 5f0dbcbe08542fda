"""Passwords: argon2id, a list of what everybody guesses, and the same time for an unknown login."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_COMMON = Path(__file__).with_name("common_passwords.txt")


def hash_password(password: str) -> str:
    return _hasher.hash(unicodedata.normalize("NFKC", password))


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash nothing matches, so that an unknown login costs the same time."""
    return _hasher.hash("nobody has this password \0")


def matches(stored: str | None, password: str) -> bool:
    """True when the password is right; takes as long when nothing is stored."""
    try:
        right = _hasher.verify(stored or _nobody(), unicodedata.normalize("NFKC", password[:128]))
        return bool(right) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


def fault(password: str, login: str | None = None, staff: bool = False) -> str | None:
    """The reason code of a password that is not good enough, or None."""
    if len(password) < 8:
        return "password_short"
    if staff and len(password) < 12:
        return "password_short_staff"
    if len(password) > 128:
        return "password_long"
    plain = password.lower()
    bare = plain.strip("0123456789!@#$%^&*._- ")
    guessable = plain in _common() or bare in _common() or (not bare and _simple(plain))
    if guessable or len(set(plain)) < 4 or (login and plain.startswith(login)):
        return "password_common"
    return None


def _simple(digits: str) -> bool:
    """Digits that anybody would try: runs, repeats, dates of birth, phone numbers."""
    bare = "".join(c for c in digits if c.isdigit())
    runs = "01234567890123456789", "98765432109876543210"
    if any(bare[:8] in run for run in runs) or len(set(bare)) < 5:
        return True
    return (len(bare) == 8 and bare[:2] in ("19", "20")) or (len(bare) == 11 and bare[0] == "1")
