"""The summary of a campaign for filing 活动总结: figures worked out once, kept in versions with a checksum, and pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, or_, select

from points_engine import campaign as rules
from points_engine.errors import Invalid, refuse
from webapp.activities import queries as activities
from webapp.campaigns.moving import record
from webapp.campaigns.pictures import Shot, shots
from webapp.campaigns.tables import (
    campaign,
    campaign_badge,
    campaign_bonus,
    campaign_join,
    campaign_summary,
    campaign_task,
    task_progress,
)
from webapp.green_units import queries as green_units
from webapp.green_units.figures import hide
from webapp.ledger import funds
from webapp.store import Tx
from webapp.store.types import canonical

FEWEST = green_units.FEWEST
OTHERS = "others"
NOTE_MAX = 1000
OVER = ("closed", "settled", "archived")

a, j, m = activities.acts.c, campaign_join.c, green_units.memberships.c


@dataclass(frozen=True, slots=True)
class Summary:
    """One version as it was made: it is the same tomorrow."""

    campaign_id: int
    version: int
    figures: Mapping[str, Any]
    pictures: Sequence[Shot]
    note: str
    checksum: str
    made_by: int
    made_at: datetime


def make_summary(tx: Tx, actor_id: int, campaign_id: int, note: str, now: datetime) -> int:
    """Work the figures out and keep them as the next version; the same figures, pictures and words make no new one.

    Raises unknown_campaign (404) and campaign_not_over (409).
    """
    tx.take_turn(f"campaign:{campaign_id}:summary")
    row = tx.row(select(campaign).where(campaign.c.id == campaign_id))
    if row is None:
        raise refuse("not_found", "unknown_campaign", campaign=campaign_id)
    if row.status not in OVER:
        raise refuse("conflict", "campaign_not_over")
    note = note.strip()
    if len(note) > NOTE_MAX:
        raise Invalid({"note": "too_long"})
    figures = figures_of(tx, row)
    pictures = [[shot.id, shot.caption_zh, shot.caption_en, shot.sha256] for shot in shots(tx, campaign_id)]
    checksum = hashlib.sha256(canonical([figures, pictures, note]).encode()).hexdigest()
    last = versions(tx, campaign_id)
    if last and last[0].checksum == checksum:
        return int(last[0].version)
    number = last[0].version + 1 if last else 1
    made = {"figures": figures, "pictures": pictures, "note": note, "checksum": checksum}
    who = {"made_by": actor_id, "made_at": now}
    tx.execute(insert(campaign_summary).values(campaign_id=campaign_id, version=number, **made, **who))
    record(tx, actor_id, "campaign.summary", campaign_id, {"version": number, "checksum": checksum}, now)
    return number


def versions(tx: Tx, campaign_id: int) -> list[Row[Any]]:
    """What versions there are, newest first, without their figures."""
    c = campaign_summary.c
    query = select(c.version, c.checksum, c.made_by, c.made_at).where(c.campaign_id == campaign_id)
    return list(tx.rows(query.order_by(c.version.desc())))


def one(tx: Tx, campaign_id: int, version: int) -> Summary:
    """A version as it was made; 404 unknown_summary."""
    c = campaign_summary.c
    row = tx.row(select(campaign_summary).where(c.campaign_id == campaign_id, c.version == version))
    if row is None:
        raise refuse("not_found", "unknown_summary")
    pictures = [Shot(*each) for each in row.pictures]
    return Summary(
        row.campaign_id, row.version, row.figures, pictures, row.note, row.checksum, row.made_by, row.made_at
    )


def summary_faults(tx: Tx) -> list[str]:
    """One line for each stored version that is no longer what its checksum says."""
    return [
        f"campaign {r.campaign_id}, summary {r.version}: it does not fit its checksum"
        for r in tx.rows(select(campaign_summary))
        if hashlib.sha256(canonical([r.figures, r.pictures, r.note]).encode()).hexdigest() != r.checksum
    ]


# --- figures -------------------------------------------------------------------------------------


def figures_of(tx: Tx, row: Row[Any]) -> dict[str, Any]:
    """Everything the summary says, without anything that fewer than five people stand behind (None)."""
    first, last = rules.days_of_window(row.starts_at, row.ends_at)
    source, those = _acts(row, first, last)
    total = tx.row(select(*_SUMS).select_from(source).where(*those))
    assert total is not None
    few = 0 < total.people < FEWEST
    told = None if few else {name: int(getattr(total, name) or 0) for name in ("acts", "grams", "declared_g", "points")}
    return {
        "title_zh": row.title_zh, "title_en": row.title_en or row.title_zh, "theme_zh": row.theme_zh,
        "theme_en": row.theme_en or row.theme_zh, "status": row.status, "multiplier": row.multiplier,
        "first": first.isoformat(), "last": last.isoformat(), "days": (last - first).days + 1,
        "joined": int(tx.scalar(select(func.count()).where(j.campaign_id == row.id)) or 0),
        "people": None if few else int(total.people), "total": told,
        "behaviours": _behaviours(tx, source, those, few), "by_day": _days(tx, source, those, first, last),
        **_units(tx, source, those), "tasks": _tasks(tx, row.id), "learning": _learning(tx, row.id),
        "badges": _few(int(tx.scalar(select(func.count(func.distinct(campaign_badge.c.member_id))).where(
            campaign_badge.c.campaign_id == row.id)) or 0)),
        "bonuses": _bonuses(tx, row.id), "budget": row.bonus_budget,
        "fund": funds.one(tx, row.fund_id).name if row.fund_id else None,
    }  # fmt: skip


_SUMS = (
    func.count().label("acts"),
    func.sum(a.grams).label("grams"),
    func.sum(a.points).label("points"),
    func.coalesce(func.sum(a.grams).filter(a.level == "declared"), 0).label("declared_g"),
    func.count(func.distinct(a.member_id)).label("people"),
)


def _acts(row: Row[Any], first: date, last: date) -> tuple[Any, list[Any]]:
    """The acts that count: of who joined, worth something, done and received in the window."""
    source = activities.acts.join(campaign_join, and_(j.member_id == a.member_id, j.campaign_id == row.id))
    those = [
        a.status == "accepted", or_(a.grams > 0, a.points > 0), a.occurred_on.between(first, last),
        a.recorded_at >= row.starts_at, a.recorded_at < row.ends_at,
    ]  # fmt: skip
    return source, those


def _few(people: int) -> int | None:
    """A number of people; from one to four are not told."""
    return None if 0 < people < FEWEST else people


def _behaviours(tx: Tx, source: Any, those: list[Any], hidden: bool) -> list[list[Any]]:
    """Code, evidence, acts, grams, most grams first; what fewer than five people did is one line, with a larger one."""
    rows = tx.rows(
        select(a.behaviour, a.level, *_SUMS).select_from(source).where(*those).group_by(a.behaviour, a.level)
    )
    found = sorted(
        ([r.behaviour, r.level, int(r.acts), int(r.grams or 0), int(r.people)] for r in rows),
        key=lambda each: (-each[3], each[0], each[1]),
    )
    if hidden or not found:
        return []
    few = hide([each[4] for each in found])
    large = [i for i in range(len(found)) if i not in few]
    if few and large and all(found[i][4] < FEWEST for i in few):
        few.add(large.pop())  # one person may stand behind several of the small ones
    shown = [each[:4] for i, each in enumerate(found) if i not in few]
    if any(found[i][4] >= FEWEST for i in few):
        shown.append([OTHERS, "", sum(found[i][2] for i in few), sum(found[i][3] for i in few)])
    return shown


def _days(tx: Tx, source: Any, those: list[Any], first: date, last: date) -> list[list[Any]]:
    """Day, acts, grams, people; None on days when one to four people acted, and where those would follow from the rest."""
    rows = tx.rows(
        select(a.occurred_on, *_SUMS).select_from(source).where(*those).group_by(a.occurred_on).order_by(a.occurred_on)
    )
    by_day = {r.occurred_on: (int(r.acts), int(r.grams or 0), int(r.people)) for r in rows}
    days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    told = [by_day.get(day, (0, 0, 0)) for day in days]
    few = hide([people for _, _, people in told])
    return [[day.isoformat(), *((None,) * 3 if n in few else told[n])] for n, day in enumerate(days)]


def _units(tx: Tx, source: Any, those: list[Any]) -> dict[str, Any]:
    """Units whose people took part, most grams first; those with fewer than five are counted only, families never named."""
    belonged = and_(
        m.member_id == a.member_id, m.kind != "family", a.occurred_on >= m.joined_on,
        or_(m.left_on.is_(None), a.occurred_on < m.left_on),
    )  # fmt: skip
    rows = tx.rows(
        select(m.unit_id, m.kind, *_SUMS)
        .select_from(source.join(green_units.memberships, belonged))
        .where(*those)
        .group_by(m.unit_id, m.kind)
    )
    shown = [rows[i] for kind in {r.kind for r in rows} for i in _shown_of(kind, rows)]
    names = green_units.board_units(tx, {r.unit_id for r in shown})
    units = [
        [names[r.unit_id].kind, names[r.unit_id].short_name, int(r.people), int(r.acts), int(r.grams or 0)]
        for r in sorted(shown, key=lambda r: (-int(r.grams or 0), r.unit_id))
        if r.unit_id in names and names[r.unit_id].named
    ]
    return {"units": units, "units_total": len(rows), "units_small": len(rows) - len(units)}


def _shown_of(kind: str, rows: Sequence[Row[Any]]) -> list[int]:
    """Which units of a kind may be told."""
    mine = [i for i, r in enumerate(rows) if r.kind == kind]
    few = hide([rows[i].people for i in mine])
    return [i for n, i in enumerate(mine) if n not in few]


def _tasks(tx: Tx, campaign_id: int) -> list[list[Any]]:
    """Names, kind, target, day, people who completed it, reward."""
    t, p = campaign_task.c, task_progress.c
    done = and_(p.task_id == t.id, p.completed_at.is_not(None))
    rows = tx.rows(
        select(campaign_task, func.count(p.member_id).label("done"))
        .outerjoin(task_progress, done)
        .where(t.campaign_id == campaign_id)
        .group_by(*campaign_task.c)
        .order_by(t.sort, t.id)
    )
    return [
        [
            r.title_zh,
            r.title_en or r.title_zh,
            r.kind,
            r.target,
            r.day.isoformat() if r.day else None,
            _few(r.done),
            r.reward_points,
        ]
        for r in rows
    ]


def _learning(tx: Tx, campaign_id: int) -> list[list[Any]]:
    """For quizzes, pledges and sessions: kind, people who did any, how often in all."""
    t, p = campaign_task.c, task_progress.c
    rows = tx.rows(
        select(t.kind, func.count(func.distinct(p.member_id)).label("people"), func.sum(p.progress).label("times"))
        .join(task_progress, p.task_id == t.id)
        .where(t.campaign_id == campaign_id, t.kind.in_(rules.OUTSIDE), p.progress > 0)
        .group_by(t.kind)
        .order_by(t.kind)
    )
    return [[r.kind, _few(r.people), None if r.people < FEWEST else int(r.times)] for r in rows]


def _bonuses(tx: Tx, campaign_id: int) -> dict[str, list[int | None]]:
    """By what became of them: people and points."""
    b = campaign_bonus.c
    rows = tx.rows(
        select(b.status, func.count(func.distinct(b.member_id)).label("people"), func.sum(b.points).label("points"))
        .where(b.campaign_id == campaign_id)
        .group_by(b.status)
    )
    return {r.status: [_few(r.people), int(r.points)] for r in rows}
