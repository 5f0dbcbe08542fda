"""`up`: from a checkout to a running platform in one command, and back to nothing when it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import delete

from webapp.jobs.tables import heartbeat
from webapp.launch import doors, seeding
from webapp.launch.family import Family
from webapp.launch.logs import set_up_logs
from webapp.launch.secrets import make_secrets
from webapp.launch.trouble import Trouble
from webapp.settings import Settings, load
from webapp.store import Store, migrate

START_SECONDS = 60
READY_SECONDS = 30


def run(*, host: str | None, port: int | None, check: bool, demo: bool) -> int:
    """Set up, run, and wait for Ctrl-C; with `check` look whether it works and stop."""
    make_secrets(load())
    settings = load()
    set_up_logs(settings)
    host = host or settings.host
    demo = demo and not settings.production
    doors.refuse_open_doors(settings, host, demo_to_come=demo)
    wanted = port or (settings.port if "port" in settings.model_fields_set else None)
    with _alone(settings) as note:
        chosen = doors.free_port(host, wanted)
        prepare(settings, demo=demo)
        address = _address(host, chosen)
        note.write(address)
        note.flush()
        environment = _environment(settings, host, chosen, address)
        with Family(settings.var_dir / "log", environment) as family:
            family.start("web", "serve")
            family.wait_for(lambda: _answers(f"{address}/healthz"), START_SECONDS)
            family.start("worker", "worker")
            family.start("scheduler", "scheduler")
            if check:
                return _check(family, address)
            _welcome(settings, address, host)
            family.watch()
    return 0


def prepare(settings: Settings, *, demo: bool) -> None:
    """Bring the database to this version and, if nobody lives in it, the demo world in."""
    migrate.upgrade(settings.database_url)
    if settings.embedded:  # nobody else works here: who was seen before this start is gone
        _forget_the_dead(settings)
    if demo and seeding.seed_if_empty(settings):
        print("The demo world is in.", flush=True)


def _forget_the_dead(settings: Settings) -> None:
    store = Store(settings.database_url)
    with store.write() as tx:
        tx.execute(delete(heartbeat))
    store.dispose()


@contextmanager
def _alone(settings: Settings) -> Iterator[IO[str]]:
    """One `up` for each var folder: two would share a database and a queue without meaning to."""
    with (settings.var_dir / "up.lock").open("a+", encoding="utf-8") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note.seek(0)
            where = note.read().strip() or "with another process"
            raise Trouble(
                f"Puhui is running here already ({where}); stop it with Ctrl-C in its window first, "
                "or give this one another folder in PUHUI_VAR_DIR."
            ) from None
        note.truncate(0)
        yield note
        note.truncate(0)


def _address(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _environment(settings: Settings, host: str, port: int, address: str) -> dict[str, str]:
    chosen = {"PUHUI_HOST": host, "PUHUI_PORT": str(port)}
    if settings.base_url is None:
        chosen["PUHUI_BASE_URL"] = address
    return {**os.environ, **chosen, "PYTHONUNBUFFERED": "1"}


def _answers(url: str) -> bool:
    try:
        with _open(url) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _open(url: str) -> Any:
    # A proxy set for the internet must not get between us and ourselves.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers={"Accept-Language": "zh-CN"})  # noqa: S310 - our own address
    return opener.open(request, timeout=5)


def _check(family: Family, address: str) -> int:
    """The three things a probe would look at; a line each."""
    began = time.monotonic()
    ready = family.wait_for(lambda: _answers(f"{address}/readyz"), READY_SECONDS, fatal=False)
    took = time.monotonic() - began
    with_page = {"/healthz": True, f"/readyz ({took:.1f} s)": ready, "/": _answers(f"{address}/")}
    for name, good in with_page.items():
        print(f"{'ok  ' if good else 'BAD '} {name}")
    if not ready:
        print(_said(f"{address}/readyz"))
    return 0 if all(with_page.values()) else 1


def _said(url: str) -> str:
    try:
        with _open(url) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as fault:
        return json.dumps(json.loads(fault.read() or b"{}"), ensure_ascii=False)
    except OSError as fault:
        return str(fault)


def _welcome(settings: Settings, address: str, host: str) -> None:
    from webapp.app import build_house

    house = build_house(settings)
    lines = ["", f"  碳普惠 Puhui is at {settings.base_url or address}", ""]
    if house.demo:
        lines += [
            "  Demo sign-ins, all with the password puhui-demo:",
            "    m000001 … (members)   hr-demo (unit admin)   merchant-demo",
            "    reviewer-demo   editor-demo   auditor-demo   admin-demo",
            "",
        ]
    elif token := seeding.admin_token(house):
        link = seeding.admin_link(settings.base_url or address, token)
        lines += [f"  First administrator, once and within a day: {link}", ""]
    if settings.development_inbox:
        lines += [f"  Sign-in codes by phone appear here and at {address}/dev/sms", ""]
    if host not in doors.LOOPBACK:
        lines += _from_elsewhere(address)
    lines += [f"  Logs: {_short(settings.var_dir / 'log')}   Stop: Ctrl-C", ""]
    house.store.dispose()
    print("\n".join(lines), flush=True)


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _from_elsewhere(address: str) -> list[str]:
    """The address for phones in the same network, also as a code to scan."""
    import io

    import segno

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: this only asks which address we would use
            ours = str(probe.getsockname()[0])
        except OSError:
            return []
    url = f"http://{ours}:{address.rpartition(':')[2]}"
    picture = io.StringIO()
    segno.make(url).terminal(out=picture, compact=True)
    return [f"  In this network: {url}", picture.getvalue(), ""]
