"""Pages of learning: lessons read in earnest, quizzes without a script, sessions by hand, nothing of others' units."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

from points_engine.clock import LOCAL
from tests.people import make_member, make_unit
from tests.rooms.learners import fill, make_quiz, make_session
from webapp.learning import lessons
from webapp.learning import training_reads as reads
from webapp.learning.forms import LessonText, local_input


def make_lesson(house: Any, text: str = "节" * 238, topic: str = "energy", published: bool = True) -> int:
    with house.store.write() as tx:
        made = lessons.create(tx, 0, LessonText(topic, "一课", "", text, "", "自编"), house.clock.now())
        if published:
            lessons.publish(tx, 0, made, house.clock.now())
    return made


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found.group(1)


def test_a_lesson_is_read_when_it_was_open_long_enough(house: Any, client: Any) -> None:
    made = make_lesson(house)  # a minute to read
    assert "登录后记录读完" in client.get(f"/learn/{made}").text
    make_member(house, "ling").sign_in(client)
    page = client.get(f"/learn/{made}").text
    opened = field(page, "opened")
    house.clock.advance(seconds=29)
    early = client.post(f"/learn/{made}/read", data={"opened": opened})
    assert early.status_code == 409 and "还差大约 1 秒" in early.text and field(early.text, "opened") == opened
    house.clock.advance(seconds=1)
    for forged in ("", "x", opened[:-2]):
        again = client.post(f"/learn/{made}/read", data={"opened": forged})
        assert again.status_code == 409 and field(again.text, "opened") not in ("", forged, opened)
    assert "读完 0 / 1" in client.get("/learn").text
    assert "已读" in client.post(f"/learn/{made}/read", data={"opened": opened}, follow_redirects=True).text
    assert "读完 1 / 1" in client.get("/learn").text
    other = make_member(house, "chen")
    other.sign_in(client)
    assert client.post(f"/learn/{made}/read", data={"opened": opened}).status_code == 409, "another's page"


def test_drafts_and_withdrawn_lessons_are_not_there(house: Any, client: Any) -> None:
    draft, made = make_lesson(house, published=False), make_lesson(house, "<script>alert(1)</script>**省**")
    assert client.get(f"/learn/{draft}").status_code == 404
    page = client.get(f"/learn/{made}").text
    assert "<strong>省</strong>" in page and "<script>alert" not in page
    assert "还没有课程" in client.get("/learn?topic=water").text
    assert client.get("/learn?topic=nothing").status_code == 400
    with house.store.write() as tx:
        lessons.withdraw(tx, 0, made, house.clock.now())
    assert client.get(f"/learn/{made}").status_code == 404


def test_a_quiz_by_hand(house: Any, client: Any) -> None:
    fill(house)
    made = make_quiz(house, questions=2, mark=50, explain="each")
    make_member(house, "ling").sign_in(client)
    page = client.get(f"/quizzes/{made}").text
    key = field(page, "id")
    first = client.post(f"/quizzes/{made}/start", data={"id": key})
    assert first.location == client.post(f"/quizzes/{made}/start", data={"id": str(uuid.uuid4())}).location
    at = first.location
    empty = client.post(f"{at}/answer", data={"q": "1"})
    assert empty.status_code == 400 and "请先选一个答案" in empty.text
    assert client.post(f"{at}/answer", data={"q": "1", "chosen": "9"}).status_code == 400
    assert client.post(f"{at}/answer", data={"q": "x", "chosen": "0"}).status_code == 400
    shown = client.post(f"{at}/answer", data={"q": "1", "chosen": "0"}, follow_redirects=True).text
    assert "正确答案" in shown and "因为如此" in shown and "下一题" in shown
    changed = client.post(f"{at}/answer", data={"q": "1", "chosen": "1"}, follow_redirects=True).text
    assert "不能再改" in changed
    assert "还有 1 题没答" in client.get(at).text and "正确答案" not in client.get(f"{at}?q=2").text
    result = client.post(f"{at}/finish", follow_redirects=True).text
    assert "未作答" in result and "/ 2 题，需要 1 题" in result
    assert "小测验" in client.get("/quizzes/history").text
    assert client.post(f"{at}/answer", data={"q": "2", "chosen": "0"}).status_code == 303
    make_member(house, "chen").sign_in(client)
    assert client.get(at).status_code == 404 and client.post(f"{at}/finish").status_code == 404


def form_of(house: Any, **changes: str) -> dict[str, str]:
    begins = house.clock.now() + timedelta(hours=2)
    usual = {
        "audience": "park", "title_zh": "节能课", "place_zh": "食堂二楼", "capacity": "2",
        "starts_at": local_input(begins), "ends_at": local_input(begins + timedelta(hours=1)),
    }  # fmt: skip
    return usual | changes


def test_an_administrator_holds_a_session_and_somebody_comes(house: Any, client: Any, app: Any) -> None:
    ling, bo = make_member(house, "ling"), make_member(house, "bo", nickname="小博")
    unit = make_unit(house, "enterprise", "漳山发电", ling, bo)
    ling.sign_in(client)
    wrong = client.post("/sessions/manage/new", data=form_of(house, ends_at="", unit_id=str(unit), place_zh="老地方"))
    assert wrong.status_code == 400 and "老地方" in wrong.text
    assert client.post("/sessions/manage/new", data=form_of(house)).status_code == 400, "not for the park"
    sent = form_of(house, unit_id=str(unit), audience="unit")
    at = client.post("/sessions/manage/new", data=sent).location
    number = at.rsplit("/", 1)[1]
    other = app.test_client()
    bo.sign_in(other)
    page = other.get(f"/sessions/{number}").text
    assert "组织者能看到您的昵称" in page
    assert "已报名" in other.post(f"/sessions/{number}/sign-up", follow_redirects=True).text
    assert "小博" in client.get(f"{at}/people").text
    early = other.post(f"/sessions/{number}/here", data={"k": "12345678"})
    assert early.status_code == 409 and "还没到签到时间" in early.text and "12345678" in early.text
    house.clock.advance(hours=2)
    with house.store.read() as tx:
        key = reads.row_of(tx, int(number)).screen_key
    screen = app.test_client().get(f"/sessions/{number}/screen/{key}")
    assert screen.headers["Cache-Control"] == "no-store" and "<svg" in screen.text
    digits = re.search(r"<b>(\d{4}) (\d{4})</b>", screen.text)
    assert digits
    code = "".join(digits.groups())
    assert code in other.get(f"/sessions/{number}/here?k={code}").text
    assert "已到场" in other.post(f"/sessions/{number}/here", data={"k": code}, follow_redirects=True).text
    gone = client.post(f"{at}/attended", data={"turn": "1", "came": "0"}, follow_redirects=True).text
    assert "已改为未到" in gone
    assert app.test_client().get(f"/sessions/{number}/screen/wrong").status_code == 404
    assert "已取消" in client.post(f"{at}/cancel", follow_redirects=True).text


def test_another_units_session_is_nowhere(house: Any, client: Any) -> None:
    ling, chen = make_member(house, "ling"), make_member(house, "chen")
    unit = make_unit(house, "enterprise", "漳山发电", ling)
    make_unit(house, "enterprise", "潞安", chen)
    made = make_session(house, unit_id=unit, audience="unit")
    chen.sign_in(client)
    at = f"/sessions/manage/{made}"
    asked = [client.get(p) for p in (f"/sessions/{made}", f"/sessions/{made}/here", at, f"{at}/people")]
    asked += [client.post(p) for p in (f"/sessions/{made}/sign-up", f"{at}/cancel", f"{at}/attended")]
    asked.append(client.post(at, data=form_of(house, unit_id=str(unit))))
    assert [answer.status_code for answer in asked] == [404] * len(asked)
    assert "节能讲座" not in client.get("/sessions").text + client.get("/sessions/manage").text
    make_member(house, "wu").sign_in(client)
    assert client.get("/sessions/manage").status_code == 403


def test_times_are_the_parks(house: Any) -> None:
    assert local_input(house.clock.now()) == house.clock.now().astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M")
