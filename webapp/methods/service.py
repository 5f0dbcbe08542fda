"""Use cases of methods: write a draft, ask what it would have changed, approve it as a second person; keep processes current."""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from points_engine.clock import local_day
from points_engine.errors import Invalid, refuse
from points_engine.methodology import CatalogueFaults, Fault
from points_engine.methodology.drafts import Draft, lint, read_draft, with_versions
from webapp.activities.queries import acts
from webapp.inbox import service as inbox
from webapp.jobs import enqueue
from webapp.journal import service as journal
from webapp.methods import effects, queries
from webapp.methods.tables import method_draft, method_stamp, method_version, what_if, what_if_row
from webapp.store import Tx

log = logging.getLogger("puhui.methods")

WHAT_IF = "methods.what_if"
LONGEST_TEXT, LONGEST_REASON = 60_000, 400
LOOK_EVERY = timedelta(seconds=30)
AGAIN_AFTER = timedelta(seconds=1)
# An act may lie ten minutes ahead, and every process has looked at the stamp long before this is over.
AHEAD = timedelta(hours=1)
PART = 1_000_000  # acts a part of a what-if holds at least
MOST_PARTS = 4


# --- drafts ------------------------------------------------------------------------------------------


def earliest_day(now: datetime) -> date:
    """The first day from which something approved now may be in force: tomorrow, or the day after in the last hour."""
    return local_day(now + AHEAD) + timedelta(days=1)


def faults_of(tx: Tx, text: str, now: datetime) -> list[Fault]:
    """Everything wrong with a text today, all at once."""
    return lint(queries.living(tx), text, earliest_day(now))


def create_draft(tx: Tx, actor_id: int, text: str, reason: str, now: datetime) -> int:
    """Keep a draft, right or wrong; the number of it."""
    text, reason = _checked(text, reason)
    row = {"text": text, "checksum": checksum(text), "reason": reason, "state": "draft", "author_id": actor_id,
           "hands": [actor_id], "created_at": now, "changed_at": now, "behaviour": _subject(tx, text)}  # fmt: skip
    made = int(tx.scalar(insert(method_draft).values(**row).returning(method_draft.c.id)))
    journal.record(tx, actor_id, "method.draft", f"method_draft:{made}", {"checksum": row["checksum"]}, now)
    return made


def change_draft(tx: Tx, actor_id: int, draft_id: int, text: str, reason: str, now: datetime) -> None:
    """Write another text into a draft; whoever does so cannot approve it any more. 404, or 409 already_resolved."""
    text, reason = _checked(text, reason)
    row = _open(tx, draft_id)
    values = {"text": text, "checksum": checksum(text), "reason": reason, "changed_at": now,
              "behaviour": _subject(tx, text), "hands": sorted({*row.hands, actor_id})}  # fmt: skip
    _move(tx, draft_id, values)
    journal.record(tx, actor_id, "method.change", f"method_draft:{draft_id}", {"checksum": values["checksum"]}, now)


def withdraw_draft(tx: Tx, actor_id: int, draft_id: int, now: datetime) -> None:
    """Put a draft aside for good."""
    _open(tx, draft_id)
    _move(tx, draft_id, {"state": "withdrawn", "changed_at": now})
    journal.record(tx, actor_id, "method.withdraw", f"method_draft:{draft_id}", {}, now)


def approve_draft(tx: Tx, actor_id: int, draft_id: int, now: datetime) -> None:
    """Publish a draft as a second person: never changed from here on, in force from its day.

    Raises not_your_own (403) for everybody who wrote in it, already_resolved, draft_has_faults or
    what_if_missing (409).
    """
    # First of all, so that two approvals follow each other and the second sees the first.
    tx.upsert(method_stamp, [{"id": 1, "n": 1}], key=["id"], add=["n"])
    row = _open(tx, draft_id)
    if actor_id in row.hands:
        raise refuse("forbidden", "not_your_own")
    _without_faults(tx, row.text, now)
    run = queries.newest_run(tx, draft_id)
    if run is None or run.state != "done" or run.checksum != row.checksum:
        raise refuse("conflict", "what_if_missing")
    draft = read_draft(queries.living(tx), row.text)
    version = draft.version.version if draft.version is not None else ""
    _move(tx, draft_id, {"state": "approved", "changed_at": now})
    kept = {"draft_id": draft_id, "behaviour": draft.behaviour, "version": version, "text": row.text,
            "checksum": row.checksum, "reason": row.reason, "valid_from": draft.valid_from,
            "author_id": row.author_id, "decided_by": actor_id, "decided_at": now}  # fmt: skip
    tx.execute(insert(method_version).values(**kept))
    detail = {"name": draft.name[:200], "checksum": row.checksum, "valid_from": draft.valid_from.isoformat()}
    journal.record(tx, actor_id, "method.approve", f"method_draft:{draft_id}", detail, now)
    _tell_author(tx, row, draft, now)


def _tell_author(tx: Tx, row: Any, draft: Draft, now: datetime) -> None:
    inbox.notify(
        tx, row.author_id, "news", f"方法新版本已批准：{draft.name}"[:80], f"Approved: {draft.name}"[:80],
        f"{draft.valid_from.isoformat()} 起生效", f"In force from {draft.valid_from.isoformat()}",
        f"/console/methods/drafts/{row.id}", now, key=f"method:{row.id}",
    )  # fmt: skip


def checksum(text: str) -> str:
    """The SHA-256 of a text, as the public pages show it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(text: str, reason: str) -> tuple[str, str]:
    text, reason = text.replace("\r\n", "\n").strip() + "\n", reason.strip()
    wrong = {}
    if not text.strip():
        wrong["text"] = "missing"
    if len(text) > LONGEST_TEXT or "\x00" in text:
        wrong["text"] = "too_long"
    if not reason:
        wrong["reason"] = "reason_required"
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        wrong["reason"] = "too_long"
    if wrong:
        raise Invalid(wrong)
    return text, reason


def _subject(tx: Tx, text: str) -> str:
    try:
        return read_draft(queries.living(tx), text).behaviour
    except CatalogueFaults:
        return ""


def _open(tx: Tx, draft_id: int) -> Any:
    row = queries.draft_by_id(tx, draft_id)
    if row.state != "draft":
        raise refuse("conflict", "already_resolved", status=row.state)
    return row


def _move(tx: Tx, draft_id: int, values: dict[str, Any]) -> None:
    """Change a draft that is still one; the count says whether somebody was faster."""
    still = (method_draft.c.id == draft_id) & (method_draft.c.state == "draft")
    if tx.execute(update(method_draft).where(still).values(**values)).rowcount != 1:
        raise refuse("conflict", "already_resolved")


def _without_faults(tx: Tx, text: str, now: datetime) -> None:
    if faults := faults_of(tx, text, now):
        raise refuse("conflict", "draft_has_faults", count=len(faults))


# --- what if -----------------------------------------------------------------------------------------


def ask_what_if(tx: Tx, actor_id: int, draft_id: int, now: datetime) -> int:
    """Leave the question in the outbox: what would this text have changed; the number of the run."""
    row = _open(tx, draft_id)
    _without_faults(tx, row.text, now)
    last = queries.newest_run(tx, draft_id)
    if last is not None and last.checksum == row.checksum and last.state in ("queued", "running"):
        raise refuse("conflict", "what_if_waits")
    values = {"draft_id": draft_id, "checksum": row.checksum, "state": "queued", "done": 0, "parts": 1, "acts": 0,
              "asked_at": now}  # fmt: skip
    made = int(tx.scalar(insert(what_if).values(**values).returning(what_if.c.id)))
    enqueue(tx, WHAT_IF, {"run": made}, f"{WHAT_IF}:{made}", now)
    journal.record(tx, actor_id, "method.what_if", f"method_draft:{draft_id}", {"run": made}, now)
    return made


def run_what_if(house: Any, run_id: int) -> None:
    """Work out a run part by part, a part being a range of members; safe to begin again."""
    with house.store.read() as tx:
        run = queries.run_by_id(tx, run_id)
        if run is None or run.state == "done":
            return
        row = queries.draft_by_id(tx, run.draft_id)
        old = queries.living(tx)
        draft = read_draft(old, row.text) if row.checksum == run.checksum else None
        parts, count = parts_of(tx)
    if draft is None:  # changed meanwhile: nobody needs the answer
        _note(house, run_id, state="failed", finished_at=house.clock.now())
        return
    _note(house, run_id, state="running", done=0, parts=len(parts), acts=count)
    try:
        found = _all_parts(house, run_id, old, draft, row.text, parts)
    except Exception:
        _note(house, run_id, state="failed", finished_at=house.clock.now())
        raise
    with house.store.write() as tx:
        tx.execute(delete(what_if_row).where(what_if_row.c.run_id == run_id))
        tx.insert(what_if_row, [{"run_id": run_id, **_columns(each)} for each in found])
        done = {"state": "done", "done": len(parts), "finished_at": house.clock.now()}
        tx.execute(update(what_if).where(what_if.c.id == run_id).values(**done))


def parts_of(tx: Tx) -> tuple[list[tuple[int, int]], int]:
    """Ranges of members, few of them, for each is a look at every act; and the number of acts in all."""
    count, last = tx.rows(select(func.count(), func.max(acts.c.member_id)).select_from(acts))[0]
    parts = max(1, min(MOST_PARTS, (count or 0) // PART))
    step = (last or 0) // parts + 1
    return [(n * step, (n + 1) * step - 1) for n in range(parts)], int(count or 0)


def _all_parts(
    house: Any, run_id: int, old: Any, draft: Draft, text: str, parts: list[tuple[int, int]]
) -> list[queries.Effect]:
    found: list[queries.Effect] = []
    with house.store.read() as tx:
        rates = effects.draft_rates(tx, old, with_versions(old, [text]), draft)
    for done, members in enumerate(parts):
        with house.store.read() as tx:
            found += effects.effects(tx, rates, members)
        _note(house, run_id, done=done + 1)
    return effects.added(found)


def _note(house: Any, run_id: int, **values: Any) -> None:
    with house.store.write() as tx:
        tx.execute(update(what_if).where(what_if.c.id == run_id).values(**values))


def _columns(effect: queries.Effect) -> dict[str, Any]:
    return {name: getattr(effect, name) for name in effect.__slots__}


# --- every process follows ---------------------------------------------------------------------------


@dataclass(slots=True)
class Following:
    """How far this process has read what was approved."""

    lock: Any = field(default_factory=threading.Lock)
    look_at: datetime | None = None
    read_at: datetime | None = None
    stamp: int = 0


def refresh(house: Any, now: datetime, *, at_once: bool = False) -> None:
    """Give this process the methods approved meanwhile; a comparison of times, and every 30 seconds one small read.

    The first call of a process waits for the answer, so that nothing is credited by half a catalogue.
    """
    mine: Following = house.memory.setdefault("methods", Following())
    if mine.look_at is not None and now < mine.look_at and not at_once:
        return
    if not mine.lock.acquire(blocking=mine.read_at is None or at_once):
        return
    try:
        if mine.look_at is None or now >= mine.look_at or at_once:
            _follow(house, mine, now)
    finally:
        mine.lock.release()


def _follow(house: Any, mine: Following, now: datetime) -> None:
    mine.look_at = now + AGAIN_AFTER
    try:
        rows = house.store.look_up(queries.STAMP)
        stamp = rows[0].n if rows else 0
        if stamp != mine.stamp:
            with house.store.read() as tx:
                house.catalogue = queries.living(tx)
            mine.stamp = stamp
    except Exception:
        log.warning("the approved methods could not be read", exc_info=True)
        return
    mine.read_at, mine.look_at = now, now + LOOK_EVERY
