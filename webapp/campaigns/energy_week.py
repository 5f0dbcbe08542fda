"""节能宣传周 as a ready-made campaign: seven theme days in the official order, and goals for the whole week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from points_engine.clock import start_of
from webapp.campaigns.values import CampaignFacts, TaskFacts

# The theme is announced each year; an editor fills in what is not known here.
THEMES = {2026: ("节能新起点 低碳向未来", "A new start for saving energy, a low-carbon future")}
ON_THE_WAY = ("walk", "bike", "shared_bike", "ebike", "bus", "shuttle", "carpool")

BODY_ZH = """## 怎么参加

点“参加”就可以了。活动开始以后做过的绿色行为都算，报名前的也算。

## 规则

- 活动期间，每次行为的**积分**按 1.5 倍发放；多出来的部分单独记一笔。**减排量永远不加倍。**
- 每天一个主题，主题任务当天完成才算；全周任务七天内完成就算。
- 以平台收到记录的时间为准，行为发生的日期也要在活动期内。
- 撤销或核验未通过的行为，奖励会一并收回。
"""
BODY_EN = """## How to take part

Press “Join”. Green acts since the campaign began count, also those from before you joined.

## Rules

- During the campaign the **points** of each act are paid 1.5 times; the extra part is an entry of its own. **Grams are never multiplied.**
- Each day has a theme; its task has to be done on that day. The tasks of the week have all seven days.
- What counts is when the platform receives a record, and the day of the act must lie in the campaign too.
- When an act is undone or not accepted, its bonus goes back as well.
"""


def energy_week_facts(starts_on: date) -> tuple[CampaignFacts, list[TaskFacts]]:
    """The campaign that begins on `starts_on` and lasts seven local days; the third is 全国低碳日."""
    theme = THEMES.get(starts_on.year, ("节能降碳 你我同行", "Saving energy, cutting carbon, together"))
    facts = CampaignFacts(
        slug=f"energy-week-{starts_on.isoformat()}",
        title_zh=f"{starts_on.year} 年节能宣传周",
        title_en=f"Energy Saving Week {starts_on.year}",
        summary_zh="七天七个主题，完成任务拿奖励，积分 1.5 倍。",
        summary_en="Seven days, seven themes: tasks with rewards, and points at 1.5 times.",
        body_zh=BODY_ZH,
        body_en=BODY_EN,
        theme_zh=theme[0],
        theme_en=theme[1],
        starts_at=start_of(starts_on),
        ends_at=start_of(starts_on + timedelta(days=7)),
        multiplier=150,
    )
    return facts, _theme_days(starts_on) + _whole_week()


def _theme_days(first: date) -> list[TaskFacts]:
    days = [
        TaskFacts("启动日：记录 1 次绿色行为", "log", 1, "Opening: log one green act", 20, unit_zh="次", unit_en="acts"),
        TaskFacts("重点企业日：双面打印或少打印 5 张", "amount", 5, "Industry day: save 5 sheets of paper", 20,
                  behaviours=("paper_saved",), unit_zh="张", unit_en="sheets"),
        TaskFacts("全国低碳日：绿色出行 3 公里", "amount", 3, "Low-carbon day: 3 km without driving alone", 30,
                  behaviours=ON_THE_WAY, unit_zh="公里", unit_en="km"),
        TaskFacts("公共机构日：走楼梯 2 次", "amount", 2, "Public bodies day: take the stairs twice", 20,
                  behaviours=("stairs",), unit_zh="次", unit_en="times"),
        TaskFacts("绿色生活日：自带杯或自带袋 2 次", "amount", 2, "Green living day: own cup or own bag, twice", 20,
                  behaviours=("own_cup", "own_bag"), unit_zh="次", unit_en="times"),
        TaskFacts("绿色校园日：光盘 1 餐", "amount", 1, "School day: one clean plate", 20,
                  behaviours=("clean_plate",), unit_zh="餐", unit_en="meals"),
        TaskFacts("绿色家庭日：随手关灯、垃圾分类或空调 26℃ 共 2 次", "log", 2,
                  "Home day: lights off, waste sorted or A/C at 26 °C, twice", 20,
                  behaviours=("lights_off", "waste_sorting", "ac_26"), unit_zh="次", unit_en="times"),
    ]  # fmt: skip
    return [_on(task, first + timedelta(days=n)) for n, task in enumerate(days)]


def _whole_week() -> list[TaskFacts]:
    return [
        TaskFacts("坚持 5 天都有绿色行为", "days", 5, "A green act on 5 days", 60, unit_zh="天", unit_en="days"),
        TaskFacts("一周光盘 5 餐", "amount", 5, "5 clean plates in the week", 40,
                  behaviours=("clean_plate",), unit_zh="餐", unit_en="meals"),
        TaskFacts("一周减排 2,000 克", "grams", 2000, "Save 2,000 g in the week", 50, unit_zh="克", unit_en="g"),
    ]  # fmt: skip


def _on(task: TaskFacts, day: date) -> TaskFacts:
    return replace(task, day=day)
