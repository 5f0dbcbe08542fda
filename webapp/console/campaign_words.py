"""Words of the campaign pages of the desk: what the look before announcing found, and help for each kind of task."""

from __future__ import annotations

from typing import Any

from points_engine.campaign_lint import Finding
from webapp.web import t

Pair = tuple[str, str]

FINDINGS: dict[str, Pair] = {
    "longer_than_campaign": ("要求 {target} 天，而时间只有 {there} 天", "{target} days are asked for, and there are only {there}"),
    "quiz_once_a_day": ("同一测验每天只有一次计分，{there} 天里通过不了 {target} 次", "A quiz is scored once a day: it cannot be passed {target} times in {there} days"),
    "only_once": ("这件事只能做一次，目标不能是 {target}", "This can be done once only; the target cannot be {target}"),
    "no_quiz": ("没有这个测验", "There is no such quiz"),
    "quiz_closed": ("测验还没有开放", "The quiz is not open"),
    "too_few_questions": ("测验要抽 {target} 道题，题库里只有 {there} 道", "The quiz draws {target} questions, and there are only {there}"),
    "no_session": ("没有这场课程活动", "There is no such session"),
    "session_closed": ("这场课程活动已取消", "The session is cancelled"),
    "session_at_another_time": ("这场课程活动不在任务的时间内", "The session is at another time than the task"),
    "no_pledge": ("没有这个公约，或还没有发布", "There is no such pledge, or it is not published"),
    "pledge_closed": ("这一版公约现在不能由个人签署", "People cannot sign this edition now"),
    "no_scan": ("没有开放的这样的地点", "No such place is open"),
    "out_of_reach": ("目标 {target}，而之前同样天数里最多做到 {best}", "{target} is asked for; in as many days before the most was {best}"),
    "hard_to_reach": ("目标 {target}，比之前同样天数的最好成绩 {best} 高出一半以上", "{target} is half as much again as the best of as many days before, {best}"),
    "nobody_before": ("之前同样天数里 {people} 人中没有人做到 {target}，最多的是 {best}", "In as many days before none of {people} reached {target}; the best was {best}"),
    "no_limit": ("每人最多奖励 {asked} 分，没有设预算也没有选专项资金", "Up to {asked} points each, with neither a budget nor a fund"),
    "fund_empty": ("专项资金里没有积分", "The fund is empty"),
    "may_run_dry": ("按以往的人数，可能要发 {likely} 分，只有 {there} 分，可能发完", "As people acted before, {likely} points may be due and there are {there}"),
}  # fmt: skip
# What a kind counts, in one sentence under its fields.
HELP: dict[str, Pair] = {
    "log": ("完成几次行为就写几", "How many acts"),
    "days": ("在多少个不同的日子有行为，不要求连续", "On how many different days, not in a row"),
    "streak": ("连续多少天每天都有行为，断一天重新数", "How many days in a row; a day without one begins anew"),
    "grams": ("减排多少克", "How many grams"),
    "amount": ("行为的数量，如公里、餐、张", "Amount in the act’s unit: km, meals, sheets"),
    "scan": ("到指定地点扫码记录多少次，随行为的上限", "How many acts scanned at the place; caps of acts hold"),
    "team": (
        "所在单元或全体参加者一起做到多少，出过力的人都算完成",
        "What the unit or everybody reaches together; whoever brought something has done it",
    ),
    "quiz": (
        "活动期间通过测验多少次，同一测验每天计分一次",
        "How often it is passed during the campaign; a quiz is scored once a day",
    ),
    "pledge": ("签署公约，活动前签过的也算", "Sign the pledge; who signed before has done it"),
    "session": ("活动期间到场签到的课程活动有多少场", "How many sessions attended during the campaign"),
}
BONUSES: dict[str, Pair] = {
    "paid": ("已发放", "Paid"),
    "kept": ("已发放，行为后来被撤销但已花掉", "Paid; the act was undone later, but it was spent"),
    "returned": ("已收回", "Taken back"),
    "dry": ("未发放：预算或资金不足", "Not paid: the budget or fund was dry"),
    "frozen": ("未发放：账号冻结", "Not paid: the account is frozen"),
    "due": ("待发放", "Due"),
}
MEASURES: dict[str, Pair] = {"acts": ("次数", "Acts"), "grams": ("减排量（克）", "Grams"), "people": ("人数", "People")}


def finding(one: Finding) -> str:
    """A finding in plain words, with the figures behind it."""
    lead = t(f"任务 {one.task}：", f"Task {one.task}: ") if one.task is not None else ""
    facts: dict[str, Any] = {k: f"{v:,}" if isinstance(v, int) else v for k, v in one.facts.items()}
    return lead + t(*FINDINGS[one.code]).format(**facts)
