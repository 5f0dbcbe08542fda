"""Campaigns at the desk: from the week's template or blank, words and tasks with a preview, and each change of state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.clock import LOCAL, local_day, start_of
from points_engine.errors import EngineError, Invalid
from webapp.campaigns import queries, service
from webapp.console import campaign_words, task_forms
from webapp.console.campaign_forms import read_campaign, values_of
from webapp.console.forms import read_day
from webapp.console.roles import EDIT
from webapp.console.task_forms import rows_of
from webapp.console.views import Answer, change, sentence, show
from webapp.ledger import funds
from webapp.store import Tx
from webapp.web import guard, house, now, say, signed_in, t

bp = Blueprint("console_campaigns", __name__, url_prefix="/console/campaigns")

MOST_FUNDS = 200
# state: what to do next -> (service, word on the button, what it means)
STEPS: dict[str, dict[str, tuple[Any, tuple[str, str], tuple[str, str]]]] = {
    "draft": {
        "schedule": (service.schedule_campaign, ("发布预告", "Announce"),
                     ("大家会看到这个活动，到开始时间自动开始。", "Everybody sees it, and it opens by itself when its time comes.")),
        "open": (service.open_campaign, ("立即开始", "Open now"),
                 ("活动马上开始，开始后规则和任务不能再改。", "It opens at once; after that its rules and tasks cannot be changed.")),
    },
    "scheduled": {
        "open": (service.open_campaign, ("立即开始", "Open now"),
                 ("活动马上开始，开始后规则和任务不能再改。", "It opens at once; after that its rules and tasks cannot be changed.")),
        "unschedule": (service.unschedule_campaign, ("撤回预告", "Take the announcement back"),
                       ("活动回到草稿，大家暂时看不到它。", "It becomes a draft again, and nobody sees it.")),
    },
    "open": {
        "close": (service.close_campaign, ("结束活动", "Close"),
                  ("活动马上结束，不能重新开始；三天后结算。", "It ends at once and cannot be opened again; it settles after three days.")),
    },
}  # fmt: skip


@bp.get("")
@guard.roles(*EDIT)
def index() -> Answer:
    with house().store.read() as tx:
        rows = queries.staff_list(tx)
    return show("campaigns.html", rows=rows, templates=queries.yearly(local_day(now())))


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    if request.method == "POST":
        return _save(None)
    first = local_day(now()) + timedelta(days=7)
    values = {
        "starts_at": start_of(first).astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M"),
        "ends_at": start_of(first + timedelta(days=7)).astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M"),
        "multiplier": 100,
        "audience": "all",
    }
    return _form(None, values, rows_of([]))


@bp.post("/from-template")
@guard.roles(*EDIT)
def from_template() -> Answer:
    """One of the yearly campaigns as a draft to be edited, beginning on the day given."""
    me, key = signed_in().member_id, request.form.get("template", "")
    return _draft(lambda tx, day: service.from_template(tx, me, key, day, now()))


@bp.post("/<int:campaign_id>/copy")
@guard.roles(*EDIT)
def copy(campaign_id: int) -> Answer:
    """An earlier campaign again, as a draft beginning on the day given."""
    me = signed_in().member_id
    return _draft(lambda tx, day: service.copy_campaign(tx, me, campaign_id, day, now()))


def _draft(make: Callable[[Tx, date], int]) -> Answer:
    day = read_day(request.form.get("day"), "day", {})
    if day is None:
        say(t("请选择开始日期", "Please choose the first day"), "bad")
        return redirect(url_for(".index"), 303)
    try:
        made = house().store.retrying(lambda tx: make(tx, day))
    except Invalid as error:
        say(sentence(error), "bad")
        return redirect(url_for(".index"), 303)
    say(t("已生成草稿，改好后再发布", "A draft was made; edit it, then announce it"))
    return redirect(url_for(".edit", campaign_id=made), 303)


@bp.route("/<int:campaign_id>", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(campaign_id: int) -> Answer:
    with house().store.read() as tx:
        known = queries.staff_one(tx, campaign_id)
        tasks = queries.staff_tasks(tx, campaign_id)
    if request.method == "POST":
        return _save(known)
    return _form(known, values_of(known), rows_of(tasks))


@bp.get("/<int:campaign_id>/<step>")
@guard.roles(*EDIT)
def ask(campaign_id: int, step: str) -> Answer:
    """Say what the step means before it is taken."""
    with house().store.read() as tx:
        known = queries.staff_one(tx, campaign_id)
    if step not in STEPS.get(known.status, {}):
        say(t("现在的状态不能这样操作", "This is not possible in its present state"), "bad")
        return redirect(url_for(".edit", campaign_id=campaign_id), 303)
    _, word, meaning = STEPS[known.status][step]
    return show(
        "confirm.html",
        title=f"{t(*word)}{t('：', ': ')}{t(known.title_zh, known.title_en)}",
        text=t(*meaning),
        action=url_for(".take", campaign_id=campaign_id, step=step),
        back=url_for(".edit", campaign_id=campaign_id),
        button=t(*word),
    )


@bp.post("/<int:campaign_id>/<step>")
@guard.roles(*EDIT)
def take(campaign_id: int, step: str) -> Answer:
    move = next((steps[step][0] for steps in STEPS.values() if step in steps), None)
    if move is None:
        raise Invalid({"step": "not_a_choice"})
    looked = {"catalogue": house().catalogue} if step in ("schedule", "open") else {}
    return change(
        lambda tx: move(tx, signed_in().member_id, campaign_id, now(), **looked),
        url_for(".edit", campaign_id=campaign_id),
        t("已完成", "Done"),
    )


@bp.post("/<int:campaign_id>/pay-again")
@guard.roles(*EDIT)
def pay_again(campaign_id: int) -> Answer:
    """Bonuses that a dry fund or a frozen account left unpaid."""
    return change(
        lambda tx: service.pay_again(tx, signed_in().member_id, campaign_id, now()),
        url_for(".edit", campaign_id=campaign_id),
        t("一分钟内补发", "They are paid within a minute"),
    )


def _save(known: Any) -> Answer:
    me = signed_in().member_id
    started = known is not None and known.status == "open"
    if request.form.get("do", "").startswith("add:"):
        return _form(known, request.form, task_forms.with_one_more(rows_of(request.form), request.form["do"][4:]))
    try:
        facts, tasks = read_campaign(request.form, house().catalogue, with_tasks=not started)
        if request.form.get("do") == "preview":
            return _form(known, request.form, rows_of(request.form), preview=(facts, tasks))
        if known is None:
            made = house().store.retrying(lambda tx: service.create_campaign(tx, me, facts, tasks, now()))
        else:
            made = known.id
            changed = None if started else tasks
            house().store.retrying(lambda tx: service.change_campaign(tx, me, made, facts, changed, now()))
    except Invalid as wrong:
        return _form(known, request.form, rows_of(request.form), wrong.fields)
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(sentence(error), "bad")
        made = known.id
    else:
        say(t("已保存", "Saved"))
    return redirect(url_for(".edit", campaign_id=made), 303)


def _form(
    known: Any,
    values: Any,
    rows: list[dict[str, Any]],
    errors: Mapping[str, str] | None = None,
    preview: Any = None,
) -> Answer:
    kinds = values.getlist("kinds") if hasattr(values, "getlist") else values.get("kinds", [])
    with house().store.read() as tx:
        bonuses = queries.bonus_sums(tx, known.id) if known is not None else {}
        choices = [(fund.id, f"{fund.name} ({fund.balance})") for fund in funds.funds(tx, limit=MOST_FUNDS)]
        asked = task_forms.choices(tx) if any(row["kind"] in task_forms.ADDED for row in rows) else {}
        before = known is not None and known.status in ("draft", "scheduled") and request.method == "GET"
        found = service.findings(tx, house().catalogue, known, now()) if before else []
    return show(
        "campaign.html", 400 if errors else 200, known=known, values=values, rows=rows, errors=errors or {},
        preview=preview, bonuses=bonuses, funds=choices, icons=service.ICONS, asked=asked, found=found, kinds_of_task=task_forms, say=campaign_words, steps=STEPS.get(known.status, {}) if known else {},
        wrong_rows={int(name.split("-")[1]) for name in errors or () if name.startswith("task-")},
        behaviours=[b for b in house().catalogue.behaviours if b.loggable], kinds=kinds,
    )  # fmt: skip
