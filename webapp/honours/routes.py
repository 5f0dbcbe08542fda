"""Pages of honours: the public lists, rounds with their criteria, nominating, objecting, certificates and what a code proves."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for

from points_engine.errors import EngineError, Invalid, refuse
from points_engine.honours import honours
from webapp.green_units import queries as green_units
from webapp.honours import files, queries, service, words
from webapp.honours.forms import Nomination, Objection, read_code
from webapp.members import queries as members
from webapp.pledges import queries as pledges
from webapp.web import after_arg, current, guard, house, now, page_of, say, signed_in, t, whole
from webapp.web.messages import message
from webapp.web.urls import outward

bp = Blueprint("honours", __name__, url_prefix="/honours")
STAFF = frozenset({"reviewer", "editor", "administrator"})
Answer = Any


def show(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """A page of honours with the words it needs."""
    return render_template(f"honours/{template}", words=words, honours=honours(), **context), status


# --- lists -----------------------------------------------------------------------------------------------


@bp.get("")
@guard.public("honours are given in public")
def index() -> Answer:
    with house().store.read() as tx:
        rounds, years = queries.current_rounds(tx), queries.years(tx)
        newest = queries.awards_of(tx, years[0][0], limit=12) if years else []
    return show("index.html", rounds=rounds, years=years, newest=newest)


@bp.get("/<int:year>")
@guard.public("honours are given in public")
def year(year: int) -> Answer:
    """The honours of a year, one kind or all of them."""
    wanted = request.args.get("honour") or ""
    if wanted and wanted not in honours():
        raise refuse("not_found", "unknown_honour")
    with house().store.read() as tx:
        rows = queries.awards_of(tx, year, wanted or None, after_arg() or 0, queries.PAGE + 1)
    page = page_of(rows, queries.PAGE, lambda each: each.candidate_id)
    options = [("", t("全部", "All")), *((code, words.name(each)) for code, each in honours().items())]
    return show("year.html", year=year, page=page, wanted=wanted, options=options)


@bp.get("/<int:year>/honours.csv")
@guard.public("open data")
def year_csv(year: int) -> Response:
    with house().store.read() as tx:
        text = files.as_csv(queries.awards_of(tx, year, limit=None))
    name = f'attachment; filename="honours-{year}.csv"'
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": name})


@bp.get("/<int:year>/honours.json")
@guard.public("open data")
def year_json(year: int) -> Response:
    with house().store.read() as tx:
        found = files.rows(queries.awards_of(tx, year, limit=None))
    return jsonify({"year": year, "honours": found})


# --- one round -------------------------------------------------------------------------------------------


@bp.get("/rounds/<int:round_id>")
@guard.public("criteria and notices are for everybody")
def one(round_id: int) -> Answer:
    """A round: its criteria in words, its dates, and who is on the list once that is public."""
    with house().store.read() as tx:
        row = queries.public_round(tx, round_id)
        listed = row.state in ("notice", "settled", "asked", "awarded")
        lines = queries.candidates(tx, round_id, queries.LISTED, after_arg() or 0, queries.PAGE + 1) if listed else []
        titles = dict(pledges.choices(tx))
    page = page_of(lines, queries.PAGE, lambda line: line.id)
    return show("round.html", row=row, page=page, listed=listed, titles=titles, criteria=queries.criteria_of(row))


@bp.route("/rounds/<int:round_id>/nominate", methods=("GET", "POST"))
@guard.member
def nominate(round_id: int) -> Answer:
    """Put oneself or one's unit forward, seeing how one stands against the criteria."""
    if request.method == "GET":
        return _nominating(round_id, {})
    me, unit = signed_in().member_id, _number("unit")
    try:
        with house().store.read() as tx:
            honour = queries.honour_of(queries.public_round(tx, round_id))
        said = Nomination.parse(request.form, honour.subject)
        if honour.of_members:
            house().store.retrying(lambda tx: service.nominate_self(tx, me, round_id, said, now()))
        else:
            house().store.retrying(lambda tx: service.nominate_unit(tx, me, round_id, unit, said, now()))
    except EngineError as error:
        if error.kind not in ("invalid", "conflict"):
            raise
        fields = error.fields if isinstance(error, Invalid) else {}
        if not fields:
            say(message(error.code, error.facts), "bad")
        return _nominating(round_id, fields, 400 if fields else 409)
    say(t("已申报，审核结果会发到消息里", "Nominated; the answer comes to your messages"))
    return redirect(url_for(".mine"), 303)


def _nominating(round_id: int, errors: dict[str, str], status: int = 200) -> Answer:
    me, at = signed_in(), now()
    with house().store.read() as tx:
        row = queries.public_round(tx, round_id)
        honour = queries.honour_of(row)
        units = [u for u in green_units.administered(tx, me.member_id) if u.kind == honour.subject]
        unit = _number("unit") if request.values.get("unit") else (units[0].id if units else 0)
        if not honour.of_members and unit and unit not in {u.id for u in units}:
            raise refuse("not_found", "unknown_unit")
        subject = me.member_id if honour.of_members else unit
        standing = queries.standing(tx, row, subject, at) if subject else None
        titles = dict(pledges.choices(tx))
    return show(
        "nominate.html", status, row=row, honour=honour, units=units, unit=unit, standing=standing, titles=titles,
        values=request.form, errors=errors, nickname=me.nickname,
    )  # fmt: skip


# --- one candidate ---------------------------------------------------------------------------------------


@bp.get("/candidates/<int:candidate_id>")
@guard.public("whoever is on a notice stands in public")
def candidate(candidate_id: int) -> Answer:
    return _candidate(candidate_id, {})


@bp.post("/candidates/<int:candidate_id>/object")
@guard.member
def object_to(candidate_id: int) -> Answer:
    """Raise an objection while the notice stands."""
    me = signed_in().member_id
    try:
        said = Objection.parse(request.form)
        house().store.retrying(lambda tx: service.object_to(tx, me, candidate_id, said, now()))
    except EngineError as error:
        if error.kind not in ("invalid", "conflict", "limit"):
            raise
        fields = error.fields if isinstance(error, Invalid) else {}
        if not fields:
            say(message(error.code, error.facts), "bad")
        return _candidate(candidate_id, fields, 400 if fields else 409)
    say(t("异议已收到，答复会发到消息里；您的身份不会公开", "Your objection was received; the answer comes to your messages and your name stays with staff"))  # fmt: skip
    return redirect(url_for(".mine"), 303)


def _candidate(candidate_id: int, errors: dict[str, str], status: int = 200) -> Answer:
    person = current()
    with house().store.read() as tx:
        row, line = queries.listed(tx, candidate_id)
        mine = person is not None and queries.is_mine(tx, person.member_id, line.row)
        pending = person is not None and queries.my_open_objection(tx, person.member_id, candidate_id)
        titles = dict(pledges.choices(tx))
    takes = row.state == "notice" and now() < row.notice_until and line.row.state == "accepted"
    return show(
        "candidate.html", status, row=row, line=line, titles=titles, values=request.form, errors=errors, mine=mine,
        pending=pending, takes=takes,
    )  # fmt: skip


@bp.post("/candidates/<int:candidate_id>/withdraw")
@guard.member
def withdraw(candidate_id: int) -> Answer:
    try:
        house().store.retrying(lambda tx: service.withdraw(tx, signed_in().member_id, candidate_id, now()))
        say(t("已撤回", "You have stepped back"))
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(message(error.code, error.facts), "bad")
    return redirect(url_for(".mine"), 303)


@bp.get("/candidates/<int:candidate_id>/certificate.png")
@guard.member
def certificate(candidate_id: int) -> Response:
    """The certificate for its holder, and for staff who print them; none of an honour that was revoked."""
    me = signed_in()
    with house().store.read() as tx:
        found = queries.candidate(tx, candidate_id)
        if not (me.roles & STAFF or queries.is_mine(tx, me.member_id, found)):
            raise refuse("not_found", "unknown_certificate")
        award = queries.award_and_code(tx, candidate_id)
        proof = queries.proof(tx, award.code)
        if proof is None or award.revoked_at:
            raise refuse("not_found", "unknown_certificate")
        name = award.name or members.nicknames(tx, [found.member_id]).get(found.member_id, "")
    verify_url = outward(url_for(".verify", code=award.code))
    data = files.picture(proof.award, name, house().settings.park_name, verify_url)
    return Response(data, mimetype="image/png", headers={"Cache-Control": "private, no-store"})


# --- mine, and what a code proves ------------------------------------------------------------------------


@bp.get("/mine")
@guard.member
def mine() -> Answer:
    """My honours and nominations, those of units I administer, and the answers to my objections."""
    me = signed_in()
    with house().store.read() as tx:
        lines = queries.mine(tx, me.member_id, me.unit_ids)
        objections = queries.my_objections(tx, me.member_id)
    return show("mine.html", lines=lines, objections=objections)


@bp.get("/verify/<code>")
@guard.public("whoever scans a certificate must be able to check it")
def verify(code: str) -> Answer:
    with house().store.read() as tx:
        proof = queries.proof(tx, read_code(code))
    return show("verify.html", 200 if proof else 404, proof=proof, code=code[:24])


def _number(field: str) -> int:
    return whole(request.values.get(field), field) or 0
