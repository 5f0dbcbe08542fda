"""The processes that decode photos: two are kept ready, one that dies or hangs is replaced, none outlives us.

A process serves one photo at a time and is handed over between threads. What it answers is not believed: lengths
and kinds are checked, as a picture that took it over could say anything.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import queue
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("child.py")
PROCESSES = 2  # each may take 900 MB for a moment, whatever the number of threads that wait
WAIT = 12.0  # seconds by the clock for one photo; the processor's seconds are limited in the process itself
PHOTOS = 400  # then a fresh process, so that nothing piles up
PARTS = 5
MOST_ANSWER = 16 * 1024 * 1024
LOOK, HUE = 192 * 192, 12 * 12 * 3


class Gone(Exception):
    """The process died, was stopped, or answered nonsense."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What the process made of a photo."""

    told: dict[str, Any]
    copy: bytes
    thumbnail: bytes
    look: bytes
    hue: bytes


class Child:
    """One process, asked and answered over its pipes."""

    def __init__(self) -> None:
        path = os.pathsep.join(each for each in sys.path if each)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-B", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": path, "PATH": os.defpath},  # none of our secrets
            cwd="/",
            start_new_session=True,  # Ctrl-C is for us; it goes when its input ends
        )
        self.left = PHOTOS
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError, AttributeError):  # a wider pipe is quicker; some systems refuse
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)  # type: ignore[arg-type]

    def ask(self, sent: bytes, kind: str, wait: float) -> list[bytes]:
        """Hand over a photo; raises Gone after `wait` seconds or when the process ends."""
        watch = threading.Timer(wait, self.process.kill)
        watch.daemon = True
        watch.start()
        try:
            assert self.process.stdin is not None
            self.process.stdin.write(struct.pack(">8sI", kind.encode(), len(sent)))
            self.process.stdin.write(sent)
            self.process.stdin.flush()
            return [self._part() for _ in range(PARTS)]
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from error
        finally:
            watch.cancel()
            self.left -= 1

    def _part(self) -> bytes:
        length = struct.unpack(">I", self._exactly(4))[0]
        if length > MOST_ANSWER:
            raise Gone("too long an answer")
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        assert self.process.stdout is not None
        data = self.process.stdout.read(length)
        if len(data) < length:
            raise Gone("it ended")
        return data

    def end(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process.wait()


class Pool:
    """Children for all threads of this process; started when the first photo comes."""

    def __init__(self, size: int = PROCESSES, wait: float = WAIT) -> None:
        self.size, self.wait = size, wait
        self.reset()
        os.register_at_fork(after_in_child=self.reset)
        atexit.register(self.close)

    def reset(self) -> None:
        """Start from nothing: a forked process must not share its parent's children."""
        self._idle: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(self.size):
            self._idle.put(None)

    def take_in(self, sent: bytes, kind: str) -> TakenIn:
        """Decode a photo; raises Gone for what cannot be decoded within the limits."""
        child = self._idle.get()  # waits while all are busy
        try:
            if child is None or child.process.poll() is not None:
                child = self._replaced(child)
            try:
                parts = child.ask(sent, kind, self.wait)
            except BaseException:
                self._ended(child)
                child = None
                raise
            if child.left <= 0:
                self._ended(child)
                child = None
        finally:
            self._idle.put(child)
        return _checked(parts)

    def close(self) -> None:
        """End the processes that are idle; busy ones go when their input ends, as we do."""
        for _ in range(self.size):
            with suppress(queue.Empty):
                child = self._idle.get_nowait()
                if child is not None:
                    child.end()
                self._idle.put(None)

    def _replaced(self, child: Child | None) -> Child:
        self._ended(child)
        return Child()

    def _ended(self, child: Child | None) -> None:
        if child is not None:
            child.end()


def _checked(parts: list[bytes]) -> TakenIn:
    told = json.loads(parts[0])
    if not isinstance(told, dict) or "fault" in told:
        raise Gone(str(told)[:80])
    answer = TakenIn(told, *parts[1:])
    jpegs = all(each.startswith(b"\xff\xd8\xff") for each in (answer.copy, answer.thumbnail))
    sides = [told.get("width"), told.get("height")]
    if not jpegs or len(answer.look) != LOOK or len(answer.hue) != HUE:
        raise Gone("an answer of another kind")
    if not all(isinstance(side, int) and 0 < side <= 1600 for side in sides):
        raise Gone("an answer of another size")
    return answer


POOL = Pool()
