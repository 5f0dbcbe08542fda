"""The processes of `up`: started, listened to, started again when they fall, and ended together."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Self

from webapp.launch.bootstrap import ROOT
from webapp.launch.trouble import Trouble

LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
END_SECONDS = 12.0
LOG_BYTES = 5_000_000
PR_SET_PDEATHSIG = 1


class Told(Exception):
    """Somebody asked us to end."""


@dataclass
class Child:
    """One process and what it last said."""

    name: str
    command: str
    process: subprocess.Popen[bytes]
    began: float
    falls: int = 0
    again_at: float | None = None
    last: deque[str] = field(default_factory=lambda: deque(maxlen=12))


class Family:
    """Children share our output with their name before each line, and go when we go, even by kill -9."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = dict(environment)
        self._children: dict[str, Child] = {}
        self._libc = ctypes.CDLL(None)

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._told)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave children behind
        self._end()
        return kind is Told

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        raise Told

    def start(self, name: str, command: str) -> Child:
        """Start `python -m webapp COMMAND` under the name `name`."""
        # The web server ends its own processes when asked; the others would finish their work first,
        # which the outbox makes needless.
        last_word = signal.SIGTERM if name == "web" else signal.SIGKILL
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp", command],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
            preexec_fn=lambda: self._libc.prctl(PR_SET_PDEATHSIG, last_word),
        )
        child = self._children.setdefault(name, Child(name, command, process, time.monotonic()))
        child.process, child.began, child.again_at = process, time.monotonic(), None
        threading.Thread(target=self._listen, args=(child, process.stdout), daemon=True).start()
        return child

    def _listen(self, child: Child, stream: IO[bytes] | None) -> None:
        path = self._logs / f"{child.name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            for line in stream or ():
                log.write(line)
                log.flush()
                text = line.decode("utf-8", "replace").rstrip()
                child.last.append(text)
                print(f"{child.name:<9} | {text}", flush=True)

    def wait_for(self, works: Callable[[], bool], seconds: float, *, fatal: bool = True) -> bool:
        """Wait until `works()`, minding the children meanwhile; whether it did in time."""
        deadline = time.monotonic() + seconds
        while not works():
            web = self._children["web"]
            if fatal and web.process.poll() is not None:
                time.sleep(0.2)  # its last words are on their way
                raise Trouble(_last_words(web))
            if time.monotonic() > deadline:
                if fatal:
                    raise Trouble(f"The web process did not answer within {seconds:.0f} seconds.")
                return False
            self._mind()
            time.sleep(0.1)
        return True

    def watch(self) -> None:
        """Keep the children running until told to end."""
        while True:
            self._mind()
            time.sleep(0.3)

    def _mind(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.again_at is not None:
                if now >= child.again_at:
                    self.start(child.name, child.command)
            elif child.process.poll() is not None:
                child.falls = 1 if now - child.began > STEADY_SECONDS else child.falls + 1
                pause = min(LONGEST_PAUSE, 0.5 * 2**child.falls)
                child.again_at = now + pause
                code = child.process.returncode
                print(f"{child.name:<9} | ended with {code}; again in {pause:.0f} s", flush=True)

    def _end(self) -> None:
        running = [c.process for c in self._children.values() if c.process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _last_words(child: Child) -> str:
    said = "\n  ".join(child.last) or "(it said nothing)"
    return f"The {child.name} process ended while starting:\n  {said}"
