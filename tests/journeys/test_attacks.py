"""What somebody hostile sends and how they time it: refused cleanly, with nobody's rights or points moved."""

from __future__ import annotations

import io
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from PIL import Image

from points_engine.errors import EngineError
from tests.people import PASSWORD, give_points, make_member, make_shop
from webapp.console import service as desk
from webapp.console.forms import Reason
from webapp.members import queries as members
from webapp.members import service as staff
from webapp.members import staff as rights
from webapp.photos.pictures import read_picture
from webapp.rewards import service as rewards

HUGE = ("9" * 19, "9" * 30)


def at_once(works: Sequence[Callable[[], Any]]) -> Counter[str]:
    """Run all at the same instant; what each of them came to, counted."""
    barrier, seen = threading.Barrier(len(works)), Counter[str]()
    lock = threading.Lock()

    def run(work: Callable[[], Any]) -> None:
        barrier.wait(timeout=30)
        try:
            outcome = str(work())
        except EngineError as error:
            outcome = error.code
        with lock:
            seen[outcome] += 1

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return seen


def active_administrators(house: Any) -> int:
    with house.store.read() as tx:
        return len(set(members.staff_with_role(tx, "administrator")) - set(members.inactive(tx)))


@pytest.mark.parametrize("how", ["revoke", "freeze"])
def test_two_administrators_cannot_remove_each_other(app: Any, house: Any, how: str) -> None:
    now, why = house.clock.now(), Reason("", "试", "test")

    def remove(actor: int, other: int) -> str:
        if how == "revoke":
            house.store.retrying(lambda tx: staff.revoke_role(tx, actor, other, "administrator", now))
        else:
            house.store.retrying(lambda tx: desk.freeze(tx, actor, other, why, now))
        return "removed"

    for n in range(6):
        one, two = (make_member(house, f"adm-{n}-{each}", "administrator").id for each in "ab")
        with house.store.write() as tx:
            for other in set(members.staff_with_role(tx, "administrator")) - {one, two}:
                rights.revoke_role(tx, one, other, "administrator", now)
        seen = at_once([lambda: remove(one, two), lambda: remove(two, one)])  # noqa: B023 - run within the round
        assert seen == {"removed": 1, "last_administrator": 1}
        assert active_administrators(house) == 1


def test_a_frozen_administrator_does_not_count_as_the_one_who_remains(app: Any, house: Any) -> None:
    now = house.clock.now()
    one, two = (make_member(house, f"adm-{each}", "administrator").id for each in "ab")
    with house.store.write() as tx:
        desk.freeze(tx, one, two, Reason("", "试", "test"), now)
    with pytest.raises(EngineError, match="last_administrator"), house.store.write() as tx:
        staff.leave(tx, one, (), now)


def test_twins_of_a_redemption_get_the_first_answer_however_scarce_it_was(app: Any, house: Any) -> None:
    """The first twin takes the last item, the last allowed piece and the last points; the others still see its answer."""
    now = house.clock.now()
    mei = make_member(house, "mei")
    for n in range(5):
        ling = make_member(house, f"ling-{n}")
        give_points(house, ling, 50)
        reward = make_shop(house, mei, points=50, stock=1, limit=1)
        own = str(uuid.uuid4())
        codes = at_once(
            [
                lambda: house.store.retrying(lambda tx: rewards.redeem(tx, ling.id, own, reward, now)).code  # noqa: B023 - called within this turn
                for _ in range(16)
            ]
        )
        assert list(codes.values()) == [16], codes


@pytest.fixture
def ling(house: Any) -> Any:
    return make_member(house, "ling", password=PASSWORD)


@pytest.mark.parametrize("huge", HUGE)
def test_numbers_in_addresses_that_no_database_holds_are_not_found(app: Any, client: Any, ling: Any, huge: str) -> None:
    assert client.get(f"/rewards/{huge}").status_code == 404
    assert client.get(f"/announcements/{huge}").status_code == 404
    answer = client.get(f"/api/v1/campaigns/{huge}", headers=ling.headers())
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


def test_nul_and_half_characters_are_refused_before_a_database_sees_them(app: Any, client: Any, ling: Any) -> None:
    ling.sign_in(client)
    assert client.post("/inbox/%00").status_code == 400
    assert client.get("/activities?after=%00").status_code == 400
    assert client.post("/help", data={"text": "a\x00b"}).status_code == 400
    for text in (r"a\u0000b", r"a\ud800b"):
        body = f'{{"login": "{text}", "password": "x"}}'
        answer = client.post("/api/v1/session", data=body, content_type="application/json")
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_input"), answer.text


def test_an_origin_that_is_no_address_is_another_origin(app: Any, client: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post("/help", data={"text": "x"}, headers={"Origin": "http://["}).status_code == 403


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_instants_at_the_ends_of_the_calendar(app: Any, client: Any, ling: Any, at: str) -> None:
    body = {"id": str(uuid.uuid4()), "behaviour": "bike", "quantity": 1, "occurred_at": at}
    answer = client.post("/api/v1/activities", json=body, headers=ling.headers())
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_input")
    assert "occurred_at" in answer.json["error"]["facts"]["fields"]


def test_a_line_break_in_an_address_stays_out_of_the_headers(app: Any, client: Any, ling: Any) -> None:
    headers = ling.headers()
    for n in range(31):
        body = {
            "id": str(uuid.uuid4()),
            "behaviour": "bike",
            "quantity": 0.1,
            "occurred_at": "2026-06-16T08:30:00+08:00",
        }
        assert client.post("/api/v1/activities", json=body, headers=headers).status_code == 201, n
    for query in ("x=%0d%0aSet-Cookie:%20a=b", "x=%E4%B8%AD", 'x=">;rel="next"'):
        answer = client.get(f"/api/v1/activities?{query}", headers=headers)
        assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
        following = answer.headers["Link"].partition(">")[0].removeprefix("<")
        assert len(client.get(following, headers=headers).json) == 1


@pytest.mark.parametrize("after", ["1_1_x", "²_1_x", "1_²_x", "99999999999999999_1_x", "1_1_" + "0" * 36])
def test_a_made_up_place_in_the_review_queue(app: Any, client: Any, house: Any, after: str) -> None:
    make_member(house, "rey", "reviewer").sign_in(client)
    for page in ("/console/review", "/console/review/next"):
        assert client.get(page, query_string={"after": after}).status_code == 400, page


def test_a_photo_with_a_broken_note_of_its_place_is_still_a_photo() -> None:
    """Byte 44 makes the list of places one entry long, which the image library reads but cannot write."""
    note = Image.Exif()
    note[0x0112], note[0x8825] = 6, {1: "N", 2: (1.0, 2.0, 3.0)}
    broken = bytearray(note.tobytes())
    broken[44] = 1
    out = io.BytesIO()
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=bytes(broken))
    picture = read_picture(out.getvalue())
    assert (picture.width, picture.height) == (20, 40)  # and it is still turned upright
