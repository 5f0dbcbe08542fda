"""The use cases of challenges: an administrator sets one up and publishes it; people join, leave and cheer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, or_, select, update

from points_engine import challenge as rules
from points_engine.clock import local_day
from points_engine.errors import Invalid, refuse
from webapp.challenges import standing
from webapp.challenges.forms import ChallengeFacts, read_word
from webapp.challenges.linting import findings
from webapp.challenges.measure import is_meant, teams_of, window_of
from webapp.challenges.settling import try_again
from webapp.challenges.tables import (
    challenge,
    challenge_award,
    challenge_certificate,
    challenge_invite,
    challenge_join,
    challenge_kudos,
    challenge_task,
)
from webapp.challenges.workdays import set_workday
from webapp.green_units import queries as units
from webapp.inbox import service as inbox
from webapp.journal import service as journal
from webapp.store import Store, Tx

__all__ = [
    "challenge_audit",
    "change_challenge",
    "close_now",
    "create_challenge",
    "delete_draft",
    "forget",
    "give_kudos",
    "invite",
    "join",
    "leave",
    "pay_again",
    "publish",
    "refresh_boards",
    "set_workday",
    "unpublish",
]

log = logging.getLogger("puhui.challenges")
KUDOS_A_DAY = 5
INVITED_MAX = 20_000


# --- the administrator ---------------------------------------------------------------------------


def create_challenge(tx: Tx, actor_id: int, unit_id: int, preset: str, facts: ChallengeFacts, now: datetime) -> int:
    """A draft; nobody else sees it."""
    unit = units.administered_unit(tx, actor_id, unit_id)
    if unit.is_family:
        raise refuse("conflict", "no_challenges")
    row = _columns(facts) | {"unit_id": unit_id, "preset": preset, "status": "draft", "created_at": now}
    key = tx.execute(insert(challenge).values(**row)).inserted_primary_key
    assert key is not None
    made = int(key[0])
    _write_tasks(tx, made, facts)
    _record(tx, actor_id, "challenge.create", made, {"unit": unit_id, "preset": preset}, now)
    return made


def change_challenge(
    tx: Tx, actor_id: int, unit_id: int, challenge_id: int, facts: ChallengeFacts, now: datetime
) -> None:
    """Change a draft; once published its rules stand."""
    row = administered(tx, actor_id, unit_id, challenge_id)
    if row.status != "draft":
        raise refuse("conflict", "already_resolved", status=row.status)
    _hold_draft(tx, challenge_id)
    tx.execute(update(challenge).where(challenge.c.id == challenge_id).values(**_columns(facts)))
    tx.execute(delete(challenge_task).where(challenge_task.c.challenge_id == challenge_id))
    _write_tasks(tx, challenge_id, facts)
    _record(tx, actor_id, "challenge.change", challenge_id, {"unit": unit_id}, now)


def publish(tx: Tx, actor_id: int, unit_id: int, challenge_id: int, now: datetime) -> None:
    """Announce a draft; the clock opens it. A grave finding of the lint keeps it back (409 challenge_findings)."""
    administered(tx, actor_id, unit_id, challenge_id)
    _hold_draft(tx, challenge_id)
    row = administered(tx, actor_id, unit_id, challenge_id)  # as the last change left it
    if row.ends_at <= now:
        raise refuse("conflict", "challenge_over")
    grave = [one.code for one in findings(tx, row, now) if one.stop]
    if grave:
        raise refuse("conflict", "challenge_findings", count=len(grave), codes=grave)
    announce(tx, row, actor_id, now)


def announce(tx: Tx, row: Row[Any], actor_id: int | None, now: datetime) -> None:
    """A draft that has been checked becomes known to those it is meant for."""
    _move(tx, actor_id, row, "draft", "scheduled", now)
    _tell_invited(tx, row, now)


def unpublish(tx: Tx, actor_id: int, unit_id: int, challenge_id: int, now: datetime) -> None:
    """Take back what has not begun; who had joined is out again."""
    row = administered(tx, actor_id, unit_id, challenge_id)
    _move(tx, actor_id, row, "scheduled", "draft", now)
    tx.execute(delete(challenge_join).where(challenge_join.c.challenge_id == challenge_id))


def close_now(tx: Tx, actor_id: int, unit_id: int, challenge_id: int, now: datetime) -> None:
    """End a running challenge early; it settles as if it had been meant to end now."""
    row = administered(tx, actor_id, unit_id, challenge_id)
    ends = {"ends_at": now} if row.starts_at < now < row.ends_at else {}
    _move(tx, actor_id, row, "open", "closed", now, **ends)


def delete_draft(tx: Tx, actor_id: int, unit_id: int, challenge_id: int, now: datetime) -> None:
    """Throw a draft away."""
    row = administered(tx, actor_id, unit_id, challenge_id)
    if row.status != "draft":
        raise refuse("conflict", "already_resolved", status=row.status)
    _hold_draft(tx, challenge_id)
    for table in (challenge_task, challenge_invite):
        tx.execute(delete(table).where(table.c.challenge_id == challenge_id))
    tx.execute(delete(challenge).where(challenge.c.id == challenge_id))
    _record(tx, actor_id, "challenge.delete", challenge_id, {"unit": unit_id, "title": row.title}, now)


def invite(
    tx: Tx, actor_id: int, unit_id: int, challenge_id: int, add: Sequence[int], drop: Sequence[int], now: datetime
) -> int:
    """Choose who may take part in a challenge by invitation; only people of the unit."""
    row = administered(tx, actor_id, unit_id, challenge_id)
    if row.status not in ("draft", "scheduled", "open"):
        raise refuse("conflict", "already_resolved", status=row.status)
    m = units.memberships.c
    mine = tx.rows(
        select(m.member_id).where(m.unit_id == unit_id, m.left_on.is_(None), m.member_id.in_(list(add))).distinct()
    )
    rows = [{"member_id": r.member_id, "challenge_id": challenge_id, "invited_at": now} for r in mine]
    fresh = tx.upsert(challenge_invite, rows, key=("member_id", "challenge_id")) if rows else 0
    i = challenge_invite.c
    tx.execute(delete(challenge_invite).where(i.challenge_id == challenge_id, i.member_id.in_(list(drop))))
    if row.status != "draft":
        _tell_invited(tx, row, now)
    _record(tx, actor_id, "challenge.invite", challenge_id, {"added": fresh, "dropped": len(drop)}, now)
    return fresh


def pay_again(tx: Tx, actor_id: int, unit_id: int, challenge_id: int, now: datetime) -> int:
    """After a payment into the fund, what was left unpaid is due again; the job pays it, each reward once."""
    administered(tx, actor_id, unit_id, challenge_id)
    again = try_again(tx, challenge_id, now)
    _record(tx, actor_id, "challenge.pay_again", challenge_id, {"rewards": again}, now)
    return again


def administered(tx: Tx, actor_id: int, unit_id: int, challenge_id: int) -> Row[Any]:
    """A challenge of a unit this member administers; 404 for everybody else's."""
    units.administered_unit(tx, actor_id, unit_id)
    row = tx.row(select(challenge).where(challenge.c.id == challenge_id, challenge.c.unit_id == unit_id))
    if row is None:
        raise refuse("not_found", "unknown_challenge")
    return row


# --- people --------------------------------------------------------------------------------------


def join(tx: Tx, member_id: int, challenge_id: int, now: datetime) -> bool:
    """Take part from today (or from the first day); False when already in."""
    row = published(tx, member_id, challenge_id)
    c = challenge_join.c
    rows = tx.rows(select(challenge_join).where(c.member_id == member_id, c.challenge_id == challenge_id))
    if any(r.left_on is None for r in rows):
        return False
    if not rules.may_join(row.status, row.ends_at, now):
        raise refuse("conflict", "window_closed", challenge=challenge_id)
    if not is_meant(tx, row, member_id):
        raise refuse("forbidden", "not_eligible", challenge=challenge_id)
    first, _ = window_of(row)
    joined = rules.day_of_joining(local_day(now), first)
    number = 1 + max((r.number for r in rows), default=0)
    tx.execute(
        insert(challenge_join).values(
            member_id=member_id, challenge_id=challenge_id, number=number, joined_on=joined, left_on=None
        )
    )
    return True


def leave(tx: Tx, member_id: int, challenge_id: int, now: datetime) -> None:
    """From today on nothing counts any more; what was done stays in the sums of team and company."""
    row = published(tx, member_id, challenge_id)
    if row.status not in ("scheduled", "open"):
        raise refuse("conflict", "window_closed", challenge=challenge_id)
    c = challenge_join.c
    mine = and_(c.member_id == member_id, c.challenge_id == challenge_id, c.left_on.is_(None))
    joined = tx.scalar(select(c.joined_on).where(mine))
    if joined is None:
        raise refuse("conflict", "not_taking_part")
    tx.execute(update(challenge_join).where(mine).values(left_on=max(joined, local_day(now))))


def give_kudos(tx: Tx, member_id: int, challenge_id: int, team_id: int, word: str, now: datetime) -> bool:
    """Ready words for a team: one a team and day, and five teams a day at most; False when said already."""
    row = published(tx, member_id, challenge_id)
    word = read_word(word)
    if row.status != "open":
        raise refuse("conflict", "window_closed", challenge=challenge_id)
    c, k = challenge_join.c, challenge_kudos.c
    if not tx.scalar(
        select(c.number).where(c.member_id == member_id, c.challenge_id == challenge_id, c.left_on.is_(None))
    ):
        raise refuse("conflict", "not_taking_part")
    shown = {line["id"] for line in (row.standing or {}).get("teams", ())}
    if team_id not in shown:
        raise Invalid({"team": "not_a_choice"})
    today = local_day(now)
    tx.take_turn(f"kudos:{member_id}")  # or five at once would be ten
    said = tx.rows(select(k.team_id).where(k.member_id == member_id, k.challenge_id == challenge_id, k.day == today))
    if team_id in {r.team_id for r in said}:
        return False
    if len(said) >= KUDOS_A_DAY:
        raise refuse("limit", "enough_kudos", limit=KUDOS_A_DAY)
    tx.execute(
        insert(challenge_kudos).values(
            member_id=member_id, challenge_id=challenge_id, day=today, team_id=team_id, word=word, at=now
        )
    )
    return True


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves the platform: taking part ends today; sums and what was paid stay, nameless; the rest is not owed."""
    c = challenge_join.c
    open_ones = and_(c.member_id == member_id, c.left_on.is_(None))
    for row in tx.rows(select(challenge_join).where(open_ones)):
        tx.execute(
            update(challenge_join)
            .where(open_ones, c.challenge_id == row.challenge_id)
            .values(left_on=max(row.joined_on, local_day(now)))
        )
    for table in (challenge_invite, challenge_kudos, challenge_certificate):
        tx.execute(delete(table).where(table.c.member_id == member_id))
    w = challenge_award.c
    tx.execute(delete(challenge_award).where(w.member_id == member_id, w.status.in_(("due", "dry", "frozen"))))


# --- boards and the audit ------------------------------------------------------------------------


def refresh_boards(store: Store, now: datetime) -> int:
    """Work out the boards that are older than they may be; one that fails holds up no other."""
    c = challenge.c
    with store.read() as tx:
        live = tx.rows(
            select(challenge).where(or_(c.status == "open", and_(c.status == "closed", c.awarded_at.is_(None))))
        )
        stale = [row.id for row in live if standing.is_stale(tx, row, now)]
    fault: Exception | None = None
    for challenge_id in stale:
        try:
            store.retrying(partial(_refresh, challenge_id=challenge_id, now=now))
        except Exception as failed:
            log.exception("the board of challenge %s could not be worked out", challenge_id)
            fault = failed
    if fault is not None:
        raise fault
    return len(stale)


def _refresh(tx: Tx, challenge_id: int, now: datetime) -> None:
    row = tx.row(select(challenge).where(challenge.c.id == challenge_id))
    if row is not None and row.awarded_at is None:
        standing.refresh(tx, row, now)


def challenge_audit(tx: Tx, granted: dict[str, int]) -> list[str]:
    """One line a fault: rewards written down as paid against what members got from funds."""
    w = challenge_award.c
    rows = tx.rows(
        select(w.challenge_id, func.sum(w.points).label("points")).where(w.status == "paid").group_by(w.challenge_id)
    )
    paid = {f"challenge:{row.challenge_id}": int(row.points) for row in rows}
    got = {cause: n for cause, n in granted.items() if cause.startswith("challenge:")}
    return [
        f"{cause}: rewards of {paid.get(cause, 0)} written down, {got.get(cause, 0)} paid"
        for cause in sorted(paid.keys() | got.keys())
        if paid.get(cause, 0) != got.get(cause, 0)
    ]


# --- shared --------------------------------------------------------------------------------------


def published(tx: Tx, member_id: int, challenge_id: int) -> Row[Any]:
    """A challenge this member may know of: published, and of a unit they belong to or once took part in; 404 for others."""
    row = tx.row(select(challenge).where(challenge.c.id == challenge_id, challenge.c.status != "draft"))
    if row is None or not may_see(tx, row, member_id):
        raise refuse("not_found", "unknown_challenge")
    return row


def may_see(tx: Tx, row: Row[Any], member_id: int) -> bool:
    """People of the unit, and who took part before they left it."""
    m, c = units.memberships.c, challenge_join.c
    belongs = select(m.unit_id).where(m.member_id == member_id, m.unit_id == row.unit_id, m.left_on.is_(None))
    took_part = select(c.number).where(c.member_id == member_id, c.challenge_id == row.id)
    return tx.row(belongs) is not None or tx.row(took_part) is not None


def _columns(facts: ChallengeFacts) -> dict[str, Any]:
    return {
        "title": facts.title,
        "words": facts.words,
        "display_name": facts.display_name,
        "colour": facts.colour,
        "starts_at": facts.starts_at,
        "ends_at": facts.ends_at,
        "audience": facts.audience,
        "departments": list(facts.departments),
        "behaviours": list(facts.behaviours),
        "fund_id": facts.fund_id,
    }


def _write_tasks(tx: Tx, challenge_id: int, facts: ChallengeFacts) -> None:
    rows = [
        {
            "challenge_id": challenge_id,
            "scope": task.scope,
            "goal": task.goal,
            "target": task.target,
            "reward_points": task.reward_points,
            "sort": place,
        }
        for place, task in enumerate(facts.tasks, 1)
    ]
    tx.insert(challenge_task, rows)


def _move(tx: Tx, actor_id: int | None, row: Row[Any], was: str, to: str, now: datetime, **also: Any) -> None:
    """The conditional update decides between an administrator and the clock."""
    c = challenge.c
    done = tx.execute(update(challenge).where(c.id == row.id, c.status == was).values(status=to, **also)).rowcount
    if not done:
        raise refuse("conflict", "already_resolved", status=row.status, wanted=to)
    _record(tx, actor_id, f"challenge.{to}", row.id, {"was": was}, now)


def _tell_invited(tx: Tx, row: Row[Any], now: datetime) -> None:
    """One notice each to who is meant, once; departments and whole units are told alike."""
    m = units.memberships.c
    query = select(m.member_id).where(m.unit_id == row.unit_id, m.left_on.is_(None)).limit(INVITED_MAX)
    if row.audience == "invited":
        query = query.where(
            m.member_id.in_(select(challenge_invite.c.member_id).where(challenge_invite.c.challenge_id == row.id))
        )
    elif row.audience == "departments":
        meant = teams_of(tx, row.unit_id, row.audience, row.departments).of
        query = query.where(m.department_id.in_(sorted(meant)))
    inbox.notify_many(
        tx,
        [{"member_id": r.member_id, "key": f"challenge:{row.id}:invited"} for r in tx.rows(query)],
        "challenge",
        f"{row.display_name} 邀请您参加「{row.title}」",
        f"{row.display_name} invites you to {row.title}",
        link=f"/challenges/{row.id}",
        now=now,
    )


def _hold_draft(tx: Tx, challenge_id: int) -> None:
    """A draft, ours until the end of the transaction: it is not changed while it is being checked and published."""
    query = select(challenge.c.status).where(challenge.c.id == challenge_id).with_for_update()
    status = tx.scalar(query)
    if status != "draft":
        raise refuse("conflict", "already_resolved", status=status)


def _record(
    tx: Tx, actor_id: int | None, action: str, challenge_id: int, detail: dict[str, Any], now: datetime
) -> None:
    journal.record(tx, actor_id, action, f"challenge:{challenge_id}", detail, now)
