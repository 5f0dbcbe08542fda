"""Criteria, figures, reasons and states of honours in words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from points_engine.clock import local_day
from points_engine.honours import Criterion, Finding, Honour, honours, measures
from webapp.rankings.boards import BOARDS
from webapp.web import t
from webapp.web.formats import day, kg_number, number

SUBJECTS = {
    "enterprise": ("企业", "Companies"),
    "public_body": ("公共机构", "Public bodies"),
    "community": ("社区", "Communities"),
    "family": ("家庭", "Families"),
    "member": ("个人", "People"),
}
ROUND_STATES = {
    "draft": ("草稿", "Draft"),
    "announced": ("待申报", "Announced"),
    "open": ("申报中", "Nominations open"),
    "reviewing": ("审核中", "Under review"),
    "proposed": ("待批准公示", "Waits for its notice"),
    "notice": ("公示中", "On public notice"),
    "settled": ("公示结束", "Notice over"),
    "asked": ("待批准授予", "Waits for its award"),
    "awarded": ("已授予", "Awarded"),
    "cancelled": ("已取消", "Given up"),
}
CANDIDATE_STATES = {
    "nominated": ("待审核", "Waits"),
    "withdrawn": ("已撤回", "Stepped back"),
    "declined": ("未通过", "Declined"),
    "accepted": ("列入名单", "On the list"),
    "removed": ("异议成立", "Taken off"),
    "awarded": ("已授予", "Awarded"),
    "revoked": ("已撤销", "Revoked"),
}
FINDINGS = {"met": ("满足", "Met"), "not_met": ("不满足", "Not met"), "no_data": ("无数据", "No data")}
OBJECTIONS = {
    "open": ("核实中", "Being looked into"),
    "upheld": ("成立", "Upheld"),
    "dismissed": ("不成立", "Dismissed"),
}
TONES = {
    "met": "good", "not_met": "bad", "no_data": "warn", "open": "info", "notice": "info", "awarded": "good",
    "accepted": "good", "revoked": "bad", "removed": "bad", "declined": "warn", "upheld": "bad", "nominated": "info",
    "proposed": "warn", "asked": "warn",
}  # fmt: skip
WHYS = {
    "few": ("不足 5 人（或参与不足 5 人），不出数值，无法评定", "fewer than five people (or who took part): no figure, so it cannot be judged"),
    "no_baseline": ("上一年没有可比的数值", "nothing to compare with in the year before"),
    "no_board": ("这一年的榜单还没有公布", "the board of the year is not published yet"),
    "not_on_board": ("不在已公布的榜上", "not on the published board"),
    "no_energy": ("没有年度节能目标或结果", "no energy target or result of the year"),
    "unknown": ("没有这项数据", "not known"),
}  # fmt: skip
POINTS = {
    "none": ("", ""),
    "due": ("奖励积分待发", "reward due"),
    "paid": ("奖励积分已发", "reward paid"),
    "dry": ("奖励资金不足，待补发", "the fund is empty; waits"),
    "frozen": ("账户冻结，奖励待发", "account frozen; waits"),
}
RECORD = {
    "awarded": ("授予", "Awarded"),
    "revoke_asked": ("提出撤销", "Revocation asked for"),
    "revoke_refused": ("不予撤销", "Left as it is"),
    "revoked": ("撤销", "Revoked"),
}


def say(table: Mapping[str, tuple[str, str]], code: str) -> str:
    return t(*table[code]) if code in table else code


def tone(code: str) -> str:
    return TONES.get(code, "")


def title(row: Any) -> str:
    """2026 年绿色企业"""
    honour = honours()[row.honour]
    return t(f"{row.year} 年{honour.zh}", f"{honour.en} {row.year}")


def on(at: datetime) -> str:
    """The local day of an instant."""
    return day(local_day(at))


def name(honour: Honour) -> str:
    return t(honour.zh, honour.en)


def nameless(candidate_id: int) -> str:
    """What stands in the place of a name that is not shown."""
    return t(f"不公开姓名的居民（编号 {candidate_id}）", f"A resident who is not named (no. {candidate_id})")


def criterion(each: Criterion, titles: Mapping[str, str]) -> str:
    """A criterion as a sentence: 参与率不低于 60%."""
    of = measures()[each.measure]
    if each.measure == "pledge":
        pledge = titles.get(each.param, each.param)
        return t(f"当年签署《{pledge}》", f"“{pledge}” signed in the year")
    if each.measure == "place":
        board = BOARDS.get(each.param)
        zh, en = (board.name_zh, board.name_en) if board else (each.param, each.param)
        return t(
            f"在已公布的年度{zh}上位列前 {each.threshold} 名",
            f"among the first {each.threshold} on the published yearly board “{en}”",
        )
    if not of.counts:
        return t(of.zh, of.en[0].upper() + of.en[1:])
    unit_zh, unit_en = (of.unit_zh, of.unit_en) if of.unit_zh == "%" else (f" {of.unit_zh}", f" {of.unit_en}")
    amount = number(each.threshold)
    return t(f"{of.zh}不低于 {amount}{unit_zh}", f"{of.en[0].upper()}{of.en[1:]}: at least {amount}{unit_en}")


def value(found: Finding) -> str:
    """What was found, in the measure's unit; a dash where nothing is known."""
    of = measures()[found.measure]
    if found.value is None:
        return "–"
    if not of.counts:
        return t("是", "Yes") if found.value else t("否", "No")
    if of.unit_zh == "%":
        return f"{found.value // 1000}.{found.value // 100 % 10}%"
    if of.scale == 1000:
        return f"{kg_number(found.value)} {t(of.unit_zh, of.unit_en)}"
    if found.measure == "place":
        return t(f"第 {found.value} 名", f"no. {found.value}")
    return f"{number(found.value)} {t(of.unit_zh, of.unit_en)}"


def why(code: str) -> str:
    return say(WHYS, code) if code else ""


def source(text: str) -> str:
    """Where a figure comes from."""
    kind, _, rest = text.partition(":")
    if kind == "ledger":
        return t("碳账本（按成员关系的日期）", "the ledger, by dated membership")
    if kind == "pledge":
        return t("公约签署记录", "signatures of the pledge")
    if kind == "board":
        parts = rest.split(":")
        version = t(f"第 {parts[2]} 版", f"version {parts[2]}") if len(parts) > 2 else t("未公布", "not published")
        return t(f"年度榜单 {parts[1]}，{version}", f"board of {parts[1]}, {version}")
    if kind == "energy":
        return t("年度节能评价", "the energy evaluation of the year")
    return t("核验、榜单与荣誉记录", "review, boards and honours") if kind == "review" else text
