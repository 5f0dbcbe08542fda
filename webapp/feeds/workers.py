"""Workers of an import: threads that post side by side, each for its own share of the members.

While the database works for one of them, the others and the reader go on; processes would gain nothing, for handing
an act over costs as much as deciding it.
"""

from __future__ import annotations

import queue
from collections import deque
from threading import Thread
from typing import Any

from webapp.activities.partner_acts import PartnerAct
from webapp.feeds.posting import Done, Job, Poster
from webapp.store import Store

AHEAD = 2  # shares that wait for each worker; more would only fill memory
NEIGHBOURS = 8  # bits of a member's number

Share = tuple[int, list[PartnerAct], list[int]]  # the file's part, the acts, the lines they stand on


class WorkerFailed(Exception):
    """A worker gave up; the import can be run again."""


class Workers:
    """Deals acts by member, so that each member's acts are posted by one worker in the order of the file."""

    def __init__(self, store: Store, job: Job) -> None:
        self._answers: queue.SimpleQueue[tuple[int, Done] | BaseException] = queue.SimpleQueue()
        self._desks: list[queue.Queue[Share | None]] = [queue.Queue(AHEAD) for _ in range(job.workers)]
        self._threads = [
            Thread(target=_work, args=(Poster(store, job), desk, self._answers), daemon=True) for desk in self._desks
        ]
        for thread in self._threads:
            thread.start()
        self._open = 0
        self._first, self._parts = 0, deque[tuple[list[int], Done]]()  # parts of the file that are not told yet

    def post(self, acts: list[PartnerAct], lines: list[int], done: Done) -> Done:
        """Hand out the acts of the file's next part, of which `done` is done; what can be told, in the file's order."""
        count = len(self._desks)
        shares: list[tuple[list[PartnerAct], list[int]]] = [([], []) for _ in self._desks]
        for act, line in zip(acts, lines, strict=True):
            # Neighbours go together: their rows are on the same pages, where two writers would wait for each other.
            theirs, at = shares[(act[0] >> NEIGHBOURS) % count]
            theirs.append(act)
            at.append(line)
        open_shares = [0]
        part = self._first + len(self._parts)
        self._parts.append((open_shares, done))
        for desk, (theirs, at) in zip(self._desks, shares, strict=True):
            if theirs:
                open_shares[0] += 1
                self._hand(desk, (part, theirs, at))
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

    def end(self) -> None:
        """Send the workers home and wait until they are gone; a batch in hand is durable whole or not at all."""
        for desk in self._desks:
            with desk.mutex:
                desk.queue.clear()
                desk.not_full.notify_all()
            desk.put(None)
        for thread in self._threads:
            thread.join()

    def _hand(self, desk: queue.Queue[Share | None], work: Share) -> None:
        while True:
            try:
                desk.put_nowait(work)
                break
            except queue.Full:
                self._hear(wait=True)
        self._open += 1

    def _hear(self, *, wait: bool) -> bool:
        try:
            answer = self._answers.get(wait)
        except queue.Empty:
            return False
        if isinstance(answer, BaseException):
            raise WorkerFailed(f"{type(answer).__name__}: {str(answer)[:500]}") from answer
        self._open -= 1
        part, done = answer
        open_shares, told = self._parts[part - self._first]
        open_shares[0] -= 1
        told.add(done)
        return True


def _work(poster: Poster, desk: queue.Queue[Share | None], answers: queue.SimpleQueue[Any]) -> None:
    """The life of a worker: until it is sent home, or fails."""
    try:
        poster.warm_up()
        while (work := desk.get()) is not None:
            part, acts, lines = work
            answers.put((part, poster.post(acts, lines, Done())))
    except BaseException as fault:  # noqa: BLE001 - told to the thread that counts, which ends the import
        answers.put(fault)
