"""Partners' files at the desk: tried out, imported, mended and sent again, forgotten after a week; accounts linked by staff."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select

from tests.people import Person, make_member
from webapp.activities.tables import activity
from webapp.feeds import files, queries
from webapp.feeds.tables import feed_file, feed_import, partner_link
from webapp.jobs.runner import run_due
from webapp.journal.tables import staff_action

HEAD = "event_id,member,behaviour,quantity,occurred_at"
WHEN = "2026-06-15T12:00:00+08:00"


@pytest.fixture
def ling(house: Any) -> Person:
    return make_member(house, "ling")


@pytest.fixture
def desk(app: Any, house: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return make_member(house, "admin", "administrator").sign_in(app.test_client())


def public_id(house: Any, of: Person) -> str:
    from webapp.members import queries as members

    with house.store.read() as tx:
        return str(members.names(tx, [of.id])[of.id].public_id)


def rides(house: Any, of: Person, *more: str) -> bytes:
    who = public_id(house, of)
    good = [f"e1,{who},bus_ride,1,{WHEN}", f"e2,{who},clean_plate,1,{WHEN}"]
    return "\n".join((HEAD, *good, *more, "")).encode()


def hand_in(desk: Any, house: Any, data: bytes, **form: str) -> str:
    """Hand a file in and let the background work; the address of its page."""
    sent = {"file": (io.BytesIO(data), "六月 rides.csv"), "other": "acme", **form}
    answer = desk.post("/console/feeds", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    assert "等待试算" in desk.get(answer.location).text
    run_due(house, house.clock.now())
    return str(answer.location)


def rows(house: Any, table: Any) -> list[Any]:
    with house.store.read() as tx:
        return list(tx.rows(select(table)))


def test_a_file_is_tried_out_and_then_imported(desk: Any, house: Any, ling: Person) -> None:
    at = hand_in(desk, house, rides(house, ling, f"e3,NOBODY,bus_ride,1,{WHEN}"))
    page = desk.get(at).text
    assert "已试算，还没有计入" in page and "找不到这个账号" in page and "六月_rides.csv" in page
    assert rows(house, activity) == [] and rows(house, feed_import) == []
    assert desk.post(f"{at}/import").status_code == 303
    run_due(house, house.clock.now())
    assert "已导入" in desk.get(at).text
    assert {row.status for row in rows(house, activity)} == {"accepted"}
    (done,) = rows(house, feed_import)
    assert (done.rows, done.credited, done.refused, done.source) == (3, 2, 1, "acme") and done.actor_id
    listed = desk.get("/console/feeds").text
    assert "共 3 行：计入 2，不计量 0，待核验 0，已有 0，退回 1" in listed
    again = desk.post(f"{at}/import", follow_redirects=True)
    assert "已经处理过了" in again.text
    run_due(house, house.clock.now())
    assert len(rows(house, activity)) == 2 and len(rows(house, feed_import)) == 1


def test_the_rows_left_out_come_back_with_their_cells_and_reasons(desk: Any, house: Any, ling: Person) -> None:
    at = hand_in(desk, house, rides(house, ling, f"=1+1,NOBODY,bus_ride,1,{WHEN}", "short,row"))
    answer = desk.get(f"{at}/left-out.csv")
    found = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert found[0][4:] == HEAD.split(",")
    assert [(line[0], line[1]) for line in found[1:]] == [("4", "unknown_member"), ("5", "row_unreadable")]
    assert found[1][4:] == ["'=1+1", "NOBODY", "bus_ride", "1", WHEN], "no cell is a formula"
    assert found[2][4:] == ["short", "row"] and found[2][2] == "列数和表头不符，或引号不成对"


def test_a_file_that_cannot_be_read_says_why_and_may_be_tried_again(desk: Any, house: Any) -> None:
    at = hand_in(desk, house, b"a,b\n1,2\n")
    page = desk.get(at).text
    assert "试算没有完成" in page and "Missing columns: event_id" in page
    assert desk.post(f"{at}/import", follow_redirects=True).text.count("已经处理过了") == 1, "nothing to import"
    assert desk.post(f"{at}/trial").status_code == 303
    run_due(house, house.clock.now())
    assert "Missing columns" in desk.get(at).text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"other": "acme"}, "缺少这一项"),
        ({"other": "ACME 1", "file": b"x"}, "小写字母"),
        ({"file": b"x"}, "请从列出的选项里选"),
    ],
)
def test_what_is_wrong_with_the_form_stands_beside_it(desk: Any, house: Any, sent: dict[str, Any], words: str) -> None:
    data = {k: (io.BytesIO(v), "x.csv") if isinstance(v, bytes) else v for k, v in sent.items()}
    answer = desk.post("/console/feeds", data=data, content_type="multipart/form-data")
    assert answer.status_code == 400 and words in answer.text and rows(house, feed_file) == []


def test_progress_is_written_while_it_goes(desk: Any, house: Any, ling: Person, monkeypatch: Any) -> None:
    seen: list[int] = []
    note = files._note

    def watch(house: Any, row: Any, **values: Any) -> None:
        seen.append(values.get("done", -1))
        note(house, row, **values)

    monkeypatch.setattr(files, "_note", watch)
    monkeypatch.setattr(files, "BATCH", 2)
    at = hand_in(desk, house, rides(house, ling, *(f"x{n},NOBODY,bus_ride,1,{WHEN}" for n in range(5))))
    seen.clear()
    desk.post(f"{at}/import")
    run_due(house, house.clock.now())
    assert seen[0] == 0 and {2, 4, 6, 7} <= set(seen) and seen == sorted(seen)


def test_a_file_goes_after_a_week_or_at_once(desk: Any, house: Any, ling: Person) -> None:
    first, second = (hand_in(desk, house, rides(house, ling)) for _ in range(2))
    names = [row.blob for row in rows(house, feed_file)]
    assert desk.post(f"{first}/drop").status_code == 303
    run_due(house, house.clock.now())
    assert house.blobs.get(names[0]) is None and house.blobs.get(files.left_of(names[0])) is None
    assert house.blobs.get(names[1]) is not None
    assert "已经删除" in desk.get(first).text and "已经删除" not in desk.get(second).text
    house.clock.advance(days=8)
    assert files.drop_old(house, house.clock.now()) == 1 and files.drop_old(house, house.clock.now()) == 0
    run_due(house, house.clock.now())
    assert house.blobs.get(names[1]) is None and {row.state for row in rows(house, feed_file)} == {"dropped"}


def test_an_account_is_linked_by_staff_and_nowhere_written(desk: Any, house: Any, ling: Person) -> None:
    who = public_id(house, ling)
    sent = {"who": "ling", "source": "transit", "account": "6212 0001"}
    assert desk.post("/console/feeds/links", data=sent).status_code == 303
    (link,) = rows(house, partner_link)
    assert (link.member_id, link.source) == (ling.id, "transit")
    assert all("6212" not in str(row.detail) for row in rows(house, staff_action))
    other = make_member(house, "bo")
    taken = desk.post("/console/feeds/links", data={**sent, "who": public_id(house, other)})
    assert taken.status_code == 409 and "已绑定另一位用户" in taken.text and 'value="6212 0001"' in taken.text
    wrong = desk.post("/console/feeds/links", data={"who": "nobody-here", "source": "transit", "account": ""})
    assert wrong.status_code == 400 and "没有找到这位用户" in wrong.text and "请填写" in wrong.text
    assert "公交乘车记录" in desk.get("/console/feeds/links?who=ling").text
    assert desk.post(f"/console/feeds/links/{who}/transit/remove").status_code == 303
    with house.store.read() as tx:
        assert list(queries.links_of(tx, ling.id)) == []
    actions = [row.action for row in rows(house, staff_action)]
    assert actions.count("feed.linked") == 1 and actions.count("feed.unlinked") == 1


def test_an_auditor_reads_and_changes_nothing(app: Any, house: Any, desk: Any, ling: Person) -> None:
    at = hand_in(desk, house, rides(house, ling))
    auditor = make_member(house, "au", "auditor").sign_in(app.test_client())
    for page in ("/console/feeds", at):
        text = auditor.get(page).text
        assert "六月_rides.csv" in text and "正式导入" not in text and "先试算</button>" not in text
    assert auditor.get(f"{at}/left-out.csv").status_code == 403
    assert auditor.post(f"{at}/import").status_code == 403
