"""The embedded broker: kombu's file transport, made safe for several processes that start and stop at any moment."""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

SCHEME = "puhui-files"


class Channel(filesystem.Channel):
    """kombu writes messages in place and its table of queues without a lock, so that a reader may see half of either."""

    # kombu names the second argument in two ways, so no name is right for both; it passes it by place.
    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        """Write under a hidden name, then rename: a message is there whole or not at all."""
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        half = folder / f".{name}"
        half.write_text(json.dumps(payload), encoding="utf-8")
        half.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message; renaming it decides which of several workers has it."""
        folder = Path(self.data_folder_in)
        for waiting in sorted(folder.glob(f"[!.]*.{queue}.msg")):
            mine = folder / f".taken-{os.getpid()}-{waiting.name}"
            try:
                waiting.rename(mine)
            except FileNotFoundError:
                continue  # another worker was quicker
            text = mine.read_text(encoding="utf-8")
            mine.unlink()
            return json.loads(text)
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        """Messages go straight to the one queue; there is no table to read or to break."""
        return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        pass


class Transport(filesystem.Transport):
    """kombu's, with our channel."""

    Channel = Channel


TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
