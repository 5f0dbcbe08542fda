"""The use cases of activities: log (always a batch), undo, verdicts, and what a meter makes needless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from points_engine.activity import MILLI, Act, Decision, decide, limits
from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid, refuse
from points_engine.methodology import Level
from webapp.activities import holds
from webapp.activities.commands import LogActivity
from webapp.activities.holds import hold_evidence, stop_photos
from webapp.activities.proofs import Proof
from webapp.activities.state import Ledgers, Photo
from webapp.activities.tables import displaced
from webapp.activities.tables import proof as proofs
from webapp.activities.used import counters_out
from webapp.activities.verdicts import claw_back, close_pending, judge_pending, restore, review_activity
from webapp.activities.worth import credit, own, settle, take_back
from webapp.ledger import service as ledger
from webapp.store import Tx


@dataclass(frozen=True, slots=True)
class Logged:
    """An act's record (a mapping of its columns) and whether this call made it."""

    record: Mapping[str, Any]
    fresh: bool


def log_many(tx: Tx, commands: Sequence[LogActivity], now: datetime) -> list[Logged | EngineError]:
    """Log a batch of acts, each answered in its place; a bad one hurts nobody else.

    The same (member, id) again, in the batch or before it, answers the first record, or
    request_reused when it tells other facts. Members are locked in order; nothing is shared.
    """
    state = Ledgers(tx, commands, now)
    answers: list[Logged | EngineError] = []
    for command in commands:
        first = state.known.get(command.key)
        if first is not None:
            answers.append(
                Logged(first, False) if command.tells(first) else refuse("conflict", "request_reused", id=command.id)
            )
            continue
        try:
            record = _log_one(state, command)
        except EngineError as error:
            answers.append(error)
            continue
        state.known[command.key] = record
        answers.append(Logged(record, True))
    state.flush()
    return answers


def log_activity(tx: Tx, command: LogActivity, now: datetime) -> Logged:
    """Log one act: a batch of one. Raises what the batch would answer."""
    (answer,) = log_many(tx, [command], now)
    if isinstance(answer, EngineError):
        raise answer
    return answer


def undo_activity(tx: Tx, member_id: int, activity_id: str, now: datetime) -> Mapping[str, Any]:
    """Take an act back by new transfers, within ten minutes of recording; twice is the same as once.

    Raises unknown_activity (404), undo_window_closed or insufficient_points (409).
    """
    books = ledger.open_books(tx, [member_id], now)
    record = own(tx, member_id, activity_id)
    if record["status"] == "undone":
        return record
    if now > record["recorded_at"] + timedelta(minutes=limits()["undo_minutes"]):
        raise refuse("conflict", "undo_window_closed", minutes=limits()["undo_minutes"])
    if record["status"] == "accepted":
        take_back(books, record, "undo")
    return settle(tx, record, status="undone", grams=0, points=0, counters={}, decided_at=now)


def _log_one(state: Ledgers, command: LogActivity) -> dict[str, Any]:
    if state.books.wallets[command.member_id].frozen:
        raise refuse("forbidden", "account_frozen")
    photos = [p for e in command.evidence if (p := state.evidence.get((command.member_id, e)))]
    if len(photos) < len(command.evidence):
        raise Invalid({"evidence": "unknown_upload"})
    used = {p["sha256"] for p in state.photos}
    fresh = not any(photo.used or photo.near == "copy" or photo.sha256 in used for photo in photos)
    act = _as_act(command, photos, fresh)
    _check_natural(state, command)
    verdict = decide(act, state.usage(command.member_id, command.occurred_at))
    if command.proof is not None:
        _lodge(state, command, command.proof, verdict)
    record = _record(command, act.level, verdict, state.now)
    credit(state.books, record, verdict, "act")
    state.remember(command, record["occurred_on"], act.level, verdict)
    state.rows.append(record)
    if fresh:
        state.photos += [
            {"sha256": s, "member_id": command.member_id, "activity_id": command.id}
            for s in sorted({photo.sha256 for photo in photos})
        ]
    return record


def _as_act(command: LogActivity, photos: Sequence[Photo], fresh: bool) -> Act:
    """The act as the engine judges it: its level comes from what lies in the evidence, never from the caller's word."""
    proof, at = command.proof, command.occurred_at
    if proof is not None:
        level, verdict, reasons, span = proof.level, proof.verdict, proof.reasons, proof.span
        if verdict != "reject" and any(photo.stopped for photo in photos):  # a meter's photo is a photo
            verdict, reasons = "review", (*reasons, "photo_needs_review")
    else:
        level, span = Level.PHOTO if photos else Level.DECLARED, None
        # Most acts have no photo: nothing to doubt, and nothing to work out on the hot path.
        reasons = tuple(code for code, doubt in _doubts(photos, at).items() if doubt) if photos else ()
        verdict = "review" if reasons else "accept"
    return Act(command.behaviour, command.quantity, command.inputs, level, at, fresh, verdict, reasons, span)


def _doubts(photos: Sequence[Photo], at: datetime) -> dict[str, bool]:
    first = at - timedelta(hours=limits()["photo_early_hours"])
    last = at + timedelta(minutes=limits()["photo_late_minutes"])
    return {
        "photo_similar": any(photo.near == "similar" for photo in photos),
        "photo_time_differs": any(p.taken_at is not None and not first <= p.taken_at <= last for p in photos),
        "photo_needs_review": any(photo.stopped for photo in photos),
    }


def _check_natural(state: Ledgers, command: LogActivity) -> None:
    """What a source has told before is refused, whoever brings it."""
    proof = command.proof
    if proof is not None and proof.natural:
        key = ("", command.id) if proof.event_id else (proof.source, proof.natural)
        if key in state.naturals:
            raise refuse("conflict", "already_imported", source=proof.source)
        state.naturals.add(key)


def _lodge(state: Ledgers, command: LogActivity, proof: Proof, verdict: Decision) -> None:
    """Keep the proof beside its act; a trip that gave way to another one takes up no time. A partner's word is in the act's row."""
    if proof.event_id:
        return
    span = None if "trip_overlaps" in verdict.reasons else proof.span
    state.proofs.append(
        {
            "member_id": command.member_id,
            "id": command.id,
            "kind": proof.kind,
            "level": proof.level.value,
            "verdict": proof.verdict,
            "source": proof.source,
            "natural": proof.natural or None,
            "starts_at": span[0] if span else None,
            "ends_at": span[1] if span else None,
        }
    )


def _record(command: LogActivity, level: Level, verdict: Decision, now: datetime) -> dict[str, Any]:
    day, proof = local_day(command.occurred_at), command.proof
    told = proof if proof is not None and proof.event_id else None
    return {
        "member_id": command.member_id,
        "id": command.id,
        "behaviour": command.behaviour.code,
        "version": command.behaviour.version_on(day).version,
        "quantity_milli": int(command.quantity * MILLI),
        "credited_milli": int(verdict.credited * MILLI),
        "inputs": {name: str(value) for name, value in command.inputs.items()},
        "level": level.value,
        "occurred_at": command.occurred_at,
        "occurred_on": day,
        "recorded_at": now,
        "status": verdict.status,
        "grams": verdict.grams,
        "points": verdict.points,
        "reasons": list(verdict.reasons),
        "evidence": list(command.evidence),
        "counters": counters_out(verdict.counters),
        "facts": command.facts,
        "decided_at": None,
        "decided_by": None,
        "note": None,
        "source": told and told.source,
        "natural": told and told.natural,
    }


def step_aside(
    tx: Tx, member_id: int, behaviours: Sequence[str], since: date, until: date | None, now: datetime
) -> None:
    """From `since` to `until` (None: for good) the member's meter stands for these behaviours; they are worth 0."""
    ledger.open_books(tx, [member_id], now)  # an act that is being logged sees it, or is finished before
    rows = [{"member_id": member_id, "behaviour": b, "since": since, "until": until} for b in sorted(set(behaviours))]
    tx.upsert(displaced, rows, key=("member_id", "behaviour"), replace=("since", "until"))


def forget(tx: Tx, member_id: int, now: datetime) -> None:
    """The member leaves: what waits is closed; of a proof stays what keeps it from paying twice, not when it was."""
    close_pending(tx, member_id, now)
    holds.forget(tx, member_id)
    tx.execute(displaced.delete().where(displaced.c.member_id == member_id))
    tx.execute(update(proofs).where(proofs.c.member_id == member_id).values(starts_at=None, ends_at=None))


__all__ = [
    "Logged",
    "claw_back",
    "forget",
    "hold_evidence",
    "judge_pending",
    "log_activity",
    "log_many",
    "restore",
    "review_activity",
    "step_aside",
    "stop_photos",
    "undo_activity",
]
