"""The pages of review: one tap to appeal, the API, the public figures, and the reviewers' desk."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import update

from tests.counting import count_statements
from tests.people import Person, make_member
from tests.rooms.reviewing import WHY, appeal, case_of, failed, log, one, photo_of, sampled, say, screen, set_standing
from webapp.journal import queries as journals
from webapp.members import queries as members
from webapp.photos.tables import upload
from webapp.review import screening
from webapp.review.tables import risk_signal


@pytest.fixture
def ling(house: Any) -> Person:
    return make_member(house, "ling", nickname="骑行的凌")


@pytest.fixture
def desk(house: Any) -> list[Person]:
    """Two reviewers, and an administrator."""
    return [make_member(house, "one", "reviewer"), make_member(house, "two", "reviewer"),
            make_member(house, "boss", "administrator")]  # fmt: skip


def test_the_page_of_a_refused_act_offers_one_tap(app: Any, house: Any, ling: Person, desk: Any) -> None:
    act = failed(house, ling, desk[0], 101)
    client = ling.sign_in(app.test_client())
    page = client.get(f"/activities/{act}").get_data(as_text=True)
    assert f"/activities/{act}/appeal" in page and "抽查未通过，已收回" in page and WHY.zh in page
    answer = client.post(f"/activities/{act}/appeal", data={"words": "我有发票"}, follow_redirects=True)
    text = answer.get_data(as_text=True)
    assert "申诉已提交" in text and "我有发票" in text and "2026" in text
    assert "已经申诉过了" in client.post(f"/activities/{act}/appeal", follow_redirects=True).get_data(as_text=True)
    say(house, desk[1], ling, "appeal", act, "uphold")
    assert "维持原结论" in client.get(f"/activities/{act}").get_data(as_text=True)
    fine = log(house, ling, "no_cutlery", 1)
    assert 'id="appeal"' not in client.get(f"/activities/{fine}").get_data(as_text=True)
    said = client.post(f"/activities/{fine}/appeal", follow_redirects=True).get_data(as_text=True)
    assert "没有被驳回" in said


def test_the_api_answers_the_first_appeal_again(app: Any, house: Any, ling: Person, desk: Any) -> None:
    act = failed(house, ling, desk[0], 102)
    client, path = app.test_client(), f"/api/v1/activities/{act}/appeal"
    first = client.post(path, headers=ling.headers(), json={"words": "请再看看"})
    again = client.post(path, headers=ling.headers())
    assert (first.status_code, again.status_code) == (201, 200) and first.json == again.json
    assert set(first.json) == {"id", "status", "due_at"} and first.json["status"] == "open"
    assert client.post(path, headers=desk[0].headers()).status_code == 404
    assert client.post(path, headers=ling.headers(), json={"words": "长" * 501}).status_code == 400
    fine = log(house, ling, "no_cutlery", 1)
    refused = client.post(f"/api/v1/activities/{fine}/appeal", headers=ling.headers())
    assert refused.status_code == 409 and refused.json["error"]["code"] == "not_rejected"


def test_the_public_page_shows_months_and_nobody(client: Any, house: Any, ling: Person, desk: Any) -> None:
    assert "还没有核验结论" in client.get("/reviews").get_data(as_text=True)
    failed(house, ling, desk[0], 103)
    text = client.get("/reviews").get_data(as_text=True)
    assert "2026-06" in text and "少于 5" in text and "骑行的凌" not in text


# --- the desk --------------------------------------------------------------------------------------------


def case_url(house: Any, of: Person, kind: str, act: str) -> str:
    return f"/console/review/cases/{case_of(house, of, kind, act).id}"


def public_id(house: Any, of: Person) -> str:
    with house.store.read() as tx:
        return members.public_ids(tx, [of.id])[of.id]


def test_each_queue_shows_its_cases_and_leads_to_the_next(app: Any, house: Any, ling: Person, desk: Any) -> None:
    client = desk[0].sign_in(app.test_client())
    for tab, words in (
        ("pending", "没有待核验"),
        ("sample", "没有待看的抽查"),
        ("risk", "没有需要判断"),
        ("appeal", "没有待复核"),
    ):
        assert words in client.get(f"/console/review?tab={tab}").get_data(as_text=True)
    first = sampled(house, ling, 21)
    house.clock.advance(minutes=5)
    second = sampled(house, ling, 22)
    text = client.get("/console/review?tab=sample").get_data(as_text=True)
    assert text.index(case_of(house, ling, "sample", first).id) < text.index(case_of(house, ling, "sample", second).id)
    assert client.get("/console/review?tab=nonsense").status_code == 400
    here = client.get("/console/review/next?kind=sample")
    assert here.location == case_url(house, ling, "sample", first)
    page = client.get(here.location).get_data(as_text=True)
    assert "新用户的前几条" in page and "属实，通过" in page and "骑行的凌" in page and "一般" in page
    answer = client.post(f"{here.location}/say", data={"word": "pass"}, follow_redirects=True)
    assert answer.request.path == case_url(house, ling, "sample", second) and "抽查通过" in answer.get_data(
        as_text=True
    )


def test_saying_no_needs_a_reason_and_says_so_beside_it(app: Any, house: Any, ling: Person, desk: Any) -> None:
    act = sampled(house, ling, 23)
    client, url = desk[0].sign_in(app.test_client()), case_url(house, ling, "sample", act)
    assert client.post(f"{url}/say", data={"word": "fail"}).status_code == 400
    assert client.post(f"{url}/say", data={"word": "burn"}).status_code == 400
    assert client.post(f"{url}/say", data={"word": "fail", "reason": "mismatch"}).status_code == 303
    assert one(house, ling, act)["status"] == "rejected"
    late = client.post(f"{url}/say", data={"word": "pass"}, follow_redirects=True).get_data(as_text=True)
    assert "已经处理过了" in late
    assert client.get(f"/console/review/cases/{uuid.uuid4()}").status_code == 404


def test_who_may_not_decide_is_told_why_and_has_no_buttons(app: Any, house: Any, ling: Person, desk: Any) -> None:
    act = failed(house, ling, desk[0], 24)
    appeal(house, ling, act, "请看发票")
    url = case_url(house, ling, "appeal", act)
    page = desk[0].sign_in(app.test_client()).get(url).get_data(as_text=True)
    assert "须由另一位同事判断" in page and "data-verdict" not in page and "请看发票" in page
    assert desk[0].sign_in(app.test_client()).post(f"{url}/say", data={"word": "overturn"}).status_code == 403
    page = desk[1].sign_in(app.test_client()).get(url).get_data(as_text=True)
    assert "申诉成立，重新计入" in page and WHY.zh in page


def test_several_at_once_each_with_its_own_row(app: Any, house: Any, ling: Person, desk: Any) -> None:
    acts = [sampled(house, ling, 30 + n) for n in range(3)]
    odd = make_member(house, "odd")
    doubtful = sampled(house, odd, 40)
    with house.store.write() as tx:
        tx.insert(risk_signal, [{"member_id": odd.id, "code": "night", "mark": "x", "activity_id": None, "weight": 3,
                                 "seen_at": house.clock.now()}])  # fmt: skip
    client, who = desk[0].sign_in(app.test_client()), public_id(house, ling)
    page = client.get("/console/review?tab=sample").get_data(as_text=True)
    assert page.count('name="pick"') == 3
    picks = [f"{who}/{act}" for act in acts] + [f"{public_id(house, odd)}/{doubtful}", "nobody/x"]
    said = client.post("/console/review/batch", data={"kind": "sample", "pick": picks}, follow_redirects=True)
    assert "通过 3 条，2 条请逐条查看" in said.get_data(as_text=True)
    assert case_of(house, odd, "sample", doubtful).state == "open"
    with house.store.read() as tx:
        assert [e.action for e in journals.recent(tx, None, 10)].count("sample.pass") == 3
    none = client.post("/console/review/batch", data={"kind": "sample"}, follow_redirects=True)
    assert "请先勾选" in none.get_data(as_text=True)


def test_a_photo_stands_beside_the_one_it_resembles_and_looking_is_written(
    app: Any, house: Any, ling: Person, desk: Any
) -> None:
    twin = photo_of(house, make_member(house, "earlier"), 50)
    act = sampled(house, ling, 51)
    (photo,) = one(house, ling, act)["evidence"]
    with house.store.write() as tx:
        tx.execute(update(upload).where(upload.c.id == photo).values(near="similar", near_to=twin))
    client, url = desk[0].sign_in(app.test_client()), f"/console/review/{public_id(house, ling)}/{act}/photo/{photo}"
    assert f"{url}?twin=1" in client.get(case_url(house, ling, "sample", act)).get_data(as_text=True)
    both = [client.get(url), client.get(f"{url}?twin=1")]
    assert [p.mimetype for p in both] == ["image/jpeg"] * 2 and both[0].data != both[1].data
    with house.store.read() as tx:
        assert [e.action for e in journals.recent(tx, None, 2)] == ["photo.view", "photo.view"]
    say(house, desk[0], ling, "sample", act, "pass")
    assert client.get(url).status_code == 404, "no case is open any more"


def test_risk_shows_what_was_odd_and_asks_for_a_look(app: Any, house: Any, ling: Person, desk: Any) -> None:
    act = log(house, ling, "no_cutlery", 1)
    with house.store.write() as tx:
        tx.insert(risk_signal, [{"member_id": ling.id, "code": "lockstep", "mark": "2026-W25", "activity_id": act,
                                 "weight": 60, "seen_at": house.clock.now()}])  # fmt: skip
        assert screening.open_risks(tx, {ling.id: act}, house.clock.now()) == 1
    client = desk[0].sign_in(app.test_client())
    page = client.get(case_url(house, ling, "risk", act)).get_data(as_text=True)
    assert "与多个账号的行为同步" in page and f"/{act}/sample" in page and "不会自动处罚" in page
    client.post(f"/console/review/{public_id(house, ling)}/{act}/sample")
    assert case_of(house, ling, "sample", act).cause == "risk"
    set_standing(house, ling, "stopped")
    boss = desk[2].sign_in(app.test_client())
    assert "恢复即时计入" in boss.get(case_url(house, ling, "risk", act)).get_data(as_text=True)
    assert client.post(f"/console/review/{public_id(house, ling)}/photos").status_code == 403
    assert boss.post(f"/console/review/{public_id(house, ling)}/photos").status_code == 303


def test_the_desk_counts_what_is_overdue(app: Any, house: Any, ling: Person, desk: Any) -> None:
    appeal(house, ling, failed(house, ling, desk[0], 60))
    house.clock.advance(days=8)
    client = desk[1].sign_in(app.test_client())
    assert "申诉，逾期 1" in client.get("/console").get_data(as_text=True)
    assert "逾期 1" in client.get("/console/review?tab=appeal").get_data(as_text=True)


@pytest.mark.parametrize("kind", ["sample", "appeal"])
def test_a_long_queue_asks_no_more_and_goes_on_by_pages(
    app: Any, house: Any, ling: Person, desk: Any, kind: str
) -> None:
    client, url = app.test_client(), f"/console/review?tab={kind}"

    def grow(first: int, last: int) -> None:
        for n in range(first, last):
            rider = make_member(house, f"rider-{n}")
            act = log(house, rider, shade=20 + 3 * n)
            screen(house)
            if kind == "appeal":
                say(house, desk[0], rider, "sample", act, "fail")
                appeal(house, rider, act)

    def asked() -> int:
        desk[1].sign_in(client)  # anew: the clock has run on for hours
        client.get(url)
        with count_statements(house.store) as seen:
            assert client.get(url).status_code == 200
        return seen.count

    grow(0, 2)
    few = asked()
    grow(2, 34)
    assert asked() <= few + 1
    page = client.get(url).get_data(as_text=True)
    more = page.split("after=")[1].split('"')[0]
    rest = client.get(f"{url}&after={more}").get_data(as_text=True)
    assert page.count("data-item") == 30 and rest.count("data-item") == 4
    assert client.get(f"{url}&after=x").status_code == 400
