"""Working days at the desk: a month as it stands, and days that staff set where the calendar library ends."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.clock import days_of, local_day, month_of
from points_engine.errors import Invalid
from points_engine.workdays import days_between
from webapp.challenges import queries, service
from webapp.console.forms import read_day
from webapp.console.roles import EDIT
from webapp.console.views import PAGE, Answer, show
from webapp.web import guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_workdays", __name__, url_prefix="/console/workdays")


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    return _page()


@bp.post("")
@guard.roles(*EDIT)
def set_one() -> Answer:
    """Worked, off, or as the calendar says."""
    wrong: dict[str, str] = {}
    day = read_day(request.form.get("day"), "day", wrong)
    works = {"works": True, "off": False, "calendar": None}
    if day is None and "day" not in wrong:
        wrong["day"] = "required"
    if request.form.get("works") not in works:
        wrong["works"] = "not_a_choice"
    try:
        if wrong or day is None:
            raise Invalid(wrong)
        said, note = works[request.form["works"]], request.form.get("note", "")
        house().store.retrying(lambda tx: service.set_workday(tx, signed_in().member_id, day, said, note, now()))
    except Invalid as error:
        return _page(error.fields, request.form, 400)
    say(t("已保存", "Saved"))
    return redirect(url_for(".index", month=month_of(day)), 303)


def _page(errors: dict[str, str] | None = None, form: Any = None, status: int = 200) -> Answer:
    month = request.args.get("month") or month_of(local_day(now()))
    try:
        if len(month) != 7 or not "2020" <= month[:4] <= "2100":
            raise ValueError(month)
        first, last = days_of(month)
        after = date.fromisoformat(request.args["after"]).isoformat() if request.args.get("after") else None
    except ValueError:
        raise Invalid({"month": "bad_month"}) from None
    with house().store.read() as tx:
        calendar = queries.workdays(tx, first, last)
        page = page_of(queries.overrides(tx, after, PAGE + 1), PAGE, lambda row: row.day.isoformat())
    days = [(day, calendar.is_workday(day), calendar.source(day)) for day in days_between(first, last)]
    steps = (month_of(date.fromordinal(first.toordinal() - 1)), month_of(date.fromordinal(last.toordinal() + 1)))
    return show(
        "workdays.html", status, month=month, days=days, steps=steps, page=page, last_year=queries.LAST_YEAR,
        errors=errors or {}, form=form or {},
    )  # fmt: skip
