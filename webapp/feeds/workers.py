"""Workers of an import: processes that post side by side, each for its own share of the members."""

from __future__ import annotations

import gc
import os
import queue
from collections import deque
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any

from webapp.activities.partner_acts import PartnerAct
from webapp.feeds.posting import Done, Job, Poster
from webapp.store import Store

AHEAD = 2  # shares that wait for each worker; more would only fill memory
LISTEN_SECONDS = 2
NEIGHBOURS = 8  # bits of a member's number
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class WorkerFailed(Exception):
    """A worker gave up; the import can be run again."""


class Workers:
    """Deals acts by member, so that each member's acts are posted by one worker in the order of the file."""

    def __init__(self, store: Store, job: Job) -> None:
        context = get_context("fork")
        self._answers: Any = context.Queue()
        self._desks: list[Any] = [context.Queue(AHEAD) for _ in range(job.workers)]
        self._processes = [
            context.Process(target=_work, args=(store, job, desk, self._answers), daemon=True) for desk in self._desks
        ]
        for process in self._processes:
            process.start()
        self._open = 0
        self._first, self._parts = 0, deque[tuple[list[int], Done]]()  # parts of the file that are not told yet

    def post(self, acts: list[PartnerAct], lines: list[int], done: Done) -> Done:
        """Hand out the acts of the file's next part, of which `done` is done; what can be told, in the file's order."""
        shares: list[list[tuple[Any, ...]]] = [[] for _ in self._desks]
        count = len(shares)
        for act, line in zip(acts, lines, strict=True):
            member, natural, behaviour, quantity, inputs, at = act
            # Neighbours go together: their rows are on the same pages, where two writers would wait for each other.
            shares[(member >> NEIGHBOURS) % count].append(
                (line, member, natural, behaviour, quantity, inputs, (at - EPOCH) // MICROSECOND)
            )
        open_shares = [0]
        part = self._first + len(self._parts)
        self._parts.append((open_shares, done))
        for desk, share in zip(self._desks, shares, strict=True):
            if share:
                open_shares[0] += 1
                self._hand(desk, (part, share))
        while self._hear(wait=False):
            pass
        return self._whole_parts()

    def finish(self) -> Done:
        """Wait for everything handed out."""
        while self._open:
            self._hear(wait=True)
        return self._whole_parts()

    def _whole_parts(self) -> Done:
        """What is done from the beginning of the file without a gap, as far as it has not been told."""
        done = Done()
        while self._parts and not self._parts[0][0][0]:
            done.add(self._parts.popleft()[1])
            self._first += 1
        return done

    def dismiss(self) -> None:
        """Send the workers home, without waiting until they are gone."""
        for desk in self._desks:
            desk.put(None)
        self._desks = []

    def end(self) -> None:
        """Wait until the workers are gone; after a failure, end them: a batch is durable whole or not at all."""
        if self._open:
            for process in self._processes:
                process.terminate()
        else:
            self.dismiss()
        for process in self._processes:
            process.join(30)

    def _hand(self, desk: Any, work: tuple[int, list[Any]]) -> None:
        while True:
            try:
                desk.put_nowait(work)
                break
            except queue.Full:
                self._hear(wait=True)
        self._open += 1

    def _hear(self, *, wait: bool) -> bool:
        while True:
            try:
                answer = self._answers.get(timeout=LISTEN_SECONDS) if wait else self._answers.get_nowait()
                break
            except queue.Empty:
                if not wait:
                    return False
                if not all(process.is_alive() for process in self._processes):
                    raise WorkerFailed("a worker ended before its work") from None
        if isinstance(answer, str):
            raise WorkerFailed(answer)
        self._open -= 1
        part, done = answer
        open_shares, told = self._parts[part - self._first]
        open_shares[0] -= 1
        told.add(done)
        return True


def _work(store: Store, job: Job, desk: Any, answers: Any) -> None:
    """The life of a worker: until it is sent home, or the process that began it is gone."""
    gc.disable()  # batches make no cycles
    parent = os.getppid()
    store.forked()
    poster = Poster(store, job)
    poster.warm_up()
    while True:
        try:
            work = desk.get(timeout=LISTEN_SECONDS)
        except queue.Empty:
            if os.getppid() != parent:
                break
            continue
        if work is None:
            break
        try:
            part, share = work
            acts = [
                PartnerAct(member, natural, behaviour, quantity, inputs, EPOCH + timedelta(microseconds=at))
                for _, member, natural, behaviour, quantity, inputs, at in share
            ]
            answers.put((part, poster.post(acts, [each[0] for each in share], Done())))
        except Exception as fault:  # noqa: BLE001 - told to the process that counts, which ends the import
            answers.put(f"{type(fault).__name__}: {str(fault)[:500]}")
            break
    store.dispose()
