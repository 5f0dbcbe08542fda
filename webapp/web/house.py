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
    mail: Any = None
    jobs: tuple[Any, ...] = ()
    handlers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    desk: Any = None
    demo: bool = False  # true in a seeded demo world: pages show a banner
    # Each room's forget(tx, member_id, now), called when a member leaves, in the rooms' order.
    forgetters: tuple[Callable[..., Any], ...] = ()
    # Each room's hook(house, member_id, guest: dict, now), called after a registration is committed.
    on_registered: tuple[Callable[..., Any], ...] = ()
    # Each room's export(house, tx, member_id): what a member gets beside the rows of the tables.
    exporters: tuple[Callable[..., Any], ...] = ()
    # Each room's refresh(house, now), called before a request or a job begins; nearly free when nothing changed.
    refreshers: tuple[Callable[..., Any], ...] = ()
    # Each room's audiences(member_id): selects of the audiences this member belongs to, such as unit:7.
    audiences: tuple[Callable[..., Any], ...] = ()
    # Each room's beside_name(tx, "unit" or "member", id): what stands beside a name on its own page.
    beside_names: tuple[Callable[..., Any], ...] = ()
    # What rooms remember in this process.
    memory: dict[str, Any] = field(default_factory=dict)

    def beside_name(self, tx: Any, who: str, subject_id: int) -> list[Any]:
        """What every room shows beside a unit or a member."""
        return [each for beside in self.beside_names for each in beside(tx, who, subject_id)]

    def refresh(self, now: datetime) -> None:
        """Let every room catch up with what other processes decided."""
        for refresh in self.refreshers:
            refresh(self, now)


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
