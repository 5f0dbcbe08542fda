"""The public ledger: indicators with their path and history, the platform's sums without small groups, open data."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import func, select

from points_engine.clock import LOCAL
from points_engine.errors import EngineError, Invalid
from points_engine.ledger import Move
from tests.counting import count_statements
from tests.people import give_points, make_member, make_unit
from webapp.activities.commands import read_command
from webapp.journal.tables import staff_action
from webapp.ledger import service as ledger
from webapp.public_ledger import counting, indicators, queries, service
from webapp.public_ledger.charts import chart
from webapp.public_ledger.forms import Entry
from webapp.public_ledger.jobs import JOBS


def enter(house: Any, no: int, year: int, value: str, source: str = "统计公报", note: str = "") -> bool:
    now, entry = house.clock.now(), Entry(year, value, source, note)
    return bool(house.store.retrying(lambda tx: service.enter_value(tx, 0, no, entry, now)))


def act(house: Any, member_id: int, behaviour: str = "no_cutlery", quantity: int = 1) -> None:
    now = house.clock.now()
    command = read_command(
        house.catalogue, member_id, id=str(uuid.uuid4()), behaviour=behaviour, quantity=Decimal(quantity),
        occurred_at=now - timedelta(hours=1), inputs={}, evidence=[], now=now,
    )  # fmt: skip
    assert house.desk.log(command, now).record["status"] == "accepted"


def counted(house: Any) -> dict[str, Any]:
    assert JOBS[0].run is not None
    JOBS[0].run(house, house.clock.now())
    with house.store.read() as tx:
        found = queries.last_count(tx)
    assert found is not None and found.as_of == house.clock.now()
    return found.figures


# --- the plan ----------------------------------------------------------------------------------------


def test_the_plan_has_fourteen_indicators() -> None:
    found = indicators.indicators()
    assert [one.no for one in found] == list(range(1, 15))
    assert {one.no for one in found if not one.higher} == {2, 3, 9}
    assert [one.mark for one in found if one.mark] == ["a", "b", "c"]
    words = [one for one in found if one.target_2030 is None]
    assert [(one.no, one.words_zh) for one in words] == [(3, "完成市下达目标任务")]


@pytest.mark.parametrize(
    ("no", "year", "goal"),
    [
        (4, 2021, None), (4, 2022, "6"), (4, 2023, "9"), (4, 2024, "12"), (4, 2025, "15"), (4, 2026, "17"),
        (4, 2030, "25"), (4, 2031, "25"), (2, 2024, "5/6"), (3, 2025, "1.06"), (3, 2026, None), (1, 2024, "46/3"),
    ],
)  # fmt: skip
def test_the_path_is_straight_between_targets(no: int, year: int, goal: str | None) -> None:
    assert indicators.path(queries.known(no), year) == (Fraction(goal) if goal else None)


@pytest.mark.parametrize(
    ("no", "year", "value", "status"),
    [
        (4, 2023, "9", "on_path"), (4, 2023, "8.999", "behind"), (4, 2023, "25", "reached"), (4, 2030, "24.9", "behind"),
        (9, 2025, "8.7", "on_path"), (9, 2025, "8.71", "behind"), (9, 2024, "7.0", "reached"),
        (3, 2025, "1.06", "on_path"), (3, 2025, "1.07", "behind"), (3, 2026, "0.5", "words"), (4, None, None, "none"),
    ],
)  # fmt: skip
def test_how_a_value_stands(no: int, year: int | None, value: str | None, status: str) -> None:
    assert indicators.status(queries.known(no), year, value) == status


@pytest.mark.parametrize(
    ("value", "text"), [("2/3", "0.67"), ("1/200", "0.01"), ("15", "15"), ("-1/3", "-0.33"), ("-1/1000", "0")]
)
def test_points_of_the_path_are_rounded(value: str, text: str) -> None:
    assert indicators.shown(Fraction(value)) == text


def test_a_chart_stays_in_its_box() -> None:
    for of in indicators.indicators():
        made = chart(of, {2022: of.actual_2022, 2023: "0", 2024: "120", 2033: "-5"})
        assert all(52 <= x <= 308 and 14 <= y <= 128 for x, y in made.values), of.no
        assert len(made.goals) == (1 if of.no == 3 else 2)
    up = chart(queries.known(4), {2022: "6", 2025: "20"})
    assert up.values[1][0] > up.values[0][0] and up.values[1][1] < up.values[0][1]


# --- entering ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "faults"),
    [
        ({}, {"year": "required", "value": "required", "source": "required"}),
        ({"year": "2027", "value": "1", "source": "a"}, {"year": "in_future"}),
        ({"year": "2021", "value": "1", "source": "a"}, {"year": "out_of_bounds"}),
        ({"year": "20x5", "value": "1e3", "source": "a"}, {"year": "invalid", "value": "not_a_number"}),
        ({"year": "2025", "value": "1.2345", "source": " "}, {"value": "too_many_decimals", "source": "required"}),
        ({"year": "2025", "value": "١", "source": "a" * 201}, {"value": "not_a_number", "source": "too_long"}),
    ],
)
def test_what_is_wrong_is_said(form: dict[str, str], faults: dict[str, str]) -> None:
    with pytest.raises(Invalid) as error:
        Entry.parse(form, 2026)
    assert error.value.fields == faults


def test_a_correction_leaves_what_was_there(house: Any, client: Any) -> None:
    assert enter(house, 4, 2023, "8.0", "初步核算")
    assert not enter(house, 4, 2023, "8.0", "初步核算")
    assert enter(house, 4, 2023, "9.50", "终核", "更正")
    with house.store.read() as tx:
        line, history = queries.one(tx, 4)
        detail = tx.scalar(select(staff_action.c.detail).order_by(staff_action.c.id.desc()).limit(1))
        written = tx.scalar(select(func.count()).where(staff_action.c.action == "indicator.enter"))
    assert line.latest is not None and (line.latest.value, line.status, line.goal) == ("9.50", "on_path", "9")
    assert [(v.value, v.newest) for v in history] == [("9.50", True), ("8.0", False)]
    assert written == 2 and detail == {"year": 2023, "value": "9.50", "instead_of": "8.0"}
    page = client.get("/statistics/indicators").text
    assert "<s>2023 · 8.0</s>" in page and "初步核算" in page and "终核 · 更正" in page
    with pytest.raises(EngineError) as error:
        enter(house, 15, 2023, "1")
    assert error.value.code == "unknown_indicator"


def test_an_earlier_year_does_not_become_the_newest(house: Any) -> None:
    enter(house, 4, 2025, "20")
    enter(house, 4, 2023, "7")
    with house.store.read() as tx:
        line, _ = queries.one(tx, 4)
    assert line.latest is not None and line.latest.year == 2025 and line.status == "on_path"


def test_an_editor_enters_at_the_desk(app: Any, house: Any, client: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    make_member(house, "ed", "editor", nickname="编辑小李").sign_in(client)
    assert "还没有填报" in client.get("/console/indicators/4").text
    wrong = client.post(
        "/console/indicators/4", data={"year": "2025", "value": "17.5%", "source": "", "note": "保留我"}
    )
    assert wrong.status_code == 400 and 'value="17.5%"' in wrong.text and "保留我" in wrong.text
    form = {"year": "2025", "value": "17.5", "source": "<b>2025 年公报</b>"}
    done = client.post("/console/indicators/4", data=form, follow_redirects=True)
    assert "公开页面已更新" in done.text and "编辑小李" in done.text and "&lt;b&gt;2025" in done.text
    assert "17.5" in client.get("/console/indicators").text
    assert client.get("/console/indicators/99").status_code == 404
    assert client.post("/console/indicators/99", data=form).status_code == 404
    page = client.get("/statistics/indicators").text
    assert "符合进度" in page and "编辑小李" not in page


def test_the_board_asks_once_however_many_values(house: Any, client: Any) -> None:
    client.get("/statistics/indicators")
    with count_statements(house.store) as few:
        client.get("/statistics/indicators")
    for no in range(1, 15):
        for year in (2023, 2024, 2025):
            enter(house, no, year, "12")
    with count_statements(house.store) as many:
        page = client.get("/statistics/indicators").text
    assert len(many.statements) == len(few.statements)
    assert page.count('<svg class="chart"') == 14 and "完成市下达目标任务" in page


# --- the platform's sums -----------------------------------------------------------------------------


def test_nothing_of_fewer_than_five(house: Any, client: Any) -> None:
    assert "还没有统计" in client.get("/statistics").text
    crowd = [make_member(house, f"m{n}") for n in range(5)]
    for person in crowd[:4]:
        act(house, person.id)
    few = counted(house)
    assert set(few["total"].values()) <= {None, 0} and few["total"]["people"] is None and few["members"] == 5
    assert "不显示" in client.get("/statistics").text
    act(house, crowd[4].id)
    enough = counted(house)
    assert enough["total"]["people"] == enough["total"]["acts"] == 5 and enough["total"]["declared_g"] > 0
    assert enough["total"]["verified_g"] == 0 and enough["months"][-1]["acts"] == 5
    assert [d for d in enough["domains"] if d["acts"]] == [
        {"domain": "食", "points_awarded": 0, "points_redeemed": 0}
        | {k: enough["total"][k] for k in ("acts", "grams", "people", "declared_g", "verified_g")}
    ]


def test_what_few_did_cannot_be_worked_out() -> None:
    six = {"people": 6, "acts": 9, "grams": 60, "declared_g": 50, "verified_g": 10, "declarers": 6, "verifiers": 1}
    ten = {"people": 10, "acts": 20, "grams": 90, "declared_g": 60, "verified_g": 30, "declarers": 8, "verifiers": 7}
    one = {"people": 1, "acts": 1, "grams": 5, "declared_g": 5, "verified_g": 0, "declarers": 1, "verifiers": 0}
    alone = counting.hidden([six])[0]
    assert (alone["grams"], alone["declared_g"], alone["verified_g"]) == (60, None, None)
    rows = counting.hidden([one, six, ten])
    # The one's grams would be the sum less the others', so the next smallest goes as well.
    assert [row["grams"] for row in rows] == [None, None, 90]
    assert {row["declared_g"] for row in rows} == {row["verified_g"] for row in rows} == {None}
    # The same one in five months: together they are still one.
    assert [row["grams"] for row in counting.hidden([one] * 5 + [six, ten])] == [None] * 6 + [90]
    assert [row["grams"] for row in counting.hidden([{}, six, ten])] == [0, 60, 90]


def test_months_and_domains_add_up(house: Any) -> None:
    crowd = [make_member(house, f"m{n}") for n in range(6)]
    for person in crowd:
        act(house, person.id)
        act(house, person.id, "walk", 2)
    made = counted(house)
    assert sum(m["grams"] for m in made["months"]) == made["total"]["grams"]
    assert sum(d["grams"] for d in made["domains"]) == made["total"]["grams"]
    assert sum(d["acts"] for d in made["domains"]) == made["total"]["acts"] == 12
    assert [m["month"] for m in made["months"]] == counting.last_months(date(2026, 6, 16))


def test_twelve_months_end_with_this_one() -> None:
    found = counting.last_months(date(2026, 1, 31))
    assert len(found) == 12 and (found[0], found[-2], found[-1]) == ("2025-02", "2025-12", "2026-01")


def test_points_given_used_and_taken_back(house: Any) -> None:
    now, crowd = house.clock.now(), [make_member(house, f"m{n}") for n in range(5)]
    for person in crowd:
        give_points(house, person, 100)
    with house.store.write() as tx:
        ledger.post(tx, [Move(crowd[0].id, "points", "points", "awarded", 50, "undo", "a:1", "a:1")], now)
        for n, person in enumerate(crowd):
            hold = Move(person.id, "points", "points", "held", 30, "hold", f"r:{n}", ledger.hold_key(f"r:{n}"))
            ledger.post(tx, [hold], now)
            if n < 4:
                used = Move(person.id, "points", "held", "spent", 30, "redemption", f"r:{n}", f"r:{n}:spent")
                ledger.post(tx, [used], now)
    few = counted(house)["total"]
    assert (few["points_awarded"], few["points_redeemed"], few["redeemed_permille"]) == (450, None, None)
    with house.store.write() as tx:
        used = Move(crowd[4].id, "points", "held", "spent", 30, "redemption", "r:4", "r:4:spent")
        ledger.post(tx, [used], now)
    made = counted(house)
    assert (made["total"]["points_redeemed"], made["total"]["redeemed_permille"]) == (150, 333)
    assert made["months"][-1]["points_awarded"] == 450 and made["total"]["retired_g"] == 0


def test_points_of_the_year_before_are_not_this_months(house: Any) -> None:
    then = datetime(2025, 6, 30, 23, 59, 59, tzinfo=LOCAL)
    for n, when in enumerate([then] * 5 + [then + timedelta(seconds=1)] * 5):
        person = make_member(house, f"m{n}")
        with house.store.write() as tx:
            ledger.post(tx, [Move(person.id, "points", "awarded", "points", 7, "grant", f"g:{n}", f"g:{n}")], when)
    made = counted(house)
    assert made["total"]["points_awarded"] == 70
    assert [m["points_awarded"] for m in made["months"]] == [35] + [0] * 11


def test_units_and_members(house: Any) -> None:
    people = [make_member(house, f"m{n}") for n in range(4)]
    make_unit(house, "enterprise", "漳山发电", people[0])
    make_unit(house, "community", "英雄南路社区")
    made = counted(house)
    assert made["members"] is None
    assert made["units"] == {"enterprise": 1, "public_body": 0, "community": 1, "family": 0}


def test_pages_read_one_row(house: Any, client: Any) -> None:
    """However many acts there are: the page looks at what the job counted and at nothing else."""
    counted(house)
    client.get("/statistics")
    with count_statements(house.store) as asked:
        assert client.get("/statistics").status_code == 200
    assert len(asked.statements) <= 2 and not [s for s in asked.statements if "member_day" in s or "transfer" in s]


# --- open data ---------------------------------------------------------------------------------------


def rows_of(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_sums_as_files(house: Any, client: Any) -> None:
    assert client.get("/statistics/data.json").json["total"] is None
    assert rows_of(client.get("/statistics/data.csv").text) == []
    for n in range(5):
        act(house, make_member(house, f"m{n}").id)
    made = counted(house)
    answer = client.get("/statistics/data.csv")
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    found = {(r["scope"], r["key"], r["measure"]): r for r in rows_of(answer.text)}
    assert found["total", "total", "declared_g"]["value"] == str(made["total"]["declared_g"])
    assert found["month", "2026-06", "people"]["value"] == "5" and found["domain", "食", "acts"]["value"] == "5"
    assert {r["licence"] for r in found.values()} == {"CC BY 4.0"} and ("domain", "食", "points_awarded") not in found
    data = client.get("/statistics/data.json").json
    assert data["licence"] == "CC BY 4.0" and data["total"] == made["total"] and data["months"] == made["months"]
    assert data["domains"][1]["name"]["en"] == "Eating" and "points_awarded" not in data["domains"][1]


def test_hidden_figures_are_marked_in_the_file(house: Any, client: Any) -> None:
    act(house, make_member(house, "only").id)
    counted(house)
    found = {
        (r["scope"], r["measure"]): r for r in rows_of(client.get("/statistics/data.csv").text) if r["scope"] != "month"
    }
    assert (found["total", "acts"]["value"], found["total", "acts"]["hidden"]) == ("", "1")
    assert client.get("/statistics/data.json").json["total"]["acts"] is None


def test_indicators_as_files(house: Any, client: Any) -> None:
    enter(house, 1, 2023, "-0.5", '=HYPERLINK("http://x")', "@cmd")
    enter(house, 1, 2023, "15.9", "公报")
    text = client.get("/statistics/indicators.csv").text
    found = [r for r in rows_of(text) if r["no"] == "1"]
    assert [(r["year"], r["value"], r["counts"]) for r in found] == [
        ("2022", "16.0", "1"), ("2023", "-0.5", "0"), ("2023", "15.9", "1"),
    ]  # fmt: skip
    assert found[1]["source"] == '\'=HYPERLINK("http://x")' and found[1]["note"] == "'@cmd"
    assert found[2]["path"] == "15.67" and found[2]["better"] == "higher"
    data = client.get("/statistics/indicators.json").json
    third = data["indicators"][2]
    assert len(data["indicators"]) == 14 and third["target_2030"] is None
    assert third["target_2030_words"]["zh"] == "完成市下达目标任务" and third["values"][0]["value"] == "1.19"
    assert data["indicators"][0]["status"] == "reached" and data["indicators"][5]["footnote"]["mark"] == "a"


def test_both_languages(house: Any, client: Any) -> None:
    enter(house, 4, 2025, "14")
    counted(house)
    client.post("/preferences", data={"lang": "en"})
    assert "Behind" in client.get("/statistics/indicators").text
    assert "How it is counted" in client.get("/statistics").text
