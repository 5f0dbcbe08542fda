"""Whether the broker that carries keys to the workers can be reached."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from webapp.settings import Settings


def answers(settings: Settings) -> bool:
    """Redis answers, or the folder of messages can be written."""
    if settings.redis_url is None:
        return os.access(settings.broker_dir / "messages", os.W_OK)
    try:
        return bool(_redis(settings.redis_url).ping())
    except Exception:  # noqa: BLE001 - away is away, whatever the driver calls it
        return False


@lru_cache(maxsize=4)
def _redis(url: str) -> Any:
    import redis

    return redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=2)
