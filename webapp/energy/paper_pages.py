"""A unit's year on paper: a report that prints well, a poster for the wall, a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint

from points_engine.clock import local_day
from points_engine.energy import CARRIERS, MONTHS, months_of
from webapp.energy import queries, words
from webapp.energy.books import Account
from webapp.energy.figures import chart, figures, series
from webapp.energy.pages import EDIT, XLSX, Answer, At, file, open_at, show
from webapp.green_units.yearly import Month
from webapp.green_units.yearly import year as year_of_members
from webapp.papers.posters import Figure, Poster, poster
from webapp.papers.writing import Table, xlsx
from webapp.web import guard, house, now, t
from webapp.web.formats import kg_number
from webapp.web.urls import outward


def install(bp: Blueprint) -> None:
    """Add these pages to the unit's blueprint."""
    bp.get("/report", endpoint="report")(guard.managers(*EDIT)(report))
    bp.get("/poster", endpoint="poster")(guard.managers(*EDIT)(picture))
    bp.get("/export", endpoint="export")(guard.managers(*EDIT)(export))


def _read(unit_id: int) -> tuple[At, Account, list[Month]]:
    """The unit with its account, and its people's months as its own pages show them: hidden where few acted."""
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        account = queries.account(tx, at.unit, at.year)
        months = year_of_members(tx, at.top, f"{at.year}-12", local_day(now()))
    return at, account, months


def _grams(months: Sequence[Month]) -> int:
    """What the shown months add up to; a hidden one must not be told by the sum."""
    return sum(m.sum.grams or 0 for m in months if not m.sum.hidden)


def report(unit_id: int) -> Answer:
    """The unit's year on a page to print: its energy, and what its people saved."""
    at, account, months = _read(unit_id)
    quotas = account.quotas(at.year)
    return show(
        "report.html", at, figures=figures(account.book, account.target, quotas, at.year), account=account,
        chart=chart(account.book, account.target, quotas, at.year), months=months, grams=_grams(months), quotas=quotas, kind="total",
    )  # fmt: skip


def picture(unit_id: int) -> Answer:
    """The year as a poster."""
    at, account, months = _read(unit_id)
    told = figures(account.book, account.target, account.quotas(at.year), at.year)
    grams = _grams(months)
    big = [
        Figure(told["coal"]["now"] or "–", "kgce", t("综合能耗", "Energy in all") + _moved(told["coal"])),
        Figure(told["area"]["now"] or "–", "kgce/m²", t("单位面积能耗", "Energy per m²") + _moved(told["area"])),
        Figure(kg_number(grams), "kg CO2", t("职工绿色行为减排", "Saved by what people did")),
    ]
    bars = [int(n or 0) for n in series(account.book, at.year, "total")]
    made = poster(
        Poster(
            title=at.unit.name,
            subtitle=t(f"{at.year} 年用能与减碳", f"Energy and carbon, {at.year}") + " · " + t(*words.STATES[told["status"]][:2]),
            figures=big,
            bars=bars if any(bars) else (),
            bars_label=t("每月综合能耗（kgce）", "Energy by month (kgce)"),
            link=outward("/energy"),
            footer=t("按 GB/T 2589 折标准煤；减排量为行为估算，不可交易。",
                     "Coal equivalents by GB/T 2589; savings are estimates and cannot be traded."),
        )
    )  # fmt: skip
    return file(made, "image/png", "")


def _moved(pair: dict[str, str | None]) -> str:
    moved = pair["change"]
    if moved is None:
        return ""
    return t(f"，比去年 {moved}%", f", {moved}% on last year")


def export(unit_id: int) -> Answer:
    """Months, figures and quotas as a workbook."""
    at, account, _ = _read(unit_id)
    told = figures(account.book, account.target, account.quotas(at.year), at.year)
    heads = [
        t("月份", "Month"),
        *(f"{t(*CARRIERS[c][:2])} {CARRIERS[c][2]}" for c in CARRIERS),
        "kgce",
        t("来源", "Source"),
    ]
    rows: list[list[Any]] = []
    for year in (at.year - 1, at.year):
        coal = series(account.book, year, "total")
        for n, month in enumerate(months_of(year)):
            cells = {c: account.cells.get((c, month)) for c in CARRIERS}
            from_ = sorted({t(*words.SOURCES[cell.source]) for cell in cells.values() if cell})
            rows.append([month, *(None if cell is None else _plain(cell.milli) for cell in cells.values()),
                         None if coal[n] is None else round(coal[n] or 0), "、".join(from_)])  # fmt: skip
    summary = [
        [t(*names[:2]), told[key]["now"], told[key]["before"], told[key]["change"]]
        for key, names in (("coal", words.MEASURES["total"]), ("area", words.MEASURES["area"]),
                           ("head", words.MEASURES["head"]), ("water", words.QUOTAS["water"]))
    ]  # fmt: skip
    top = [
        t("指标", "Measure"),
        t("今年", "This year"),
        t("去年同期", "Same months last year"),
        t("变化 %", "Change, %"),
    ]
    tables = [
        Table(t("概况", "Summary"), top, summary, [20, 14, 16, 10]),
        Table(t("按月", "Months"), heads, rows, [10] * 9),
    ]
    assert len(rows) == 2 * MONTHS
    return file(xlsx(tables), XLSX, f"energy-{at.unit.id}-{at.year}.xlsx")


def _plain(milli: int) -> Decimal:
    return Decimal(milli) / 1000
