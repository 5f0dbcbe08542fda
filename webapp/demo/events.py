"""What is on in the demo park: the energy week, over and settled from a fund, the season that runs now, announcements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from points_engine.clock import start_of
from webapp.campaigns import service as campaigns
from webapp.campaigns.service import CampaignFacts, TaskFacts
from webapp.campaigns.templates import facts_of
from webapp.demo import photos
from webapp.demo.days import at
from webapp.inbox import service as inbox
from webapp.inbox.forms import AnnouncementText
from webapp.learning import queries as learning
from webapp.ledger import funds
from webapp.photos.pictures import read_picture
from webapp.store import Store, Tx
from webapp.store.blobs import Blobs

WEEK = 7
WEEK_FUND = 500_000


@dataclass(frozen=True, slots=True)
class Programme:
    """The campaigns: their numbers, and the first and last day (counted from the first) of each."""

    now: int
    now_first: int
    before: int | None
    before_first: int
    before_last: int


def build(tx: Tx, staff: dict[str, int], first: date, days: int) -> Programme:
    """Write both campaigns and open them; the clock of the world closes the first at its end."""
    written, editor = at(first - timedelta(days=3), 600), staff["editor-demo"]
    now_first, begins = max(0, days - 3), first + timedelta(days=days - 3)
    made = campaigns.create_campaign(tx, editor, *_green_season(tx, begins), written)
    campaigns.open_campaign(tx, editor, made, start_of(begins))
    before_first = days // 3
    before_last = before_first + WEEK - 1
    if before_last >= now_first:
        return Programme(made, now_first, None, 0, 0)
    week = first + timedelta(days=before_first)
    fund = funds.open_fund(tx, staff["admin-demo"], "park", None, "节能宣传周奖励", written)
    funds.deposit(tx, fund, WEEK_FUND, "deposit:energy-week", "deposit:energy-week", written, staff["admin-demo"])
    facts, tasks = facts_of("energy-week", week)
    facts = replace(facts, fund_id=fund, badge_zh="节能先锋", badge_en="Energy saver", badge_icon="bulb")
    before = campaigns.create_campaign(tx, editor, facts, tasks, written)
    campaigns.open_campaign(tx, editor, before, facts.starts_at)
    return Programme(made, now_first, before, before_first, before_last)


def _green_season(tx: Tx, begins: date) -> tuple[CampaignFacts, list[TaskFacts]]:
    """Two weeks with every kind of task there is something for."""
    facts = CampaignFacts(
        slug=f"green-season-{begins.isoformat()}",
        title_zh="绿色生活季",
        title_en="Green Living Season",
        summary_zh="两周里走一走、扫一扫、学一学，和同事邻居一起达成目标。",
        summary_en="Two weeks of walking, scanning and learning, towards goals reached together.",
        body_zh="活动期间任务有奖励积分和徽章，**减排量不加倍**。",
        body_en="Tasks bring bonus points and badges; **grams are never multiplied**.",
        theme_zh="从身边小事做起",
        theme_en="Small things, every day",
        starts_at=start_of(begins),
        ends_at=start_of(begins + timedelta(days=2 * WEEK)),
        multiplier=120,
        bonus_budget=800_000,
        badge_zh="绿色生活家",
        badge_en="Green liver",
        badge_icon="trophy",
    )
    tasks = [
        TaskFacts("记录 8 次绿色行为", "log", 8, "8 green acts", 30, unit_zh="次", unit_en="acts"),
        TaskFacts(
            "连续 3 天打卡", "streak", 3, "Three days in a row", 40, unit_zh="天", unit_en="days",
            badge_zh="三日不断", badge_en="Three in a row", badge_icon="flame",
        ),
        TaskFacts(
            "到食堂扫码光盘 2 次", "scan", 2, "Scan a clean plate at a canteen, twice", 20, unit_zh="次", unit_en="times",
            rule={"place_kinds": ["canteen"]}, badge_zh="光盘行动", badge_en="Clean plate", badge_icon="bowl-chopsticks",
        ),
        TaskFacts(
            "签署绿色生活公约", "pledge", 1, "Sign the green living pledge", 20, rule={"subject": "green-living"},
            badge_zh="公约人", badge_en="Signer", badge_icon="shield-check",
        ),
        TaskFacts(
            "全体一起减排 100 公斤", "team", 100_000, "100 kg together", 50, unit_zh="克", unit_en="g",
            rule={"of": "campaign", "measure": "grams"}, badge_zh="众人拾柴", badge_en="Together", badge_icon="users",
        ),
        TaskFacts(
            "本单位 5 人参与", "team", 5, "Five people of my company", 20, unit_zh="人", unit_en="people",
            rule={"of": "enterprise", "measure": "people"},
        ),
    ]  # fmt: skip
    if learning.quiz_choices(tx):
        tasks.append(TaskFacts("通过一次节能测验", "quiz", 1, "Pass a quiz", 30, unit_zh="次", unit_en="times",
                               badge_zh="节能学子", badge_en="Learner", badge_icon="school"))  # fmt: skip
    if learning.session_choices(tx):
        tasks.append(TaskFacts("参加一场讲座", "session", 1, "Attend a session", 30, unit_zh="场", unit_en="sessions"))
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
            AnnouncementText("绿色生活季开始了", "The Green Living Season begins", SEASON_ZH, SEASON_EN),
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


def finish(
    store: Store, catalogue: Any, blobs: Blobs, editor: int, programme: Programme, first: date, end: datetime
) -> None:
    """Let the clock close (and settle) what is over, each at its time; the week is summed up for filing."""
    if programme.before is not None:
        over = start_of(first + timedelta(days=programme.before_last + 1))
        campaigns.move_by_clock(store, over + timedelta(minutes=1))
        campaigns.catch_up(store, catalogue, end)
    campaigns.move_by_clock(store, end)
    if programme.before is not None:
        with store.write() as tx:
            _sum_up(tx, blobs, editor, programme.before, end)


def _sum_up(tx: Tx, blobs: Blobs, editor: int, week: int, now: datetime) -> None:
    rng = Random(f"summary:{week}")
    for subject, zh, en in (
        ("bike", "绿色出行日骑行队", "Riders on the travel day"),
        ("plate", "食堂光盘倡议", "Clean plates"),
    ):
        picture = read_picture(photos.draw(rng, subject))
        campaigns.add_picture(tx, blobs, editor, week, picture, (f"示意图：{zh}", f"Drawing: {en}"), now)
    campaigns.make_summary(tx, editor, week, "由园区碳达峰办公室主办，企业、机关、社区共同参与（演示）。", now)


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
SEASON_ZH = "两周里走一走、扫一扫、学一学，完成任务得积分和徽章，**减排量不加倍**。点“活动”参加。"
SEASON_EN = "Two weeks of walking, scanning and learning, with points and badges, **grams never multiplied**. Join under campaigns."
