"""Pages of a unit's administrator: set up from a template with a preview, check, publish, watch, report; and the fund."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from points_engine.clock import LOCAL, local_day
from points_engine.errors import EngineError, Invalid, refuse
from webapp.challenges import forms, presets, queries, service, standing, words
from webapp.challenges.colours import PALETTE
from webapp.challenges.linting import findings, plan_of
from webapp.challenges.measure import measure, tasks_of
from webapp.challenges.report import method_note, picture, report_of, workbook
from webapp.green_units import queries as units
from webapp.ledger import funds
from webapp.store import Tx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message
from webapp.web.urls import outward

bp = Blueprint("challenge_admin", __name__, url_prefix="/unit-admin/<int:unit_id>/challenges")
fund_bp = Blueprint("unit_fund", __name__, url_prefix="/unit-admin/<int:unit_id>/fund")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STEPS = {
    "publish": (service.publish, ("已发布，到时间自动开始", "Published; it opens by itself")),
    "unpublish": (service.unpublish, ("已撤回为草稿", "It is a draft again")),
    "close": (service.close_now, ("已结束，三天后结算", "It is over and settles in three days")),
    "pay": (service.pay_again, ("未发的奖励会在一分钟内补发", "What is unpaid is paid within a minute")),
}


@bp.get("")
@guard.unit_admin
def index(unit_id: int) -> str:
    with house().store.read() as tx:
        unit = units.administered_unit(tx, signed_in().member_id, unit_id)
        page = page_of(queries.of_unit(tx, unit_id, after_arg(), queries.PAGE + 1), queries.PAGE, lambda c: c.id)
        mine = funds.of_owner(tx, "unit", unit_id)
    return render_template(
        "challenges/admin_index.html", unit=unit, page=page, funds=mine, presets=presets.PRESETS, words=words
    )


@bp.post("")
@guard.unit_admin
def create(unit_id: int) -> Any:
    """From a template: a draft that is whole already."""
    preset = presets.BY_KEY.get(request.form.get("preset", ""))
    if preset is None:
        raise Invalid({"preset": "not_a_choice"})
    member = signed_in().member_id

    def use_case(tx: Tx) -> int:
        unit = units.administered_unit(tx, member, unit_id)
        mine = funds.of_owner(tx, "unit", unit_id)
        title = t(preset.zh, preset.en)
        facts = presets.facts_of(preset, house().catalogue, unit, title, mine[0].id if mine else None, now())
        return service.create_challenge(tx, member, unit_id, preset.key, facts, now())

    made = house().store.retrying(use_case)
    say(t("已按模板生成草稿，可以直接检查并发布", "The draft is ready; check and publish it, or change it first"))
    return redirect(url_for(".edit", unit_id=unit_id, challenge_id=made), 303)


@bp.route("/<int:challenge_id>/edit", methods=("GET", "POST"))
@guard.unit_admin
def edit(unit_id: int, challenge_id: int) -> Any:
    if request.method == "GET":
        return _form(unit_id, challenge_id)
    try:
        facts = _read(unit_id)
        house().store.retrying(
            lambda tx: service.change_challenge(tx, signed_in().member_id, unit_id, challenge_id, facts, now())
        )
    except Invalid as wrong:
        return _form(unit_id, challenge_id, wrong.fields), 400
    if "check" in request.form:
        return redirect(url_for(".show", unit_id=unit_id, challenge_id=challenge_id), 303)
    say(t("草稿已保存", "The draft is saved"))
    return redirect(url_for(".edit", unit_id=unit_id, challenge_id=challenge_id), 303)


@bp.post("/<int:challenge_id>/preview")
@guard.unit_admin
def preview(unit_id: int, challenge_id: int) -> str:
    """The card that people would see, and what it would cost, from what is typed right now."""
    with house().store.read() as tx:
        service.administered(tx, signed_in().member_id, unit_id, challenge_id)
    try:
        facts, wrong = _read(unit_id), {}
    except Invalid as error:
        facts, wrong = None, error.fields
    return render_template(
        "challenges/preview.html", **_preview(unit_id, challenge_id, facts), wrong=wrong, words=words
    )


@bp.get("/<int:challenge_id>")
@guard.unit_admin
def show(unit_id: int, challenge_id: int) -> str:
    """A draft with its check; a running one with totals and its board; a settled one with what was paid."""
    today = local_day(now())
    with house().store.read() as tx:
        row = service.administered(tx, signed_in().member_id, unit_id, challenge_id)
        unit, tasks = units.unit_by_id(tx, unit_id), tasks_of(tx, challenge_id)
        found = findings(tx, row, now()) if row.status == "draft" else []
        figures = row.standing
        if figures is None and row.status in ("open", "closed"):
            figures = standing.figures_of(tx, row, measure(tx, row, today), tasks)
        paid = queries.award_sums(tx, challenge_id)
        fund = funds.one(tx, row.fund_id) if row.fund_id else None
        joined = queries.joined_count(tx, challenge_id)
    lines = standing.team_lines(figures, t("小部门联队", "Small departments together")) if figures else []
    goals = [g for g in standing.goals_of(figures, tasks, None) if g.task.scope == "all"] if figures else []
    unpaid = sum(p[0] for states in paid.values() for s, p in states.items() if s in ("dry", "frozen"))
    return render_template(
        "challenges/admin.html", unit=unit, row=row, tasks=tasks, found=found, figures=figures, lines=lines, goals=goals,
        hidden=bool(figures) and standing.hidden_all(figures), fund=fund, joined=joined, words=words, unpaid=unpaid,
        window=queries.window_of(row), catalogue=house().catalogue,
    )  # fmt: skip


@bp.post("/<int:challenge_id>/<any(publish,unpublish,close,pay):step>")
@guard.unit_admin
def take(unit_id: int, challenge_id: int, step: str) -> Any:
    use_case, said = STEPS[step]
    back = url_for(".show", unit_id=unit_id, challenge_id=challenge_id)
    try:
        house().store.retrying(lambda tx: use_case(tx, signed_in().member_id, unit_id, challenge_id, now()))
    except EngineError as refusal:
        if refusal.kind != "conflict":
            raise
        say(message(refusal.code, refusal.facts), "bad")
    else:
        say(t(*said))
    return redirect(back, 303)


@bp.post("/<int:challenge_id>/delete")
@guard.unit_admin
def delete(unit_id: int, challenge_id: int) -> Any:
    house().store.retrying(lambda tx: service.delete_draft(tx, signed_in().member_id, unit_id, challenge_id, now()))
    say(t("草稿已删除", "The draft is gone"))
    return redirect(url_for(".index", unit_id=unit_id), 303)


@bp.route("/<int:challenge_id>/people", methods=("GET", "POST"))
@guard.unit_admin
def people(unit_id: int, challenge_id: int) -> Any:
    """Who is invited, a page of the unit's people at a time."""
    member = signed_in().member_id
    if request.method == "POST":
        shown = {int(x) for x in request.form.getlist("shown") if x.isascii() and x.isdigit() and len(x) < 18}
        picked = {int(x) for x in request.form.getlist("pick") if x.isascii() and x.isdigit() and len(x) < 18} & shown
        house().store.retrying(
            lambda tx: service.invite(tx, member, unit_id, challenge_id, sorted(picked), sorted(shown - picked), now())
        )
        say(t("名单已保存", "The list is saved"))
        return redirect(
            url_for(".people", unit_id=unit_id, challenge_id=challenge_id, after=request.args.get("after")), 303
        )
    with house().store.read() as tx:
        row = service.administered(tx, member, unit_id, challenge_id)
        unit = units.unit_by_id(tx, unit_id)
        found = units.people(tx, unit_id, after_arg(), units.PAGE + 1)
        chosen = queries.invited(tx, challenge_id, [p.member_id for p in found])
    page = page_of(found, units.PAGE, lambda p: p.member_id)
    return render_template("challenges/people.html", unit=unit, row=row, page=page, chosen=chosen)


@bp.get("/<int:challenge_id>/report")
@guard.unit_admin
def report(unit_id: int, challenge_id: int) -> str:
    found, unit, row = _report(unit_id, challenge_id)
    return render_template(
        "challenges/report.html",
        unit=unit,
        row=row,
        report=found,
        notes=method_note(),
        words=words,
        catalogue=house().catalogue,
    )


@bp.get("/<int:challenge_id>/report.xlsx")
@guard.unit_admin
def report_file(unit_id: int, challenge_id: int) -> Response:
    found, _, _ = _report(unit_id, challenge_id)
    name = f"challenge-{challenge_id}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(workbook(found, house().catalogue), mimetype=XLSX, headers=headers)


@bp.get("/<int:challenge_id>/poster.png")
@guard.unit_admin
def poster(unit_id: int, challenge_id: int) -> Response:
    found, _, _ = _report(unit_id, challenge_id)
    made = picture(found, outward(url_for("challenges.show", challenge_id=challenge_id)))
    return Response(made, mimetype="image/png", headers={"Cache-Control": "no-store"})


@fund_bp.get("")
@guard.unit_admin
def fund(unit_id: int) -> str:
    """The statement of the unit's first fund; others are chosen by their number."""
    with house().store.read() as tx:
        unit = units.administered_unit(tx, signed_in().member_id, unit_id)
        mine = funds.of_owner(tx, "unit", unit_id)
        wanted = request.args.get("fund", "")
        one = next((f for f in mine if str(f.id) == wanted), mine[0] if mine and not wanted else None)
        if wanted and one is None:
            raise refuse("not_found", "unknown_fund")
        lines = funds.lines(tx, one.id, after_arg(), funds.PAGE + 1) if one else []
        drawn = funds.drawn(tx, one.id) if one else 0
        titles = queries.titles(tx, [line.cause for line in lines])
    page = page_of(lines, funds.PAGE, lambda line: line.seq)
    return render_template(
        "challenges/fund.html", unit=unit, mine=mine, fund=one, page=page, drawn=drawn, titles=titles
    )


def _report(unit_id: int, challenge_id: int) -> tuple[Any, Any, Any]:
    with house().store.read() as tx:
        row = service.administered(tx, signed_in().member_id, unit_id, challenge_id)
        unit = units.unit_by_id(tx, unit_id)
        if row.status in ("draft", "scheduled"):
            raise refuse("not_found", "unknown_report")
        return report_of(tx, row, unit, local_day(now())), unit, row


def _read(unit_id: int) -> forms.ChallengeFacts:
    with house().store.read() as tx:
        units.administered_unit(tx, signed_in().member_id, unit_id)
        parts = [part.id for part in units.tree_of(tx, unit_id).parts]
        mine = [f.id for f in funds.of_owner(tx, "unit", unit_id)]
    return forms.read_challenge(request.form, set(parts), set(house().catalogue.by_code), set(mine))


def _form(unit_id: int, challenge_id: int, errors: dict[str, str] | None = None) -> Any:
    with house().store.read() as tx:
        row = service.administered(tx, signed_in().member_id, unit_id, challenge_id)
        if row.status != "draft":
            return redirect(url_for(".show", unit_id=unit_id, challenge_id=challenge_id), 303)
        unit, tree = units.unit_by_id(tx, unit_id), units.tree_of(tx, unit_id)
        mine, tasks = funds.of_owner(tx, "unit", unit_id), tasks_of(tx, challenge_id)
    values = _typed() if errors is not None else _values(row, tasks)
    loggable = [b for b in house().catalogue.behaviours if b.loggable and not b.hidden]
    try:
        facts = None if errors else _facts_of(row, tasks)
    except Invalid:
        facts = None
    return render_template(
        "challenges/edit.html", unit=unit, row=row, tree=tree, funds=mine, values=values, errors=errors or {},
        behaviours=loggable, palette=PALETTE, words=words, tasks_max=forms.TASKS_MAX, wrong=errors or {},
        **_preview(unit_id, challenge_id, facts),
    )  # fmt: skip


def _preview(unit_id: int, challenge_id: int, facts: forms.ChallengeFacts | None) -> dict[str, Any]:
    """What the preview shows: working days, people meant, and what it would cost at most."""
    if facts is None:
        return {"facts": None}
    with house().store.read() as tx:
        row = _Row(unit_id, challenge_id, facts)
        plan = plan_of(tx, row, now(), tasks=())  # type: ignore[arg-type]
    most = sum(task.reward_points for task in facts.tasks) * plan.eligible
    return {"facts": facts, "plan": plan, "most": most, "window": queries.window_of(row)}  # type: ignore[arg-type]


class _Row:
    """What is typed, with the names of a row of the table."""

    def __init__(self, unit_id: int, challenge_id: int, facts: forms.ChallengeFacts) -> None:
        self.id = challenge_id
        self.unit_id, self.audience, self.departments = unit_id, facts.audience, facts.departments
        self.starts_at, self.ends_at, self.fund_id = facts.starts_at, facts.ends_at, facts.fund_id


def _facts_of(row: Any, tasks: Any) -> forms.ChallengeFacts:
    made = tuple(forms.TaskFacts(x.scope, x.goal, x.target, x.reward_points) for x in tasks)
    return forms.ChallengeFacts(
        row.title, row.words, row.display_name, row.colour, row.starts_at, row.ends_at, row.audience,
        tuple(row.departments), tuple(row.behaviours), row.fund_id, made,
    )  # fmt: skip


def _values(row: Any, tasks: Any) -> dict[str, Any]:
    """The stored draft as the form's fields."""
    known = row.colour in PALETTE
    values: dict[str, Any] = {
        "title": row.title, "words": row.words, "display_name": row.display_name,
        "colour": row.colour if known else "own", "own_colour": "" if known else row.colour,
        "audience": row.audience, "departments": [str(d) for d in row.departments], "behaviours": row.behaviours,
        "fund": row.fund_id or "",
    } | {f: getattr(row, f).astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M") for f in ("starts_at", "ends_at")}  # fmt: skip
    for n, x in enumerate(tasks, 1):
        task = forms.TaskFacts(x.scope, x.goal, x.target, x.reward_points)
        values |= {f"task-{n}": task.kind, f"target-{n}": task.typed, f"reward-{n}": task.reward_points}
    return values


def _typed() -> dict[str, Any]:
    """What was sent, to be shown again as it was."""
    lists = {name: request.form.getlist(name) for name in ("departments", "behaviours")}
    return {**request.form.to_dict(), **lists}
