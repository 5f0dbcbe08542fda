"""Work of methods in the background: what a draft would have changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webapp.methods import service


def what_if(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Outbox row methods.what_if: somebody at the desk asked what a draft would have changed."""
    service.run_what_if(house, int(payload["run"]))


HANDLERS = {service.WHAT_IF: what_if}
