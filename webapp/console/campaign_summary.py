"""The summary of a campaign at the desk: pictures, making a version by one button, printing it, and the workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, url_for

from points_engine.errors import EngineError, Invalid
from webapp.campaigns import queries, service
from webapp.console import campaign_words, words
from webapp.console.roles import EDIT
from webapp.console.views import Answer, change, found, sentence, show
from webapp.members import queries as members
from webapp.papers.writing import Table, xlsx
from webapp.photos.pictures import MOST_BYTES, read_picture
from webapp.photos.words import photo_words
from webapp.web import guard, house, now, say, signed_in, t

bp = Blueprint("console_summaries", __name__, url_prefix="/console/campaigns/<int:campaign_id>")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/summary")
@guard.roles(*EDIT)
def index(campaign_id: int) -> Answer:
    return _index(campaign_id, {}, {})


@bp.post("/summary")
@guard.roles(*EDIT)
def make(campaign_id: int) -> Answer:
    """One click: the figures as they stand, kept as a version; the same as the last is no new one."""
    me, note = signed_in().member_id, request.form.get("note", "")
    try:
        version = house().store.retrying(lambda tx: service.make_summary(tx, me, campaign_id, note, now()))
    except Invalid as wrong:
        return _index(campaign_id, wrong.fields, request.form)
    except EngineError as refusal:
        if refusal.kind != "conflict":
            raise
        say(sentence(refusal), "bad")
        return redirect(url_for(".index", campaign_id=campaign_id), 303)
    return redirect(url_for(".one", campaign_id=campaign_id, version=version), 303)


@bp.get("/summary/<int:version>")
@guard.roles(*EDIT)
def one(campaign_id: int, version: int) -> Answer:
    """A version as it was made, laid out for printing."""
    with house().store.read() as tx:
        summary = queries.summary(tx, campaign_id, version)
        by = members.nicknames(tx, [summary.made_by]).get(summary.made_by, "")
    top = max((grams or 0 for _, _, grams, _ in summary.figures["by_day"]), default=0) or 1
    return show(
        "summary_paper.html", summary=summary, f=summary.figures, by=by, top=top, notes=notes(), say=campaign_words,
        catalogue=house().catalogue, behaviour=behaviour, level=level,
    )  # fmt: skip


@bp.get("/summary/<int:version>/file")
@guard.roles(*EDIT)
def file(campaign_id: int, version: int) -> Response:
    """The same figures as a workbook."""
    with house().store.read() as tx:
        summary = queries.summary(tx, campaign_id, version)
    response = make_response(workbook(summary))
    response.headers["Content-Type"] = XLSX
    name = f"campaign-{campaign_id}-summary-{version}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.post("/pictures")
@guard.roles(*EDIT)
def add_picture(campaign_id: int) -> Answer:
    """A picture of the event, written anew without what a camera notes."""
    me, form, sent = signed_in().member_id, request.form, request.files.get("photo")
    try:
        with house().store.read() as tx:
            queries.staff_one(tx, campaign_id)
        picture = read_picture(sent.stream.read(MOST_BYTES + 1) if sent else b"")
        captions = form.get("caption_zh", ""), form.get("caption_en", "")
        house().store.retrying(
            lambda tx: service.add_picture(tx, house().blobs, me, campaign_id, picture, captions, now())
        )
    except Invalid as wrong:
        return _index(campaign_id, wrong.fields, form)
    say(t("照片已加入", "The picture is added"))
    return redirect(url_for(".index", campaign_id=campaign_id), 303)


@bp.get("/pictures/<int:picture_id>")
@guard.roles(*EDIT)
def picture(campaign_id: int, picture_id: int) -> Response:
    with house().store.read() as tx:
        data = found(house().blobs.get(queries.picture_blob(tx, campaign_id, picture_id)), "unknown_upload")
    response = make_response(data)
    response.headers["Content-Type"] = "image/jpeg"
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


@bp.post("/pictures/<int:picture_id>/remove")
@guard.roles(*EDIT)
def remove_picture(campaign_id: int, picture_id: int) -> Answer:
    me = signed_in().member_id
    return change(
        lambda tx: service.remove_picture(tx, me, campaign_id, picture_id, now()),
        url_for(".index", campaign_id=campaign_id),
        t("照片已移除", "The picture is removed"),
    )


def _index(campaign_id: int, errors: Mapping[str, str], form: Any) -> Answer:
    with house().store.read() as tx:
        row = queries.staff_one(tx, campaign_id)
        versions, shots = queries.summaries(tx, campaign_id), queries.shots(tx, campaign_id)
        names = members.nicknames(tx, {each.made_by for each in versions})
    errors = {name: photo_words(code) if name == "photo" else code for name, code in errors.items()}
    return show(
        "summary.html", 400 if errors else 200, row=row, versions=versions, shots=shots, names=names, errors=errors,
        form=form, most=service.MOST_PICTURES, over=row.status in service.OVER,
    )  # fmt: skip


# --- the paper --------------------------------------------------------------------------------------


def notes() -> list[str]:
    """How the figures came about."""
    return [
        t("只计参加者在活动期间记录并被接受、平台按期收到的行为；减排量按平台公开的方法学计算，向下取整到克，积分倍数不影响减排量。",
          "Counts accepted acts of who joined, done and received within the dates; grams follow the platform’s public methods, rounded down, and are never multiplied."),
        t("自报行为已按一半计。不足 5 人的数字，以及能由此推算出来的数字，不显示；家庭不列名。",
          "Declared acts are halved already. Figures of fewer than five people, and what would tell them, are not shown; families are not named."),
        t("一个人可以属于不同类型的单元，各单元之和可以大于合计。",
          "A person may belong to units of several kinds, so that units may add up to more than the total."),
        t("每一版保存当时的数字；之后有更正时生成新的一版。", "Each version keeps its figures; a later correction makes a new one."),
        t("减排量不可交易，不等于碳市场的核证量。", "These grams cannot be traded; they are no credits of a carbon market."),
    ]  # fmt: skip


def workbook(summary: Any) -> bytes:
    """The summary as a workbook: what it says, behaviours, days, units, tasks, bonuses, pictures, method."""
    f, hidden, total = summary.figures, t("不显示", "Hidden"), summary.figures["total"] or {}
    catalogue = house().catalogue

    def told(value: Any) -> Any:
        return hidden if value is None else value

    head: list[tuple[str, Any]] = [
        (t("活动", "Campaign"), t(f["title_zh"], f["title_en"])), (t("主题", "Theme"), t(f["theme_zh"], f["theme_en"])),
        (t("第一天", "First day"), f["first"]), (t("最后一天", "Last day"), f["last"]), (t("天数", "Days"), f["days"]),
        (t("报名人数", "Joined"), f["joined"]), (t("有行动人数", "Acted"), told(f["people"])),
        (t("行动次数", "Acts"), told(total.get("acts"))), (t("减排量（克）", "Grams saved"), told(total.get("grams"))),
        (t("其中自报（克）", "Declared, g"), told(total.get("declared_g"))),
        (t("参与单元", "Units"), f["units_total"]), (t("得徽章人数", "People with a badge"), told(f["badges"])),
        (t("奖励预算", "Budget"), f["budget"] if f["budget"] is not None else t("不限", "No limit")),
        (t("奖励来源", "Paid by"), f["fund"] or t("平台", "The platform")), (t("说明", "Note"), summary.note),
        (t("版本", "Version"), summary.version), (t("生成时间", "Made at"), summary.made_at.isoformat()),
        (t("校验码 SHA-256", "Checksum SHA-256"), summary.checksum),
    ]  # fmt: skip
    acts, grams, people = t("次数", "Acts"), t("减排量（克）", "Grams"), t("人数", "People")
    by = [(behaviour(catalogue, code), level(lvl), n, g) for code, lvl, n, g in f["behaviours"]]
    tasks = [
        (t(zh, en), words.say(words.TASK_KINDS, kind), target, day or "", told(done), reward)
        for zh, en, kind, target, day, done, reward in f["tasks"]
    ]
    bonuses = [
        (t(*campaign_words.BONUSES[status]), told(n), points) for status, (n, points) in sorted(f["bonuses"].items())
    ]
    shots = [(n, shot.caption_zh, shot.caption_en, shot.sha256) for n, shot in enumerate(summary.pictures, 1)]
    return xlsx([
        Table(t("概况", "Summary"), [t("项目", "Item"), t("数值", "Value")], head, (20, 50)),
        Table(t("行为", "Behaviours"), [t("行为", "Behaviour"), t("凭证", "Evidence"), acts, grams], by, (24, 14, 10, 14)),
        Table(t("每天", "Days"), [t("日期", "Day"), acts, grams, people], [[d, *map(told, r)] for d, *r in f["by_day"]], (14, 10, 14, 10)),
        Table(t("单元", "Units"), [t("类型", "Kind"), t("名称", "Name"), people, acts, grams],
              [(words.say(words.UNIT_KINDS, k), *r) for k, *r in f["units"]], (12, 30, 10, 10, 14)),
        Table(t("任务", "Tasks"), [t("任务", "Task"), t("怎么算", "Kind"), t("目标", "Target"), t("日期", "Day"), t("完成人数", "Completed"), t("奖励", "Reward")],
              tasks, (40, 14, 10, 14, 12, 10)),
        Table(t("学习与公约", "Learning"), [t("项目", "Item"), people, t("次数", "Times")],
              [(words.say(words.TASK_KINDS, k), told(n), told(x)) for k, n, x in f["learning"]], (20, 10, 10)),
        Table(t("奖励", "Bonuses"), [t("状态", "State"), people, t("积分", "Points")], bonuses, (20, 10, 12)),
        Table(t("照片", "Pictures"), ["#", t("说明（中文）", "Caption (Chinese)"), t("说明（英文）", "Caption (English)"), "SHA-256"], shots, (6, 40, 40, 66)),
        Table(t("方法", "Method"), [t("说明", "Note")], [(note,) for note in notes()], (100,)),
    ])  # fmt: skip


def behaviour(catalogue: Any, code: str) -> str:
    if code == "others":
        return t("其他行为（人数少，合计）", "Other acts (few people each, together)")
    known = catalogue.by_code.get(code)
    return t(known.name_zh, known.name_en) if known else code


def level(code: str) -> str:
    return words.say(words.LEVELS, code) if code else ""
