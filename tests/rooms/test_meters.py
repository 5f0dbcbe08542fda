"""Meters as a room: bound once, read, imported whole or not at all, settled once, and the acts inside stand aside."""

from __future__ import annotations

import io
import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text

from points_engine.errors import EngineError
from points_engine.meters import next_month
from tests.conftest import START
from tests.people import Person, make_member, make_unit
from tests.racing import race
from webapp.activities.commands import read_command
from webapp.activities.service import log_activity
from webapp.app import build_house
from webapp.ledger import queries as ledger
from webapp.meters import queries, service
from webapp.meters.forms import Figure, MeterFacts
from webapp.meters.queries import Owner
from webapp.meters.settling import settle_months
from webapp.settings import Settings

NUMBER = "140012345678"
FACTS = MeterFacts("electricity", NUMBER, 6, 3)
# The test clock stands on 16 June 2026; a year of readings up to the first of June.
FIRSTS = [date(2025 + (4 + n) // 12, (4 + n) % 12 + 1, 1) for n in range(14)]  # 2025-05-01 … 2026-06-01


@pytest.fixture
def ling(house: Any) -> Person:
    return make_member(house, "ling")


def bind(house: Any, who: Person, facts: MeterFacts = FACTS) -> str:
    key, now = house.settings.track_key, house.clock.now()
    return str(house.store.retrying(lambda tx: service.add_meter(tx, key, who.id, Owner(who.id), facts, now)))


def read_all(house: Any, who: Person, meter: str, uses: list[int], support: str = "photo", start: int = 1000) -> None:
    """Readings on the first of each month, from May 2025 on, with these uses a day between them."""
    value, now, last = start, house.clock.now(), FIRSTS[0]
    figures = [Figure(last, value * 1000, support=support)]
    for on, use in zip(FIRSTS[1:], uses, strict=False):
        value, last = value + use * (on - last).days, on
        figures.append(Figure(on, value * 1000, support=support))
    rows = [service.Row(meter, figure) for figure in figures]
    house.store.retrying(lambda tx: service.import_readings(tx, who.id, Owner(who.id), rows, set(), now))


def savings(house: Any, who: Person) -> dict[str, Any]:
    with house.store.read() as tx:
        query = text("SELECT month, outcome, saved_milli, activity_id, refusal FROM saving WHERE member_id = :m")
        return {row.month: row for row in tx.rows(query, {"m": who.id})}


def refusal(use_case: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        use_case()
    return caught.value


def csv_of(lines: list[str], head: str = "表号,日期,读数") -> bytes:
    return "\n".join([head, *lines]).encode()


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((200, 160), 33).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_one_meter_one_household(house: Any, ling: Person) -> None:
    bind(house, ling)
    bo = make_member(house, "bo")
    assert refusal(lambda: bind(house, bo)).code == "meter_taken"
    with house.store.read() as tx:
        assert NUMBER not in str(tx.rows(text("SELECT * FROM meter")))


def open_house(url: str) -> Any:
    """A house in a process of its own."""
    return build_house(Settings(env="test", database_url=url, var_dir=Path(tempfile.mkdtemp())))


def bind_one(house: Any, who: int) -> str:
    """One phone that binds the meter everybody wants."""
    key = house.settings.track_key
    try:
        house.store.retrying(lambda tx: service.add_meter(tx, key, who, Owner(who), FACTS, START))
    except EngineError as error:
        return error.code
    return "bound"


def read_one(house: Any, item: tuple[int, str, int]) -> str:
    """One phone that types one reading of one day; all of them differ."""
    who, meter, value = item
    figure = Figure(date(2026, 6, 16), value * 1000)
    try:
        house.store.retrying(lambda tx: service.add_reading(tx, Owner(who), meter, figure, START))
    except EngineError as error:
        return error.code
    return "kept"


def test_twenty_phones_and_one_meter(house: Any, database_url: str) -> None:
    people = [make_member(house, f"phone-{n}").id for n in range(20)]
    outcomes = race(open_house, database_url, bind_one, people, 2, 5)
    assert outcomes == {"bound": 1, "meter_taken": 19}


def test_twenty_readings_of_one_day(house: Any, ling: Person, database_url: str) -> None:
    meter = bind(house, ling)
    outcomes = race(open_house, database_url, read_one, [(ling.id, meter, 100 + n) for n in range(20)], 2, 5)
    assert outcomes == {"kept": 1, "reading_differs": 19}


def test_who_moves_out_frees_the_meter(house: Any, ling: Person) -> None:
    meter, bo = bind(house, ling), make_member(house, "bo")
    now = house.clock.now()
    house.store.retrying(lambda tx: service.close_meter(tx, ling.id, Owner(ling.id), meter, now))
    assert bind(house, bo) != meter
    late = Figure(date(2026, 6, 16), 1)
    add = lambda: house.store.retrying(lambda tx: service.add_reading(tx, Owner(ling.id), meter, late, now))  # noqa: E731 - read once below
    assert refusal(add).code == "meter_closed"


def test_readings_in_any_order_and_never_backwards(house: Any, ling: Person) -> None:
    meter, now = bind(house, ling), house.clock.now()

    def read(day: str, value: int, **more: Any) -> bool:
        figure = Figure(date.fromisoformat(day), value * 1000, **more)
        return bool(house.store.retrying(lambda tx: service.add_reading(tx, Owner(ling.id), meter, figure, now)))

    assert read("2026-06-01", 300) and read("2026-05-01", 200) and read("2026-04-01", 100)
    assert not read("2026-05-01", 200)
    assert refusal(lambda: read("2026-05-01", 201)).code == "reading_differs"
    wrong = refusal(lambda: read("2026-05-15", 301))
    assert wrong.code == "reading_goes_back"
    assert wrong.facts == {"before_on": "2026-05-15", "before": "301", "after_on": "2026-06-01", "after": "300"}
    assert read("2026-05-15", 999, estimated=True)
    assert read("2026-05-15", 250)  # the true one takes the place of the estimate


def test_a_year_is_settled_once_and_becomes_acts(house: Any, ling: Person) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [7] * 12 + [5], support="file")
    with house.store.write() as tx:
        tx.execute(text("UPDATE reading SET support = 'photo' WHERE read_on = '2026-06-01'"))
    assert settle_months(house, house.clock.now()) == 13
    assert settle_months(house, house.clock.now()) == 0
    found = savings(house, ling)
    assert [found[m].outcome for m in ("2025-05", "2025-07", "2025-08")] == ["too_early", "too_early", "no_saving"]
    may = found["2026-05"]
    assert (may.outcome, may.saved_milli) == ("saved", 62_000)
    with house.store.read() as tx:
        act = tx.row(
            text("SELECT * FROM activity WHERE behaviour = 'electricity_saved' AND occurred_on = '2026-05-31'")
        )
        assert act is not None and act.status == "pending"  # a photo worth more than 500 g waits for a person
        assert tx.row(text("SELECT level FROM proof WHERE \"natural\" = '2026-05'")).level == "photo"


def test_a_utility_file_is_credited_by_the_factor_of_the_month(house: Any, ling: Person) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [7] * 11 + [5] * 2, support="file")
    with house.store.write() as tx:
        tx.execute(text("UPDATE reading SET support = 'photo' WHERE read_on = '2026-03-01'"))
    settle_months(house, house.clock.now())
    with house.store.read() as tx:
        rows = tx.rows(text("SELECT grams, points, status, level FROM activity WHERE status = 'accepted'"))
        assert sorted((row.grams, row.points, row.level) for row in rows) == [
            (39_804, 360, "partner"),
            (41_130, 372, "partner"),
        ]
        assert ledger.wallet(tx, ling.id).verified_g == sum(row.grams for row in rows) > 0


def test_the_same_meter_and_month_never_pays_twice(house: Any, ling: Person) -> None:
    """Given up, bound by another, the same months brought again: the second household gets nothing."""
    meter, bo, now = bind(house, ling), make_member(house, "bo"), house.clock.now()
    read_all(house, ling, meter, [7] * 12 + [5])
    settle_months(house, now)
    house.store.retrying(lambda tx: service.close_meter(tx, ling.id, Owner(ling.id), meter, now))
    again = bind(house, bo)
    read_all(house, bo, again, [7] * 12 + [5])
    settle_months(house, now)
    assert savings(house, ling)["2026-05"].activity_id and not savings(house, bo)["2026-05"].activity_id
    assert savings(house, bo)["2026-05"].refusal == "already_imported"


def test_without_a_photo_nothing_is_settled(house: Any, ling: Person) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [7] * 12 + [5], support="none")
    assert settle_months(house, house.clock.now()) == 0
    with house.store.read() as tx:
        assert queries.readings(tx, [queries.one(tx, Owner(ling.id), meter)])


def test_acts_inside_the_meter_stand_aside_and_come_back(house: Any, ling: Person) -> None:
    meter, now = bind(house, ling), house.clock.now()
    read_all(house, ling, meter, [7] * 13)
    settle_months(house, now)

    def cool(n: int) -> Any:
        at = house.clock.now() - timedelta(minutes=n)
        name = f"00000000-0000-4000-8000-00000000000{n}"
        command = read_command(
            house.catalogue, ling.id, id=name, behaviour="ac_26", quantity=Decimal(1), occurred_at=at, inputs={},
            evidence=[], now=house.clock.now(),
        )  # fmt: skip
        with house.store.write() as tx:
            return log_activity(tx, command, house.clock.now()).record

    first = cool(1)
    assert (first["grams"], list(first["reasons"])) == (0, ["metered_at_home"])
    house.store.retrying(lambda tx: service.close_meter(tx, ling.id, Owner(ling.id), meter, now))
    house.clock.advance(days=1)
    assert cool(2)["grams"] > 0


def test_a_removed_reading_is_gone_unless_it_was_settled_with(house: Any, ling: Person) -> None:
    meter, now = bind(house, ling), house.clock.now()
    read_all(house, ling, meter, [7] * 13)
    house.store.retrying(
        lambda tx: service.add_reading(tx, Owner(ling.id), meter, Figure(date(2026, 6, 10), 9_000_000), now)
    )

    def remove(on: date) -> None:
        house.store.retrying(lambda tx: service.remove_reading(tx, ling.id, Owner(ling.id), meter, 0, on, now))

    remove(date(2026, 6, 10))
    settle_months(house, now)
    assert refusal(lambda: remove(date(2026, 6, 1))).code == "reading_settled"
    assert refusal(lambda: remove(date(2026, 6, 10))).code == "unknown_reading"


def test_peers_make_a_cap_for_who_has_no_year(house: Any, ling: Person) -> None:
    """Five homes of 7 a day; a newcomer who ran up 10 is held against what three in four use."""
    for n in range(5):
        other = make_member(house, f"home-{n}")
        read_all(house, other, bind(house, other, MeterFacts("electricity", f"9000{n}", 6, 4)), [7] * 13)
    settle_months(house, house.clock.now())
    meter, now = bind(house, ling), house.clock.now()
    rows = [
        service.Row(meter, Figure(on, value * 1000, support="photo"))
        for on, value in zip(FIRSTS[-5:], (0, 300, 600, 900, 1090), strict=True)
    ]
    house.store.retrying(lambda tx: service.import_readings(tx, ling.id, Owner(ling.id), rows, set(), now))
    settle_months(house, now)
    assert 0 < savings(house, ling)["2026-05"].saved_milli <= 27_000


def test_leaving_takes_meters_and_readings_along(house: Any, ling: Person) -> None:
    read_all(house, ling, bind(house, ling), [7] * 12 + [5])
    settle_months(house, house.clock.now())
    with house.store.write() as tx:
        service.forget(tx, ling.id, house.clock.now())
    with house.store.read() as tx:
        for table in ("meter", "reading", "month_use", "saving"):
            assert tx.scalar(text(f"SELECT count(*) FROM {table}")) == 0


# --- pages


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
    assert "Use beside the baseline" in english or "用量与基线" in english


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
    assert "132,680 g" in page and "不计入个人" in page
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
    data = {"replaced_on": "2026-05-10", "last": "3600", "new_number": "220099", "first": "5"}
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
