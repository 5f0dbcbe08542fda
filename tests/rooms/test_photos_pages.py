"""Photos on pages: several with one act without JavaScript, one by one ahead of it, and copies told in words."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select

from tests import photos as drawn
from tests.people import make_member
from webapp.activities.tables import activity
from webapp.photos.tables import upload


@pytest.fixture
def ling(house: Any) -> Any:
    return make_member(house, "ling")


def file(seed: int, quality: int = 85) -> tuple[io.BytesIO, str]:
    return io.BytesIO(drawn.encoded(drawn.draw(seed), quality)), f"{seed}.jpg"


def form(**more: Any) -> dict[str, Any]:
    act = "9b2f6f0e-0c5e-4a8e-9a64-0000000000{:02d}".format(more.pop("number", 1))
    return {"id": act, "quantity": "3", "day": "2026-06-16", "time": "08:30", **more}


def last_act(house: Any, member: Any) -> Any:
    with house.store.read() as tx:
        return tx.rows(select(activity).where(activity.c.member_id == member.id).order_by(activity.c.recorded_at))[-1]


def test_several_photos_go_with_one_act(app: Any, client: Any, house: Any, ling: Any) -> None:
    ling.sign_in(client)
    answer = client.post("/log/bike", data=form(photo=[file(0), file(1), file(2)]))
    assert answer.status_code == 303
    assert len(last_act(house, ling).evidence) == 3
    five = client.post("/log/bike", data=form(number=2, photo=[file(n) for n in range(5)]))
    assert five.status_code == 400 and "一次最多 4 张照片" in five.text


def test_photos_sent_ahead_are_part_of_the_act(app: Any, client: Any, house: Any, ling: Any) -> None:
    ling.sign_in(client)
    ids = [client.post("/photos", data={"photo": file(seed)}).get_json()["id"] for seed in (3, 4)]
    shown = client.post("/log/bike", data=form(photo_id=ids, preview="1")).text
    assert all(f'name="photo_id" value="{each}"' in shown for each in ids)
    assert client.post("/log/bike", data=form(photo_id=ids)).status_code == 303
    assert last_act(house, ling).evidence == ids
    small = client.get(f"/photos/{ids[0]}?small=1")
    assert small.status_code == 200 and small.data.startswith(b"\xff\xd8")


def test_a_photo_that_is_refused_says_why(app: Any, client: Any, ling: Any) -> None:
    assert client.post("/photos", data={"photo": file(1)}).status_code in (302, 303, 401)
    ling.sign_in(client)
    refused = client.post("/photos", data={"photo": (io.BytesIO(b"<svg/>"), "a.jpg")})
    assert refused.status_code == 400 and "只支持" in refused.get_json()["message"]
    assert client.post("/photos", data={}).status_code == 400


def test_a_copy_of_anothers_photo_earns_nothing_and_a_late_look_is_told(
    app: Any, client: Any, house: Any, ling: Any
) -> None:
    bo = make_member(house, "bo")
    bo.sign_in(client)
    assert client.post("/log/bike", data=form(photo=[file(6)])).status_code == 303
    assert last_act(house, bo).status == "accepted"
    other = app.test_client()
    ling.sign_in(other)
    mirrored = drawn.draw(6).transpose(drawn.T.FLIP_LEFT_RIGHT)
    sent = (io.BytesIO(drawn.encoded(mirrored, 70)), "mine.jpg")
    assert other.post("/log/bike", data=form(number=3, photo=[sent])).status_code == 303
    act = last_act(house, ling)
    assert (act.status, act.grams, act.points, act.reasons) == ("rejected", 0, 0, ["photo_reused"])
    with house.store.read() as tx:
        assert tx.scalar(select(upload.c.near).where(upload.c.member_id == ling.id)) == "copy"
