"""Which addresses may be listened on: this machine always, the network only when no well-known password opens anything."""

from __future__ import annotations

import errno
import socket

from webapp.launch.trouble import Trouble
from webapp.settings import Settings
from webapp.store import Store

LOOPBACK = ("127.0.0.1", "::1", "localhost")
FIRST_PORT, LAST_PORT = 8000, 8099


def refuse_open_doors(settings: Settings, host: str, *, demo_to_come: bool = False) -> None:
    """Refuse a network address while demo sign-ins or the development inbox exist, and say the way out."""
    if host in LOOPBACK:
        return
    if demo_to_come or _demo_there(settings):
        raise Trouble(
            f"Listening on {host} is refused: the demo world's passwords are known to everybody. "
            "Start with --no-demo and a database of its own, for example "
            "PUHUI_VAR_DIR=var-open PUHUI_SMS_SENDER=none python3 -m webapp up --no-demo --host "
            f"{host}"
        )
    if settings.development_inbox:
        raise Trouble(
            f"Listening on {host} is refused: the development inbox shows everybody's sign-in codes. "
            "Set PUHUI_SMS_SENDER=none (people sign in by password) or PUHUI_ENV=production."
        )


def _demo_there(settings: Settings) -> bool:
    from webapp.members.queries import is_demo
    from webapp.store.migrate import is_current

    if not is_current(settings.database_url):
        return False
    store = Store(settings.database_url)
    try:
        return bool(is_demo(store))
    finally:
        store.dispose()


def free_port(host: str, wanted: int | None) -> int:
    """The wanted port, or the first free one from 8000 up; one sentence if there is none."""
    if wanted is not None:
        fault = _taken(host, wanted)
        if fault is not None:
            raise Trouble(_why(host, wanted, fault))
        return wanted
    for port in range(FIRST_PORT, LAST_PORT + 1):
        fault = _taken(host, port)
        if fault is None:
            return port
        if fault.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise Trouble(_why(host, port, fault))
    raise Trouble(f"All ports from {FIRST_PORT} to {LAST_PORT} are in use; name a free one with --port.")


def _taken(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            return fault
    return None


def _why(host: str, port: int, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program; name another with --port, or leave --port out."
    if fault.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has; name one from 1024 up with --port."
    return f"The address {host} cannot be listened on: {fault.strerror}."
