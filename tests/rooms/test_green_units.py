"""Green units: codes, one of a kind, dated sums, hidden figures of few, families, and walls between units."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from points_engine.errors import EngineError, Invalid
from tests.counting import count_statements
from tests.people import make_member, make_unit
from tests.rooms.boardpark import NOW, TODAY, act, company, join, people
from webapp.green_units import figures, queries, service, yearly
from webapp.green_units.figures import hide
from webapp.green_units.forms import ALPHABET, UnitNames, new_code, read_code
from webapp.journal.tables import staff_action


def code_of(store: Any, unit_id: int) -> str:
    with store.read() as tx:
        return str(queries.unit_by_id(tx, unit_id).join_code)


def refusal_of(store: Any, use_case: Any) -> str:
    with pytest.raises(EngineError) as refusal, store.write() as tx:
        use_case(tx)
    return refusal.value.code


def page_of(store: Any, unit_id: int, month: str | None = None) -> figures.UnitPage:
    with store.read() as tx:
        return figures.unit_page(tx, queries.unit_by_id(tx, unit_id), TODAY, month)


def test_codes_are_read_as_people_type_them() -> None:
    assert not set("01OIL") & set(ALPHABET)
    assert len({new_code() for _ in range(50)}) == 50
    assert read_code(" abcd-2345 ") == "ABCD2345"
    for text, reason in (
        ("", "required"),
        ("ABCD234", "join_code"),
        ("ABCD2340", "join_code"),
        ("ＡＢＣＤ2345", "join_code"),
    ):
        with pytest.raises(Invalid) as refusal:
            read_code(text)
        assert refusal.value.fields == {"code": reason}


def test_one_unit_of_each_kind(store: Any) -> None:
    people(store, 2)
    a, b, block = company(store, "甲公司"), company(store, "乙公司"), company(store, "梧桐社区", "community")
    with store.write() as tx:
        joined = service.join_by_code(tx, 1, code_of(store, a), NOW)
        assert joined is not None and joined.unit_id == a
        service.join_by_code(tx, 1, code_of(store, block), NOW)
    assert refusal_of(store, lambda tx: service.join_by_code(tx, 1, code_of(store, b), NOW)) == "already_member"
    with store.write() as tx:
        service.leave_unit(tx, 1, a, NOW)
        service.join_unit(tx, 1, b, NOW)
        service.leave_unit(tx, 1, b, NOW)
        service.join_unit(tx, 1, a, NOW)
        assert queries.unit_ids_of(tx, 1) == {"enterprise": a, "community": block}
    assert refusal_of(store, lambda tx: service.leave_unit(tx, 2, a, NOW)) == "unknown_unit"


def test_wrong_codes_are_limited_by_the_hour(store: Any) -> None:
    people(store, 2)
    right = code_of(store, company(store, "甲公司"))
    for _ in range(service.WRONG_CODES_AN_HOUR):
        with store.write() as tx:
            assert service.join_by_code(tx, 1, "ABCDEFGH", NOW) is None
    assert refusal_of(store, lambda tx: service.join_by_code(tx, 1, right, NOW)) == "too_many_attempts"
    with store.write() as tx:
        assert service.join_by_code(tx, 2, right, NOW) is not None
        assert service.join_by_code(tx, 1, "ABCDEFGH", NOW + timedelta(hours=1)) is None
        assert service.join_by_code(tx, 1, right, NOW + timedelta(hours=1)) is not None


def test_a_family_of_twelve_is_full_and_never_without_an_admin(store: Any) -> None:
    ids = people(store, 14)
    with store.write() as tx:
        family = service.create_family(tx, 1, UnitNames("张家", "张家"), NOW)
        for who in ids[1:12]:
            service.join_unit(tx, who, family, NOW + timedelta(minutes=who))
    assert refusal_of(store, lambda tx: service.join_unit(tx, 13, family, NOW)) == "family_full"
    assert refusal_of(store, lambda tx: service.create_family(tx, 1, UnitNames("又", "又"), NOW)) == "already_member"
    with store.write() as tx:
        service.leave_unit(tx, 1, family, NOW)
        assert [u.id for u in queries.administered(tx, 2)] == [family] and queries.administered(tx, 1) == []
        for who in ids[1:12]:
            service.leave_unit(tx, who, family, NOW)
        assert queries.unit_by_id(tx, family).status == "closed"


def test_sums_count_the_days_of_membership_and_show_declared_and_verified_apart(store: Any) -> None:
    ids = people(store, 6)
    unit = company(store, "甲公司", now=NOW - timedelta(days=60))
    join(store, unit, *ids, now=NOW - timedelta(days=10))
    for who in ids:
        act(store, who, 1000, TODAY - timedelta(days=11))  # before anybody joined
        act(store, who, 100, TODAY - timedelta(days=10))
        act(store, who, 7, TODAY, account="verified")
    with store.write() as tx:
        service.leave_unit(tx, 6, unit, NOW)  # today no longer counts
    page = page_of(store, unit)
    assert (page.this_month.declared_g, page.this_month.verified_g) == (600, 35)
    assert (page.members, page.active, page.rate) == (5, 5, 100)
    assert len(page.bars) == 16 and page.bars[5].sum.grams == 600 and page.bars[5].height == 100
    assert page.bars[-1].sum.verified_g == 35 and page.this_month.apart
    assert page_of(store, unit, "2026-05").this_month.grams == 0
    assert page_of(store, unit).month_after is None
    for month in ("2026-07", "2026-13", "2026", "x"):
        with pytest.raises(Invalid):
            page_of(store, unit, month)


def test_figures_of_fewer_than_five_are_hidden_except_in_families(store: Any) -> None:
    ids = people(store, 12)
    small, big = company(store, "小公司"), company(store, "大公司")
    join(store, small, *ids[:4])
    join(store, big, *ids[4:10], now=NOW - timedelta(days=2))
    for who in (1, 2, 5, 6, 7):
        act(store, who, 100)
    act(store, 8, 100, TODAY - timedelta(days=1), now=NOW)
    page = page_of(store, small)
    assert page.small and page.this_month.hidden and page.total.hidden and page.bars == [] and page.rate is None
    page = page_of(store, big)
    assert page.this_month.hidden and page.rate is None  # four of them acted
    act(store, 9, 100)
    page = page_of(store, big)
    assert page.this_month.grams == 500 and page.rate == 83
    assert all(bar.sum.hidden or not bar.sum.grams for bar in page.bars)
    with store.write() as tx:
        family = service.create_family(tx, 1, UnitNames("张家", "张家"), NOW)
    assert page_of(store, family).this_month.grams == 100


@pytest.mark.parametrize(
    ("groups", "hidden"),
    [
        ([], set()),
        ([0, 6, 9], set()),
        ([3, 6, 9], {0, 1}),
        ([3, 2, 9], {0, 1, 2}),
        ([0, 4], {1}),
        ([5, 1, 8, 5], {0, 1}),
    ],
)
def test_a_hidden_group_takes_another_with_it(groups: list[int], hidden: set[int]) -> None:
    assert hide(groups) == hidden


def test_one_person_on_many_days_is_hidden_with_a_day_of_five_in_each_week(store: Any) -> None:
    ids = people(store, 6)
    unit = company(store, "甲公司", now=NOW - timedelta(days=60))
    join(store, unit, *ids, now=NOW - timedelta(days=40))
    for day in range(1, 17):
        for who in ids if day % 7 not in (6, 0) else ids[:1]:  # June 2026 begins on a Monday
            act(store, who, 10 * who, date(2026, 6, day))
    page = page_of(store, unit)
    shown = {bar.day.day for bar in page.bars if not bar.sum.hidden}
    assert shown == {2, 3, 4, 5, 9, 10, 11, 12, 15, 16}  # each Saturday and Sunday takes a Monday along


def test_no_month_of_few_can_be_worked_out_from_the_sum_since_the_start(store: Any) -> None:
    ids = people(store, 7)
    unit = company(store, "甲公司", now=NOW - timedelta(days=200))
    join(store, unit, *ids, now=NOW - timedelta(days=190))
    for month, who in ((2, ids), (3, ids[:2]), (4, ids), (5, ids), (6, ids[:3])):
        for each in who:
            act(store, each, 100 * month, date(2026, month, 5), account="verified" if each == 7 else "declared")
    seen = {month: page_of(store, unit, f"2026-{month:02d}") for month in range(2, 7)}
    assert [month for month, page in seen.items() if page.this_month.hidden] == [2, 3, 6]
    assert all(not page.bars and not page.departments for month, page in seen.items() if month in (2, 3, 6))
    assert {page.total.grams for page in seen.values()} == {700 * 4 + 700 * 5}
    assert not seen[4].this_month.apart, "one person's verified grams"
    with store.read() as tx:
        years = [yearly.year(tx, queries.unit_by_id(tx, unit), end, TODAY) for end in ("2026-06", "2026-04", "2026-03")]
    hidden = [{m.month for m in each if m.sum.hidden} for each in years]
    assert hidden == [{"2026-02", "2026-03", "2026-06"}, {"2026-02", "2026-03"}, {"2026-02", "2026-03"}]


def test_departments_of_few_show_no_figures(store: Any) -> None:
    *ids, other = people(store, 17)
    unit = company(store, "甲公司")
    with store.write() as tx:
        made = [service.create_department(tx, 1, unit, name, NOW, staff=True) for name in ("一车间", "二车间", "财务")]
    join(store, unit, *ids[:6], department=made[0])
    join(store, unit, *ids[6:12], department=made[1])
    join(store, unit, *ids[12:], department=made[2])
    for who in ids:
        act(store, who, 10)
    lines = page_of(store, unit).departments
    assert [(d.name, d.members, d.sum.grams) for d in lines] == [
        ("一车间", 6, None),
        ("二车间", 6, 60),
        ("财务", 4, None),
    ]
    wrong = company(store, "乙公司")
    with pytest.raises(Invalid), store.write() as tx:
        service.join_unit(tx, other, wrong, NOW, department_id=made[0])


def test_every_change_by_an_admin_leaves_a_row(store: Any) -> None:
    people(store, 3)
    unit = company(store, "甲公司")
    join(store, unit, 1, 2)
    before = code_of(store, unit)
    with store.write() as tx:
        service.set_admin(tx, 3, unit, 1, True, NOW, staff=True)
        after = service.rotate_join_code(tx, 1, unit, NOW)
        service.rename_unit(tx, 1, unit, UnitNames("甲集团", "甲"), NOW)
        service.remove_member(tx, 1, unit, 2, NOW)
        rows = [row.action for row in tx.rows(select(staff_action).order_by(staff_action.c.id))]
    assert after != before
    assert rows == ["unit.create", "role.granted", "unit.rotate_code", "unit.rename", "unit.remove_member"]
    assert refusal_of(store, lambda tx: service.set_admin(tx, 1, unit, 1, False, NOW)) == "last_unit_admin"


def test_another_units_admin_sees_nothing(app: Any, house: Any, client: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    ling, bo, chen = make_member(house, "ling"), make_member(house, "bo"), make_member(house, "chen")
    a = make_unit(house, "enterprise", "甲公司", ling, bo)
    b = make_unit(house, "enterprise", "乙公司", chen)
    chen.sign_in(client)
    assert client.get(f"/unit-admin/{b}").status_code == 200
    for path in (f"/unit-admin/{a}", f"/unit-admin/{a}/people", f"/unit-admin/{a}/poster", f"/units/{a}"):
        assert client.get(path).status_code == 404, path
    for path, form in (
        (f"/unit-admin/{a}/code", {}),
        (f"/unit-admin/{a}/names", {"name": "乙的"}),
        (f"/unit-admin/{a}/boards", {"on": "1"}),
        (f"/unit-admin/{a}/parts", {"name": "新"}),
        (f"/unit-admin/{a}/people/remove", {"member": str(bo.id)}),
        (f"/unit-admin/{b}/people/remove", {"member": str(bo.id)}),
        (f"/unit-admin/{a}/close", {}),
        (f"/units/{a}/leave", {}),
    ):
        assert client.post(path, data=form).status_code == 404, path
    bo.sign_in(client)
    assert client.get(f"/units/{a}").status_code == 200
    assert client.get(f"/unit-admin/{a}").status_code == 403


def test_a_link_leads_through_the_sign_in_to_the_unit(app: Any, house: Any, client: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    ling, bo = make_member(house, "ling"), make_member(house, "bo")
    unit = make_unit(house, "enterprise", "甲公司", ling)
    code = code_of(house.store, unit)
    page = client.get(f"/units/join/{code}").text
    assert "甲公司" in page and f"next=/units/join/{code}" in page
    assert client.get("/units/join/ABCD2345").status_code == 404
    assert client.get("/units/join/nonsense!").status_code == 404
    bo.sign_in(client)
    assert "<button" in client.get(f"/units/join/{code}").text
    assert client.post("/units/join", data={"code": code.lower()}).location == f"/units/{unit}"
    assert client.post("/units/join", data={"code": code}).status_code == 409
    refused = client.post("/units/join", data={"code": "ABCD2345"})
    assert refused.status_code == 400 and "ABCD2345" in refused.text
    assert client.post(f"/units/{unit}/leave").status_code == 303


def test_the_admin_sees_code_figures_and_names_but_no_acts(app: Any, house: Any, client: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    cast = [make_member(house, f"person-{i}") for i in range(6)]
    unit = make_unit(house, "enterprise", "甲公司", *cast)
    today = date(2026, 6, 16)
    for i, person in enumerate(cast):
        act(house.store, person.id, 1111 * (i + 1), today, house.clock.now())
    client = cast[0].sign_in(client)
    assert client.get("/unit-admin").location == f"/unit-admin/{unit}"
    page = client.get(f"/unit-admin/{unit}").text
    code = code_of(house.store, unit)
    assert f"{code[:4]} {code[4:]}" in page and "<svg" in page and "100%" in page and "23.33" in page
    listed = client.get(f"/unit-admin/{unit}/people").text
    assert "Person-3" in listed and "4.44" not in listed and "kg" not in listed
    assert code[:4] in client.get(f"/unit-admin/{unit}/poster").text
    assert client.post(f"/unit-admin/{unit}/names", data={"name": ""}).status_code == 400
    assert client.post(f"/unit-admin/{unit}/parts", data={"name": "财务"}).status_code == 303
    assert client.post(f"/unit-admin/{unit}/close").status_code == 400
    assert client.post(f"/unit-admin/{unit}/people/remove", data={"member": str(cast[5].id)}).status_code == 303
    assert "Person-5" not in client.get(f"/unit-admin/{unit}/people").text


def test_a_family_is_founded_and_closed_by_its_people(app: Any, house: Any, client: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    ling = make_member(house, "ling")
    ling.sign_in(client)
    assert "建立家庭" in client.get("/units").text
    assert client.post("/units/families", data={"name": ""}).status_code == 400
    where = client.post("/units/families", data={"name": "张家", "short_name": "向日葵"}).location
    assert client.get(where).status_code == 200
    assert client.post(where + "/boards", data={"on": "1"}).status_code == 303
    assert client.post(where + "/close").status_code == 303
    assert "张家" not in client.get("/units").text.split("建立家庭")[0]


def test_a_page_asks_as_many_queries_for_many_people_as_for_few(store: Any) -> None:
    ids = people(store, 40)
    unit = company(store, "甲公司")
    seen = []
    for some in (ids[:6], ids[6:]):
        join(store, unit, *some)
        for who in some:
            act(store, who, 10)
        with count_statements(store) as statements, store.read() as tx:
            figures.unit_page(tx, queries.unit_by_id(tx, unit), TODAY)
            queries.people(tx, unit)
        seen.append(statements.count)
    assert seen[0] == seen[1]
