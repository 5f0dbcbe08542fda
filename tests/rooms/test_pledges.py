"""Pledges: editions that stay, one signature a person and a unit, the wall of those who wish it, certificates that prove themselves."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from points_engine.errors import EngineError, Invalid
from tests.counting import count_statements
from tests.people import make_member, make_unit
from webapp.green_units import service as green_units
from webapp.green_units.forms import UnitNames
from webapp.journal.tables import staff_action
from webapp.members.tables import child
from webapp.pledges import queries, service
from webapp.pledges.forms import PledgeFacts, PledgeText
from webapp.pledges.tables import pledge_edition, pledge_signature

TEXT = PledgeText("绿色生活公约", "Green living pledge", "1. 随手关灯\n2. 光盘行动", "")


def make_pledge(house: Any, signers: str = "both", slug: str = "green-living") -> int:
    """A pledge whose first edition is out."""
    with house.store.write() as tx:
        made = service.create_pledge(tx, 0, PledgeFacts(slug, signers), TEXT, house.clock.now())
        service.publish(tx, 0, made, house.clock.now())
    return made


def sign(house: Any, who: int, pledge_id: int, edition: int = 1, on_wall: bool = True) -> str:
    number = house.store.retrying(lambda tx: service.sign(tx, who, pledge_id, edition, on_wall, house.clock.now()))
    return str(number)


def refused(code: str, call: Any) -> None:
    with pytest.raises(EngineError) as error:
        call()
    assert error.value.code == code


def test_a_draft_is_nobodys_business(house: Any, client: Any) -> None:
    with house.store.write() as tx:
        made = service.create_pledge(tx, 0, PledgeFacts("quiet", "both"), TEXT, house.clock.now())
    assert client.get("/pledges/quiet").status_code == 404
    assert "绿色生活公约" not in client.get("/pledges").text
    refused("unknown_pledge", lambda: sign(house, 1, made))
    with house.store.write() as tx, pytest.raises(Invalid):
        service.create_pledge(tx, 0, PledgeFacts("quiet", "units"), TEXT, house.clock.now())


def test_a_signature_counts_once_and_keeps_its_number(house: Any) -> None:
    made, ling = make_pledge(house), make_member(house, "ling")
    first = sign(house, ling.id, made)
    assert sign(house, ling.id, made, on_wall=False) == first
    with house.store.read() as tx:
        card = queries.one(tx, "green-living", ling.id)
    assert (card.people, card.units) == (1, 0)
    assert card.mine is not None and card.mine.number == first and card.mine.on_wall


def test_many_taps_at_once_are_one_signature(house: Any) -> None:
    made, ling = make_pledge(house), make_member(house, "ling")
    barrier = Barrier(8)

    def tap(_n: int) -> str:
        barrier.wait(30)
        return sign(house, ling.id, made)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(tap, range(8)))) == 1
    with house.store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(pledge_signature)) == 1


def test_a_new_edition_leaves_what_was_signed(house: Any, client: Any) -> None:
    made, ling = make_pledge(house), make_member(house, "ling")
    number = sign(house, ling.id, made)
    changed = PledgeText("绿色生活公约", "", "1. 少开车", "")
    with house.store.write() as tx:
        assert service.write_edition(tx, 0, made, TEXT, house.clock.now()) == 2
        assert service.write_edition(tx, 0, made, changed, house.clock.now()) == 2
        service.publish(tx, 0, made, house.clock.now())
    refused(
        "nothing_to_publish", lambda: house.store.retrying(lambda tx: service.publish(tx, 0, made, house.clock.now()))
    )
    refused("pledge_changed", lambda: sign(house, ling.id, made, edition=1))
    assert "随手关灯" in client.get("/pledges/green-living/editions/1").text
    assert "少开车" in client.get("/pledges/green-living").text
    assert sign(house, ling.id, made, edition=2) != number
    with house.store.read() as tx:
        assert queries.one(tx, "green-living", ling.id).people == 1
        sums = [r.checksum for r in tx.rows(select(pledge_edition).order_by(pledge_edition.c.edition))]
    assert sums == [TEXT.checksum, changed.checksum]


def test_closed_is_closed_until_it_opens_again(house: Any) -> None:
    made = make_pledge(house)
    with house.store.write() as tx:
        service.set_open(tx, 0, made, False, house.clock.now())
    refused("pledge_closed", lambda: sign(house, 1, made))
    with house.store.write() as tx:
        service.set_open(tx, 0, made, True, house.clock.now())
    sign(house, 1, made)


def test_only_whom_it_is_for(house: Any) -> None:
    ling = make_member(house, "ling")
    unit = make_unit(house, "enterprise", "漳山发电", ling)
    people, units = make_pledge(house, "members", "people"), make_pledge(house, "units", "units")

    def for_unit(pledge_id: int, who: int = ling.id) -> Any:
        return house.store.retrying(lambda tx: service.sign_for_unit(tx, who, unit, pledge_id, 1, house.clock.now()))

    refused("not_for_you", lambda: sign(house, ling.id, units))
    refused("not_for_you", lambda: for_unit(people))
    refused("unknown_unit", lambda: for_unit(units, make_member(house, "chen").id))
    assert for_unit(units) == for_unit(units)
    with house.store.read() as tx:
        assert queries.units_signed(tx, "units", [unit, unit + 1]) == {unit}
        assert [one.name for one in queries.unit_wall(tx, units)] == ["漳山发电"]
        assert tx.scalar(select(func.count()).where(staff_action.c.action == "pledge.sign_unit")) == 1


def test_the_wall_shows_those_who_wish_it(house: Any, client: Any) -> None:
    made = make_pledge(house)
    for n in range(queries.WALL + 5):
        sign(house, make_member(house, f"m{n}", nickname=f"邻居{n:03d}").id, made, on_wall=n % 13 != 0)
    first = client.get("/pledges/green-living/wall").text
    assert "邻居000" not in first and "邻居013" not in first
    assert f"{queries.WALL + 5} 人" in client.get("/pledges/green-living").text
    shy = make_member(house, "shy", nickname="害羞的人")
    sign(house, shy.id, made)
    shy.sign_in(client)
    assert "害羞的人" in client.get("/pledges/green-living/wall").text
    client.post("/pledges/green-living/on-wall", data={"on": "0"})
    assert "害羞的人" not in client.get("/pledges/green-living/wall").text


def test_children_and_families_are_named_only_as_they_may_be(house: Any, client: Any) -> None:
    made = make_pledge(house)
    small, parent = make_member(house, "small", nickname="小豆子"), make_member(house, "parent")
    number = sign(house, small.id, made)  # grown, and made a child afterwards: not on the wall either
    with house.store.write() as tx:
        family = green_units.create_family(tx, parent.id, UnitNames("李家真名", "李家"), house.clock.now())
    house.store.retrying(lambda tx: service.sign_for_unit(tx, parent.id, family, made, 1, house.clock.now()))
    with house.store.write() as tx:
        row = {"member_id": small.id, "guardian_id": parent.id, "until": date(2036, 1, 1)}
        tx.insert(child, [row | {"created_at": house.clock.now()}])
    for path in ("", "/wall"):
        page = client.get(f"/pledges/green-living{path}").text
        assert "小豆子" not in page and "李家" not in page
    assert "小豆子" not in client.get(f"/pledges/verify/{number}").text
    small.sign_in(client)
    assert client.post("/pledges/green-living/on-wall", data={"on": "1"}).status_code == 403
    parent.sign_in(client)
    assert "证书" in client.get("/pledges/green-living").text  # signed for the family, though it is not on the wall


def test_the_wall_pages_to_its_end(house: Any, client: Any) -> None:
    made = make_pledge(house)
    names = {f"邻居{n:03d}" for n in range(queries.WALL + 5)}
    for n, name in enumerate(sorted(names)):
        sign(house, make_member(house, f"m{n}", nickname=name).id, made)
    first = client.get("/pledges/green-living/wall").text
    link = first.split('href="/pledges/green-living/wall?before=')[1].split('"')[0]
    second = client.get(f"/pledges/green-living/wall?before={link}").text
    assert {n for n in names if n in first} | {n for n in names if n in second} == names
    assert not {n for n in names if n in first and n in second}
    assert client.get("/pledges/green-living/wall?before=x").status_code == 400


def test_a_certificate_proves_itself(house: Any, client: Any) -> None:
    made, ling = make_pledge(house), make_member(house, "ling", nickname="小玲")
    unit = make_unit(house, "enterprise", "漳山发电", ling)
    number = sign(house, ling.id, made, on_wall=False)
    theirs = house.store.retrying(lambda tx: service.sign_for_unit(tx, ling.id, unit, made, 1, house.clock.now()))
    assert "真实有效" in client.get(f"/pledges/verify/{number}").text
    assert "小玲" not in client.get(f"/pledges/verify/{number}").text
    assert "漳山发电" in client.get(f"/pledges/verify/{theirs.lower()}").text
    assert client.get("/pledges/verify/GY-NOTHERE99").status_code == 404
    assert client.get("/pledges/verify/%00").status_code == 400
    ling.sign_in(client)
    for path in ("/pledges/green-living/certificate.png", f"/pledges/green-living/units/{unit}/certificate.png"):
        answer = client.get(path)
        assert answer.mimetype == "image/png" and Image.open(io.BytesIO(answer.data)).size == (1754, 1240)
    make_member(house, "chen").sign_in(client)
    assert client.get("/pledges/green-living/certificate.png").status_code == 404
    assert client.get(f"/pledges/green-living/units/{unit}/certificate.png").status_code in (403, 404)


def test_signing_by_hand(house: Any, client: Any) -> None:
    make_pledge(house)
    assert "登录后签署" in client.get("/pledges/green-living").text
    ling = make_member(house, "ling", nickname="小玲")
    ling.sign_in(client)
    answer = client.post("/pledges/green-living/sign", data={"edition": "1", "on_wall": "1"}, follow_redirects=True)
    assert "已签署" in answer.text and "小玲" in answer.text
    stale = client.post("/pledges/green-living/sign", data={"edition": "7"}, follow_redirects=True)
    assert "文字有更新" in stale.text
    assert client.post("/pledges/green-living/sign", data={"edition": "x"}).status_code == 400


def test_who_leaves_takes_the_signature_along(house: Any) -> None:
    made, ling = make_pledge(house), make_member(house, "ling")
    sign(house, ling.id, made)
    with house.store.write() as tx:
        service.forget(tx, ling.id, house.clock.now())
    with house.store.read() as tx:
        assert queries.one(tx, "green-living", None).people == 0
        assert queries.wall(tx, made) == []


def test_who_signed_in_time(house: Any) -> None:
    made = make_pledge(house)
    now = house.clock.now()
    sign(house, 7, made)
    with house.store.read() as tx:
        assert queries.members_signed(tx, "green-living", [7, 8]) == {7}
        assert queries.signed_between(tx, "green-living", [7, 8], now, now + timedelta(days=1)) == {7: now}
        assert (
            queries.signed_between(tx, "green-living", [7], now + timedelta(seconds=1), now + timedelta(days=1)) == {}
        )


def test_a_page_asks_as_often_for_many_as_for_few(house: Any, client: Any) -> None:
    made = make_pledge(house)
    sign(house, make_member(house, "one").id, made)
    client.get("/pledges/green-living")  # once without counting: the methods are read then
    with count_statements(house.store) as few:
        client.get("/pledges/green-living")
    for n in range(20):
        sign(house, make_member(house, f"m{n}").id, made)
    with count_statements(house.store) as many:
        client.get("/pledges/green-living")
    assert len(many.statements) == len(few.statements)


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({"slug": "Grün", "signers": "both"}, "slug", "invalid"),
        ({"slug": "", "signers": "both"}, "slug", "required"),
        ({"slug": "a", "signers": "x"}, "signers", "not_a_choice"),
    ],
)
def test_what_is_wrong_is_said(form: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(Invalid) as error:
        PledgeFacts.parse(form)
    assert error.value.fields == {field: code}
