"""Honours at the desk: rounds, who meets the criteria, nominations, the notice with its objections, awards and revocations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for

from points_engine.clock import local_day
from points_engine.errors import EngineError, Invalid
from points_engine.honours import Criterion, honours, measures_for
from webapp.console.roles import EDIT, STAFF
from webapp.console.views import PAGE, Answer, sentence, show
from webapp.honours import queries, service
from webapp.honours import words as said
from webapp.honours.forms import NewRound, RoundFacts, read_reason
from webapp.ledger import funds
from webapp.members import queries as members
from webapp.pledges import queries as pledges
from webapp.store import Tx
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t, whole

bp = Blueprint("console_honours", __name__, url_prefix="/console/honours")
JUDGE = ("reviewer", "administrator")
WORK = ("reviewer", *EDIT)
TABS = {
    "nominated": ("nominated",),
    "listed": ("accepted", "awarded", "revoked"),
    "out": ("declined", "removed", "withdrawn"),
}


@bp.get("")
@guard.roles(*STAFF)
def index() -> Answer:
    with house().store.read() as tx:
        rows = queries.staff_rounds(tx, after_arg(), PAGE + 1)
        counts = queries.counts(tx, [row.id for row in rows])
        objections = queries.open_objections(tx)
    page = page_of(rows, PAGE, lambda row: row.id)
    return show("honours.html", page=page, counts=counts, objections=objections, said=said)


# --- writing a round -------------------------------------------------------------------------------------


@bp.route("/new", methods=("GET", "POST"))
@guard.roles(*EDIT)
def new() -> Answer:
    """First which honour and year, then the round as its template has it."""
    code = request.values.get("honour") or "green_enterprise"
    code = code if code in honours() else "green_enterprise"
    if request.method == "GET":
        return _form(None, code, _template(code, honours()[code].criteria))
    wrong: dict[str, str] = {}
    made, facts = _read(NewRound.parse, wrong), _read(lambda form: RoundFacts.parse(form, honours()[code]), wrong)
    if wrong:
        return _form(None, code, request.form, wrong)
    try:
        me = signed_in().member_id
        number = house().store.retrying(lambda tx: service.create_round(tx, me, made, facts, now()))
    except Invalid as error:
        return _form(None, code, request.form, error.fields)
    say(t("已保存草稿", "The draft is saved"))
    return redirect(url_for(".one", round_id=number), 303)


@bp.route("/<int:round_id>/edit", methods=("GET", "POST"))
@guard.roles(*EDIT)
def edit(round_id: int) -> Answer:
    with house().store.read() as tx:
        row = queries.find(tx, round_id)
    if request.method == "GET":
        return _form(row, row.honour, _values(row))
    wrong: dict[str, str] = {}
    facts = _read(lambda form: RoundFacts.parse(form, honours()[row.honour]), wrong)
    if not wrong:
        try:
            me = signed_in().member_id
            house().store.retrying(lambda tx: service.change_round(tx, me, round_id, facts, now()))
        except Invalid as error:
            wrong = error.fields
    if wrong:
        return _form(row, row.honour, request.form, wrong)
    say(t("已保存草稿", "The draft is saved"))
    return redirect(url_for(".one", round_id=round_id), 303)


def _form(row: Any, code: str, values: Any, errors: dict[str, str] | None = None) -> Answer:
    honour = honours()[code]
    with house().store.read() as tx:
        slugs, purses = pledges.choices(tx), [(fund.id, fund.name) for fund in funds.of_owner(tx, "park", None)]
    boards = [(board, t(zh, en)) for board, zh, en in service.board_choices(honour.subject)]
    return show(
        "honour_edit.html", 400 if errors else 200, row=row, honour=honour, values=values, errors=errors or {}, said=said,
        measures=measures_for(honour.subject), slugs=slugs, boards=boards, purses=purses,
        choices=[(each.code, t(each.zh, each.en)) for each in honours().values()],
    )  # fmt: skip


def _read(parse: Callable[[Mapping[str, str]], Any], wrong: dict[str, str]) -> Any:
    try:
        return parse(request.form)
    except Invalid as error:
        wrong.update(error.fields)
        return None


def _template(code: str, criteria: tuple[Criterion, ...]) -> dict[str, Any]:
    """What the form of a new round begins with."""
    start = {"honour": code, "year": str(local_day(now()).year), "notice_days": "5"}
    return start | _ticked(criteria)


def _values(row: Any) -> dict[str, Any]:
    first, last = local_day(row.opens_at), local_day(row.closes_at)
    return _ticked(queries.criteria_of(row)) | {
        "quota": row.quota or "", "first": first.isoformat(), "last": (last - timedelta(days=1)).isoformat(), "notice_days": row.notice_days,
        "objections_to": row.objections_to, "fund_id": row.fund_id or "", "reward_points": row.reward_points or "",
    }  # fmt: skip


def _ticked(criteria: tuple[Criterion, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for each in criteria:
        values |= {f"use_{each.measure}": "1", f"threshold_{each.measure}": str(each.threshold or ""), f"param_{each.measure}": each.param}  # fmt: skip
    return values


# --- a round ---------------------------------------------------------------------------------------------


@bp.get("/<int:round_id>")
@guard.roles(*STAFF)
def one(round_id: int) -> Answer:
    """A round: where it stands and what comes next, who is on which list."""
    tab = request.args.get("tab") or "nominated"
    tab = tab if tab in TABS else "nominated"
    with house().store.read() as tx:
        row = queries.find(tx, round_id)
        lines = queries.candidates(tx, round_id, TABS[tab], after_arg() or 0, PAGE + 1, staff=True)
        counts, names = queries.counts(tx, [round_id])[round_id], queries.who_did(tx, row)
        context: dict[str, Any] = {"titles": dict(pledges.choices(tx)), "found": queries.match_count(tx, round_id)}
    page = page_of(lines, PAGE, lambda line: line.id)
    sums = {name: sum(counts.get(state, 0) for state in those) for name, those in TABS.items()}
    return show(
        "honour.html", row=row, page=page, tab=tab, sums=sums, counts=counts, names=names, said=said, me=signed_in(),
        criteria=queries.criteria_of(row), **context,
    )  # fmt: skip


@bp.get("/<int:round_id>/matches")
@guard.roles(*STAFF)
def matches(round_id: int) -> Answer:
    """Everybody who met every criterion when the round was last looked through."""
    with house().store.read() as tx:
        row = queries.find(tx, round_id)
        lines = queries.matches(tx, row, after_arg() or 0, PAGE + 1)
        total = queries.match_count(tx, round_id)
    page = page_of(lines, PAGE, lambda line: line[0])
    return show(
        "honour_matches.html", row=row, page=page, total=total, said=said, of_members=queries.honour_of(row).of_members
    )


@bp.post("/<int:round_id>/step")
@guard.roles(*EDIT)
def step(round_id: int) -> Answer:
    """One step of the round's life, by its name."""
    me, back = signed_in().member_id, url_for(".one", round_id=round_id)
    steps: dict[str, tuple[Callable[..., Any], str]] = {
        "announce": (service.announce, t("已发布", "Announced")),
        "screen": (service.ask_to_screen, t("正在查找，稍后刷新", "Being looked through; reload in a moment")),
        "propose": (service.propose, t("已提交，由另一人批准公示", "Put forward; a second person publishes it")),
        "send_back": (service.send_back, t("已退回审核", "Back under review")),
        "notice": (service.start_notice, t("公示已开始", "The notice has begun")),
        "ask": (service.ask_award, t("已提交，由另一人批准授予", "Asked for; a second person gives it")),
        "award": (service.approve_award, t("已授予", "Awarded")),
        "pay_again": (service.pay_again, t("将再次发放", "Will be paid again")),
    }
    use_case, done = steps[_one_of(request.form.get("do"), steps)]
    return _change(lambda tx: use_case(tx, me, round_id, now()), back, done)


@bp.post("/<int:round_id>/stop")
@guard.roles(*EDIT)
def stop(round_id: int) -> Answer:
    """Give a round up, or send the award back, with a reason."""
    me, back = signed_in().member_id, url_for(".one", round_id=round_id)
    use_case = {"cancel": service.cancel, "decline": service.decline_award}[
        _one_of(request.form.get("do"), ("cancel", "decline"))
    ]
    return _change(
        lambda tx: use_case(tx, me, round_id, read_reason(request.form.get("reason")), now()),
        back,
        t("已保存", "Saved"),
    )


@bp.post("/<int:round_id>/nominate")
@guard.roles(*WORK)
def nominate(round_id: int) -> Answer:
    me, form = signed_in().member_id, request.form
    unit, member = whole(form.get("unit_id"), "unit_id") or 0, whole(form.get("member_id"), "member_id") or 0
    back = url_for(".matches", round_id=round_id, after=form.get("back") or None)
    done = t("已提名", "Nominated")
    return _change(lambda tx: service.nominate_match(tx, me, round_id, unit, member, now()), back, done)


# --- a candidate -----------------------------------------------------------------------------------------


@bp.get("/candidates/<int:candidate_id>")
@guard.roles(*STAFF)
def candidate(candidate_id: int) -> Answer:
    return _candidate(candidate_id)


def _candidate(candidate_id: int, errors: dict[str, str] | None = None) -> Answer:
    """Statement, every working, objections with who raised them, and the record."""
    with house().store.read() as tx:
        row, line = queries.one_line(tx, candidate_id, staff=True)
        live = queries.standing(tx, row, queries.subject_of(line.row), now()) if row.state in ("open", "reviewing") else None  # fmt: skip
        objections, history = queries.objections_to(tx, candidate_id), queries.history(tx, candidate_id)
        judged, titles = queries.evaluations(tx, candidate_id), dict(pledges.choices(tx))
        people = {o.member_id for o in objections} | {h.actor_id for h in history}
        people |= {o.decided_by for o in objections} | {line.row.nominated_by, line.row.decided_by}
        names = members.nicknames(tx, sorted(people - {None}))
        mine = queries.is_mine(tx, signed_in().member_id, line.row)
    return show(
        "honour_candidate.html", 400 if errors else 200, row=row, line=line, live=live, objections=objections,
        history=history, judged=judged, titles=titles, names=names, said=said, mine=mine, me=signed_in(),
        values=request.form, errors=errors or {},
    )  # fmt: skip


@bp.post("/candidates/<int:candidate_id>/decide")
@guard.roles(*JUDGE)
def decide(candidate_id: int) -> Answer:
    """Accept or decline, with a reason either way."""
    me, word = signed_in().member_id, _one_of(request.form.get("do"), ("accept", "decline"))
    use_case = service.accept if word == "accept" else service.decline
    done = t("已列入名单", "On the list") if word == "accept" else t("已答复", "Answered")
    return _reasoned(candidate_id, lambda tx, reason: use_case(tx, me, candidate_id, reason, now()), done)


@bp.post("/candidates/<int:candidate_id>/objections/<int:number>")
@guard.roles(*WORK)
def objection(candidate_id: int, number: int) -> Answer:
    """Uphold or dismiss an objection; `objector` is whose it is."""
    me, who = signed_in().member_id, whole(request.form.get("objector"), "objector") or 0
    word = _one_of(request.form.get("do"), ("upheld", "dismissed"))
    return _reasoned(
        candidate_id,
        lambda tx, reason: service.decide_objection(tx, me, candidate_id, who, number, word, reason, now()),
        t("已答复异议", "The objection is answered"),
    )


@bp.post("/candidates/<int:candidate_id>/revoke")
@guard.roles(*EDIT)
def ask_to_revoke(candidate_id: int) -> Answer:
    me = signed_in().member_id
    return _reasoned(
        candidate_id,
        lambda tx, reason: service.ask_to_revoke(tx, me, candidate_id, reason, now()),
        t("已提出，由另一人决定", "Asked for; a second person decides"),
    )


@bp.post("/candidates/<int:candidate_id>/revocation")
@guard.roles(*EDIT)
def revocation(candidate_id: int) -> Answer:
    """The second person takes the honour back, or leaves it."""
    me, word = signed_in().member_id, _one_of(request.form.get("do"), ("revoke", "keep"))
    return _change(
        lambda tx: service.decide_revocation(tx, me, candidate_id, word == "revoke", now()),
        url_for(".candidate", candidate_id=candidate_id),
        t("已撤销", "Revoked") if word == "revoke" else t("荣誉保留", "The honour stands"),
    )


def _reasoned(candidate_id: int, use_case: Callable[[Tx, str], Any], done: str) -> Answer:
    """A decision that needs its reason; what was typed stays when it is missing."""
    try:
        reason = read_reason(request.form.get("reason"))
    except Invalid as wrong:
        return _candidate(candidate_id, wrong.fields)
    return _change(lambda tx: use_case(tx, reason), url_for(".candidate", candidate_id=candidate_id), done)


def _change(use_case: Callable[[Tx], Any], back: str, done: str) -> Answer:
    """Do it and say so, or say why not; a step that needs another person is said on the page, not as an error page."""
    try:
        house().store.retrying(use_case)
    except EngineError as error:
        if error.kind not in ("conflict", "invalid", "limit") and error.code != "not_your_own":
            raise
        say(sentence(error), "bad")
    else:
        say(done)
    return redirect(back, 303)


def _one_of(text: str | None, allowed: Any) -> str:
    if not text or text not in allowed:
        raise Invalid({"do": "not_a_choice"})
    return text
