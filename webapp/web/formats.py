"""How figures, days and phones are written on a page; whole numbers all the way, rounded down."""

from __future__ import annotations

from datetime import date, datetime

from flask import Flask
from markupsafe import Markup

from points_engine.clock import LOCAL
from webapp.web.i18n import lang, t

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def number(value: int | None) -> str:
    """3,860"""
    return "–" if value is None else f"{int(value):,}"


def kg_number(grams: int | None, places: int = 2) -> str:
    """42.36 from 42367 g: cut, never rounded up."""
    if grams is None:
        return "–"
    sign, whole = ("−" if grams < 0 else ""), abs(int(grams))
    part = f"{whole % 1000:03d}"[:places]
    return f"{sign}{whole // 1000:,}" + (f".{part}" if places else "")


def kg(grams: int | None) -> str:
    """42.36 kg"""
    return f"{kg_number(grams)} kg"


def grams(value: int | None) -> str:
    """247 g"""
    return f"{number(value)} g"


def carbon(value: int | None) -> str:
    """Grams under a kilogram, kilograms under ten tonnes, then tonnes."""
    if value is None:
        return "–"
    if abs(value) < 1000:
        return grams(value)
    if abs(value) < 10_000_000:
        return kg(value)
    return f"{kg_number(value // 1000)} t"


def signed(value: int | None) -> str:
    """+120 or −30"""
    if value is None:
        return "–"
    return f"+{value:,}" if value >= 0 else f"−{-value:,}"


def day(value: date | None, year: bool = True) -> str:
    """2026年6月18日, or 18 Jun 2026"""
    if value is None:
        return "–"
    if lang() == "en":
        return f"{value.day} {MONTHS[value.month - 1]}" + (f" {value.year}" if year else "")
    return (f"{value.year}年" if year else "") + f"{value.month}月{value.day}日"


def moment(value: datetime | None, year: bool = False) -> str:
    """6月18日 08:30 in the park's time; the year is added when asked for."""
    if value is None:
        return "–"
    local = value.astimezone(LOCAL)
    return f"{day(local.date(), year)} {local:%H:%M}"


def time_tag(value: datetime | None, year: bool = False) -> Markup:
    """The moment inside a <time> element."""
    if value is None:
        return Markup("–")
    iso = value.astimezone(LOCAL).isoformat(timespec="minutes")
    return Markup('<time datetime="{}">{}</time>').format(iso, moment(value, year))


def period_name(period: str) -> str:
    """2026-W25 → 2026年第25周; 2026-06 → 2026年6月; total → 累计"""
    if period == "total":
        return t("累计", "All time")
    if "-W" in period:
        year, week = period.split("-W")
        return t(f"{year}年第{int(week)}周", f"Week {int(week)}, {year}")
    if "-" in period:
        year, month = period.split("-")
        return t(f"{year}年{int(month)}月", f"{MONTHS[int(month) - 1]} {year}")
    return t(f"{period}年", period)


def mask_phone(phone: str | None) -> str:
    """138****1234"""
    return f"{phone[:3]}****{phone[-4:]}" if phone and len(phone) >= 8 else "–"


def install(app: Flask) -> None:
    for function in (
        number, kg, kg_number, grams, carbon, signed, day, moment, time_tag, period_name, mask_phone,
    ):  # fmt: skip
        app.jinja_env.filters[function.__name__] = function
