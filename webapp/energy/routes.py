"""Pages of a unit's energy: its year, what was told, sizes and target, publishing, letters; and the publications everybody may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request

from points_engine.clock import local_day
from points_engine.energy import CARRIERS
from points_engine.errors import Invalid, refuse
from webapp.energy import evaluating, file_pages, paper_pages, publishing, queries, service, words
from webapp.energy.figures import chart, figures
from webapp.energy.forms import LETTER_MAX, NOTE_MAX, SizeFacts, TargetFacts, Told, plain, read_text, read_year
from webapp.energy.pages import EDIT, Answer, change, is_staff, open_at, show
from webapp.green_units import queries as green_units
from webapp.web import after_arg, guard, house, now, page_of, signed_in, t

bp = Blueprint("energy", __name__, url_prefix="/energy/units/<int:unit_id>")
public_bp = Blueprint("energy_public", __name__, url_prefix="/energy")
BLUEPRINTS = (bp, public_bp)
file_pages.install(bp)
paper_pages.install(bp)


@bp.get("")
@guard.managers(*EDIT)
def index(unit_id: int) -> Answer:
    """The year against the last one, the path and the quota, per head and per m²."""
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        account = queries.account(tx, at.unit, at.year)
        tree = green_units.tree_of(tx, at.top.id)
        letters = queries.letters_of(tx, at.top.id) if at.unit.id == at.top.id else []
    quotas = account.quotas(at.year)
    wanted = request.args.get("show", "")
    told = [
        c for c in CARRIERS if any((c, f"{at.year - n}-{m:02d}") in account.cells for n in (0, 1) for m in range(1, 13))
    ]
    kind = wanted if wanted in told else "total"
    return show(
        "show.html", at, account=account, kind=kind, told=told, letters=letters, parts=tree.children(at.unit.id),
        figures=figures(account.book, account.target, quotas, at.year), quotas=quotas,
        standing=account.standing(at.year), chart=chart(account.book, account.target, quotas, at.year, kind),
    )  # fmt: skip


@bp.get("/readings")
@guard.managers(*EDIT)
def readings(unit_id: int) -> Answer:
    """Every figure of a year, corrected ones beside, and the form for another."""
    return _readings(unit_id)


@bp.post("/readings")
@guard.managers(*EDIT)
def tell(unit_id: int) -> Answer:
    """Type a month's figure; the same month again corrects it."""
    try:
        told = Told.parse(request.form, unit_id, local_day(now()))
    except Invalid as fault:
        return _readings(unit_id, fault.fields, request.form)
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
    return change(
        lambda tx: service.tell_reading(tx, signed_in().member_id, told, now(), staff=is_staff()),
        at.link("readings", year=told.month[:4]),
        t("已保存；更正会保留原数", "Saved; a correction keeps the earlier figure"),
    )


def _readings(unit_id: int, errors: Mapping[str, str] | None = None, form: Any = None) -> Answer:
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        account = queries.account(tx, at.unit, at.year)
        rows = queries.readings(tx, at.unit.id, at.year)
    newest: dict[Any, int] = {}
    for row in rows:
        place = (row.month, row.carrier, row.source, row.meter)
        newest[place] = max(newest.get(place, 0), row.version)
    return show(
        "readings.html", at, 400 if errors else 200, account=account, rows=rows, newest=newest,
        errors=errors or {}, form=form or {},
    )  # fmt: skip


@bp.get("/facts")
@guard.managers(*EDIT)
def facts(unit_id: int) -> Answer:
    """Floor area, headcount, the target path and, for companies, whether use is published."""
    return _facts(unit_id)


@bp.post("/sizes")
@guard.managers(*EDIT)
def size(unit_id: int) -> Answer:
    try:
        given = SizeFacts.parse(request.form, local_day(now()))
    except Invalid as fault:
        return _facts(unit_id, fault.fields, request.form)
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
    return change(
        lambda tx: service.tell_size(tx, signed_in().member_id, unit_id, given, now(), staff=is_staff()),
        at.link("facts"),
        t("已保存，旧数保留", "Saved; what was told before stays"),
    )


@bp.post("/target")
@guard.managers(*EDIT)
def target(unit_id: int) -> Answer:
    try:
        given = TargetFacts.parse(request.form)
    except Invalid as fault:
        return _facts(unit_id, fault.fields, request.form)
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
    return change(
        lambda tx: service.set_target(tx, signed_in().member_id, unit_id, given, now(), staff=is_staff()),
        at.link("facts"),
        t("目标路径已保存", "The target path is saved"),
        lambda fields: _facts(unit_id, fields, request.form),
    )


@bp.post("/choice")
@guard.managers(*EDIT)
def choice(unit_id: int) -> Answer:
    """A company decides whether its use is published."""
    on = request.form.get("on") == "1"
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
    return change(
        lambda tx: service.set_choice(tx, signed_in().member_id, unit_id, on, now()),
        at.link("facts"),
        t("已同意公示", "Its use may be published") if on else t("不再公示", "No longer published"),
    )


def _facts(unit_id: int, errors: Mapping[str, str] | None = None, form: Any = None) -> Answer:
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        account = queries.account(tx, at.unit, at.year)
        sizes = queries.sizes(tx, at.unit.id)
        publishes = queries.publishes(tx, at.top)
    form = form or {}
    at_target = bool(errors) and "base_year" in form
    return show(
        "facts.html", at, 400 if errors else 200, account=account, sizes=sizes, publishes=publishes,
        size_errors={} if at_target else errors or {}, target_errors=errors or {} if at_target else {},
        size_form={} if at_target else form, target_form=form if at_target else {},
    )  # fmt: skip


# --- publishing ---------------------------------------------------------------------------------------


@bp.get("/publish")
@guard.managers(*EDIT)
def publish(unit_id: int) -> Answer:
    """What would be published, and the versions there are."""
    return _publish(unit_id)


@bp.post("/publish")
@guard.managers(*EDIT)
def publish_now(unit_id: int) -> Answer:
    source, note = plain(request.form.get("source")), plain(request.form.get("note"))
    wrong: dict[str, str] = {}
    if not source or len(source) > 200:
        wrong["source"] = "too_long" if source else "required"
    if len(note) > NOTE_MAX:
        wrong["note"] = "too_long"
    year = read_year(request.form.get("year"), local_day(now()), wrong)
    if wrong:
        return _publish(unit_id, wrong, request.form)
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
    return change(
        lambda tx: publishing.publish(tx, signed_in().member_id, unit_id, year, source, note, now(), staff=is_staff()),
        at.link("publish", year=year),
        t("已公示；以后的更正是新版本", "Published; a later correction is another version"),
        lambda fields: _publish(unit_id, fields, request.form),
    )


def _publish(unit_id: int, errors: Mapping[str, str] | None = None, form: Any = None) -> Answer:
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        if at.unit.id != at.top.id:
            raise refuse("not_found", "unknown_unit")
        account = queries.account(tx, at.unit, at.year)
        versions = queries.publications(tx, at.unit.id)
        allowed = queries.publishes(tx, at.unit)
    told = figures(account.book, account.target, account.quotas(at.year), at.year)
    return show(
        "publish.html", at, 400 if errors else 200, figures=told, versions=versions, allowed=allowed,
        errors=errors or {}, form=form or {},
    )  # fmt: skip


@public_bp.get("")
@guard.public("what public bodies use is for everybody to read")
def published() -> Answer:
    """The units that published a year."""
    with house().store.read() as tx:
        years = queries.published_years(tx)
        today = local_day(now())
        asked = read_year(request.args.get("year"), today) if request.args.get("year") else 0
        year = asked if asked in years else (years[0] if years else today.year - 1)
        page = page_of(queries.published_in(tx, year, after_arg()), queries.PAGE, lambda pair: pair[0].unit_id)
    return render_template("energy/published.html", years=years, year=year, page=page, w=words)


@public_bp.get("/published/<int:unit_id>/<int:year>")
@guard.public("what public bodies use is for everybody to read")
def publication(unit_id: int, year: int) -> Answer:
    """One unit's year as published, by version, with what changed and why."""
    with house().store.read() as tx:
        unit = green_units.unit_by_id(tx, unit_id)
        versions = queries.publications(tx, unit_id, year)
        allowed = queries.publishes(tx, unit)
    if not versions or not allowed or unit.status != "active":
        raise refuse("not_found", "unknown_publication")
    wanted = request.args.get("version", "")
    row = next((v for v in versions if str(v.version) == wanted), versions[0])
    return render_template("energy/publication.html", unit=unit, row=row, versions=versions, f=row.figures, w=words)


# --- letters ------------------------------------------------------------------------------------------


@bp.get("/letters/<int:letter_id>")
@guard.managers(*EDIT)
def letter(unit_id: int, letter_id: int) -> Answer:
    """A commendation or notice as the unit received it, and its answer."""
    return _letter(unit_id, letter_id)


@bp.post("/letters/<int:letter_id>")
@guard.managers(*EDIT)
def answer(unit_id: int, letter_id: int) -> Answer:
    """Say how the unit will rectify."""
    try:
        text = read_text(request.form, "answer", LETTER_MAX)
    except Invalid as fault:
        return _letter(unit_id, letter_id, fault.fields)
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
    return change(
        lambda tx: evaluating.answer(tx, signed_in().member_id, unit_id, letter_id, text, now()),
        at.link("letter", letter_id=letter_id),
        t("整改说明已提交", "The answer is sent"),
    )


def _letter(unit_id: int, letter_id: int, errors: Mapping[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        at = open_at(tx, unit_id)
        row = queries.letter(tx, letter_id, at.unit.id)
    form = request.form if errors else {}
    return show("letter.html", at, 400 if errors else 200, letter=row, errors=errors or {}, form=form)
