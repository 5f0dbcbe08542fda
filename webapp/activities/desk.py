"""The posting desk: request threads hand in acts, one thread commits what waits as a batch (group commit).

Each request is answered only after its own act is durable. On a failed batch every act is tried alone,
so that one bad row hurts nobody else. Who hands in a token instead of a name is looked up with the batch.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from points_engine.errors import EngineError, refuse
from webapp.activities import service
from webapp.activities.commands import LogActivity
from webapp.activities.service import Logged
from webapp.members import signin
from webapp.members.signin import Claim
from webapp.store import Store, Tx
from webapp.web import Principal

MOST = 256  # acts in one batch; more would only lengthen the wait of the first
# Under load the desk waits this long for company: as many acts as came last time. Whoever comes alone waits for nobody.
LINGER = 0.02


def _closed() -> threading.Lock:
    """A door that opens once: half the work of a threading.Event."""
    door = threading.Lock()
    door.acquire()
    return door


@dataclass(slots=True)
class Waiting:
    """An act handed in, and the request thread that waits for its answer."""

    command: LogActivity
    now: datetime
    claim: Claim | None = None
    answer: Logged | EngineError | BaseException | None = None
    person: Principal | None = None  # whose claim it was
    done: threading.Lock = field(default_factory=_closed)


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
        return self._hand_in(Waiting(command, now))

    def log_for(self, claim: Claim, command: LogActivity, now: datetime) -> tuple[Principal, Logged]:
        """Log one act of whoever holds this token of the API; sign_in_required when its session is over.

        The session is looked up in the transaction that logs: signed out is signed out at once.
        """
        assert command.member_id == claim.member_id
        waiting = Waiting(command, now, claim)
        logged = self._hand_in(waiting)
        assert waiting.person is not None
        return waiting.person, logged

    def _hand_in(self, waiting: Waiting) -> Logged:
        if self.group:
            self._start()
            self._queue.put(waiting)
            waiting.done.acquire()
        else:
            waiting.answer = self._post_alone(waiting)
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
        company = 1
        while (first := self._queue.get()) is not None:
            batch, last = self._gather(first, company)
            company = len(batch)
            self._post(batch)
            for waiting in batch:
                waiting.done.release()
            if last:
                return

    def _gather(self, first: Waiting, company: int) -> tuple[list[Waiting], bool]:
        """What waits, and within LINGER what is still missing to as many as last time."""
        batch, until = [first], time.monotonic() + LINGER
        while len(batch) < MOST:
            wait = until - time.monotonic() if len(batch) < company else 0
            try:
                more = self._queue.get(timeout=wait) if wait > 0 else self._queue.get_nowait()
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
                answers = _answers(tx, batch, now)
            for waiting, answer in zip(batch, answers, strict=True):
                waiting.answer = answer
        except BaseException:  # noqa: BLE001 - one bad act must not take its neighbours along
            for waiting in batch:
                waiting.answer = self._post_alone(waiting)

    def _post_alone(self, waiting: Waiting) -> Logged | EngineError | BaseException:
        try:
            return self.store.retrying(lambda tx: _answers(tx, [waiting], waiting.now)[0])
        except BaseException as error:  # noqa: BLE001 - handed to the request thread, which raises it
            return error


def _answers(tx: Tx, batch: Sequence[Waiting], now: datetime) -> list[Logged | EngineError]:
    """Log what is handed in by name, or by a token whose session lives."""
    claims = {w.claim for w in batch if w.claim is not None}
    people = signin.load_many(tx, claims, "api", now) if claims else {}
    for waiting in batch:
        waiting.person = people.get(waiting.claim) if waiting.claim else None
    known = [w for w in batch if w.claim is None or w.person is not None]
    logged = iter(service.log_many(tx, [w.command for w in known], now) if known else ())
    return [
        next(logged) if w.claim is None or w.person is not None else refuse("unauthenticated", "sign_in_required")
        for w in batch
    ]


__all__ = ["Desk"]
