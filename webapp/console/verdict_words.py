"""The review desk's words: kinds of case, why they opened, where a member stands, buttons, ready reasons."""

from __future__ import annotations

from points_engine import risk
from points_engine.trips import REASONS as TRIP_REASONS
from webapp.console.words import ACT_REASONS, REJECTIONS, Pair

KINDS: dict[str, Pair] = {
    "pending": ("待核验", "Waiting"),
    "sample": ("抽查", "Samples"),
    "risk": ("风险", "Risk"),
    "appeal": ("申诉", "Appeals"),
}
EMPTY: dict[str, Pair] = {
    "pending": ("没有待核验的记录", "Nothing waits for review"),
    "sample": ("没有待看的抽查", "No sample waits"),
    "risk": ("没有需要判断的风险", "No risk to judge"),
    "appeal": ("没有待复核的申诉", "No appeal waits"),
}
CAUSES: dict[str, Pair] = {
    "waiting": ("需先核验", "Reviewed before it counts"),
    "new": ("新用户的前几条", "Among a newcomer's first"),
    "normal": ("随机抽查", "Drawn at random"),
    "trusted": ("随机抽查（信任）", "Drawn at random (trusted)"),
    "tightened": ("加严期间", "Looked at closely"),
    "stopped": ("照片暂停期间", "While photos are stopped"),
    "declared": ("自报随机抽查", "A declared act, drawn at random"),
    "risk": ("风险提示", "A risk signal"),
    "member": ("用户申诉", "The member appeals"),
}
STANDINGS: dict[str, Pair] = {
    "normal": ("一般（抽查约 20 %）", "Normal (about 20 %)"),
    "trusted": ("信任（抽查约 5 %）", "Trusted (about 5 %)"),
    "tightened": ("加严（全部查看）", "Tightened (all looked at)"),
    "stopped": ("照片先核验", "Photos wait for a person"),
}
# kind: what the mild and the hard button say.
BUTTONS: dict[str, tuple[Pair, Pair]] = {
    "pending": (("通过", "Accept"), ("驳回", "Reject")),
    "sample": (("属实，通过", "It holds"), ("不属实，收回", "Take it back")),
    "risk": (("排除风险", "Nothing wrong"), ("属实，加严抽查", "Well founded: look closely")),
    "appeal": (("申诉成立，重新计入", "Right: credit again"), ("维持原结论", "The verdict stays")),
}
DONE: dict[str, Pair] = {
    "accept": ("已通过", "Accepted"),
    "reject": ("已驳回", "Rejected"),
    "pass": ("抽查通过", "It holds"),
    "fail": ("已收回", "Taken back"),
    "clear": ("风险已排除", "Cleared"),
    "confirm": ("已加严抽查", "Looked at closely from now on"),
    "overturn": ("申诉成立，已重新计入", "Credited again"),
    "uphold": ("维持原结论", "The verdict stays"),
    "first_said": ("已记下，等第二位同事判断", "Noted; a second colleague has to agree"),
    "split": ("两人意见不一，转管理员决定", "You two differ; an administrator decides"),
}
UPHELD: dict[str, Pair] = {
    "evidence": ("凭证仍不足以证明所报行为", "The evidence still does not show what was reported"),
    "rule": ("按规则不应计入", "By the rules it does not count"),
    "duplicate": ("与已有记录重复", "It repeats an earlier record"),
}
CONFIRMED: dict[str, Pair] = {
    "replay": ("行程或照片重复使用", "Trips or photos were used again"),
    "group": ("多个账号同步操作", "Several accounts move in step"),
    "implausible": ("行为数据不合常理", "The figures are not plausible"),
}
READY = {"pending": REJECTIONS, "sample": REJECTIONS, "risk": CONFIRMED, "appeal": UPHELD}
SIGNALS: dict[str, Pair] = {code: (kind["zh"], kind["en"]) for code, kind in risk.kinds().items()}
REASONS: dict[str, Pair] = {**TRIP_REASONS, **ACT_REASONS}
