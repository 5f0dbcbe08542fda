"""Measures logging, home and a board at 100,000 members beside a posting function in PostgreSQL itself.

`python -m bench.run` (options: --members, --rounds, --seconds). Everything alternates in one run, on durable
commits; what counts are the ratios. Needs PostgreSQL, pgbench and wrk (Debian: postgresql, wrk).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench import world
from tests.servers import Server, free_port, postgres_program, start_postgres

HERE = Path(__file__).parent
SIZES = (
    "shared_buffers=2GB", "effective_cache_size=12GB", "work_mem=64MB", "maintenance_work_mem=512MB",
    "max_wal_size=16GB", "checkpoint_timeout=15min", "jit=off",
)  # fmt: skip
YARDSTICK_UNITS = 2000


@dataclass(frozen=True)
class Load:
    """What wrk saw: answers a second, latencies in milliseconds, and answers that were not 2xx or never came."""

    rate: float
    p50: float
    p99: float
    errors: int


def yardstick(server: Server, seconds: int) -> float:
    """Transactions a second of the unchanged posting function at 16 clients."""
    pgbench = postgres_program("pgbench") or "pgbench"
    command = [
        pgbench, "-n", "-M", "prepared", "-T", str(seconds), "-c", "16", "-j", "2", "-D", "nu=100000", "-D", "ulo=1",
        "-D", f"uhi={YARDSTICK_UNITS}", "-f", str(HERE / "yardstick/post_fn.sql"), *_place(server), "yardstick",
    ]  # fmt: skip
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"tps = ([0-9.]+)", out)
    assert found, out
    return float(found[1])


def wrk(script: str, port: int, seconds: int, connections: int, **settings: str) -> Load:
    """Load the site with wrk."""
    command = [
        "wrk",
        "-t2",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(HERE / script),
        f"http://127.0.0.1:{port}",
    ]
    out = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **settings}).stdout
    errors = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    errors += sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", out))
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", out)
    assert rate, out
    return Load(float(rate[1]), _ms(out, "50%"), _ms(out, "99%"), errors)


def _ms(out: str, which: str) -> float:
    found = re.search(rf"{which}\s+([0-9.]+)(us|ms|s)", out)
    assert found, out
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def _place(server: Server) -> list[str]:
    return ["-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"]


def prepare(server: Server, members: int, folder: Path) -> dict[str, Any]:
    """The yardstick's database and ours, filled; returns what the loads need."""
    from webapp.settings import Settings
    from webapp.store import Store

    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE yardstick")
        connection.execute("CREATE DATABASE puhui")
    schema = ["psql", "-q", *_place(server), "-d", "yardstick", "-v", "nu=100000", "-v", f"nun={YARDSTICK_UNITS}"]
    subprocess.run([*schema, "-f", str(HERE / "yardstick/schema.sql")], check=True, capture_output=True)
    url = server.url_of("puhui")
    store = Store(url)
    now = world.fill(store, members)
    api = world.open_sessions(store, range(1, members + 1), "api", now)
    web = world.open_sessions(store, range(1, 2001), "web", now)
    settings = Settings(env="test", database_url=url, var_dir=folder)
    from webapp.app import create_app

    app = create_app(settings)
    keys = world.write_lines(folder / "tokens", api)
    jar = world.write_lines(folder / "cookies", world.cookies(app, web))
    store.dispose()
    return {
        "url": url,
        "keys": str(keys),
        "jar": str(jar),
        "at": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
    }


def serve(url: str, folder: Path, processes: int, threads: int) -> tuple[subprocess.Popen[bytes], int]:
    """The real web server on durable PostgreSQL."""
    port = free_port()
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PUHUI_")},
        "PUHUI_ENV": "test", "PUHUI_DATABASE_URL": url, "PUHUI_VAR_DIR": str(folder), "PUHUI_PORT": str(port),
        "PUHUI_WEB_PROCESSES": str(processes), "PUHUI_WEB_THREADS": str(threads), "PUHUI_LOG_LEVEL": "error",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "webapp", "serve"], env=env)
    for _ in range(300):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/openapi.json", timeout=2):
            return process, port
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def measure(given: argparse.Namespace, server: Server, ready: dict[str, Any], port: int) -> dict[str, list[Any]]:
    seen: dict[str, list[Any]] = {name: [] for name in ("yardstick", "log", "home", "board", "board API")}
    log = {"BENCH_KEYS": ready["keys"], "BENCH_AT": ready["at"]}
    page = {"BENCH_KEYS": ready["jar"], "BENCH_HEADER": "Cookie"}
    call = {"BENCH_KEYS": ready["keys"], "BENCH_HEADER": "Authorization"}
    wrk("log.lua", port, 2, 32, **log)  # warm
    for _ in range(given.rounds):
        seen["yardstick"].append(yardstick(server, given.seconds))
        seen["log"].append(wrk("log.lua", port, given.seconds, 32, **log))
        seen["home"].append(wrk("read.lua", port, given.seconds, 8, BENCH_PATH="/", **page))
        seen["board"].append(wrk("read.lua", port, given.seconds, 8, BENCH_PATH="/rankings/members", **page))
        seen["board API"].append(
            wrk("read.lua", port, given.seconds, 8, BENCH_PATH="/api/v1/rankings/members/me", **call)
        )
    return seen


def report(seen: dict[str, list[Any]], members: int) -> None:
    floor = seen.pop("yardstick")
    print(f"\n{members:,} members; yardstick (posting function, 16 clients): {statistics.median(floor):,.0f} tx/s")
    print(f"{'':12} {'req/s':>9} {'ratio':>7} {'p50 ms':>8} {'p99 ms':>8} {'errors':>7}")
    for name, loads in seen.items():
        ratio = statistics.median(load.rate / base for load, base in zip(loads, floor, strict=True))
        middle = [statistics.median(getattr(load, field) for load in loads) for field in ("rate", "p50", "p99")]
        print(
            f"{name:12} {middle[0]:>9,.0f} {ratio:>7.2f} {middle[1]:>8.1f} {middle[2]:>8.1f} {sum(x.errors for x in loads):>7}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=16)
    given = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: sudo apt-get install wrk")
    server = start_postgres(durable=True, settings=SIZES)
    with tempfile.TemporaryDirectory() as name:
        process = None
        try:
            ready = prepare(server, given.members, Path(name))
            process, port = serve(ready["url"], Path(name), given.processes, given.threads)
            report(measure(given, server, ready, port), given.members)
        finally:
            if process:
                process.terminate()
                process.wait(20)
            server.stop()


if __name__ == "__main__":
    main()
