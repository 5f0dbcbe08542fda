"""The report of a challenge for HR: the same hidden-where-few figures as page, workbook and poster, with a checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from points_engine.challenge import Task
from points_engine.clock import local_day
from webapp.challenges import queries, words
from webapp.challenges.colours import rgb
from webapp.challenges.measure import measure, tasks_of, window_of
from webapp.challenges.standing import STEPS, Goal, TeamLine, figures_of, goals_of, hidden_all, team_lines
from webapp.challenges.workdays import workdays
from webapp.green_units.figures import FEWEST, hide
from webapp.papers.posters import Figure, Poster, poster
from webapp.papers.writing import Table, xlsx
from webapp.store import Tx
from webapp.store.types import canonical
from webapp.web import t
from webapp.web.formats import carbon, day

OTHERS = "others"  # behaviours of too few people each, added up


@dataclass(frozen=True, slots=True)
class Reached:
    """A task and how many people reached it (None: too few to tell), and what was paid."""

    task: Task
    people: int | None
    paid: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Report:
    """Every figure that is shown; what too few people stand behind is None."""

    title: str
    unit: str
    display_name: str
    colour: str
    status: str
    first: date
    last: date
    days: int
    workdays: int
    eligible: int
    people: int
    active: int | None
    rate: int | None
    grams: int | None
    per_head: int | None
    acts: int | None
    splits: Sequence[tuple[str, str, int | None, int | None]]
    spread: Sequence[tuple[int, int | None, int | None]]
    teams: Sequence[TeamLine]
    goals: Sequence[Goal]
    reached: Sequence[Reached]
    checksum: str


def report_of(tx: Tx, row: Row[Any], unit: Any, today: date) -> Report:
    """From the kept figures once they are final, else worked out now."""
    tasks = tasks_of(tx, row.id)
    figures = row.standing if row.awarded_at else figures_of(tx, row, measure(tx, row, today), tasks)
    first, last = window_of(row)
    calendar, everybody = workdays(tx, first, last), figures["all"]
    hidden = hidden_all(figures)
    told: dict[str, Any] = {
        "title": row.title,
        "unit": unit.name,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "days": (last - first).days + 1,
        "workdays": figures.get("workdays", len(calendar.between(first, last))),
        "eligible": everybody["eligible"],
        "people": everybody["people"],
        "active": None if hidden else everybody["active"],
        "rate": None if hidden else min(100, everybody["active"] * 100 // max(1, everybody["eligible"])),
        "grams": None if hidden else everybody["grams"],
        "per_head": None if hidden else everybody["per_head"],
        "acts": None if hidden else everybody["acts"],
        "splits": _splits(figures, hidden),
        "spread": _spread(figures, hidden),
    }
    lines = team_lines(figures, t("小部门联队", "Small departments together"))
    teams = [[line.id, line.people, line.grams, line.per_head, line.place] for line in lines]
    said = {name: value for name, value in told.items() if name != "unit"}  # a unit may be renamed; its figures stand
    checksum = hashlib.sha256(canonical({**said, "teams": teams}).encode()).hexdigest()
    return Report(
        **told | {"first": first, "last": last}, display_name=row.display_name, colour=row.colour, status=row.status,
        teams=lines, goals=[g for g in goals_of(figures, tasks, None) if g.task.scope == "all"],
        reached=_reached(tasks, queries.award_sums(tx, row.id)), checksum=checksum,
    )  # fmt: skip


def _splits(figures: Mapping[str, Any], hidden: bool) -> list[tuple[str, str, int | None, int | None]]:
    """By behaviour and evidence level, most grams first; what fewer than five people did is added up in one line.

    One person may stand behind several of those groups, so a group of five or more always goes with them.
    """
    rows = figures["splits"]
    if hidden:
        return [(OTHERS, "", None, None)] if rows else []
    few = hide([row[4] for row in rows])
    large = sorted((row[4], i) for i, row in enumerate(rows) if i not in few)
    if few and large and all(rows[i][4] < FEWEST for i in few):
        few.add(large[0][1])
    shown = [(row[0], row[1], row[2], row[3]) for i, row in enumerate(rows) if i not in few]
    if not few:
        return shown
    if all(rows[i][4] < FEWEST for i in few):
        return [(OTHERS, "", None, None)]
    return [*shown, (OTHERS, "", sum(rows[i][2] for i in few), sum(rows[i][3] for i in few))]


def _spread(figures: Mapping[str, Any], hidden: bool) -> list[tuple[int, int | None, int | None]]:
    """People by grams saved: from, below, how many; steps of fewer than five are not told."""
    counts = figures["spread"]
    few = set(range(len(counts))) if hidden else hide(counts)
    tops = [*STEPS[1:], None]
    return [(STEPS[i], tops[i], None if i in few else n) for i, n in enumerate(counts) if i]


def _reached(tasks: Sequence[Task], sums: Mapping[int, Mapping[str, tuple[int, int]]]) -> list[Reached]:
    found = []
    for task in tasks:
        mine = sums.get(task.id, {})
        people = sum(n for n, _ in mine.values())
        waiting = sum(mine.get(status, (0, 0))[1] for status in ("due", "dry", "frozen"))
        paid = mine.get("paid", (0, 0))[1]
        few = 0 < people < FEWEST
        found.append(Reached(task, None if few else people, 0 if few else paid, 0 if few else waiting))
    return found


def method_note() -> list[str]:
    """How the figures came about."""
    return [
        t("只计参加期间、在职期间、有效期内记录且被接受的行为；减排量按平台公开的方法学计算，向下取整到克。",
          "Counts accepted acts, recorded within the dates, while people took part and belonged; grams follow the platform’s public methods, rounded down."),
        t("人均按“人日”折算：中途加入或离开的人按天数计；分母是参加者，参与率的分母是可参加的人。",
          "Per head goes by days: who came late or left counts by the day. Per head is of those taking part; the rate is of those who could."),
        t("自报行为已按一半计。不足 5 人的数字，以及能由此推算出来的数字，不显示。",
          "Declared acts are halved already. Figures of fewer than five people, and what would tell them, are not shown."),
        t("工作日按国务院节假日安排和调休；平台日历之外的日子由管理人员设定。",
          "Working days follow the public calendar with its make-up days; beyond it staff decide."),
        t("减排量不可交易，不等于碳市场的核证量。", "These grams cannot be traded; they are no credits of a carbon market."),
    ]  # fmt: skip


def workbook(found: Report, catalogue: Any) -> bytes:
    """The report as a workbook: summary, behaviours, distribution, teams, tasks, method."""
    hidden = t("不显示", "Hidden")

    def show(value: int | None) -> int | str:
        return hidden if value is None else value

    summary: list[tuple[str, int | str]] = [
        (t("挑战", "Challenge"), found.title),
        (t("单位", "Unit"), found.unit),
        (t("开始", "First day"), found.first.isoformat()),
        (t("结束", "Last day"), found.last.isoformat()),
        (t("天数", "Days"), found.days),
        (t("工作日", "Working days"), found.workdays),
        (t("可参加人数", "Could take part"), found.eligible),
        (t("参加人数", "Joined"), found.people),
        (t("有行动人数", "Acted"), show(found.active)),
        (t("参与率 %", "Rate %"), show(found.rate)),
        (t("行动次数", "Acts"), show(found.acts)),
        (t("减排量（克）", "Grams saved"), show(found.grams)),
        (t("人均（克）", "Grams a head"), show(found.per_head)),
        (t("校验码 SHA-256", "Checksum SHA-256"), found.checksum),
    ]
    by = [(words.behaviour(catalogue, b), words.level(v), show(n), show(g)) for b, v, n, g in found.splits]
    spread = [(low, "" if top is None else top, show(n)) for low, top, n in found.spread]
    teams = [(x.name, x.people, show(x.grams), show(x.per_head), show(x.place)) for x in found.teams]
    tasks = [(words.task(x.task), show(x.people), x.task.reward_points, x.paid, x.waiting) for x in found.reached]
    g, p = t("减排量（克）", "Grams"), t("人数", "People")
    return xlsx(
        [
            Table(t("概况", "Summary"), [t("项目", "Item"), t("数值", "Value")], summary, (24, 40)),
            Table(t("行为", "Behaviours"), [t("行为", "Behaviour"), t("凭证", "Evidence"), t("次数", "Acts"), g], by, (24, 14, 10, 14)),
            Table(t("分布", "Distribution"), [t("从（克）", "From (g)"), t("到（克，不含）", "Below (g)"), p], spread, (12, 14, 10)),
            Table(t("部门", "Teams"), [t("部门", "Team"), p, g, t("人均（克）", "A head"), t("名次", "Place")], teams, (24, 10, 14, 12, 8)),
            Table(t("任务", "Tasks"), [t("任务", "Task"), t("达标人数", "Reached by"), t("每人奖励", "Reward"), t("已发", "Paid"), t("未发", "Waiting")], tasks, (36, 12, 10, 10, 10)),
            Table(t("方法", "Method"), [t("说明", "Note")], [(note,) for note in method_note()], (100,)),
        ]
    )  # fmt: skip


def picture(found: Report, link: str) -> bytes:
    """The report as a poster for the wall."""
    none = t("不显示", "hidden")
    return poster(
        Poster(
            title=found.title,
            subtitle=f"{found.display_name}  {day(found.first)} – {day(found.last)}",
            figures=[
                Figure(str(found.people), t("人", "people"), t("参加", "took part")),
                Figure(none if found.rate is None else str(found.rate), "%", t("参与率", "rate")),
                Figure(none if found.grams is None else carbon(found.grams), "", t("共同减排", "saved together")),
            ],
            lines=[words.task(one.task) for one in found.reached],
            bars=[n or 0 for _, _, n in found.spread],
            bars_label=t("减排量分布（人数，由少到多）", "People by grams saved, from few to many"),
            link=link,
            footer=f"{found.unit}  SHA-256 {found.checksum[:16]}",
            colour=rgb(found.colour),
        )
    )


def made_on(row: Row[Any]) -> date:
    """The day the figures became final, or the last one looked at."""
    return local_day(row.awarded_at or row.standing_at or row.created_at)
