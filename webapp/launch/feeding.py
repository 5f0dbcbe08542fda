"""`import-activities`: imports a partner's file; the summary to standard output, the rows left out to standard error."""

from __future__ import annotations

import csv
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from points_engine.clock import SystemClock
from webapp.feeds import importing, mapping
from webapp.feeds.reading import FileTrouble
from webapp.feeds.workers import WorkerFailed
from webapp.launch.trouble import Trouble
from webapp.members.phones import book
from webapp.methods.queries import living
from webapp.settings import Settings
from webapp.store import Store

WORKERS = min(4, os.cpu_count() or 1)  # processes that post side by side where the database lets them
COLUMNS = ("line", "event", "reason", "field")


def run(settings: Settings, file: str, source: str, *, dry_run: bool, report: str | None) -> int:
    """0 when the file was gone through, whatever became of its rows; 1 when the file itself cannot be used."""
    store = Store(settings.database_url)  # the rest of the house would only lengthen the start
    try:
        with store.read() as tx:
            catalogue = living(tx)
        plan = mapping.load(source, mapping.folders(settings.var_dir), catalogue)
        with ExitStack() as stack:
            out: TextIO = sys.stderr
            if report is not None:
                out = stack.enter_context(_open(report))
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            job = importing.Job(
                Path(file),
                plan,
                catalogue,
                book(settings),
                SystemClock().now,
                dry_run=dry_run,
                workers=WORKERS,
                own_process=True,
            )
            summary = importing.run(store, job, lambda *row: writer.writerow(map(_plain, row)))
    except (mapping.MappingFaults, FileTrouble) as fault:
        print(str(fault), file=sys.stderr)
        return 1
    except WorkerFailed as fault:
        raise Trouble(f"The import broke off ({fault}). Run it again: what is in already is known.") from fault
    finally:
        store.dispose()
    print(json.dumps(summary, ensure_ascii=False, indent=2))
    return 0


def _open(report: str) -> TextIO:
    try:
        return Path(report).open("w", encoding="utf-8-sig", newline="")
    except OSError as fault:
        raise Trouble(f"The report {report} cannot be written: {fault.strerror}.") from fault


def _plain(value: object) -> object:
    """A word that a spreadsheet would run as a formula is kept as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
