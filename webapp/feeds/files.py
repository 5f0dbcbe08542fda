"""Files of partners handed in at the desk: tried out first, then imported, both in the background; kept for a week."""

from __future__ import annotations

import csv
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert, update

from points_engine.errors import Invalid, refuse
from webapp.feeds import importing, mapping, queries
from webapp.feeds.posting import Job
from webapp.feeds.reading import FileTrouble, inspect
from webapp.feeds.service import COUNTS
from webapp.feeds.tables import feed_file
from webapp.jobs import enqueue
from webapp.journal import service as journal
from webapp.members.phones import book
from webapp.store import Tx
from webapp.store.blobs import Blobs

WORK = "feeds.file"
KEEP = timedelta(days=7)  # the file names people: it stays no longer than a question about its rows takes
MOST_BYTES = 10 * 1024 * 1024
BATCH = 2_000  # rows between two looks at how far it is
UNSAFE = re.compile(r"[^\w.\-]+")

Left = dict[int, tuple[str, str, str]]  # by line: the partner's event, the reason, the field


def keep_file(tx: Tx, blobs: Blobs, actor_id: int, source: str, name: str, data: bytes, now: datetime) -> int:
    """Keep a partner's file and ask for it to be tried out; its number. Raises Invalid."""
    wrong = {} if data else {"file": "missing"}
    if len(data) > MOST_BYTES:
        wrong["file"] = "file_too_large"
    if not mapping.SOURCE.fullmatch(source):
        wrong["source"] = "not_a_choice"
    if wrong:
        raise Invalid(wrong)
    made = f"feed-{uuid.uuid4()}.csv"
    blobs.put(made, data)  # an orphan file is harmless, a row without its file is not
    row = {"source": source, "file_name": _safe_name(name), "blob": made, "size": len(data), "step": "trial",
           "state": "queued", "runs": 1, "done": 0, "total": max(1, data.count(b"\n") - 1), "told": None,
           "trouble": "", "actor_id": actor_id, "created_at": now}  # fmt: skip
    number = int(tx.execute(insert(feed_file).values(**row)).inserted_primary_key[0])  # type: ignore[index]
    _enqueue(tx, number, 1, now)
    detail = {"source": source, "file": row["file_name"]}
    journal.record(tx, actor_id, "feed.handed_in", f"feed_file:{number}", detail, now)
    return number


def ask_for(tx: Tx, actor_id: int, number: int, step: str, now: datetime) -> None:
    """Have a file tried out again (trial), or imported once it has been tried out; refused while it is being worked on."""
    row = queries.file_by_id(tx, number)
    ready = row.state in ("done", "failed") and (step == "trial" or row.step == "import" or row.state == "done")
    if not ready or (row.step, row.state) == ("import", "done"):
        raise refuse("conflict", "already_resolved")
    values = {"step": step, "state": "queued", "runs": row.runs + 1, "done": 0, "trouble": "", "actor_id": actor_id}
    _move(tx, row, **values)
    _enqueue(tx, number, row.runs + 1, now)
    journal.record(tx, actor_id, f"feed.{step}", f"feed_file:{number}", {"source": row.source}, now)


def drop_file(tx: Tx, actor_id: int | None, number: int, now: datetime) -> None:
    """Do away with a file; what it gave stays."""
    row = queries.file_by_id(tx, number)
    if row.state not in ("done", "failed"):
        raise refuse("conflict", "already_resolved")
    _move(tx, row, state="dropped", blob=None)
    enqueue(tx, "feeds.drop", {"blob": row.blob}, f"feeds.drop:{number}", now)
    if actor_id is not None:
        journal.record(tx, actor_id, "feed.dropped", f"feed_file:{number}", {"source": row.source}, now)


def drop_old(house: Any, now: datetime) -> int:
    """Do away with files that were handed in a week ago; safe to run twice."""
    with house.store.read() as tx:
        old = queries.files_before(tx, now - KEEP)
    for number in old:
        house.store.retrying(lambda tx, number=number: drop_file(tx, None, number, now))
    return len(old)


def remove_blobs(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Outbox row feeds.drop: delete a file whose row is gone, and the list of rows it left out."""
    house.blobs.delete(payload["blob"])
    house.blobs.delete(left_of(payload["blob"]))


def work(house: Any, payload: Mapping[str, Any], now: datetime) -> None:
    """Outbox row feeds.file: try a file out or import it, saying how far it is; safe to begin again."""
    with house.store.read() as tx:
        row = queries.file_by_id(tx, int(payload["file"]))
    data = house.blobs.get(row.blob) if row.blob else None
    if row.runs != payload["run"] or row.state in ("done", "dropped") or data is None:
        return
    _note(house, row, state="running", done=0)
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / row.file_name
            path.write_bytes(data)
            told = _go_through(house, row, path)
    except (mapping.MappingFaults, FileTrouble) as fault:
        _note(house, row, state="failed", trouble=str(fault)[:400])
    except Exception:
        _note(house, row, state="failed")
        raise
    else:
        _note(house, row, state="done", done=row.total, told=told)


def _go_through(house: Any, row: Any, path: Path) -> dict[str, Any]:
    store, trial = house.store, row.step == "trial"
    plan = mapping.load(row.source, mapping.folders(house.settings.var_dir), house.catalogue)
    job = Job(path, plan, house.catalogue, book(house.settings), house.clock.now, dry_run=trial,
              actor_id=row.actor_id, batch=BATCH)  # fmt: skip
    left: Left = {}

    def leave_out(line: int, event: str, reason: str, name: str) -> None:
        left[line] = (event, reason, name)

    def tell(rows: int) -> None:
        # A trial on SQLite holds the one writer there is: nobody could write down how far it is.
        if store.many_writers or not trial:
            _note(house, row, done=min(rows, row.total))

    summary = importing.run(store, job, leave_out, tell)
    lines = list(_rows_left(path, plan, left))
    house.blobs.put(left_of(row.blob), json.dumps(lines, ensure_ascii=False).encode())
    return {name: summary[name] for name in (*COUNTS, "reasons")}


def _rows_left(path: Path, plan: mapping.PartnerMapping, left: Left) -> Iterator[list[Any]]:
    """The header, then each row worth nothing: line, event, reason, field, and its cells as the file has them."""
    encoding = inspect(path, plan.encoding).encoding
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=plan.delimiter)
        yield [1, "", "", "", next(reader, [])]
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error:
                cells = []
            if cells is None:
                return
            if line in left:
                yield [line, *left[line], cells]


def left_of(blob: str) -> str:
    """The name of the list of rows that a file left out."""
    return blob.replace(".csv", ".json")


def _safe_name(name: str) -> str:
    return UNSAFE.sub("_", name.strip())[-80:].lstrip(".") or "feed.csv"


def _enqueue(tx: Tx, number: int, run: int, now: datetime) -> None:
    enqueue(tx, WORK, {"file": number, "run": run}, f"{WORK}:{number}:{run}", now)


def _move(tx: Tx, row: Any, **values: Any) -> None:
    """Change the row unless somebody else has meanwhile."""
    still = (feed_file.c.id == row.id) & (feed_file.c.state == row.state) & (feed_file.c.runs == row.runs)
    if tx.execute(update(feed_file).where(still).values(**values)).rowcount != 1:
        raise refuse("conflict", "already_resolved")


def _note(house: Any, row: Any, **values: Any) -> None:
    mine = (feed_file.c.id == row.id) & (feed_file.c.runs == row.runs)
    house.store.retrying(lambda tx: tx.execute(update(feed_file).where(mine).values(**values)))
