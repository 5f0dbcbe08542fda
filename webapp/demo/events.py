"""What is on in the demo park: an earlier campaign, the energy week that runs now, and announcements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from points_engine.clock import start_of
from webapp.campaigns import service as campaigns
from webapp.campaigns.service import CampaignFacts, TaskFacts
from webapp.demo.days import at
from webapp.inbox import service as inbox
from webapp.inbox.forms import AnnouncementText
from webapp.store import Store, Tx

WEEK = 7
GREEN_WAYS = ("walk", "bike", "shared_bike", "ebike", "bus", "bus_ride", "shuttle", "carpool")


@dataclass(frozen=True, slots=True)
class Programme:
    """The campaigns: their numbers, and the first and last day (counted from the first) of each."""

    now: int
    now_first: int
    before: int | None
    before_first: int
    before_last: int


def build(tx: Tx, catalogue: Any, staff: dict[str, int], first: date, days: int) -> Programme:
    """Write both campaigns and open them; the clock of the world closes the first at its end."""
    now_first = max(0, days - 3)
    begins = first + timedelta(days=days - 3)
    made = campaigns.energy_week(tx, begins, at(first - timedelta(days=3), 600))
    campaigns.open_campaign(tx, staff["editor-demo"], made, start_of(begins))
    before_first = days // 3
    before_last = before_first + WEEK - 1
    if before_last >= now_first:
        return Programme(made, now_first, None, 0, 0)
    facts, tasks = _travel_week(first + timedelta(days=before_first), catalogue)
    written = at(first - timedelta(days=3), 640)
    before = campaigns.create_campaign(tx, staff["editor-demo"], facts, tasks, written)
    campaigns.open_campaign(tx, staff["editor-demo"], before, facts.starts_at)
    return Programme(made, now_first, before, before_first, before_last)


def _travel_week(begins: date, catalogue: Any) -> tuple[CampaignFacts, list[TaskFacts]]:
    ways = tuple(code for code in GREEN_WAYS if code in catalogue.by_code)
    facts = CampaignFacts(
        slug=f"green-trips-{begins.isoformat()}",
        title_zh="绿色出行周",
        title_en="Green Trips Week",
        summary_zh="一周少开一次车，走路、骑车、公交都算。",
        summary_en="Leave the car once more this week: walking, riding and the bus all count.",
        body_zh="活动期间出行类任务有奖励积分，**减排量不加倍**。",
        body_en="Trips earn bonus points for the tasks below; **grams are never multiplied**.",
        theme_zh="少开一次车",
        theme_en="One drive fewer",
        starts_at=start_of(begins),
        ends_at=start_of(begins + timedelta(days=WEEK)),
        multiplier=120,
        bonus_budget=400_000,
    )
    tasks = [
        TaskFacts(
            "绿色出行 3 天", "days", 3, "Green trips on 3 days", 30, behaviours=ways, unit_zh="天", unit_en="days"
        ),
        TaskFacts(
            "一周绿色出行 8 次",
            "log",
            8,
            "8 green trips in the week",
            40,
            behaviours=ways,
            unit_zh="次",
            unit_en="trips",
        ),
    ]
    return facts, tasks


def announce(tx: Tx, staff: dict[str, int], first: date, until: date) -> None:
    """Five announcements: two in force for all, one for companies, one whose time is over, one still a draft."""
    editor = staff["editor-demo"]
    week = until - timedelta(days=2)
    opened, over = at(first - timedelta(days=2), 540), start_of(first + timedelta(days=20))
    for text, when in (
        (AnnouncementText("碳普惠平台开通啦", "The platform is open", WELCOME_ZH, WELCOME_EN), opened),
        (AnnouncementText("试运行期间的说明", "Notes on the trial", TRIAL_ZH, TRIAL_EN, over), opened),
        (
            AnnouncementText("节能宣传周开始了", "Energy Saving Week begins", WEEK_ZH, WEEK_EN),
            start_of(week) + timedelta(hours=8),
        ),
        (
            AnnouncementText(
                "致各企业：年度用能数据请于月底前报送",
                "To companies: energy data of the year by the end of the month",
                "请管理员在单元页面填报或导入。",
                "Administrators enter or import them on the unit's page.",
                audience="kind:enterprise",
            ),
            start_of(week) + timedelta(hours=7),
        ),
        (
            AnnouncementText(
                "（草稿）下月食堂光盘行动", "(Draft) Clean plates next month", "文字待定。", "Text to come."
            ),
            None,
        ),
    ):
        made = inbox.create_announcement(tx, editor, text, when or start_of(until))
        if when is not None:
            inbox.publish_announcement(tx, editor, made, when)


def finish(store: Store, catalogue: Any, programme: Programme, first: date, end: datetime) -> None:
    """Let the clock close (and settle) what is over, each at its time."""
    if programme.before is not None:
        over = start_of(first + timedelta(days=programme.before_last + 1))
        campaigns.move_by_clock(store, over + timedelta(minutes=1))
        settles = over + campaigns.SETTLE_AFTER + timedelta(minutes=1)
        if settles < end:
            campaigns.catch_up(store, catalogue, settles)
            campaigns.move_by_clock(store, settles)
    campaigns.move_by_clock(store, end)


WELCOME_ZH = """欢迎来到园区碳普惠平台。

- 记录走路、骑车、光盘、自带杯等日常绿色行为，得到**减排量**和**积分**；
- 每个数字都可以点开看“怎么算的”；
- 积分 12 个月内有效，可在本地商家兑换。
"""
WELCOME_EN = """Welcome.

- Log everyday green acts and earn **grams** and **points**;
- every number opens to show how it was made;
- points last 12 months and are spent at local merchants.
"""
TRIAL_ZH = "试运行期间，如发现数字不对，请在“帮助与反馈”里告诉我们。"
TRIAL_EN = "Should a number look wrong during the trial, please tell us under help and feedback."
WEEK_ZH = "七天七个主题任务，积分 1.5 倍，**减排量不加倍**。点“活动”参加。"
WEEK_EN = "Seven themes in seven days, points at 1.5 times, **grams never multiplied**. Join under campaigns."
