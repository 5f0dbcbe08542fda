"""The use cases of review: say yes or no to a case, appeal, look at an act again, and forget a member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from points_engine.errors import EngineError, Invalid, refuse
from points_engine.methodology import Catalogue
from points_engine.review import rules, takes_two
from webapp.activities import queries as acts
from webapp.activities import service as activities
from webapp.green_units import queries as green_units
from webapp.journal import service as journal
from webapp.members import queries as members
from webapp.review import cases, keeping, standing, telling
from webapp.review.tables import reputation, review_case, risk_signal
from webapp.store import Tx
from webapp.trips import queries as trips

WORDS_MAX = 500
MILD = {"pending": "accept", "sample": "pass", "risk": "clear", "appeal": "overturn"}
HARD = {"pending": "reject", "sample": "fail", "risk": "confirm", "appeal": "uphold"}


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of a verdict: the code of a ready sentence, and the sentence in both languages."""

    code: str = ""
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a word: `state` decided, first_said or split, and the act as it stands."""

    state: str
    record: Mapping[str, Any]


def decide(
    tx: Tx,
    catalogue: Catalogue,
    reviewer_id: int,
    member_id: int,
    kind: str,
    activity_id: str,
    word: str,
    why: Why,
    now: datetime,
) -> Said:
    """One reviewer's word on a case: it decides, waits for a second word, or goes to an administrator.

    Raises unknown_case, unknown_activity (404), already_resolved (409), not_your_own, own_unit,
    same_reviewer, administrator_decides (403), invalid_input.
    """
    if word not in (MILD[kind], HARD[kind]):
        raise Invalid({"decision": "not_a_choice"})
    if word == HARD[kind] and not why.zh.strip():
        raise Invalid({"reason": "reason_required"})
    record = acts.one(tx, member_id, activity_id)
    case = _case(tx, member_id, kind, activity_id, record, now)
    if case.state in ("decided", "void"):
        raise refuse("conflict", "already_resolved", status=record["status"])
    _check_person(tx, reviewer_id, case)
    _check_still(case, record)
    if case.state == "open" and _takes_two(tx, case, word, record):
        return _say_first(tx, reviewer_id, case, word, why, record, now)
    if case.state == "first_said" and word != case.first_word:
        return _split(tx, reviewer_id, case, word, why, record, now)
    cases.close(tx, case, "decided", reviewer_id, word, why.code, why.zh, now)
    return Said("decided", _carry_out(tx, catalogue, reviewer_id, case, word, why, record, now))


def _case(tx: Tx, member_id: int, kind: str, activity_id: str, record: Mapping[str, Any], now: datetime) -> Any:
    """The case; an act that waits has one only from its first word on."""
    case = cases.find(tx, member_id, kind, activity_id)
    if case is None and kind == "pending" and record["status"] == "pending":
        opened = cases.new_case(member_id, kind, activity_id, "waiting", record["recorded_at"])
        cases.open_cases(tx, [opened])
        case = cases.find(tx, member_id, kind, activity_id)
    if case is None and kind == "pending":
        raise refuse("conflict", "already_resolved", status=record["status"])
    if case is None:
        raise refuse("not_found", "unknown_case")
    return case


def _check_person(tx: Tx, reviewer_id: int, case: Any) -> None:
    """Nobody decides on their own act, on their own unit's people, or on a verdict they gave."""
    if reviewer_id == case.member_id:
        raise refuse("forbidden", "not_your_own")
    grants = members.grants_of(tx, reviewer_id)
    mine = {grant.unit_id for grant in grants if grant.role == "unit_admin"}
    if mine and mine & set(green_units.unit_ids_of(tx, case.member_id).values()):
        raise refuse("forbidden", "own_unit")
    spoken = {case.first_by, case.second_by}
    if case.kind == "appeal":
        spoken |= {case.against}
        for other in cases.of_act(tx, case.member_id, case.activity_id):
            spoken |= {other.first_by, other.second_by, other.decided_by}
    if reviewer_id in spoken:
        raise refuse("forbidden", "same_reviewer")
    if case.state == "split" and "administrator" not in {grant.role for grant in grants}:
        raise refuse("forbidden", "administrator_decides")


def objection(tx: Tx, reviewer_id: int, member_id: int, kind: str, activity_id: str) -> str | None:
    """Why this reviewer may not decide the case, as a code, or None; a case decided already is over."""
    case = cases.find(tx, member_id, kind, activity_id)
    if case is None:
        case = _Unspoken(member_id, kind, activity_id)
    if case.state in ("decided", "void"):
        return "already_resolved"
    try:
        _check_person(tx, reviewer_id, case)
    except EngineError as error:
        return error.code
    return None


@dataclass(frozen=True, slots=True)
class _Unspoken:
    """An act that waits and of which nobody has said anything."""

    member_id: int
    kind: str
    activity_id: str
    state: str = "open"
    first_by: int | None = None
    second_by: int | None = None
    against: int | None = None


def _check_still(case: Any, record: Mapping[str, Any]) -> None:
    """The act must still be what the case is about."""
    wanted = {"pending": "pending", "sample": "accepted", "appeal": "rejected"}.get(case.kind)
    if wanted and record["status"] != wanted:
        raise refuse("conflict", "already_resolved", status=record["status"])


def is_staff(tx: Tx, member_id: int) -> bool:
    """Whether this member works at the desk, so that two must agree on their acts."""
    return bool(members.staff_among(tx, [member_id]))


def _takes_two(tx: Tx, case: Any, word: str, record: Mapping[str, Any]) -> bool:
    return takes_two(case.kind, word, record["grams"], record["points"], is_staff(tx, case.member_id))


def _say_first(
    tx: Tx, reviewer_id: int, case: Any, word: str, why: Why, record: Mapping[str, Any], now: datetime
) -> Said:
    said = {"first_by": reviewer_id, "first_at": now, "first_word": word}
    reasons = {"first_reason": why.code or None, "first_note": why.zh or None}
    cases.move(tx, case, state="first_said", **said, **reasons)
    _write(tx, reviewer_id, case, f"first.{word}", why, now)
    return Said("first_said", record)


def _split(tx: Tx, reviewer_id: int, case: Any, word: str, why: Why, record: Mapping[str, Any], now: datetime) -> Said:
    cases.move(tx, case, state="split", second_by=reviewer_id)
    _write(tx, reviewer_id, case, f"second.{word}", why, now)
    return Said("split", record)


def _carry_out(
    tx: Tx,
    catalogue: Catalogue,
    reviewer_id: int,
    case: Any,
    word: str,
    why: Why,
    record: Mapping[str, Any],
    now: datetime,
) -> Mapping[str, Any]:
    """What a decision does: to the act, to the member's standing, to what is kept; and who is told."""
    member_id, act_id = case.member_id, case.activity_id
    if case.kind == "pending":
        accept = word == "accept"
        record = activities.review_activity(
            tx, catalogue, reviewer_id, member_id, act_id, accept=accept, note=why.zh, now=now
        )
    elif (case.kind, word) == ("sample", "fail"):
        record = activities.claw_back(tx, reviewer_id, member_id, act_id, reason="taken_back", note=why.zh, now=now)
    elif (case.kind, word) == ("appeal", "overturn"):
        if trips.paid_again(tx, member_id, act_id):
            raise refuse("conflict", "credited_elsewhere")
        record = activities.restore(tx, catalogue, reviewer_id, member_id, act_id, note=why.zh, now=now)
    standing.after_verdict(tx, catalogue, case, word, record, now)
    if case.kind != "pending":
        keeping.keep(tx, member_id, act_id, False)
    _write(tx, reviewer_id, case, word, why, now, grams=record["grams"], points=record["points"])
    telling.verdict(tx, catalogue, case, word, why.zh, why.en, record, now)
    return record


def _write(tx: Tx, actor_id: int, case: Any, word: str, why: Why, now: datetime, **worth: int) -> None:
    """The journal's row; a verdict on an act that waited keeps the name it always had."""
    action = f"activity.{word}" if case.kind == "pending" else f"{case.kind}.{word}"
    detail = {"member": case.member_id, **worth}
    if why.zh:
        detail |= {"reason": why.code or "other", "note": why.zh}
    journal.record(tx, actor_id, action, f"activity:{case.activity_id}", detail, now)


# --- appeals -------------------------------------------------------------------------------------------


def open_appeal(tx: Tx, member_id: int, activity_id: str, words: str, now: datetime) -> tuple[Any, bool]:
    """Ask for a second look at a refused act, within 14 days; asking again answers the first appeal.

    Raises unknown_activity (404), not_rejected, appeal_window_closed (409), invalid_input.
    """
    words = " ".join(words.split())
    if len(words) > WORDS_MAX:
        raise Invalid({"words": "too_long"})
    record = acts.one(tx, member_id, activity_id)
    known = cases.find(tx, member_id, "appeal", activity_id)
    if known is not None:
        return known, False
    if record["status"] != "rejected":
        raise refuse("conflict", "not_rejected", status=record["status"])
    if now > appeal_until(record):
        raise refuse("conflict", "appeal_window_closed", days=rules()["decisions"]["appeal_days"])
    row = cases.new_case(
        member_id, "appeal", activity_id, "member", now, words=words or None, against=record["decided_by"]
    )
    fresh = cases.open_cases(tx, [row]) > 0
    keeping.keep(tx, member_id, activity_id, True)
    return cases.find(tx, member_id, "appeal", activity_id), fresh


def appeal_until(record: Mapping[str, Any]) -> datetime:
    """The last instant at which a refused act can be appealed."""
    since: datetime = record["decided_at"] or record["recorded_at"]
    return since + timedelta(days=rules()["decisions"]["appeal_days"])


# --- the desk ------------------------------------------------------------------------------------------


def ask_to_sample(tx: Tx, actor_id: int, member_id: int, activity_id: str, now: datetime) -> Any:
    """A reviewer wants this credited act looked at, because of a signal. Raises already_resolved, not_your_own."""
    record = acts.one(tx, member_id, activity_id)
    if actor_id == member_id:
        raise refuse("forbidden", "not_your_own")
    if record["status"] != "accepted":
        raise refuse("conflict", "already_resolved", status=record["status"])
    if cases.open_cases(tx, [cases.new_case(member_id, "sample", activity_id, "risk", now)]):
        keeping.keep(tx, member_id, activity_id, True)
        detail = {"member": member_id}
        journal.record(tx, actor_id, "sample.open", f"activity:{activity_id}", detail, now)
    return cases.find(tx, member_id, "sample", activity_id)


def reopen_photos(tx: Tx, actor_id: int, member_id: int, now: datetime) -> None:
    """An administrator lets a member's photos earn again; every act is looked at for a while."""
    if actor_id == member_id:
        raise refuse("forbidden", "not_your_own")
    if not standing.reopen(tx, member_id, now):
        raise refuse("conflict", "not_stopped")
    journal.record(tx, actor_id, "reputation.reopen", f"member:{member_id}", {}, now)
    telling.reopened(tx, member_id, now)


def look_at(tx: Tx, reviewer_id: int, member_id: int, activity_id: str, what: str, detail: str, now: datetime) -> None:
    """Write down that a reviewer looked at a photo or a track; only while the act waits or a case is open."""
    record = acts.one(tx, member_id, activity_id)
    live = {case.state for case in cases.of_act(tx, member_id, activity_id)} & {"open", "first_said", "split"}
    if record["status"] != "pending" and not live:
        raise refuse("not_found", "unknown_case")
    seen = {"member": member_id, what: detail}
    journal.record(tx, reviewer_id, f"{what}.view", f"activity:{activity_id}", seen, now)


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: open cases, signals and standing go; of decided ones the figures stay, not the words."""
    c = review_case.c
    mine = c.member_id == member_id
    tx.execute(review_case.delete().where(mine, c.decided_at.is_(None)))
    tx.execute(update(review_case).where(mine).values(words=None, note=None, first_note=None))
    for table in (reputation, risk_signal):
        tx.execute(table.delete().where(table.c.member_id == member_id))
