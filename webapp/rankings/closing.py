"""Closing a period: reviewed where people ask for it, frozen in one snapshot, approved by a second person, published for good."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from points_engine import board_file
from points_engine.boards import pull_of
from points_engine.errors import Invalid, refuse
from points_engine.ranking import freezes_at, kind_of
from webapp.jobs import enqueue
from webapp.journal import service as journal
from webapp.rankings import ladders, marks, words
from webapp.rankings.boards import GRACE, Board, boards_of
from webapp.rankings.freezing import Draft, basis_of, held_in
from webapp.rankings.published_tables import (
    board_closing,
    board_cut_off,
    board_energy,
    board_hold,
    published_board,
    published_row,
)
from webapp.rankings.standings import take_turn
from webapp.rankings.tables import open_period, score, unit_part, unit_score
from webapp.store import Tx

FREEZE = "rankings.freeze"
CHUNK = 2000
LONGEST = 400
TIE_RULE = "1, 2, 2, 4; inside a tie by reference"
_c = board_closing.c


def due_periods(tx: Tx, now: datetime) -> list[str]:
    """Open periods whose grace is over, oldest first."""
    rows = tx.rows(select(open_period.c.period))
    due = [(at, row.period) for row in rows if (at := freezes_at(row.period, GRACE)) is not None and at <= now]
    return [period for _, period in sorted(due)]


def latest(tx: Tx, period: str, ours: bool = False) -> Any:
    """The newest closing of a period, or None; `ours` until the end of the transaction, so that no hand is lost."""
    query = select(board_closing).where(_c.period == period).order_by(_c.version.desc()).limit(1)
    return tx.row(query.with_for_update() if ours else query)


def needs_people(period: str, reviewed: Sequence[str]) -> bool:
    """Whether a period of this kind is looked at by people before it is published."""
    return kind_of(period) in reviewed


# --- by the timetable ----------------------------------------------------------------------------------


def open_review(tx: Tx, period: str, now: datetime) -> int:
    """A period that people look at is over: its review begins, once."""
    if latest(tx, period) is not None:
        return 0
    tx.execute(insert(board_closing).values(**_closing(period, 1, "reviewing", now, [])))
    return 1


def publish_by_itself(tx: Tx, draft: Draft, now: datetime) -> int:
    """Publish the first version of a period that nobody needs to look at; returns how many boards, 0 the second time."""
    take_turn(tx, now)
    if latest(tx, draft.period) is not None:
        return 0
    tx.execute(insert(board_closing).values(**_closing(draft.period, 1, "freezing", now, [])))
    boards = _write(tx, draft, latest(tx, draft.period), None, now)
    _publish(tx, draft.period, 1, None, now)
    return boards


# --- by people -----------------------------------------------------------------------------------------


def hold(tx: Tx, actor_id: int, period: str, subject: str, subject_id: int, reason: str, now: datetime) -> None:
    """Hold an entry back from all boards of a period under review; 409 already_resolved otherwise."""
    row, reason = _in_state(tx, period, "reviewing"), " ".join(reason.split())
    if subject not in ("member", "unit"):
        raise Invalid({"subject": "not_a_choice"})
    if not reason or len(reason) > LONGEST:
        raise Invalid({"reason": "required" if not reason else "too_long"})
    values = {"period": period, "subject": subject, "subject_id": subject_id, "reason": reason, "held_by": actor_id}
    tx.upsert(board_hold, [values | {"held_at": now}], key=("period", "subject", "subject_id"), replace=("reason", "held_by", "held_at"))  # fmt: skip
    _touch(tx, row, actor_id)
    journal.record(tx, actor_id, "board.hold", f"board:{period}", {subject: subject_id, "reason": reason}, now)


def lift(tx: Tx, actor_id: int, period: str, subject: str, subject_id: int, now: datetime) -> None:
    """Put an entry back that was held."""
    row, h = _in_state(tx, period, "reviewing"), board_hold.c
    there = (h.period == period, h.subject == subject, h.subject_id == subject_id)
    if not tx.execute(delete(board_hold).where(*there)).rowcount:
        raise refuse("conflict", "already_resolved")
    _touch(tx, row, actor_id)
    journal.record(tx, actor_id, "board.lift", f"board:{period}", {subject: subject_id}, now)


def ask_to_freeze(tx: Tx, actor_id: int, period: str, now: datetime) -> None:
    """The review is over: a worker works the boards out in one snapshot."""
    row = _in_state(tx, period, "reviewing")
    _move(tx, row, "reviewing", state="freezing", hands=sorted({*row.hands, actor_id}), frozen_by=actor_id)
    enqueue(tx, FREEZE, {"period": period}, f"{FREEZE}:{period}:{row.version}:{now.isoformat()}", now)
    journal.record(tx, actor_id, "board.freeze", f"board:{period}", {"version": row.version}, now)


def freeze(tx: Tx, draft: Draft, now: datetime) -> int:
    """Write down what the worker worked out; nothing when it was done already, or when a hold came meanwhile."""
    row = latest(tx, draft.period, ours=True)
    if row is None or row.state != "freezing" or held_in(tx, draft.period) != draft.held:
        return 0
    return _write(tx, draft, row, row.frozen_by, now)


def send_back(tx: Tx, actor_id: int, period: str, now: datetime) -> None:
    """What was frozen (or is being frozen) is not good yet: it is thrown away and the review goes on."""
    row = _in_state(tx, period, "frozen", "freezing")
    _move(tx, row, row.state, state="reviewing", hands=sorted({*row.hands, actor_id}))
    _throw_away(tx, period, row.version)
    journal.record(tx, actor_id, "board.send_back", f"board:{period}", {"version": row.version}, now)


def approve(tx: Tx, actor_id: int, period: str, now: datetime) -> None:
    """Publish what was frozen, as somebody who had no hand in it; 403 not_your_own otherwise."""
    take_turn(tx, now)
    row = _in_state(tx, period, "frozen")
    if actor_id in row.hands:
        raise refuse("forbidden", "not_your_own")
    _publish(tx, period, row.version, actor_id, now)
    journal.record(tx, actor_id, "board.publish", f"board:{period}", {"version": row.version}, now)


def correct(tx: Tx, actor_id: int, period: str, note_zh: str, note_en: str, now: datetime) -> int:
    """Begin a further version of a published period, saying why; the number of it."""
    row, notes = _in_state(tx, period, "published"), [" ".join(note.split()) for note in (note_zh, note_en)]
    wrong = {
        name: "required" if not note else "too_long"
        for name, note in zip(("note_zh", "note_en"), notes, strict=True)
        if not note or len(note) > LONGEST
    }
    if wrong:
        raise Invalid(wrong)
    version = int(row.version) + 1
    values = _closing(period, version, "reviewing", now, [actor_id]) | {"note_zh": notes[0], "note_en": notes[1]}
    tx.execute(insert(board_closing).values(**values))
    journal.record(tx, actor_id, "board.correct", f"board:{period}", {"version": version, "note": notes[0]}, now)
    return version


def withdraw(tx: Tx, actor_id: int, period: str, now: datetime) -> None:
    """A correction turned out not to be needed; the published version stands, and the holds are those it was made with."""
    row = _in_state(tx, period, "reviewing")
    if row.version == 1:
        raise refuse("conflict", "already_resolved")
    tx.execute(delete(board_closing).where(_c.period == period, _c.version == row.version, _c.state == "reviewing"))
    _restore_holds(tx, period, int(row.version) - 1)
    journal.record(tx, actor_id, "board.withdraw", f"board:{period}", {"version": row.version}, now)


def note_recount(tx: Tx, actor_id: int, period: str, version: int, wrong: Sequence[str], now: datetime) -> None:
    """Somebody had a version worked out again; the journal keeps what came of it."""
    journal.record(
        tx, actor_id, "board.recount", f"board:{period}", {"version": version, "wrong": ", ".join(wrong)[:400]}, now
    )


# --- rows ----------------------------------------------------------------------------------------------


def _closing(period: str, version: int, state: str, now: datetime, hands: list[int]) -> dict[str, Any]:
    return {"period": period, "version": version, "state": state, "note_zh": "", "note_en": "", "opened_at": now,
            "hands": hands}  # fmt: skip


def _in_state(tx: Tx, period: str, *states: str) -> Any:
    row = latest(tx, period, ours=True)
    if row is None:
        raise refuse("not_found", "unknown_period")
    if row.state not in states:
        raise refuse("conflict", "already_resolved")
    return row


def _move(tx: Tx, row: Any, was: str, **values: Any) -> None:
    there = (_c.period == row.period, _c.version == row.version, _c.state == was)
    if not tx.execute(update(board_closing).where(*there).values(**values)).rowcount:
        raise refuse("conflict", "already_resolved")


def _touch(tx: Tx, row: Any, actor_id: int) -> None:
    _move(tx, row, "reviewing", hands=sorted({*row.hands, actor_id}))


def _write(tx: Tx, draft: Draft, row: Any, actor_id: int | None, now: datetime) -> int:
    """The frozen rows of every board, the positions of the ledger, and the closing that says so."""
    cut, period, version = draft.cut, draft.period, int(row.version)
    values = {"state": "frozen", "frozen_at": draft.as_of, "frozen_by": actor_id, "ledger_members": cut.members,
              "ledger_transfers": cut.transfers, "ledger_digest": cut.digest, "basis": draft.basis.kept()}  # fmt: skip
    _move(tx, row, "freezing", **values)
    parts = [{"period": period, "version": version, "part": n, "positions": text} for n, text in enumerate(cut.parts)]
    tx.insert(board_cut_off, parts)
    lines = [" ".join(map(str, row)) for row in draft.measured]
    kept = [{"measured": "\n".join(lines[start : start + CHUNK])} for start in range(0, len(lines), CHUNK)]
    tx.insert(board_energy, [{"period": period, "version": version, "part": n, **each} for n, each in enumerate(kept)])
    boards = boards_of(period)
    for board in boards:
        _write_board(tx, board, draft, row)
    return len(boards)


def _write_board(tx: Tx, board: Board, draft: Draft, row: Any) -> None:
    salt, period, version = secrets.token_hex(16), draft.period, int(row.version)
    ordered = board_file.in_order(draft.entries.get(board.code, []), salt)
    text = board_file.head(head_facts(board, draft, row))
    lines = [text]
    own = {"board": board.code, "period": period, "version": version}
    places = list(board_file.rows(ordered))
    lines += [line for _, line in places]
    tx.insert(published_board, [own | _board_values(board, draft, salt, text, len(ordered), board_file.digest(lines))])
    for start in range(0, len(ordered), CHUNK):
        rows = [
            own | {"position": start + i + 1, "place": places[start + i][0]} | _subject(board, entry.subject)
            | {"value_milli": entry.value_milli, "plain_milli": entry.plain_milli, "members": entry.people,
               "weight": entry.weight, "size_class": entry.size_class}
            for i, (_, entry) in enumerate(ordered[start : start + CHUNK])
        ]  # fmt: skip
        tx.insert(published_row, rows)


def _board_values(board: Board, draft: Draft, salt: str, head: str, entries: int, checksum: str) -> dict[str, Any]:
    zh, en = words.method(board)
    return {"as_of": draft.as_of, "entries": entries, "checksum": checksum, "salt": salt, "method_zh": zh,
            "method_en": en, "head": head}  # fmt: skip


def _subject(board: Board, subject: int) -> dict[str, int | None]:
    return {"member_id": subject if board.of_members else None, "unit_id": None if board.of_members else subject}


def head_facts(board: Board, draft: Draft, row: Any) -> dict[str, object]:
    """What the file says above its rows."""
    cut = draft.cut
    return {
        "board": board.code,
        "period": draft.period,
        "version": row.version,
        "cut-off": draft.as_of.isoformat(timespec="seconds"),
        "ledger": f"members={cut.members} transfers={cut.transfers} digest={cut.digest}",
        "ties": TIE_RULE,
        "pull": pull_of(board.subject == "family") if board.shrunk else 0,
        "held": sum(1 for what, _ in draft.held if (what == "member") == board.of_members),
        **({"change": f"{row.note_zh} / {row.note_en}"} if row.note_zh else {}),
    }


def _restore_holds(tx: Tx, period: str, version: int) -> None:
    """Who held or lifted in a correction that is withdrawn has had no hand in the next one."""
    kept = basis_of(tx.scalar(select(_c.basis).where(_c.period == period, _c.version == version)))
    if kept is None:
        return
    tx.execute(delete(board_hold).where(board_hold.c.period == period))
    rows = [
        {"period": period, "subject": subject, "subject_id": number, "reason": reason, "held_by": who,
         "held_at": datetime.fromisoformat(at)}
        for subject, number, reason, who, at in kept.holds
    ]  # fmt: skip
    tx.insert(board_hold, rows)


def _throw_away(tx: Tx, period: str, version: int) -> None:
    for table in (published_row, published_board, board_energy, board_cut_off):
        tx.execute(delete(table).where(table.c.period == period, table.c.version == version))


def _publish(tx: Tx, period: str, version: int, actor_id: int | None, now: datetime) -> None:
    """From here on the database itself refuses to change a row; the live standings of the period go."""
    there = (_c.period == period, _c.version == version, _c.state == "frozen")
    changed = tx.execute(
        update(board_closing).where(*there).values(state="published", decided_at=now, decided_by=actor_id)
    )
    if not changed.rowcount:
        raise refuse("conflict", "already_resolved")
    for table in (score, unit_score, unit_part, open_period):
        tx.execute(delete(table).where(table.c.period == period))
    marks.drop(tx, period)
    ladders.drop(tx, period)


# --- files ---------------------------------------------------------------------------------------------


def file_of(tx: Tx, board: str, period: str, version: int) -> Iterator[str]:
    """A published board as its file, a line or more at a time; exactly what the checksum is over."""
    b = published_board.c
    fixed = tx.row(select(published_board).where(b.board == board, b.period == period, b.version == version))
    if fixed is None:
        raise refuse("not_found", "not_published")
    yield fixed.head or board_file.OLD_COLUMNS
    for row in _stored(tx, board, period, version):
        subject = row.member_id if row.member_id is not None else row.unit_id
        ref = board_file.reference(fixed.salt, subject)
        if fixed.head:
            entry = board_file.Entry(subject, row.value_milli, row.plain_milli, row.members, row.weight, row.size_class)
            yield board_file.row(row.place, ref, entry)
        else:
            yield board_file.old_row(row.place, ref, row.value_milli, row.members)


def _stored(tx: Tx, board: str, period: str, version: int) -> Iterator[Any]:
    r, position = published_row.c, 0
    while True:
        query = select(published_row).where(
            r.board == board, r.period == period, r.version == version, r.position > position
        )
        rows = tx.rows(query.order_by(r.position).limit(CHUNK))
        yield from rows
        if len(rows) < CHUNK:
            return
        position = rows[-1].position
