"""Awards: asked for by one person and given by another, once; taken back the same way, with the whole history kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, func, select, update

from points_engine.errors import refuse
from points_engine.ledger import Move
from webapp.honours import names, telling
from webapp.honours.rows import candidate, find, in_hand, move, new_code, note, tell_journal
from webapp.honours.tables import honour_award, honour_candidate, honour_round
from webapp.ledger import funds
from webapp.store import Store, Tx

BATCH = 200
_c, _a, _r = honour_candidate.c, honour_award.c, honour_round.c


# --- giving ----------------------------------------------------------------------------------------------


def ask_award(tx: Tx, actor_id: int, round_id: int, now: datetime) -> None:
    """The notice is over and nothing is open: ask that those on the list be honoured."""
    row = in_hand(tx, round_id, "settled")
    if not tx.scalar(select(func.count()).where(_c.round_id == round_id, _c.state == "accepted")):
        raise refuse("conflict", "no_candidates")
    move(tx, row, "asked", asked_by=actor_id, asked_at=now)
    tell_journal(tx, actor_id, "ask_award", round_id, {}, now)


def approve_award(tx: Tx, actor_id: int, round_id: int, now: datetime) -> int:
    """Honour everybody on the list, as somebody who did not ask for it; how many. A second time is 409 already_resolved."""
    row = in_hand(tx, round_id, "asked")
    if actor_id == row.asked_by:
        raise refuse("forbidden", "not_your_own")
    move(tx, row, "awarded", awarded_by=actor_id, awarded_at=now)
    chosen = tx.rows(
        select(honour_candidate).where(_c.round_id == round_id, _c.state == "accepted").order_by(_c.id)
    )  # fmt: skip
    called = names.names_of(tx, chosen)
    due = "due" if row.reward_points and row.fund_id else "none"
    awards = [
        {"candidate_id": each.id, "round_id": round_id, "number": number_of(row, n), "code": new_code(),
         "name": called[each.id], "awarded_at": now, "points_state": due if each.member_id else "none"}
        for n, each in enumerate(chosen, 1)
    ]  # fmt: skip
    tx.insert(honour_award, awards)
    tx.execute(update(honour_candidate).where(_c.round_id == round_id, _c.state == "accepted").values(state="awarded"))
    for each, award in zip(chosen, awards, strict=True):
        note(tx, each.id, "awarded", actor_id, now)
        telling.awarded(tx, row, each, award["number"], now)
    tell_journal(tx, actor_id, "award", round_id, {"awards": len(awards)}, now)
    return len(awards)


def decline_award(tx: Tx, actor_id: int, round_id: int, reason: str, now: datetime) -> None:
    """Send the list back to who asked: not yet."""
    row = in_hand(tx, round_id, "asked")
    if actor_id == row.asked_by:
        raise refuse("forbidden", "not_your_own")
    move(tx, row, "settled", asked_by=None, asked_at=None)
    tell_journal(tx, actor_id, "decline_award", round_id, {"reason": reason}, now)


def number_of(row: Any, n: int) -> str:
    """What is printed on the n-th certificate of a round: GE-2026-0001."""
    letters = "".join(word[0] for word in row.honour.split("_")).upper()
    return f"{letters}-{row.year}-{n:04d}"


# --- taking back -----------------------------------------------------------------------------------------


def ask_to_revoke(tx: Tx, actor_id: int, candidate_id: int, reason: str, now: datetime) -> None:
    """Ask that an honour be taken back, saying why; somebody else decides."""
    row, award = _awarded(tx, candidate_id)
    if award.revoked_at or award.revoke_asked_by:
        raise refuse("conflict", "already_resolved")
    _set(tx, candidate_id, revoke_asked_by=actor_id, revoke_asked_at=now, revoke_reason=reason)
    note(tx, candidate_id, "revoke_asked", actor_id, now, reason)
    tell_journal(tx, actor_id, "ask_revoke", row.id, {"candidate": candidate_id, "reason": reason}, now)


def decide_revocation(tx: Tx, actor_id: int, candidate_id: int, revoke: bool, now: datetime) -> None:
    """Take the honour back as it was asked, or leave it; not by who asked."""
    row, award = _awarded(tx, candidate_id)
    if award.revoked_at or not award.revoke_asked_by:
        raise refuse("conflict", "already_resolved")
    if actor_id == award.revoke_asked_by:
        raise refuse("forbidden", "not_your_own")
    if revoke:
        _set(tx, candidate_id, revoked_by=actor_id, revoked_at=now)
        tx.execute(update(honour_candidate).where(_c.id == candidate_id).values(state="revoked"))
        telling.revoked(tx, row, candidate(tx, candidate_id), award.revoke_reason, now)
    else:
        _set(tx, candidate_id, revoke_asked_by=None, revoke_asked_at=None, revoke_reason="")
    note(tx, candidate_id, "revoked" if revoke else "revoke_refused", actor_id, now, award.revoke_reason)
    detail = {"candidate": candidate_id, "reason": award.revoke_reason}
    tell_journal(tx, actor_id, "revoke" if revoke else "keep", row.id, detail, now)


def _awarded(tx: Tx, candidate_id: int) -> tuple[Row[Any], Row[Any]]:
    """The round and the award of a candidate, nobody else's until the end; 404 unknown_candidate."""
    row = in_hand(tx, candidate(tx, candidate_id).round_id, "awarded")
    award = tx.row(select(honour_award).where(_a.candidate_id == candidate_id))
    if award is None:
        raise refuse("not_found", "unknown_candidate")
    return row, award


def _set(tx: Tx, candidate_id: int, **values: Any) -> None:
    tx.execute(update(honour_award).where(_a.candidate_id == candidate_id).values(**values))


# --- rewards ---------------------------------------------------------------------------------------------


def pay_due(store: Store, now: datetime) -> int:
    """Pay what rounds promised to people they honoured, a batch a transaction; each once by its key."""
    with store.read() as tx:
        ids = [row.round_id for row in tx.rows(select(_a.round_id).where(_a.points_state == "due").distinct())]
    paid = 0
    for round_id in ids:
        while n := store.retrying(partial(_pay_batch, round_id=round_id, now=now)):
            paid += n
    return paid


def _pay_batch(tx: Tx, round_id: int, now: datetime) -> int:
    """The next rewards of a round out of its fund; what the fund cannot cover stands as dry, with a notice."""
    tx.take_turn(f"honour:{round_id}")
    row = find(tx, round_id)
    due = tx.rows(
        select(honour_award, _c.member_id)
        .join(honour_candidate, _c.id == _a.candidate_id)
        .where(_a.round_id == round_id, _a.points_state == "due", _c.member_id != 0)
        .order_by(_a.candidate_id)
        .limit(BATCH)
    )
    if not due:
        return 0
    cause = f"honour:{round_id}"
    who = {f"{cause}:{each.candidate_id}": each.candidate_id for each in due}
    moves = [
        Move(each.member_id, "points", "granted", "points", row.reward_points, "honour_bonus", cause, f"{cause}:{each.candidate_id}")
        for each in due
    ]  # fmt: skip
    drawn = funds.draw(tx, row.fund_id, cause, moves, now)
    for state, those in (("paid", (*drawn.paid, *drawn.already)), ("dry", drawn.dry), ("frozen", drawn.frozen)):
        _mark(tx, [who[one.key] for one in those], state)
    if drawn.dry:
        telling.dry(tx, row, [one.member_id for one in drawn.dry], now)
    return len(due)


def pay_again(tx: Tx, actor_id: int, round_id: int, now: datetime) -> int:
    """After a payment into the fund, what was left unpaid is due again."""
    row = in_hand(tx, round_id, "awarded")
    waiting = (_a.round_id == round_id, _a.points_state.in_(("dry", "frozen")))
    again = tx.execute(update(honour_award).where(*waiting).values(points_state="due")).rowcount
    tell_journal(tx, actor_id, "pay_again", row.id, {"rewards": again}, now)
    return int(again)


def _mark(tx: Tx, ids: Sequence[int], state: str) -> None:
    if ids:
        tx.execute(update(honour_award).where(_a.candidate_id.in_(list(ids))).values(points_state=state))
