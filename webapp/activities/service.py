"""The use cases of activities: log (always a batch), undo, review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, update

from points_engine.activity import MILLI, Act, Decision, Usage, decide, limits, periods
from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid, refuse
from points_engine.ledger import Move, expiry
from points_engine.methodology import Catalogue, Level
from webapp.activities.commands import LogActivity
from webapp.activities.state import Ledgers
from webapp.activities.tables import activity, cap_counter
from webapp.activities.uploads import forget
from webapp.ledger import queries as ledger_queries
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
            same = first["facts"] == command.facts
            answers.append(Logged(first, False) if same else refuse("conflict", "request_reused", id=command.id))
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
    record = _own(tx, member_id, activity_id)
    if record["status"] == "undone":
        return record
    if now > record["recorded_at"] + timedelta(minutes=limits()["undo_minutes"]):
        raise refuse("conflict", "undo_window_closed", minutes=limits()["undo_minutes"])
    if record["status"] == "accepted":
        _take_back(tx, books, record, "undo")
    return _settle(tx, record, status="undone", grams=0, points=0, counters={}, decided_at=now)


def review_activity(
    tx: Tx,
    catalogue: Catalogue,
    reviewer_id: int,
    member_id: int,
    activity_id: str,
    *,
    accept: bool,
    note: str,
    now: datetime,
) -> Mapping[str, Any]:
    """Decide a pending act: credit it under today's caps for its day, or reject it with a reason.

    Raises unknown_activity (404), already_resolved (409), not_your_own (403), invalid_input.
    """
    if not accept and not note.strip():
        raise Invalid({"note": "reason_required"})
    if reviewer_id == member_id:
        raise refuse("forbidden", "not_your_own")
    books = ledger.open_books(tx, [member_id], now)
    record = _own(tx, member_id, activity_id)
    if record["status"] != "pending":
        raise refuse("conflict", "already_resolved", status=record["status"])
    if not accept:
        return _settle(
            tx,
            record,
            status="rejected",
            reasons=["rejected_on_review"],
            decided_at=now,
            decided_by=reviewer_id,
            note=note,
        )
    verdict = judge_pending(tx, catalogue, record)
    _credit(books, record, verdict, "review")
    _add_counters(tx, member_id, verdict.counters)
    books.flush()
    return _settle(
        tx,
        record,
        status="accepted",
        credited_milli=int(verdict.credited * MILLI),
        grams=verdict.grams,
        points=verdict.points,
        reasons=list(verdict.reasons),
        counters=_counters_out(verdict.counters),
        decided_at=now,
        decided_by=reviewer_id,
        note=note,
    )


def judge_pending(tx: Tx, catalogue: Catalogue, record: Mapping[str, Any]) -> Decision:
    """What a pending act would be credited today by a reviewer's yes; writes nothing."""
    behaviour = catalogue.behaviour(record["behaviour"])
    choices = {each.name for each in behaviour.inputs if each.kind == "choice"}
    act = Act(
        behaviour,
        Decimal(record["quantity_milli"]) / MILLI,
        {k: v if k in choices else Decimal(v) for k, v in record["inputs"].items()},
        Level(record["level"]),
        record["occurred_at"],
    )
    return decide(act, _usage_now(tx, record["member_id"], act), reviewed=True)


def _log_one(state: Ledgers, command: LogActivity) -> dict[str, Any]:
    if state.books.wallets[command.member_id].frozen:
        raise refuse("forbidden", "account_frozen")
    photos = [p for e in command.evidence if (p := state.evidence.get((command.member_id, e)))]
    if len(photos) < len(command.evidence):
        raise Invalid({"evidence": "unknown_upload"})
    used = {p["sha256"] for p in state.photos}
    fresh = not any(photo.used or photo.sha256 in used for photo in photos)
    level = Level.PHOTO if photos else Level.DECLARED
    act = Act(command.behaviour, command.quantity, command.inputs, level, command.occurred_at, fresh)
    verdict = decide(act, state.usage(command.member_id, command.occurred_at))
    record = _record(command, level, verdict, state.now)
    _credit(state.books, record, verdict, "act")
    state.remember(command.member_id, record["occurred_on"], level, verdict)
    state.rows.append(record)
    if fresh:
        state.photos += [
            {"sha256": s, "member_id": command.member_id, "activity_id": command.id}
            for s in sorted({photo.sha256 for photo in photos})
        ]
    return record


def _record(command: LogActivity, level: Level, verdict: Decision, now: datetime) -> dict[str, Any]:
    day = local_day(command.occurred_at)
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
        "counters": _counters_out(verdict.counters),
        "facts": command.facts,
        "decided_at": None,
        "decided_by": None,
        "note": None,
    }


def _credit(books: ledger.Books, record: Mapping[str, Any], verdict: Decision, code: str) -> None:
    """Stage the two transfers of a credited act: grams to its carbon account, points to spend."""
    member, cause, day = record["member_id"], f"activity:{record['id']}", record["occurred_on"]
    account = "declared" if record["level"] == Level.DECLARED else "verified"
    if verdict.grams:
        books.stage(Move(member, "carbon", "reduction", account, verdict.grams, code, cause, f"{cause}:{code}:g", day))
    if verdict.points:
        books.stage(Move(member, "points", "awarded", "points", verdict.points, code, cause, f"{cause}:{code}:p", day))
    if verdict.grams or verdict.points:
        books.count_act(member, day, 1)


def _take_back(tx: Tx, books: ledger.Books, record: Mapping[str, Any], code: str) -> None:
    """Stage the reversal of an act's transfers and free the caps it had used."""
    member, cause, day = record["member_id"], f"activity:{record['id']}", record["occurred_on"]
    account = "declared" if record["level"] == Level.DECLARED else "verified"
    if record["grams"]:
        books.stage(
            Move(member, "carbon", account, "reduction", record["grams"], code, cause, f"{cause}:{code}:g", day)
        )
    if record["points"]:
        lot = expiry(local_day(record["recorded_at"]), ledger.LIFE_MONTHS)
        books.stage(
            Move(member, "points", "points", "awarded", record["points"], code, cause, f"{cause}:{code}:p", day, lot)
        )
    if record["grams"] or record["points"]:
        books.count_act(member, day, -1)
    books.flush()
    _add_counters(tx, member, {counter_key(k): -n for k, n in record["counters"].items()})


def _add_counters(tx: Tx, member_id: int, changes: Mapping[tuple[str, str], int]) -> None:
    up = [
        {"member_id": member_id, "period": p, "scope": s, "used": n} for (s, p), n in sorted(changes.items()) if n > 0
    ]
    tx.upsert(cap_counter, up, key=("member_id", "period", "scope"), add=("used",))
    down = [{"m": member_id, "p": p, "s": s, "n": n} for (s, p), n in sorted(changes.items()) if n < 0]
    if down:
        tx.execute(
            update(cap_counter)
            .where(
                cap_counter.c.member_id == bindparam("m"),
                cap_counter.c.period == bindparam("p"),
                cap_counter.c.scope == bindparam("s"),
            )
            .values(used=cap_counter.c.used + bindparam("n")),
            down,
        )


def _settle(tx: Tx, record: Mapping[str, Any], **changes: Any) -> Mapping[str, Any]:
    tx.execute(
        update(activity)
        .where(activity.c.member_id == record["member_id"], activity.c.id == record["id"])
        .values(**changes)
    )
    return {**record, **changes}


def _own(tx: Tx, member_id: int, activity_id: str) -> Mapping[str, Any]:
    row = tx.row(select(activity).where(activity.c.member_id == member_id, activity.c.id == activity_id))
    if row is None:
        raise refuse("not_found", "unknown_activity")
    return dict(row._mapping)


def _usage_now(tx: Tx, member_id: int, act: Act) -> Usage:
    wanted = list(periods(act.occurred_at).values())
    rows = tx.rows(select(cap_counter).where(cap_counter.c.member_id == member_id, cap_counter.c.period.in_(wanted)))
    day = local_day(act.occurred_at)
    sums = ledger_queries.sums(tx, member_id, day, day)
    return Usage({(r.scope, r.period): r.used for r in rows}, sums.declared_g, sums.points)


def _counters_out(counters: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {f"{scope}|{period}": n for (scope, period), n in counters.items()}


def counter_key(text: str) -> tuple[str, str]:
    """The scope and the period inside a counter's text key."""
    scope, _, period = text.partition("|")
    return scope, period


__all__ = ["Logged", "forget", "log_activity", "log_many", "review_activity", "undo_activity"]
