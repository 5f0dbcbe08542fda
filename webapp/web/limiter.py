"""Counting requests in a window, in Redis when there is one, else in this process."""

from __future__ import annotations

from typing import Any

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter


class Limiter:
    """`allow("who", 60, 10)`: true for the first 60 calls in each 10 seconds."""

    def __init__(self, redis_url: str | None = None) -> None:
        storage: Any = storage_from_string(redis_url) if redis_url else MemoryStorage()
        self._windows = FixedWindowRateLimiter(storage)

    def allow(self, key: str, amount: int, seconds: int) -> bool:
        return bool(self._windows.hit(RateLimitItemPerSecond(amount, seconds), key))


def open_limiter(settings: Any) -> Limiter:
    return Limiter(settings.redis_url)
