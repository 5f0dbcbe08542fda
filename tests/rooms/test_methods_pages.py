"""Pages of methods: for everybody, and the way of a new version over the desk."""

from __future__ import annotations

import ast
import re
from html import unescape
from typing import Any

from tests.people import make_member
from tests.rooms.test_methods import editors, log, version_text
from webapp.console.fault_words import said
from webapp.jobs.runner import run_due
from webapp.settings import ROOT

assert editors  # a fixture


def test_everybody_may_read_how_every_act_is_worked_out(client: Any, house: Any) -> None:
    page = client.get("/methods").text
    for behaviour in house.catalogue.behaviours:
        assert f'href="/methods/{behaviour.code}"' in page
        one = client.get(f"/methods/{behaviour.code}")
        assert one.status_code == 200 and behaviour.name_zh in one.text, behaviour.code
        for told in (behaviour.baseline_zh, "没有找到的", "版本", *(zh for zh, _ in behaviour.notes)):
            assert told in one.text, (behaviour.code, told)
        for series in [s for term in behaviour.versions[-1].baseline for s in term]:
            assert series.rows[-1].source.split("（")[0][:12] in one.text
        data = client.get(f"/methods/{behaviour.code}.json").get_json()
        assert data["versions"][-1]["examples"] or behaviour.points_only
    assert client.get("/methods/T03").location == "/methods/bike"
    assert client.get("/methods/nothing").status_code == 404 == client.get("/methods/nothing.json").status_code
    assert len(client.get("/methods.json").get_json()["methods"]) == len(house.catalogue.behaviours)
    assert 'href="/methods"' in client.get("/").text


def test_the_example_is_worked_out_live(client: Any) -> None:
    assert "10 km × (104 − 8.7) g/km × 1 = 953 g" in client.get("/methods/bike?amount=10&level=device").text
    assert "÷ 4)" in client.get("/methods/carpool?amount=10&level=device&n=4").text
    for bad in (
        "amount=abc",
        "amount=１",
        "amount=-1",
        "amount=99999",
        "amount=",
        "amount=1&level=nonsense",
        "amount=1.23456",
    ):
        assert client.get(f"/methods/bike?{bad}").status_code == 200
    for bad in ("n=1", "n=99", "n=x", "n="):
        assert client.get(f"/methods/carpool?amount=1&{bad}").status_code == 200


def form_of(page: str) -> dict[str, str]:
    """What the browser would send: the values of the first form with a `reason`."""
    values = dict(re.findall(r'<input id="[^"]*" name="([^"]+)" type="[^"]*" value="([^"]*)"', page))
    for name, inner in re.findall(r'<select id="[^"]*" name="([^"]+)".*?>(.*?)</select>', page, re.S):
        values[name] = re.search(r'value="([^"]*)" selected', inner)[1]  # type: ignore[index]
    for name, inner in re.findall(r'<textarea [^>]*name="([^"]+)".*?>(.*?)</textarea>', page, re.S):
        values[name] = inner
    return {name: unescape(value) for name, value in values.items()}


def test_an_editor_writes_tries_and_another_approves_by_the_pages(app: Any, house: Any, editors: Any) -> None:
    a, b = (each.sign_in(app.test_client()) for each in editors)
    ling = make_member(house, "ling")
    log(house, ling.id, amount="3")
    address = "/console/methods/drafts/version/T03"
    form = form_of(a.get(address).text) | {"per_unit": "8", "reason": "积分太多"}
    assert form["version"] == "2" and form["baseline_factors"] == "city_trip_mix"
    answer = a.post(address, data=form)
    assert answer.status_code == 303
    page = a.get(answer.location).text
    assert "没有发现问题" in page and "另一位编辑" in page
    assert b.post(f"{answer.location}/approve").status_code == 303  # not tried yet: said on the page
    assert "还没有试算" in b.get(answer.location).text
    assert a.post(f"{answer.location}/what-if").status_code == 303
    assert "hx-get" in a.get(answer.location).text
    run_due(house, house.clock.now())
    page = b.get(answer.location).text
    assert "T03 骑自行车" in page and "−3" in page
    file = b.get(f"{answer.location}/what-if.csv").text
    assert "bike,T03,0,全部,1,1,1,142,142,142,15,12" in file
    assert a.post(f"{answer.location}/approve").status_code == 403
    assert b.post(f"{answer.location}/approve").status_code == 303
    assert "待生效" in b.get("/console/methods/T03").text and "待生效" in b.get("/methods/bike").text
    assert "积分太多" in b.get("/methods/bike").text
    assert a.post(answer.location, data={"text": "x", "reason": "y"}).status_code == 409


def test_a_new_value_by_form(app: Any, house: Any, editors: Any) -> None:
    a = editors[0].sign_in(app.test_client())
    address = "/console/methods/drafts/factor/grid_shanxi"
    form = form_of(a.get(address).text) | {"value": "0.61", "source": "公告2026年第3号", "reason": "新公告"}
    for field, bad in (
        ("value", "a"),
        ("valid_from", "x"),
        ("mark", "Z"),
        ("source", ""),
        ("reason", ""),
        ("name_zh", ""),
    ):
        answer = a.post(address, data=form | {field: bad})
        assert answer.status_code == 400 and f'id="error-{field}"' in answer.text, field
    answer = a.post(address, data=form)
    assert "没有发现问题" in a.get(answer.location).text
    assert a.get("/console/methods/drafts/factor/nothing").status_code == 404
    for field, bad in (("version", "二"), ("least", "x"), ("per_unit", "1/0"), ("formula", "z"), ("times", "moon")):
        form = form_of(a.get("/console/methods/drafts/version/T03").text) | {"reason": "r", field: bad}
        answer = a.post("/console/methods/drafts/version/T03", data=form)
        assert answer.status_code == 400 and f'id="error-{field}"' in answer.text, field
    assert a.get("/console/methods/drafts/version/T12").status_code == 200


def test_a_draft_by_hand_shows_every_fault(app: Any, house: Any, editors: Any) -> None:
    a = editors[0].sign_in(app.test_client())
    assert "还没有草稿" in a.get("/console/methods/drafts").text
    assert a.post("/console/methods/drafts/new", data={"text": "x", "reason": ""}).status_code == 400
    text = version_text().replace('"cycling"', '"scooter"').replace('formula = "saving"', 'formula = "magic"')
    answer = a.post("/console/methods/drafts/new", data={"text": text, "reason": "试试"})
    page = a.get(answer.location).text
    assert "version[0].formula" in page and "version[0].activity_factors" in page
    assert a.post(answer.location, data={"text": version_text(), "reason": "改好"}).status_code == 303
    assert "没有发现问题" in a.get(answer.location).text
    assert a.post(f"{answer.location}/withdraw").status_code == 303
    assert "已搁置" in a.get("/console/methods/drafts").text
    assert a.get("/console/methods/drafts/999").status_code == 404


def test_every_fault_is_told_in_chinese_and_english(app: Any) -> None:
    """The engine's own sentences, read from its source: a new one needs Chinese words as well."""
    problems = set()
    for path in (ROOT / "points_engine/methodology").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute | ast.Name):
                at = {"fault": 1, "Fault": 2}.get(getattr(call.func, "attr", getattr(call.func, "id", "")))
                if at is not None and len(call.args) > at:
                    problems |= _literal(call.args[at])
    assert len(problems) > 40
    for language, same in (("zh", False), ("en", True)):
        with app.test_request_context(headers={"Accept-Language": language}):
            for problem in problems:
                assert (said(problem) == problem) is same, problem


def _literal(node: ast.expr) -> set[str]:
    """The text of a string, with a figure in place of what is filled in; of anything else nothing."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.JoinedStr):
        return {"".join(str(each.value) if isinstance(each, ast.Constant) else "12" for each in node.values)}
    return set()


def test_what_the_form_lacks_is_told_at_once(app: Any, editors: Any) -> None:
    client = editors[0].sign_in(app.test_client())
    form = form_of(client.get("/console/methods/drafts/version/T03").text)
    answer = client.post(
        "/console/methods/drafts/version/T03", data=form | {"reason": " ", "per_unit": "ten", "baseline_factors": "x"}
    )
    assert answer.status_code == 400 and "ten" in answer.text
    assert [field for field in ("reason", "per_unit", "baseline_factors") if f'id="error-{field}"' in answer.text] == [
        "reason", "per_unit", "baseline_factors",
    ]  # fmt: skip
