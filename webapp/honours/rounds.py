"""The life of a round: written, announced, screened, put forward by one person and published by another, awarded by two."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from points_engine.clock import local_day, start_of
from points_engine.errors import Invalid, refuse
from points_engine.honours import Criterion, evaluate, record
from points_engine.workdays import Workdays
from webapp.challenges import queries as challenges
from webapp.honours import figures, judging, telling
from webapp.honours.forms import NewRound, RoundFacts
from webapp.honours.rows import asked_of, find, honour_of, in_hand, move, tell_journal
from webapp.honours.tables import honour_candidate, honour_match, honour_objection, honour_round
from webapp.jobs import enqueue
from webapp.ledger import funds
from webapp.pledges import queries as pledges
from webapp.rankings.boards import BOARDS
from webapp.store import Store, Tx

SCREEN = "honours.screen"
CHUNK = 2000
_c = honour_round.c


# --- writing it ------------------------------------------------------------------------------------------


def create_round(tx: Tx, actor_id: int, new: NewRound, facts: RoundFacts, now: datetime) -> int:
    """A draft; Invalid year taken when the honour has a round for that year already."""
    _check(tx, new.honour.subject, facts)
    standing = (_c.honour == new.honour.code, _c.year == new.year, _c.state != "cancelled")
    if tx.scalar(select(_c.id).where(*standing)) is not None:
        raise Invalid({"year": "taken"})
    row = facts.columns | {"honour": new.honour.code, "year": new.year, "author_id": actor_id, "created_at": now}
    key = tx.execute(insert(honour_round).values(**row, state="draft")).inserted_primary_key
    assert key is not None
    made = int(key[0])
    tell_journal(tx, actor_id, "create", made, {"honour": new.honour.code, "year": new.year}, now)
    return made


def change_round(tx: Tx, actor_id: int, round_id: int, facts: RoundFacts, now: datetime) -> None:
    """Change a draft; once announced its criteria stand."""
    row = in_hand(tx, round_id, "draft")
    _check(tx, honour_of(row).subject, facts)
    tx.execute(update(honour_round).where(_c.id == round_id).values(**facts.columns))
    tell_journal(tx, actor_id, "change", round_id, {}, now)


def announce(tx: Tx, actor_id: int, round_id: int, now: datetime) -> None:
    """Everybody sees the round from now on; the clock opens and closes its nominations."""
    row = in_hand(tx, round_id, "draft")
    if row.closes_at <= now:
        raise refuse("conflict", "window_over")
    move(tx, row, "open" if row.opens_at <= now else "announced")
    tell_journal(tx, actor_id, "announce", round_id, {}, now)


def cancel(tx: Tx, actor_id: int, round_id: int, reason: str, now: datetime) -> None:
    """Give a round up before anybody is honoured; another may be made for the same year. Open objections end with it."""
    row = in_hand(tx, round_id, "draft", "announced", "open", "reviewing", "proposed", "notice", "settled", "asked")
    move(tx, row, "cancelled")
    o = honour_objection.c
    waiting = tx.rows(select(o.member_id).where(o.round_id == round_id, o.state == "open"))
    answer = {"state": "dismissed", "answer": reason, "decided_by": actor_id, "decided_at": now}
    tx.execute(update(honour_objection).where(o.round_id == round_id, o.state == "open").values(**answer))
    telling.given_up(tx, row, sorted({each.member_id for each in waiting}), reason, now)
    tell_journal(tx, actor_id, "cancel", round_id, {"was": row.state, "reason": reason}, now)


def _check(tx: Tx, subject: str, facts: RoundFacts) -> None:
    """A pledge, a board and a fund have to be there."""
    wrong: dict[str, str] = {}
    for each in facts.criteria:
        if not _is_there(tx, subject, each):
            wrong[f"param_{each.measure}"] = "not_a_choice"
    if facts.fund_id and facts.fund_id not in {fund.id for fund in funds.of_owner(tx, "park", None)}:
        wrong["fund_id"] = "not_a_choice"
    if wrong:
        raise Invalid(wrong)


def _is_there(tx: Tx, subject: str, each: Criterion) -> bool:
    if each.measure == "pledge":
        return each.param in {slug for slug, _ in pledges.choices(tx)}
    if each.measure == "place":
        return each.param in {code for code, _, _ in board_choices(subject)}
    return True


def board_choices(subject: str) -> list[tuple[str, str, str]]:
    """Boards of a year on which such a candidate can stand: code and names."""
    kind = "members" if subject == "member" else subject
    return [(b.code, b.name_zh, b.name_en) for b in BOARDS.values() if b.subject == kind and not b.size_class]


# --- who meets the criteria ------------------------------------------------------------------------------


def ask_to_screen(tx: Tx, actor_id: int, round_id: int, now: datetime) -> None:
    """A worker looks through everybody; the list of the last time stands until then."""
    row = in_hand(tx, round_id, "draft", "announced", "open", "reviewing")
    tx.execute(update(honour_round).where(_c.id == row.id).values(screen_asked_at=now))
    enqueue(tx, SCREEN, {"round": round_id}, f"{SCREEN}:{round_id}:{now.isoformat()}", now)
    tell_journal(tx, actor_id, "screen", round_id, {}, now)


def screen(store: Store, round_id: int, now: datetime) -> int:
    """Work out in one snapshot who meets every criterion, and write the list; again gives the same."""
    with store.snapshot() as tx:
        row = find(tx, round_id)
        found, looked_at = matches(tx, row, now)
    return int(store.retrying(lambda tx: _write_matches(tx, row, found, looked_at, now)))


def matches(tx: Tx, row: Row[Any], now: datetime) -> tuple[dict[int, str], int]:
    """The record of each who meets every criterion, and how many were looked at."""
    asked = asked_of(row)
    if asked.subject == "member":
        known = figures.of_members(tx, asked)
    else:
        known = figures.of_units(tx, asked)
    judged = {subject: evaluate(asked.criteria, mine, now) for subject, mine in known.items()}
    good = {subject: each for subject, each in judged.items() if each.eligible}
    if asked.subject == "family":
        good = {subject: each for subject, each in good.items() if judging.is_listed(tx, subject)}
    return {subject: record(row.honour, row.year, each) for subject, each in good.items()}, len(known)


def _write_matches(tx: Tx, row: Row[Any], found: dict[int, str], looked_at: int, now: datetime) -> int:
    tx.take_turn(f"honour:{row.id}")
    tx.execute(delete(honour_match).where(honour_match.c.round_id == row.id))
    of_members = honour_of(row).of_members
    rows = [
        {"round_id": row.id, "unit_id": 0 if of_members else subject, "member_id": subject if of_members else 0,
         "record": text}
        for subject, text in sorted(found.items())
    ]  # fmt: skip
    for start in range(0, len(rows), CHUNK):
        tx.insert(honour_match, rows[start : start + CHUNK])
    tx.execute(update(honour_round).where(_c.id == row.id).values(screened_at=now, screened=looked_at))
    return len(rows)


# --- from the list to the notice -------------------------------------------------------------------------


def propose(tx: Tx, actor_id: int, round_id: int, now: datetime) -> None:
    """Put forward those who were accepted; every nomination has to be answered, and the quota kept."""
    row = in_hand(tx, round_id, "reviewing")
    counts = _states(tx, round_id)
    if counts.get("nominated"):
        raise refuse("conflict", "candidates_waiting", count=counts["nominated"])
    if not counts.get("accepted"):
        raise refuse("conflict", "no_candidates")
    if row.quota is not None and counts["accepted"] > row.quota:
        raise refuse("conflict", "over_quota", count=counts["accepted"], quota=row.quota)
    move(tx, row, "proposed", proposed_by=actor_id, proposed_at=now)
    tell_journal(tx, actor_id, "propose", round_id, {"candidates": counts["accepted"]}, now)


def send_back(tx: Tx, actor_id: int, round_id: int, now: datetime) -> None:
    """What was put forward is not good yet: the review goes on."""
    row = in_hand(tx, round_id, "proposed")
    move(tx, row, "reviewing", proposed_by=None, proposed_at=None)
    tell_journal(tx, actor_id, "send_back", round_id, {}, now)


def start_notice(tx: Tx, actor_id: int, round_id: int, now: datetime) -> None:
    """Publish the list for objections, as a second person; everybody is judged once more, on that working the award rests."""
    row = in_hand(tx, round_id, "proposed")
    if actor_id == row.proposed_by:
        raise refuse("forbidden", "not_your_own")
    if not judging.judge_accepted(tx, row, now):
        raise refuse("conflict", "no_candidates")
    until = notice_end(tx, row.notice_days, now)
    move(tx, row, "notice", noticed_by=actor_id, notice_from=now, notice_until=until)
    tell_journal(tx, actor_id, "notice", round_id, {"until": until.isoformat()}, now)


def notice_end(tx: Tx, working_days: int, now: datetime) -> datetime:
    """The end of the last of so many working days after today."""
    first = local_day(now) + timedelta(days=1)
    last = first + timedelta(days=working_days * 3 + 30)
    calendar: Workdays = challenges.workdays(tx, first, last)
    return start_of(calendar.between(first, last)[working_days - 1] + timedelta(days=1))


def _states(tx: Tx, round_id: int) -> dict[str, int]:
    c = honour_candidate.c
    rows = tx.rows(select(c.state, func.count().label("n")).where(c.round_id == round_id).group_by(c.state))
    return {row.state: int(row.n) for row in rows}


# --- by the clock ----------------------------------------------------------------------------------------


def move_by_clock(store: Store, now: datetime) -> int:
    """Open and close nominations, and end notices; safe twice and by two schedulers at once."""
    with store.read() as tx:
        due = [row.id for row in tx.rows(_due(now))]
    return sum(store.retrying(partial(_move_one, round_id=round_id, now=now)) for round_id in due)


def _due(now: datetime) -> Any:
    return select(_c.id).where(
        ((_c.state == "announced") & (_c.opens_at <= now))
        | ((_c.state.in_(("announced", "open"))) & (_c.closes_at <= now))
        | ((_c.state == "notice") & (_c.notice_until <= now))
    )


def _move_one(tx: Tx, round_id: int, now: datetime) -> int:
    """The next step of one round, if it is still due; a notice waits for its last objection."""
    tx.take_turn(f"honour:{round_id}")
    row = find(tx, round_id)
    to = ""
    if row.state in ("announced", "open") and row.closes_at <= now:
        to = "reviewing"
    elif row.state == "announced" and row.opens_at <= now:
        to = "open"
    elif row.state == "notice" and row.notice_until <= now and not open_objections(tx, round_id):
        to = "settled"
    if not to:
        return 0
    move(tx, row, to)
    tell_journal(tx, None, to, round_id, {"was": row.state}, now)
    return 1


def open_objections(tx: Tx, round_id: int) -> int:
    """How many objections of a round nobody has decided."""
    o = honour_objection.c
    return int(tx.scalar(select(func.count()).where(o.round_id == round_id, o.state == "open")) or 0)
