"""What pages say about meters: a month's working in words, bars beside baselines, and what a reading is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from points_engine.meters import KINDS, MonthUse, Reading, Working, count
from webapp.meters.queries import Meter
from webapp.meters.service import plain_figure as plain_figure
from webapp.web import t
from webapp.web.formats import period_name

Pair = tuple[str, str]
HEIGHT = 100
BARS = 13
OUTCOMES: dict[str, tuple[str, str, str]] = {
    "saved": ("有节约", "Saved", "good"),
    "no_saving": ("本月没有节约", "No saving this month", ""),
    "too_early": ("积累数据中", "Collecting data", "info"),
    "no_baseline": ("暂无可比基线", "Nothing to compare with", ""),
}
REASONS: dict[str, Pair] = {
    "drop_after_peak": (
        "用量高峰之后的下降，先由工作人员看一看",
        "a fall after a peak; a person looks first",
    ),
    "steep_first_year": (
        "第一年里降幅超过上限，可能是季节变化，先由工作人员看一看",
        "a fall beyond the cap within the first year may be the season; a person looks first",
    ),
    "use_too_high": ("日均用量高得少见，先核对读数", "rarely high daily use; the readings are checked first"),
    "use_too_low": ("日均用量低得少见，先核对读数", "rarely low daily use; the readings are checked first"),
    "register_replaced": (
        "当月换过表，先核对新旧表读数",
        "the device was replaced that month; its figures are checked first",
    ),
    "file_without_photo": (
        "文件读数还没有表的照片印证，先由工作人员看一看",
        "no photo of the meter stands behind the file yet; a person looks first",
    ),
}
SUPPORT: dict[str, Pair] = {
    "photo": ("附照片", "with a photo"),
    "file": ("账单文件", "from a file"),
    "none": ("没有照片，不计节约", "no photo, earns nothing"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One month of the chart; heights are out of HEIGHT."""

    month: str
    milli: int
    use: str
    height: int
    measured: bool
    baseline: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """One settled month: the outcome, the working line by line, and what became of it."""

    month: str
    outcome: str
    tone: str
    lines: list[str]
    reasons: list[str]
    sum: str
    grams: int | None
    activity_id: str | None
    status: str
    refusal: str


def kind_name(kind: str) -> str:
    return t(KINDS[kind].zh, KINDS[kind].en)


def unit_name(kind: str) -> str:
    return t(KINDS[kind].unit_zh, KINDS[kind].unit)


def figure(milli: int, kind: str) -> str:
    """182.5 or 22,400: one decimal below a thousand, cut; heat with three."""
    if milli >= 1000 * 1000:
        return f"{milli // 1000:,}"
    return plain_figure(milli if kind == "heat" else milli // 100 * 100)


def amount(milli: int, kind: str) -> str:
    """182.5 千瓦时"""
    return f"{figure(milli, kind)} {unit_name(kind)}"


def exact(milli: int, kind: str) -> str:
    """4,271.955 千瓦时: what stands in a sum is not cut, so that the sum comes out for who works it out again."""
    whole, dot, part = plain_figure(milli).partition(".")
    return f"{int(whole):,}{dot}{part} {unit_name(kind)}"


def meter_name(known: Meter) -> str:
    """电表 …1234"""
    return f"{kind_name(known.kind)} …{known.last4}"


def bars(known: Meter, uses: Sequence[MonthUse], settled: Mapping[str, Any]) -> list[Bar]:
    """The last months as bars, each beside its baseline where there is one."""
    shown = list(uses)[-BARS:]
    base = {m: Working.read(row.working).baseline for m, row in settled.items()}
    top = max([1, *(u.use for u in shown), *(base.get(u.month, 0) for u in shown)])
    return [
        Bar(
            u.month,
            u.use,
            amount(u.use, known.kind),
            u.use * HEIGHT // top,
            u.measured,
            amount(base[u.month], known.kind) if base.get(u.month) else "",
            base[u.month] * HEIGHT // top if base.get(u.month) else None,
        )
        for u in shown
    ]


def told(known: Meter, row: Any, act: Mapping[str, Any] | None, grams: int | None, factor: Decimal | None) -> Told:
    """A settled month in words; `grams` is a unit's figure, an act has its own; `factor` is grams a unit."""
    done = Working.read(row.working)
    zh, en, tone = OUTCOMES[done.outcome]
    return Told(
        done.month,
        t(zh, en),
        tone,
        working_lines(done),
        [t(*REASONS[code]) for code in done.reasons if code in REASONS],
        f"{exact(done.saved, known.kind)} × {factor:,} g" if factor and done.saved else "",
        act["grams"] if act else grams,
        row.activity_id,
        act["status"] if act else "",
        row.refusal,
    )


def working_lines(done: Working) -> list[str]:
    """The working in words, one step a line."""
    lines = [
        t(
            f"{period_name(done.month)}共 {done.days} 天，用量按两次抄表之间每天均分：{amount(done.use, done.kind)}。",
            f"{period_name(done.month)} has {done.days} days; use is spread evenly over the days between readings: "
            f"{amount(done.use, done.kind)}.",
        )
    ]
    if done.outcome == "too_early":
        least = count("months_before_credit")
        return [*lines, t(
            f"此前有 {done.months} 个完整月，满 {least} 个月后开始计节约。",
            f"{done.months} whole months before it; savings count once there are {least}.",
        )]  # fmt: skip
    if done.outcome == "no_baseline":
        return [
            *lines,
            t("去年同月、自家均值和同类家庭都没有可比的数。", "Neither last year, nor an own average, nor peers."),
        ]
    return [*lines, *_basis(done), *_result(done)]


def _basis(done: Working) -> list[str]:
    said = amount(done.before_limits, done.kind)
    lines = []
    if done.basis == "last_year":
        before = period_name(done.used_months[0])
        lines.append(
            t(f"基线：去年同月（{before}）的日均用量，按本月天数计，{said}。",
              f"Baseline: the daily use of the same month last year ({before}) over this month's days, {said}.")
        )  # fmt: skip
    elif done.basis == "own_average":
        n = len(done.used_months)
        lines.append(
            t(f"基线：去年同月没有可用的完整读数，用自家最近 {n} 个月的日均用量，按本月天数计，{said}。",
              f"Baseline: last year's month has no usable reading, so the own daily average of {n} months: {said}.")
        )  # fmt: skip
    else:
        lines.append(
            t(f"基线：自家读数不足，用园区 {done.peers} 户同类家庭的中位数，{said}。",
              f"Baseline: too few own readings, so the median of {done.peers} similar households: {said}.")
        )  # fmt: skip
    if done.correction != 10**6:
        lines.append(_weather(done, plain_figure(done.correction // 1000)))
    year_before = f"{int(done.month[:4]) - 1}{done.month[4:]}"
    peaks = [month for month in done.peaks if month in (*done.used_months, year_before)]
    if peaks:
        named = t("、", ", ").join(period_name(month) for month in peaks)
        lines.append(
            t(
                f"{named}用量明显高于常态，不抬高基线。",
                f"Use in {named} was far above normal and does not raise the baseline.",
            )
        )
    if done.baseline < done.before_limits:
        lines.append(
            t(f"第一年里基线不超过四分之三同类家庭的用量：{amount(done.baseline, done.kind)}。",
              f"Within the first year the baseline is at most what three in four similar homes use: "
              f"{amount(done.baseline, done.kind)}.")
        )  # fmt: skip
    return lines


def _weather(done: Working, factor: str) -> str:
    if not done.weather:
        return t(f"已按天气修正，系数 {factor}。", f"Corrected for the weather by {factor}.")
    hdd, cdd, hdd_now, cdd_now = (n // 1000 for n in done.weather)
    return t(
        f"天气修正 × {factor}：采暖度日 {hdd} → {hdd_now}，空调度日 {cdd} → {cdd_now}。",
        f"Weather × {factor}: heating degree-days {hdd} → {hdd_now}, cooling degree-days {cdd} → {cdd_now}.",
    )


def _result(done: Working) -> list[str]:
    base, use = amount(done.baseline, done.kind), amount(done.use, done.kind)
    if done.outcome == "no_saving":
        return [t(f"用量 {use} 不低于基线 {base}，本月没有节约。", f"Use {use} is not below the baseline {base}.")]
    sum_ = " = ".join(
        (f"{exact(done.baseline, done.kind)} − {exact(done.use, done.kind)}", exact(done.fallen, done.kind))
    )
    lines = [t(f"少用：{sum_}。", f"Less: {sum_}.")]
    if done.saved < done.fallen:
        lines.append(
            t(f"单月最多计基线的 {done.cap_share // 10}%：计 {exact(done.saved, done.kind)}。",
              f"At most {done.cap_share // 10}% of the baseline counts: {exact(done.saved, done.kind)}.")
        )  # fmt: skip
    return lines


def reading_note(each: Reading) -> str:
    """What stands behind a reading."""
    if each.estimated:
        return t("估抄，等下次实抄", "estimated; the next true reading settles it")
    return t(*SUPPORT[each.support])
