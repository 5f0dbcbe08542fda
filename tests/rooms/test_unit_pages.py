"""Pages of units: walls between tenants on every address, lists by file, requests, invitations, children, the year."""

from __future__ import annotations

import io
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from points_engine.errors import EngineError
from tests.people import Person, give_points, make_member, make_shop, make_unit
from webapp.green_units import family, figures, queries, roster_reads, service
from webapp.green_units.yearly import months_until
from webapp.inbox.tables import notice
from webapp.members import queries as members
from webapp.members import service as accounts
from webapp.members.phones import book
from webapp.members.tables import child, member
from webapp.papers.reading import read_table
from webapp.papers.writing import Table, xlsx
from webapp.rewards import service as rewards
from webapp.web.guards import rule_of

WALLS = ("unit_id", "part_id", "import_id")


def give_phone(house: Any, person: Person, number: str) -> None:
    with house.store.write() as tx:
        accounts.change_phone(tx, book(house.settings), person.id, number, keep=None)


def upload(client: Any, unit: int, data: bytes | str, name: str = "名单.csv", mode: str = "listed") -> Any:
    data = data.encode() if isinstance(data, str) else data
    form = {"mode": mode, "file": (io.BytesIO(data), name)}
    return client.post(f"/unit-admin/{unit}/roster", data=form, content_type="multipart/form-data")


@pytest.fixture
def a(house: Any) -> Any:
    """Unit A with its admin, a part, a list that waits and a request."""
    hr = make_member(house, "hr-a")
    unit = make_unit(house, "enterprise", "甲公司", hr)
    now = house.clock.now()
    with house.store.write() as tx:
        part = service.create_department(tx, hr.id, unit, "研发部", now)
        below = service.create_department(tx, hr.id, part, "一组", now)
    return hr, unit, part, below


def test_an_admin_of_one_unit_sees_nothing_of_another_at_any_address(house: Any, app: Any, a: Any) -> None:
    """Every route with the number of a unit, part or list: what is B's is not found for A's admin."""
    other = make_member(house, "hr-b")
    unit_b = make_unit(house, "enterprise", "乙公司秘密", other, *(make_member(house, f"worker-{n}") for n in range(6)))
    with house.store.write() as tx:
        part_b = service.create_department(tx, other.id, unit_b, "乙部门秘密", house.clock.now())
    client_b = other.sign_in(app.test_client())
    sent = upload(client_b, unit_b, "手机号,部门\n1,车间\n")
    import_b = int(sent.location.rsplit("/", 1)[1])
    client, before, seen = a[0].sign_in(app.test_client()), state(house), 0
    for unit_id in (unit_b, a[1]):
        known = {"unit_id": unit_id, "part_id": part_b, "import_id": import_b}
        for rule in app.url_map.iter_rules():
            if not rule.arguments & set(WALLS) or rule.rule.startswith(("/console", "/api")):
                continue
            if unit_id == a[1] and not rule.arguments & {"part_id", "import_id"}:
                continue  # A's own
            if unit_id == unit_b and rule_of(app.view_functions[rule.endpoint]).kind == "public":  # type: ignore[union-attr]
                continue
            values = {name: known.get(name) or some(rule, name) for name in rule.arguments}
            address = app.url_map.bind("x").build(rule.endpoint, values)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                answer = client.open(address, method=method, data={"to": part_b} if method == "POST" else None)
                assert answer.status_code in (400, 403, 404), (method, address, answer.status_code)
                assert answer.status_code != 400 or method == "POST", address
                assert "秘密" not in answer.text, address
                seen += 1
    assert seen > 40 and state(house) == before
    assert client_b.get(f"/unit-admin/parts/{part_b}").status_code == 200


def some(rule: Any, name: str) -> Any:
    """Any value an argument takes: one of its words, a UUID for a meter, else 1."""
    words = getattr(rule._converters[name], "items", None)
    return sorted(words)[0] if words else str(uuid.uuid4()) if name == "meter_id" else "1"


def state(house: Any) -> list[Any]:
    tables = ("green_unit", "membership", "roster_import", "roster_entry", "join_request", "role_grant", "meter")
    with house.store.read() as tx:
        return [sorted(map(str, tx.rows(text(f"SELECT * FROM {name}")))) for name in tables]


def test_who_administers_a_part_sees_its_sums_and_no_more(house: Any, app: Any, a: Any) -> None:
    hr, unit, part, below = a
    lead = make_member(house, "team-lead")
    with house.store.write() as tx:
        service.join_unit(tx, lead.id, unit, house.clock.now(), part)
        public_id = members.public_ids(tx, [lead.id])[lead.id]
    client = hr.sign_in(app.test_client())
    told = client.post(f"/unit-admin/{unit}/parts/{part}/admins", data={"member": public_id, "on": "1"})
    assert told.status_code == 303
    mine = lead.sign_in(app.test_client())
    assert [mine.get(f"/unit-admin/parts/{one}").status_code for one in (part, below)] == [200, 200]
    assert mine.get("/unit-admin").status_code == 200
    for path in ("", "/people", "/parts", "/roster", "/requests", "/year", "/poster"):
        assert mine.get(f"/unit-admin/{unit}{path}").status_code == 404, path
    with house.store.write() as tx:
        service.leave_unit(tx, lead.id, unit, house.clock.now())
    assert mine.get(f"/unit-admin/parts/{part}").status_code == 403, "who leaves no longer administers"


def test_parts_form_a_tree_four_levels_deep(house: Any, app: Any, a: Any) -> None:
    hr, unit, part, below = a
    client = hr.sign_in(app.test_client())
    form = lambda name, under: {"name": name, "under": str(under or "")}  # noqa: E731 - said three times
    assert client.post(f"/unit-admin/{unit}/parts", data=form("二组", below)).status_code == 303
    with house.store.read() as tx:
        third = queries.tree_of(tx, unit).by_path[("研发部", "一组", "二组")]
    assert client.post(f"/unit-admin/{unit}/parts", data=form("班", third)).status_code == 303
    with house.store.read() as tx:
        fourth = queries.tree_of(tx, unit).by_path[("研发部", "一组", "二组", "班")]
    assert client.post(f"/unit-admin/{unit}/parts", data=form("更深", fourth)).status_code == 409
    answer = client.post(f"/unit-admin/{unit}/parts", data=form("研发部", None))
    assert answer.status_code == 400 and "研发部" in answer.text
    assert client.post(f"/unit-admin/{unit}/parts", data=form("甲/乙", None)).status_code == 400
    edit = f"/unit-admin/{unit}/parts"
    assert client.post(f"{edit}/{part}/place", data={"to": str(third)}).status_code == 409, "not into itself"
    assert client.post(f"{edit}/{third}/place", data={"to": ""}).status_code == 303
    assert client.post(f"{edit}/{third}/name", data={"name": "质检"}).status_code == 303
    with house.store.read() as tx:
        assert ("质检", "班") in queries.tree_of(tx, unit).by_path
    worker = make_member(house, "worker")
    with house.store.write() as tx:
        service.join_unit(tx, worker.id, unit, house.clock.now(), fourth)
    assert client.get(edit).status_code == client.get(f"{edit}/{part}/edit").status_code == 200
    assert client.post(f"{edit}/{third}/close").status_code == 303
    with house.store.read() as tx:
        assert queries.my_membership(tx, worker.id, unit).department is None
        assert len(queries.tree_of(tx, unit).parts) == 2
    moved = client.post(f"/unit-admin/{unit}/people/move", data={"member": worker.id, "department": below})
    assert moved.status_code == 303 and "一组" in client.get(f"/unit-admin/{unit}/people").text


def test_a_part_of_few_hides_and_takes_another_with_it(house: Any, a: Any) -> None:
    _, unit, part, below = a
    now, today = house.clock.now(), date(2026, 6, 16)
    with house.store.write() as tx:
        sales = service.create_department(tx, a[0].id, unit, "销售部", now)
        for n, where in enumerate([part] * 3 + [below] * 3 + [sales] * 6):
            service.join_unit(tx, make_rows(tx, n), unit, now, where)
            tx.execute(
                text("INSERT INTO member_day (member_id, day, declared_g, verified_g, points, acts)"
                     " VALUES (:m, :d, 10, 0, 0, 1)"),
                {"m": 9000 + n, "d": today},
            )  # fmt: skip

    def shown(one: int) -> int | None:
        with house.store.read() as tx:
            page = figures.part_page(tx, queries.unit_by_id(tx, unit), queries.unit_by_id(tx, one), today)
        return page.sum.grams

    assert (shown(part), shown(below), shown(sales)) == (60, None, 60)
    with house.store.write() as tx:
        service.remove_member(tx, a[0].id, unit, 9000, now)
        tx.execute(text("DELETE FROM member_day WHERE member_id IN (9000, 9001)"))
    assert (shown(part), shown(below), shown(sales)) == (None, None, None), "the other would tell the small one"


def make_rows(tx: Any, n: int) -> int:
    row = {"id": 9000 + n, "public_id": f"row{n:05d}", "nickname": f"同事{n}", "theme": "auto",
           "created_at": tx.scalar(select(func.min(member.c.created_at)))}  # fmt: skip
    tx.insert(member, [row])
    return 9000 + n


def test_a_list_from_upload_to_one_tap(house: Any, app: Any, a: Any) -> None:
    hr, unit, *_ = a
    bo = make_member(house, "bo-worker")
    give_phone(house, bo, "13800000002")
    client = hr.sign_in(app.test_client())
    assert client.get(f"/unit-admin/{unit}/roster").status_code == 200
    assert upload(client, unit, b"x", "a.xls").status_code == 400
    assert client.post(f"/unit-admin/{unit}/roster", data={}).status_code == 400
    lines = [["13800000001", "张三", "研发部"], ["13800000002", "李四", "=财务"], ["999", "王五", "研发部"]]
    sent = upload(client, unit, xlsx([Table("名单", ["手机号", "姓名", "部门"], lines)]), "名单.xlsx")
    assert sent.status_code == 303
    page = client.get(sent.location).text
    assert "有问题的行" in page and "999" in page and client.get(f"{sent.location}/faults").status_code == 200
    table = read_table("faults.xlsx", io.BytesIO(client.get(f"{sent.location}/faults").data))
    assert table.rows[1][1][:3] == ["999", "王五", "研发部"] and table.rows[1][1][3:5] == ["4", "A"]
    assert client.post(f"{sent.location}/confirm").status_code == 303
    assert "999" not in client.get(sent.location).text, "faults go when the list is in force"
    corrected = upload(client, unit, "手机号,姓名,部门,原行号,列,问题\n13800000009,王五,研发部,4,A,号码\n")
    assert client.post(f"{corrected.location}/confirm").status_code == 303
    with house.store.read() as tx:
        dump = str(tx.rows(text("SELECT * FROM roster_entry"))) + str(tx.rows(text("SELECT * FROM roster_import")))
        assert roster_reads.totals(tx, unit)["invited"] == 3
    assert "张三" not in dump and "13800000001" not in dump
    exported = client.get(f"/unit-admin/{unit}/roster/export").data
    cells = {cell for _, row in read_table("a.xlsx", io.BytesIO(exported)).rows for cell in row}
    assert "=财务" in cells and "0002" in cells, "text, or reading it would have been refused as a formula"
    mine = bo.sign_in(app.test_client())
    assert "甲公司" in mine.get("/units").text and "甲公司" in mine.get("/units/invitations").text
    assert mine.post(f"/units/invitations/{unit}", data={"yes": "1"}).status_code == 303
    assert "=财务" in mine.get(f"/units/{unit}").text
    assert client.get(f"/unit-admin/{unit}/roster/template").status_code == 200


def test_who_registers_later_finds_the_invitation(house: Any, app: Any, a: Any) -> None:
    hr, unit, *_ = a
    client = hr.sign_in(app.test_client())
    sent = upload(client, unit, "手机号\n13800000007\n")
    client.post(f"{sent.location}/confirm")
    late = make_member(house, "late-comer")
    give_phone(house, late, "13800000007")
    for hook in house.on_registered:
        hook(house, late.id, {}, house.clock.now())
    with house.store.read() as tx:
        kinds = [row.kind for row in tx.rows(select(notice.c.kind).where(notice.c.member_id == late.id))]
    assert kinds == ["unit_invitation"]
    mine = late.sign_in(app.test_client())
    assert mine.post(f"/units/invitations/{unit}", data={"yes": "0"}).status_code == 303
    assert "甲公司" not in mine.get("/units/invitations").text


def test_a_unit_that_lets_people_in_one_by_one(house: Any, app: Any, a: Any) -> None:
    hr, unit, *_ = a
    client = hr.sign_in(app.test_client())
    client.post(f"/unit-admin/{unit}/approval", data={"on": "1"})
    sent = upload(client, unit, "工号,部门\nA0071,研发部\n")
    client.post(f"{sent.location}/confirm")
    with house.store.read() as tx:
        code = queries.unit_by_id(tx, unit).join_code
    people = [make_member(house, name) for name in ("asker-1", "asker-2", "asker-3")]
    for person, number in zip(people, (" ａ0071", "B1", ""), strict=True):
        answer = person.sign_in(app.test_client()).post("/units/join", data={"code": code, "number": number})
        assert answer.status_code == 303
    wrong = people[2].sign_in(app.test_client()).post("/units/join", data={"code": code, "number": "中"})
    assert wrong.status_code == 400 and code in wrong.text
    page = client.get(f"/unit-admin/{unit}/requests").text
    assert page.count("工号在名单上") == 1 and "71" in page
    client.post(f"/unit-admin/{unit}/requests", data={"member": people[0].id, "yes": "1"})
    client.post(f"/unit-admin/{unit}/requests", data={"member": people[1].id, "yes": "0"})
    assert people[2].sign_in(app.test_client()).post(f"/units/requests/{unit}/back").status_code == 303
    with house.store.read() as tx:
        assert queries.my_membership(tx, people[0].id, unit).department == "研发部"
        assert queries.unit_ids_of(tx, people[1].id) == queries.unit_ids_of(tx, people[2].id) == {}
    assert client.post(f"/unit-admin/{unit}/requests", data={"member": people[1].id, "yes": "1"}).status_code == 404


CHILD = {"nickname": "小朋友", "born": "2016-03", "login": "kid-one", "password": "green tree 77",
         "password_again": "green tree 77", "guardian": "1"}  # fmt: skip


@pytest.fixture
def parent(house: Any, app: Any) -> Any:
    """A guardian in a family, with a child's account made on the page."""
    grown = make_member(house, "parent")
    with house.store.write() as tx:
        from webapp.green_units.forms import UnitNames

        service.create_family(tx, grown.id, UnitNames("小家", "小家"), house.clock.now())
    client = grown.sign_in(app.test_client())
    assert client.post("/units/children", data=CHILD).status_code == 303
    with house.store.read() as tx:
        (ward,) = members.wards(tx, grown.id)
    return grown, client, ward


def test_a_childs_account_says_what_is_wrong(house: Any, app: Any, parent: Any) -> None:
    _, client, ward = parent
    for field, value in (
        ("born", "2012-05"),
        ("born", "2026-07"),
        ("born", "x"),
        ("guardian", ""),
        ("login", "kid-one"),
    ):
        answer = client.post("/units/children", data=CHILD | {"login": "kid-two", field: value})
        assert answer.status_code == 400 and "小朋友" in answer.text, (field, value)
    assert ward.until == date(2030, 4, 1)
    assert (
        make_member(house, "single").sign_in(app.test_client()).post("/units/children", data=CHILD).status_code == 409
    )
    child_client = Person(ward.id, "kid-one", house).sign_in(app.test_client())
    assert child_client.post("/units/children", data=CHILD | {"login": "kid-two"}).status_code == 403


def test_a_child_has_no_place_no_rank_and_no_rewards_of_its_own(house: Any, app: Any, parent: Any) -> None:
    grown, client, ward = parent
    kid, now = Person(ward.id, "kid-one", house), house.clock.now()
    for purpose in ("location", "boards", "photos"):
        with pytest.raises(EngineError) as refused, house.store.write() as tx:
            accounts.give_consent(tx, ward.id, purpose, now)
        assert refused.value.code == "not_for_children"
    company = make_unit(house, "enterprise", "甲公司")
    with pytest.raises(EngineError) as refused, house.store.write() as tx:
        service.join_unit(tx, ward.id, company, now)
    assert refused.value.code == "not_for_children"
    with house.store.read() as tx:
        assert ward.id in members.inactive(tx, [ward.id]) and not members.has_consent(tx, ward.id, "location")
        home = queries.unit_ids_of(tx, grown.id)["family"]
        assert queries.children(tx, [home, company]) == {home: 1, company: 0}
    give_points(house, kid, 200)
    reward = make_shop(house, make_member(house, "keeper"), points=50)
    with pytest.raises(EngineError) as refused, house.store.write() as tx:
        rewards.redeem(tx, ward.id, str(uuid.uuid4()), reward, now)
    assert refused.value.code == "guardian_redeems"
    wish = {"id": str(uuid.uuid4()), "child": ward.public_id}
    answer = client.post(f"/rewards/{reward}/redeem", data=wish)
    assert answer.status_code == 303 and client.get(answer.location).status_code == 200
    stranger = make_member(house, "stranger").sign_in(app.test_client())
    assert stranger.post(f"/rewards/{reward}/redeem", data=wish | {"id": str(uuid.uuid4())}).status_code == 404
    assert stranger.get(answer.location).status_code == 404
    assert kid.sign_in(app.test_client()).get(f"/rewards/{reward}").status_code == 200


def test_a_guardian_hands_over_or_closes_and_fourteen_ends_it(house: Any, app: Any, parent: Any, clock: Any) -> None:
    grown, client, ward = parent
    with pytest.raises(EngineError) as refused, house.store.write() as tx:
        accounts.leave(tx, grown.id, house.forgetters, house.clock.now())
    assert refused.value.code == "has_children"
    other = make_member(house, "other-parent")
    with house.store.write() as tx:
        home = queries.unit_ids_of(tx, grown.id)["family"]
        public_id = members.public_ids(tx, [other.id])[other.id]
    assert client.post(f"/units/children/{ward.public_id}/guardian", data={"to": public_id}).status_code == 404
    with house.store.write() as tx:
        service.join_unit(tx, other.id, home, house.clock.now())
    assert client.post(f"/units/children/{ward.public_id}/guardian", data={"to": public_id}).status_code == 303
    assert client.post(f"/units/children/{ward.public_id}/close").status_code == 404
    with house.store.write() as tx:
        assert family.grow_up(tx, house.clock.now()) == 0
        tx.execute(child.update().values(until=date(2026, 6, 16)))
        assert family.grow_up(tx, house.clock.now()) == 1
        assert not members.is_child(tx, ward.id)
        accounts.give_consent(tx, ward.id, "location", house.clock.now())


def test_a_closed_childs_account_leaves_nothing(house: Any, parent: Any) -> None:
    grown, client, ward = parent
    again = {"password": "blue river 88", "password_again": "blue river 88"}
    assert client.post(f"/units/children/{ward.public_id}/password", data=again).status_code == 303
    assert client.post(f"/units/children/{ward.public_id}/close").status_code == 303
    with house.store.read() as tx:
        assert members.wards(tx, grown.id) == [] and not members.is_child(tx, ward.id)
        assert tx.scalar(select(member.c.nickname).where(member.c.id == ward.id)) == "已注销用户"


def test_the_year_of_a_unit_hides_months_of_few(house: Any, app: Any, a: Any) -> None:
    hr, unit, *_ = a
    now = house.clock.now()
    with house.store.write() as tx:
        for n in range(6):
            service.join_unit(tx, make_rows(tx, n), unit, now - timedelta(days=70))
            for day in (date(2026, 6, 10), *((date(2026, 5, 10),) if n < 3 else ())):
                tx.execute(
                    text("INSERT INTO member_day (member_id, day, declared_g, verified_g, points, acts)"
                         " VALUES (:m, :d, 10, 5, 0, 1)"),
                    {"m": 9000 + n, "d": day},
                )  # fmt: skip
    client = hr.sign_in(app.test_client())
    data = client.get(f"/unit-admin/{unit}/year/file/csv").data.decode("utf-8-sig").splitlines()
    lines = {line.split(",")[0]: line for line in data}
    assert "2026-05," in lines["2026-05"] and lines["2026-05"].endswith(",,")
    assert lines["2026-06"].endswith(",,"), "the difference from the whole would tell May"
    assert len(data) == 13
    assert client.get(f"/unit-admin/{unit}/year").status_code == client.get(f"/units/{unit}/year").status_code == 200
    book_ = client.get(f"/unit-admin/{unit}/year/file/xlsx")
    assert book_.data[:2] == b"PK" and client.get(f"/unit-admin/{unit}/year/file/pdf").status_code == 404
    assert months_until("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
