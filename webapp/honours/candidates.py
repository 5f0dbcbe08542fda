"""Candidates: put forward by themselves or by staff, stepping back, accepted or declined with reasons by somebody else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from points_engine.errors import refuse
from webapp.green_units import queries as green_units
from webapp.honours import judging, telling
from webapp.honours.forms import Nomination
from webapp.honours.rows import candidate, honour_of, in_hand, tell_journal
from webapp.honours.tables import honour_candidate, honour_match
from webapp.members import queries as members
from webapp.store import Tx

_c = honour_candidate.c


# --- by themselves ---------------------------------------------------------------------------------------


def nominate_unit(tx: Tx, actor_id: int, round_id: int, unit_id: int, said: Nomination, now: datetime) -> int:
    """A unit's administrator puts the unit forward; 404 unknown_unit for a unit of others."""
    unit = green_units.administered_unit(tx, actor_id, unit_id)
    row = _window(tx, round_id, now)
    if unit.kind != honour_of(row).subject:
        raise refuse("conflict", "not_this_honour")
    return _put_forward(tx, row, {"unit_id": unit_id, "member_id": 0}, actor_id, False, said, now)


def nominate_self(tx: Tx, member_id: int, round_id: int, said: Nomination, now: datetime) -> int:
    """Somebody puts themselves forward; accounts of people under fourteen are not honoured by name."""
    row = _window(tx, round_id, now)
    if not honour_of(row).of_members:
        raise refuse("conflict", "not_this_honour")
    if members.is_child(tx, member_id):
        raise refuse("forbidden", "not_for_children")
    return _put_forward(tx, row, {"unit_id": 0, "member_id": member_id}, member_id, False, said, now)


def withdraw(tx: Tx, actor_id: int, candidate_id: int, now: datetime) -> None:
    """Step back, until the list is published; 404 for everybody else's."""
    found = candidate(tx, candidate_id)
    if not is_mine(tx, actor_id, found):
        raise refuse("not_found", "unknown_candidate")
    row = in_hand(tx, found.round_id, "announced", "open", "reviewing")
    _move(tx, found, ("nominated", "accepted"), state="withdrawn", decided_at=now, decided_by=None, reason="")
    tell_journal(tx, actor_id, "withdraw", row.id, {"candidate": candidate_id}, now)


def is_mine(tx: Tx, actor_id: int, found: Any) -> bool:
    """Whether this member is the candidate, or administers the unit that is."""
    if found.member_id:
        return bool(found.member_id == actor_id)
    return actor_id in members.unit_admins(tx, found.unit_id)


def _window(tx: Tx, round_id: int, now: datetime) -> Row[Any]:
    row = in_hand(tx, round_id)
    if row.state != "open" or not row.opens_at <= now < row.closes_at:
        raise refuse("conflict", "nominations_closed")
    return row


def _put_forward(
    tx: Tx, row: Row[Any], subject: dict[str, int], actor_id: int, by_staff: bool, said: Nomination, now: datetime
) -> int:
    """Write the candidate, once a round; who stepped back may come again."""
    values = {
        "state": "nominated", "by_staff": by_staff, "nominated_by": actor_id, "nominated_at": now,
        "statement": said.statement, "shown": said.shown, "own_name": said.own_name, "reason": "",
        "decided_by": None, "decided_at": None,
    }  # fmt: skip
    there = (_c.round_id == row.id, _c.unit_id == subject["unit_id"], _c.member_id == subject["member_id"])
    known = tx.row(select(honour_candidate).where(*there))
    if known is not None and known.state != "withdrawn":
        raise refuse("conflict", "nominated_already")
    if known is not None:
        tx.execute(update(honour_candidate).where(_c.id == known.id).values(**values))
        made = int(known.id)
    else:
        key = tx.execute(insert(honour_candidate).values(round_id=row.id, **subject, **values)).inserted_primary_key
        assert key is not None
        made = int(key[0])
    tell_journal(tx, actor_id, "nominate", row.id, {"candidate": made, "by_staff": by_staff}, now)
    return made


# --- by staff --------------------------------------------------------------------------------------------


def nominate_match(tx: Tx, actor_id: int, round_id: int, unit_id: int, member_id: int, now: datetime) -> int:
    """Put forward somebody of the list of those who meet every criterion; they learn of it and may step back."""
    row = in_hand(tx, round_id, "open", "reviewing")
    m = honour_match.c
    there = (m.round_id == round_id, m.unit_id == unit_id, m.member_id == member_id)
    if tx.row(select(honour_match).where(*there)) is None:
        raise refuse("not_found", "unknown_candidate")
    shown = {"family": "nickname", "member": "nickname"}.get(honour_of(row).subject, "name")
    said = Nomination("", shown)
    made = _put_forward(tx, row, {"unit_id": unit_id, "member_id": member_id}, actor_id, True, said, now)
    telling.nominated(tx, row, candidate(tx, made), now)
    return made


def accept(tx: Tx, actor_id: int, candidate_id: int, reason: str, now: datetime) -> None:
    """Put a candidate on the list: judged now, and every criterion must be met; 409 criteria_not_met otherwise."""
    found = candidate(tx, candidate_id)
    row = in_hand(tx, found.round_id, "open", "reviewing")
    _check_person(tx, actor_id, found)
    subject = judging.subject_of(found)
    judged = judging.judge(tx, row, [subject], now)[subject]
    if not judged.eligible:
        raise refuse("conflict", "criteria_not_met", met=judged.met, of=len(judged.findings))
    number = judging.write_down(tx, row, {found.id: judged}, now)[found.id]
    decided = {"reason": reason, "decided_by": actor_id, "decided_at": now, "evaluation": number}
    _move(tx, found, ("nominated", "declined"), state="accepted", **decided)
    telling.accepted(tx, row, found, reason, now)
    tell_journal(tx, actor_id, "accept", row.id, {"candidate": candidate_id, "reason": reason}, now)


def decline(tx: Tx, actor_id: int, candidate_id: int, reason: str, now: datetime) -> None:
    """Leave a candidate off the list, saying why; until the list is put forward it can be accepted after all."""
    found = candidate(tx, candidate_id)
    row = in_hand(tx, found.round_id, "open", "reviewing")
    _check_person(tx, actor_id, found)
    _move(tx, found, ("nominated", "accepted"), state="declined", reason=reason, decided_by=actor_id, decided_at=now)
    telling.declined(tx, row, found, reason, now)
    tell_journal(tx, actor_id, "decline", row.id, {"candidate": candidate_id, "reason": reason}, now)


def _check_person(tx: Tx, actor_id: int, found: Any) -> None:
    """Nobody decides on whom they put forward, on themselves, or on a unit they administer."""
    if actor_id == found.nominated_by or is_mine(tx, actor_id, found):
        raise refuse("forbidden", "not_your_own")


def _move(tx: Tx, found: Any, was: tuple[str, ...], **values: Any) -> None:
    changed = tx.execute(
        update(honour_candidate).where(_c.id == found.id, _c.state.in_(was)).values(**values)
    )  # fmt: skip
    if not changed.rowcount:
        raise refuse("conflict", "already_resolved", status=found.state)
