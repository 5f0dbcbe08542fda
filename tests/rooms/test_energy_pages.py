"""Pages of units' energy: told and corrected, files whole or not at all, published in versions, judged, letters by two hands."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from points_engine.errors import EngineError
from tests.people import Person, make_member, make_unit
from tests.rooms.test_energy import aim, tell_year
from webapp.energy import audit, evaluating, files, importing, publishing, queries, service
from webapp.energy.forms import Told
from webapp.energy.tables import energy_import, energy_publication, energy_reading, energy_score
from webapp.green_units import service as units
from webapp.inbox.tables import notice
from webapp.launch import energy_feed
from webapp.papers.reading import Table, read_table
from webapp.papers.writing import Table as Sheet
from webapp.papers.writing import xlsx

HEAD = "月份,能源品种,用量,单位,部门\n"


@pytest.fixture
def hr(house: Any) -> Person:
    return make_member(house, "hr-a")


@pytest.fixture
def bureau(house: Any, hr: Person) -> int:
    return make_unit(house, "public_body", "甲局", hr)


@pytest.fixture
def client(app: Any, hr: Person, bureau: int) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return hr.sign_in(app.test_client())


def upload(client: Any, unit: int, data: bytes | str, name: str = "a.csv") -> Any:
    data = data.encode() if isinstance(data, str) else data
    form = {"file": (io.BytesIO(data), name)}
    return client.post(f"/energy/units/{unit}/files", data=form, content_type="multipart/form-data")


def readings(house: Any, unit: int) -> list[tuple[Any, ...]]:
    r = energy_reading.c
    with house.store.read() as tx:
        rows = tx.rows(select(energy_reading).where(r.unit_id == unit).order_by(r.month, r.carrier, r.version))
        return [(row.month, row.carrier, row.source, row.version, row.value_milli) for row in rows]


def refused(house: Any, code: str, call: Any) -> None:
    with pytest.raises(EngineError) as error:
        house.store.retrying(call)
    assert error.value.code == code


def test_a_typed_month_and_its_correction(house: Any, client: Any, bureau: int) -> None:
    at = f"/energy/units/{bureau}/readings"
    form = {"month": "2026-05", "carrier": "electricity", "value": "1,200.5", "note": ""}
    assert client.post(at, data=form).status_code == 303
    assert client.post(at, data=form).status_code == 303  # the same again says nothing new
    assert client.post(at, data=form | {"value": "1300", "note": "账单更正"}).status_code == 303
    assert readings(house, bureau) == [
        ("2026-05", "electricity", "typed", 1, 1_200_500), ("2026-05", "electricity", "typed", 2, 1_300_000)
    ]  # fmt: skip
    page = client.get(f"{at}?year=2026").text
    assert "<s>1,200.5</s>" in page and "账单更正" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"month": "2026-06"}, "已经过完的月份"), ({"month": "6月"}, "月份不正确"), ({"value": "-1"}, "请填写数字"),
        ({"value": "1.2345"}, "最多三位小数"), ({"carrier": "coal"}, "选项"), ({"value": ""}, "请填写"),
    ],
)  # fmt: skip
def test_a_refused_figure_stays_on_the_page(house: Any, client: Any, bureau: int, change: Any, words: str) -> None:
    form = {"month": "2026-05", "carrier": "water", "value": "12", "note": "留在这里"} | change
    answer = client.post(f"/energy/units/{bureau}/readings", data=form)
    assert answer.status_code == 400 and words in answer.text and "留在这里" in answer.text
    assert readings(house, bureau) == []


def test_area_target_and_the_page_of_the_year(house: Any, client: Any, bureau: int) -> None:
    at = f"/energy/units/{bureau}"
    empty = client.get(f"{at}?year=2025").text
    assert "还没有用能数据" in empty and "还没有设目标" not in empty
    with house.store.write() as tx:
        tell_year(tx, bureau, 2024, 1100)
        tell_year(tx, bureau, 2025, 1000)
    size = {"what": "area", "value": "200", "from_on": "2024-01-01", "source": "房产证"}
    assert client.post(f"{at}/sizes", data=size).status_code == 303
    wrong = client.post(f"{at}/sizes", data=size | {"value": "0", "source": "量的"})
    assert wrong.status_code == 400 and "量的" in wrong.text
    target = {
        "measure": "total",
        "shape": "line",
        "given": "percent",
        "base_year": "2024",
        "base": "",
        "source": "责任书",
    }
    bad = client.post(f"{at}/target", data=target | {"points": "2024 5"})
    assert bad.status_code == 400 and "2024 5" in bad.text
    assert client.post(f"{at}/target", data=target | {"points": "2026 10"}).status_code == 303
    page = client.get(f"{at}?year=2025").text
    # 13,200 kWh × 0.1229 = 1,622.28 a year before, 5% of it off in the first of two years
    assert "1,541.17" in page and "1,474.8" in page and "符合目标" in page and "7.37" in page and "−9.1%" in page
    assert page.count("<rect") == 24 and "<polyline" in page
    assert client.get(f"{at}?year=2025&show=electricity").status_code == 200
    assert "Unit energy" in client.get(f"{at}?year=2025", headers={"Accept-Language": "en"}).text


def test_a_file_with_a_fault_is_not_taken_in_at_all(house: Any, client: Any, bureau: int) -> None:
    sent = upload(
        client,
        bureau,
        HEAD + "2026-01,电,100,kWh,\n2026-02,煤,5,,\n2026-13,电,5,,\n2026-03,水,5,kWh,\n2026-01,电,7,,\n",
    )
    page = client.get(sent.location).text
    assert all(
        f'<th scope="row">{line}</th><td>{column}</td>' in page
        for line, column in ((3, "B"), (4, "A"), (5, "D"), (6, "A"))
    )
    number = int(sent.location.split("?")[0].rsplit("/", 1)[1])
    answer = client.post(f"/energy/units/{bureau}/files/{number}/confirm", follow_redirects=True)
    assert "整份没有导入" in answer.text and readings(house, bureau) == []
    book = client.get(f"/energy/units/{bureau}/files/{number}/faults")
    table = read_table("faults.xlsx", io.BytesIO(book.data))
    assert [row[1][:3] for row in table.rows[1:]] == [
        ["2026-02", "煤", "5"],
        ["2026-13", "电", "5"],
        ["2026-03", "水", "5"],
        ["2026-01", "电", "7"],
    ]


def test_a_corrected_file_is_taken_in_once_and_again_changes_nothing(
    house: Any, client: Any, bureau: int, hr: Person
) -> None:
    with house.store.write() as tx:
        east = units.create_department(tx, hr.id, bureau, "东楼", house.clock.now())
    sheet = xlsx(
        [
            Sheet(
                "用能",
                HEAD.strip().split(","),
                [["2026-01", "电力", "1.5", "MWh", "东楼"], ["2026-01", "水", 30, "吨", ""]],
            )
        ]
    )
    for _ in range(2):
        sent = upload(client, bureau, sheet, "a.xlsx")
        assert client.post(sent.location.replace("?", "/confirm?")).status_code == 303
    assert readings(house, east) == [("2026-01", "electricity", "file", 1, 1_500_000)]
    assert readings(house, bureau) == [("2026-01", "water", "file", 1, 30_000)]
    upload(client, bureau, HEAD + "2026-01,水,31,,\n")
    upload(client, bureau, HEAD + "2026-01,水,32,,\n")  # the older preview of the same hands goes
    with house.store.read() as tx:
        states = [row.status for row in tx.rows(select(energy_import.c.status).order_by(energy_import.c.id))]
    assert states == ["confirmed", "confirmed", "dropped", "preview"]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"a,b\n1,2\n", "a.csv", "第一行缺少这些列"), (b"", "a.csv", "空"), (b"x", "a.pdf", "xlsx"),
        ((HEAD).encode(), "a.csv", "空的"), ("月份,月,能源品种,用量\n1,2,3,4\n".encode(), "a.csv", "都叫"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(client: Any, bureau: int, data: bytes, name: str, words: str) -> None:
    answer = upload(client, bureau, data, name)
    assert answer.status_code == 400 and words in answer.text


def test_two_imports_of_one_file_at_once_give_each_row_once(house: Any, bureau: int) -> None:
    """Eight hands from a barrier with the same platform file; then the same again with one figure corrected."""
    with house.store.write() as tx:
        importing.set_code(tx, 0, "EM-1", bureau, "electricity", house.clock.now())

    def bring(values: list[str]) -> dict[str, int]:
        rows = [(0, ["code", "month", "value"]), *((n, ["EM-1", f"2026-0{n}", v]) for n, v in enumerate(values, 1))]

        def once(tx: Any) -> dict[str, int]:
            lines = files.read_platform(Table("JSON", rows), importing.known_codes(tx), house.clock.now().date())
            return importing.bring_in(tx, 0, "a.json", "0" * 64, lines, house.clock.now())

        return house.store.retrying(once)

    for values, expected in ((["1", "2", "3"], [3]), (["1", "2", "4"], [1])):
        barrier = Barrier(8)

        def work(_n: int, barrier: Barrier = barrier, values: list[str] = values) -> int:
            barrier.wait(30)
            counts = bring(values)
            return counts["fresh"] + counts["changed"]

        with ThreadPoolExecutor(8) as pool:
            assert sorted(n for n in pool.map(work, range(8)) if n) == expected
    assert [(r[0], r[3], r[4]) for r in readings(house, bureau)] == [
        ("2026-01", 1, 1000), ("2026-02", 1, 2000), ("2026-03", 1, 3000), ("2026-03", 2, 4000)
    ]  # fmt: skip


@pytest.mark.parametrize("text", ['{"readings": 5}', "[]", "{", '{"readings": [5]}', '{"rows": []}'])
def test_odd_json_is_refused(text: str) -> None:
    with pytest.raises(EngineError) as error:
        files.json_table(text.encode())
    assert error.value.code == "platform_json"


def test_the_platforms_json(house: Any, app: Any, client: Any, bureau: int) -> None:
    with house.store.write() as tx:
        importing.set_code(tx, 0, "EM-1", bureau, "electricity", house.clock.now())
    editor = make_member(house, "editor", "editor").sign_in(app.test_client())
    told = {
        "readings": [
            {"code": "EM-1", "month": "2026-01", "value": 12.5, "unit": "kWh"},
            {"code": "EM-9", "month": "2026-01", "value": 1},
        ]
    }
    sent = editor.post("/console/energy/platform", data={"file": (io.BytesIO(json.dumps(told).encode()), "p.json")})
    assert "这个表计编码还没有对应单位" in editor.get(sent.location).text
    told["readings"].pop()
    sent = editor.post("/console/energy/platform", data={"file": (io.BytesIO(json.dumps(told).encode()), "p.json")})
    assert editor.post(f"{sent.location}/confirm").status_code == 303
    assert readings(house, bureau) == [("2026-01", "electricity", "platform", 1, 12_500)]
    assert client.get("/console/energy/platform").status_code == 403


def test_publishing_in_versions(house: Any, app: Any, client: Any, bureau: int, hr: Person) -> None:
    now = house.clock.now()
    with house.store.write() as tx:
        tell_year(tx, bureau, 2024, 1100)
        tell_year(tx, bureau, 2025, 1000)
    at, form = f"/energy/units/{bureau}/publish", {"year": "2025", "source": "电费账单", "note": ""}
    assert client.post(at, data=form).status_code == 303
    assert "没有不同" in client.post(at, data=form, follow_redirects=True).text
    with house.store.write() as tx:
        service.tell_reading(tx, hr.id, Told(bureau, "electricity", "2025-12", "", 500_000), now + timedelta(hours=1))
    house.clock.advance(hours=2)
    needs = client.post(at, data=form)
    assert needs.status_code == 400 and "电费账单" in needs.text
    assert client.post(at, data=form | {"note": "十二月按账单更正"}).status_code == 303
    public = app.test_client()
    first, second = (public.get(f"/energy/published/{bureau}/2025{v}").text for v in ("?version=1", ""))
    assert "1,474.8" in first and "已有更正" in first and "1,413.4" in second and "十二月按账单更正" in second
    assert "甲局" in public.get("/energy?year=2025").text
    with house.store.read() as tx:
        assert audit.energy_audit(tx) == []
    refused(house, "year_not_whole", lambda tx: publishing.publish(tx, hr.id, bureau, 2023, "x", "", now))


@pytest.mark.parametrize("what", ["figures", "inputs", "readings"])
def test_the_audit_sees_a_publication_that_was_touched(house: Any, bureau: int, hr: Person, what: str) -> None:
    with house.store.write() as tx:
        tell_year(tx, bureau, 2024, 1100)
        tell_year(tx, bureau, 2025, 1000)
        publishing.publish(tx, hr.id, bureau, 2025, "账单", "", house.clock.now())
        row = tx.row(select(energy_publication))
        if what == "readings":
            tx.execute(update(energy_reading).where(energy_reading.c.month == "2025-03").values(value_milli=1))
        elif what == "figures":
            tx.execute(update(energy_publication).values(figures=row.figures | {"months": 11}))
        else:
            cells = [[*row.inputs["cells"][0][:2], 7, *row.inputs["cells"][0][3:]], *row.inputs["cells"][1:]]
            tx.execute(update(energy_publication).values(inputs=row.inputs | {"cells": cells}))
    with house.store.read() as tx:
        assert audit.energy_audit(tx)


def test_a_company_publishes_only_by_its_own_choice(house: Any, app: Any, hr: Person) -> None:
    boss = make_member(house, "boss")
    firm, now = make_unit(house, "enterprise", "乙公司", boss), house.clock.now()
    with house.store.write() as tx:
        tell_year(tx, firm, 2025, 1000)
    refused(house, "not_publishing", lambda tx: publishing.publish(tx, 0, firm, 2025, "x", "", now, staff=True))
    refused(house, "unknown_unit", lambda tx: service.set_choice(tx, hr.id, firm, True, now))
    with house.store.write() as tx:
        service.set_choice(tx, boss.id, firm, True, now)
        publishing.publish(tx, 0, firm, 2025, "x", "", now, staff=True)
    assert app.test_client().get(f"/energy/published/{firm}/2025").status_code == 200
    with house.store.write() as tx:
        service.set_choice(tx, boss.id, firm, False, now)
    assert app.test_client().get(f"/energy/published/{firm}/2025").status_code == 404
    assert "乙公司" not in app.test_client().get("/energy?year=2025").text


def test_closing_the_year_and_letters_by_two_hands(house: Any, app: Any, client: Any, bureau: int, hr: Person) -> None:
    now = house.clock.now()
    one, two = (make_member(house, f"editor-{n}", "editor") for n in (1, 2))
    refused(
        house,
        "year_not_closed",
        lambda tx: evaluating.write_letter(tx, one.id, bureau, 2025, "rectify", {"body": "x"}, now),
    )
    with house.store.write() as tx:
        tell_year(tx, bureau, 2025, 1000)
        aim(tx, bureau, "1000", "900", 2025, now)
        assert evaluating.close_year(tx, one.id, 2025, now) == (1, 1)
    refused(house, "year_not_over", lambda tx: evaluating.close_year(tx, one.id, 2026, now))
    refused(
        house, "not_earned", lambda tx: evaluating.write_letter(tx, one.id, bureau, 2025, "commend", {"body": "x"}, now)
    )
    with house.store.write() as tx:
        letter = evaluating.write_letter(tx, one.id, bureau, 2025, "rectify", {"body": "请整改"}, now)
    at = f"/energy/units/{bureau}/letters/{letter}"
    assert client.get(at).status_code == 404  # a draft is nobody's business
    refused(house, "same_hand", lambda tx: evaluating.send_letter(tx, one.id, letter, now))
    house.store.retrying(lambda tx: evaluating.send_letter(tx, two.id, letter, now))
    refused(house, "letter_settled", lambda tx: evaluating.send_letter(tx, two.id, letter, now))
    with house.store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(notice).where(notice.c.kind == "energy_letter")) == 1
    assert client.post(at, data={"answer": " "}).status_code == 400
    assert client.post(at, data={"answer": "更换照明，九月完成"}).status_code == 303
    assert "九月完成" in client.get(at).text
    desk = one.sign_in(app.test_client())
    assert "九月完成" in desk.get("/console/energy/letters?year=2025").text
    with house.store.read() as tx:
        assert queries.results(tx, [bureau], 2025)[bureau].closed


def test_the_audit_sees_a_score_that_was_touched(house: Any, bureau: int) -> None:
    with house.store.write() as tx:
        aim(tx, bureau, "1000", "900", 2025, house.clock.now())
        evaluating.close_year(tx, 0, 2025, house.clock.now())
    with house.store.read() as tx:
        assert audit.energy_audit(tx) == []
    with house.store.write() as tx:
        tx.execute(update(energy_score).values(total=99))
    with house.store.read() as tx:
        assert len(audit.energy_audit(tx)) == 1


def test_ticks_need_evidence_and_count(house: Any, app: Any, bureau: int) -> None:
    desk = make_member(house, "editor", "editor").sign_in(app.test_client())
    app.config["WTF_CSRF_ENABLED"] = False
    at = f"/console/energy/units/{bureau}?year=2025"
    assert "不参加考核" in desk.get(at).text
    with house.store.write() as tx:
        aim(tx, bureau, "1000", "900", 2025, house.clock.now())
    bare = desk.post(at, data={"done_officer": "1", "evidence_officer": "", "evidence_records": "台账照片"})
    assert bare.status_code == 400 and "台账照片" in bare.text
    assert desk.post(at, data={"done_officer": "1", "evidence_officer": "任命文件"}).status_code == 303
    with house.store.read() as tx:
        known = queries.of_year(tx, queries.green_units.by_ids(tx, [bureau]), 2025)
        assert queries.scores(tx, known, 2025)[bureau][1].items["officer"] == 6


def test_poster_report_and_files(client: Any, house: Any, bureau: int) -> None:
    with house.store.write() as tx:
        tell_year(tx, bureau, 2025, 1000)
    at = f"/energy/units/{bureau}"
    picture = client.get(f"{at}/poster?year=2025")
    assert Image.open(io.BytesIO(picture.data)).size == (1080, 1620)
    assert "用能与减碳报告" in client.get(f"{at}/report?year=2025").text
    book = client.get(f"{at}/export?year=2025")
    assert book.data[:2] == b"PK"
    assert client.get(f"{at}/files/template").data[:2] == b"PK"


def test_the_command_takes_a_file_in_whole_and_again_changes_nothing(
    house: Any, bureau: int, tmp_path: Any, capsys: Any
) -> None:
    with house.store.write() as tx:
        importing.set_code(tx, 0, "EM-1", bureau, "electricity", house.clock.now())
    path = tmp_path / "p.csv"
    path.write_text("code,month,value\nEM-1,2026-01,5\nEM-1,2026-99,5\n", encoding="utf-8")
    assert energy_feed.run(house.settings, str(path), dry_run=False) == 1
    assert "line 3, column B" in capsys.readouterr().err and readings(house, bureau) == []
    path.write_text("code,month,value\nEM-1,2026-01,5\n", encoding="utf-8")
    assert energy_feed.run(house.settings, str(path), dry_run=True) == 0 and readings(house, bureau) == []
    told = []
    for _ in range(2):
        capsys.readouterr()
        assert energy_feed.run(house.settings, str(path), dry_run=False) == 0
        told.append(json.loads(capsys.readouterr().out)["fresh"])
    assert told == [1, 0] and len(readings(house, bureau)) == 1
