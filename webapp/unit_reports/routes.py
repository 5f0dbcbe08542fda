"""Pages of a unit's year for its members and its administrators, and the same figures as files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from points_engine.clock import days_of, local_day
from points_engine.errors import refuse
from points_engine.methodology import DOMAINS
from webapp.green_units import queries as units
from webapp.green_units.figures import read_month, unit_page
from webapp.green_units.yearly import Month, year
from webapp.papers.writing import Table, csv_text, xlsx
from webapp.unit_reports.queries import DomainLine, by_domain
from webapp.web import guard, house, now, signed_in, t
from webapp.web.formats import period_name

bp = Blueprint("unit_reports", __name__)
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
NAMES = {code: (zh, en) for code, zh, en in DOMAINS}


@bp.get("/units/<int:unit_id>/year")
@guard.member
def show(unit_id: int) -> str:
    """Twelve months of a unit I belong to."""
    with house().store.read() as tx:
        mine = units.my_membership(tx, signed_in().member_id, unit_id)
        months, domains = _figures(tx, mine.unit)
    return _page("base.html", mine.unit, months, domains)


@bp.get("/unit-admin/<int:unit_id>/year")
@guard.unit_admin
def manage(unit_id: int) -> str:
    """Twelve months of a unit I administer."""
    with house().store.read() as tx:
        unit = units.administered_unit(tx, signed_in().member_id, unit_id)
        months, domains = _figures(tx, unit)
    return _page("staff.html", unit, months, domains)


@bp.get("/unit-admin/<int:unit_id>/year/file/<form>")
@guard.unit_admin
def file(unit_id: int, form: str) -> Response:
    """The months, the domains and the departments as a workbook; the months as CSV."""
    if form not in TYPES:
        raise refuse("not_found", "not_found")
    with house().store.read() as tx:
        unit = units.administered_unit(tx, signed_in().member_id, unit_id)
        months, domains = _figures(tx, unit)
        page = unit_page(tx, unit, local_day(now()), request.args.get("month"))
    heads = [t("月份", "Month"), t("成员", "Members"), t("参与率 %", "Took part, %"), t("减排 克", "Saved, g"),
             t("核验 克", "Verified, g"), t("自报 克", "Declared, g")]  # fmt: skip
    rows: list[list[Any]] = [
        [
            m.month,
            m.members,
            m.rate,
            m.sum.grams,
            *((m.sum.verified_g, m.sum.declared_g) if m.sum.apart else (None, None)),
        ]
        for m in months
    ]
    if form == "csv":
        data = csv_text(heads, rows).encode()
    else:
        kinds = [[_name(line.domain), line.acts, line.grams] for line in domains]
        parts = [[line.name, line.members, line.sum.grams] for line in page.departments]
        grams = t("克", "Grams")
        data = xlsx(
            [
                Table(t("月度", "Months"), heads, rows, [10, 8, 10, 12, 12, 12]),
                Table(t("领域", "Domains"), [t("领域", "Domain"), t("次数", "Acts"), grams], kinds, [16, 8, 12]),
                Table(t("部门", "Parts"), [t("部门", "Part"), t("人数", "People"), grams], parts, [24, 8, 12]),
            ]
        )
    response = make_response(data)
    response.headers["Content-Type"] = TYPES[form]
    response.headers["Content-Disposition"] = f'attachment; filename="unit-{unit_id}-{months[-1].month}.{form}"'
    return response


def _figures(tx: Any, unit: units.Unit) -> tuple[list[Month], list[DomainLine]]:
    month = read_month(request.args.get("month"), local_day(now()))
    small = not unit.is_family and units.member_counts(tx, [unit.id])[unit.id] < units.FEWEST
    months = year(tx, unit, month, local_day(now()))
    hidden = small or months[-1].sum.hidden
    return months, [] if hidden else by_domain(tx, unit, house().catalogue, *days_of(month))


def _page(layout: str, unit: units.Unit, months: list[Month], domains: list[DomainLine]) -> str:
    top = max((m.sum.grams or 0 for m in months), default=0) or 1
    most = max((line.grams or 0 for line in domains), default=0) or 1
    return render_template(
        "unit_reports/year.html", layout=layout, unit=unit, months=months, domains=domains, top=top, most=most,
        name=_name, title=period_name(months[-1].month),
    )  # fmt: skip


def _name(domain: str) -> str:
    return t(*NAMES[domain]) if domain in NAMES else domain
