"""Ready challenges to start from: filled in so that dates and rewards are all there is to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from points_engine.clock import local_day, start_of
from webapp.challenges.forms import ChallengeFacts, TaskFacts

TRIPS = ("walk", "bike", "shared_bike", "ebike", "bus", "bus_ride", "shuttle", "carpool")
TABLE = ("clean_plate", "own_lunch_box", "plant_meal", "no_cutlery", "own_cup")
PAPER = ("paper_saved", "duplex_print", "e_invoice", "online_meeting", "video_meeting")


@dataclass(frozen=True, slots=True)
class Preset:
    """A template: its names, what it is for, how long it runs, and its tasks."""

    key: str
    zh: str
    en: str
    about_zh: str
    about_en: str
    icon: str
    days: int
    behaviours: tuple[str, ...]
    tasks: tuple[TaskFacts, ...]


PRESETS = (
    Preset(
        "commute", "绿色通勤月", "Green commute month", "四周里，多数工作日绿色上下班。",
        "Come to work the green way on most working days of four weeks.", "bike", 28, TRIPS,
        (TaskFacts("person", "workdays", 12, 60), TaskFacts("all", "rate", 50, 20)),
    ),
    Preset(
        "relay", "部门减排接力赛", "Departments’ relay", "三周里比人均减排，前两名的部门都有奖励。",
        "Three weeks; the two departments with the most grams a head are rewarded.", "trophy", 21, (),
        (TaskFacts("team", "place", 2, 50), TaskFacts("person", "days", 10, 30)),
    ),
    Preset(
        "table", "光盘与自带杯行动", "Clean plates and own cups", "两周里，食堂光盘、少用一次性用品。",
        "Two weeks of clean plates and fewer throw-aways.", "bowl-chopsticks", 14, TABLE,
        (TaskFacts("person", "acts", 10, 30), TaskFacts("all", "frequency", 40, 10)),
    ),
    Preset(
        "together", "全员减排目标", "A goal for everybody", "一个月里，大家一起减到同一个目标。",
        "One month, one figure for everybody together.", "users", 30, (),
        (TaskFacts("all", "per_head", 3000, 30), TaskFacts("all", "rate", 60, 20)),
    ),
    Preset(
        "week", "节能宣传周挑战", "Energy week challenge", "一周，天天有行动。", "One week, an act a day.", "bolt", 7, (),
        (TaskFacts("person", "days", 5, 30), TaskFacts("team", "rate", 60, 10)),
    ),
)  # fmt: skip
BY_KEY = {preset.key: preset for preset in PRESETS}


def facts_of(
    preset: Preset, catalogue: Any, unit: Any, title: str, fund_id: int | None, now: datetime
) -> ChallengeFacts:
    """The template as a whole draft: from next Monday, in the unit's name, with behaviours there are."""
    today = local_day(now)
    first = today + timedelta(days=7 - today.weekday())
    known = tuple(code for code in preset.behaviours if code in catalogue.by_code)
    return ChallengeFacts(
        title=title,
        words="",
        display_name=unit.short_name,
        colour="0a7a4d",
        starts_at=start_of(first),
        ends_at=start_of(first + timedelta(days=preset.days)),
        audience="all",
        departments=(),
        behaviours=known,
        fund_id=fund_id,
        tasks=preset.tasks,
    )
