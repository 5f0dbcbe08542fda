"""Words of challenges in both languages: states, tasks, findings of the lint with their figures, kudos."""

from __future__ import annotations

from typing import Any

from points_engine.challenge import Task
from points_engine.challenge_lint import Finding
from webapp.challenges.forms import IN_KILOGRAMS, TaskFacts
from webapp.web import t
from webapp.web.formats import carbon

STATES = {
    "draft": ("草稿", "Draft", ""),
    "scheduled": ("待开始", "Coming", "info"),
    "open": ("进行中", "Running", "good"),
    "closed": ("已结束，待结算", "Over, to be settled", "warn"),
    "settled": ("已结算", "Settled", "good"),
    "archived": ("已归档", "Archived", ""),
}
AUDIENCES = {
    "all": ("全单位", "The whole unit"),
    "departments": ("所选部门", "Chosen departments"),
    "invited": ("受邀人员", "By invitation"),
}
# scope.goal -> (select option, sentence with the target), in both languages
KINDS = {
    "person.acts": ("个人：行动次数", "Each: number of acts", "每人完成 {n} 次行动", "{n} acts each"),
    "person.days": ("个人：行动天数", "Each: days with an act", "每人 {n} 天有行动", "an act on {n} days each"),
    "person.workdays": ("个人：工作日天数", "Each: working days", "每人 {n} 个工作日有行动", "an act on {n} working days each"),
    "person.grams": ("个人：减排量（千克）", "Each: grams saved (kg)", "每人减排 {n}", "{n} saved each"),
    "team.total": ("部门：总减排（千克）", "Team: total (kg)", "部门共减排 {n}", "{n} saved by the team"),
    "team.per_head": ("部门：人均减排（千克）", "Team: per head (kg)", "部门人均减排 {n}", "{n} a head in the team"),
    "team.rate": ("部门：参与率（%）", "Team: taking part (%)", "部门参与率达到 {n}%", "{n}% of the team take part"),
    "team.frequency": ("部门：工作日频率（%）", "Team: working days (%)", "部门 {n}% 的工作日有行动", "an act on {n}% of the team’s working days"),
    "team.place": ("部门：人均排名前几", "Team: place by head", "部门人均减排排进前 {n} 名", "among the first {n} teams by head"),
    "all.total": ("全员：总减排（千克）", "All: total (kg)", "全员共减排 {n}", "{n} saved by all"),
    "all.per_head": ("全员：人均减排（千克）", "All: per head (kg)", "全员人均减排 {n}", "{n} a head"),
    "all.rate": ("全员：参与率（%）", "All: taking part (%)", "全员参与率达到 {n}%", "{n}% take part"),
    "all.frequency": ("全员：工作日频率（%）", "All: working days (%)", "全员 {n}% 的工作日有行动", "an act on {n}% of working days"),
}  # fmt: skip
KUDOS = {
    "well_done": ("干得漂亮", "Well done"),
    "keep_going": ("加油，再接再厉", "Keep going"),
    "together": ("一起冲", "Together we can"),
    "inspired": ("向你们学习", "You inspire us"),
    "thanks": ("谢谢你们", "Thank you"),
}
LEVELS = {
    "declared": ("自报", "Declared"),
    "photo": ("照片", "Photo"),
    "device": ("设备记录", "Recorded"),
    "partner": ("合作方数据", "Partner’s record"),
    "meter": ("表计", "Meter"),
    "scan": ("扫码", "Scan"),
}
FINDINGS = {
    "no_workdays": ("这 {days} 天里没有一个工作日", "None of these {days} days is a working day"),
    "more_than_days": ("要求 {target} 天，但挑战一共只有 {there} 天", "{target} days are asked for, and there are only {there}"),
    "more_than_workdays": ("要求 {target} 个工作日，但其中只有 {there} 个", "{target} working days are asked for, and there are only {there}"),
    "every_place_wins": ("前 {target} 名有奖，而够 5 人的队伍只有 {teams} 个，等于都有奖", "The first {target} win, and there are only {teams} teams of five: all win"),
    "out_of_reach_together": ("目标 {target}，而之前同样天数只做到 {before}", "{target} is asked for; in as many days before it was {before}"),
    "few_before": ("之前同样天数里 {people} 人中做到 {target} 的不足 {few} 人，有 {few} 人做到的是 {best}", "In as many days before fewer than {few} of {people} reached {target}; what {few} of them reached was {best}"),
    "everybody_before": ("之前 {people} 人中已有 {done} 人做到，等于不用努力", "{done} of {people} did that before without any challenge"),
    "cheap_to_farm": ("只靠自报“{way}”{acts} 次（平时值 {worth} 分）就能拿到 {reward} 分，是平时的 {times} 倍，容易被刷", "{acts} declared acts of “{way}”, worth {worth} points by themselves, would earn {reward}: {times} times as much, an invitation to cheat"),
    "no_fund": ("设了奖励（每人最多 {asked} 分），但没有选资金账户", "There are rewards (up to {asked} points each) and no fund"),
    "budget_too_small": ("按过去的数据，奖励约需 {likely} 分，资金可用只有 {there} 分", "By what people did before, rewards would cost some {likely} points; the fund has {there}"),
    "budget_tight": ("资金可用 {there} 分；若人人达标要 {most} 分，会不够（预计约需 {likely} 分）", "The fund has {there} points; if everybody won it would take {most} (likely: {likely})"),
    "few_people": ("能参加的只有 {people} 人，不足 5 人，数字不会显示", "Only {people} people may take part; no figures are shown for fewer than 5"),
    "no_teams": ("没有够 {people} 人的部门，部门任务无法完成", "No team has {people} people, so tasks of teams cannot be reached"),
    "nothing_known": ("还没有可参考的历史数据，预算按 {people} 人全部达标估算", "There is no history to go by; the budget assumes that all {people} people win"),
    "measured_in_the_park": ("本单位过去的数据不够，以上按全园区 {people} 人估算", "Your unit has too little history; this was measured on {people} people of the park"),
}  # fmt: skip


def state(status: str) -> str:
    zh, en, _ = STATES[status]
    return t(zh, en)


def tone(status: str) -> str:
    return STATES[status][2]


def audience(code: str) -> str:
    return t(*AUDIENCES[code])


def task(one: Task | TaskFacts) -> str:
    """A task as a sentence with its target."""
    _, _, zh, en = KINDS[f"{one.scope}.{one.goal}"]
    return t(zh, en).format(n=amount(one.goal, one.target))


LACKING = {
    "acts": ("{n} 次行动", "{n} acts"),
    "days": ("{n} 天有行动", "an act on {n} days"),
    "workdays": ("{n} 个工作日有行动", "an act on {n} working days"),
    "grams": ("{n} 减排", "{n} saved"),
}


def lacking(one: Task, lack: int) -> tuple[str, str]:
    """What is still missing for a goal of one person, in both languages."""
    zh, en = LACKING[one.goal]
    return zh.format(n=amount(one.goal, lack)), en.format(n=amount(one.goal, lack))


def amount(goal: str, value: int) -> str:
    """A figure of a goal: weights with their unit, others as numbers."""
    return carbon(value) if goal in IN_KILOGRAMS else f"{value:,}"


def unit(goal: str) -> str:
    return "%" if goal in ("rate", "frequency") else ""


def kinds() -> list[tuple[str, str]]:
    return [("", t("（不设）", "(none)")), *((key, t(said[0], said[1])) for key, said in KINDS.items())]


def kudos(code: str) -> str:
    return t(*KUDOS[code])


def level(code: str) -> str:
    return t(*LEVELS.get(code, (code, code))) if code else ""


def behaviour(catalogue: Any, code: str) -> str:
    if code == "others":
        return t("其他行为（含不足 5 人的，合计）", "Other acts, together (some by fewer than 5 people)")
    known = catalogue.by_code.get(code)
    return t(known.name_zh, known.name_en) if known else code


def finding(one: Finding, tasks: Any, catalogue: Any) -> str:
    """A finding in plain words, with the figures behind it."""
    facts: dict[str, Any] = dict(one.facts)
    if "way" in facts:
        facts["way"] = behaviour(catalogue, str(facts["way"]))
    if one.task is not None:
        goal = tasks[one.task - 1].goal
        for name in ("target", "best", "before"):
            if isinstance(facts.get(name), int) and one.code in ("few_before", "out_of_reach_together"):
                facts[name] = amount(goal, int(facts[name])) + unit(goal)
    lead = t(f"任务 {one.task}：", f"Task {one.task}: ") if one.task is not None else ""
    said = {name: f"{value:,}" if isinstance(value, int) else value for name, value in facts.items()}
    return lead + t(*FINDINGS[one.code]).format(**said)
