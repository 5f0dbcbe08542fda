"""Closing boards at the desk: the first hundred with risk signals, holding back, freezing, a second person's approval."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for

from points_engine.errors import Invalid, refuse
from webapp.console.roles import EDIT, STAFF
from webapp.console.views import PAGE, Answer, change, sentence, show
from webapp.members import queries as members
from webapp.rankings import queries, service
from webapp.rankings.boards import MEASURES, Board, board_of, boards_of
from webapp.web import guard, house, now, page_of, say, signed_in, t, whole

bp = Blueprint("console_boards", __name__, url_prefix="/console/boards")
HOLD = ("reviewer", *EDIT)


@bp.get("")
@guard.roles(*STAFF)
def index() -> Answer:
    with house().store.read() as tx:
        waiting = queries.waiting(tx)
        rows = queries.closings(tx, request.args.get("after"), PAGE + 1)
    page = page_of(rows, PAGE, lambda row: f"{row.period}|{row.version}")
    return show("boards.html", waiting=waiting, page=page, reviewed=house().settings.reviewed_periods)


@bp.get("/<period>")
@guard.roles(*STAFF)
def one(period: str) -> Answer:
    return _page(period)


@bp.post("/<period>/hold")
@guard.roles(*HOLD)
def hold(period: str) -> Answer:
    form, me, board = request.form, signed_in().member_id, _board()
    subject, subject_id, reason = (
        form.get("subject", ""),
        whole(form.get("subject_id"), "subject_id"),
        form.get("reason", ""),
    )
    if subject_id is None:
        raise refuse("not_found", "not_found")
    try:
        house().store.retrying(lambda tx: service.hold(tx, me, period, subject, subject_id, reason, now()))
    except Invalid as wrong:
        say(sentence(wrong), "bad")
    else:
        say(t("已暂缓上榜", "Held back"))
    return redirect(url_for(".one", period=period, board=board.code), 303)


@bp.post("/<period>/lift")
@guard.roles(*HOLD)
def lift(period: str) -> Answer:
    form, me = request.form, signed_in().member_id
    subject, subject_id = form.get("subject", ""), whole(form.get("subject_id"), "subject_id") or 0
    return change(
        lambda tx: service.lift(tx, me, period, subject, subject_id, now()),
        url_for(".one", period=period, board=_board().code),
        t("已恢复上榜", "Put back on the boards"),
    )


@bp.post("/<period>/freeze")
@guard.roles(*EDIT)
def freeze(period: str) -> Answer:
    me = signed_in().member_id
    said = t("正在冻结，完成后由另一人批准", "Being frozen; then a second person approves")
    return change(lambda tx: service.ask_to_freeze(tx, me, period, now()), url_for(".one", period=period), said)


@bp.post("/<period>/send-back")
@guard.roles(*EDIT)
def send_back(period: str) -> Answer:
    me, back = signed_in().member_id, url_for(".one", period=period)
    return change(lambda tx: service.send_back(tx, me, period, now()), back, t("已退回复核", "Back under review"))


@bp.post("/<period>/approve")
@guard.roles(*EDIT)
def approve(period: str) -> Answer:
    me, back = signed_in().member_id, url_for(".one", period=period)
    return change(lambda tx: service.approve(tx, me, period, now()), back, t("已公布", "Published"))


@bp.post("/<period>/correct")
@guard.roles(*EDIT)
def correct(period: str) -> Answer:
    me, form = signed_in().member_id, request.form
    notes = (form.get("note_zh", ""), form.get("note_en", ""))
    try:
        house().store.retrying(lambda tx: service.correct(tx, me, period, *notes, now()))
    except Invalid as wrong:
        return _page(period, wrong.fields)
    say(t("更正版本已开始复核", "The corrected version is under review"))
    return redirect(url_for(".one", period=period), 303)


@bp.post("/<period>/withdraw")
@guard.roles(*EDIT)
def withdraw(period: str) -> Answer:
    me, back = signed_in().member_id, url_for(".one", period=period)
    return change(
        lambda tx: service.withdraw(tx, me, period, now()), back, t("已撤回更正", "The correction is withdrawn")
    )


@bp.post("/<period>/recount")
@guard.roles(*STAFF)
def recount(period: str) -> Answer:
    """Work a frozen or published version out again from the transfers and say whether it is the same."""
    with house().store.read() as tx:
        row = queries.review_of(tx, period, board_of("members"), now()).row
    version = row.version if row.state in ("frozen", "published") else row.version - 1
    if not version:
        raise refuse("conflict", "already_resolved")  # nothing has been frozen yet
    wrong = service.recounted(house().store, period, version)
    me = signed_in().member_id
    house().store.retrying(lambda tx: service.note_recount(tx, me, period, version, wrong, now()))
    if wrong:
        say(t("与账本不一致：", "Not what the ledger says: ") + ", ".join(wrong), "bad")
    else:
        say(t("与账本重算逐字节一致", "Byte for byte what the ledger says"))
    return redirect(url_for(".one", period=period), 303)


def _board() -> Board:
    return board_of(request.values.get("board") or "members")


def _page(period: str, errors: dict[str, str] | None = None) -> Answer:
    board = _board()
    with house().store.read() as tx:
        found = queries.review_of(tx, period, board, now())
        staff = {*found.row.hands, *(h.held_by for h in found.held), found.row.decided_by, found.row.frozen_by} - {None}
        names = members.nicknames(tx, sorted(staff))
    return show(
        "board.html", 400 if errors else 200, found=found, board=board, period=period, names=names,
        options=[(b.code, t(b.name_zh, b.name_en)) for b in boards_of(period) if not b.size_class], measure=MEASURES[board.measure],
        mine=signed_in().member_id in found.row.hands, values=request.form, errors=errors or {},
    )  # fmt: skip
