"""The words of learning: topics, kinds of question, difficulties and states, in both languages."""

from __future__ import annotations

Pair = tuple[str, str]

TOPICS: dict[str, Pair] = {
    "carbon": ("双碳基础", "Carbon basics"),
    "energy": ("节能用电", "Saving energy"),
    "transport": ("绿色出行", "Transport"),
    "waste": ("垃圾分类与循环", "Waste and reuse"),
    "water": ("节约用水", "Water"),
    "food": ("光盘与饮食", "Food"),
}
KINDS: dict[str, Pair] = {
    "single": ("单选", "One answer"),
    "multiple": ("多选", "Several answers"),
    "truth": ("判断", "True or false"),
}
DIFFICULTIES: dict[int, Pair] = {1: ("易", "Easy"), 2: ("中", "Medium"), 3: ("难", "Hard")}
LESSON_STATES: dict[str, Pair] = {
    "draft": ("草稿", "Draft"),
    "published": ("已发布", "Published"),
    "withdrawn": ("已撤下", "Withdrawn"),
}
QUESTION_STATES: dict[str, Pair] = {"active": ("在用", "In use"), "withdrawn": ("已撤下", "Withdrawn")}
QUIZ_STATES: dict[str, Pair] = {"draft": ("草稿", "Draft"), "open": ("开放", "Open"), "closed": ("已关闭", "Closed")}
IMPORT_STATES: dict[str, Pair] = {
    "preview": ("待确认", "Waits"),
    "confirmed": ("已入库", "In the bank"),
    "dropped": ("已作废", "Dropped"),
}
SIGN_UP_STATES: dict[str, Pair] = {
    "in": ("已报名", "Signed up"),
    "waiting": ("候补", "Waiting list"),
    "cancelled": ("已取消", "Cancelled"),
}
TRUTH: tuple[Pair, Pair] = (("对", "True"), ("错", "False"))
