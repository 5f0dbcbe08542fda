"""Pages of people: my challenges, one with my progress and the teams' board, kudos, certificates; the company's colours."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from points_engine import challenge as rules
from points_engine.errors import EngineError, Invalid, refuse
from webapp.challenges import forms, measure, queries, service, standing, words
from webapp.challenges.admin import bp as admin_bp
from webapp.challenges.admin import fund_bp
from webapp.challenges.colours import HEX, rgb, stylesheet
from webapp.papers.certificates import Certificate
from webapp.papers.certificates import certificate as draw
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t
from webapp.web.formats import carbon, day
from webapp.web.messages import message, reason
from webapp.web.urls import outward

bp = Blueprint("challenges", __name__)
BLUEPRINTS = (bp, admin_bp, fund_bp)
A_DAY = "private, max-age=86400"


@bp.get("/challenges")
@guard.member
def index() -> str:
    with house().store.read() as tx:
        found = queries.mine(tx, signed_in().member_id, after_arg(), queries.PAGE + 1)
    return render_template("challenges/index.html", page=page_of(found, queries.PAGE, lambda c: c.id), words=words)


@bp.get("/challenges/<int:challenge_id>")
@guard.member
def show(challenge_id: int) -> str:
    me = signed_in().member_id
    with house().store.read() as tx:
        row = queries.published(tx, me, challenge_id)
        tasks = queries.tasks_of(tx, challenge_id)
        since = queries.taking_part(tx, me, challenge_id)
        mine = measure.mine(tx, row, me)
        meant = since is not None or measure.is_meant(tx, row, me)
        awards, kudos = queries.my_awards(tx, me, challenge_id), queries.kudos(tx, challenge_id)
        proof = queries.certificate(tx, member_id=me, challenge_id=challenge_id)
        joined = queries.joined_count(tx, challenge_id)
    figures = row.standing
    lines = standing.team_lines(figures, t("小部门联队", "Small departments together")) if figures else []
    return render_template(
        "challenges/show.html", row=row, tasks=tasks, since=since, mine=mine, awards=awards, kudos=kudos, proof=proof,
        joined=joined, lines=lines, words=words, window=queries.window_of(row), kudos_words=forms.WORDS,
        goals={g.task.id: g for g in standing.goals_of(figures, tasks, mine.team)} if figures else {},
        my_team=rules.team_at_the_end(mine.team, {line.id: rules.Group() for line in lines}) if since else None,
        hidden=bool(figures) and standing.hidden_all(figures), done=rules.done_by_person,
        can_join=since is None and meant and rules.may_join(row.status, row.ends_at, now()), catalogue=house().catalogue,
    )  # fmt: skip


@bp.post("/challenges/<int:challenge_id>/join")
@guard.member
def join(challenge_id: int) -> Any:
    return _step(
        challenge_id,
        lambda tx: service.join(tx, signed_in().member_id, challenge_id, now()),
        t("已参加，从今天起的行动都算", "You are in; acts count from today"),
    )


@bp.post("/challenges/<int:challenge_id>/leave")
@guard.member
def leave(challenge_id: int) -> Any:
    return _step(
        challenge_id,
        lambda tx: service.leave(tx, signed_in().member_id, challenge_id, now()),
        t("已退出，此前的减排仍计入团队", "You have left; what you did before still counts for the team"),
    )


@bp.post("/challenges/<int:challenge_id>/kudos")
@guard.member
def kudos(challenge_id: int) -> Any:
    team = request.form.get("team", "")
    number = int(team) if team.isascii() and team.isdigit() and len(team) < 18 else -1
    word = request.form.get("word", "")
    return _step(
        challenge_id,
        lambda tx: service.give_kudos(tx, signed_in().member_id, challenge_id, number, word, now()),
        t("已送出", "Sent"),
        t("今天已经给这个团队加过油了", "You have cheered this team today already"),
    )


@bp.get("/challenges/<int:challenge_id>/certificate.png")
@guard.member
def certificate(challenge_id: int) -> Response:
    """My certificate as a picture."""
    me = signed_in().member_id
    with house().store.read() as tx:
        row = queries.published(tx, me, challenge_id)
        proof = queries.certificate(tx, member_id=me, challenge_id=challenge_id)
    if proof is None:
        raise refuse("not_found", "unknown_certificate")
    made = draw(
        Certificate(
            title=t("参与证书", "Certificate"),
            title_en="Certificate of participation",
            name=proof.nickname,
            lines=_lines(proof),
            number=proof.number,
            issuer=row.display_name,
            day=day(proof.last),
            verify_url=outward(url_for(".verify", number=proof.number)),
            colour=rgb(row.colour),
        )
    )
    return Response(made, mimetype="image/png", headers={"Cache-Control": "no-store"})


@bp.get("/challenges/certificates/<number>")
@guard.public("the target of a certificate's code; who holds the number may see what it says")
def verify(number: str) -> Any:
    with house().store.read() as tx:
        proof = queries.certificate(tx, number=number[:24])
    page = render_template("challenges/verify.html", proof=proof, lines=_lines(proof) if proof else [])
    return page, 200 if proof else 404


@bp.get("/looks/<colour>.css")
@guard.public("a company's colour as a stylesheet; says nothing about anybody")
def look(colour: str) -> Response:
    if not HEX.match(colour):
        raise refuse("not_found", "not_found")
    return Response(stylesheet(colour), mimetype="text/css", headers={"Cache-Control": A_DAY})


def _lines(proof: queries.Diploma) -> list[str]:
    """What the certificate says, and the page that proves it."""
    said = [
        t(f"在“{proof.title}”（{day(proof.first)}至{day(proof.last)}）中坚持 {proof.days} 天，减排 {carbon(proof.grams)}。",
          f"In {proof.title} ({day(proof.first)} to {day(proof.last)}): {proof.days} days, {carbon(proof.grams)} saved."),
    ]  # fmt: skip
    if proof.tasks:
        said.append(t(f"达成 {proof.tasks} 项目标。", f"Goals reached: {proof.tasks}."))
    return said


def _step(challenge_id: int, use_case: Any, said: str, again: str = "") -> Any:
    """Do it, say so or why not, and go back to the challenge."""
    try:
        done = house().store.retrying(use_case)
    except EngineError as refusal:
        if refusal.kind not in ("conflict", "invalid", "limit"):
            raise
        text = message(refusal.code, refusal.facts)
        if isinstance(refusal, Invalid):
            text = " ".join(reason(code) for code in refusal.fields.values())
        say(text, "bad")
    else:
        say(again if done is False and again else said)
    return redirect(url_for(".show", challenge_id=challenge_id), 303)
