"""The summary for filing: figures once and for all, versions, what few people stand behind, pictures, paper and workbook."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from points_engine.errors import EngineError
from tests.counting import count_statements
from tests.people import make_member, make_unit
from tests.rooms.test_campaign_funds import END, SETTLES, fund_of, run
from tests.rooms.test_campaigns import NOW, STAFF, begin, catch_up, join, log
from webapp.activities import service as activities
from webapp.campaigns import queries, service
from webapp.campaigns.service import TaskFacts
from webapp.jobs.runner import run_due
from webapp.ledger import service as ledger

RIDE = TaskFacts("骑车", "log", 1, "Ride", 20)


def photo(size: tuple[int, int] = (640, 480)) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    Image.effect_noise(size, 80).convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture
def week(house: Any) -> tuple[int, list[Any], list[Any]]:
    """A week of seven people: five of one company, two of another; all rode on Tuesday, one ate a clean plate."""
    people = [make_member(house, f"p{n}") for n in range(7)]
    make_unit(house, "enterprise", "漳山发电", *people[:5])
    make_unit(house, "enterprise", "首钢", *people[5:])
    which = begin(
        house.store, RIDE, multiplier=150, fund_id=fund_of(house.store, 1000), badge_zh="全勤", badge_icon="medal"
    )
    acts = []
    for person in people:
        join(house.store, person.id, which)
        acts.append(log(house.store, person.id))
    acts.append(log(house.store, people[0].id, "clean_plate", "1"))
    catch_up(house.store)
    return which, people, acts


def make(house: Any, which: int, note: str = "", now: Any = SETTLES) -> int:
    return int(house.store.retrying(lambda tx: service.make_summary(tx, STAFF, which, note, now)))


def summary(house: Any, which: int, version: int) -> Any:
    with house.store.read() as tx:
        return queries.summary(tx, which, version)


def test_a_version_stays_and_a_correction_makes_the_next(house: Any, week: Any) -> None:
    which, people, acts = week
    with pytest.raises(EngineError, check=lambda e: e.code == "campaign_not_over"):
        make(house, which)
    run(house.store, END, SETTLES)
    assert make(house, which) == 1 and make(house, which, now=SETTLES + timedelta(hours=1)) == 1, (
        "nothing new, no version"
    )
    first = summary(house, which, 1)
    f = first.figures
    assert (f["joined"], f["people"], f["total"]["acts"]) == (7, 7, 8)
    assert f["total"]["grams"] == sum(act["grams"] for act in acts) and f["units_total"] == 2
    assert f["tasks"] == [["骑车", "Ride", "log", 1, None, 7, 20]] and f["badges"] == 7
    extra = sum(act["points"] // 2 for act in acts)
    assert f["bonuses"] == {"paid": [7, 7 * 20 + extra]} and f["fund"] == "园区奖励"
    with house.store.write() as tx:
        activities.undo_activity(tx, people[0].id, acts[0]["id"], NOW)
        ledger.open_books(tx, [people[0].id], NOW)
    assert make(house, which, "更正", SETTLES + timedelta(days=1)) == 2
    second = summary(house, which, 2)
    assert second.figures["total"]["acts"] == 7 and second.note == "更正" and second.checksum != first.checksum
    again = summary(house, which, 1)
    assert (again.figures, again.checksum, again.made_at) == (f, first.checksum, SETTLES)
    with house.store.write() as tx:
        assert service.campaign_audit(tx) == []
        tx.execute(text("UPDATE campaign_summary SET note = 'x' WHERE version = 1"))
        assert service.campaign_audit(tx) == [f"campaign {which}, summary 1: it does not fit its checksum"]


def test_what_few_stand_behind_is_not_told(house: Any, week: Any) -> None:
    which, people, _ = week
    log(house.store, people[6].id, "bus", "3", at=NOW + timedelta(days=1))
    run(house.store, END, SETTLES)
    make(house, which)
    f = summary(house, which, 1).figures
    assert f["units"] == [] and (f["units_total"], f["units_small"]) == (2, 2), "two of the other company would follow"
    days = {day: rest for day, *rest in f["by_day"]}
    assert days["2026-06-17"] == [None] * 3 and days["2026-06-18"] == [0, 0, 0]
    assert days["2026-06-16"] == [None] * 3, "the sum less Tuesday would tell Wednesday"
    assert [row[0] for row in f["behaviours"]] == ["others"]


def test_units_of_five_and_more_are_listed_those_who_wish(house: Any) -> None:
    people = [make_member(house, f"p{n:02}") for n in range(16)]
    for n, name in enumerate(("漳山发电", "首钢", "不具名的")):
        make_unit(house, "enterprise", name, *people[n * 5 : n * 5 + 5])
    with house.store.write() as tx:
        tx.execute(text("UPDATE green_unit SET on_boards = :no WHERE name = '不具名的'"), {"no": False})
    which = begin(house.store, RIDE)
    for n, person in enumerate(people):
        join(house.store, person.id, which)
        log(house.store, person.id, "bike", "4" if n < 5 else "3")
    catch_up(house.store)
    run(house.store, END, SETTLES)
    make(house, which)
    f = summary(house, which, 1).figures
    assert [(kind, name, people) for kind, name, people, *_ in f["units"]] == [
        ("enterprise", "漳山发电", 5), ("enterprise", "首钢", 5),
    ]  # fmt: skip
    assert (f["units_total"], f["units_small"]) == (3, 1)


def test_a_handful_of_people_is_hidden_whole(house: Any) -> None:
    which = begin(house.store, RIDE)
    for member in range(1, 5):
        join(house.store, member, which)
        log(house.store, member)
    run(house.store, END, SETTLES)
    make(house, which)
    f = summary(house, which, 1).figures
    assert (f["people"], f["total"], f["behaviours"], f["tasks"][0][5]) == (None, None, [], None)


def test_figures_of_many_take_as_many_statements_as_of_few(house: Any, week: Any) -> None:
    which, people, _ = week
    counts = []
    for day in (0, 2):
        for person in people if day else ():
            log(house.store, person.id, "bus", "3", at=NOW + timedelta(days=day))
        with count_statements(house.store) as seen, house.store.read() as tx:
            service.summary_figures(tx, queries.staff_one(tx, which))
        counts.append(seen.count)
    assert counts[0] == counts[1]


def test_an_editor_makes_it_with_pictures_and_takes_paper_and_workbook(house: Any, client: Any, week: Any) -> None:
    which, _, _ = week
    run(house.store, END, SETTLES)
    editor = make_member(house, "editor", "editor")
    editor.sign_in(client)
    at = f"/console/campaigns/{which}"

    def send(**more: Any) -> Any:
        data = {"caption_zh": "启动仪式", "caption_en": "", "photo": (io.BytesIO(photo()), "a.jpg")} | more
        return client.post(f"{at}/pictures", data=data, content_type="multipart/form-data")

    wrong = send(photo=(io.BytesIO(b"no photo"), "a.jpg"))
    assert wrong.status_code == 400 and "启动仪式" in wrong.text
    assert send(caption_zh="").status_code == 400
    assert [send().status_code for _ in range(6)] == [303] * 6 and send().status_code == 400
    kept = client.get(f"{at}/pictures/1")
    assert kept.mimetype == "image/jpeg" and b"SECRET-CAMERA" not in kept.data
    assert client.get("/console/campaigns/99/pictures/1").status_code == 404
    client.post(f"{at}/pictures/6/remove")
    paper = client.post(f"{at}/summary", data={"note": "圆满"}, follow_redirects=True).text
    assert "圆满" in paper and "启动仪式" in paper and "骑车" in paper and "SHA-256" in paper
    client.post(f"{at}/pictures/1/remove")
    run_due(house, house.clock.now() + timedelta(days=9))
    assert client.get(f"{at}/pictures/1").status_code == 200, "version 1 shows it"
    assert client.get(f"{at}/pictures/6").status_code == 404, "no version shows it, its file is gone"
    sheet = client.get(f"{at}/summary/1/file")
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheet.data))
    assert {"概况", "行为", "每天", "单元", "任务", "奖励", "照片", "方法"} <= set(book.sheet_names)
    rows = {row[0]: row[1] for row in book.get_sheet_by_name("概况").to_python()}
    assert (
        rows["报名人数"] == 7 and rows["说明"] == "圆满" and rows["校验码 SHA-256"] == summary(house, which, 1).checksum
    )
    assert client.get(f"{at}/summary/9").status_code == 404
    assert "第 1 版" in client.get(f"{at}/summary").text
