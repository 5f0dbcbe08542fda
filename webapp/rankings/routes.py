"""Pages of the rankings: a board by subject, measure, size and period, its versions, and the file of a published one."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for

from points_engine.boards import classes
from points_engine.errors import refuse
from points_engine.ranking import PERIOD_KINDS, kind_of
from webapp.rankings import queries
from webapp.rankings.boards import ALL, MEASURES, SUBJECTS, Board, find
from webapp.web import current, guard, house, now, t

bp = Blueprint("rankings", __name__)
FIRST = "members"
Link = tuple[str, str, bool]  # what, address, is current


@bp.get("/rankings")
@guard.public("boards show chosen nicknames and units only")
def index() -> str:
    return _board(FIRST)


@bp.get("/rankings/<code>")
@guard.public("boards show chosen nicknames and units only")
def show(code: str) -> str:
    return _board(code)


@bp.get("/rankings/<code>/<period>.csv")
@guard.public("published boards can be checked by anybody")
def download(code: str, period: str) -> Response:
    with house().store.read() as tx:
        text = queries.download(tx, code, period, now(), _version())
    name = f"{code}-{period}.csv"
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _version() -> int | None:
    """The version an address asks for; 404 for what is not a number."""
    asked = request.args.get("version")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or len(asked) > 6:
        raise refuse("not_found", "not_published")
    return int(asked)


def _board(code: str) -> str:
    person = current()
    number = request.args.get("page", "1")
    asked = request.args.get("period")
    with house().store.read() as tx:
        period = asked or queries.opening_period(tx, code, now())
        page = queries.page(
            tx,
            code,
            period,
            int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
            person.member_id if person else None,
            now(),
            _version(),
        )
    return render_template(
        "rankings/board.html",
        page=page,
        tabs=_tabs(page),
        measure=MEASURES[page.board.measure],
        early=not asked and page.period_after is not None,
    )


def _tabs(page: queries.BoardPage) -> dict[str, list[Link]]:
    """Links of the rows of tabs."""
    board, kind = page.board, kind_of(page.period)

    def link(target: Board | None, text: str, here: bool, period: str = page.period) -> list[Link]:
        if target is None:
            return []
        if kind_of(period if period not in PERIOD_KINDS else kind) not in MEASURES[target.measure].periods:
            period = MEASURES[target.measure].periods[0]
        return [(text, url_for(".show", code=target.code, period=period), here)]

    subjects, measures, sizes = [], [], []
    for subject, names in SUBJECTS.items():
        target = (
            find(subject, board.measure, board.size_class) or find(subject, board.measure) or find(subject, "total")
        )
        subjects += link(target, t(*names), subject == board.subject)
    for m in MEASURES.values():
        target = find(board.subject, m.code, board.size_class)
        measures += link(target, t(m.zh, m.en), m.code == board.measure)
    for size, text in ((ALL, t("全部规模", "All sizes")), *((c.code, t(c.zh, c.en)) for c in classes())):
        sizes += link(find(board.subject, board.measure, size), text, size == board.size_class)
    words = {
        "week": t("周", "Week"),
        "month": t("月", "Month"),
        "year": t("年", "Year"),
        "total": t("累计", "All time"),
    }
    periods = [
        (words[k], url_for(".show", code=board.code, period=k), k == kind)
        for k in PERIOD_KINDS
        if k in MEASURES[board.measure].periods
    ]
    return {"subjects": subjects, "measures": measures, "sizes": sizes, "periods": periods}
