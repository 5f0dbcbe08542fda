"""Pages of honours: what strangers see, nominating and objecting by hand, the desk's steps, certificates, files, tenants."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from points_engine.honours import Criterion
from tests.counting import count_statements
from tests.people import Person, make_member
from tests.rooms.honouring import (
    FACTS,
    FORM,
    YEAR,
    Staff,
    award,
    do,
    make_company,
    make_round,
    make_staff,
    nominate,
    on_notice,
    state_of,
    states,
)
from webapp.honours import queries, service
from webapp.honours.forms import Nomination, Objection
from webapp.honours.tables import honour_award, honour_round
from webapp.jobs.runner import run_due


@pytest.fixture
def staff(house: Any) -> Staff:
    return make_staff(house)


def as_person(app: Any, person: Person) -> Any:
    return person.sign_in(app.test_client())


def text(client: Any, path: str, status: int = 200, **more: Any) -> str:
    answer = client.get(path, **more)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.get_data(as_text=True))


def test_empty_lists_say_so(house: Any, client: Any) -> None:
    assert "还没有授予过荣誉" in text(client, "/honours") and "No honour has been given yet" in text(
        client, "/honours", headers={"Accept-Language": "en"}
    )
    assert "没有授予过" in text(client, "/honours/2025")
    assert client.get("/honours/2025/honours.json").json == {"year": 2025, "honours": []}
    assert client.get("/honours/rounds/1").status_code == client.get("/honours/candidates/1").status_code == 404


def test_a_unit_is_put_forward_by_its_own_administrator_only(app: Any, house: Any, staff: Staff, client: Any) -> None:
    unit, crowd = make_company(house, "good", 6, 5)
    other, them = make_company(house, "other", 5, 5)
    made = make_round(house, staff)
    path = f"/honours/rounds/{made}/nominate"
    assert client.get(path).status_code == 303
    mine = as_person(app, crowd[0])
    page = text(mine, path)
    assert "人均减排量不低于 1 千克/人" in page and "7.50 千克/人" in page and "83.3%" in page
    assert text(as_person(app, crowd[1]), path).count("您没有管理") == 1
    assert mine.get(f"{path}?unit={other}").status_code == 404
    assert mine.post(path, data={"unit": str(other), "statement": "x"}).status_code == 404
    long = mine.post(path, data={"unit": str(unit), "statement": "很" * 1001})
    assert long.status_code == 400 and "很" * 1001 in long.get_data(as_text=True)
    assert states(house, made) == {}
    assert mine.post(path, data={"unit": str(unit), "statement": "全年骑行"}).status_code == 303
    assert mine.post(path, data={"unit": str(unit), "statement": "再来"}).status_code == 409
    (candidate,) = states(house, made)
    assert "待审核" in text(mine, "/honours/mine") and "good" in text(mine, "/honours/mine")
    assert as_person(app, them[0]).post(f"/honours/candidates/{candidate}/withdraw").status_code == 404
    assert client.get(f"/honours/candidates/{candidate}").status_code == 404  # not public before the notice
    mine.post(f"/honours/candidates/{candidate}/withdraw")
    assert states(house, made) == {candidate: "withdrawn"}


def test_people_choose_how_they_are_named(app: Any, house: Any, staff: Staff, client: Any) -> None:
    _, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff, "green_talent", criteria=(Criterion("grams", 1),))
    path = f"/honours/rounds/{made}/nominate"
    me = as_person(app, crowd[0])
    wrong = me.post(path, data={"shown": "name", "own_name": "", "statement": "留下的字"})
    assert wrong.status_code == 400 and "留下的字" in wrong.get_data(as_text=True)
    assert me.post(path, data={"shown": "name", "own_name": "王㐂赟"}).status_code == 303
    shy = as_person(app, crowd[1])
    assert shy.post(path, data={"shown": "none"}).status_code == 303
    until = on_notice(house, staff, made, sorted(states(house, made)))
    page = text(client, f"/honours/rounds/{made}")
    assert "王㐂赟" in page and "不公开姓名的居民" in page and "good1" not in page
    award(house, staff, made, until)
    assert "2026 年绿色达人" in text(as_person(app, crowd[1]), "/me") and "good1" not in text(client, "/honours/2026")


def test_families_agree_to_be_named(app: Any, house: Any, staff: Staff) -> None:
    family, crowd = make_company(house, "home", 2, 2, "family")
    made = make_round(house, staff, "green_family", criteria=(Criterion("per_head", 1),))
    path, me = f"/honours/rounds/{made}/nominate", as_person(app, crowd[0])
    assert me.post(path, data={"unit": str(family)}).status_code == 400
    assert me.post(path, data={"unit": str(family), "agree": "1"}).status_code == 303


def test_objecting_by_hand_keeps_what_was_typed_and_whose_it_is(
    app: Any, house: Any, staff: Staff, client: Any
) -> None:
    unit, crowd = make_company(house, "good", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    on_notice(house, staff, made, [candidate])
    path = f"/honours/candidates/{candidate}"
    assert "登录后提出" in text(client, path)
    doubter = make_member(house, "doubter", nickname="怀疑的人")
    me = as_person(app, doubter)
    wrong = me.post(f"{path}/object", data={"reason": "", "evidence": "厂门口的公示"})
    assert wrong.status_code == 400 and "厂门口的公示" in wrong.get_data(as_text=True)
    assert me.post(f"{path}/object", data={"reason": "数据不实"}).status_code == 303
    assert me.post(f"{path}/object", data={"reason": "数据不实"}).status_code == 409
    assert "数据不实" in text(me, "/honours/mine") and "正在核实" in text(me, path)
    for seen in (client, as_person(app, crowd[0])):
        assert "怀疑的人" not in text(seen, path) and "数据不实" not in text(seen, path)
    assert "怀疑的人" in text(as_person(app, staff.reviewer), f"/console/honours/candidates/{candidate}")
    assert "这是您自己" in text(as_person(app, crowd[0]), path)


def test_a_whole_round_at_the_desk(app: Any, house: Any, staff: Staff, client: Any) -> None:
    unit, _ = make_company(house, "漳山", 5, 5)
    editor, reviewer, boss = (as_person(app, each) for each in (staff.editor, staff.reviewer, staff.boss))
    wrong = editor.post("/console/honours/new", data=FORM | {"notice_days": "4", "objections_to": "写好的地址"})
    assert wrong.status_code == 400 and "写好的地址" in wrong.get_data(as_text=True)
    assert editor.post("/console/honours/new", data=FORM).status_code == 303
    with house.store.read() as tx:
        made = int(tx.scalar(select(honour_round.c.id)))
    desk = f"/console/honours/{made}"
    assert client.get(f"/honours/rounds/{made}").status_code == 404
    editor.post(f"{desk}/step", data={"do": "announce"})
    assert "申报中" in text(client, "/honours")
    editor.post(f"{desk}/step", data={"do": "screen"})
    run_due(house, house.clock.now())
    assert "漳山" in text(editor, f"{desk}/matches")
    editor.post(f"{desk}/nominate", data={"unit_id": str(unit)})
    (candidate,) = states(house, made)
    one = f"/console/honours/candidates/{candidate}"
    assert reviewer.post(f"{one}/decide", data={"do": "accept", "reason": " "}).status_code == 400
    reviewer.post(f"{one}/decide", data={"do": "accept", "reason": "齐全"})
    house.clock.set(FACTS.closes_at)
    service.move_by_clock(house.store, FACTS.closes_at)
    editor, boss = as_person(app, staff.editor), as_person(app, staff.boss)  # sessions of staff are short
    editor.post(f"{desk}/step", data={"do": "propose"})
    editor.post(f"{desk}/step", data={"do": "notice"})
    assert state_of(house, made) == "proposed"  # the same person
    boss.post(f"{desk}/step", data={"do": "notice"})
    assert state_of(house, made) == "notice" and "公示中" in text(client, f"/honours/rounds/{made}")
    with house.store.read() as tx:
        until = queries.find(tx, made).notice_until
    house.clock.set(until)
    service.move_by_clock(house.store, until)
    editor, boss = as_person(app, staff.editor), as_person(app, staff.boss)
    editor.post(f"{desk}/step", data={"do": "ask"})
    assert "待第二人批准" in text(boss, "/console")
    boss.post(f"{desk}/step", data={"do": "award"})
    assert "漳山" in text(client, f"/honours/{YEAR}") and "漳山" in text(client, "/honours")
    editor.post(f"{one}/revoke", data={"reason": "查实虚报"})
    boss.post(f"{one}/revocation", data={"do": "revoke"})
    assert "查实虚报" in text(client, f"/honours/{YEAR}?honour=green_enterprise")
    assert "查实虚报" in text(boss, one)
    assert client.get(f"/honours/{YEAR}?honour=nothing").status_code == 404


def test_certificates_files_and_what_a_code_proves(app: Any, house: Any, staff: Staff, client: Any) -> None:
    unit, crowd = make_company(house, "=cmd|x", 5, 5)
    made = make_round(house, staff)
    candidate = nominate(house, made, unit, crowd[0])
    until = on_notice(house, staff, made, [candidate])
    award(house, staff, made, until)
    with house.store.read() as tx:
        code = str(tx.scalar(select(honour_award.c.code)))
    path = f"/honours/candidates/{candidate}/certificate.png"
    holder = as_person(app, crowd[0])
    answer = holder.get(path)
    assert answer.mimetype == "image/png" and Image.open(io.BytesIO(answer.data)).size == (1754, 1240)
    assert as_person(app, staff.editor).get(path).status_code == 200
    assert as_person(app, crowd[1]).get(path).status_code == 404
    assert "真实有效" in text(client, f"/honours/verify/{code.lower()}")
    assert client.get("/honours/verify/AAAABBBBCCCCDDDDEEEE").status_code == 404
    assert client.get("/honours/verify/x").status_code == 404
    (row,) = list(csv.DictReader(io.StringIO(text(client, f"/honours/{YEAR}/honours.csv").lstrip("\ufeff"))))
    assert row["name"] == "'=cmd|x" and (row["status"], row["number"]) == ("valid", f"GE-{YEAR}-0001")
    assert client.get(f"/honours/{YEAR}/honours.json").json["honours"][0]["name"] == "=cmd|x"
    told = client.get("/api/v1/honours").json
    assert [(each["name"], each["status"], each["revoked_on"]) for each in told] == [("=cmd|x", "valid", None)]
    assert (
        client.get("/api/v1/honours?year=2020").json == [] and client.get("/api/v1/honours?year=x").status_code == 400
    )
    assert "2026 年绿色企业" in text(holder, f"/units/{unit}")
    do(house, service.ask_to_revoke, staff.editor.id, candidate, "虚报", until)
    do(house, service.decide_revocation, staff.boss.id, candidate, True, until)
    proof = text(client, f"/honours/verify/{code}")
    assert "已撤销" in proof and "虚报" in proof and holder.get(path).status_code == 404


def test_lists_page_to_their_end_in_as_many_statements(app: Any, house: Any, staff: Staff, client: Any) -> None:
    made = make_round(house, staff, "green_talent", criteria=(Criterion("no_breach"),))
    path = f"/honours/rounds/{made}"
    for n in range(queries.PAGE + 3):
        who = make_member(house, f"m{n}", nickname=f"邻居{n:03d}")
        do(house, service.nominate_self, who.id, made, Nomination("", "nickname"), house.clock.now())
    on_notice(house, staff, made, sorted(states(house, made)))
    first = text(client, path)
    link = first.split('href="/honours/rounds/')[1:]
    after = next(part.split('"')[0] for part in link if "after=" in part)
    second = text(client, f"/honours/rounds/{after}")
    assert first.count("邻居") == queries.PAGE and second.count("邻居") == 3
    with count_statements(house.store) as few:
        text(client, f"/honours/rounds/{after}")
    with count_statements(house.store) as many:
        text(client, path)
    assert many.count == few.count
    do(
        house,
        service.object_to,
        staff.reviewer.id,
        sorted(states(house, made))[0],
        Objection("x", ""),
        house.clock.now(),
    )
    assert "1 条异议" in text(as_person(app, staff.editor), f"/console/honours/{made}")
