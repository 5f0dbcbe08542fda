"""The pages of meters: bind, read, import a file, see the working; a unit's energy; the temperature table."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text

from points_engine.meters import Working, next_month
from tests.people import Person, make_member, make_unit
from tests.rooms.test_meters import FACTS, FIRSTS, NUMBER, bind, read_all, savings
from webapp.meters import queries, words
from webapp.meters.queries import Owner
from webapp.meters.settling import settle_months


@pytest.fixture
def ling(house: Any) -> Person:
    return make_member(house, "ling")


def csv_of(lines: list[str], head: str = "表号,日期,读数") -> bytes:
    return "\n".join([head, *lines]).encode()


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((200, 160), 33).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_a_member_binds_reads_and_sees_what_counts(house: Any, ling: Person, client: Any) -> None:
    ling.sign_in(client)
    assert "还没有绑定表" in client.get("/meters").text
    bad = client.post("/meters/new", data={"kind": "electricity", "number": "1", "people": "3"})
    assert bad.status_code == 400 and "4–24" in bad.text
    made = client.post("/meters/new", data={"kind": "electricity", "number": "1400 1234 5678", "people": "3"})
    assert made.status_code == 303
    page = client.get(made.location).text
    assert "…5678" in page and "140012345678" not in page
    plain = client.post(
        f"{made.location}/readings", data={"value": "12030.5", "on": "2026-06-16"}, follow_redirects=True
    )
    assert "不计节约" in plain.text
    photo = picture()
    data = {"value": "12030.5", "on": "2026-06-16", "photo": (io.BytesIO(photo), "meter.jpg")}
    sent = client.post(
        f"{made.location}/readings", data=data, content_type="multipart/form-data", follow_redirects=True
    )
    assert "整月用量会在夜里结算" in sent.text and "附照片" in sent.text
    ahead = client.post("/photos", data={"photo": (io.BytesIO(picture()), "m.jpg")}, content_type="multipart/form-data")
    mistyped = client.post(
        f"{made.location}/readings", data={"value": "x", "on": "2026-06-16", "photo_id": ahead.json["id"]}
    )
    assert mistyped.status_code == 400 and f'name="photo_id" value="{ahead.json["id"]}"' in mistyped.text
    back = client.post(f"{made.location}/readings", data={"value": "12029", "on": "2026-06-16"})
    assert back.status_code == 409 and 'value="12029"' in back.text
    again = {"value": "12031", "on": "2026-06-15", "photo": (io.BytesIO(photo), "meter.jpg")}
    reused = client.post(f"{made.location}/readings", data=again, content_type="multipart/form-data")
    assert reused.status_code == 400 and "照片" in reused.text


def test_a_stranger_finds_no_meter_of_mine(house: Any, ling: Person, client: Any) -> None:
    meter = bind(house, ling)
    make_member(house, "bo").sign_in(client)
    for path in (f"/meters/{meter}", "/meters/nonsense"):
        assert client.get(path).status_code == 404
    assert client.post(f"/meters/{meter}/close").status_code == 404


def send(client: Any, data: bytes, where: str = "/meters/import", **more: str) -> Any:
    body = {"file": (io.BytesIO(data), "bill.csv"), **more}
    return client.post(where, data=body, content_type="multipart/form-data")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_file_is_previewed_then_taken_in_whole_and_again_harmless(
    house: Any, ling: Person, client: Any, encoding: str
) -> None:
    meter = bind(house, ling)
    ling.sign_in(client)
    data = csv_of([f"{NUMBER},2026-05-01,100", f"{NUMBER},2026/6/1,200.5"]).decode().encode(encoding)
    preview = send(client, data)
    assert preview.status_code == 200 and "其中 2 次是新的" in preview.text
    with house.store.read() as tx:
        assert queries.last_readings(tx, queries.meters_of(tx, Owner(ling.id))) == {}
    for _ in range(2):
        assert client.post("/meters/import", data={"text": data.decode(encoding), "confirm": "1"}).status_code == 303
    with house.store.read() as tx:
        known = queries.one(tx, Owner(ling.id), meter)
        assert sorted(r.value for r in queries.readings(tx, [known])[known.place]) == [100_000, 200_500]


def test_a_file_with_faults_names_each_by_its_line_and_leaves_nothing(house: Any, ling: Person, client: Any) -> None:
    meter = bind(house, ling)
    ling.sign_in(client)
    rows = [f"{NUMBER},2026-05-01,100", "99999,2026-05-02,1", f"{NUMBER},2026-13-01,1", f"{NUMBER},2026-06-01,abc",
            f"{NUMBER},2026-06-02,90"]  # fmt: skip
    answer = send(client, csv_of(rows), confirm="1")
    assert answer.status_code == 400
    for line in (3, 4, 5, 6):
        assert f'<th scope="row" class="num">{line}</th>' in answer.text
    with house.store.read() as tx:
        known = queries.one(tx, Owner(ling.id), meter)
        assert queries.readings(tx, [known])[known.place] == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "缺少"),
        (b"\x00\x01\x02", "CSV"),
        ("列一,列二\n1,2".encode(), "日期"),
        ("表号,日期,读数".encode(), "没有数据行"),
        (b"x" * 200_001, "太大"),
    ],
)
def test_what_is_no_such_file_is_refused_plainly(
    house: Any, ling: Person, client: Any, data: bytes, words: str
) -> None:
    bind(house, ling)
    ling.sign_in(client)
    answer = send(client, data)
    assert answer.status_code == 400 and words in answer.text


def test_usage_by_month_runs_on_as_a_register(house: Any, ling: Person, client: Any) -> None:
    meter = bind(house, ling)
    ling.sign_in(client)
    months, month = [], "2025-05"
    while month < "2026-06":
        months.append(f"{NUMBER},{month},{150 if month == '2026-05' else 200}")
        month = next_month(month)
    data = {"text": csv_of(months, "meter number,month,usage").decode(), "confirm": "1"}
    assert client.post("/meters/import", data=data).status_code == 303
    settle_months(house, house.clock.now())
    found = savings(house, ling)
    assert found["2026-05"].saved_milli == 50_000
    with house.store.read() as tx:  # nobody has seen that meter: a person looks first
        assert tx.row(text("SELECT status FROM activity WHERE occurred_on = '2026-05-31'")).status == "pending"
    assert "继续导入账单" in client.get(f"/meters/{meter}").text


def test_the_working_stands_on_the_page_in_both_languages(house: Any, ling: Person, client: Any) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [10] * 12 + [5])
    settle_months(house, house.clock.now())
    ling.sign_in(client)
    page = client.get(f"/meters/{meter}").text
    assert "去年同月（2025年5月）" in page and "单月最多计基线的 30%" in page and "93 千瓦时" in page
    client.set_cookie("prefs", "lang=en")
    english = client.get(f"/meters/{meter}", headers={"Accept-Language": "en"}).text
    assert "Use beside the baseline" in english and "the same month last year (May 2025)" in english


@pytest.mark.parametrize(("baseline", "use"), [(27_547_900, 23_275_945), (175_213, 148_487), (1_000_400, 999_950)])
def test_the_subtraction_in_a_working_comes_out(app: Any, baseline: int, use: int) -> None:
    """Figures are cut for reading; in a sum they are not, or the reader's own sum is another one."""
    done = Working("2026-05", "electricity", 31, use, "saved", baseline=baseline, before_limits=baseline,
                   fallen=baseline - use, saved=baseline - use, basis="peers")  # fmt: skip
    with app.test_request_context(headers={"Accept-Language": "en"}):
        line = next(line for line in words.working_lines(done) if line.startswith("Less"))
    one, other, rest = (Decimal(each.replace(",", "")) for each in re.findall(r"[\d,]+(?:\.\d+)?", line)[:3])
    assert one - other == rest == Decimal(baseline - use) / 1000


def test_somebody_elses_photo_sent_ahead_is_refused_and_makes_room_for_another(
    app: Any, house: Any, ling: Person
) -> None:
    """Too plain for a print, so that only its bytes are known."""
    out = io.BytesIO()
    Image.new("RGB", (200, 160), "white").save(out, "JPEG")
    sent = []
    for person in (make_member(house, "bo"), ling):
        client = person.sign_in(app.test_client())
        data = {"photo": (io.BytesIO(out.getvalue()), "m.jpg")}
        sent.append(client.post("/photos", data=data, content_type="multipart/form-data").json["id"])
    form = {"value": "1000", "on": "2026-06-16", "photo_id": sent[1]}
    answer = client.post(f"/meters/{bind(house, ling)}/readings", data=form)
    assert answer.status_code == 400 and "photo_id" not in answer.text and 'value="1000"' in answer.text


def test_a_reviewer_sees_the_working_and_the_readings(house: Any, ling: Person, client: Any) -> None:
    read_all(house, ling, bind(house, ling), [10] * 12 + [5])
    settle_months(house, house.clock.now())
    make_member(house, "rui", "reviewer").sign_in(client)
    page = client.get("/console/review/next", follow_redirects=True).text
    assert "去年同月（2025年5月）" in page and "附照片" in page and NUMBER not in page


def test_a_units_meter_is_its_own_and_nobody_elses(house: Any, ling: Person, client: Any) -> None:
    unit = make_unit(house, "enterprise", "振兴机械", ling)
    other = make_unit(house, "enterprise", "太行食品", make_member(house, "bo"))
    ling.sign_in(client)
    where = f"/unit-admin/{unit}/energy"
    assert client.get(where).status_code == 200
    made = client.post(f"{where}/new", data={"kind": "electricity", "number": "U-1001", "people": "40"})
    assert made.status_code == 303
    rows = [f"U1001,{on.isoformat()},{1000 * (n + 1) - (200 if n == 13 else 0)}" for n, on in enumerate(FIRSTS)]
    sent = client.post(f"{where}/import", data={"text": csv_of(rows).decode(), "confirm": "1"})
    assert sent.status_code == 303
    settle_months(house, house.clock.now())
    page = client.get(made.location).text
    assert "132.68 kg" in page and "不计入个人" in page
    assert "<b>20 <small>千瓦时</small></b><span>人均</span>" in page, "800 kWh by 40 people"
    assert "人均按绑定时填的 40 人算" in page
    few = client.post(f"{where}/new", data={"kind": "electricity", "number": "U-1002", "people": "4"}).location
    rows = [row.replace("U1001", "U1002") for row in rows]
    client.post(f"{where}/import", data={"text": csv_of(rows).decode(), "confirm": "1"})
    told = client.get(few).text
    assert "不足 5 人时不显示人均" in told and told.count("人均") == 1
    with house.store.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM activity")) == 0
        assert tx.scalar(text("SELECT count(*) FROM staff_action WHERE action LIKE 'meter.%'")) >= 2
    assert client.get(f"/unit-admin/{other}/energy").status_code == 404
    assert client.get(f"/unit-admin/{other}/energy/{made.location.rsplit('/', 1)[1]}").status_code == 404
    assert client.get(f"/meters/{made.location.rsplit('/', 1)[1]}").status_code == 404


def test_a_replaced_device_goes_on_with_the_baseline(house: Any, ling: Person, client: Any) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [7] * 12)
    ling.sign_in(client)
    bind(house, make_member(house, "wu"), replace(FACTS, number="330077"))
    data = {"replaced_on": "2026-05-10", "last": "3600", "new_number": "330077", "first": "5"}
    taken = client.post(f"/meters/{meter}/replace", data=data)
    assert taken.status_code == 409 and 'value="330077"' in taken.text and taken.text.count('value="2026-06-16"') == 1
    assert "<details open><summary>公司换了新表" in taken.text, "what was typed is in sight"
    data["new_number"] = "220099"
    blurred = client.post(f"/meters/{meter}/replace", data={**data, "slip": (io.BytesIO(b"no photo"), "slip.jpg")})
    assert blurred.status_code == 400 and 'id="error-slip"' in blurred.text and 'id="error-photo"' not in blurred.text
    assert client.post(f"/meters/{meter}/replace", data=data).status_code == 303
    assert "…0099" in client.get(f"/meters/{meter}").text
    assert bind(house, make_member(house, "bo"))  # the old device is in nobody's home


def test_administrators_bring_temperatures(house: Any, client: Any) -> None:
    make_member(house, "wang", "administrator").sign_in(client)
    days = [f"{date(2026, 1, 1) + timedelta(days=n)},-2.5" for n in range(31)]
    data = "\n".join(["日期,平均气温", *days])
    assert send(client, data.encode(), "/console/temperatures").status_code == 400  # no station, no source
    more = {"station": "长治", "source": "市气象局"}
    assert "31" in send(client, data.encode(), "/console/temperatures", **more).text
    kept = client.post("/console/temperatures", data={"text": data, "confirm": "1", **more})
    assert kept.status_code == 303
    with house.store.read() as tx:
        assert queries.weather(tx, ["2026-01", "2026-02"])["2026-01"].heating == 31 * 20_500
        assert tx.scalar(text("SELECT count(*) FROM staff_action WHERE action = 'temperature.import'")) == 1
    wrong = send(client, "日期,平均气温\n2026-02-30,1\n2026-02-01,99".encode(), "/console/temperatures", **more)
    assert wrong.status_code == 400 and wrong.text.count('scope="row" class="num"') == 2
