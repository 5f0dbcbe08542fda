"""The pilot's fourteen indicators: what the plan says of each, the path between its targets, and how a value stands."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

PLAN = Path(__file__).with_name("indicators.toml")
BASE, MIDDLE, END = 2022, 2025, 2030
# How the newest value stands; `words` where the plan sets no number for its year.
STATES = ("reached", "on_path", "behind", "words", "none")
PLAN_ZH = "国家碳达峰试点（长治高新技术产业开发区）实施方案（征求意见稿）"
PLAN_EN = "Plan of the national carbon peaking pilot (Changzhi High-tech Zone), draft for public comment"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One line of the plan's table; `target_2030` is None where the plan says it in words."""

    no: int
    group_zh: str
    group_en: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    higher: bool
    actual_2022: str
    target_2025: str
    target_2030: str | None
    words_zh: str
    words_en: str
    mark: str
    note_zh: str
    note_en: str


@cache
def indicators() -> tuple[Indicator, ...]:
    """All of them, in the plan's order."""
    with PLAN.open("rb") as file:
        return tuple(_read(row) for row in tomllib.load(file)["indicator"])


def indicator(no: int) -> Indicator | None:
    """The indicator of that number."""
    return next((each for each in indicators() if each.no == no), None)


def path(of: Indicator, year: int) -> Fraction | None:
    """Where a straight line between 2022 actual, 2025 and 2030 stands; None where the plan gives no number.

    The straight line is our reading; the plan names the targets only. After 2030 the last target holds.
    """
    base, middle = Fraction(of.actual_2022), Fraction(of.target_2025)
    if year < BASE:
        return None
    if year <= MIDDLE:
        return base + (middle - base) * Fraction(year - BASE, MIDDLE - BASE)
    if of.target_2030 is None:
        return None
    end = Fraction(of.target_2030)
    return middle + (end - middle) * Fraction(min(year, END) - MIDDLE, END - MIDDLE)


def status(of: Indicator, year: int | None, value: str | None) -> str:
    """One of STATES for the newest value staff entered."""
    if year is None or value is None:
        return "none"
    if of.target_2030 is not None and _meets(of, value, Fraction(of.target_2030)):
        return "reached"
    goal = path(of, year)
    if goal is None:
        return "words"
    return "on_path" if _meets(of, value, goal) else "behind"


def shown(value: Fraction | None, places: int = 2) -> str:
    """A point of the path as it is printed: rounded half up, without idle zeros."""
    if value is None:
        return ""
    scale = 10**places
    whole, part = divmod(int(abs(value) * scale + Fraction(1, 2)), scale)
    text = f"{whole}.{part:0{places}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and text != "0" else text


def _meets(of: Indicator, value: str, goal: Fraction) -> bool:
    return Fraction(value) >= goal if of.higher else Fraction(value) <= goal


def _read(row: Mapping[str, Any]) -> Indicator:
    words, note = row.get("target_2030_words", {}), row.get("note", {})
    return Indicator(
        no=row["no"],
        group_zh=row["group"]["zh"],
        group_en=row["group"]["en"],
        name_zh=row["name"]["zh"],
        name_en=row["name"]["en"],
        unit_zh=row["unit"]["zh"],
        unit_en=row["unit"]["en"],
        higher={"higher": True, "lower": False}[row["better"]],
        actual_2022=row["actual_2022"],
        target_2025=row["target_2025"],
        target_2030=row.get("target_2030"),
        words_zh=words.get("zh", ""),
        words_en=words.get("en", ""),
        mark=row.get("mark", ""),
        note_zh=note.get("zh", ""),
        note_en=note.get("en", ""),
    )
