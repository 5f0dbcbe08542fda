"""The review desk: four queues, acts that wait one after another, several at a time, and the evidence behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.activities import queries as acts
from webapp.console import evidence, verdict_words, words
from webapp.console.forms import Reason
from webapp.console.roles import ADMIN, REVIEW
from webapp.console.views import PAGE, Answer, change, found, one_of, sentence, show
from webapp.members import queries as members
from webapp.photos import queries as photos
from webapp.review import queries as reviews
from webapp.review import service as review
from webapp.rewards.forms import read_uuid
from webapp.store import Tx
from webapp.trips import service as trips
from webapp.web import Page, guard, house, now, page_of, say, signed_in, t
from webapp.web.paging import moment_arg, moment_key

bp = Blueprint("console_review", __name__, url_prefix="/console/review")
tracks_bp = Blueprint("console_tracks", __name__, url_prefix="/console/review")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Cursor = tuple[datetime, int, str]
TABS = ("pending", "sample", "risk", "appeal")
MOST_AT_ONCE = 50


@bp.get("")
@guard.roles(*REVIEW)
def index() -> Answer:
    """The queue of one kind; what is due first stands on top."""
    tab = one_of(request.args.get("tab"), TABS, "tab") or "pending"
    with house().store.read() as tx:
        page = _pending_page(tx) if tab == "pending" else _case_page(tx, tab)
        counts = reviews.waiting(tx, now())
        totals = {kind: counts[kind].total for kind in TABS} | {"pending": acts.count_pending(tx)}
    return show("review.html", page=page, tab=tab, totals=totals, counts=counts, verdicts=verdict_words)


def _pending_page(tx: Tx) -> Page[evidence.Line]:
    rows = acts.pending(tx, read_cursor(request.args.get("after")), PAGE + 1)
    known = reviews.about_acts(tx, "pending", [(r["member_id"], r["id"]) for r in rows])
    lines = evidence.lines_of(tx, "pending", [(r, known.get((r["member_id"], r["id"]))) for r in rows])
    return page_of(lines, PAGE, lambda each: written(each.record))


def _case_page(tx: Tx, kind: str) -> Page[evidence.Line]:
    cases = reviews.queue(tx, kind, moment_arg(), PAGE + 1)
    records = acts.by_keys(tx, [(case.member_id, case.activity_id) for case in cases])
    pairs = [(records[key], case) for case in cases if (key := (case.member_id, case.activity_id)) in records]
    return page_of(evidence.lines_of(tx, kind, pairs), PAGE, lambda each: moment_key(each.case.due_at, each.case.id))


@bp.get("/next")
@guard.roles(*REVIEW)
def next_case() -> Answer:
    """The first of the queue that is mine to decide, after the one that was skipped."""
    kind = one_of(request.args.get("kind"), TABS, "kind") or "pending"
    with house().store.read() as tx:
        place = _next_pending(tx) if kind == "pending" else _next_case(tx, kind)
    back = url_for(".index") if kind == "pending" else url_for(".index", tab=kind)
    return redirect(place or back, 303)


def _next_pending(tx: Tx) -> str | None:
    me = signed_in().member_id
    rows = acts.pending(tx, read_cursor(request.args.get("after")), PAGE)
    known = reviews.about_acts(tx, "pending", [(r["member_id"], r["id"]) for r in rows])
    spoken = {key for key, case in known.items() if me in (case.first_by, case.second_by)}
    row = next((r for r in rows if r["member_id"] != me and (r["member_id"], r["id"]) not in spoken), None)
    if row is None:
        return None
    who = members.names(tx, [row["member_id"]])[row["member_id"]].public_id
    return url_for(".case", public_id=who, activity_id=row["id"])


def _next_case(tx: Tx, kind: str) -> str | None:
    me = signed_in().member_id
    for case in reviews.queue(tx, kind, moment_arg(), PAGE):
        if me not in (case.member_id, case.first_by, case.second_by, case.against):
            return url_for("console_cases.show_one", case_id=case.id)
    return None


@bp.get("/<public_id>/<uuid:activity_id>")
@guard.roles(*REVIEW)
def case(public_id: str, activity_id: Any) -> Answer:
    return _case(public_id, str(activity_id))


@bp.post("/<public_id>/<uuid:activity_id>/accept")
@guard.roles(*REVIEW)
def accept(public_id: str, activity_id: Any) -> Answer:
    return _decide(public_id, str(activity_id), "accept", review.Why())


@bp.post("/<public_id>/<uuid:activity_id>/reject")
@guard.roles(*REVIEW)
def reject(public_id: str, activity_id: Any) -> Answer:
    try:
        why = Reason.parse(request.form, words.REJECTIONS)
    except Invalid as wrong:
        return _case(public_id, str(activity_id), wrong.fields)
    return _decide(public_id, str(activity_id), "reject", review.Why(why.code, why.zh, why.en))


@bp.post("/batch")
@guard.roles(*REVIEW)
def batch() -> Answer:
    """Say yes to several at once: each on its own, with its own row in the journal; what is not easy is left."""
    kind = one_of(request.form.get("kind"), ("pending", "sample"), "kind") or "pending"
    chosen = list(dict.fromkeys(request.form.getlist("pick")))[:MOST_AT_ONCE]
    done = sum(_accept_easy(kind, picked) for picked in chosen)
    if chosen:
        left = len(chosen) - done
        say(
            t(f"通过 {done} 条", f"{done} accepted")
            + (t(f"，{left} 条请逐条查看", f", {left} to be seen one by one") if left else "")
        )
    else:
        say(t("请先勾选", "Please tick some first"), "bad")
    return redirect(url_for(".index") if kind == "pending" else url_for(".index", tab=kind), 303)


def _accept_easy(kind: str, picked: str) -> bool:
    public_id, _, act = picked.partition("/")
    wrong: dict[str, str] = {}
    act = read_uuid(act, "pick", wrong)
    if wrong:
        return False

    def use_case(tx: Tx) -> bool:
        member_id = members.id_of(tx, public_id)
        record = acts.one(tx, member_id, act)
        known = reviews.about_acts(tx, kind, [(member_id, act)]).get((member_id, act))
        if kind == "sample" and known is None:
            return False
        if not evidence.lines_of(tx, kind, [(record, known)])[0].easy:
            return False
        mine = signed_in().member_id
        word = review.MILD[kind]
        review.decide(tx, house().catalogue, mine, member_id, kind, act, word, review.Why(), now())
        return True

    try:
        return bool(house().store.retrying(use_case))
    except EngineError:
        return False


@bp.get("/<public_id>/<uuid:activity_id>/photo/<uuid:upload_id>")
@guard.roles(*REVIEW)
def photo(public_id: str, activity_id: Any, upload_id: Any) -> Response:
    """The photo itself, or the earlier one it resembles. Looking leaves a row in the journal, so this GET writes."""
    act, wanted, twin = str(activity_id), str(upload_id), "twin" in request.args

    def look(tx: Tx) -> Any:
        who = members.staff_card(tx, public_id).id
        photo = photos.one(tx, who, wanted)
        if photo is not None and twin:
            photo = photos.whosever(tx, [photo.near_to] if photo.near_to else []).get(photo.near_to)
        if photo is None or wanted not in acts.one(tx, who, act)["evidence"]:
            return None
        review.look_at(tx, signed_in().member_id, who, act, "photo", photo.id, now())
        return photo

    upload = found(house().store.retrying(look), "unknown_upload")
    small = request.args.get("size") == "small" and upload.thumbnail
    data = found(house().blobs.get(upload.thumbnail if small else upload.blob), "unknown_upload")
    headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
    return Response(data, mimetype="image/jpeg", headers=headers)


@tracks_bp.get("/<public_id>/<uuid:activity_id>/track")
@guard.roles(*REVIEW)
def track(public_id: str, activity_id: Any) -> Response:
    """The way as a line without its ends. Looking leaves a row in the journal, so this GET writes."""

    def look(tx: Tx) -> Any:
        who, me = members.staff_card(tx, public_id).id, signed_in().member_id
        review.look_at(tx, me, who, str(activity_id), "track", str(activity_id), now())
        return trips.look_at_track(house(), tx, me, who, str(activity_id), now())

    line = house().store.retrying(look)
    picture = render_template("console/track.svg", line=line)
    return Response(picture, mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})


@bp.post("/<public_id>/<uuid:activity_id>/sample")
@guard.roles(*REVIEW)
def sample(public_id: str, activity_id: Any) -> Answer:
    """Ask for a look at a credited act, because of a signal."""

    def use_case(tx: Tx) -> Any:
        who = members.staff_card(tx, public_id).id
        return review.ask_to_sample(tx, signed_in().member_id, who, str(activity_id), now())

    return change(use_case, url_for(".index", tab="sample"), t("已加入抽查", "Added to the samples"))


@bp.post("/<public_id>/photos")
@guard.roles(*ADMIN)
def reopen(public_id: str) -> Answer:
    """Let a member's photos earn at once again."""

    def use_case(tx: Tx) -> Any:
        who = members.staff_card(tx, public_id).id
        return review.reopen_photos(tx, signed_in().member_id, who, now())

    return change(use_case, url_for(".index", tab="risk"), t("已恢复照片即时计入", "Photos count at once again"))


def _decide(public_id: str, activity_id: str, word: str, why: review.Why) -> Answer:
    def use_case(tx: Tx) -> Any:
        who, me = members.staff_card(tx, public_id).id, signed_in().member_id
        return review.decide(tx, house().catalogue, me, who, "pending", activity_id, word, why, now())

    return said(use_case, word, url_for(".next_case"))


def said(use_case: Any, word: str, forth: str) -> Answer:
    """Carry a word out, say what came of it, and go on to the next case."""
    try:
        state = house().store.retrying(use_case).state
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(sentence(error), "bad")  # a colleague was faster
    else:
        say(t(*verdict_words.DONE[word if state == "decided" else state]))
    return redirect(forth, 303)


def _case(public_id: str, activity_id: str, errors: Mapping[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        member_id = members.staff_card(tx, public_id).id
        record = acts.one(tx, member_id, activity_id)
        if record["status"] != "pending":
            say(t("这条记录已经处理过了", "This record has been decided already"), "bad")
            return redirect(url_for(".next_case"), 303)
        known = reviews.about_acts(tx, "pending", [(member_id, activity_id)]).get((member_id, activity_id))
        forth = url_for(".next_case", after=written(record))
        page = evidence.page_of_case(tx, "pending", record, known, acts.count_pending(tx), forth)
    return show_case(page, f"/console/review/{public_id}/{activity_id}", errors)


def show_case(page: evidence.CasePage, at: str, errors: Mapping[str, str] | None) -> Answer:
    """The page of any case."""
    return show(
        "case.html", 400 if errors else 200, page=page, at=at, errors=errors or {}, values=request.form,
        verdicts=verdict_words,
    )  # fmt: skip


def written(record: Mapping[str, Any]) -> str:
    """The cursor behind an act that waits."""
    micros = (record["recorded_at"] - EPOCH) // timedelta(microseconds=1)
    return f"{micros}_{record['member_id']}_{record['id']}"


def read_cursor(text: str | None) -> Cursor | None:
    """The cursor that `written` made; Invalid for anything else."""
    if not text:
        return None
    micros, member, last, *_ = [*text.split("_"), "", ""]
    wrong: dict[str, str] = {}
    known = read_uuid(last, "after", wrong)
    if wrong or len(text) > 90 or not all(n.isascii() and n.isdigit() and len(n) < 18 for n in (micros, member)):
        raise Invalid({"after": "invalid"})
    return EPOCH + timedelta(microseconds=int(micros)), int(member), known
