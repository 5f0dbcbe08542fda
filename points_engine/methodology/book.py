"""Writes docs/methodologies.md from the data, in both languages, so that the two can never differ.

`python3 -m points_engine.methodology.book > docs/methodologies.md`
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from points_engine.methodology.catalogue import load
from points_engine.methodology.formulas import FORMULAS
from points_engine.methodology.model import (
    DOMAINS,
    Behaviour,
    Cap,
    Catalogue,
    Factor,
    PointsRule,
    Scenario,
    Version,
)
from points_engine.methodology.passport import passport
from points_engine.units import displayed

HEAD = """# 方法学 Methodologies

本页由数据生成：`python3 -m points_engine.methodology.book > docs/methodologies.md`，测试会核对。
This page is generated from the data, and a test compares the two.

**标记 Marks.** R 已读原文 read in the source · S 二手资料 secondary report · D 本平台推导 derived here ·
K 记忆中的常识，未重新查阅 recalled, not re-read · proposal 本平台规则 our own rule.

**计算 Working.** 先乘后舍，只向下取整一次，绝不高估。Multiplied first, rounded down once, never up.
减排量 = 数量 × (基准线 − 行为) × 凭证系数；目录中的克数是取整后的显示值，入账按当日有效的因子计算。
Catalogue grams are rounded displays; credits are computed from the factors valid on the day of the act.

**新增与修订 Changes.** 新因子加一行，新方法加一个版本；已发布的不再改动（`published.lock`）。
A new factor adds a row, a new rule adds a version; what is published never changes.

**新版本怎么来 How a version is made.** 两条路，规则相同：

- 随程序 with the program：改 `data/`，跑测试，`python3 -m points_engine.methodology.published` 锁定。
- 在工作台 at the desk（`/console/methods`）：起草（表单或 TOML）→ 一次列出全部问题 → 用全部历史记录试算（按行为和绿色单元，`bench/what_if.py`
  测速）→ 没有写过它的另一位编辑或管理员批准 → 从某日起生效，最早次日（当天最后一小时批准的为后天）。
  Drafted by form or as TOML, every fault listed at once, tried on the whole history by act and green unit, approved by another
  editor or administrator who wrote no word of it, in force from a day on: tomorrow at the earliest, the day after in the last hour of a day.

批准的文本存入 `method_version`，数据库拒绝修改；每个进程在半分钟内跟上；每条记录带着自己的版本，`audit` 按该版本逐克重算。
Approved texts stand in `method_version`, which the database refuses to change; every process follows within half a minute; each act carries
its version, and `audit` works it out again by that version to the gram. 试算比较的是每日限额之前的数值，单元按今天的成员归属，不足五人的单元合并。
A what-if compares worth before daily limits, by the units of today; units of fewer than five people come together.
"""

PER = {"act": "次 act", "day": "日 day", "week": "周 week", "month": "月 month"}
STANDS = {
    "first": "先记录的计 the first recorded counts",
    "this": "以本行为为准 this one counts",
    "other": "以对方为准 the other counts",
}


def write(catalogue: Catalogue) -> str:
    return "\n".join(_lines(catalogue)) + "\n"


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield HEAD
    yield "## 行为 Behaviours\n"
    for code, zh, en in DOMAINS:
        yield f"### {zh}（{code}）{en}\n"
        for behaviour in catalogue.behaviours:
            if behaviour.domain == code:
                yield from _behaviour(behaviour, catalogue)
    yield "## 凭证系数 Evidence\n"
    evidence = catalogue.behaviours[0].coefficients.values()
    yield from _factors(row for series in evidence for row in series.rows)
    yield "\n## 因子 Factors\n"
    yield from _factors(row for series in catalogue.factors.values() for row in series.rows)
    yield "\n## 推导 Derivations\n"
    yield from (f"- **{key}** {zh}。{en}." for key, (zh, en) in catalogue.derivations.items())
    yield "\n## 未找到 Not found\n"
    yield from (f"- {zh}。{en}." for zh, en in catalogue.not_found)


def _behaviour(behaviour: Behaviour, catalogue: Catalogue) -> Iterator[str]:
    yield f"#### {behaviour.ref} {behaviour.name_zh} {behaviour.name_en}\n"
    yield f"- 代码 Code: `{behaviour.code}` · 单位 Unit: {behaviour.unit_zh} {behaviour.unit_en}"
    yield f"- 基准线情景 Baseline: {behaviour.baseline_zh} / {behaviour.baseline_en}"
    yield f"- 行为情景 Activity: {behaviour.activity_zh} / {behaviour.activity_en}"
    for edition in behaviour.versions:
        yield from _edition(behaviour, edition)
    yield f"- 凭证 Evidence: {_evidence(behaviour)}"
    if behaviour.caps:
        yield f"- 上限 Caps: {'；'.join(_cap(cap, behaviour) for cap in behaviour.caps)}"
    if behaviour.saving_limit is not None:
        yield f"- 上限 Cap: 基线的 {behaviour.saving_limit * 100:f}% of the baseline"
    if behaviour.season:
        yield "- 季节 Season: {}–{} 月 months".format(*behaviour.season)
    for rule in behaviour.exclusions:
        refs = " ".join(b.ref for b in catalogue.behaviours if b.code in rule.codes)
        yield f"- 互斥 Excludes: {refs}（{rule.scope}，{STANDS[rule.stands]}）— {rule.reason_zh} {rule.reason_en}"
    yield f"- 来源 Source: {behaviour.source}（{behaviour.mark}）"
    for zh, en in behaviour.notes:
        yield f"- 说明 Note: {zh} / {en}"
    for other in behaviour.elsewhere:
        value = f"{other.value} {other.unit}"
        yield f"- 他处 Elsewhere: {other.who_zh} {other.who_en} {value}（{other.source}，{other.mark}）"
    yield ""


def _edition(behaviour: Behaviour, edition: Version) -> Iterator[str]:
    formula = FORMULAS[edition.formula]
    yield f"- 版本 Version {edition.version}（{edition.valid_from} 起）: {formula.zh} / {formula.en}"
    for name, scenario in (("基准线", edition.baseline), ("行为", edition.activity)):
        if scenario:
            yield f"  - {name}因子 factors: {_terms(scenario)}"
    if edition.times:
        yield f"  - 乘以 times: {_terms((edition.times,))}"
    yield f"  - 积分 Points: {_points(edition.points, behaviour)}"
    for each in edition.examples:
        shown = passport(behaviour, edition.version, each.quantity, each.inputs, each.level, each.on)
        words = shown.points_working_zh if behaviour.points_only else shown.working_zh
        yield f"  - 例 Example: {words}（{each.level}，{each.on}，{each.points} 分 points）"


def _terms(scenario: Scenario) -> str:
    return " + ".join(" × ".join(f"`{series.key}`" for series in term) for term in scenario)


def _points(rule: PointsRule, behaviour: Behaviour) -> str:
    if rule.table is not None:
        prices = ", ".join(f"{key}: {displayed(price)}" for key, price in rule.table.items())
        return f"{rule.by} → {prices} / {behaviour.unit_zh} {behaviour.unit_en}"
    return f"{rule.per_unit} / {behaviour.unit_zh} {behaviour.unit_en}"


def _evidence(behaviour: Behaviour) -> str:
    accepted = "、".join(level.value for level in behaviour.evidence) or "—"
    if behaviour.loggable:
        return f"{accepted}（可自行申报 may be declared）"
    return f"{accepted}（不可自行申报 may not be declared）"


def _cap(cap: Cap, behaviour: Behaviour) -> str:
    unit = "次 acts" if cap.of == "acts" else f"{behaviour.unit_zh} {behaviour.unit_en}"
    group = f"，同组共用 shared by {cap.group}" if cap.group else ""
    return f"{_plain(cap.amount)} {unit} / {PER[cap.per]}（{cap.mark}{group}）"


def _factors(rows: Iterator[Factor]) -> Iterator[str]:
    yield "| key | 名称 name | 数值 value | 单位 unit | 标记 mark | 生效 from | 复核 review by | 来源与说明 source, note |"
    yield "| --- | --- | ---: | --- | --- | --- | --- | --- |"
    for row in rows:
        notes = "；".join(part for part in (row.source, row.note_zh, row.note_en) if part)
        yield (
            f"| `{row.key}` | {row.name_zh} {row.name_en} | {_plain(row.value)} | {row.unit} "
            f"| {row.mark} | {row.valid_from} | {row.review_by} | {notes} |"
        )


def _plain(value: Decimal) -> str:
    return f"{value:f}"


if __name__ == "__main__":
    print(write(load()), end="")
