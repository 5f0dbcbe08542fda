"""The jobs page: every job with its last and next run, who is alive, and failed work to try again."""

from __future__ import annotations

from flask import Blueprint, url_for

from webapp.console import service, words
from webapp.console.roles import ADMIN, AUDIT
from webapp.console.views import Answer, change, show
from webapp.jobs import queries
from webapp.web import guard, house, now, signed_in, t

bp = Blueprint("console_jobs", __name__, url_prefix="/console/jobs")


@bp.get("")
@guard.roles(*AUDIT)
def index() -> Answer:
    with house().store.read() as tx:
        page = queries.jobs_page(tx, house(), now())
    late = t("、", ", ").join(words.job(job.name) for job in page.jobs if job.late)
    return show("jobs.html", page=page, late_names=late)


@bp.post("/<int:row_id>/retry")
@guard.roles(*ADMIN)
def retry(row_id: int) -> Answer:
    return change(
        lambda tx: service.retry_job(tx, signed_in().member_id, row_id, now()),
        url_for(".index"),
        t("已重新排队", "Queued again"),
    )
