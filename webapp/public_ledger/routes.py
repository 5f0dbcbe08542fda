"""Public pages of the platform's sums and the pilot's indicators, and both as open data."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from points_engine.methodology import DOMAINS
from webapp.public_ledger import indicators, opendata, queries
from webapp.web import guard, house, t

bp = Blueprint("public_ledger", __name__, url_prefix="/statistics")
STATES: dict[str, tuple[str, str, str]] = {
    "reached": ("已达 2030 目标", "2030 target reached", "good"),
    "on_path": ("符合进度", "On path", "good"),
    "behind": ("落后进度", "Behind", "warn"),
    "words": ("目标为文字，不作判断", "Target in words, not judged", "info"),
    "none": ("暂无数据", "No figure yet", ""),
}


@bp.app_template_global("indicator_state")
def indicator_state(code: str) -> tuple[str, str]:
    """The words and the tone of an indicator's status."""
    zh, en, tone = STATES[code]
    return t(zh, en), tone


@bp.get("")
@guard.public("what everybody did together is for everybody to see")
def index() -> str:
    with house().store.read() as tx:
        count = queries.last_count(tx)
    names = {code: t(zh, en) for code, zh, en in DOMAINS}
    return render_template("public_ledger/statistics.html", count=count, names=names, licence=opendata.LICENCE)


@bp.get("/indicators")
@guard.public("the pilot answers to everybody")
def board() -> str:
    with house().store.read() as tx:
        lines = queries.board(tx)
    groups = [(name, list(found)) for name, found in groupby(lines, lambda each: t(each.of.group_zh, each.of.group_en))]
    states = [(code, sum(line.status == code for line in lines)) for code in indicators.STATES]
    plan = t(indicators.PLAN_ZH, indicators.PLAN_EN)
    return render_template(
        "public_ledger/indicators.html", groups=groups, states=states, plan=plan, licence=opendata.LICENCE
    )


@bp.get("/data.csv")
@guard.public("open data")
def sums_csv() -> Response:
    with house().store.read() as tx:
        return _file(opendata.sums_csv(queries.last_count(tx)), "puhui-statistics.csv")


@bp.get("/data.json")
@guard.public("open data")
def sums_json() -> Any:
    with house().store.read() as tx:
        return jsonify(opendata.sums_data(queries.last_count(tx)))


@bp.get("/indicators.csv")
@guard.public("open data")
def indicators_csv() -> Response:
    with house().store.read() as tx:
        return _file(opendata.indicators_csv(queries.board(tx)), "puhui-indicators.csv")


@bp.get("/indicators.json")
@guard.public("open data")
def indicators_json() -> Any:
    with house().store.read() as tx:
        return jsonify(opendata.indicators_data(queries.board(tx)))


def _file(text: str, name: str) -> Response:
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})
