"""The counter and the pages around it: redeem, show, cancel, hand over, and what a merchant never learns."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest

from tests.people import give_points, make_member, make_shop
from webapp.campaigns import service as campaigns
from webapp.merchants.queries import masked
from webapp.rewards import codes


@pytest.fixture
def cast(house: Any) -> Any:
    """Ling has points, Mei keeps a shop, Chen keeps another."""
    ling, mei, chen = (make_member(house, name) for name in ("ling", "mei01", "chen"))
    give_points(house, ling, 500)
    return ling, mei, chen, make_shop(house, mei, points=50, limit=3), make_shop(house, chen)


def redeem(client: Any, reward: int, id: str = "") -> Any:
    return client.post(f"/rewards/{reward}/redeem", data={"id": id or str(uuid.uuid4())})


def code_on(client: Any, where: str) -> str:
    found = re.search(r'<p class="code[^"]*">([0-9A-Z]{5}-[0-9A-Z]{5})</p>', client.get(where).text)
    assert found, where
    return found.group(1)


def test_a_resident_redeems_shows_and_cancels(cast: Any, app: Any) -> None:
    ling, _, _, reward, _ = cast
    client = ling.sign_in(app.test_client())
    page = client.get(f"/rewards/{reward}").text
    id = re.search(r'name="id" value="([0-9a-f-]{36})"', page).group(1)  # type: ignore[union-attr]
    first, again = redeem(client, reward, id), redeem(client, reward, id)
    assert first.status_code == again.status_code == 303
    assert first.location == again.location == f"/redemptions/{id}", "a double click lands on the same code"
    page = client.get(first.location).text
    assert "<svg" in page and 'style="' not in page and code_on(client, first.location)
    assert client.get(f"{first.location}/cancel").status_code == 200
    assert client.post(f"{first.location}/cancel").status_code == 303
    assert "已取消" in client.get(first.location).text
    assert "500" in client.get("/rewards").text


def test_reasons_are_told_on_the_page(cast: Any, app: Any) -> None:
    ling, _, _, reward, other = cast
    client = ling.sign_in(app.test_client())
    for _ in range(3):
        assert redeem(client, reward).status_code == 303
    assert "已达上限" in client.get("/rewards").text
    refused = redeem(client, reward)
    assert refused.status_code == 409 and "已达到每人限兑数量" in refused.text
    poor = make_member(app.extensions["puhui"], "poor1").sign_in(app.test_client())
    assert "还差 50 分" in poor.get(f"/rewards/{other}").text
    assert redeem(poor, other).status_code == 409
    assert redeem(poor, 999).status_code == 404
    assert redeem(poor, other, "not-a-uuid").status_code == 400


def test_a_redemption_is_its_members_alone(cast: Any, app: Any) -> None:
    ling, mei, _, reward, _ = cast
    where = redeem(ling.sign_in(app.test_client()), reward).location
    stranger = mei.sign_in(app.test_client())
    for call in (stranger.get(where), stranger.get(f"{where}/cancel"), stranger.post(f"{where}/cancel")):
        assert call.status_code == 404
    assert stranger.get("/redemptions/nonsense").status_code == 404
    assert app.test_client().get(where).status_code == 303


def test_the_counter_hands_over_once_and_never_says_to_whom(cast: Any, app: Any) -> None:
    ling, mei, chen, reward, _ = cast
    mine = ling.sign_in(app.test_client())
    where = redeem(mine, reward).location
    code = code_on(mine, where)
    wrong_shop = chen.sign_in(app.test_client())
    answer = wrong_shop.post("/merchant/fulfil", data={"id": str(uuid.uuid4()), "code": code})
    assert answer.status_code == 404 and "没有找到这个码" in answer.text
    counter = mei.sign_in(app.test_client())
    form = {"id": str(uuid.uuid4()), "code": f" {code.lower().replace('-', ' ')} "}
    first, again = counter.post("/merchant/fulfil", data=form), counter.post("/merchant/fulfil", data=form)
    assert first.status_code == again.status_code == 303 and first.location == again.location
    late = counter.post("/merchant/fulfil", data={"id": str(uuid.uuid4()), "code": code})
    assert late.status_code == 409 and "已经核销过了" in late.text
    for page in (counter.get(first.location).text, counter.get("/merchant").text):
        assert "豆浆一杯" in page and "L**" in page
        assert "Ling" not in page and code not in page and codes.typed(code) not in page
    assert "已由商家核销" in mine.get(where).text
    assert wrong_shop.get(first.location).status_code == 404
    assert mine.get("/merchant").status_code == 403


def test_five_wrong_codes_then_the_counter_waits(cast: Any, app: Any, clock: Any) -> None:
    _, mei, *_ = cast
    counter = mei.sign_in(app.test_client())

    def try_code(code: str) -> int:
        return counter.post("/merchant/fulfil", data={"id": str(uuid.uuid4()), "code": code}).status_code

    assert try_code("") == 400
    assert [try_code("00000-00000") for _ in range(6)] == [404] * 5 + [429]
    clock.advance(minutes=10)
    assert try_code("00000-00000") == 404


def test_empty_pages_have_words(cast: Any, app: Any) -> None:
    ling, mei, *_ = cast
    assert "还没有兑换记录" in ling.sign_in(app.test_client()).get("/redemptions").text
    counter = mei.sign_in(app.test_client())
    assert "还没有核销记录" in counter.get("/merchant").text
    assert "现在没有活动" in counter.get("/campaigns").text


def test_lists_go_on_where_they_stopped(cast: Any, app: Any) -> None:
    _, mei, *_ = cast
    house = app.extensions["puhui"]
    rich = make_member(house, "rich01")
    give_points(house, rich, 5000)
    reward = make_shop(house, mei, points=10, stock=50)
    client, counter = rich.sign_in(app.test_client()), mei.sign_in(app.test_client())
    for _ in range(23):
        code = code_on(client, redeem(client, reward).location)
        counter.post("/merchant/fulfil", data={"id": str(uuid.uuid4()), "code": code})
    for who, where in ((client, "/redemptions"), (counter, "/merchant")):
        first = who.get(where).text
        after = re.search(r'href="([^"]*after=[^"]*)"', first)
        assert after, where
        second = who.get(after.group(1).replace("&amp;", "&"))
        row = r"<td class=\"nowrap\">|<li><a class=\"row\" href=\"/redemptions/"
        assert (len(re.findall(row, first)), len(re.findall(row, second.text))) == (20, 3)
        assert who.get(f"{where}?after=x").status_code == 400


def test_a_resident_joins_the_week_and_sees_the_tasks(cast: Any, app: Any, house: Any) -> None:
    ling, *_ = cast
    now = house.clock.now()
    with house.store.write() as tx:
        which = campaigns.energy_week(tx, date(2026, 6, 15), now - timedelta(days=20))
    client = ling.sign_in(app.test_client())
    assert app.test_client().get(f"/campaigns/{which}").status_code == 200
    campaigns.move_by_clock(house.store, now)
    assert "参加" in client.get(f"/campaigns/{which}").text
    assert client.post(f"/campaigns/{which}/join").status_code == 303
    page = client.get(f"/campaigns/{which}").text
    assert "已参加" in page and "重点企业日" in page and "<progress" in page and "×1.5" in page
    assert "已参加" in client.get("/campaigns").text
    assert client.post("/campaigns/999/join").status_code == 404


def test_nicknames_are_masked() -> None:
    assert [masked(name) for name in ("小玲", "L", "")] == ["小**", "L**", "***"]
