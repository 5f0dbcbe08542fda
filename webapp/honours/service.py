"""What others ask of honours: the use cases, the audit of what was given, and dropping who leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from points_engine.honours import checksum, read_record
from webapp.honours.awards import (
    approve_award,
    ask_award,
    ask_to_revoke,
    decide_revocation,
    decline_award,
    pay_again,
    pay_due,
)
from webapp.honours.candidates import accept, decline, nominate_match, nominate_self, nominate_unit, withdraw
from webapp.honours.objections import decide_objection, object_to
from webapp.honours.rounds import (
    SCREEN,
    announce,
    ask_to_screen,
    board_choices,
    cancel,
    change_round,
    create_round,
    move_by_clock,
    propose,
    screen,
    send_back,
    start_notice,
)
from webapp.honours.tables import (
    honour_award,
    honour_candidate,
    honour_evaluation,
    honour_match,
    honour_objection,
    honour_record,
    honour_round,
)
from webapp.store import Tx

__all__ = [
    "SCREEN",
    "accept",
    "announce",
    "approve_award",
    "ask_award",
    "ask_to_revoke",
    "ask_to_screen",
    "audit_honours",
    "board_choices",
    "cancel",
    "change_round",
    "create_round",
    "decide_objection",
    "decide_revocation",
    "decline",
    "decline_award",
    "forget",
    "move_by_clock",
    "nominate_match",
    "nominate_self",
    "nominate_unit",
    "object_to",
    "pay_again",
    "pay_due",
    "propose",
    "screen",
    "send_back",
    "start_notice",
    "withdraw",
]
_c, _a, _r, _e = honour_candidate.c, honour_award.c, honour_round.c, honour_evaluation.c
HONOURED = ("awarded", "revoked")


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: nominations and objections go; an honour that was given stays, without a name and without words."""
    mine = _c.member_id == member_id
    gone = select(_c.id).where(mine, _c.state.not_in(HONOURED))
    tx.execute(delete(honour_evaluation).where(_e.candidate_id.in_(gone)))
    tx.execute(delete(honour_objection).where(honour_objection.c.candidate_id.in_(gone)))
    tx.execute(delete(honour_candidate).where(mine, _c.state.not_in(HONOURED)))
    kept = select(_c.id).where(mine)
    tx.execute(update(honour_award).where(_a.candidate_id.in_(kept)).values(name=""))
    tx.execute(update(honour_candidate).where(mine).values(statement="", own_name="", shown="none"))
    tx.execute(delete(honour_objection).where(honour_objection.c.member_id == member_id))
    tx.execute(delete(honour_match).where(honour_match.c.member_id == member_id))


# --- audit -----------------------------------------------------------------------------------------------


def audit_honours(tx: Tx, granted: dict[str, int]) -> list[str]:
    """One line a fault: awards nobody approved, workings that do not fit, records that lack a row, rewards not paid."""
    return [*_hands(tx), *_awards(tx), *_records(tx), *_paid(tx, granted)]


def _hands(tx: Tx) -> list[str]:
    """Rounds that went on without two people, or with an objection open."""
    faults = []
    for row in tx.rows(select(honour_round).where(_r.state.in_(("notice", "settled", "asked", "awarded")))):
        if row.noticed_by is None or row.noticed_by == row.proposed_by:
            faults.append(f"honour round {row.id}: published without a second person")
        if row.state == "awarded" and (None in (row.asked_by, row.awarded_by) or row.asked_by == row.awarded_by):
            faults.append(f"honour round {row.id}: awarded without a second person")
    o = honour_objection.c
    late = (
        select(o.round_id).join(honour_round, _r.id == o.round_id)
        .where(o.state == "open", _r.state.in_(("settled", "asked", "awarded"))).distinct()
    )  # fmt: skip
    return faults + [f"honour round {row.round_id}: went on with an objection open" for row in tx.rows(late)]


def _awards(tx: Tx) -> list[str]:
    """Every award of a round that was awarded, of one subject once, on an evaluation that is there and says eligible."""
    subject = (_c.round_id, _c.unit_id, _c.member_id)
    twice = (
        select(*subject).join(honour_award, _a.candidate_id == _c.id).group_by(*subject).having(func.count() > 1)
    )  # fmt: skip
    faults = [f"honour round {row.round_id}: one candidate is awarded twice" for row in tx.rows(twice)]
    rows = tx.rows(
        select(_a.candidate_id, _a.revoked_at, _a.revoked_by, _a.revoke_asked_by, _c.state, _r.state.label("round"),
               _e.record, _e.checksum, _e.eligible)
        .select_from(honour_award)
        .outerjoin(honour_candidate, _c.id == _a.candidate_id)
        .outerjoin(honour_round, _r.id == _a.round_id)
        .outerjoin(honour_evaluation, (_e.candidate_id == _c.id) & (_e.number == _c.evaluation))
        .order_by(_a.candidate_id)
    )  # fmt: skip
    for row in rows:
        faults += [f"honour award {row.candidate_id}: {fault}" for fault in _award_faults(row)]
    unpaired = select(_c.id).where(_c.state.in_(HONOURED), _c.id.not_in(select(_a.candidate_id)))
    return faults + [f"honour candidate {row.id}: honoured without an award" for row in tx.rows(unpaired)]


def _award_faults(row: Any) -> list[str]:
    found = []
    if row.round != "awarded":
        found.append("of a round that was not awarded")
    if row.state != ("revoked" if row.revoked_at else "awarded"):
        found.append(f"its candidate is {row.state}")
    if row.revoked_at and row.revoked_by in (None, row.revoke_asked_by):
        found.append("revoked without a second person")
    if row.record is None:
        return [*found, "no evaluation"]
    if checksum(row.record) != row.checksum:
        found.append("its evaluation does not fit the checksum")
    elif not (row.eligible and read_record(row.record).eligible):
        found.append("its evaluation does not meet the criteria")
    return found


def _records(tx: Tx) -> list[str]:
    """The record, which is never changed, against the awards as they stand."""
    n = honour_record.c
    rows = tx.rows(select(n.candidate_id, n.what, func.count().label("n")).group_by(n.candidate_id, n.what))
    said = {(row.candidate_id, row.what): int(row.n) for row in rows}
    awards = tx.rows(select(_a.candidate_id, _a.revoked_at))
    faults = []
    for each in awards:
        if said.get((each.candidate_id, "awarded"), 0) != 1:
            faults.append(f"honour award {each.candidate_id}: not once in the record")
        if said.get((each.candidate_id, "revoked"), 0) != int(each.revoked_at is not None):
            faults.append(f"honour award {each.candidate_id}: its revocation and the record differ")
    known = {each.candidate_id for each in awards}
    return faults + [f"honour award {who}: recorded and not there" for who, what in sorted(said) if what == "awarded" and who not in known]  # fmt: skip


def _paid(tx: Tx, granted: dict[str, int]) -> list[str]:
    """Rewards written down as paid against what members got from funds."""
    rows = tx.rows(
        select(_a.round_id, func.sum(_r.reward_points).label("points"))
        .join(honour_round, _r.id == _a.round_id)
        .where(_a.points_state == "paid")
        .group_by(_a.round_id)
    )
    paid = {f"honour:{row.round_id}": int(row.points) for row in rows}
    got = {cause: n for cause, n in granted.items() if cause.startswith("honour:")}
    return [
        f"{cause}: rewards of {paid.get(cause, 0)} written down, {got.get(cause, 0)} paid"
        for cause in sorted(paid.keys() | got.keys())
        if paid.get(cause, 0) != got.get(cause, 0)
    ]
