"""Real PostgreSQL and Redis for the tests: found, started on free loopback ports in a temporary folder, and ended by their own ids."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
ALWAYS = (
    "max_connections=200",
    "shared_buffers=128MB",
    "listen_addresses=127.0.0.1",
    "log_statement=none",
)


@dataclass
class Server:
    """A running server; `url` is where it answers and `folder` where it keeps its things."""

    process: subprocess.Popen[bytes]
    url: str
    folder: Path
    port: int
    end_signal: signal.Signals

    def stop(self) -> None:
        """End this server and remove what it kept."""
        if self.process.poll() is None:
            self.process.send_signal(self.end_signal)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def crash(self) -> None:
        """kill -9, as when the power goes; the folder stays."""
        self.process.kill()
        self.process.wait()

    def url_of(self, database: str) -> str:
        return f"{self.url.rsplit('/', 1)[0]}/{database}"


def free_port() -> int:
    """A loopback port that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_program(name: str) -> str | None:
    """Where `initdb` or `postgres` is; Debian keeps them out of the path in a folder by version."""
    versioned = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda found: int(found.parts[4]))
    return str(versioned[-1]) if versioned else shutil.which(name)


def start_postgres(*, durable: bool = False, settings: tuple[str, ...] = ()) -> Server:
    """A fresh cluster with the user and database `postgres`; `durable` keeps fsync on, for crash and speed runs."""
    initdb, postgres = postgres_program("initdb"), postgres_program("postgres")
    if not initdb or not postgres:
        raise RuntimeError("PostgreSQL is not installed: sudo apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="puhui-pg-"))
    user = _unprivileged(folder)
    subprocess.run(  # as the server itself, for it refuses to run as root
        [
            initdb,
            "-D",
            f"{folder}/data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        user=user,
        group=user,
    )
    port = free_port()
    chosen = ALWAYS + (() if durable else QUICK) + settings
    options = [part for setting in chosen for part in ("-c", setting)]
    process = _start(
        [postgres, "-D", f"{folder}/data", "-p", str(port), "-k", str(folder), *options],
        folder,
        user,
        signal.SIGINT,
    )
    server = Server(process, f"postgresql://postgres@127.0.0.1:{port}/postgres", folder, port, signal.SIGINT)
    _wait_until(server, lambda: psycopg.connect(server.url).close())
    return server


def start_redis() -> Server:
    """A Redis that keeps nothing on disk."""
    program = shutil.which("redis-server")
    if not program:
        raise RuntimeError("Redis is not installed: sudo apt-get install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="puhui-redis-"))
    port = free_port()
    command = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    process = _start([*command, "--dir", str(folder)], folder, None, signal.SIGTERM)
    server = Server(process, f"redis://127.0.0.1:{port}/0", folder, port, signal.SIGTERM)
    _wait_until(server, lambda: _ping(port))
    return server


def _ping(port: int) -> None:
    with redis.Redis(port=port) as client:
        client.ping()


def _unprivileged(folder: Path) -> str | None:
    """Hand the folder to the user postgres when we are root; nothing to do otherwise."""
    if os.geteuid() != 0:
        return None
    shutil.chown(folder, "postgres", "postgres")
    return "postgres"


def _start(command: list[str], folder: Path, user: str | None, end: signal.Signals) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)
    log = (folder / "log").open("wb")
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,
        user=user,
        group=user,
        start_new_session=True,
        preexec_fn=lambda: libc.prctl(1, int(end)),  # PR_SET_PDEATHSIG: goes when the tests go
    )


def _wait_until(server: Server, works: Callable[[], None], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        with suppress(psycopg.OperationalError, redis.ConnectionError):
            works()
            return
        time.sleep(0.05)
    said = (server.folder / "log").read_text(errors="replace")[-2000:]
    server.stop()
    raise RuntimeError(f"the server did not start: {said}")
