"""The words of units' energy: carriers, measures, states, levels, sources, grades and items, in both languages."""

from __future__ import annotations

from points_engine import energy as rules
from points_engine.energy import CARRIERS
from webapp.web import t

STATES: dict[str, tuple[str, str, str]] = {
    "none": ("暂无数据", "No data", ""),
    "over": ("超定额", "Over quota", "bad"),
    "behind": ("落后目标", "Behind the target", "warn"),
    "on_track": ("符合目标", "On track", "good"),
    "open": ("未设目标", "No target set", "info"),
}
MEASURES: dict[str, tuple[str, str, str, str]] = {
    "total": ("综合能耗", "Energy in all", "kgce", "kgce"),
    "head": ("人均综合能耗", "Energy per head", "kgce/人", "kgce/head"),
    "area": ("单位面积能耗", "Energy per m²", "kgce/m²", "kgce per m²"),
    "electricity": ("用电量", "Electricity", "kWh", "kWh"),
    "water": ("用水量", "Water", "m³", "m³"),
}
QUOTAS: dict[str, tuple[str, str, str, str]] = {
    "area": MEASURES["area"],
    "head": MEASURES["head"],
    "water": ("人均用水", "Water per head", "m³/人", "m³ per head"),
}
LEVELS: dict[str, tuple[str, str, str]] = {
    "advanced": ("达到先进值", "Advanced", "good"),
    "guide": ("达到引导值", "Within the guide", "good"),
    "constraint": ("达到约束值", "Within the constraint", "info"),
    "over": ("超约束值", "Over the constraint", "bad"),
    "none": ("暂无数据", "No data", ""),
}
SOURCES: dict[str, tuple[str, str]] = {
    "platform": ("园区能源平台", "Park platform"),
    "meter": ("本平台表计", "Meters here"),
    "file": ("文件导入", "File"),
    "typed": ("手工填报", "Typed"),
    "parts": ("部门合计", "Parts together"),
}
SHAPES = {"line": ("直线", "Straight line"), "steps": ("逐年台阶", "Steps by year")}
GIVEN = {"percent": ("比基准年下降 %", "% below the base year"), "absolute": ("绝对值", "absolute values")}
KINDS = {"public_body": ("公共机构", "Public body"), "enterprise": ("企业", "Company")}
LETTERS: dict[str, tuple[str, str, str]] = {
    "commend": ("通报表扬", "Commendation", "good"),
    "rectify": ("整改通知", "Notice to rectify", "warn"),
}
LETTER_STATES: dict[str, tuple[str, str, str]] = {
    "draft": ("草稿，待另一人签发", "Draft, waits for a second person", "info"),
    "sent": ("已发出", "Sent", ""),
    "answered": ("已答复", "Answered", "good"),
    "dropped": ("已搁置", "Put aside", ""),
}
FILE_STATES = {"preview": ("待确认", "Preview"), "confirmed": ("已导入", "Taken in"), "dropped": ("已作废", "Dropped")}


def carrier(code: str) -> str:
    """电, Electricity"""
    return t(*CARRIERS[code][:2])


def carriers() -> list[tuple[str, str]]:
    """For a choice: code and name with its unit."""
    return [(code, f"{t(zh, en)} · {unit}") for code, (zh, en, unit) in CARRIERS.items()]


def measures() -> list[tuple[str, str]]:
    """For a choice: what a target may be about."""
    return [(code, f"{t(zh, en)} {t(unit_zh, unit_en)}") for code, (zh, en, unit_zh, unit_en) in MEASURES.items()]


def grade(code: str) -> str:
    """优秀, Excellent"""
    found = next((g for g in rules.rules()["grade"] if g["code"] == code), None)
    return t(found["zh"], found["en"]) if found else "–"


def items() -> list[tuple[str, str, int, bool]]:
    """The scorecard: code, words, points, whether staff tick it."""
    return [(i["code"], t(i["zh"], i["en"]), int(i["points"]), bool(i.get("managed"))) for i in rules.rules()["item"]]
