"""The pages of acts: the form keeps what was typed, photos are one's own, one act shows its working."""

from __future__ import annotations

import io
import re
import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from points_engine.methodology.model import Bounds
from tests.people import make_member
from webapp.activities import forms, queries, views
from webapp.ledger import queries as ledger


@pytest.fixture
def ling(house: Any) -> Any:
    return make_member(house, "ling")


@pytest.fixture
def signed(app: Any, client: Any, ling: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return ling.sign_in(client)


def fields(page: str) -> dict[str, str]:
    """What the form for one act would send."""
    form = re.search(r'<form class="stack".*?</form>', page, re.S)
    assert form is not None
    found = {}
    for tag in re.findall(r"<input[^>]*>", form.group(0)):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and ('type="radio"' not in tag or "checked" in tag):
            found[name.group(1)] = value.group(1)
    return found


def jpeg(colour: int = 90) -> io.BytesIO:
    out = io.BytesIO()
    Image.effect_noise((320, 240), colour).convert("RGB").save(out, "JPEG")
    out.seek(0)
    return out


def acts(house: Any, member: Any) -> list[Any]:
    with house.store.read() as tx:
        return queries.mine(tx, member.id)


def test_the_list_shows_every_domain_and_why_some_wait(client: Any) -> None:
    page = client.get("/log").text
    for words in ("出行", "饮食", "用品", "居住", "办公", "只计积分", "即将开放", "票据、表计或设备凭证"):
        assert words in page
    assert "/log/bike" in page and "/how/ev_km" in page and "乘地铁" not in page
    assert client.get("/behaviours").status_code == 301


def test_an_act_is_logged_once_and_shows_its_working(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    sent = {**fields(signed.get("/log/bike").text), "quantity": "5.2"}
    first = signed.post("/log/bike", data=sent)
    clock.advance(seconds=1)
    assert first.status_code == 303
    assert signed.post("/log/bike", data=sent).headers["Location"] == first.headers["Location"]
    assert len(acts(house, ling)) == 1
    page = signed.get(first.headers["Location"]).text
    assert "5.2 km × (104 − 8.7) g/km × 0.5 = 247 g" in page
    for words in (
        "城市出行",
        "kgCO2e/person-km",
        "转引",
        "2026年1月1日",
        "凭证系数",
        "T03",
        "记到账上的",
        "+247 g",
        "+26 分",
    ):
        assert words in page


def test_inputs_are_asked_for_and_read(signed: Any, house: Any, ling: Any) -> None:
    sent = {**fields(signed.get("/log/carpool").text), "quantity": "10", "input-n": "4"}
    assert signed.post("/log/carpool", data=sent).status_code == 303
    assert acts(house, ling)[0]["grams"] == 292
    wrong = signed.post("/log/carpool", data={**sent, "id": str(uuid.uuid4()), "input-n": "12"})
    assert wrong.status_code == 400 and "请填 2 到 7" in wrong.text
    assert signed.post("/log/learning", data=fields(signed.get("/log/learning").text)).status_code == 303


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("quantity", "５.２", "请用半角数字"),
        ("quantity", "", "请填写"),
        ("quantity", "abc", "请只填数字"),
        ("quantity", "-1", "请填大于 0 的数"),
        ("quantity", "1.2345", "最多三位小数"),
        ("quantity", "9999", "之间的数"),
        ("time", "25:00", "24 小时制"),
        ("day", "2026-02-31", "请选一个日期"),
        ("day", "2026-06-17", "不能晚于现在"),
        ("day", "2026-06-10", "72 小时"),
    ],
)
def test_errors_stand_beside_the_field_and_what_was_typed_stays(
    signed: Any, house: Any, ling: Any, field: str, typed: str, words: str
) -> None:
    sent = {**fields(signed.get("/log/bike").text), field: typed}
    answer = signed.post("/log/bike", data=sent)
    assert answer.status_code == 400
    assert words in answer.text and f'id="error-{field}"' in answer.text
    assert fields(answer.text)[field] == typed and fields(answer.text)["id"] == sent["id"]
    assert acts(house, ling) == []


@pytest.mark.parametrize(("day", "most"), [("2026-06-14", "50 公里"), ("2026-06-16", "20 公里")])
def test_bounds_are_told_of_the_edition_of_the_day(app: Any, house: Any, clock: Any, day: str, most: str) -> None:
    """Neither of an edition that is still to come, nor of today's for the day before yesterday."""
    bike = house.catalogue.behaviour("bike")
    (edition,) = bike.versions
    least = edition.bounds.least
    made = [
        replace(edition, version=str(n), valid_from=date.fromisoformat(since), bounds=Bounds(least, Decimal(up_to)))
        for n, since, up_to in ((1, "2026-01-01", "50"), (2, "2026-06-16", "20"), (3, "2026-06-17", "5"))
    ]
    given = forms.typed({"day": day, "time": "08:00"}, bike)
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        on = forms.day_of(given, clock.now())
        words = views.field_words(replace(bike, versions=tuple(made)), {"quantity": "out_of_bounds"}, on)
    assert most in words["quantity"]


def test_working_it_out_first_logs_nothing(signed: Any, house: Any, ling: Any) -> None:
    sent = {**fields(signed.get("/log/bike").text), "quantity": "3", "preview": "1"}
    answer = signed.post("/log/bike", data=sent)
    assert answer.status_code == 200 and "+142 g" in answer.text and "+285 g" in answer.text
    typing = signed.post("/log/bike", data={**sent, "quantity": "x"}, headers={"HX-Request": "true"})
    assert typing.status_code == 200 and acts(house, ling) == []


def test_a_photo_counts_in_full_and_survives_a_mistake_elsewhere(signed: Any, house: Any, ling: Any) -> None:
    sent = {**fields(signed.get("/log/bike").text), "quantity": "x", "photo": (jpeg(), "ride.jpg")}
    wrong = signed.post("/log/bike", data=sent, content_type="multipart/form-data")
    assert wrong.status_code == 400 and "照片已收到" in wrong.text
    again = {**fields(wrong.text), "quantity": "3"}
    answer = signed.post("/log/bike", data=again)
    assert answer.status_code == 303
    (act,) = acts(house, ling)
    assert (act["level"], act["grams"]) == ("photo", 285)
    assert f"/photos/{act['evidence'][0]}" in signed.get(answer.headers["Location"]).text


def test_what_is_no_photo_is_said_beside_the_field(signed: Any) -> None:
    sent = {**fields(signed.get("/log/bike").text), "photo": (io.BytesIO(b"hello"), "a.jpg")}
    answer = signed.post("/log/bike", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 400 and "只支持 JPEG" in answer.text and 'id="error-photo"' in answer.text


def test_acts_and_photos_are_ones_own(app: Any, signed: Any, house: Any, ling: Any) -> None:
    sent = {**fields(signed.get("/log/bike").text), "photo": (jpeg(), "ride.jpg")}
    where = signed.post("/log/bike", data=sent, content_type="multipart/form-data").headers["Location"]
    photo = f"/photos/{acts(house, ling)[0]['evidence'][0]}"
    mine = signed.get(photo)
    assert (
        mine.status_code == 200
        and mine.mimetype == "image/jpeg"
        and mine.headers["Cache-Control"].startswith("private")
    )
    stranger = make_member(house, "bo").sign_in(app.test_client())
    for url in (where, photo, "/activities/nonsense", "/photos/nonsense"):
        assert stranger.get(url).status_code == 404
    assert stranger.post(f"{where}/undo").status_code == 404
    assert acts(house, ling)[0]["status"] != "undone"


def test_undo_is_offered_while_it_is_possible(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    where = signed.post("/log/bike", data=fields(signed.get("/log/bike").text)).headers["Location"]
    assert f'action="{where}/undo"' in signed.get(where).text
    clock.advance(minutes=11)
    assert f'action="{where}/undo"' not in signed.get(where).text
    assert signed.post(f"{where}/undo").status_code == 303
    assert acts(house, ling)[0]["status"] == "accepted"
    assert 'class="flash bad"' in signed.get(where).text


def test_caps_used_and_what_a_cap_cut_are_told(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    for km in ("10", "10", "4"):
        clock.advance(minutes=2)
        answer = signed.post("/log/bike", data={**fields(signed.get("/log/bike").text), "quantity": km})
    page = signed.get(answer.headers["Location"]).text
    assert "已记录，未计量" in page and "每日上限" in page
    assert "已用 20" in signed.get("/log/bike").text
    with house.store.read() as tx:
        assert ledger.wallet(tx, ling.id).declared_g == 952


def test_my_acts_are_listed_by_day_and_page_on(signed: Any, house: Any, ling: Any, clock: Any) -> None:
    assert "记第一笔" in signed.get("/activities").text
    for n in range(35):
        clock.advance(minutes=1)
        sent = fields(signed.get("/log/e_invoice").text)
        signed.post("/log/e_invoice", data={**sent, "day": (clock.now() - timedelta(days=n % 3)).date().isoformat()})
    page = signed.get("/activities").text
    after = re.search(r'href="(/activities\?after=[^"]+)"', page)
    assert "今天" in page and after is not None
    second = signed.get(after.group(1).replace("&amp;", "&")).text
    ids = re.compile(r"/activities/([0-9a-f-]{36})")
    assert len(set(ids.findall(page)) | set(ids.findall(second))) == 35
    assert signed.get("/activities?after=x").status_code == 400


def test_closed_behaviours_have_no_form_and_strangers_sign_in_first(signed: Any, app: Any) -> None:
    assert signed.get("/log/ev_km").status_code == 404
    assert signed.get("/log/nothing").status_code == 404
    answer = app.test_client().get("/log/bike")
    assert answer.status_code == 303 and "/sign-in" in answer.headers["Location"]


def test_what_is_not_open_yet_is_folded_away(client: Any) -> None:
    page = client.get("/log").text
    first, _, folded = page.partition("<details")
    assert "即将开放" not in first and 'class="row shut"' not in first
    assert re.search(r"<summary>即将开放 \d+ 项", folded) and 'class="row shut"' in folded
