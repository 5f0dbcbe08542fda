"""Imports a partner's file: batch after batch, each durable before it is counted, with a reason for every row left out."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

from webapp.activities.partner_acts import PartnerDesk
from webapp.feeds import queries, service
from webapp.feeds.posting import Done, Job, Poster, Tally, find_members, log
from webapp.feeds.reading import FileTrouble, Inspected, Line, Rows, inspect
from webapp.feeds.workers import Workers
from webapp.store import Store

__all__ = ["FileTrouble", "Job", "run"]

Report = Callable[[int, str, str, str], None]  # line, the partner's event, reason, field
Progress = Callable[[int], None]  # rows gone through so far
Tell = Callable[[Done, Tally], None]


def run(store: Store, job: Job, report: Report, progress: Progress | None = None) -> dict[str, Any]:
    """Import the file, or only tell what would happen; the summary. Raises FileTrouble for the file as a whole."""
    began = time.perf_counter()
    seen = inspect(job.path, job.mapping.encoding)
    with tidy_less(job.own_process), job.path.open(encoding=seen.encoding, newline="") as file:
        rows = Rows(file, job.mapping, job.catalogue)
        tell = partial(_tell, report=report, progress=progress)
        if job.dry_run:
            _refuse_twins(store, job, seen.checksum)
            total = _try_out(store, job, rows, tell)
        else:
            total = _import(store, job, rows, tell, seen)
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


def _refuse_twins(store: Store, job: Job, checksum: str) -> None:
    """Events are known by their source: the same file under another name would be credited again."""
    with store.read() as tx:
        other = queries.imported_as(tx, checksum, job.mapping.source)
    if other is not None:
        raise FileTrouble(
            f"This very file was imported as {other}; as {job.mapping.source} its events would count again."
        )


@contextmanager
def tidy_less(own_process: bool) -> Iterator[None]:
    """Leave the search for cycles out: batches make none, and looking through their rows takes a third of the time.

    What is there already stays as it is, and so shared with workers.
    """
    if own_process:
        gc.freeze()
        gc.disable()
    try:
        yield
    finally:
        if own_process:
            gc.enable()
            gc.unfreeze()


def _import(store: Store, job: Job, rows: Rows, tell: Tell, seen: Inspected) -> Tally:
    side_by_side = job.workers > 1 and job.own_process and store.many_writers
    workers = Workers(store, job, seen.encoding) if side_by_side else None  # they begin to read meanwhile
    total = Tally()
    try:
        _refuse_twins(store, job, seen.checksum)
        source, name, began = job.mapping.source, job.path.name, job.now()
        number = store.retrying(lambda tx: service.begin_import(tx, source, name, seen.checksum, job.actor_id, began))
        for done in workers.finish() if workers else _posted(store, job, rows):
            tell(done, total)
        store.retrying(lambda tx: service.finish_import(tx, number, total.counts(), job.now()))
    finally:
        if workers:
            workers.end()
    return total


def _posted(store: Store, job: Job, rows: Rows) -> Iterator[Done]:
    """Batch after batch, posted here."""
    poster = Poster(store, job)
    for batch in _batches(rows, job.batch):
        with store.read() as tx:
            done, acts, lines = find_members(tx, job, rows.says, batch)
        yield poster.post(acts, lines, done)


def _tell(done: Done, total: Tally, report: Report, progress: Progress | None) -> None:
    total.add(done.tally)
    for refusal in sorted(done.refused):
        report(*refusal)
    if progress is not None:
        progress(total.rows)


class _NothingKept(Exception):
    """Ends the transaction of a dry run."""


def _try_out(store: Store, job: Job, rows: Rows, tell: Tell) -> Tally:
    """Everything in one transaction that is taken back, so that caps count across batches as they would."""
    total, desk = Tally(), PartnerDesk(job.catalogue, job.proof)
    try:
        with store.write() as tx:
            for batch in _batches(rows, job.batch):
                done, acts, lines = find_members(tx, job, rows.says, batch)
                done.add(log(tx, desk, acts, lines, job.now()))
                tell(done, total)
            raise _NothingKept
    except _NothingKept:
        return total


def _batches(rows: Rows, size: int) -> Iterator[list[Line]]:
    lines = rows.lines()
    while batch := list(islice(lines, size)):
        yield batch
