"""Pages of challenges: an administrator's whole way, a colleague's, reports and certificates, and walls between units."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from python_calamine import CalamineWorkbook

from points_engine.clock import start_of
from tests.rooms.challenging import FIRST, Company, make_company
from webapp.challenges import report
from webapp.challenges.colours import PALETTE, WHITE, contrast, read_colour, readable, stylesheet
from webapp.challenges.forms import read_tasks
from webapp.challenges.jobs import move_challenges, refresh_challenges

FORM = {
    "title": "绿色通勤周", "words": "一起来", "display_name": "漳山", "colour": "0f6cbd",
    "starts_at": "2026-06-17T00:00", "ends_at": "2026-06-24T00:00", "audience": "all",
    "task-1": "person.acts", "target-1": "2", "reward-1": "10", "task-2": "all.total", "target-2": "0.5", "reward-2": "0",
}  # fmt: skip


@pytest.fixture
def company(house: Any) -> Company:
    return make_company(house)


def as_one(app: Any, person: Any) -> Any:
    return person.sign_in(app.test_client())


def form_of(company: Company, **changes: Any) -> dict[str, Any]:
    return FORM | {"fund": str(company.fund)} | changes


def test_an_administrators_whole_way(app: Any, house: Any, company: Company) -> None:
    base, boss = f"/unit-admin/{company.unit}/challenges", as_one(app, company.boss)
    made = boss.post(base, data={"preset": "table"})
    edit = made.location
    assert made.status_code == 303 and edit.endswith("/edit")
    one = edit.removesuffix("/edit")
    assert "光盘" in boss.get(edit).text

    seen = boss.post(f"{one}/preview", data=form_of(company))
    assert seen.status_code == 200 and "绿色通勤周" in seen.text and "looks/0f6cbd.css" in seen.text
    assert "12" in seen.text and "120" in seen.text  # twelve people; ten points each
    assert "请填写" in boss.post(f"{one}/preview", data=form_of(company, title="")).text

    wrong = boss.post(edit, data=form_of(company, title="", **{"target-1": "many"}))
    assert wrong.status_code == 400 and 'value="many"' in wrong.text and "一起来" in wrong.text
    assert boss.post(edit, data=form_of(company, check="1")).location == one
    page = boss.get(one).text
    assert "发布前检查" in page and "发布" in page
    assert boss.post(f"{one}/publish").status_code == 303
    assert "待开始" in boss.get(one).text

    workers = [as_one(app, person) for person in company.people[:6]]
    number = int(one.rsplit("/", 1)[1])
    for worker in workers:
        assert "参加" in worker.get(f"/challenges/{number}").text
        assert worker.post(f"/challenges/{number}/join").status_code == 303
    for day in (2, 3):
        for person in company.people[:6]:
            company.log(person, start_of(FIRST + timedelta(days=day)) + timedelta(hours=9))
    move_challenges(house, start_of(FIRST + timedelta(days=1)))
    refresh_challenges(house, start_of(FIRST + timedelta(days=3)))
    assert "进行中" in boss.get(one).text and "绿色通勤周" in boss.get(f"{one}/report").text
    assert boss.post(f"{one}/close").status_code == 303

    house.clock.set(start_of(FIRST + timedelta(days=12)))
    move_challenges(house, house.clock.now())
    boss, worker = as_one(app, company.boss), as_one(app, company.people[1])
    told = boss.get(f"{one}/report").text
    assert "已结算" in told and re.search(r"[0-9a-f]{64}", told)
    assert "已发放" in worker.get(f"/challenges/{number}").text
    check_papers(app, boss, worker, one, number, told)
    fund = boss.get(f"/unit-admin/{company.unit}/fund").text
    assert "−60" in fund and "绿色通勤周" in fund


def check_papers(app: Any, boss: Any, worker: Any, one: str, number: int, told: str) -> None:
    """The workbook and the poster tell what the page tells; the certificate proves itself."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(boss.get(f"{one}/report.xlsx").data))
    rows = dict(r[:2] for r in book.get_sheet_by_index(0).to_python())
    assert rows["参加人数"] == 6 and rows["可参加人数"] == 12 and rows["参与率 %"] == 50
    assert rows["校验码 SHA-256"] in told
    assert Image.open(io.BytesIO(boss.get(f"{one}/poster.png").data)).size == (1080, 1620)
    assert Image.open(io.BytesIO(worker.get(f"/challenges/{number}/certificate.png").data)).width > 1000
    proof = re.search(r"/challenges/certificates/([\w-]+)", worker.get(f"/challenges/{number}").text)
    assert proof and "真实有效" in app.test_client().get(proof.group(0)).text
    assert app.test_client().get("/challenges/certificates/C1-NOBODY").status_code == 404


def test_the_gate_says_what_is_wrong_in_plain_words(app: Any, company: Company) -> None:
    base, boss = f"/unit-admin/{company.unit}/challenges", as_one(app, company.boss)
    edit = boss.post(base, data={"preset": "week"}).location
    one = edit.removesuffix("/edit")
    boss.post(edit, data=form_of(company, **{"task-1": "person.days", "target-1": "9", "reward-1": "5000"}))
    page = boss.get(one).text
    assert "要求 9 天，但挑战一共只有 7 天" in page and "资金可用只有 10,000 分" in page
    assert f"{one}/publish" not in page
    boss.post(f"{one}/publish")
    assert "草稿" in boss.get(one).text


def test_nothing_of_one_unit_is_reached_by_another(app: Any, house: Any, company: Company) -> None:
    other = make_company(house)
    number, theirs = company.challenge(), other.challenge()
    boss, worker = as_one(app, other.boss), as_one(app, other.people[1])
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] not in ("challenge_admin", "unit_fund"):
            continue
        for unit, one in ((company.unit, number), (other.unit, number), (company.unit, theirs)):
            if unit == other.unit and "challenge_id" not in rule.arguments:
                continue
            for step in ("publish", "unpublish", "close", "pay") if "step" in rule.arguments else ("",):
                path = rule.rule.replace("<int:unit_id>", str(unit)).replace("<int:challenge_id>", str(one))
                path = re.sub(r"<any.*?>", step, path)
                for method in rule.methods - {"HEAD", "OPTIONS"}:
                    answer = boss.open(path, method=method, data=form_of(other, preset="week"))
                    assert answer.status_code == 404, (method, path, answer.status_code)
                    tried += 1
    assert tried > 40
    for path in (f"/challenges/{number}", f"/challenges/{number}/certificate.png"):
        assert worker.get(path).status_code == 404
    for step in ("join", "leave", "kudos"):
        assert worker.post(f"/challenges/{number}/{step}", data={"team": "1", "word": "thanks"}).status_code == 404
    assert f'/challenges/{number}"' not in worker.get("/challenges").text


def test_people_see_no_figures_of_few_and_no_names(app: Any, house: Any, company: Company) -> None:
    number = company.challenge()
    company.join(number, *company.people[:6])
    for person in company.people[:3]:
        company.log(person, start_of(FIRST) + timedelta(hours=9))
    move_challenges(house, start_of(FIRST))
    refresh_challenges(house, start_of(FIRST) + timedelta(hours=10))
    boss = as_one(app, company.boss)
    for path in (
        f"/unit-admin/{company.unit}/challenges/{number}",
        f"/unit-admin/{company.unit}/challenges/{number}/report",
    ):
        page = boss.get(path).text
        assert "不显示" in page or "–" in page
        assert not any(f"员工{n}" in page.replace("员工0", "") for n in range(1, 12))


def test_only_the_invited_see_a_challenge_by_invitation(app: Any, company: Company) -> None:
    number = company.challenge(audience="invited")
    boss = as_one(app, company.boss)
    people = f"/unit-admin/{company.unit}/challenges/{number}/people"
    assert "员工3" in boss.get(people).text
    asked = company.people[3]
    boss.post(people, data={"shown": [str(p.id) for p in company.people], "pick": [str(asked.id), "999999"]})
    assert "绿色通勤" in as_one(app, asked).get("/challenges").text
    assert "绿色通勤" not in as_one(app, company.people[4]).get("/challenges").text
    boss.post(people, data={"shown": [str(asked.id)]})
    assert "绿色通勤" not in as_one(app, asked).get("/challenges").text


@pytest.mark.parametrize("colour", [*PALETTE, "1a1a1a", "7a3b00"])
def test_colours_can_be_read_in_both_themes(colour: str) -> None:
    assert read_colour(f"#{colour.upper()}") == colour
    css = stylesheet(colour)
    grounds = re.findall(r"--brand:#(\w+);--on-brand:#(\w+);--link:#(\w+);--soft:#(\w+)", css)
    assert len(grounds) == 3
    for brand, on_brand, link, soft in grounds:
        assert contrast(brand, on_brand if len(on_brand) == 6 else WHITE) >= 4.5 and contrast(link, soft) >= 4.5
    assert contrast(readable("777777", "16201a"), "16201a") >= 4.5


@pytest.mark.parametrize(
    ("colour", "code"),
    [("ffee00", "colour_too_light"), ("88cc88", "colour_too_light"), ("red", "colour"), ("", "colour")],
)
def test_colours_that_cannot_be_read_are_refused(app: Any, company: Company, colour: str, code: str) -> None:
    base, boss = f"/unit-admin/{company.unit}/challenges", as_one(app, company.boss)
    edit = boss.post(base, data={"preset": "week"}).location
    answer = boss.post(edit, data=form_of(company, colour="own", own_colour=colour))
    assert answer.status_code == 400 and ("对比度不足" in answer.text) is (code == "colour_too_light")
    assert app.test_client().get("/looks/zz.css").status_code == 404


@pytest.mark.parametrize(
    ("people", "shown", "rest"),
    [
        ([9, 7], 2, None),  # nobody to hide
        ([9, 7, 2], 1, 9),  # two alone would be told by the difference: the next smallest goes with them
        ([9, 7, 3, 4], 1, 14),  # one person may be in both small groups, so five are not enough
        ([4, 3], 0, None),
        ([9, 1], 0, 10),
    ],
)
def test_behaviours_of_few_are_added_up_with_a_larger_group(people: list[int], shown: int, rest: int | None) -> None:
    splits = [[f"act-{n}", "declared", n, n * 100, n] for n in people]
    found = report._splits({"splits": splits}, hidden=False)
    plain = [row for row in found if row[0] != report.OTHERS]
    assert len(plain) == shown and all(row[2] >= 5 for row in plain if row[2] is not None)
    others = next((row for row in found if row[0] == report.OTHERS), None)
    assert (others[2] if others else None) == rest
    assert report._splits({"splits": splits}, hidden=True) == [(report.OTHERS, "", None, None)]


@pytest.mark.parametrize("typed", ["1e999999", "-1", "1e-9", "NaN", "Infinity", "sNaN", "٣", "1_000.5.5", "9" * 400])
def test_no_target_is_too_odd_to_be_refused(typed: str) -> None:
    wrong: dict[str, str] = {}
    found = read_tasks({"task-1": "all.total", "target-1": typed, "reward-1": "0"}, wrong)
    assert (found, list(wrong)) == ([], ["target-1"]) or typed == "٣"
