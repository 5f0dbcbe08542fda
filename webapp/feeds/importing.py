"""Imports a partner's file: batch after batch, each durable before the next, with a reason for every row left out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from points_engine.methodology import Catalogue, Level
from webapp.activities.partner_acts import PartnerAct, log_partner_acts
from webapp.activities.proofs import Proof
from webapp.feeds import queries, service
from webapp.feeds.mapping import PartnerMapping
from webapp.feeds.reading import Event, Refusal, Rows, inspect
from webapp.members.phones import PhoneBook
from webapp.store import Store, Tx

BATCH = 10_000

Report = Callable[[int, str, str, str], None]  # line, the partner's event, reason, field
Numbered = tuple[int, Event | Refusal]


@dataclass(slots=True)
class Tally:
    """What an import has done so far."""

    rows: int = 0
    credited: int = 0
    zero: int = 0
    pending: int = 0
    already: int = 0
    refused: int = 0
    grams: int = 0
    points: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for name in service.COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons += other.reasons

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in service.COUNTS}


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be imported and everything it needs."""

    path: Path
    mapping: PartnerMapping
    catalogue: Catalogue
    book: PhoneBook
    now: Callable[[], datetime]
    dry_run: bool = False
    actor_id: int | None = None
    batch: int = BATCH

    @property
    def proof(self) -> Proof:
        """The partner's word for what its rows tell."""
        return Proof("feed", Level.PARTNER, source=self.mapping.source)


def run(store: Store, job: Job, report: Report) -> dict[str, Any]:
    """Import the file, or only tell what would happen; the summary. Raises FileTrouble for the file as a whole."""
    began = time.perf_counter()
    seen = inspect(job.path, job.mapping.encoding)
    with job.path.open(encoding=seen.encoding, newline="") as file:
        rows = Rows(file, job.mapping, job.catalogue)
        total = _try_out(store, job, rows, report) if job.dry_run else _import(store, job, rows, report, seen.checksum)
    seconds = time.perf_counter() - began
    return {
        "source": job.mapping.source,
        "file": job.path.name,
        "checksum": seen.checksum,
        "dry_run": job.dry_run,
        **total.counts(),
        "reasons": dict(sorted(total.reasons.items())),
        "seconds": round(seconds, 3),
        "rows_per_second": round(total.rows / seconds) if seconds else 0,
    }


def _import(store: Store, job: Job, rows: Rows, report: Report, checksum: str) -> Tally:
    began = job.now()
    source, name = job.mapping.source, job.path.name
    number = store.retrying(lambda tx: service.begin_import(tx, source, name, checksum, job.actor_id, began))
    total = Tally()
    for batch in _batches(rows, job.batch):
        # A race with another import of the same events runs the batch again, which then finds them known.
        tally, refusals = store.retrying(lambda tx, batch=batch: post(tx, job, batch))
        total.add(tally)
        for refusal in refusals:
            report(*refusal)
    store.retrying(lambda tx: service.finish_import(tx, number, total.counts(), job.now()))
    return total


class _NothingKept(Exception):
    """Ends the transaction of a dry run."""


def _try_out(store: Store, job: Job, rows: Rows, report: Report) -> Tally:
    """Everything in one transaction that is taken back, so that caps count across batches as they would."""
    total = Tally()
    try:
        with store.write() as tx:
            for batch in _batches(rows, job.batch):
                tally, refusals = post(tx, job, batch)
                total.add(tally)
                for refusal in refusals:
                    report(*refusal)
            raise _NothingKept
    except _NothingKept:
        return total


def post(tx: Tx, job: Job, batch: list[Numbered]) -> tuple[Tally, list[tuple[int, str, str, str]]]:
    """Credit a batch in `tx`; what was done, and (line, event, reason, field) of each row worth nothing."""
    said = [each for _, each in batch if isinstance(each, Event)]
    m = job.mapping
    members = queries.members_of(tx, job.book, m.source, m.member_by, {event.account for event in said})
    acts: list[PartnerAct] = []
    for event in said:
        member = members.get(event.account)
        if member is not None:
            acts.append(PartnerAct(member, event[0], *event[2:]))
    outcomes = iter(log_partner_acts(tx, job.catalogue, job.proof, acts, job.now()))
    tally, refusals = Tally(rows=len(batch)), []
    for line, each in batch:
        if isinstance(each, Refusal):
            status, event, reason, name = "refused", "", each.reason, each.field
        elif each.account not in members:
            status, event, reason, name = "refused", each.natural, "unknown_member", m.member
        else:
            status, reason, name, grams, points = next(outcomes)
            if status == "credited":
                tally.credited += 1
                tally.grams += grams
                tally.points += points
                continue
            event = each.natural
        setattr(tally, status, getattr(tally, status) + 1)
        tally.reasons[reason] += 1
        refusals.append((line, event, reason, name))
    return tally, refusals


def _batches(rows: Rows, size: int) -> Iterator[list[Numbered]]:
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch
