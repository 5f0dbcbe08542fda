"""Sessions 讲座: set up by unit administrators and staff; seats and a waiting list in order; who came, by screen or by hand."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from points_engine.errors import Invalid, refuse
from points_engine.scanning import screen_code, screen_secret, screen_window, window_of
from webapp.inbox import service as inbox
from webapp.journal.service import record
from webapp.learning import training_reads as reads
from webapp.learning.forms import TrainingFacts
from webapp.learning.tables import training, training_sign_up
from webapp.store import Tx

EARLY, LATE = timedelta(minutes=30), timedelta(minutes=30)  # the screen's codes count so long before and after
Units = frozenset[int] | None  # the units somebody manages; None: the whole park
_t, _s = training.c, training_sign_up.c


# --- organisers ----------------------------------------------------------------------------------


def create(tx: Tx, actor_id: int, units: Units, facts: TrainingFacts, now: datetime) -> int:
    """A session with a screen of its own; a unit's administrator sets them up for that unit only."""
    _check_unit(units, facts)
    _check_coming(facts, now)
    row = asdict(facts) | {"screen_key": secrets.token_urlsafe(16), "status": "open", "created_at": now}
    made = tx.scalar(insert(training).values(**row).returning(_t.id))
    record(tx, actor_id, "training.create", f"training:{made}", {"unit": facts.unit_id, "seats": facts.capacity}, now)
    return int(made)


def change(tx: Tx, actor_id: int, units: Units, training_id: int, facts: TrainingFacts, now: datetime) -> None:
    """Change a session; more seats let the waiting list in, another time or place is told to those who come.

    Invalid capacity below_taken, unit_id not_a_choice.
    """
    row = _managed(tx, units, training_id)
    _check_unit(units, facts)
    if (facts.starts_at, facts.ends_at) != (row.starts_at, row.ends_at):
        _check_coming(facts, now)
    if facts.capacity < row.taken:
        raise Invalid({"capacity": "below_taken"})
    tx.execute(update(training).where(_t.id == training_id).values(**asdict(facts)))
    record(tx, actor_id, "training.edit", f"training:{training_id}", {"seats": facts.capacity}, now)
    _let_in(tx, training_id, now)
    if (facts.starts_at, facts.place_zh) != (row.starts_at, row.place_zh):
        words = ("讲座时间或地点有变", "A session has another time or place")
        _tell_all(tx, training_id, words, f"moved:{facts.starts_at.isoformat()}:{facts.place_zh}", now)


def cancel(tx: Tx, actor_id: int, units: Units, training_id: int, now: datetime) -> None:
    """Call a session off and tell those who signed up; what was attended stays. A second time changes nothing."""
    row = _managed(tx, units, training_id)
    if row.status == "cancelled":
        return
    tx.execute(update(training).where(_t.id == training_id).values(status="cancelled"))
    record(tx, actor_id, "training.cancel", f"training:{training_id}", {"signed_up": row.taken}, now)
    _tell_all(tx, training_id, ("讲座已取消", "A session was called off"), "cancelled", now)


def set_attended(tx: Tx, actor_id: int, units: Units, training_id: int, turn: int, came: bool, now: datetime) -> None:
    """The organiser corrects who came, from the beginning on; the journal keeps it. Counts for the session's own time.

    Raises unknown_sign_up (404), session_not_begun (409).
    """
    row = _managed(tx, units, training_id)
    if now < row.starts_at - EARLY:
        raise refuse("conflict", "session_not_begun")
    found = tx.row(
        select(training_sign_up).where(_s.training_id == training_id, _s.turn == turn, _s.state != "cancelled")
    )
    if found is None:
        raise refuse("not_found", "unknown_sign_up")
    if came == (found.attended_at is not None):
        return
    at = max(row.starts_at, min(now, row.ends_at)) if came else None
    tx.execute(
        update(training_sign_up)
        .where(_s.member_id == found.member_id, _s.training_id == training_id)
        .values(attended_at=at, attended_by="hand" if came else None)
    )
    record(tx, actor_id, "training.attended", f"training:{training_id}", {"turn": turn, "came": came}, now)


# --- members -------------------------------------------------------------------------------------


def sign_up(tx: Tx, member_id: int, unit_ids: frozenset[int], training_id: int, now: datetime) -> str:
    """Take a seat, or the next place on the waiting list: "in" or "waiting"; a second time finds the first.

    Raises unknown_session (404), session_cancelled, session_over (409).
    """
    row = _locked(tx, training_id)
    reads.check_visible(row, unit_ids)
    if row.status != "open":
        raise refuse("conflict", "session_cancelled")
    if now >= row.ends_at:
        raise refuse("conflict", "session_over")
    mine = reads.my_sign_up(tx, member_id, training_id)
    if mine is not None and mine.state != "cancelled":
        return str(mine.state)
    state = "in" if row.taken < row.capacity else "waiting"
    told = {"member_id": member_id, "training_id": training_id, "state": state, "turn": row.next_turn, "signed_at": now}
    tx.upsert(training_sign_up, [told], key=("member_id", "training_id"), replace=("state", "turn", "signed_at"))
    tx.execute(
        update(training)
        .where(_t.id == training_id)
        .values(taken=_t.taken + int(state == "in"), next_turn=_t.next_turn + 1)
    )
    return state


def sign_off(tx: Tx, member_id: int, training_id: int, now: datetime) -> None:
    """Give the seat or the place back; the first who waits gets it and is told. Not after it has begun.

    Raises unknown_sign_up (404), session_begun (409).
    """
    row = _locked(tx, training_id)
    mine = reads.my_sign_up(tx, member_id, training_id)
    if mine is None or mine.state == "cancelled":
        raise refuse("not_found", "unknown_sign_up")
    if now >= row.starts_at or mine.attended_at is not None:
        raise refuse("conflict", "session_begun")
    tx.execute(
        update(training_sign_up)
        .where(_s.member_id == member_id, _s.training_id == training_id)
        .values(state="cancelled")
    )
    if mine.state == "in":
        tx.execute(update(training).where(_t.id == training_id).values(taken=_t.taken - 1))
        _let_in(tx, training_id, now)


def attend(tx: Tx, key: str, member_id: int, training_id: int, code: str, now: datetime) -> None:
    """Be there: the code on the session's screen, around its time, by who has a seat; once, and a second time is the first.

    Raises unknown_session (404), not_signed_up, still_waiting, session_not_begun, session_over, session_cancelled,
    code_not_on_screen (409).
    """
    row = _locked(tx, training_id)
    if row.status != "open":
        raise refuse("conflict", "session_cancelled")
    check_time(row, now)
    if screen_window(secret_of(key, row), code, now) is None:
        raise refuse("conflict", "code_not_on_screen")
    mine = reads.my_sign_up(tx, member_id, training_id)
    if mine is None or mine.state == "cancelled":
        raise refuse("conflict", "not_signed_up")
    if mine.state == "waiting":
        raise refuse("conflict", "still_waiting")
    tx.execute(
        update(training_sign_up)
        .where(_s.member_id == member_id, _s.training_id == training_id, _s.attended_at.is_(None))
        .values(attended_at=now, attended_by="screen")
    )


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: sign-ups go, and seats of sessions that have not begun go to those who wait."""
    mine = tx.rows(
        select(_s.training_id, _s.state, _t.starts_at)
        .join(training, _t.id == _s.training_id)
        .where(_s.member_id == member_id)
        .order_by(_s.training_id)
    )
    for each in mine:
        _locked(tx, each.training_id)
        tx.execute(delete(training_sign_up).where(_s.member_id == member_id, _s.training_id == each.training_id))
        if each.state == "in":
            tx.execute(update(training).where(_t.id == each.training_id).values(taken=_t.taken - 1))
            if each.starts_at > now:
                _let_in(tx, each.training_id, now)


# --- the screen ----------------------------------------------------------------------------------


def secret_of(key: str, row: Any) -> bytes:
    """What the codes of a session's screen are made from."""
    return screen_secret(key, f"training:{row.id}", row.screen_key)


def code_on_screen(key: str, row: Any, now: datetime) -> str:
    """The digits that the session's screen shows now."""
    return screen_code(secret_of(key, row), window_of(now))


def check_time(row: Any, now: datetime) -> None:
    """Whether codes count now; raises session_not_begun or session_over (409)."""
    if now < row.starts_at - EARLY:
        raise refuse("conflict", "session_not_begun")
    if now > row.ends_at + LATE:
        raise refuse("conflict", "session_over")


# --- inside --------------------------------------------------------------------------------------


def _let_in(tx: Tx, training_id: int, now: datetime) -> None:
    """Give free seats to the first who wait, and tell them."""
    row = _locked(tx, training_id)
    free = row.capacity - row.taken
    if free <= 0 or row.status != "open":
        return
    lucky = tx.rows(
        select(_s.member_id, _s.turn)
        .where(_s.training_id == training_id, _s.state == "waiting")
        .order_by(_s.turn)
        .limit(free)
    )
    if not lucky:
        return
    tx.execute(
        update(training_sign_up)
        .where(_s.training_id == training_id, _s.member_id.in_([each.member_id for each in lucky]))
        .values(state="in")
    )
    tx.execute(update(training).where(_t.id == training_id).values(taken=_t.taken + len(lucky)))
    inbox.notify_many(
        tx, [{"member_id": each.member_id, "key": f"training:{training_id}:in:{each.turn}"} for each in lucky],
        "learning", "候补成功，您有座位了", "A seat is free: you are in", row.title_zh, row.title_en or row.title_zh,
        f"/sessions/{training_id}", now,
    )  # fmt: skip


def _tell_all(tx: Tx, training_id: int, words: tuple[str, str], key: str, now: datetime) -> None:
    """Tell everybody who signed up or waits."""
    row = reads.row_of(tx, training_id)
    there = tx.rows(select(_s.member_id).where(_s.training_id == training_id, _s.state != "cancelled"))
    keyed = f"training:{training_id}:{key}"[:100]
    inbox.notify_many(
        tx, [{"member_id": each.member_id, "key": keyed} for each in there], "learning", *words, row.title_zh,
        row.title_en or row.title_zh, f"/sessions/{training_id}", now,
    )  # fmt: skip


def _check_unit(units: Units, facts: TrainingFacts) -> None:
    if units is not None and facts.unit_id not in units:
        raise Invalid({"unit_id": "not_a_choice"})


def _check_coming(facts: TrainingFacts, now: datetime) -> None:
    if facts.ends_at <= now:
        raise Invalid({"ends_at": "in_past"})


def _managed(tx: Tx, units: Units, training_id: int) -> Any:
    """A session of these units, held against others who change it; 404 for any other."""
    reads.managed_one(tx, units, training_id)
    return _locked(tx, training_id)


def _locked(tx: Tx, training_id: int) -> Any:
    """The session, so that seats are given one after the other."""
    row = tx.row(select(training).where(_t.id == training_id).with_for_update())
    if row is None:
        raise refuse("not_found", "unknown_session")
    return row


def seats_taken(tx: Tx) -> dict[int, int]:
    """How many seats of each session are taken by its sign-ups; for the audit."""
    rows = tx.rows(select(_s.training_id, func.count().label("n")).where(_s.state == "in").group_by(_s.training_id))
    return {row.training_id: int(row.n) for row in rows}
