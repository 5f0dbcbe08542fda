"""Makes the virtual environment from the locks with nothing but Python's standard library and pip."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".bootstrap"
STAMP = VENV / ".installed"
LOCK, DEVELOPMENT_LOCK, UV_LOCK = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-uv.lock",
)

USAGE = """Puhui 碳普惠

  python3 -m webapp up [--host H] [--port N] [--check] [--no-demo]   set up and run everything here
  python3 -m webapp test [-k EXPRESSION] [--fast]                    every test
  python3 -m webapp check                                            format, lint, types, every test
  python3 -m webapp serve | worker | scheduler | migrate             the production processes, one each
  python3 -m webapp demo --members N --units U --days D --seed S [--until DATE]   a believable park
  python3 -m webapp audit [--json]                                   re-derive every stored figure
  python3 -m webapp import-activities FILE.csv --source NAME [--dry-run]   a partner's records
  python3 -m webapp import-energy FILE [--dry-run]                   readings of the park's energy platform
  python3 -m webapp verify-trips FILE.jsonl                          judge recorded trips, one line in, one out
  python3 -m webapp openapi                                          print the API's description
  python3 -m webapp admin-token                                      a one-time token for the first administrator"""
COMMANDS = (
    "up", "test", "check", "serve", "worker", "scheduler", "migrate", "demo", "audit", "import-activities", "import-energy", "verify-trips", "openapi", "admin-token",
)  # fmt: skip


class CannotSetUp(Exception):
    """The message is one plain sentence that says what to do."""


def inside() -> bool:
    """Whether this Python is the virtual environment's."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def ensure(*, development: bool) -> Path:
    """Bring the virtual environment up to the lock and return its Python; nothing to do is quick."""
    python = VENV / "bin" / "python"
    if _fits(development):
        return python
    try:
        TOOLS.mkdir(exist_ok=True)
        guard = (TOOLS / "lock").open("w")
    except OSError as fault:
        raise CannotSetUp(
            f"The folder {ROOT} cannot be written ({fault.strerror}); put the checkout where you may write."
        ) from fault
    with guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # two commands at once set up once
        if not _fits(development):
            _install(development or DEVELOPMENT_LOCK in _installed())  # `up` after a new lock keeps the tools
    return python


def _fits(development: bool) -> bool:
    name = DEVELOPMENT_LOCK if development else LOCK
    return bool(_installed().get(name) == _hash(name)) and (VENV / "bin" / "python").exists()


def _installed() -> dict[str, str]:
    """The locks the environment was last brought up to, with their hashes."""
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _hash(name: str) -> str:
    try:
        return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
    except OSError as fault:
        raise CannotSetUp(f"{name} cannot be read: {fault.strerror}; is the checkout whole?") from fault


def _install(development: bool) -> None:
    lock = DEVELOPMENT_LOCK if development else LOCK
    print(f"Setting up .venv from {lock} (once, some seconds to a minute) …", flush=True)
    if not _has_pip():
        _get_pip()
    uv = _uv()
    done = uv is not None and _with_uv(uv, lock)
    if not done:
        _with_pip(lock)
    names = (LOCK, DEVELOPMENT_LOCK) if development else (LOCK,)
    STAMP.write_text(json.dumps({name: _hash(name) for name in names}), encoding="utf-8")


def _base_python() -> str:
    """The Python outside any virtual environment; ours is about to be rebuilt."""
    return getattr(sys, "_base_executable", sys.executable) if inside() else sys.executable


def _has_pip() -> bool:
    return _run([_base_python(), "-m", "pip", "--version"], quiet=True)


def _get_pip() -> None:
    line = "apt-get update && apt-get install -y python3-pip"
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not shutil.which("apt-get"):
        raise CannotSetUp("pip is missing; install pip for this Python and run the same command again.")
    if not root:
        raise CannotSetUp(f"pip is missing; run this and then the same command again:  sudo sh -c '{line}'")
    print("pip is missing: installing Debian's python3-pip …", flush=True)
    if not _run(["sh", "-c", line], quiet=True) or not _has_pip():
        raise CannotSetUp(f"pip is missing and could not be installed; run this yourself:  {line}")


def _uv() -> Path | None:
    """uv at the version of its own lock, kept beside the checkout; None where it cannot be had."""
    folder = TOOLS / f"uv-{_hash(UV_LOCK)[:12]}"
    program = folder / "bin" / "uv"
    if program.exists():
        return program
    command = [_base_python(), "-m", "pip", "install", "--quiet", "--target", str(folder)]
    command += ["--disable-pip-version-check", "--no-input", "--require-hashes", "-r", UV_LOCK]
    return program if _run(command, quiet=True) and program.exists() else None


def _with_uv(uv: Path, lock: str) -> bool:
    environment = {**os.environ, **_index_of_pip()}
    environment.pop("VIRTUAL_ENV", None)
    if not _run([str(VENV / "bin" / "python"), "-c", "pass"], quiet=True):
        shutil.rmtree(VENV, ignore_errors=True)
        make = [
            str(uv),
            "venv",
            "--quiet",
            "--no-config",
            "--no-project",
            "--python",
            _base_python(),
        ]
        if not _run([*make, str(VENV)], environment):
            return False
    sync = [str(uv), "pip", "sync", "--quiet", "--no-config", "--require-hashes", "--python"]
    return _run([*sync, str(VENV / "bin" / "python"), lock], environment)


def _index_of_pip() -> dict[str, str]:
    """uv does not read pip's settings; a mirror that the machine's owner chose for pip is meant for us too."""
    listed = subprocess.run(
        [_base_python(), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    chosen: dict[str, str] = {}
    for line in listed.stdout.splitlines():  # later sections win, the environment last
        name, _, value = line.partition("=")
        chosen[name.rpartition(".")[2].strip()] = value.strip().strip("'\"")
    given = {
        "UV_DEFAULT_INDEX": chosen.get("index-url"),
        "SSL_CERT_FILE": chosen.get("cert"),
        "UV_HTTP_TIMEOUT": "120",
    }
    return {name: value for name, value in given.items() if value and name not in os.environ}


def _with_pip(lock: str) -> None:
    """The slow way where uv cannot be had: Debian's python3 makes an environment without pip, pip fills it."""
    print("uv could not be used; installing with pip, which takes a minute or two …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    python = VENV / "bin" / "python"
    fill = [_base_python(), "-m", "pip", "--python", str(python), "install", "--quiet"]
    fill += ["--disable-pip-version-check", "--no-input", "--require-hashes", "-r", lock]
    if not _run([_base_python(), "-m", "venv", "--without-pip", str(VENV)]) or not _run(fill):
        raise CannotSetUp(
            "The Python packages could not be installed (see above); check the network or pip's index setting "
            "and run the same command again."
        )


def _run(command: list[str], environment: dict[str, str] | None = None, *, quiet: bool = False) -> bool:
    out = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, stdout=out, stderr=out, check=False).returncode == 0
    except OSError:
        return False
