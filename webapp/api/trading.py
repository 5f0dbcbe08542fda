"""The calls of the API v1 about rewards, fulfilment, rankings and campaigns."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from points_engine.clock import local_day
from points_engine.errors import Invalid
from points_engine.ranking import PERIOD_KINDS, period_of
from webapp.api.blueprint import bp
from webapp.api.bodies import NewFulfilment, NewRedemption, read_body
from webapp.api.ids import read_id
from webapp.api.shapes import instant
from webapp.campaigns import queries as campaigns
from webapp.campaigns import service as campaigns_service
from webapp.campaigns.queries import CampaignView
from webapp.rankings import queries as rankings
from webapp.rankings.boards import BOARDS, Board, read_period
from webapp.rewards import queries as rewards
from webapp.rewards import service as rewards_service
from webapp.web import guard, house, now, signed_in, t


@bp.get("/rewards")
@guard.member
def shelf() -> Response:
    with house().store.read() as tx:
        cards = rewards.shelf(tx, signed_in().member_id, now())
    return jsonify(
        [
            {
                "id": c.id,
                "name": t(c.name_zh, c.name_en or c.name_zh),
                "kind": c.kind,
                "points": c.points,
                "stock": c.stock,
                "limit": c.limit,
                "available": c.available,
                "reason": c.reason,
            }
            for c in cards
        ]
    )


@bp.post("/redemptions")
@guard.member
def redeem() -> tuple[Response, int]:
    body = read_body(NewRedemption)
    member, own = signed_in().member_id, read_id(body.id)
    done = house().store.retrying(lambda tx: rewards_service.redeem(tx, member, own, body.reward, now()))
    return jsonify(_redemption(done)), 201 if done.first else 200


@bp.get("/redemptions")
@guard.member
def my_redemptions() -> Response:
    with house().store.read() as tx:
        rows = rewards.mine(tx, signed_in().member_id)
    return jsonify([_redemption(r) for r in rows])


@bp.post("/redemptions/<uuid:redemption_id>/cancel")
@guard.member
def cancel(redemption_id: Any) -> Response:
    member = signed_in().member_id
    done = house().store.retrying(lambda tx: rewards_service.cancel_redemption(tx, member, str(redemption_id), now()))
    return jsonify(_redemption(done))


@bp.post("/fulfilments")
@guard.merchant
def fulfil() -> Response:
    body = read_body(NewFulfilment)
    person, own = signed_in(), read_id(body.id)
    receipt = house().store.retrying(
        lambda tx: rewards_service.fulfil(tx, person.member_id, person.merchant_ids, own, body.code, now())
    )
    return jsonify(
        id=receipt.id,
        code=receipt.code,
        status="fulfilled",
        reward={"id": receipt.reward_id, "name": t(receipt.reward_zh, receipt.reward_en or receipt.reward_zh)},
        points=receipt.points,
        fulfilled_at=instant(receipt.fulfilled_at),
    )


@bp.get("/rankings")
@guard.member
def boards() -> Response:
    periods = [period_of(kind, local_day(now())) for kind in PERIOD_KINDS]
    return jsonify([_board(b, periods) for b in BOARDS.values()])


@bp.get("/rankings/<board>")
@guard.member
def board(board: str) -> Response:
    with house().store.read() as tx:
        page = rankings.page(tx, board, _period(), _page_number(), signed_in().member_id, now())
    return jsonify(
        board=page.board.code,
        period=page.period,
        state=page.state,
        as_of=instant(page.as_of or now()),
        checksum=page.checksum,
        method=t(page.method_zh, page.method_en),
        page=page.number,
        more=page.has_next,
        total=page.total,
        rows=[_row(r) for r in page.rows],
    )


@bp.get("/rankings/<board>/me")
@guard.member
def my_place(board: str) -> Response:
    with house().store.read() as tx:
        mine = rankings.my_place(tx, board, _period(), signed_in().member_id, now())
    return jsonify(
        board=board,
        period=read_period(_period(), local_day(now())),
        place=mine.place,
        value=_grams(mine.value_milli),
        gap=mine.gap,
        rows=[_row(r) for r in mine.rows],
    )


@bp.get("/campaigns")
@guard.member
def all_campaigns() -> Response:
    with house().store.read() as tx:
        views = campaigns.details(tx, signed_in().member_id, now())
    return jsonify([_campaign(c) for c in views])


@bp.get("/campaigns/<int:campaign_id>")
@guard.member
def one_campaign(campaign_id: int) -> Response:
    with house().store.read() as tx:
        view = campaigns.detail(tx, campaign_id, signed_in().member_id, now())
    return jsonify(_campaign(view))


@bp.get("/campaigns/<int:campaign_id>/calendar")
@guard.member
def campaign_calendar(campaign_id: int) -> Response:
    """My days with an act in a campaign, and the theme of each day that has one."""
    member = signed_in().member_id
    with house().store.read() as tx:
        view = campaigns.detail(tx, campaign_id, member, now())
        grid = campaigns.calendar(tx, view.card, view.tasks, member, request.args.get("month"), now())
    days = [day for week in grid.weeks for day in week if day is not None and day.inside]
    return jsonify(
        month=grid.month, run=grid.run, best=grid.best, active_days=grid.active,
        days=[{"day": d.day.isoformat(), "acts": d.acts, "theme": t(*d.theme) if d.theme else None} for d in days],
    )  # fmt: skip


@bp.get("/me/badges")
@guard.member
def my_badges() -> Response:
    """My badges, newest campaign first."""
    with house().store.read() as tx:
        found = campaigns.badges(tx, signed_in().member_id)
    return jsonify([
        {
            "campaign_id": b.campaign_id, "name": t(b.name_zh, b.name_en), "icon": b.icon,
            "given_at": instant(b.given_at), "campaign": t(b.title_zh, b.title_en),
        }
        for b in found
    ])  # fmt: skip


@bp.post("/campaigns/<int:campaign_id>/join")
@guard.member
def join(campaign_id: int) -> Response:
    member = signed_in().member_id
    house().store.retrying(lambda tx: campaigns_service.join(tx, house().catalogue, member, campaign_id, now()))
    with house().store.read() as tx:
        view = campaigns.detail(tx, campaign_id, member, now())
    return jsonify(_campaign(view))


def _period() -> str | None:
    return request.args.get("period")


def _page_number() -> int:
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:7]) <= 100_000):
        raise Invalid({"page": "not_a_page"})
    return int(text)


def _redemption(r: Any) -> dict[str, Any]:
    return {
        "id": r.id,
        "reward": r.reward_id,
        "status": r.status,
        "code": r.code,
        "points": r.points,
        "expires_at": instant(r.expires_at),
    }


def _board(b: Board, periods: list[str]) -> dict[str, Any]:
    return {
        "board": b.code,
        "name": t(b.name_zh, b.name_en),
        "subject": b.subject,
        "unit": "g" if not b.per_head else "g/member",
        "periods": periods,
    }


def _row(r: Any) -> dict[str, Any]:
    """A row of a board; who opted out of being named has no name but keeps the place."""
    return {
        "place": r.place,
        "subject": r.name,
        "value": _grams(r.value_milli),
        "members": r.members,
        "me": r.is_me,
    }


def _grams(milli: int) -> int | float:
    return milli // 1000 if milli % 1000 == 0 else milli / 1000


def _campaign(view: CampaignView) -> dict[str, Any]:
    c = view.card
    return {
        "id": c.id,
        "title": t(c.title_zh, c.title_en or c.title_zh),
        "status": c.state,
        "starts_at": instant(c.starts_at),
        "ends_at": instant(c.ends_at),
        "days_left": c.days_left,
        "multiplier_percent": c.multiplier,
        "joined": c.joined,
        "bonus_points": c.bonus,
        "tasks": [
            {
                "id": task.id,
                "title": t(task.title_zh, task.title_en or task.title_zh),
                "kind": task.kind,
                "day": task.day.isoformat() if task.day else None,
                "target": task.target,
                "progress": task.mine if task.progress is None else task.progress,
                "mine": task.mine if task.kind == "team" else task.progress,
                "badge": t(task.badge[1], task.badge[2]) if task.badge else None,
                "reward_points": task.reward_points,
                "done": task.done,
            }
            for task in view.tasks
        ],
    }
