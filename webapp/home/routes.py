"""Pages of home: the first page, one tap, the visitor's try, progress, statements and how all is worked out."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, redirect, render_template, request, session, url_for

from points_engine.activity import limits
from points_engine.clock import local_day
from points_engine.errors import Invalid
from points_engine.methodology import COEFFICIENT, DOMAINS, Behaviour, read_inputs, read_quantity
from webapp.activities import forms, views
from webapp.campaigns import queries as campaigns
from webapp.home import explain, queries, service
from webapp.inbox import queries as inbox
from webapp.web import (
    Page,
    after_arg,
    current,
    guard,
    guest_store,
    house,
    now,
    page_of,
    safe_next,
    say,
    signed_in,
    t,
)

bp = Blueprint("home", __name__)
PAGE = 30
TRY_REFS = ("T02", "T03", "T07", "U02", "F02", "U01")


@bp.get("/")
@guard.public("the front door")
def index() -> str:
    person = current()
    if person is None:
        return _welcome(_tried_behaviour(), None, {})
    with house().store.read() as tx:
        page = queries.home(tx, house().catalogue, person.member_id, now(), house().audiences)
    return render_template("home/index.html", page=page)


@bp.post("/tap")
@guard.member
def tap() -> Any:
    """A tile was tapped: log its usual amount now. htmx gets the tile and the card, a plain form goes home."""
    person = signed_in()
    command = service.read_tap(house().catalogue, person.member_id, request.form, now())
    logged = service.tap(house().desk, command, now())
    undo = url_for("activities.undo", activity_id=command.id, next="/") if logged.fresh else None
    words = (
        views.said(logged.record, house().catalogue, now())
        if logged.fresh
        else t("刚才已经记过这一笔，没有重复记", "This was logged a moment ago; nothing twice")
    )
    if not request.headers.get("HX-Request"):
        say(words, undo=undo)
        return redirect(safe_next("/"), 303)
    index = request.form.get("index", "0")
    with house().store.read() as tx:
        tile, hero = queries.after_tap(
            tx,
            house().catalogue,
            person.member_id,
            command.behaviour.code,
            int(index) if index in "01234567" else 0,
            now(),
        )
    return render_template("home/tapped.html", tile=tile, hero=hero, words=words, undo=undo)


@bp.post("/try")
@guard.public("one act can be tried before registering; nothing is stored but a cookie")
def try_one() -> Any:
    """Work out one act for a visitor and remember it in their cookie until they register."""
    behaviour = house().catalogue.behaviour(request.form.get("behaviour", "")[:40])
    given = forms.typed(request.form, behaviour)
    wrong: dict[str, str] = {}
    if behaviour.ref not in TRY_REFS:
        wrong["behaviour"] = "not_a_choice"
    try:
        quantity = read_quantity(behaviour, forms.read_number(given.quantity), on=local_day(now()))
        inputs = read_inputs(behaviour, dict(given.inputs))
    except Invalid as fault:
        wrong |= fault.fields
    if wrong:
        return _welcome(behaviour, given, views.field_words(behaviour, wrong, local_day(now()))), 400
    kept = guest_store().setdefault("acts", [])
    kept.append(service.tried(behaviour, quantity, inputs, now()))
    del kept[: -service.MOST_TRIED]
    session.modified = True
    return redirect(url_for(".index", _anchor="tried"), 303)


@bp.get("/progress")
@guard.member
def progress() -> str:
    with house().store.read() as tx:
        page = queries.progress(tx, house().catalogue, signed_in().member_id, now())
    return render_template("home/progress.html", page=page)


@bp.get("/statement")
@guard.member
def statement() -> str:
    book = "carbon" if request.args.get("book") == "carbon" else "points"
    with house().store.read() as tx:
        found = queries.statement(tx, signed_in().member_id, book, after_arg(), PAGE, now())
    shown: Page[Any] = page_of(found.lines, PAGE, lambda line: line.seq)
    names = {i: views.name_of(house().catalogue.behaviour(code)) for i, code in found.behaviours.items()}
    return render_template(
        "home/statement.html", book=book, page=shown, found=found, names=names, today=local_day(now())
    )


@bp.get("/how")
@guard.public("the methods are public")
def how_list() -> str:
    today = local_day(now())
    made = [views.choice(b, today) for b in house().catalogue.behaviours]
    groups = [(t(zh, en), [c for c in made if c.behaviour.domain == code]) for code, zh, en in DOMAINS]
    return render_template(
        "home/how_list.html",
        groups=[g for g in groups if g[1]],
        coefficients=COEFFICIENT,
        limits=limits(),
        not_found=house().catalogue.not_found,
        car=house().catalogue.factors["petrol_car"].on(today),
        marks=views.MARKS,
    )


@bp.get("/how/<code>")
@guard.public("the methods are public")
def how(code: str) -> str:
    behaviour = house().catalogue.behaviour(code)
    return render_template("home/how.html", page=explain.explain(behaviour, house().catalogue, local_day(now())))


def _tried_behaviour() -> Behaviour:
    """The behaviour the visitor picked, else the first of the few."""
    catalogue = house().catalogue
    picked = catalogue.by_code.get(request.args.get("try", ""))
    if picked is None or picked.ref not in TRY_REFS:
        picked = catalogue.by_ref[TRY_REFS[0]]
    return cast(Behaviour, picked)


def _welcome(behaviour: Behaviour, given: forms.Typed | None, errors: dict[str, str]) -> str:
    catalogue, today = house().catalogue, local_day(now())
    acts = (session.get("guest") or {}).get("acts", [])
    with house().store.read() as tx:
        campaign = campaigns.home_card(tx, None, {}, now())
        announcements = inbox.announcements(tx, now(), 2)
    return render_template(
        "home/welcome.html",
        choices=[catalogue.by_ref[ref] for ref in TRY_REFS],
        behaviour=behaviour,
        given=given or forms.blank(behaviour, now()),
        errors=errors,
        tried=[service.working(catalogue, act, today) for act in acts if act.get("behaviour") in catalogue.by_code],
        totals=queries.public_totals(house().store, now()),
        campaign=campaign,
        announcements=announcements,
    )
