"""Partners' records at the desk: imports so far, a file tried out and then imported, and whose account is whose."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from points_engine.errors import EngineError, Invalid
from webapp.console import feed_words
from webapp.console.roles import ADMIN, AUDIT
from webapp.console.views import PAGE, Answer, change, sentence, show
from webapp.feeds import files, mapping, queries, service
from webapp.members import queries as members
from webapp.members.phones import book
from webapp.papers.writing import csv_text
from webapp.web import after_arg, guard, house, now, page_of, say, signed_in, t

bp = Blueprint("console_feeds", __name__, url_prefix="/console/feeds")
SHOWN = 50  # rows left out that the page shows; the file has all
LONGEST_NAME = 40


@bp.get("")
@guard.roles(*AUDIT)
def index() -> Answer:
    return _index()


@bp.post("")
@guard.roles(*ADMIN)
def hand_in() -> Answer:
    """Keep a file and have it tried out; nothing is credited yet."""
    sent, me = request.files.get("file"), signed_in().member_id
    source = request.form.get("other", "").strip() or request.form.get("source", "").strip()
    data = sent.stream.read(files.MOST_BYTES + 1) if sent and sent.filename else b""
    name = (sent.filename if sent else "") or ""
    try:
        made = house().store.retrying(
            lambda tx: files.keep_file(tx, house().blobs, me, source[:LONGEST_NAME], name, data, now())
        )
    except Invalid as wrong:
        fields = dict(wrong.fields)
        if "source" in fields and request.form.get("other", "").strip():
            fields["other"] = "not_a_source_name"
            del fields["source"]
        return _index(fields, 400)
    return redirect(url_for(".one", file_id=made), 303)


@bp.get("/files/<int:file_id>")
@guard.roles(*AUDIT)
def one(file_id: int) -> Answer:
    """How far it is, then what would come or has come of each row."""
    with house().store.read() as tx:
        row = queries.file_by_id(tx, file_id)
        names = members.names(tx, [row.actor_id])
    left = _left(row)
    return show(
        "feed_file.html", row=row, names=names, left=left[1 : SHOWN + 1], more=max(0, len(left) - SHOWN - 1),
        busy=row.state in ("queued", "running"), plan=_plan(row.source), feed_words=feed_words, keep=files.KEEP.days,
    )  # fmt: skip


@bp.get("/files/<int:file_id>/left-out.csv")
@guard.roles(*ADMIN)
def left_out(file_id: int) -> Response:
    """The rows worth nothing, each with its reason before the partner's own cells: to be mended and sent again."""
    with house().store.read() as tx:
        row = queries.file_by_id(tx, file_id)
    header, *rows = _left(row) or [[1, "", "", "", []]]
    heads = [t("行号", "line"), t("原因代码", "reason"), t("原因", "what it means"), t("字段", "field"), *header[4]]
    lines = [[line, reason, feed_words.reason_of(reason), field, *cells] for line, _, reason, field, cells in rows]
    name = f'attachment; filename="left-out-{file_id}.csv"'
    return Response(csv_text(heads, lines), mimetype="text/csv", headers={"Content-Disposition": name})


@bp.post("/files/<int:file_id>/trial")
@guard.roles(*ADMIN)
def try_out(file_id: int) -> Answer:
    me, back = signed_in().member_id, url_for(".one", file_id=file_id)
    words = t("开始试算", "Being tried out")
    return change(lambda tx: files.ask_for(tx, me, file_id, "trial", now()), back, words)


@bp.post("/files/<int:file_id>/import")
@guard.roles(*ADMIN)
def bring_in(file_id: int) -> Answer:
    me, back = signed_in().member_id, url_for(".one", file_id=file_id)
    words = t("开始导入", "Being imported")
    return change(lambda tx: files.ask_for(tx, me, file_id, "import", now()), back, words)


@bp.post("/files/<int:file_id>/drop")
@guard.roles(*ADMIN)
def drop(file_id: int) -> Answer:
    me = signed_in().member_id
    return change(
        lambda tx: files.drop_file(tx, me, file_id, now()), url_for(".index"), t("文件已删除", "The file is deleted")
    )


@bp.get("/links")
@guard.roles(*ADMIN)
def links() -> Answer:
    return _links()


@bp.post("/links")
@guard.roles(*ADMIN)
def link() -> Answer:
    """Tie a partner's card or customer number to a member."""
    who, source, account = (request.form.get(name, "").strip()[:80] for name in ("who", "source", "account"))
    me, key = signed_in().member_id, book(house().settings)
    try:
        house().store.retrying(lambda tx: service.link_by_staff(tx, key, me, who, source, account, now()))
    except Invalid as wrong:
        return _links(wrong.fields, 400)
    except EngineError as refusal:
        if refusal.code != "account_taken":
            raise
        return _links({"account": sentence(refusal)}, 409)
    say(t("已绑定", "Linked"))
    return redirect(url_for(".links", who=who), 303)


@bp.post("/links/<public_id>/<source>/remove")
@guard.roles(*ADMIN)
def unlink(public_id: str, source: str) -> Answer:
    me, back = signed_in().member_id, url_for(".links", who=public_id)
    return change(
        lambda tx: service.unlink_by_staff(tx, me, public_id, source, now()), back, t("已解除绑定", "No longer linked")
    )


def _index(errors: dict[str, str] | None = None, status: int = 200) -> Answer:
    with house().store.read() as tx:
        rows = queries.imports(tx, PAGE + 1, after_arg())
        waiting = queries.files_at_the_desk(tx)
        names = members.names(tx, [row.actor_id for row in (*rows, *waiting) if row.actor_id])
    return show(
        "feeds.html", status, page=page_of(rows, PAGE, lambda row: row.id), waiting=waiting, names=names,
        sources=[(name, _title(name)) for name in _sources()], title=_title, errors=errors or {}, form=request.form,
        feed_words=feed_words, keep=files.KEEP.days,
    )  # fmt: skip


def _links(errors: dict[str, str] | None = None, status: int = 200) -> Answer:
    who = (request.form.get("who") or request.args.get("who", "")).strip()[:80]
    with house().store.read() as tx:
        known = members.find_exact(tx, who) if who else None
        card = members.names(tx, [known])[known] if known is not None else None
        found = queries.links_of(tx, known) if known is not None else []
    accounts = [(name, _title(name)) for name in _sources() if (plan := _plan(name)) and plan.member_by == "account"]
    return show(
        "feed_links.html", status, who=who, card=card, found=found, sources=accounts, title=_title,
        errors=errors or {}, form=request.form,
    )  # fmt: skip


def _sources() -> list[str]:
    """The partners with a mapping of their own."""
    return [name for name in mapping.names(mapping.folders(house().settings.var_dir)) if name != mapping.STANDARD]


def _plan(source: str) -> mapping.PartnerMapping | None:
    try:
        return mapping.load(source, mapping.folders(house().settings.var_dir), house().catalogue)
    except mapping.MappingFaults:
        return None


def _title(source: str) -> str:
    plan = _plan(source)
    if plan is None or source not in _sources():
        return source
    return t(f"{plan.name_zh}（{source}）", f"{plan.name_en} ({source})")


def _left(row: Any) -> list[list[Any]]:
    """The header and the rows that the last step left out; nothing once the file is gone."""
    data = house().blobs.get(files.left_of(row.blob)) if row.blob and row.state == "done" else None
    return list(json.loads(data)) if data else []
