"""The demo world's way into an empty database, whole or not at all, and the first administrator's token."""

from __future__ import annotations

import os
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from points_engine.clock import SystemClock, local_day
from webapp.launch.trouble import Trouble
from webapp.settings import Settings
from webapp.store import Store, migrate

DEFAULT = {"members": 2000, "units": 40, "days": 60, "seed": 1}


def yesterday() -> date:
    return local_day(SystemClock().now()) - timedelta(days=1)


def is_empty(store: Store) -> bool:
    """Whether nobody lives in this database yet."""
    with store.read() as tx:
        return tx.row(text("SELECT id FROM member LIMIT 1")) is None


def refuse_unless_empty(store: Store) -> None:
    if not is_empty(store):
        raise Trouble("There are members in this database already; a demo world needs an empty one.")


def seed_if_empty(settings: Settings) -> bool:
    """Bring the default demo world into an empty database; a start that is cut short leaves it empty."""
    store = Store(settings.database_url)
    try:
        if not is_empty(store):
            _refuse_half(settings)
            return False
        if store.dialect == "sqlite":
            _beside(settings, store)
        else:
            mark = _mark(settings)
            mark.write_text(settings.env, encoding="utf-8")
            build(settings, store, **DEFAULT, until=yesterday())
            mark.unlink()
    finally:
        store.dispose()
    return True


def _mark(settings: Settings) -> Path:
    return settings.var_dir / "seeding"


def _refuse_half(settings: Settings) -> None:
    if _mark(settings).exists():
        raise Trouble(
            "The last start was cut short while it filled the database with the demo world; "
            f"empty the database, remove {_mark(settings)} and start again."
        )


def _beside(settings: Settings, store: Store) -> None:
    """Fill a file of its own and move it into place, so that there is never half a world."""
    place = Path(str(store.engine.url.database))
    beside = place.with_name(place.name + ".new")
    for leftover in (beside, Path(f"{beside}-wal"), Path(f"{beside}-shm")):
        leftover.unlink(missing_ok=True)
    url = f"sqlite:///{beside}"
    migrate.upgrade(url)
    half = Store(url)
    event.listen(half.engine, "connect", _without_waiting)
    build(settings.model_copy(update={"database_url": url}), half, **DEFAULT, until=yesterday())
    half.dispose()
    store.dispose()
    assert not Path(f"{beside}-wal").exists(), "the last connection writes the log back when it closes"
    for leftover in (Path(f"{place}-wal"), Path(f"{place}-shm")):
        leftover.unlink(missing_ok=True)
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(place)


def _without_waiting(connection: Any, _record: Any) -> None:
    """A file that is thrown away when the start is cut short need not reach the disk at every step."""
    connection.execute("PRAGMA synchronous=OFF")


def build(settings: Settings, store: Store, **arguments: Any) -> None:
    """Make a demo world with a bar that shows how far it is."""
    from webapp import demo

    try:
        demo.build(store, settings=settings, **arguments, progress=_Bar())
    except ValueError as fault:
        raise Trouble(f"{fault}.") from fault
    print(file=sys.stderr)


class _Bar:
    """progress(share, text): one line that grows on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, share: float, text: str = "") -> None:
        now = time.monotonic()
        if now - self._said < (0.1 if sys.stderr.isatty() else 5) and share < 1:
            return
        self._said = now
        done = int(30 * min(1.0, share))
        line = f"demo world [{'#' * done}{'.' * (30 - done)}] {share:4.0%} {text}"
        end = "\r" if sys.stderr.isatty() else "\n"
        print(f"{line:<78}", end=end, file=sys.stderr, flush=True)


def admin_token(house: Any) -> str | None:
    """A one-time token for the first administrator; None if there is one."""
    from webapp.members import staff

    with house.store.write() as tx:
        token = staff.create_admin_token(tx, house.clock.now())
    return str(token) if token else None


def admin_link(base_url: str | None, token: str) -> str:
    """The address that opens the first administrator's page, once."""
    return f"{base_url or 'http://127.0.0.1:8000'}/first-admin?token={token}"
