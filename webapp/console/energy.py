"""Units' energy at the desk: the year's evaluation, ticks with evidence, closing, letters by two hands, quotas, the evaluation as file and sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine import energy as rules
from points_engine.clock import local_day
from points_engine.errors import Invalid
from webapp.console.roles import EDIT
from webapp.console.views import Answer, change, show
from webapp.energy import evaluating, queries, service, words
from webapp.energy.forms import LETTER_MAX, QuotaFacts, plain, read_year
from webapp.energy.pages import XLSX, file
from webapp.green_units import queries as green_units
from webapp.green_units.queries import Unit
from webapp.members import queries as members
from webapp.papers.writing import Table, xlsx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_energy", __name__, url_prefix="/console/energy")
CHUNK = 300


def year_arg() -> int:
    """The year asked for; without one last year, which is the one to judge."""
    today = local_day(now())
    return read_year(request.args.get("year"), today) if request.args.get("year") else today.year - 1


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    """Every company and public body with its year: state, score, letters."""
    year = year_arg()
    text = (request.args.get("q") or "").strip()[:40]
    with house().store.read() as tx:
        units = green_units.units_of_kinds(tx, queries.KINDS, after_arg(), queries.PAGE + 1, text)
        found = queries.results(tx, [unit.id for unit in units], year)
        closing = queries.last_closing(tx, year)
        waiting = sum(row.status == "draft" for row in queries.letters(tx, year))
    page = page_of(units, queries.PAGE, lambda unit: unit.id)
    return show(
        "energy.html", page=page, results=found, year=year, this_year=local_day(now()).year, closing=closing,
        waiting=waiting, q=text, w=words,
    )  # fmt: skip


@bp.post("/close")
@guard.roles(*EDIT)
def close() -> Answer:
    """Keep the scores of the year as they stand; once more makes another version."""
    year = year_arg()
    return change(
        lambda tx: evaluating.close_year(tx, signed_in().member_id, year, now()),
        url_for(".index", year=year),
        t("考核已关闭，得分已存档", "The year is closed, its scores are kept"),
    )


@bp.get("/units/<int:unit_id>")
@guard.roles(*EDIT)
def card(unit_id: int) -> Answer:
    """A unit's scorecard, and letters to it."""
    return _card(unit_id)


@bp.post("/units/<int:unit_id>")
@guard.roles(*EDIT)
def tick(unit_id: int) -> Answer:
    """What staff found of the unit's management, each with evidence."""
    year, me = year_arg(), signed_in().member_id

    def keep(tx: Any) -> None:
        wrong: dict[str, str] = {}
        for item in rules.managed_items():
            done, evidence = request.form.get(f"done_{item}") == "1", plain(request.form.get(f"evidence_{item}"))
            try:
                evaluating.tick(tx, me, unit_id, year, item, done, evidence, now())
            except Invalid as fault:
                wrong |= fault.fields
        if wrong:
            raise Invalid(wrong)

    try:
        house().store.retrying(keep)
    except Invalid as fault:
        return _card(unit_id, fault.fields, request.form)
    say(t("已保存", "Saved"))
    return redirect(url_for(".card", unit_id=unit_id, year=year), 303)


@bp.post("/units/<int:unit_id>/letter")
@guard.roles(*EDIT)
def write(unit_id: int) -> Answer:
    """Write a commendation or a notice; it waits for a second person."""
    kind, year = request.form.get("kind", ""), year_arg()
    if not (request.form.get("body") or "").strip() or len(request.form.get("body", "")) > LETTER_MAX:
        return _card(unit_id, {f"body_{kind}": "required"}, request.form)
    return change(
        lambda tx: evaluating.write_letter(tx, signed_in().member_id, unit_id, year, kind, request.form, now()),
        url_for(".card", unit_id=unit_id, year=year),
        t("已起草，等另一位同事签发", "Drafted; somebody else has to send it"),
    )


def _card(unit_id: int, errors: Mapping[str, str] | None = None, form: Any = None) -> Answer:
    year = year_arg()
    with house().store.read() as tx:
        unit, top = queries.seen_by(tx, signed_in().member_id, unit_id, staff=True)
        account = queries.account(tx, top, year)
        given, score = queries.scores(tx, {top.id: account}, year).get(top.id, (None, None))
        ticks = {row.item: row for row in queries.ticks(tx, [top.id], year)}
        closed = queries.closed_scores(tx, year, [top.id]).get(top.id)
        letters = [row for row in queries.letters(tx, year) if row.unit_id == top.id]
    drafts = {kind: evaluating.draft_text(account, year, kind) for kind in words.LETTERS}
    return show(
        "energy_card.html", 400 if errors else 200, unit=unit, year=year, given=given, score=score, ticks=ticks,
        closed=closed, letters=letters, drafts=drafts, standing=account.standing(year), errors=errors or {},
        form=form, w=words, this_year=local_day(now()).year,
    )  # fmt: skip


# --- letters ------------------------------------------------------------------------------------------


@bp.get("/letters")
@guard.roles(*EDIT)
def letters() -> Answer:
    """All letters of a year: drafts to send, what was sent, and what units answered."""
    year = year_arg()
    with house().store.read() as tx:
        rows = queries.letters(tx, year)
        units = {unit.id: unit for unit in green_units.by_ids(tx, [row.unit_id for row in rows])}
        names = members.nicknames(tx, {row.author_id for row in rows} | {r.decided_by for r in rows if r.decided_by})
    return show(
        "energy_letters.html", rows=rows, units=units, names=names, year=year, w=words, me=signed_in().member_id,
        this_year=local_day(now()).year,
    )  # fmt: skip


@bp.post("/letters/<int:letter_id>/send")
@guard.roles(*EDIT)
def send(letter_id: int) -> Answer:
    """A second person sends it; the unit's administrators are told once."""
    return change(
        lambda tx: evaluating.send_letter(tx, signed_in().member_id, letter_id, now()),
        url_for(".letters", year=year_arg()),
        t("已签发，单位管理员会收到消息", "Sent; the unit's administrators are told"),
    )


@bp.post("/letters/<int:letter_id>/drop")
@guard.roles(*EDIT)
def drop(letter_id: int) -> Answer:
    return change(
        lambda tx: evaluating.drop_letter(tx, signed_in().member_id, letter_id, now()),
        url_for(".letters", year=year_arg()),
        t("已搁置", "Put aside"),
    )


# --- quotas -------------------------------------------------------------------------------------------


@bp.route("/quotas", methods=("GET", "POST"))
@guard.roles(*EDIT)
def quotas() -> Answer:
    """Quotas by kind of unit: those shipped and those entered; a new one counts from its year."""
    if request.method == "GET":
        return _quotas({}, {})
    typed = plain(request.form.get("unit"))
    unit_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 12 else None
    try:
        facts = QuotaFacts.parse(request.form)
        with house().store.read() as tx:
            if typed and not [u for u in green_units.by_ids(tx, [unit_id or 0]) if u.kind in queries.KINDS]:
                raise Invalid({"unit": "unknown"})
    except Invalid as fault:
        return _quotas(request.form, fault.fields)
    house().store.retrying(lambda tx: service.set_quota(tx, signed_in().member_id, facts, now(), unit_id))
    say(t("定额已保存", "The quota is saved"))
    return redirect(url_for(".quotas"), 303)


def _quotas(values: Any, errors: Mapping[str, str]) -> Answer:
    with house().store.read() as tx:
        rows = queries.quotas(tx)
    return show(
        "energy_quotas.html", 400 if errors else 200, rows=rows, shipped=rules.rules()["quota"],
        factors=rules.rules()["factor"], values=values, errors=errors, w=words, this_year=local_day(now()).year,
    )  # fmt: skip


# --- the evaluation as a file and a sheet -------------------------------------------------------------


@bp.get("/export")
@guard.roles(*EDIT)
def export() -> Any:
    """Every unit's year as a workbook."""
    year = year_arg()
    items = words.items()
    heads = [t("单位", "Unit"), t("类型", "Kind"), t("目标完成", "Target met"), t("状态", "State"), *(i[1] for i in items),
             t("总分", "Score"), t("等级", "Grade"), t("已关闭", "Closed")]  # fmt: skip
    rows = [
        [line["unit"].name, t(*words.KINDS[line["unit"].kind]), _yes(line["met"]), t(*words.STATES[line["status"]][:2]),
         *(line["items"].get(i[0]) for i in items), line["total"], words.grade(line["grade"]), _yes(line["closed"])]
        for line in _lines(year)
    ]  # fmt: skip
    data = xlsx([Table(t(f"{year} 年考核", f"Evaluation {year}"), heads, rows, [26, 10, 10, 12])])
    return file(data, XLSX, f"energy-evaluation-{year}.xlsx")


@bp.get("/sheet")
@guard.roles(*EDIT)
def sheet() -> Answer:
    """The year of every unit that is judged, on a page to print."""
    year = year_arg()
    lines = [line for line in _lines(year) if line["total"] is not None]
    counts = {g["code"]: sum(line["grade"] == g["code"] for line in lines) for g in rules.rules()["grade"]}
    return show("energy_sheet.html", lines=lines, counts=counts, year=year, w=words, today=local_day(now()))


def _lines(year: int) -> Iterator[dict[str, Any]]:
    """Every unit with its closed score, else as it stands; by the hundred."""
    with house().store.read() as tx:
        after = None
        while units := green_units.units_of_kinds(tx, queries.KINDS, after, CHUNK):
            after = units[-1].id
            yield from _some(tx, units, year)


def _some(tx: Any, units: list[Unit], year: int) -> list[dict[str, Any]]:
    known = queries.of_year(tx, units, year)
    live = queries.scores(tx, known, year)
    closed = queries.closed_scores(tx, year, [unit.id for unit in units])
    found = []
    for unit in units:
        row, (given, score) = closed.get(unit.id), live.get(unit.id, (None, None))
        kept = row or score
        found.append(
            {
                "unit": unit,
                "status": known[unit.id].standing(year).status,
                "met": row.met if row else given.met if given else None,
                "items": kept.items if kept else {},
                "total": kept.total if kept else None,
                "grade": kept.grade if kept else "",
                "closed": row is not None,
            }
        )
    return found


def _yes(value: bool | None) -> str:
    return "–" if value is None else t("是", "yes") if value else t("否", "no")
