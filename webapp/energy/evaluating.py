"""The yearly evaluation 监督考核: ticks with evidence, the year closed in versions, letters written by one and sent by another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from points_engine import energy as rules
from points_engine.clock import local_day
from points_engine.energy import ScoreInputs
from points_engine.errors import Invalid, refuse
from webapp.energy import queries
from webapp.energy.books import Account, accounts
from webapp.energy.forms import LETTER_MAX, NOTE_MAX, read_text
from webapp.energy.service import record
from webapp.energy.tables import energy_letter, energy_score, energy_tick
from webapp.green_units import queries as green_units
from webapp.inbox import service as inbox
from webapp.journal import service as journal
from webapp.members import queries as members
from webapp.store import Tx

CHUNK = 300
RECTIFY_DAYS = 30
_s, _l = energy_score.c, energy_letter.c
TITLES = {
    "commend": ("节能通报表扬", "Commendation for saving energy"),
    "rectify": ("节能整改通知", "Notice to rectify energy use"),
}


def tick(tx: Tx, actor_id: int, unit_id: int, year: int, item: str, done: bool, evidence: str, now: datetime) -> None:
    """Staff say whether a unit did a management item in a year, on what evidence; Invalid evidence without any."""
    if item not in rules.managed_items():
        raise Invalid({"item": "not_a_choice"})
    if (done and not evidence) or len(evidence) > NOTE_MAX:
        raise Invalid({f"evidence_{item}": "too_long" if evidence else "required"})
    unit, _ = queries.seen_by(tx, actor_id, unit_id, staff=True)
    before = [row for row in queries.ticks(tx, [unit.id], year) if row.item == item]
    if (before and (before[0].done, before[0].evidence) == (done, evidence)) or not (before or done or evidence):
        return
    row = {
        "unit_id": unit.id,
        "year": year,
        "item": item,
        "done": done,
        "evidence": evidence,
        "actor_id": actor_id,
        "set_at": now,
    }
    tx.upsert(energy_tick, [row], key=("unit_id", "year", "item"), replace=("done", "evidence", "actor_id", "set_at"))
    detail: dict[str, Any] = {"year": year, "item": item, "done": done, "evidence": evidence}
    if before:
        detail["instead_of"] = [before[0].done, before[0].evidence]
    record(tx, actor_id, "energy.tick", unit.id, detail, now)


def close_year(tx: Tx, actor_id: int, year: int, now: datetime) -> tuple[int, int]:
    """Keep every unit's score of a year that is over as it stands; once more makes the next version.

    Raises year_not_over (409). Returns the version and how many units there were.
    """
    if local_day(now).year <= year:
        raise refuse("conflict", "year_not_over")
    tx.take_turn(f"energy year {year}")
    version = int(tx.scalar(select(func.max(_s.version)).where(_s.year == year)) or 0) + 1
    seen, after = 0, None
    while units := green_units.units_of_kinds(tx, queries.KINDS, after, CHUNK):
        after = units[-1].id
        known = accounts(tx, units, year - 1, year)
        rows = [
            {
                "year": year, "version": version, "unit_id": unit_id, "inputs": _kept(given), "items": dict(score.items),
                "total": score.total, "grade": score.grade, "met": given.met, "actor_id": actor_id, "closed_at": now,
            }
            for unit_id, (given, score) in queries.scores(tx, known, year).items()
        ]  # fmt: skip
        tx.upsert(energy_score, rows, key=())
        seen += len(rows)
    if not seen:
        raise refuse("conflict", "no_units_to_judge")
    journal.record(tx, actor_id, "energy.close_year", f"energy_year:{year}", {"version": version, "units": seen}, now)
    return version, seen


def score_audit(tx: Tx) -> list[str]:
    """Every closed score worked out again from what it was made of."""
    faults = []
    for row in tx.rows(select(energy_score).order_by(_s.year, _s.version, _s.unit_id)):
        found = rules.score(_inputs(row.inputs))
        if (dict(found.items), found.total, found.grade) != (row.items, row.total, row.grade):
            faults.append(f"energy score {row.unit_id} {row.year} v{row.version}: {row.total} is not {found.total}")
        if row.met != row.inputs["met"]:
            faults.append(f"energy score {row.unit_id} {row.year} v{row.version}: met differs from its inputs")
    return faults


def _kept(given: ScoreInputs) -> dict[str, Any]:
    return {"met": given.met, "level": given.level, "in_time": given.in_time, "ticked": sorted(given.ticked)}


def _inputs(kept: Mapping[str, Any]) -> ScoreInputs:
    return ScoreInputs(kept["met"], kept["level"], kept["in_time"], frozenset(kept["ticked"]))


# --- letters ------------------------------------------------------------------------------------------


def write_letter(
    tx: Tx, actor_id: int, unit_id: int, year: int, kind: str, form: Mapping[str, Any], now: datetime
) -> int:
    """Write a letter or change it while it is a draft; one of each kind a unit and year. Nobody is told yet.

    Raises letter_settled (409) once it was sent, and not_missed / not_met where the closed year does not bear it out.
    """
    if kind not in TITLES:
        raise Invalid({"kind": "not_a_choice"})
    _, top = queries.seen_by(tx, actor_id, unit_id, staff=True)
    body = read_text(form, "body", LETTER_MAX)
    _borne_out(tx, top.id, year, kind)
    tx.take_turn(f"energy letters {year}")
    row = tx.row(select(energy_letter).where(_l.unit_id == top.id, _l.year == year, _l.kind == kind))
    if row is not None and row.status not in ("draft", "dropped"):
        raise refuse("conflict", "letter_settled")
    values = {
        "body": body, "status": "draft", "author_id": actor_id, "written_at": now, "decided_by": None, "decided_at": None
    }  # fmt: skip
    if row is None:
        count = int(tx.scalar(select(func.count()).select_from(energy_letter).where(_l.year == year)) or 0)
        made = tx.execute(
            insert(energy_letter).values(
                unit_id=top.id, year=year, kind=kind, number=f"NH-{year}-{count + 1:04d}", **values
            )
        ).inserted_primary_key
        assert made is not None
        letter_id = int(made[0])
    else:
        letter_id = int(row.id)
        tx.execute(update(energy_letter).where(_l.id == letter_id).values(**values))
    record(tx, actor_id, "energy.letter", top.id, {"year": year, "kind": kind, "letter": letter_id}, now)
    return letter_id


def _borne_out(tx: Tx, unit_id: int, year: int, kind: str) -> None:
    """A notice goes to a unit that missed its target or failed, a commendation to one that did well, by the closed year."""
    row = queries.closed_scores(tx, year, [unit_id]).get(unit_id)
    if row is None:
        raise refuse("conflict", "year_not_closed")
    if kind == "rectify" and row.met is not False and row.grade != "fail":
        raise refuse("conflict", "not_missed")
    if kind == "commend" and row.grade not in ("excellent", "good"):
        raise refuse("conflict", "not_earned")


def send_letter(tx: Tx, actor_id: int, letter_id: int, now: datetime) -> None:
    """A second person sends a draft: once, to every administrator of the unit. Raises same_hand or letter_settled (409)."""
    row = _draft(tx, letter_id)
    if row.author_id == actor_id:
        raise refuse("conflict", "same_hand")
    due = local_day(now) + timedelta(days=RECTIFY_DAYS) if row.kind == "rectify" else None
    tx.execute(
        update(energy_letter)
        .where(_l.id == letter_id)
        .values(status="sent", decided_by=actor_id, decided_at=now, due_on=due)
    )
    zh, en = TITLES[row.kind]
    inbox.notify_many(
        tx,
        [{"member_id": who, "key": f"energy_letter:{letter_id}"} for who in members.unit_admins(tx, row.unit_id)],
        "energy_letter",
        f"{zh}（{row.year} 年）",
        f"{en}, {row.year}",
        f"编号 {row.number}。" + ("请阅读并提交整改说明。" if due else "祝贺！"),
        f"No. {row.number}. " + ("Please read it and say how you will rectify." if due else "Congratulations!"),
        f"/energy/units/{row.unit_id}/letters/{letter_id}",
        now,
    )
    record(tx, actor_id, "energy.send_letter", row.unit_id, {"letter": letter_id, "number": row.number}, now)


def drop_letter(tx: Tx, actor_id: int, letter_id: int, now: datetime) -> None:
    """Put a draft aside; it can be written anew."""
    row = _draft(tx, letter_id)
    tx.execute(
        update(energy_letter).where(_l.id == letter_id).values(status="dropped", decided_by=actor_id, decided_at=now)
    )
    record(tx, actor_id, "energy.drop_letter", row.unit_id, {"letter": letter_id}, now)


def answer(tx: Tx, actor_id: int, unit_id: int, letter_id: int, text: str, now: datetime) -> None:
    """A unit's administrator says how they will rectify; again while staff may still read it changes the answer."""
    queries.seen_by(tx, actor_id, unit_id, staff=False)
    row = queries.letter(tx, letter_id, unit_id)
    if row.kind != "rectify":
        raise refuse("conflict", "letter_settled")
    tx.execute(
        update(energy_letter)
        .where(_l.id == letter_id)
        .values(status="answered", answer=text, answered_by=actor_id, answered_at=now)
    )
    detail = {"letter": letter_id, "was": row.answer} if row.answer else {"letter": letter_id}
    record(tx, actor_id, "energy.answer", unit_id, detail, now)


def draft_text(account: Account, year: int, kind: str, due: date | None = None) -> str:
    """The words a letter begins with, for staff to change."""
    state = account.standing(year)
    name, goal = account.unit.name, rules.shown(state.whole_goal)
    value = rules.shown(state.value)
    if kind == "commend":
        return (
            f"{name}：\n\n经 {year} 年度公共机构和企业节能考核，你单位完成年度能耗目标（实际 {value}，目标 {goal}），"
            "考核成绩突出，现予通报表扬。望再接再厉，继续发挥示范作用。"
        )
    return (
        f"{name}：\n\n经 {year} 年度节能考核，你单位未完成年度能耗目标（实际 {value}，目标 {goal}）。"
        f"请在收到本通知后 {RECTIFY_DAYS} 日内查明原因、制定整改措施，并在平台提交整改说明。"
    )


def _draft(tx: Tx, letter_id: int) -> Any:
    row = tx.row(select(energy_letter).where(_l.id == letter_id).with_for_update())
    if row is None:
        raise refuse("not_found", "unknown_letter")
    if row.status != "draft":
        raise refuse("conflict", "letter_settled")
    return row
