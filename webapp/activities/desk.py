"""The posting desk: request threads hand in acts, one thread commits what waits as a batch (group commit).

Each request is answered only after its own act is durable. On a failed batch every act is tried alone,
so that one bad row hurts nobody else.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from points_engine.errors import EngineError
from webapp.activities import service
from webapp.activities.commands import LogActivity
from webapp.activities.service import Logged
from webapp.store import Store

MOST = 256  # acts in one batch; more would only lengthen the wait of the first


@dataclass(slots=True)
class Waiting:
    """An act handed in, and the request thread that waits for its answer."""

    command: LogActivity
    now: datetime
    done: threading.Event = field(default_factory=threading.Event)
    answer: Logged | EngineError | BaseException | None = None


class Desk:
    """Logs acts for many threads; with `group=False` each request runs its own transaction."""

    def __init__(self, store: Store, *, group: bool = True) -> None:
        self.store = store
        self.group = group
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def log(self, command: LogActivity, now: datetime) -> Logged:
        """Log one act durably; raises the refusal it meets."""
        if not self.group:
            return self.store.retrying(lambda tx: service.log_activity(tx, command, now))
        self._start()
        waiting = Waiting(command, now)
        self._queue.put(waiting)
        waiting.done.wait()
        if isinstance(waiting.answer, Logged):
            return waiting.answer
        assert waiting.answer is not None
        raise waiting.answer

    def close(self) -> None:
        """Finish what waits and end the thread."""
        if self._thread:
            self._queue.put(None)
            self._thread.join(timeout=30)
            self._thread = None

    def _start(self) -> None:
        # Started on first use, so that a process forked after create_app has a thread of its own.
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="posting-desk", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = self._gather(first)
            self._post(batch)
            for waiting in batch:
                waiting.done.set()
            if last:
                return

    def _gather(self, first: Waiting) -> tuple[list[Waiting], bool]:
        batch = [first]
        while len(batch) < MOST:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return batch, True
            batch.append(more)
        return batch, False

    def _post(self, batch: Sequence[Waiting]) -> None:
        try:
            # One instant for the batch: the latest, so that no act is recorded before it was sent.
            now = max(w.now for w in batch)
            with self.store.write() as tx:
                answers = service.log_many(tx, [w.command for w in batch], now)
            for waiting, answer in zip(batch, answers, strict=True):
                waiting.answer = answer
        except BaseException:  # noqa: BLE001 - one bad act must not take its neighbours along
            for waiting in batch:
                waiting.answer = self._post_alone(waiting)

    def _post_alone(self, waiting: Waiting) -> Logged | EngineError | BaseException:
        try:
            return self.store.retrying(lambda tx: service.log_activity(tx, waiting.command, waiting.now))
        except BaseException as error:  # noqa: BLE001 - handed to the request thread, which raises it
            return error


__all__ = ["Desk"]
