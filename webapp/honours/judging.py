"""Judging candidates: the figures of the moment against a round's criteria, written down with a checksum each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from points_engine.honours import Evaluation, checksum, evaluate, record
from webapp.green_units import queries as green_units
from webapp.honours import figures, telling
from webapp.honours.rows import asked_of
from webapp.honours.tables import honour_candidate, honour_evaluation
from webapp.store import Tx

GONE = "公示前复算，已不再满足全部条件"


def judge(tx: Tx, row: Row[Any], subjects: Sequence[int], now: datetime) -> dict[int, Evaluation]:
    """How these units or members stand against the criteria of a round, set-wise."""
    asked = asked_of(row)
    ask = figures.of_members if asked.subject == "member" else figures.of_units
    known = ask(tx, asked, subjects) if subjects else {}
    return {subject: evaluate(asked.criteria, known.get(subject, {}), now) for subject in subjects}


def subject_of(candidate: Any) -> int:
    """The unit or the member behind a candidate."""
    return int(candidate.unit_id or candidate.member_id)


def is_listed(tx: Tx, unit_id: int) -> bool:
    """Whether a family has said it may be shown."""
    unit = green_units.board_units(tx, [unit_id]).get(unit_id)
    return unit is not None and unit.allowed


def write_down(tx: Tx, row: Row[Any], judged: Mapping[int, Evaluation], now: datetime) -> dict[int, int]:
    """Keep the working of each candidate (by its id) as its next evaluation; the numbers of them."""
    e = honour_evaluation.c
    last: dict[int, int] = {
        int(each.candidate_id): int(each.n)
        for each in tx.rows(
            select(e.candidate_id, func.max(e.number).label("n"))
            .where(e.candidate_id.in_(list(judged)))
            .group_by(e.candidate_id)
        )
    }
    rows: list[dict[str, Any]] = []
    for candidate_id, each in judged.items():
        text = record(row.honour, row.year, each)
        rows.append(
            {"candidate_id": candidate_id, "number": last.get(candidate_id, 0) + 1, "record": text,
             "checksum": checksum(text), "eligible": each.eligible, "at": now}
        )  # fmt: skip
    tx.insert(honour_evaluation, rows)
    return {each["candidate_id"]: each["number"] for each in rows}


def judge_accepted(tx: Tx, row: Row[Any], now: datetime) -> int:
    """Judge all who were accepted once more before the notice; who no longer meets the criteria is out. How many stay."""
    c = honour_candidate.c
    rows = tx.rows(select(honour_candidate).where(c.round_id == row.id, c.state == "accepted").order_by(c.id))
    found = judge(tx, row, [subject_of(each) for each in rows], now)
    judged = {each.id: found[subject_of(each)] for each in rows}
    numbers = write_down(tx, row, judged, now)
    good = [each for each in rows if judged[each.id].eligible]
    for number in sorted(set(numbers.values())):
        ids = [each.id for each in good if numbers[each.id] == number]
        tx.execute(update(honour_candidate).where(c.id.in_(ids)).values(evaluation=number))
    for each in rows:
        if not judged[each.id].eligible:
            values = {"state": "declined", "reason": GONE, "decided_at": now, "evaluation": numbers[each.id]}
            tx.execute(update(honour_candidate).where(c.id == each.id).values(**values))
            telling.declined(tx, row, each, GONE, now)
    return len(good)
