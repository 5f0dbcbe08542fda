"""Pages of the rankings: a board by subject, measure and period, and the download of a published one."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for

from points_engine.ranking import PERIOD_KINDS, kind_of
from webapp.rankings import queries
from webapp.rankings.boards import BOARDS, SUBJECTS
from webapp.web import current, guard, house, now

bp = Blueprint("rankings", __name__)
FIRST = "members"


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
        text = queries.download(tx, code, period, now())
    name = f"{code}-{period}.csv"
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})


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
        )
    return render_template(
        "rankings/board.html",
        page=page,
        tabs=_tabs(page),
        subject_name=SUBJECTS[page.board.subject],
        early=not asked and page.period_after is not None,
    )


def _tabs(page: queries.BoardPage) -> dict[str, list[tuple[str, str, bool]]]:
    """Links of the three rows of tabs: (what, address, is current)."""
    board, kind = page.board, kind_of(page.period)
    subjects = []
    for subject in SUBJECTS:
        same = next((b for b in BOARDS.values() if b.subject == subject and b.measure == board.measure), None)
        target = same or next(b for b in BOARDS.values() if b.subject == subject)
        subjects.append((subject, url_for(".show", code=target.code, period=page.period), subject == board.subject))
    measures = [
        (b.measure, url_for(".show", code=b.code, period=page.period), b.code == board.code)
        for b in BOARDS.values()
        if b.subject == board.subject
    ]
    periods = [(k, url_for(".show", code=board.code, period=k), k == kind) for k in PERIOD_KINDS]
    return {"subjects": subjects, "measures": measures, "periods": periods}
