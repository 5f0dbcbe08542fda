"""How many requests one person or one address may send in a short time; far above any honest hand.

Counted in each process by itself, without a library: this stands before every request and may cost next to nothing.
What guards value (sign-ins, codes) is counted in the database instead.
"""

from __future__ import annotations

import time

from flask import request

from points_engine.errors import refuse
from webapp.web.context import address, current

WINDOW = 10  # seconds
PER_MEMBER = 300
PER_ADDRESS = 900
FREE = ("/static/", "/healthz", "/readyz", "/metrics", "/sw.js")


class Windows:
    """Counts by key within the running window; everything is forgotten when the next begins."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._window = 0

    def hit(self, key: str, tick: float) -> int:
        """Count one more of `key` at `tick` seconds; how many there are in its window now."""
        window = int(tick // WINDOW)
        if window != self._window:
            self._counts, self._window = {}, window
        counts = self._counts
        counts[key] = counts.get(key, 0) + 1  # two threads may lose one count; a limit bears that
        return counts[key]

    def over(self, key: str, most: int, tick: float) -> bool:
        """Whether one more would be too many."""
        return int(tick // WINDOW) == self._window and self._counts.get(key, 0) >= most


_windows = Windows()


def check() -> None:
    """Before every request: refuse a flood with too_many_requests (429) and when to come back."""
    if request.path.startswith(FREE):
        return
    person = current()
    key, most = (f"m{person.member_id}", PER_MEMBER) if person else (address(), PER_ADDRESS)
    if _windows.hit(key, time.monotonic()) > most:
        raise refuse("limit", "too_many_requests", retry_after=WINDOW)


def full(member_id: int, address: str) -> bool:
    """Whether this member or this address has had enough already; counts nothing."""
    tick = time.monotonic()
    return _windows.over(f"m{member_id}", PER_MEMBER, tick) or _windows.over(address, PER_ADDRESS, tick)


def count(member_id: int) -> None:
    """Count a request that was answered without coming by `check`."""
    _windows.hit(f"m{member_id}", time.monotonic())
