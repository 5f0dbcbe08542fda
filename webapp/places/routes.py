"""Pages of places: scan one, type a code, and, for those who manage places, make them and print their plates."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid, refuse
from points_engine.methodology import Behaviour
from points_engine.scanning import rules, same_key
from webapp.activities import views as act_views
from webapp.green_units import queries as green_units
from webapp.members.queries import has_consent
from webapp.papers.screens import qr_svg, screen_answer
from webapp.places import forms, plates, queries, service
from webapp.places.queries import Place
from webapp.web import after_arg, current, guard, house, now, page_of, say, signed_in, t
from webapp.web.messages import message
from webapp.web.urls import outward

bp = Blueprint("places", __name__)
MANAGERS = frozenset({"editor", "administrator"})


@dataclass(frozen=True, slots=True)
class Doing:
    """One thing that can be scanned at a place: the behaviour, and the amount of one scan or None."""

    behaviour: Behaviour
    name: str
    amount: str | None


# --- members scan ------------------------------------------------------------------------------------


@bp.get("/scan")
@guard.member
def typed() -> Any:
    """Type the code under a plate, or let the camera read it."""
    given = request.args.get("code")
    if given is None:
        return render_template("places/scan.html", errors={}, given="")
    try:
        return redirect(url_for(".show", code=forms.read_place_code(given)), 303)
    except Invalid as wrong:
        return render_template("places/scan.html", errors=wrong.fields, given=given[:20]), 400


@bp.get("/p/<code>")
@guard.member
def show(code: str) -> Any:
    with house().store.read() as tx:
        spot = queries.by_code(tx, _code(code))
    return _page(spot, request.args.get("k", "")[:16], {}, {"id": str(uuid.uuid4())})


@bp.post("/p/<code>")
@guard.member
def scan(code: str) -> Any:
    """Log what was scanned; a refusal keeps what was told and says what to do instead."""
    member_id, at, key = signed_in().member_id, now(), house().settings.track_key
    try:
        given = forms.Scan.parse(request.form)
        logged = house().store.retrying(
            lambda tx: service.scan_place(tx, house().catalogue, key, member_id, _code(code), given, at)
        )
    except Invalid as wrong:
        return _again(code, wrong.fields, None), 400
    except EngineError as error:
        if error.kind != "conflict":
            raise
        return _again(code, {}, message(error.code, error.facts)), 409
    return redirect(url_for("activities.show", activity_id=logged.record["id"]), 303)


def _again(code: str, errors: Any, refusal: str | None) -> str:
    with house().store.read() as tx:
        spot = queries.by_code(tx, _code(code))
    return _page(spot, request.form.get("key", "")[:16], errors, request.form, refusal)


def _page(spot: Place, key: str, errors: Any, given: Any, refusal: str | None = None) -> str:
    with house().store.read() as tx:
        consented = spot.here is None or has_consent(tx, signed_in().member_id, "location")
    return render_template(
        "places/show.html",
        place=spot,
        kind=t(*forms.KINDS[spot.kind][:2]),
        doings=_doings(spot),
        key=key,
        opened=spot.status == "open" and spot.hours.open_at(now()),
        errors=errors,
        given=given,
        refusal=refusal,
        consented=consented,
        ids=[str(uuid.uuid4()) for _ in spot.behaviours],
        most=rules()["plate_scans_per_day"],
    )


def _doings(spot: Place) -> list[Doing]:
    found = []
    for code, amount in spot.behaviours.items():
        behaviour = house().catalogue.behaviour(code)
        told = act_views.amount_of(behaviour, Decimal(amount)) if amount else None
        found.append(Doing(behaviour, act_views.name_of(behaviour), told))
    return found


# --- the screen at a place ---------------------------------------------------------------------------


@bp.get("/p/<code>/screen/<key>")
@guard.public("a screen in a canteen has nobody signed in; its address is a secret of the place")
def screen(code: str, key: str) -> Any:
    spot = _screened(code, key)
    digits = service.code_on_screen(house().settings.track_key, spot, now())
    link = outward(url_for(".show", code=spot.code, k=digits))
    picture = qr_svg(link, t("动态二维码", "Changing QR code"))
    return screen_answer(render_template("places/screen.html", place=spot, qr=picture))


def _screened(code: str, key: str) -> Place:
    with house().store.read() as tx:
        spot = queries.by_code(tx, _code(code))
    if not same_key(spot.screen_key, key) or spot.status != "open":
        raise refuse("not_found", "unknown_place")
    return spot


# --- managing ----------------------------------------------------------------------------------------


@bp.get("/places")
@guard.managers(*MANAGERS)
def index() -> str:
    units = _units()
    with house().store.read() as tx:
        found = queries.managed(tx, units, after_arg(), queries.PAGE + 1)
        page = page_of(found, queries.PAGE, lambda each: each.id)
        scans = queries.scans_of(tx, page.items, local_day(now()) - timedelta(days=29))
    return render_template("places/index.html", page=page, scans=scans, few=queries.FEW, kinds=forms.KINDS)


@bp.route("/places/new", methods=("GET", "POST"))
@guard.managers(*MANAGERS)
def new() -> Any:
    units = _units()
    if request.method == "GET":
        kind = request.args.get("kind", "canteen")
        return _form(None, _blank(kind if kind in forms.KINDS else "canteen"), {})
    try:
        facts = forms.PlaceFacts.parse(request.form, house().catalogue)
        made = house().store.retrying(lambda tx: service.create_place(tx, signed_in().member_id, units, facts, now()))
    except Invalid as wrong:
        return _form(None, request.form, wrong.fields), 400
    say(t("地点已建好，可以打印码牌", "The place is there; print its plate"))
    return redirect(url_for(".manage", place_id=made), 303)


@bp.route("/places/<int:place_id>", methods=("GET", "POST"))
@guard.managers(*MANAGERS)
def manage(place_id: int) -> Any:
    units = _units()
    if request.method == "GET":
        return _form(_managed(place_id, units), None, {})
    try:
        facts = forms.PlaceFacts.parse(request.form, house().catalogue)
        house().store.retrying(
            lambda tx: service.change_place(tx, signed_in().member_id, units, place_id, facts, now())
        )
    except Invalid as wrong:
        return _form(_managed(place_id, units), request.form, wrong.fields), 400
    say(t("已保存", "Saved"))
    return redirect(url_for(".manage", place_id=place_id), 303)


@bp.post("/places/<int:place_id>/open")
@guard.managers(*MANAGERS)
def set_open(place_id: int) -> Any:
    units, opened = _units(), request.form.get("open") == "1"
    house().store.retrying(lambda tx: service.set_open(tx, signed_in().member_id, units, place_id, opened, now()))
    say(t("已启用", "Open now") if opened else t("已停用，码牌不再计入", "Closed; its plates credit nothing"))
    return redirect(url_for(".manage", place_id=place_id), 303)


@bp.post("/places/<int:place_id>/renew")
@guard.managers(*MANAGERS)
def renew(place_id: int) -> Any:
    units = _units()
    house().store.retrying(lambda tx: service.renew_codes(tx, signed_in().member_id, units, place_id, now()))
    say(t("码已更换，请重新打印，旧码牌已失效", "The code is new; print again, old plates no longer work"))
    return redirect(url_for(".manage", place_id=place_id), 303)


@bp.get("/places/<int:place_id>/plate")
@guard.managers(*MANAGERS)
def plate_page(place_id: int) -> str:
    """A sheet that the browser prints itself, wherever no picture can be drawn."""
    spot = _managed(place_id, _units())
    plate = _plate(spot)
    return render_template("places/plate.html", place=spot, plate=plate, qr=qr_svg(plate.link, plate.name))


@bp.get("/places/<int:place_id>/plate-<size>.<form>")
@guard.managers(*MANAGERS)
def plate_file(place_id: int, size: str, form: str) -> Response:
    if size not in plates.SIZES or form not in ("png", "pdf"):
        raise refuse("not_found", "not_found")
    spot = _managed(place_id, _units())
    kind = "application/pdf" if form == "pdf" else "image/png"
    headers = {"Content-Disposition": f"attachment; filename=plate-{spot.code}-{size}.{form}"}
    return Response(plates.draw(_plate(spot), size, form), mimetype=kind, headers=headers)


def _plate(spot: Place) -> plates.Plate:
    acts = [f"{d.behaviour.name_zh} {d.amount or ''}".strip() for d in _doings(spot)]
    return plates.Plate(
        outward(url_for(".show", code=spot.code)),
        spot.code,
        "碳普惠 · 扫码记一次低碳行为",
        spot.name_zh,
        spot.name_en,
        acts,
        (
            "用微信或手机相机扫一扫，登录后点一下即可。扫不了时，在“扫码”页输入上面的编号。",
            "Scan with your phone, sign in and tap once. Or type the code above on the Scan page.",
        ),
    )


def _form(known: Place | None, values: MultiDict[str, str] | dict[str, Any] | None, errors: Any) -> str:
    units = _units()
    with house().store.read() as tx:
        own = green_units.administered(tx, signed_in().member_id)
    possible = [house().catalogue.behaviour(code) for code in forms.SCANNED]
    given = _given(values) if values is not None else _as_given(known)
    screen = known and outward(url_for(".screen", code=known.code, key=known.screen_key))
    return render_template(
        "places/manage.html",
        known=known,
        given=given,
        errors=errors,
        kinds=[(code, t(*words[:2])) for code, words in forms.KINDS.items()],
        possible=[(b, act_views.name_of(b)) for b in possible],
        units=[(unit.id, unit.name) for unit in own if not unit.is_family],
        staff=units is None,
        screen=screen,
        radius=rules()["place_radius"],
    )


def _blank(kind: str) -> dict[str, Any]:
    catalogue = house().catalogue
    usual = {code: f"{catalogue.behaviour(code).usual:f}" for code in forms.KINDS[kind][2][:1]}
    return {"kind": kind, "behaviours": usual, "days": "1234567", "daily_cap": "1"}


def _given(form: MultiDict[str, str] | dict[str, Any]) -> dict[str, Any]:
    """What was typed, kept as it was."""
    if not isinstance(form, MultiDict):
        return form
    told = {code: form.get(f"amount-{code}", "") for code in form.getlist("behaviours")}
    return form.to_dict() | {"behaviours": told, "days": "".join(form.getlist("days"))}


def _as_given(known: Place | None) -> dict[str, Any]:
    assert known is not None
    here = known.here or ("", "")
    return {
        "kind": known.kind,
        "name_zh": known.name_zh,
        "name_en": known.name_en,
        "unit_id": known.unit_id or "",
        "behaviours": dict(known.behaviours),
        "opens": _clock(known.opens),
        "closes": _clock(known.closes),
        "days": known.days,
        "daily_cap": known.daily_cap,
        "check_place": "1" if known.here else "",
        "lat": here[0],
        "lon": here[1],
        "radius_m": known.radius_m or "",
    }


def _clock(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"


def _units() -> frozenset[int] | None:
    """What the person manages: the whole park for editors, else their units; nobody else comes in."""
    person = current()
    assert person is not None
    if person.roles & MANAGERS:
        return None
    with house().store.read() as tx:  # a family would stand a plate in its own kitchen
        own = [unit.id for unit in green_units.administered(tx, person.member_id) if not unit.is_family]
    if not own:
        raise refuse("forbidden", "places_managers_only")
    return frozenset(own)


def _managed(place_id: int, units: frozenset[int] | None) -> Place:
    with house().store.read() as tx:
        return queries.managed_one(tx, place_id, units)


def _code(text: str) -> str:
    try:
        return forms.read_place_code(text)
    except Invalid:
        raise refuse("not_found", "unknown_place") from None
