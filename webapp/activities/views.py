"""What pages say about acts and methodologies: words for statuses, reasons, caps and marks; ready-made lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from points_engine.activity import MILLI, Act, Decision, Usage, decide, limits, periods
from points_engine.methodology import (
    Behaviour,
    Cap,
    Catalogue,
    Input,
    Level,
    Passport,
    grams_per_unit,
    passport,
    points_per_unit,
)
from points_engine.trips import REASONS as TRIP_REASONS
from points_engine.units import plain
from webapp.activities.words import FIELD_WORDS, SHORT
from webapp.photos.words import photo_words
from webapp.web import t
from webapp.web.messages import reason

Pair = tuple[str, str]

STATUS: dict[str, tuple[str, str, str]] = {
    "accepted": ("已计入", "Counted", "good"),
    "pending": ("待核验", "Waiting for review", "warn"),
    "rejected": ("未通过", "Not accepted", "bad"),
    "undone": ("已撤销", "Undone", ""),
}
REASONS: dict[str, Pair] = {
    "daily_cap_reached": (
        "超过这项行为的每日上限，超出部分记录但不计量",
        "Over the daily cap of this act; the rest is recorded without credit",
    ),
    "weekly_cap_reached": (
        "超过这项行为的每周上限，超出部分记录但不计量",
        "Over the weekly cap of this act; the rest is recorded without credit",
    ),
    "monthly_cap_reached": (
        "超过这项行为的每月上限，超出部分记录但不计量",
        "Over the monthly cap of this act; the rest is recorded without credit",
    ),
    "per_act_cap_reached": (
        "超过单次上限，只计上限以内的部分",
        "Over the cap for one act; only the part within it counts",
    ),
    "declared_daily_limit_reached": (
        "已到自己申报的每日减碳量上限，附照片的行为不受此限",
        "The day's limit for acts without evidence is reached; acts with a photo are not held by it",
    ),
    "daily_points_limit_reached": (
        "已到每日积分上限，减碳量照常计入",
        "The day's limit of points is reached; the grams still count",
    ),
    "counted_elsewhere": (
        "同一件事已由另一条记录计入，不重复计量",
        "Another record already stands for this; nothing is counted twice",
    ),
    "counted_in_part": (
        "其他记录已计入一部分，这里只计差额",
        "Other records already count in part; this adds the difference",
    ),
    "awaiting_review": ("会由工作人员核验，通过后计入", "A person will look at it; it counts once accepted"),
    "monthly_points_limit_reached": (
        "已到表计行为的每月积分上限，减碳量照常计入",
        "The month's limit of points from meters is reached; the grams still count",
    ),
    "trip_overlaps": (
        "这段时间已有另一条行程记录，同一时间只计一次出行",
        "Another recorded trip covers this time; one time counts as one trip",
    ),
    "drop_after_peak": ("用量高峰后的下降，先由人看一看", "A fall in use after a peak; a person looks first"),
    "steep_first_year": ("首年降幅过大，先由人看一看", "A steep fall in the first year; a person looks first"),
    "use_too_high": ("日均用量高得少见，先核对读数", "Rarely high daily use; readings are checked first"),
    "use_too_low": ("日均用量低得少见，先核对读数", "Rarely low daily use; readings are checked first"),
    "register_replaced": ("当月换过表，先核对新旧表读数", "The device was replaced; its figures are checked first"),
    "file_without_photo": ("文件还没有表的照片印证", "No photo of the meter stands behind the file"),
    "scanned_too_fast": (
        "两次扫码相隔太远、间隔太短，由工作人员看过再计入",
        "Two scans too far apart for the time between them; a person will look first",
    ),
    "metered_at_home": ("家里的表已经计入，不再单独计量", "The meter at home already measures this"),
    "photo_similar": (
        "这张照片和以前的一张很像，由工作人员看过再计入",
        "This photo looks much like an earlier one; a person will look at it first",
    ),
    "photo_time_differs": (
        "照片的拍摄时间和行为时间对不上，由工作人员看过再计入",
        "The photo was taken at another time than the act; a person will look at it first",
    ),
    "photo_reused": (
        "这张照片已经用过，不能再次作为凭证",
        "This photo has been used before and cannot support another act",
    ),
    "member_left": ("账号已注销，不再核验", "The account was closed before a review"),
    "photo_needs_review": (
        "近期有照片未通过核验，带照片的行为先由工作人员核验",
        "Some of your photos did not hold lately, so a person looks at acts with a photo first",
    ),
    "taken_back": ("抽查未通过，已收回", "Did not hold when looked at again; taken back"),
    "rejected_on_review": ("核验未通过", "Not accepted on review"),
}
MARKS: dict[str, tuple[str, str, str]] = {
    "R": ("原文", "Source read", "good"),
    "S": ("转引", "Reported", "info"),
    "D": ("推导", "Derived", "info"),
    "K": ("待核", "To be checked", "warn"),
    "proposal": ("平台规则", "Our rule", "warn"),
}
MARK_WORDS: dict[str, Pair] = {
    "R": ("读自标准、通知或规则原文", "read in the standard, notice or rule itself"),
    "S": ("据报道或公开资料转引", "taken from a report or public material"),
    "D": ("由公开的物理数据推导", "derived from stated physical data"),
    "K": ("常识性数值，尚未查到原文", "general knowledge, the source not yet read"),
    "proposal": ("本平台自定，没有来源这样主张", "our own rule; no source claims it"),
}
LEVELS: dict[str, Pair] = {
    "declared": ("自己申报", "Declared"),
    "photo": ("附照片", "With a photo"),
    "device": ("设备记录", "Recorded by a device"),
    "partner": ("合作方记录", "Recorded by a partner"),
}
# What an act rests on: finer than its level, since a scanned plate and a meter count as a photo does.
RESTS: dict[str, Pair] = {
    "declared": ("自己申报", "Declared"),
    "photo": ("附照片", "With a photo"),
    "trip": ("行程记录", "A recorded trip"),
    "scan": ("扫码", "Scanned"),
    "meter": ("表计读数", "A meter"),
    "partner": ("合作方记录", "Recorded by a partner"),
}
ROLES: dict[str, Pair] = {
    "baseline": ("基准线情景", "Baseline"),
    "activity": ("行为情景", "Activity"),
    "both": ("两种情景共用", "Both scenarios"),
    "evidence": ("凭证系数", "Evidence coefficient"),
}
CHOICES: dict[str, Pair] = {"lesson": ("学习一课", "A lesson"), "quiz": ("答题", "A quiz"), "sign_in": ("签到", "A sign-in"),
                            "pledge": ("承诺", "A pledge"), "invite": ("邀请", "An invitation")}  # fmt: skip
PER: dict[str, Pair] = {
    "act": ("单次", "One act"),
    "day": ("每天", "A day"),
    "week": ("每周", "A week"),
    "month": ("每月", "A month"),
}
SYMBOLS = frozenset({"km", "kWh", "kg", "m3", "m³", "GJ"})


@dataclass(frozen=True, slots=True)
class CapLine:
    """One cap in words, with what is used of it."""

    text: str
    used: str | None
    full: bool
    mark: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One behaviour in the list of what can be logged."""

    behaviour: Behaviour
    name: str
    grams: str | None
    points: str | None
    closed: str | None  # why it cannot be logged yet


@dataclass(frozen=True, slots=True)
class ActView:
    """One act as its member reads it."""

    id: str
    behaviour: Behaviour
    name: str
    amount: str
    credited: str | None  # where a cap cut it
    grams: int
    points: int
    status: str
    tone: str
    badge: str
    level: str
    rests_on: str  # a key of RESTS
    reasons: tuple[str, ...]
    note: str | None
    occurred_at: datetime
    occurred_on: date
    recorded_at: datetime
    undo_until: datetime | None
    evidence: tuple[str, ...]


def name_of(behaviour: Behaviour, short: bool = False) -> str:
    pair = SHORT.get(behaviour.code) if short else None
    return t(*(pair or (behaviour.name_zh, behaviour.name_en)))


def amount_of(behaviour: Behaviour, quantity: Decimal) -> str:
    """3 公里; 2 meals"""
    figure = f"{plain(quantity):,f}"
    unit = behaviour.unit_en
    if unit not in SYMBOLS and quantity != 1:
        unit += "es" if unit.endswith("x") else "s"
    return t(f"{figure} {behaviour.unit_zh}", f"{figure} {unit}")


def figure(value: Decimal) -> str:
    """A decimal as people write it, without trailing zeros, as a form takes it."""
    return f"{plain(value):f}"


def choices_of(asked: Input) -> list[Pair]:
    return [(code, t(*CHOICES.get(code, (code, code)))) for code in asked.open]


def unit_of(behaviour: Behaviour) -> str:
    return t(behaviour.unit_zh, behaviour.unit_en)


def choice(behaviour: Behaviour, today: date) -> Choice:
    closed = None if behaviour.loggable else why_closed(behaviour)
    if closed is None and not behaviour.in_season(today):
        closed = season_words(behaviour)
    return Choice(behaviour, name_of(behaviour), rate_of(behaviour, today), price_of(behaviour, today), closed)


def rate_of(behaviour: Behaviour, today: date) -> str | None:
    """95.3 g / 公里, at full evidence; None where there is no single figure."""
    per = None if behaviour.points_only else grams_per_unit(behaviour, today)
    if not per:
        return None
    figure = f"{per:.1f}" if per >= 1 else f"{per:f}"
    figure = figure.rstrip("0").rstrip(".") if "." in figure else figure
    return f"{Decimal(figure):,f} g / {unit_of(behaviour)}"


def price_of(behaviour: Behaviour, today: date) -> str | None:
    """每公里 10 分, or 每 500 步 1 分; None where an input decides."""
    per = points_per_unit(behaviour, today)
    if not per:
        return None
    if per >= 1:
        word = "point" if per == 1 else "points"
        return t(f"每{behaviour.unit_zh} {plain(per):f} 积分", f"{plain(per):f} {word} / {behaviour.unit_en}")
    units = amount_of(behaviour, Decimal(round(1 / per)))
    return t(f"每 {units} 1 积分", f"1 point / {units}")


def reason_words(code: str) -> str:
    return t(*(REASONS.get(code) or TRIP_REASONS.get(code) or (code, code)))


def rests_on(record: Mapping[str, Any]) -> str:
    """What an act rests on, as a key of RESTS; a record that was not read with its proof rests on its level."""
    kind = str(record.get("proof_kind") or record["level"])
    return {"feed": "partner", "device": "trip"}.get(kind, kind)


def act_view(record: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> ActView:
    behaviour = catalogue.behaviour(record["behaviour"])
    quantity = Decimal(record["quantity_milli"]) / MILLI
    credited = Decimal(record["credited_milli"]) / MILLI
    status = record["status"]
    zh, en, tone = STATUS[status]
    if status == "accepted" and not record["grams"] and not record["points"]:
        zh, en, tone = "已记录，未计量", "Recorded, no credit", "warn"
    until = record["recorded_at"] + timedelta(minutes=limits()["undo_minutes"])
    return ActView(
        id=record["id"],
        behaviour=behaviour,
        name=name_of(behaviour),
        amount=amount_of(behaviour, quantity),
        credited=amount_of(behaviour, credited) if status == "accepted" and 0 < credited < quantity else None,
        grams=record["grams"],
        points=record["points"],
        status=status,
        tone=tone,
        badge=t(zh, en),
        level=record["level"],
        rests_on=rests_on(record),
        reasons=tuple(reason_words(code) for code in record["reasons"]),
        note=record["note"] if status == "rejected" else None,
        occurred_at=record["occurred_at"],
        occurred_on=record["occurred_on"],
        recorded_at=record["recorded_at"],
        undo_until=until if now <= until and status in ("accepted", "pending") else None,
        evidence=tuple(record["evidence"]),
    )


def passport_of(record: Mapping[str, Any], catalogue: Catalogue) -> Passport:
    """The working behind a stored act, for what was credited, or claimed when nothing was."""
    behaviour = catalogue.behaviour(record["behaviour"])
    quantity = Decimal(record["credited_milli"] or record["quantity_milli"]) / MILLI
    inputs = inputs_of(behaviour, record["inputs"])
    return passport(behaviour, record["version"], quantity, inputs, Level(record["level"]), record["occurred_on"])


def inputs_of(behaviour: Behaviour, stored: Mapping[str, str]) -> dict[str, Decimal | str]:
    """Stored inputs as the engine takes them."""
    choices = {each.name for each in behaviour.inputs if each.kind == "choice"}
    return {name: value if name in choices else Decimal(value) for name, value in stored.items()}


def would_earn(
    behaviour: Behaviour, quantity: Decimal, inputs: Mapping[str, Any], photo: bool, at: datetime, usage: Usage
) -> Decision:
    """What the act would be credited if it were logged now."""
    level = Level.PHOTO if photo else Level.DECLARED
    return decide(Act(behaviour, quantity, inputs, level, at), usage)


def cap_lines(
    behaviour: Behaviour, catalogue: Catalogue, usage: Usage | None = None, at: datetime | None = None
) -> list[CapLine]:
    """Every cap in words; with `usage`, how much of it is used at `at`."""
    windows = periods(at) if at else {}
    lines = []
    for cap in behaviour.caps:
        used = None
        if usage is not None and cap.per != "act":
            key = f"{cap.of}:{cap.group or behaviour.code}"
            used = Decimal(usage.counters.get((key, windows[cap.per]), 0)) / MILLI
        text = _cap_words(behaviour, cap, catalogue)
        figure = None if used is None else t(f"已用 {plain(used):,f}", f"{plain(used):,f} used")
        lines.append(CapLine(text, figure, used is not None and used >= cap.amount, cap.mark))
    return lines


def _cap_words(behaviour: Behaviour, cap: Cap, catalogue: Catalogue) -> str:
    per_zh, per_en = PER[cap.per]
    figure = f"{plain(cap.amount):,f}"
    what = amount_of(behaviour, cap.amount) if cap.of == "quantity" else t(f"{figure} 次", f"{figure} times")
    text = t(f"{per_zh}最多 {what}", f"{per_en}: at most {what}")
    if cap.group:
        others = [b for b in catalogue.behaviours if b is not behaviour and any(c.group == cap.group for c in b.caps)]
        names = t("、", ", ").join(name_of(b) for b in others)
        text += t(f"（与{names}合计）", f" (together with {names})") if others else ""
    return text


def season_words(behaviour: Behaviour) -> str:
    """When a seasonal behaviour counts."""
    first, last = behaviour.season or (1, 12)
    return t(f"只在 {first} 月至 {last} 月计入", f"Counts only from month {first} to month {last}")


def why_closed(behaviour: Behaviour) -> str:
    """Why a behaviour cannot be logged yet, in words."""
    if behaviour.ref[0] == "O":
        return t("由单位统一核算后开放", "Opens once units report it")
    if behaviour.ref == "C01":
        return t("只作科普，没有可靠的计量方法", "For learning only; nobody can measure it soundly")
    return t("需要票据、表计或设备凭证，接入后开放", "Needs a receipt, a meter or a device; opens once connected")


def said(record: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> str:
    """The sentence after logging: what, how much, and what it brought."""
    view = act_view(record, catalogue, now)
    what = f"{name_of(view.behaviour, short=True)} {view.amount}"
    if view.status == "pending":
        return t(f"已提交：{what}，核验通过后计入", f"Sent: {what}; it counts once reviewed")
    if view.status == "rejected":
        return t(f"没有计入：{what}。{view.reasons[0]}", f"Not counted: {what}. {view.reasons[0]}")
    gained = [f"+{view.grams}\u00a0g"] if view.grams else []
    gained += [t(f"+{view.points}\u00a0积分", f"+{view.points}\u00a0points")] if view.points else []
    if not gained:
        return t(f"已记录：{what}，未计量。{view.reasons[0]}", f"Recorded: {what}, no credit. {view.reasons[0]}")
    return t(f"已记录：{what}，", f"Recorded: {what}, ") + t("，", ", ").join(gained)


def field_words(behaviour: Behaviour, wrong: Mapping[str, str], on: date) -> dict[str, str]:
    """Field errors under the names the form's fields carry, with the figures of day `on` where they help."""
    names = {"occurred_at": "day", "evidence": "photo", "behaviour": "quantity", "id": "quantity"}
    return {
        names.get(name, name.replace("inputs.", "input-")): _why(behaviour, name, code, on)
        for name, code in wrong.items()
    }


def _why(behaviour: Behaviour, name: str, code: str, on: date) -> str:
    if name == "photo":
        return photo_words(code)
    if code == "out_of_bounds" and name == "quantity":
        bounds = behaviour.bounds_on(on)
        least, most = (amount_of(behaviour, n) for n in (bounds.least, bounds.most))
        return t(f"请填 {least} 到 {most} 之间的数", f"Enter between {least} and {most}")
    if code == "out_of_bounds":
        asked = next(each for each in behaviour.inputs if name.endswith(each.name))
        return t(f"请填 {asked.least} 到 {asked.most}", f"Enter {asked.least} to {asked.most}")
    if code == "out_of_season" and behaviour.season:
        return season_words(behaviour)
    pair = FIELD_WORDS.get(code)
    return t(*pair) if pair else reason(code)
