"""Pages of pledges: the list, the text to sign, the wall, certificates, and the page that proves one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from points_engine.clock import LOCAL
from points_engine.errors import EngineError, Invalid, refuse
from webapp.green_units import queries as green_units
from webapp.papers.certificates import Certificate, certificate
from webapp.pledges import queries, service
from webapp.pledges.forms import read_number
from webapp.web import current, guard, house, now, say, signed_in, t, whole
from webapp.web.messages import message
from webapp.web.urls import outward

bp = Blueprint("pledges", __name__, url_prefix="/pledges")


@bp.get("")
@guard.public("a pledge is there to be read by everybody")
def index() -> str:
    person = current()
    with house().store.read() as tx:
        cards = queries.published(tx, person.member_id if person else None)
    return render_template("pledges/index.html", cards=cards)


@bp.get("/<slug>")
@guard.public("a pledge is there to be read by everybody")
def show(slug: str) -> str:
    person = current()
    with house().store.read() as tx:
        card = queries.one(tx, slug, person.member_id if person else None)
        names = queries.wall(tx, card.text.pledge_id, limit=24)
        units = queries.unit_wall(tx, card.text.pledge_id)
        mine = green_units.administered(tx, person.member_id) if person and person.unit_ids else []
        found = (queries.unit_signature(tx, unit.id, card.text.pledge_id) for unit in mine)
        signed = {unit.unit_id: unit for unit in found if unit is not None}
    return render_template("pledges/show.html", card=card, names=names, units=units, administered=mine, signed=signed)


@bp.get("/<slug>/editions/<int:edition>")
@guard.public("what was signed has to stay readable")
def one_edition(slug: str, edition: int) -> str:
    with house().store.read() as tx:
        text = queries.edition(tx, slug, edition)
    return render_template("pledges/edition.html", text=text)


@bp.get("/<slug>/wall")
@guard.public("the names of those who wish to be seen")
def wall(slug: str) -> str:
    with house().store.read() as tx:
        card = queries.one(tx, slug, None)
        names = queries.wall(tx, card.text.pledge_id, _before(request.args.get("before")), queries.WALL + 1)
    more = len(names) > queries.WALL
    names = names[: queries.WALL]
    last = f"{int(names[-1].signed_at.timestamp() * 1_000_000)}-{names[-1].key}" if more else None
    return render_template("pledges/wall.html", card=card, names=names, before=last)


@bp.post("/<slug>/sign")
@guard.member
def sign(slug: str) -> Any:
    """Sign for myself, or, with `unit`, for a unit I administer."""
    me = signed_in().member_id
    edition_number, unit = _number("edition"), _number("unit")
    with house().store.read() as tx:
        pledge_id = queries.one(tx, slug, None).text.pledge_id
    try:
        if unit:
            house().store.retrying(lambda tx: service.sign_for_unit(tx, me, unit, pledge_id, edition_number, now()))
            say(t("已代表单位签署", "Signed for the unit"))
        else:
            on_wall = request.form.get("on_wall") == "1"
            house().store.retrying(lambda tx: service.sign(tx, me, pledge_id, edition_number, on_wall, now()))
            say(t("已签署，谢谢你的承诺", "Signed; thank you for your promise"))
    except EngineError as error:
        if error.kind != "conflict":
            raise
        say(message(error.code, error.facts), "bad")
    return redirect(url_for(".show", slug=slug), 303)


@bp.post("/<slug>/on-wall")
@guard.member
def on_wall(slug: str) -> Any:
    me, shown = signed_in().member_id, request.form.get("on") == "1"
    with house().store.write() as tx:
        service.set_on_wall(tx, me, queries.one(tx, slug, None).text.pledge_id, shown)
    say(t("已显示在签名墙上", "Your nickname is on the wall") if shown else t("已从签名墙上拿下", "Taken off the wall"))
    return redirect(url_for(".show", slug=slug), 303)


@bp.get("/<slug>/certificate.png")
@guard.member
def my_certificate(slug: str) -> Response:
    person = signed_in()
    with house().store.read() as tx:
        card = queries.one(tx, slug, person.member_id)
        if card.mine is None:
            raise refuse("not_found", "unknown_pledge")
        text = queries.edition(tx, slug, card.mine.edition)
    return _file(text, person.nickname, card.mine.number, card.mine.signed_at)


@bp.get("/<slug>/units/<int:unit_id>/certificate.png")
@guard.unit_admin
def unit_certificate(slug: str, unit_id: int) -> Response:
    with house().store.read() as tx:
        green_units.administered_unit(tx, signed_in().member_id, unit_id)
        signed = queries.unit_signature(tx, unit_id, queries.one(tx, slug, None).text.pledge_id)
        if signed is None:
            raise refuse("not_found", "unknown_pledge")
        text = queries.edition(tx, slug, signed.edition)
    return _file(text, signed.name, signed.number, signed.signed_at)


@bp.get("/verify/<number>")
@guard.public("whoever scans a certificate must be able to check it")
def verify(number: str) -> Any:
    with house().store.read() as tx:
        proof = queries.proof(tx, read_number(number))
    return render_template("pledges/verify.html", proof=proof, number=number[:24]), 200 if proof else 404


def _file(text: queries.Edition, name: str, number: str, at: datetime) -> Response:
    day = at.astimezone(LOCAL)
    said = Certificate(
        title="签署证书",
        title_en="Certificate of pledge",
        name=name,
        lines=[f"签署《{text.title_zh}》第 {text.edition} 版，承诺从日常小事做起，节约能源，减少碳排放。"],
        number=number,
        issuer=house().settings.park_name,
        day=f"{day.year}年{day.month}月{day.day}日",
        verify_url=outward(url_for(".verify", number=number)),
    )
    return Response(certificate(said), mimetype="image/png", headers={"Cache-Control": "private, no-store"})


def _number(field: str) -> int:
    return whole(request.form.get(field), field) or 0


def _before(text: str | None) -> tuple[datetime, int] | None:
    """Where the page above ended, as microseconds and a number."""
    if not text:
        return None
    at, _, key = text.partition("-")
    if not (at.isascii() and at.isdigit() and len(at) <= 16 and key.isascii() and key.isdigit() and len(key) <= 18):
        raise Invalid({"before": "invalid"})
    seconds, micros = divmod(int(at), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros), int(key)
