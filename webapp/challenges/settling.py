"""The life of a challenge by the clock, and its end: who reached what, paid once from the fund in batches, certificates."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, func, select, update

from points_engine import challenge as rules
from points_engine.clock import local_day
from points_engine.ledger import Move
from webapp.challenges import standing
from webapp.challenges.measure import Measured, measure, taking_part, tasks_of
from webapp.challenges.tables import challenge, challenge_award, challenge_certificate
from webapp.inbox import service as inbox
from webapp.journal import service as journal
from webapp.ledger import funds
from webapp.members import queries as members
from webapp.store import Store, Tx

log = logging.getLogger("puhui.challenges")
SETTLE_AFTER = timedelta(days=3)  # late reviews and undone acts still count until then
ARCHIVE_AFTER = timedelta(days=30)  # after the end
BATCH = 200
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def move_by_clock(store: Store, now: datetime) -> int:
    """Open, close, settle and archive what is due; safe twice and by two schedulers at once."""
    moved = store.retrying(lambda tx: _open_and_close(tx, now))
    with store.read() as tx:
        due = tx.rows(_due(now))
    fault: Exception | None = None
    for row in due:
        try:
            moved += settle(store, row.id, now)
        except Exception as failed:  # holds up no other, and is told at the end
            log.exception("challenge %s could not be settled", row.id)
            fault = failed
    if fault is not None:
        raise fault
    return moved


def _open_and_close(tx: Tx, now: datetime) -> int:
    c = challenge.c
    steps = (
        ("scheduled", "open", c.starts_at <= now),
        ("open", "closed", c.ends_at <= now),
        ("settled", "archived", c.ends_at <= now - ARCHIVE_AFTER),
    )
    moved = 0
    for was, to, due in steps:
        for row in tx.rows(select(challenge).where(c.status == was, due)):
            done = tx.execute(update(challenge).where(c.id == row.id, c.status == was).values(status=to)).rowcount
            if done:
                journal.record(tx, None, f"challenge.{to}", f"challenge:{row.id}", {"was": was}, now)
                if to == "open":
                    _tell_open(tx, row, now)
            moved += done
    return moved


def archive(tx: Tx, challenge_id: int) -> int:
    """Put a settled challenge away before its time."""
    c = challenge.c
    settled = update(challenge).where(c.id == challenge_id, c.status == "settled")
    return int(tx.execute(settled.values(status="archived")).rowcount)


def _due(now: datetime) -> Any:
    return select(challenge.c.id).where(challenge.c.status == "closed", challenge.c.ends_at <= now - SETTLE_AFTER)


# --- settling ------------------------------------------------------------------------------------


def settle(store: Store, challenge_id: int, now: datetime) -> int:
    """Decide once who reached what, pay batch by batch, then close the books; any step may be repeated."""
    store.retrying(lambda tx: decide(tx, challenge_id, now))
    while store.retrying(lambda tx: pay_batch(tx, challenge_id, now)):
        pass
    return int(store.retrying(lambda tx: _finish(tx, challenge_id, now)))


def decide(tx: Tx, challenge_id: int, now: datetime) -> bool:
    """Write down the awards and the final figures, once; False when another has done it."""
    row = _mine(tx, challenge_id)
    if row is None or row.status != "closed" or row.awarded_at is not None:
        return False
    found, tasks = measure(tx, row, local_day(now)), tasks_of(tx, row.id)
    awards = rules.awards(tasks, found.people, found.teams, found.everybody, found.days)
    tx.insert(
        challenge_award,
        [
            {
                "member_id": each.member,
                "challenge_id": row.id,
                "task_id": each.task,
                "points": each.points,
                "place": each.place,
                "rank": rank,
                "status": "due" if each.points else "honour",
                "decided_at": now,
            }
            for rank, each in enumerate(awards, 1)
        ],
    )
    _certify(tx, row, found, awards, now)
    figures = standing.figures_of(tx, row, found, tasks)
    done = {"standing": figures, "standing_at": now, "awarded_at": now}
    tx.execute(update(challenge).where(challenge.c.id == row.id).values(**done))
    return True


def pay_batch(tx: Tx, challenge_id: int, now: datetime) -> int:
    """Draw the next rewards from the fund; 0 when none is due. The turn keeps two schedulers from the same batch."""
    row = _mine(tx, challenge_id)
    if row is None:
        return 0
    w = challenge_award.c
    due = tx.rows(
        select(challenge_award).where(w.challenge_id == challenge_id, w.status == "due").order_by(w.rank).limit(BATCH)
    )
    if not due:
        return 0
    cause = f"challenge:{challenge_id}"
    moves = [
        Move(
            d.member_id, "points", "granted", "points", d.points, "challenge_bonus", cause, f"{cause}:task:{d.task_id}"
        )
        for d in due
    ]
    drawn = funds.draw(tx, row.fund_id, cause, moves, now) if row.fund_id else funds.Drawn(dry=tuple(moves))
    for status, those in (("paid", (*drawn.paid, *drawn.already)), ("dry", drawn.dry), ("frozen", drawn.frozen)):
        _mark(tx, challenge_id, those, status, now)
    _tell_paid(tx, row, drawn.paid, now)
    if drawn.dry:
        _tell_dry(tx, row, drawn.dry, now)
    return len(due)


def try_again(tx: Tx, challenge_id: int, now: datetime) -> int:
    """Rewards that an empty fund or a frozen account left unpaid are due again; each is still paid once."""
    w = challenge_award.c
    waiting = (w.challenge_id == challenge_id, w.status.in_(("dry", "frozen")))
    again = tx.execute(update(challenge_award).where(*waiting).values(status="due")).rowcount
    tx.execute(update(challenge).where(challenge.c.id == challenge_id).values(dry_at=None))
    return int(again)


def pay_due(store: Store, now: datetime) -> int:
    """Pay what became due again after a payment into the fund."""
    w, c = challenge_award.c, challenge.c
    with store.read() as tx:
        ids = tx.rows(
            select(w.challenge_id)
            .join(challenge, c.id == w.challenge_id)
            .where(w.status == "due", c.status.in_(("settled", "archived")))
            .distinct()
        )
    paid = 0
    for row in ids:
        while n := store.retrying(partial(pay_batch, challenge_id=row.challenge_id, now=now)):
            paid += n
    return paid


def _finish(tx: Tx, challenge_id: int, now: datetime) -> int:
    c, w = challenge.c, challenge_award.c
    left = tx.scalar(select(func.count()).where(w.challenge_id == challenge_id, w.status == "due"))
    if left:
        return 0
    done = tx.execute(
        update(challenge)
        .where(c.id == challenge_id, c.status == "closed", c.awarded_at.is_not(None))
        .values(status="settled")
    ).rowcount
    if done:
        journal.record(tx, None, "challenge.settled", f"challenge:{challenge_id}", {}, now)
    return int(done)


def _mine(tx: Tx, challenge_id: int) -> Row[Any] | None:
    """The challenge, nobody else's until the end of the transaction."""
    tx.take_turn(f"challenge:{challenge_id}")
    return tx.row(select(challenge).where(challenge.c.id == challenge_id))


def _mark(tx: Tx, challenge_id: int, moves: Sequence[Move], status: str, now: datetime) -> None:
    if not moves:
        return
    tx.upsert(
        challenge_award,
        [
            {
                "member_id": move.member_id,
                "challenge_id": challenge_id,
                "task_id": int(move.key.rsplit(":", 1)[1]),
                "points": move.amount,
                "rank": 0,
                "status": status,
                "decided_at": now,
            }
            for move in moves
        ],
        key=("member_id", "challenge_id", "task_id"),
        replace=("status", "decided_at"),
    )


def _certify(tx: Tx, row: Row[Any], found: Measured, awards: Sequence[rules.Award], now: datetime) -> None:
    """A certificate for everybody who took part to the end and did something."""
    reached: dict[int, int] = {}
    for award in awards:
        reached[award.member] = reached.get(award.member, 0) + 1
    tx.upsert(
        challenge_certificate,
        [
            {
                "member_id": p.member,
                "challenge_id": row.id,
                "number": f"C{row.id}-" + "".join(secrets.choice(LETTERS) for _ in range(10)),
                "grams": p.sums.grams,
                "days": p.sums.days,
                "tasks": reached.get(p.member, 0),
                "issued_at": now,
            }
            for p in found.people
            if p.stays and p.sums.acts
        ],
        key=("member_id", "challenge_id"),
    )


# --- telling -------------------------------------------------------------------------------------


def _tell_open(tx: Tx, row: Row[Any], now: datetime) -> None:
    joined = tx.rows(taking_part(row.id))
    _tell(tx, row, [r.member_id for r in joined], "open", (f"「{row.title}」开始了", f"{row.title} has begun"), now)


def _tell_paid(tx: Tx, row: Row[Any], moves: Sequence[Move], now: datetime) -> None:
    sums: dict[int, int] = {}
    for move in moves:
        sums[move.member_id] = sums.get(move.member_id, 0) + move.amount
    inbox.notify_many(
        tx,
        [
            {
                "member_id": member,
                "key": f"challenge:{row.id}:paid:{moves[0].key}",
                "title_zh": f"「{row.title}」奖励 {points} 积分已到账",
                "title_en": f"{row.title}: {points} points have arrived",
            }
            for member, points in sums.items()
        ],
        "challenge",
        link=f"/challenges/{row.id}",
        now=now,
    )


def _tell_dry(tx: Tx, row: Row[Any], moves: Sequence[Move], now: datetime) -> None:
    """Who is not paid learns it, and so do the unit's administrators; base points are never touched."""
    tx.execute(update(challenge).where(challenge.c.id == row.id, challenge.c.dry_at.is_(None)).values(dry_at=now))
    said = (f"「{row.title}」的奖励资金不足", f"{row.title}: the fund for rewards has run dry")
    _tell(
        tx, row, sorted({move.member_id for move in moves}), "dry", said, now,
        ("您已达标，奖励积分暂未发放；单位补足资金后会补发。日常的基础积分和减排量不受影响。",
         "You reached the goal; the reward is not paid yet and will be once your unit fills the fund. Ordinary points and grams are not affected."),
    )  # fmt: skip
    link = f"/unit-admin/{row.unit_id}/challenges/{row.id}"
    _tell(tx, row, members.unit_admins(tx, row.unit_id), "dry:admin", said, now, link=link)


def _tell(
    tx: Tx, row: Row[Any], to: Sequence[int], key: str, title: tuple[str, str], now: datetime,
    body: tuple[str, str] = ("", ""), link: str = "",
) -> None:  # fmt: skip
    inbox.notify_many(
        tx,
        [{"member_id": member, "key": f"challenge:{row.id}:{key}"} for member in to],
        "challenge",
        *title,
        *body,
        link or f"/challenges/{row.id}",
        now,
    )
