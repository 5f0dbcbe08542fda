"""The review queue: pending acts one after another, the photo, what a yes would earn, yes or no with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for

from points_engine.activity import Decision
from points_engine.errors import EngineError, Invalid
from points_engine.methodology import Behaviour
from webapp.activities import queries as acts
from webapp.activities import service as activities
from webapp.console import service, words
from webapp.console.forms import Reason
from webapp.console.roles import REVIEW
from webapp.console.views import PAGE, Answer, found, sentence, show
from webapp.members import queries as members
from webapp.rewards.forms import read_uuid
from webapp.store import Tx
from webapp.web import guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_review", __name__, url_prefix="/console/review")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Cursor = tuple[datetime, int, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending act as the list shows it: a nickname, never a phone."""

    record: Mapping[str, Any]
    behaviour: Behaviour
    public_id: str
    nickname: str
    own: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One pending act with everything a reviewer needs."""

    waiting: Waiting
    worth: Decision
    photos: list[Any]
    verdicts: Mapping[str, int]
    left: int
    after: str


@bp.get("")
@guard.roles(*REVIEW)
def index() -> Answer:
    with house().store.read() as tx:
        rows = acts.pending(tx, _read(request.args.get("after")), PAGE + 1)
        page = page_of(_waiting(tx, rows), PAGE, lambda each: _written(each.record))
        total = acts.count_pending(tx)
    return show("review.html", page=page, total=total)


@bp.get("/next")
@guard.roles(*REVIEW)
def next_case() -> Answer:
    """The longest waiting act that is not one's own, after the one that was skipped."""
    me = signed_in().member_id
    with house().store.read() as tx:
        rows = acts.pending(tx, _read(request.args.get("after")), PAGE)
        row = next((r for r in rows if r["member_id"] != me), None)
        if row is None:
            return redirect(url_for(".index"), 303)
        who = members.names(tx, [row["member_id"]])[row["member_id"]].public_id
    return redirect(url_for(".case", public_id=who, activity_id=row["id"]), 303)


@bp.get("/<public_id>/<uuid:activity_id>")
@guard.roles(*REVIEW)
def case(public_id: str, activity_id: Any) -> Answer:
    return _case(public_id, str(activity_id))


@bp.post("/<public_id>/<uuid:activity_id>/accept")
@guard.roles(*REVIEW)
def accept(public_id: str, activity_id: Any) -> Answer:
    return _decide(public_id, str(activity_id), None)


@bp.post("/<public_id>/<uuid:activity_id>/reject")
@guard.roles(*REVIEW)
def reject(public_id: str, activity_id: Any) -> Answer:
    try:
        why = Reason.parse(request.form, words.REJECTIONS)
    except Invalid as wrong:
        return _case(public_id, str(activity_id), wrong.fields)
    return _decide(public_id, str(activity_id), why)


@bp.get("/<public_id>/<uuid:activity_id>/photo/<uuid:upload_id>")
@guard.roles(*REVIEW)
def photo(public_id: str, activity_id: Any, upload_id: Any) -> Response:
    """The photo itself. Looking at it leaves a row in the journal, so this GET writes."""

    def look(tx: Tx) -> Any:
        who = members.staff_card(tx, public_id).id
        return service.look_at_photo(tx, signed_in().member_id, who, str(activity_id), str(upload_id), now())

    upload = house().store.retrying(look)
    small = request.args.get("size") == "small" and upload.thumbnail
    data = found(house().blobs.get(upload.thumbnail if small else upload.blob), "unknown_upload")
    return Response(
        data,
        mimetype="image/jpeg",
        headers={"Cache-Control": "no-store", "Content-Disposition": "inline"},
    )


def _decide(public_id: str, activity_id: str, why: Reason | None) -> Answer:
    me, at = signed_in().member_id, now()

    def use_case(tx: Tx) -> Any:
        who = members.staff_card(tx, public_id).id
        if why is None:
            return service.accept_act(tx, house().catalogue, me, who, activity_id, at)
        return service.reject_act(tx, house().catalogue, me, who, activity_id, why, at)

    try:
        house().store.retrying(use_case)
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(sentence(error), "bad")  # a colleague was faster
    else:
        say(t("已通过", "Accepted") if why is None else t("已驳回", "Rejected"))
    return redirect(url_for(".next_case"), 303)


def _case(public_id: str, activity_id: str, errors: Mapping[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        member_id = members.staff_card(tx, public_id).id
        record = acts.one(tx, member_id, activity_id)
        if record["status"] != "pending":
            say(t("这条记录已经处理过了", "This record has been decided already"), "bad")
            return redirect(url_for(".next_case"), 303)
        case = Case(
            _waiting(tx, [record])[0],
            activities.judge_pending(tx, house().catalogue, record),
            acts.uploads(tx, member_id, record["evidence"]),
            acts.verdicts(tx, [member_id])[member_id],
            acts.count_pending(tx),
            _written(record),
        )
    return show("case.html", 400 if errors else 200, page=case, errors=errors or {}, values=request.form)


def _waiting(tx: Tx, rows: list[Mapping[str, Any]]) -> list[Waiting]:
    ids = [row["member_id"] for row in rows]
    names, me = members.names(tx, set(ids)), signed_in().member_id
    return [
        Waiting(
            row,
            house().catalogue.behaviour(row["behaviour"]),
            names[row["member_id"]].public_id,
            names[row["member_id"]].nickname,
            row["member_id"] == me,
        )
        for row in rows
    ]


def _written(record: Mapping[str, Any]) -> str:
    micros = (record["recorded_at"] - EPOCH) // timedelta(microseconds=1)
    return f"{micros}_{record['member_id']}_{record['id']}"


def _read(text: str | None) -> Cursor | None:
    if not text:
        return None
    micros, member, last, *_ = [*text.split("_"), "", ""]
    wrong: dict[str, str] = {}
    known = read_uuid(last, "after", wrong)
    if wrong or len(text) > 90 or not all(n.isascii() and n.isdigit() and len(n) < 18 for n in (micros, member)):
        raise Invalid({"after": "invalid"})
    return EPOCH + timedelta(microseconds=int(micros)), int(member), known
