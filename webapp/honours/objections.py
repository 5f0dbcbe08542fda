"""Objections during the notice: raised by any member, once open each, decided by staff who put nobody forward."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from points_engine.errors import Invalid, refuse
from webapp.honours import telling
from webapp.honours.candidates import is_mine
from webapp.honours.forms import Objection
from webapp.honours.rows import candidate, in_hand, tell_journal
from webapp.honours.tables import honour_candidate, honour_objection
from webapp.store import Tx

MOST = 3  # objections of one person to one candidate
_o, _c = honour_objection.c, honour_candidate.c


def object_to(tx: Tx, member_id: int, candidate_id: int, said: Objection, now: datetime) -> int:
    """Raise an objection; the candidate learns that there is one, never whose. The number among one's own."""
    found = candidate(tx, candidate_id)
    row = in_hand(tx, found.round_id)
    if row.state != "notice" or now >= row.notice_until or found.state != "accepted":
        raise refuse("conflict", "notice_over")
    mine = tx.rows(select(_o.state).where(_o.member_id == member_id, _o.candidate_id == candidate_id))
    if any(each.state == "open" for each in mine):
        raise refuse("conflict", "objection_open")
    if len(mine) >= MOST:
        raise refuse("limit", "enough_objections", limit=MOST)
    number = len(mine) + 1
    tx.execute(
        insert(honour_objection).values(
            member_id=member_id, candidate_id=candidate_id, number=number, round_id=row.id, state="open",
            reason=said.reason, evidence=said.evidence, opened_at=now,
        )
    )  # fmt: skip
    total = tx.scalar(select(func.count()).where(_o.candidate_id == candidate_id))
    telling.objected(tx, row, found, str(total), now)
    return number


def decide_objection(
    tx: Tx, actor_id: int, candidate_id: int, objector_id: int, number: int, word: str, answer: str, now: datetime
) -> None:
    """Uphold an objection, and the candidate is off the list, or dismiss it; both learn why.

    Not by who put the list or the candidate forward, nor by who objected or is objected to: 403 not_your_own.
    """
    if word not in ("upheld", "dismissed"):
        raise Invalid({"word": "not_a_choice"})
    found = candidate(tx, candidate_id)
    row = in_hand(tx, found.round_id, "notice")
    if actor_id in (row.proposed_by, found.nominated_by, objector_id) or is_mine(tx, actor_id, found):
        raise refuse("forbidden", "not_your_own")
    one = (_o.member_id == objector_id, _o.candidate_id == candidate_id, _o.number == number)
    _close(tx, row, found, one, actor_id, word, answer, now)
    if word == "upheld":
        out = {"state": "removed", "reason": answer, "decided_by": actor_id, "decided_at": now}
        tx.execute(update(honour_candidate).where(_c.id == candidate_id, _c.state == "accepted").values(**out))
        others = tx.rows(select(honour_objection).where(_o.candidate_id == candidate_id, _o.state == "open"))
        for each in others:
            same = (_o.member_id == each.member_id, _o.candidate_id == candidate_id, _o.number == each.number)
            _close(tx, row, found, same, actor_id, word, answer, now)
    detail = {"candidate": candidate_id, "number": number, "word": word, "reason": answer}
    tell_journal(tx, actor_id, "objection", row.id, detail, now)


def _close(
    tx: Tx, row: Row[Any], found: Any, one: tuple[Any, ...], actor_id: int, word: str, answer: str, now: datetime
) -> None:
    objection = tx.row(select(honour_objection).where(*one))
    if objection is None:
        raise refuse("not_found", "unknown_objection")
    decided = {"state": word, "answer": answer, "decided_by": actor_id, "decided_at": now}
    if not tx.execute(update(honour_objection).where(*one, _o.state == "open").values(**decided)).rowcount:
        raise refuse("conflict", "already_resolved", status=objection.state)
    key = f"{objection.member_id}:{objection.number}"
    telling.answered(tx, row, found, objection.member_id, key, word == "upheld", answer, now)


def waiting(tx: Tx) -> int:
    """How many objections wait for an answer."""
    return int(tx.scalar(select(func.count()).where(_o.state == "open")) or 0)
