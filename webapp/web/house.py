"""The two records every request meets: the house (what the process was built with) and the principal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

STEP_UP_FOR = timedelta(minutes=30)
STAFF_ROLES = frozenset({"reviewer", "editor", "auditor", "administrator"})


@dataclass(slots=True)
class House:
    """Everything the process was built with; made once by create_app, read by every room."""

    settings: Any
    store: Any
    catalogue: Any
    clock: Any
    blobs: Any = None
    sms: Any = None
    jobs: tuple[Any, ...] = ()
    handlers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    desk: Any = None
    demo: bool = False  # true in a seeded demo world: pages show a banner
    # Each room's forget(tx, member_id, now), called when a member leaves, in the rooms' order.
    forgetters: tuple[Callable[..., Any], ...] = ()
    # Each room's hook(house, member_id, guest: dict, now), called after a registration is committed.
    on_registered: tuple[Callable[..., Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: a member with a live session. Nothing here is trusted from the client."""

    member_id: int
    public_id: str
    nickname: str
    roles: frozenset[str]
    unit_ids: tuple[int, ...]
    merchant_ids: tuple[int, ...]
    session_id: str
    stepped_up_at: datetime | None
    lang: str | None = None
    theme: str | None = None
    elder: bool | None = None
    kind: str = "web"

    # What flask-login asks of a user.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.session_id

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF_ROLES)

    def stepped_up(self, now: datetime) -> bool:
        """True when the password or a code was given within the last 30 minutes."""
        return self.stepped_up_at is not None and now - self.stepped_up_at <= STEP_UP_FOR
