"""`up`: from nothing to a page and back, twice; it leaves nothing behind, and each trouble is one plain sentence."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import free_port
from webapp.launch import bootstrap
from webapp.launch.trouble import Trouble
from webapp.settings import ROOT

LEAVE_OUT = (
    ".git",
    ".venv",
    ".bootstrap",
    "var",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
)


def environment(var_dir: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PUHUI_VAR_DIR": str(var_dir), **more}


def up(var_dir: Path, *options: str, seconds: int = 120, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "webapp", "up", *options],
        cwd=ROOT,
        env=environment(var_dir, **more),
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def work_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def processes_of(var_dir: Path) -> set[int]:
    """Everything that was started for this var folder, by what its environment says."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"PUHUI_VAR_DIR={var_dir}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.add(int(entry.name))
            except OSError:
                continue
    return found


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A started `up` and its address."""
    with started(tmp_path / "var") as process:
        yield process, wait_for_address(process)


def started(var_dir: Path) -> subprocess.Popen[str]:
    port = str(free_port())
    return subprocess.Popen(
        [sys.executable, "-m", "webapp", "up", "--no-demo", "--port", port],
        cwd=ROOT,
        env=environment(var_dir),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"Puhui is at (http://\S+)", line):
            return found[1]
    raise AssertionError("".join(said))


@pytest.mark.slow
def test_up_works_and_the_second_start_is_quick(tmp_path: Path) -> None:
    first = up(tmp_path / "var", "--no-demo", "--check")
    assert first.returncode == 0, first.stdout + first.stderr
    assert (tmp_path / "var" / "puhui.db").exists()
    began = work_of_children()
    second = up(tmp_path / "var", "--no-demo", "--check")
    assert second.returncode == 0, second.stdout + second.stderr
    # Processor time, so that a busy machine does not decide; alone it is half of that on the clock.
    assert work_of_children() - began < 15
    assert processes_of(tmp_path / "var") == set()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_up_ends_its_children_end_too(
    running: tuple[subprocess.Popen[str], str], how: signal.Signals, tmp_path: Path
) -> None:
    process, address = running
    with urllib.request.urlopen(f"{address}/healthz") as answer:
        assert answer.status == 200
    time.sleep(2)
    assert len(processes_of(tmp_path / "var")) >= 4
    twice = up(tmp_path / "var", "--no-demo")
    assert twice.returncode == 2 and "running here already" in twice.stderr and address in twice.stderr
    process.send_signal(how)
    process.wait(20)
    deadline = time.monotonic() + 15
    while processes_of(tmp_path / "var") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(tmp_path / "var") == set()


@pytest.mark.slow
def test_a_fallen_child_is_started_again(running: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    process, _address = running
    time.sleep(3)

    def workers() -> set[int]:
        lines = {pid: Path(f"/proc/{pid}/cmdline") for pid in processes_of(tmp_path / "var")}
        return {pid for pid, file in lines.items() if b"\0worker\0" in file.read_bytes()}

    (first,) = workers()
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while not (workers() - {first}):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    process.wait(20)


@pytest.mark.servers
def test_up_works_on_postgresql_and_redis(postgres: object, redis_url: str, tmp_path: Path) -> None:
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True) as connection:  # type: ignore[attr-defined]
        connection.execute("DROP DATABASE IF EXISTS up_park WITH (FORCE)")
        connection.execute("CREATE DATABASE up_park")
    url = postgres.url_of("up_park")  # type: ignore[attr-defined]
    done = up(
        tmp_path / "var", "--no-demo", "--check",
        PUHUI_DATABASE_URL=url, PUHUI_REDIS_URL=redis_url, PUHUI_WEB_PROCESSES="2",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "var" / "puhui.db").exists()


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        done = up(tmp_path / "var", "--no-demo", "--port", port)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and f"Port {port} is in use" in done.stderr


def test_an_unwritable_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = up(tmp_path / "file" / "var", "--no-demo")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [((), "--no-demo"), (("--no-demo",), "PUHUI_SMS_SENDER=none")],
)
def test_the_network_is_refused_with_the_way_out(options: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = up(tmp_path / "var", "--host", "0.0.0.0", *options)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and says in done.stderr


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/park"
    done = up(tmp_path / "var", "--no-demo", PUHUI_DATABASE_URL=url)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "database cannot be used" in done.stderr


def test_processes_refuse_a_database_that_is_not_migrated(tmp_path: Path) -> None:
    for command in ("serve", "worker", "scheduler", "audit"):
        done = subprocess.run(
            [sys.executable, "-m", "webapp", command],
            cwd=ROOT, env=environment(tmp_path / "var"), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 2 and "webapp migrate" in done.stderr, command


@pytest.mark.parametrize(
    ("apt", "user", "says"),
    [
        ("/usr/bin/apt-get", 1000, "sudo sh -c 'apt-get update && apt-get install -y python3-pip'"),
        (None, 0, "install pip"),
    ],
)
def test_a_missing_pip_is_one_sentence(apt: str | None, user: int, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: apt)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(bootstrap.CannotSetUp, match=re.escape(says)):
        bootstrap._get_pip()


def test_missing_test_tools_are_named_with_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from webapp.launch import testing

    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("PUHUI_CHROMIUM", raising=False)
    with pytest.raises(Trouble, match=r"sudo sh -c 'apt-get update && apt-get install .*chromium"):
        testing.install_missing()


@pytest.mark.slow
def test_a_clean_copy_sets_itself_up(tmp_path: Path) -> None:
    copy = tmp_path / "clone"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEAVE_OUT))
    base = getattr(sys, "_base_executable", sys.executable)
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [base, "-m", "webapp", "up", "--no-demo", "--check"],
        cwd=copy, env=clean, capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (copy / ".venv" / ".installed").exists() and (copy / "var" / "puhui.db").exists()
