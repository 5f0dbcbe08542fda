"""`test`: finds or installs the browser, the servers and a Chinese font, then runs pytest; nothing is skipped in silence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from webapp.launch.bootstrap import ROOT
from webapp.launch.trouble import Trouble
from webapp.settings import load

BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chrome")


def run(*, expression: str | None, fast: bool, rest: list[str]) -> int:
    """Run pytest with what it needs in place; pytest's exit code is ours."""
    load()  # a misspelt setting stops here
    if not fast:
        install_missing()
    command = [sys.executable, "-m", "pytest", *(["-k", expression] if expression else [])]
    command += [*(["--fast"] if fast else []), *rest]
    environment = {**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1", "PYTHONUNBUFFERED": "1"}
    if memory := memory_folder():
        environment.setdefault("TMPDIR", memory)  # thousands of small databases need no disk
    with _bytecode_kept(environment):
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


@contextmanager
def _bytecode_kept(environment: dict[str, str]) -> Iterator[None]:
    """Hundreds of processes are started: where Python is told to keep no bytecode, each would compile everything anew.

    It is then kept in a folder of its own, which goes with the run, so that nothing is left beside the sources.
    """
    if not environment.pop("PYTHONDONTWRITEBYTECODE", None):
        yield
        return
    with TemporaryDirectory(prefix="puhui-bytecode-", dir=environment.get("TMPDIR")) as folder:
        environment["PYTHONPYCACHEPREFIX"] = folder
        yield


def memory_folder() -> str | None:
    """The folder that lives in memory, when it is there and has room for the tests."""
    folder = "/dev/shm"  # noqa: S108 - made for this
    try:
        roomy = shutil.disk_usage(folder).free > 4 * 2**30
    except OSError:
        return None
    return folder if roomy and os.access(folder, os.W_OK) else None


def install_missing() -> None:
    """Install what is missing when we are root on Debian; otherwise stop with the exact line to type."""
    missing = [package for package, there in NEEDED.items() if not there()]
    if not missing:
        return
    names = " ".join(missing)
    update, install = "apt-get update", f"apt-get install -y --no-install-recommends {names}"
    if not shutil.which("apt-get"):
        raise Trouble(f"The tests need these, which are missing here: {names}. Install them and try again.")
    if os.geteuid() != 0:
        raise Trouble(f"The tests need what is missing here; run:\n  sudo sh -c '{update} && {install}'")
    print(f"Installing what the tests need: {names} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (update, install):
        done = subprocess.run(command.split(), env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise Trouble(f"This failed (see above); the tests need {names}:\n  {command}")
    still = [package for package in missing if not NEEDED[package]()]
    if still:
        raise Trouble(
            f"{' '.join(still)} was installed but does not work here. On Ubuntu the chromium package is a "
            "stub; install Google Chrome or name a browser in PUHUI_CHROMIUM."
        )


def find_chromium() -> str | None:
    """A browser that the tests can drive: the one named in PUHUI_CHROMIUM, or one in the path that is no stub."""
    named = os.environ.get("PUHUI_CHROMIUM")
    if named:
        return named
    found = (shutil.which(name) for name in BROWSERS)
    return next((path for path in found if path and not _is_snap_stub(Path(path))), None)


def _is_snap_stub(path: Path) -> bool:
    """Ubuntu's package is a small script that asks for the snap store, which servers and containers lack."""
    real = path.resolve()
    try:
        return real.stat().st_size < 20_000 and b"snap" in real.read_bytes()
    except OSError:
        return True


def _has_postgres() -> bool:
    from tests.servers import postgres_program

    return bool(postgres_program("initdb") and postgres_program("postgres"))


def _has_chinese_font() -> bool:
    lister = shutil.which("fc-list")
    if not lister:
        return False
    said = subprocess.run([lister, ":lang=zh", "family"], capture_output=True, check=False)
    return bool(said.stdout.strip())


NEEDED: dict[str, Callable[[], bool]] = {
    "chromium": lambda: find_chromium() is not None,
    "fonts-noto-cjk": _has_chinese_font,
    "postgresql": _has_postgres,
    "redis-server": lambda: shutil.which("redis-server") is not None,
}
