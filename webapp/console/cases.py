"""Cases of the review desk that have a number of their own: samples, risk, appeals; one page and one word each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, url_for

from points_engine.errors import Invalid
from webapp.activities import queries as acts
from webapp.console import evidence, verdict_words
from webapp.console.forms import NOTE_MAX, Reason
from webapp.console.review import said, show_case
from webapp.console.roles import REVIEW
from webapp.console.views import Answer
from webapp.review import queries as reviews
from webapp.review import service as review
from webapp.store import Tx
from webapp.web import guard, house, now, signed_in
from webapp.web.paging import moment_key

bp = Blueprint("console_cases", __name__, url_prefix="/console/review/cases")


@bp.get("/<uuid:case_id>")
@guard.roles(*REVIEW)
def show_one(case_id: Any) -> Answer:
    return _page(str(case_id))


@bp.post("/<uuid:case_id>/say")
@guard.roles(*REVIEW)
def decide(case_id: Any) -> Answer:
    """One word on the case; the hard word needs a reason."""
    with house().store.read() as tx:
        case = reviews.case(tx, str(case_id))
    word = request.form.get("word", "")
    try:
        why = _why(case.kind, word)
    except Invalid as wrong:
        return _page(str(case_id), wrong.fields)

    def use_case(tx: Tx) -> Any:
        me = signed_in().member_id
        return review.decide(tx, house().catalogue, me, case.member_id, case.kind, case.activity_id, word, why, now())

    return said(use_case, word, url_for("console_review.next_case", kind=case.kind))


def _why(kind: str, word: str) -> review.Why:
    if word == review.HARD[kind]:
        why = Reason.parse(request.form, verdict_words.READY[kind])
        return review.Why(why.code, why.zh, why.en)
    note = " ".join(request.form.get("note", "").split())
    if word != review.MILD[kind] or len(note) > NOTE_MAX:
        raise Invalid({"note": "too_long"} if len(note) > NOTE_MAX else {"reason": "not_a_choice"})
    return review.Why("", note, note)


def _page(case_id: str, errors: Mapping[str, str] | None = None) -> Answer:
    with house().store.read() as tx:
        case = reviews.case(tx, case_id)
        record = acts.one(tx, case.member_id, case.activity_id)
        forth = url_for("console_review.next_case", kind=case.kind, after=moment_key(case.due_at, case.id))
        left = reviews.waiting(tx, now())[case.kind].total
        page = evidence.page_of_case(tx, case.kind, record, case, left, forth)
    return show_case(page, f"/console/review/cases/{case_id}", errors)
