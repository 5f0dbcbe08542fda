"""Workers of an import: processes that each read the whole file and post side by side, each its own share of the members.

Reading a row twice takes less than handing its act from one process to another.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from webapp.feeds.posting import Done, Job, Poster, find_members
from webapp.feeds.reading import Rows
from webapp.store import Store

SHARE = 5_000  # rows for each worker in a part of the file
AHEAD = 4  # parts that a worker may be ahead of the slowest; more would only fill memory
NEIGHBOURS = 8  # bits of a member's number: fewer spread each worker over all pages, more leave a small park to one
LAST_WORD_SECONDS = 30


class WorkerFailed(Exception):
    """A worker gave up; the import can be run again."""


class Workers:
    """Processes that go through the file part by part; each member's acts are posted by one of them, in the order of the file.

    None posts anything before `finish`: a part is posted when a leave for it has come.
    """

    def __init__(self, store: Store, job: Job, encoding: str) -> None:
        context = get_context("fork")
        self._talks: list[Connection] = []
        self._processes: list[Any] = []
        for number in range(job.workers):
            ours, theirs = context.Pipe()
            self._talks.append(ours)
            process = context.Process(
                target=_work, args=(store, job, encoding, number, theirs, list(self._talks)), daemon=True
            )
            process.start()
            theirs.close()
            self._processes.append(process)

    def finish(self) -> Iterator[Done]:
        """Let them post, and tell what became of each part, in the order of the file; raises WorkerFailed."""
        for _ in range(AHEAD):
            self._leave()
        parts: dict[int, tuple[int, Done]] = {}
        told, talking = 0, set(self._talks)
        while talking:
            ready = wait(list(talking))
            for talk in [each for each in self._talks if each in ready]:
                said = _hear(talk)
                if said is None:
                    talking.remove(talk)
                    continue
                part, done = said
                heard, whole = parts.setdefault(part, (0, Done()))
                whole.add(done)
                parts[part] = heard + 1, whole
            while parts.get(told, (0,))[0] == len(self._talks):
                yield parts.pop(told)[1]
                told += 1
                self._leave()

    def end(self) -> None:
        """Send the workers home and wait until they are gone; a batch in hand is durable whole or not at all."""
        for talk in self._talks:
            talk.close()
        for process in self._processes:
            process.join(LAST_WORD_SECONDS)
            process.kill()

    def _leave(self) -> None:
        for talk in self._talks:
            with suppress(OSError):  # it has gone through the file, or has failed and left a word
                talk.send(True)


def _hear(talk: Any) -> tuple[int, Done] | None:
    try:
        said: tuple[int, Done] | str | None = talk.recv()
    except (EOFError, OSError):
        said = "a worker ended before its work"
    if isinstance(said, str):
        raise WorkerFailed(said)
    return said


def _work(store: Store, job: Job, encoding: str, number: int, talk: Connection, others: list[Connection]) -> None:
    """The life of a worker: until the file is gone through, or the process that began it is gone."""
    gc.disable()  # batches make no cycles
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stops the import is heard by the process that counts
    for other in others:
        other.close()  # else nobody would notice that it is closed
    store.forked()
    try:
        for part in enumerate(_parts(store, job, encoding, number, talk)):
            talk.send(part)
        talk.send(None)
    except (EOFError, BrokenPipeError):
        return
    except Exception as fault:  # noqa: BLE001 - told to the process that counts, which ends the import
        with suppress(OSError):
            talk.send(f"{type(fault).__name__}: {str(fault)[:500]}")


def _parts(store: Store, job: Job, encoding: str, number: int, talk: Connection) -> Iterator[Done]:
    """What became of the worker's share of each part."""
    count, poster = job.workers, Poster(store, job)

    def mine(line: int, member: int) -> bool:
        return ((member >> NEIGHBOURS) if member else line) % count == number

    with job.path.open(encoding=encoding, newline="") as file:
        rows = Rows(file, job.mapping, job.catalogue)
        lines = rows.lines()
        while part := list(islice(lines, SHARE * job.workers)):
            with store.read() as tx:
                done, acts, places = find_members(tx, job, rows.says, part, mine)
            talk.recv()
            yield poster.post(acts, places, done)
