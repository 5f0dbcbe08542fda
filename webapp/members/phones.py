"""Phone numbers: encrypted to be kept, fingerprinted to be found, masked to be shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from points_engine.errors import Invalid

_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def normal(text: str | None) -> str:
    """Eleven digits from what people type: full-width digits, spaces, hyphens, +86; else Invalid."""
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text or "")[:40])
    digits = re.sub(r"^(\+86|0086)", "", digits)
    if not _MOBILE.fullmatch(digits):
        raise Invalid({"phone": "phone"})
    return digits


def mask(phone: str) -> str:
    """138****1234"""
    return f"{phone[:3]}****{phone[-4:]}"


class PhoneBook:
    """Seals and fingerprints numbers with the platform's two keys."""

    def __init__(self, key: str, pepper: str) -> None:
        derived = hashlib.sha256(b"puhui phone cipher\0" + key.encode()).digest()
        self._box = Fernet(base64.urlsafe_b64encode(derived))
        self._pepper = pepper.encode()

    def seal(self, phone: str) -> str:
        return self._box.encrypt(phone.encode()).decode()

    def open(self, sealed: str | None) -> str | None:
        """The number, or None when there is none or the key is not the one it was sealed with."""
        if not sealed:
            return None
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def fingerprint(self, text: str) -> str:
        """The same for the same number, and useless without the pepper."""
        return hmac.new(self._pepper, b"phone\0" + text.encode(), hashlib.sha256).hexdigest()

    def tag(self, kind: str, text: str) -> str:
        """A short keyed fingerprint of something else (an address, a login, a code)."""
        return hmac.new(self._pepper, f"{kind}\0{text}".encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def _book(key: str, pepper: str) -> PhoneBook:
    return PhoneBook(key, pepper)


def book(settings: Any) -> PhoneBook:
    """The phone book of these settings."""
    return _book(settings.phone_key, settings.phone_pepper)
