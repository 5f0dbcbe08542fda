"""Pages of trips: record one with the phone, upload a file, my trips, one trip with its verdict and its line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from points_engine.errors import EngineError, Invalid, refuse
from points_engine.methodology import parse_number
from points_engine.trips import Fix, read_points
from webapp.activities import queries as activities
from webapp.activities import views as acts
from webapp.members import queries as members
from webapp.members.service import give_consent
from webapp.settings import ROOT
from webapp.trips import queries, views
from webapp.trips.files import MOST_SENT, read_recordings
from webapp.trips.service import Source, Submitted, submit_trip
from webapp.web import guard, house, now, page_of, safe_next, say, signed_in, t
from webapp.web.errors import STATUS
from webapp.web.messages import message
from webapp.web.paging import moment_arg, moment_key
from webapp.web.urls import uuid_of

bp = Blueprint("trips", __name__)
bp.add_app_template_global(views.mode_of, "trip_mode")
PAGE = 30


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form for files; shown again when something is wrong."""

    id: str
    mode: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@bp.get("/trips/record")
@guard.member
def record() -> str:
    asked = request.args.get("mode", "")
    catalogue = house().catalogue
    return render_template(
        "trips/record.html",
        agreed=_agreed(),
        modes=views.modes(catalogue),
        mode=asked if asked in views.MODES else "walk",
        names=views.names(),
        declared=views.declared(catalogue),
    )


@bp.get("/trips/worker.js")
@guard.member
def worker() -> Response:
    """The script that opens the recording page without a connection; its place in the address decides what it serves."""
    return Response((ROOT / "static/js/trip-worker.js").read_bytes(), mimetype="text/javascript")


@bp.post("/trips/consent")
@guard.member
def agree() -> Any:
    """The separate consent to location, given where it is needed."""
    member_id = signed_in().member_id
    house().store.retrying(lambda tx: give_consent(tx, member_id, "location", now()))
    say(t("已记下：同意使用位置", "Noted: you agree to the use of your location"))
    return redirect(safe_next(url_for(".record")), 303)


@bp.post("/trips")
@guard.member
def create() -> Response:
    """A recorded trip as the page's script sends it: JSON in, JSON out, refusals in the API's shape."""
    try:
        sent = request.get_json(silent=True)
        if not isinstance(sent, dict):
            raise refuse("invalid", "bad_request")
        segments, inputs = sent.get("segments"), sent.get("inputs")
        if not isinstance(segments, list) or not isinstance(inputs or {}, dict):
            raise refuse("invalid", "bad_request")
        known, mode = str(sent.get("id", "")), str(sent.get("mode", ""))
        done = _submit(known, mode, [read_points(each) for each in segments], "recorded", inputs or {})
    except EngineError as refusal:
        return _refused(refusal)
    answer = jsonify({"url": url_for(".show", trip_id=done.record["id"]), "verdict": done.verdict})
    answer.status_code = 201 if done.fresh else 200
    return answer


@bp.get("/trips/upload")
@guard.member
def upload_form() -> str:
    return _upload_form(Typed(str(uuid.uuid4()), request.args.get("mode", "")), {})


@bp.post("/trips/upload")
@guard.member
def upload() -> Any:
    given = Typed(
        request.form.get("id", "")[:40],
        request.form.get("mode", "")[:20],
        {name.removeprefix("input-"): text[:20] for name, text in request.form.items() if name.startswith("input-")},
    )
    try:
        done = _submit(given.id, given.mode, _files(given.mode), "file", given.inputs)
    except Invalid as fault:
        return _upload_form(given, _fields(fault.fields)), 400
    except EngineError as refusal:
        return _upload_form(given, {"files": message(refusal.code, refusal.facts)}), STATUS[refusal.kind]
    if not done.fresh:
        say(t("这趟行程刚才已经保存，没有重复记", "This trip was already saved; nothing was recorded twice"))
    return redirect(url_for(".show", trip_id=done.record["id"]), 303)


def _refused(refusal: EngineError) -> Response:
    """The API's shape, with the sentence for what is wrong with the track in place of the general one."""
    words = message(refusal.code, refusal.facts)
    if isinstance(refusal, Invalid):
        words = t("；", "; ").join(_fields(refusal.fields).values())
    answer = jsonify({"error": {"code": refusal.code, "message": words, "facts": refusal.facts}})
    answer.status_code = STATUS[refusal.kind]
    return answer


@bp.errorhandler(RequestEntityTooLarge)
def too_large(_: RequestEntityTooLarge) -> Any:
    """More than any request may carry; nothing of it was read, so the form starts afresh."""
    if request.is_json:
        return _refused(refuse("limit", "too_large")), 413
    return _upload_form(Typed(str(uuid.uuid4()), ""), {"files": views.too_large()}), 413


def _submit(known: str, mode: str, segments: list[list[Fix]], source: Source, inputs: Mapping[str, Any]) -> Submitted:
    """The one way in for both pages; only what this way of travel asks for is taken from the form."""
    asked = views.asked(house().catalogue, mode)
    wrong: dict[str, str] = {}
    read: dict[str, Any] = {}
    for name in asked & inputs.keys():
        try:
            read[name] = parse_number(str(inputs[name])[:10])
        except Invalid:
            wrong[f"inputs.{name}"] = "not_a_number"
    if wrong:
        raise Invalid(wrong)
    mine = signed_in().member_id
    return submit_trip(house(), mine, id=known, mode=mode, segments=segments, now=now(), source=source, inputs=read)


@bp.get("/trips")
@guard.member
def index() -> str:
    mine = signed_in().member_id
    with house().store.read() as tx:
        rows = queries.mine(tx, mine, moment_arg(), PAGE + 1)
        found = activities.by_keys(tx, [(mine, row["id"]) for row in rows])
    page = page_of(rows, PAGE, lambda row: moment_key(row["starts_at"], row["id"]))
    trips = [views.trip_view(row, found[mine, row["id"]], house().catalogue, now()) for row in page.items]
    return render_template("trips/index.html", page=page, trips=trips, names=views.names())


@bp.get("/trips/<trip_id>")
@guard.member
def show(trip_id: str) -> str:
    mine, known = signed_in().member_id, uuid_of(trip_id)
    with house().store.read() as tx:
        trip = queries.one(tx, mine, known)
        act = activities.one(tx, mine, known)
        line = queries.blurred_line(house(), tx, mine, known)
    view = views.trip_view(trip, act, house().catalogue, now())
    passport = acts.passport_of(act, house().catalogue)
    return render_template("trips/show.html", trip=view, act=view.act, line=line, passport=passport)


def _agreed() -> bool:
    with house().store.read() as tx:
        return members.has_consent(tx, signed_in().member_id, "location")


def _files(mode: str) -> list[list[Fix]]:
    """The tracks of the files of this form, all read before anything is kept; raises Invalid({"files": …})."""
    files = [each for each in request.files.getlist("files") if each.filename]
    wrong = {} if files else {"file": "required"}
    if mode not in views.MODES:
        wrong["mode"] = "required"
    if wrong:
        raise Invalid(wrong)
    return read_recordings([(str(each.filename)[:200], each.stream.read(MOST_SENT + 1)) for each in files])


def _upload_form(given: Typed, errors: Mapping[str, str]) -> str:
    catalogue = house().catalogue
    return render_template(
        "trips/upload.html",
        agreed=_agreed(),
        given=given,
        errors=errors,
        modes=views.modes(catalogue),
        declared=views.declared(catalogue),
        most_bytes=MOST_SENT,
        most_mb=MOST_SENT // 1024 // 1024,
    )


def _fields(wrong: Mapping[str, str]) -> dict[str, str]:
    """Faults under the names of the form's fields; what is wrong with the track is said beside the files."""
    return {_field(name): views.fault_words(code) for name, code in wrong.items()}


def _field(name: str) -> str:
    if name.startswith("inputs."):
        return name.replace("inputs.", "input-", 1)
    return "mode" if name in ("mode", "behaviour") else "files"
