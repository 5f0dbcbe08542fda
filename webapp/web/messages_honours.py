"""The words of honours; messages.py puts them with the others."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "unknown_honour": ("没有找到这一届评选", "No such round of honours"),
    "unknown_candidate": ("没有找到这个候选", "No such candidate"),
    "unknown_objection": ("没有找到这条异议", "No such objection"),
    "window_over": ("申报截止时间已经过去，请改日期", "The window for nominations is over already; change the dates"),
    "nominations_closed": ("现在不在申报期内", "Nominations are not open now"),
    "not_this_honour": ("这项荣誉不是给这一类的", "This honour is not for this kind"),
    "nominated_already": ("已经申报过了", "Nominated already"),
    "candidates_waiting": ("还有 {count} 个申报没有审核", "{count} nominations have not been answered"),
    "no_candidates": ("名单上还没有人", "Nobody is on the list"),
    "over_quota": ("名单有 {count} 个，名额只有 {quota} 个", "{count} are on the list, {quota} can be awarded"),
    "criteria_not_met": (
        "{of} 条标准只满足 {met} 条，不能列入名单",
        "Only {met} of {of} criteria are met; it cannot be on the list",
    ),
    "notice_over": ("现在不在公示期内", "There is no public notice to object to now"),
    "objection_open": ("您对这个候选已有一条异议在核实", "An objection of yours is being looked into"),
    "enough_objections": ("对同一候选最多提 {limit} 次异议", "At most {limit} objections to one candidate"),
}
