"""Files of questions: uploaded as a preview, taken into the bank whole or not at all, kept for a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from points_engine.errors import refuse
from webapp.journal.service import record
from webapp.learning import bank
from webapp.learning.bank_lines import Fault, Line, Lines
from webapp.learning.forms import QuestionText
from webapp.learning.tables import question_import
from webapp.store import Tx

KEPT = timedelta(days=1)  # how long a preview waits
_i = question_import.c


def stage(tx: Tx, actor_id: int, file_name: str, lines: Lines, now: datetime) -> int:
    """Keep a file as a preview; the bank is not changed. An older preview of the same person goes."""
    tx.execute(
        update(question_import)
        .where(_i.actor_id == actor_id, _i.status == "preview")
        .values(status="dropped", staged=None, faults=None, closed_at=now)
    )
    new, faults = _compared(tx, lines)
    counts = {
        "rows": len(lines.good) + len({fault.line for fault in lines.faults}),
        "new": len(new),
        "same": len(lines.good) - len(new) - (len(faults) - len(lines.faults)),
        "faults": len({fault.line for fault in faults}),
    }
    row = {
        "actor_id": actor_id, "file_name": file_name[:80], "status": "preview", "counts": counts,
        "staged": [line.text.row() for line in new], "faults": [lines.head, faults], "uploaded_at": now,
    }  # fmt: skip
    made = int(tx.scalar(insert(question_import).values(**row).returning(_i.id)))
    record(tx, actor_id, "question.upload", f"question_import:{made}", counts, now)
    return made


def confirm(tx: Tx, actor_id: int, import_id: int, now: datetime) -> dict[str, int]:
    """Take every new question in, or none: a file with faults has to be corrected first. A second time changes nothing.

    Raises questions_faulty, list_dropped, bank_changed (409).
    """
    tx.take_turn("question bank")
    row = one(tx, import_id)
    if row.status == "confirmed":
        return dict(row.counts)
    if row.status == "dropped":
        raise refuse("conflict", "list_dropped")
    if row.counts["faults"]:
        raise refuse("conflict", "questions_faulty", count=row.counts["faults"])
    texts = [_text(each) for each in row.staged]
    if bank.by_fingerprint(tx, [text.fingerprint for text in texts]):
        raise refuse("conflict", "bank_changed")
    bank.insert_many(tx, actor_id, texts, now)
    tx.execute(
        update(question_import)
        .where(_i.id == import_id)
        .values(status="confirmed", staged=None, faults=None, closed_at=now)
    )
    record(tx, actor_id, "question.import", f"question_import:{import_id}", dict(row.counts), now)
    return dict(row.counts)


def drop(tx: Tx, actor_id: int, import_id: int, now: datetime) -> None:
    """Forget a preview with all its lines."""
    row = one(tx, import_id)
    if row.status != "preview":
        return
    tx.execute(
        update(question_import)
        .where(_i.id == import_id, _i.status == "preview")
        .values(status="dropped", staged=None, faults=None, closed_at=now)
    )
    record(tx, actor_id, "question.drop", f"question_import:{import_id}", {}, now)


def sweep(tx: Tx, now: datetime) -> int:
    """Drop previews nobody confirmed within a day."""
    return tx.execute(
        update(question_import)
        .where(_i.status == "preview", _i.uploaded_at <= now - KEPT)
        .values(status="dropped", staged=None, faults=None, closed_at=now)
    ).rowcount


def one(tx: Tx, import_id: int) -> Any:
    """A file as it was uploaded; 404 unknown_import."""
    row = tx.row(select(question_import).where(_i.id == import_id))
    if row is None:
        raise refuse("not_found", "unknown_import")
    return row


def faults_of(row: Any) -> tuple[list[str], list[Fault]]:
    """The names of the columns, and what is wrong by line and column."""
    head, found = row.faults or ([], [])
    return head, [Fault(*each) for each in found]


def latest(tx: Tx, limit: int = 5) -> list[Any]:
    """The latest files."""
    columns = (_i.id, _i.file_name, _i.status, _i.counts, _i.uploaded_at)
    return list(tx.rows(select(*columns).order_by(_i.id.desc()).limit(limit)))


def _compared(tx: Tx, lines: Lines) -> tuple[list[Line], list[Fault]]:
    """The lines that are new, and all faults: a text that is in the bank with other options or answers is one."""
    there = bank.by_fingerprint(tx, [line.text.fingerprint for line in lines.good])
    new: list[Line] = []
    faults = list(lines.faults)
    for line in lines.good:
        known = there.get(line.text.fingerprint)
        if known is None:
            new.append(line)
        elif known.text != line.text:
            faults.append(Fault(line.line, line.column, "题干", "question_differs", known.id, line.cells))
    return new, sorted(faults, key=lambda fault: fault.line)


def _text(row: dict[str, Any]) -> QuestionText:
    pairs = tuple((zh, en) for zh, en in row["options"])
    return QuestionText(**{**row, "options": pairs, "answers": tuple(row["answers"])})
