"""What pages say about trips: ways of travel, verdicts and reasons in words, the line to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from points_engine.clock import local_day
from points_engine.methodology import Catalogue
from points_engine.trips import REASONS
from webapp.activities import views as acts
from webapp.trips.files import MOST_SENT
from webapp.trips.queries import kept_until
from webapp.trips.service import BEHAVIOURS
from webapp.web import t
from webapp.web.messages import reason

Pair = tuple[str, str]

# In the order of the form: the name of each way of travel, and its icon.
MODES: dict[str, tuple[str, str, str]] = {
    "walk": ("步行", "Walk", "walk"),
    "run": ("跑步", "Run", "walk"),
    "bike": ("自行车", "Bicycle", "bike"),
    "ebike": ("电动自行车", "E-bike", "scooter-electric"),
    "bus": ("公交", "Bus", "bus"),
    "shuttle": ("班车", "Shuttle", "bus"),
    "carpool": ("拼车", "Car-pool", "users"),
}
# Not offered, and recorded at 0 where another application sends one.
DRIVEN = ("自己开车", "A car of one's own", "car")
SOURCES: dict[str, Pair] = {
    "recorded": ("手机记录", "Recorded with the phone"),
    "file": ("上传的轨迹文件", "An uploaded file"),
    "api": ("小程序或其他应用", "A mini-program or another app"),
}
SENTENCES: dict[str, Pair] = {
    "accepted": ("轨迹核验通过，按设备凭证全额计。", "The track was checked and counts in full."),
    "pending": (
        "轨迹有些地方看不准，由工作人员看过后再计入。",
        "Some of the track is not clear; it counts once a person has looked at it.",
    ),
    "rejected": (
        "轨迹没有通过核验，这一趟没有计入。",
        "The track did not pass the check, so this trip does not count.",
    ),
    "nothing": (
        "轨迹核验通过，但这一趟没有可计入的部分。",
        "The track was checked, yet nothing of this trip is left to count.",
    ),
    "undone": ("这一趟已撤销。", "This trip was undone."),
}


@dataclass(frozen=True, slots=True)
class ModeInput:
    """What a way of travel asks besides the track, as choices."""

    name: str
    label_zh: str
    label_en: str
    numbers: tuple[str, ...]
    usual: str

    @property
    def pairs(self) -> list[Pair]:
        return [(n, n) for n in self.numbers]


@dataclass(frozen=True, slots=True)
class Mode:
    """One way of travel in the form."""

    mode: str
    name: str
    icon: str
    inputs: tuple[ModeInput, ...]


def name_of(mode: str) -> str:
    zh, en, _ = MODES.get(mode, DRIVEN)
    return t(zh, en)


def names() -> dict[str, str]:
    return {mode: name_of(mode) for mode in MODES}


def modes(catalogue: Catalogue) -> list[Mode]:
    """The ways of travel whose methodology is in the book."""
    return [
        Mode(mode, t(zh, en), icon, _inputs(catalogue, BEHAVIOURS[mode]))
        for mode, (zh, en, icon) in MODES.items()
        if BEHAVIOURS.get(mode) in catalogue.by_code
    ]


def _inputs(catalogue: Catalogue, code: str) -> tuple[ModeInput, ...]:
    return tuple(
        ModeInput(
            each.name,
            each.label_zh,
            each.label_en,
            tuple(str(n) for n in range(int(each.least), int(each.most) + 1)),
            each.usual,
        )
        for each in catalogue.behaviour(code).inputs
        if each.kind == "integer"
    )


def declared(catalogue: Catalogue) -> list[Pair]:
    """The acts that can be logged in place of a recorded trip: code and name."""
    codes = dict.fromkeys(BEHAVIOURS[mode] for mode in MODES if BEHAVIOURS.get(mode) in catalogue.by_code)
    return [(code, acts.name_of(catalogue.behaviour(code), short=True)) for code in codes]


def distance(metres: int) -> str:
    """1.23 km; 640 m"""
    if metres < 1000:
        return t(f"{metres} 米", f"{metres} m")
    return t(f"{metres // 1000}.{metres % 1000 // 10:02d} 公里", f"{metres // 1000}.{metres % 1000 // 10:02d} km")


def duration(seconds: int) -> str:
    """1 小时 5 分钟"""
    if seconds < 60:
        return t(f"{seconds} 秒", f"{seconds} s")
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if not hours:
        return t(f"{minutes} 分钟", f"{minutes} min")
    return t(f"{hours} 小时 {minutes} 分钟", f"{hours} h {minutes} min")


def reason_words(code: str) -> str:
    pair = REASONS.get(code) or acts.REASONS.get(code)
    return t(*pair) if pair else code


def too_large() -> str:
    most = MOST_SENT // 1024 // 1024
    return t(
        f"文件太大，合计最多 {most} MB。可以把轨迹分段导出，或先压缩成 .gpx.gz",
        f"Too large: at most {most} MB together. Export the track in parts, or compress it as .gpx.gz",
    )


TIMES: dict[str, Pair] = {
    "in_future": (
        "轨迹里的时间晚于现在。有些应用导出时不写时区，请换成带时区（如结尾是 Z 或 +08:00）的导出方式",
        "The times in the track lie in the future. Some apps leave out the time zone; please export with one (ending in Z or +08:00)",
    ),
    "too_old": (
        "这趟行程是太久以前的，只能补记最近的行程",
        "This trip was too long ago; only recent trips can be handed in",
    ),
}


def fault_words(code: str) -> str:
    """What is wrong with a track or a field; codes without words of ours are left to the page."""
    pair = REASONS.get(code) or TIMES.get(code)
    return t(*pair) if pair else reason(code)


@dataclass(frozen=True, slots=True)
class TripView:
    """One trip as its member reads it, with the act it is evidence for."""

    id: str
    name: str
    icon: str
    distance: str
    duration: str
    moving: int | None  # percent of the time
    source: str
    started_at: datetime
    act: acts.ActView
    sentence: str
    reasons: tuple[str, ...]
    gone: bool
    deleted_on: date | None  # None while it waits, and once it is gone


def trip_view(record: Mapping[str, Any], act: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> TripView:
    seen = acts.act_view(act, catalogue, now)
    until = kept_until(record, act)
    lasted = record["duration_s"]
    return TripView(
        id=record["id"],
        name=name_of(record["mode"]),
        icon=MODES.get(record["mode"], DRIVEN)[2],
        # What was measured, where the verdict left nothing of it to count.
        distance=distance(record["distance_m"] or int(record["figures"].get("length_m", 0))),
        duration=duration(lasted),
        moving=min(100, record["moving_s"] * 100 // lasted) if lasted else None,
        source=t(*SOURCES[record["source"]]),
        started_at=record["starts_at"],
        act=seen,
        sentence=_sentence(record, seen),
        reasons=tuple(reason_words(code) for code in dict.fromkeys((*record["reasons"], *act["reasons"]))),
        gone=record["purged_at"] is not None,
        deleted_on=local_day(until) if until else None,
    )


def _sentence(record: Mapping[str, Any], act: acts.ActView) -> str:
    """What became of the claim: 您选的是自行车：轨迹核验通过…"""
    verdict = "nothing" if act.status == "accepted" and not (act.grams or act.points) else act.status
    claim = name_of(record["mode"])
    return t(f"您选的是“{claim}”。", f"You chose “{claim}”. ") + t(*SENTENCES[verdict])


def mode_of(code: str) -> str | None:
    """The way of travel whose recording stands for a behaviour, or None; for the form of one act."""
    return next((mode for mode in MODES if BEHAVIOURS[mode] == code), None)


def asked(catalogue: Catalogue, mode: str) -> set[str]:
    """The names of what a way of travel asks besides the track."""
    code = BEHAVIOURS.get(mode, "")
    return {each.name for each in _inputs(catalogue, code)} if code in catalogue.by_code else set()
