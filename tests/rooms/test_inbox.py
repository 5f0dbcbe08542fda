"""The inbox: a key sends once, set-wise sending, reading, paging, and announcements by their dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from points_engine.errors import EngineError, Invalid
from tests.counting import count_statements
from tests.people import make_member, make_unit
from webapp.campaigns import service as campaigns
from webapp.campaigns.values import CampaignFacts, TaskFacts
from webapp.green_units import service as green_units
from webapp.inbox import queries, service
from webapp.inbox.forms import AnnouncementText
from webapp.journal.tables import staff_action

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
TEXT = AnnouncementText("停水通知", "", "**周五** 停水 <script>alert(1)</script>", "")


def send(store: Any, who: int, title: str, now: datetime = NOW, **more: Any) -> None:
    with store.write() as tx:
        service.notify(tx, who, "test", title, "", now=now, **more)


def test_a_key_sends_once_to_each_member(store: Any) -> None:
    send(store, 1, "一", key="a")
    send(store, 1, "二", key="a")
    send(store, 2, "三", key="a")
    send(store, 1, "四")
    with store.write() as tx:
        everybody = [{"member_id": i, "key": "a"} for i in range(1, 1501)] + [{"member_id": 7, "key": "a"}]
        assert service.notify_many(tx, everybody, "test", "五", now=NOW + timedelta(minutes=1)) == 1498
    with store.read() as tx:
        assert {n.title_zh for n in queries.notices(tx, 1)} == {"一", "四"}
        assert [queries.unread(tx, i) for i in (1, 2, 7, 9999)] == [2, 1, 1, 0]


def test_unread_is_counted_to_a_hundred_and_pages_by_the_last_seen(store: Any) -> None:
    with store.write() as tx:
        for i in range(130):
            service.notify(tx, 1, "test", f"第{i}条", "", now=NOW + timedelta(seconds=i))
    with store.read() as tx:
        assert queries.unread(tx, 1) == 100
        first = queries.page(tx, 1, NOW)
        second = queries.page(tx, 1, NOW, first.after)
    assert [n.title_zh for n in first.notices] == [f"第{i}条" for i in range(129, 99, -1)]
    assert second.notices[0].title_zh == "第99条"


def test_reading_is_my_own_business(store: Any) -> None:
    send(store, 1, "一", link="/redemptions")
    with store.read() as tx:
        mine = queries.notices(tx, 1)[0]
    with pytest.raises(EngineError), store.write() as tx:
        service.mark_read(tx, 2, mine.id, NOW)
    with store.write() as tx:
        assert service.mark_read(tx, 1, mine.id, NOW) == "/redemptions"
        assert service.mark_all_read(tx, 1, NOW) == 0
    with store.read() as tx:
        assert queries.unread(tx, 1) == 0 and not queries.notices(tx, 1)[0].unread
    with store.write() as tx:
        service.forget(tx, 1, NOW)
        assert queries.notices(tx, 1) == []


def test_an_announcement_lives_from_draft_to_withdrawal(store: Any) -> None:
    with store.write() as tx:
        made = service.create_announcement(tx, 9, TEXT, NOW)
        assert queries.announcements(tx, NOW) == []
        with pytest.raises(EngineError):
            service.withdraw_announcement(tx, 9, made, NOW)
        service.publish_announcement(tx, 9, made, NOW, at=NOW + timedelta(hours=1))
    with store.read() as tx:
        assert queries.announcements(tx, NOW) == []
        later = queries.announcements(tx, NOW + timedelta(hours=1))
        assert [a.state for a in later] == ["published"]
        assert queries.announcement_by_id(tx, made, NOW).state == "scheduled"
    with store.write() as tx:
        service.withdraw_announcement(tx, 9, made, NOW + timedelta(hours=2))
        assert queries.announcements(tx, NOW + timedelta(hours=2)) == []
        actions = [row.action for row in tx.rows(select(staff_action).order_by(staff_action.c.id))]
    assert actions == ["announcement.create", "announcement.publish", "announcement.withdraw"]


def test_an_announcement_ends_by_itself(store: Any) -> None:
    ends = NOW + timedelta(days=1)
    with store.write() as tx:
        made = service.create_announcement(tx, 9, AnnouncementText("一", "", "二", "", ends), NOW)
        with pytest.raises(Invalid):
            service.publish_announcement(tx, 9, made, NOW, at=ends)
        service.publish_announcement(tx, 9, made, NOW)
        assert len(queries.announcements(tx, NOW)) == 1
        assert queries.announcements(tx, ends) == []


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({"title_zh": "", "body_zh": "二"}, "title_zh", "required"),
        ({"title_zh": "一" * 81, "body_zh": "二"}, "title_zh", "too_long"),
        ({"title_zh": "一", "body_zh": "二", "expires_at": "soon"}, "expires_at", "invalid"),
    ],
)
def test_an_announcement_says_what_is_wrong(form: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        AnnouncementText.parse(form)
    assert refusal.value.fields[field] == code


def test_the_page_shows_reads_and_follows(app: Any, house: Any, client: Any) -> None:
    ling, bo = make_member(house, "ling"), make_member(house, "bo")
    ling.sign_in(client)
    assert "还没有消息" in client.get("/inbox").text
    send(house.store, ling.id, "兑换成功", house.clock.now(), link="/units")
    send(house.store, ling.id, "坏链接", house.clock.now(), link="//elsewhere.example")
    send(house.store, bo.id, "别人的", house.clock.now())
    with house.store.write() as tx:
        made = service.create_announcement(tx, bo.id, TEXT, house.clock.now())
        service.publish_announcement(tx, bo.id, made, house.clock.now())
    page = client.get("/inbox").text
    assert "兑换成功" in page and "停水通知" in page and "别人的" not in page and "2 条未读" in page
    article = client.get(f"/announcements/{made}").text
    assert "<strong>周五</strong>" in article and "<script>alert" not in article
    app.config["WTF_CSRF_ENABLED"] = False
    with house.store.read() as tx:
        by_title = {n.title_zh: n.id for n in queries.notices(tx, ling.id)}
        others = queries.notices(tx, bo.id)[0].id
    assert client.post(f"/inbox/{by_title['兑换成功']}").location == "/units"
    assert client.post(f"/inbox/{by_title['坏链接']}").location == "/inbox"
    assert client.post(f"/inbox/{others}").status_code == 404
    assert client.post("/inbox/read").status_code == 303
    assert client.get("/inbox?after=x'y").status_code == 400


def test_the_page_asks_as_many_queries_for_many_notices_as_for_few(store: Any) -> None:
    seen = []
    for count in (3, 30):
        for i in range(count):
            send(store, 1, f"第{i}条")
        with count_statements(store) as statements, store.read() as tx:
            queries.page(tx, 1, NOW)
        seen.append(statements.count)
    assert seen[0] == seen[1]


def test_an_announcement_for_some_is_read_by_them_alone(app: Any, house: Any, client: Any) -> None:
    now = house.clock.now()
    ling, bo, chen, wang = (make_member(house, name) for name in ("ling", "bo", "chen", "wang"))
    firm, other = make_unit(house, "enterprise", "漳泽电厂"), make_unit(house, "public_body", "统计局")
    with house.store.write() as tx:
        green_units.join_unit(tx, ling.id, firm, now)
        green_units.join_unit(tx, bo.id, other, now)
        facts = CampaignFacts("car-free", "无车日", now - timedelta(days=1), now + timedelta(days=3))
        run = campaigns.create_campaign(tx, wang.id, facts, [TaskFacts("记录三次", "log", 3)], now)
        campaigns.open_campaign(tx, wang.id, run, now)
        campaigns.join(tx, house.catalogue, chen.id, run, now)
        made = {}
        for audience in ("all", "kind:enterprise", f"unit:{other}", f"campaign:{run}"):
            text = AnnouncementText(f"给 {audience}", "", "正文", "", audience=audience)
            made[audience] = service.create_announcement(tx, wang.id, text, now)
            service.publish_announcement(tx, wang.id, made[audience], now)
    sees = ((ling, "kind:enterprise"), (bo, f"unit:{other}"), (chen, f"campaign:{run}"), (wang, None))
    for who, mine in sees:
        browser = who.sign_in(app.test_client())
        expected = {"all", mine} - {None}
        inbox, home = browser.get("/inbox").text, browser.get("/").text
        assert {a for a in made if f"给 {a}" in inbox} == expected == {a for a in made if f"给 {a}" in home}
        opened = {a for a, number in made.items() if browser.get(f"/announcements/{number}").status_code == 200}
        assert opened == expected
    assert [client.get(f"/announcements/{number}").status_code for number in made.values()] == [200, 404, 404, 404]
    assert ling.sign_in(client).get(f"/announcements/{made['all']}").status_code == 200  # the same browser, signed in
    assert client.get(f"/announcements/{made['all']}").status_code == 200  # and once more: counted once
    with house.store.write() as tx:
        assert queries.announcement_by_id(tx, made["all"], now).reads == 5, "visitors are not counted"
        green_units.leave_unit(tx, ling.id, firm, now)
    assert client.get(f"/announcements/{made['kind:enterprise']}").status_code == 404


def test_the_desk_names_a_unit_by_its_whole_name(app: Any, house: Any, client: Any) -> None:
    unit = make_unit(house, "enterprise", "漳泽电厂")
    for _ in range(2):
        make_unit(house, "community", "同名社区")
    make_member(house, "wang", "editor").sign_in(client)
    form = {"title_zh": "停电", "body_zh": "周五", "audience": "unit", "by_mail": "1"}
    for name, says in (
        ("没有的单位", "没有这个名称的单元"),
        ("同名社区", "有两个同名的单元"),
        ("", "没有这个名称的单元"),
    ):
        wrong = client.post("/console/announcements/new", data=form | {"unit": name})
        assert wrong.status_code == 400 and says in wrong.text and f'value="{name}"' in wrong.text
    bent = client.post("/console/announcements/new", data=form | {"audience": "unit:1 OR 1=1"})
    assert bent.status_code == 400
    made = client.post("/console/announcements/new", data=form | {"unit": " 漳泽电厂 "})
    assert made.status_code == 303
    page = client.get(made.location).text
    assert '<option value="unit" selected>' in page and 'value="漳泽电厂"' in page
    assert "漳泽电厂" in client.get("/console/announcements").text
    with house.store.read() as tx:
        (kept,) = queries.all_announcements(tx, house.clock.now())
    assert (kept.audience, kept.by_mail, kept.state) == (f"unit:{unit}", True, "draft")
