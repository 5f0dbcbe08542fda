"""Places: who may make one, what a plate and a screen prove, caps, hours, the place check, plates that print."""

from __future__ import annotations

import io
import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from werkzeug.datastructures import MultiDict

from points_engine.errors import EngineError, Invalid
from points_engine.methodology import load
from points_engine.scanning import Hours, screen_code, screen_window, too_fast, window_of
from points_engine.trips.ground import metres_between
from tests.house.source import ROOT
from tests.people import make_member, make_unit
from webapp.members.consents import give_consent
from webapp.places import plates, queries, service
from webapp.places.forms import PlaceFacts, Scan

CATALOGUE = load()
NOON = datetime(2026, 6, 16, 4, 0, tzinfo=UTC)  # 12:00 in Changzhi, a Tuesday
HERE = (36.2005, 113.1163)


def described(**more: Any) -> MultiDict[str, str]:
    form = {
        "kind": "canteen",
        "name_zh": "一号食堂",
        "behaviours": ["clean_plate"],
        "amount-clean_plate": "1",
        "days": list("1234567"),
        "daily_cap": "1",
    } | more
    return MultiDict(form)


def make_place(house: Any, **more: Any) -> Any:
    facts = PlaceFacts.parse(described(**more), CATALOGUE)
    with house.store.write() as tx:
        made = service.create_place(tx, 1, None, facts, house.clock.now())
    with house.store.read() as tx:
        return queries.managed_one(tx, made, None)


def scan(house: Any, member: int, spot: Any, behaviour: str = "clean_plate", **more: Any) -> Any:
    given = Scan(
        more.get("id") or str(uuid.uuid4()),
        behaviour,
        more.get("quantity"),
        more.get("key", ""),
        more.get("here"),
        more.get("accuracy", 10.0),
    )
    key = house.settings.track_key
    return house.store.retrying(
        lambda tx: service.scan_place(tx, CATALOGUE, key, member, spot.code, given, house.clock.now())
    )


def refused(house: Any, *given: Any, **more: Any) -> str:
    with pytest.raises(EngineError) as wrong:
        scan(house, *given, **more)
    return wrong.value.code


def on_screen(house: Any, spot: Any) -> str:
    return service.code_on_screen(house.settings.track_key, spot, house.clock.now())


def test_screen_codes_live_for_three_windows() -> None:
    secret = b"a place's secret"
    code = screen_code(secret, window_of(NOON))
    assert len(code) == 8 and code.isdigit()
    assert screen_window(secret, code, NOON) == window_of(NOON)
    assert screen_window(secret, code, NOON + timedelta(seconds=89)) == window_of(NOON)
    assert screen_window(secret, code, NOON + timedelta(seconds=90)) is None
    assert screen_window(secret, code, NOON - timedelta(seconds=1)) is None, "no code of the future"
    assert screen_window(b"another place", code, NOON) is None
    assert screen_window(secret, "１２３４５６７８", NOON) is None


@pytest.mark.parametrize(
    ("opens", "closes", "days", "at", "expected"),
    [
        (660, 840, "12345", NOON, True),
        (660, 720, "12345", NOON, False),
        (660, 840, "1345", NOON, False),
        (1200, 120, "1", datetime(2026, 6, 15, 17, 0, tzinfo=UTC), True),  # Tuesday 01:00, opened on Monday
        (1200, 120, "2", datetime(2026, 6, 15, 17, 0, tzinfo=UTC), False),
        (1200, 120, "7", datetime(2026, 6, 14, 17, 0, tzinfo=UTC), True),  # Monday 01:00, opened on Sunday
    ],
)
def test_opening_hours(opens: int, closes: int, days: str, at: datetime, expected: bool) -> None:
    assert Hours(opens, closes, frozenset(map(int, days))).open_at(at) is expected


def test_distances_and_haste() -> None:
    assert 1105 < metres_between((36.20, 113.11), (36.21, 113.11)) < 1120
    assert too_fast(20_000, 60) and not too_fast(20_000, 3600) and not too_fast(400, 0)


def test_a_plate_is_a_photo_and_a_screen_is_a_device(house: Any) -> None:
    spot, ling = make_place(house), make_member(house, "ling").id
    plate = scan(house, ling, spot).record
    assert (plate["level"], plate["status"], plate["grams"]) == ("photo", "accepted", 144)
    screen = scan(house, ling, spot, key=on_screen(house, spot)).record
    assert (screen["level"], screen["status"], screen["grams"]) == ("device", "accepted", 144)


def test_a_scanned_plate_is_never_called_a_photo(app: Any, house: Any) -> None:
    spot, ling = make_place(house), make_member(house, "ling")
    act = scan(house, ling.id, spot).record["id"]
    client = ling.sign_in(app.test_client())
    for page in (f"/activities/{act}", "/activities"):
        assert "扫码" in client.get(page).text and "附照片" not in client.get(page).text
    told = [client.get(f"/api/v1/activities{more}", headers=ling.headers()).json for more in (f"/{act}", "")]
    assert {(each["evidence_level"], each["evidence_kind"]) for each in (told[0], *told[1])} == {("photo", "scan")}
    undone = client.post(f"/api/v1/activities/{act}/undo", headers=ling.headers()).json
    assert (undone["status"], undone["evidence_kind"]) == ("undone", "scan")


def test_the_desk_says_that_a_hasty_scan_was_scanned(app: Any, house: Any) -> None:
    ling = make_member(house, "ling")
    with house.store.write() as tx:
        give_consent(tx, ling.id, "location", house.clock.now())
    near = make_place(house, check_place="1", lat=str(HERE[0]), lon=str(HERE[1]), radius_m="200")
    far = make_place(house, check_place="1", lat=str(HERE[0] + 1), lon=str(HERE[1]))
    scan(house, ling.id, near, here=HERE)
    house.clock.advance(minutes=2)
    assert scan(house, ling.id, far, here=(HERE[0] + 1, HERE[1])).record["status"] == "pending"
    desk = make_member(house, "rui", "reviewer").sign_in(app.test_client())
    for page in ("/console/review", "/console/review/next"):
        assert "扫码" in desk.get(page, follow_redirects=True).text


def test_a_photographed_plate_is_worth_little(house: Any) -> None:
    ling = make_member(house, "ling").id
    spots = [make_place(house, name_zh=f"食堂{n}", daily_cap="2") for n in range(3)]
    for _ in range(2):
        scan(house, ling, spots[0])
    assert refused(house, ling, spots[0]) == "place_daily_cap"
    scan(house, ling, spots[1])
    assert refused(house, ling, spots[2]) == "plates_daily_cap", "three plates a day in all"
    assert scan(house, ling, spots[2], key=on_screen(house, spots[2])).fresh, "a screen is not a plate"
    house.clock.advance(days=1)
    assert scan(house, ling, spots[0]).fresh


def test_a_code_on_the_screen_is_good_once_and_not_for_long(house: Any) -> None:
    spot, ling, bo = make_place(house), make_member(house, "ling").id, make_member(house, "bo").id
    code, first = on_screen(house, spot), str(uuid.uuid4())
    assert scan(house, ling, spot, key=code, id=first).fresh
    assert refused(house, ling, spot, key=code) == "code_used"
    assert scan(house, bo, spot, key=code).fresh, "two people may scan one screen"
    house.clock.advance(minutes=5)
    again = scan(house, ling, spot, key=code, id=first)
    assert not again.fresh, "a phone that never got the answer asks again"
    assert refused(house, make_member(house, "chen").id, spot, key=code) == "code_not_on_screen"
    assert refused(house, ling, spot, key="00000000") == "code_not_on_screen"


def test_closed_places_and_other_acts_are_refused(house: Any) -> None:
    ling = make_member(house, "ling").id
    minutes = house.clock.now()
    local = (minutes.hour + 8) % 24
    shut = make_place(house, opens=f"{(local + 2) % 24:02d}:00", closes=f"{(local + 4) % 24:02d}:00")
    assert refused(house, ling, shut) == "place_closed"
    spot = make_place(house)
    with house.store.write() as tx:
        service.set_open(tx, 1, None, spot.id, False, house.clock.now())
    assert refused(house, ling, spot) == "place_closed"
    with house.store.write() as tx:
        service.set_open(tx, 1, None, spot.id, True, house.clock.now())
    with pytest.raises(Invalid):
        scan(house, ling, spot, "bus_ride")
    with house.store.write() as tx:
        service.renew_codes(tx, 1, None, spot.id, house.clock.now())
    assert refused(house, ling, spot) == "unknown_place", "the old plate is worth nothing"


def test_a_place_that_checks_where_one_is(house: Any) -> None:
    spot = make_place(house, check_place="1", lat=str(HERE[0]), lon=str(HERE[1]), radius_m="200")
    ling = make_member(house, "ling").id
    assert refused(house, ling, spot, here=HERE) == "location_consent_required"
    with house.store.write() as tx:
        give_consent(tx, ling, "location", house.clock.now())
    assert refused(house, ling, spot) == "place_unknown_here"
    assert refused(house, ling, spot, here=HERE, accuracy=900.0) == "place_unknown_here"
    assert refused(house, ling, spot, here=(HERE[0] + 0.01, HERE[1])) == "too_far_away"
    assert scan(house, ling, spot, here=(HERE[0] + 0.001, HERE[1])).fresh
    far = make_place(house, check_place="1", lat=str(HERE[0] + 1), lon=str(HERE[1]))
    house.clock.advance(minutes=2)
    record = scan(house, ling, far, here=(HERE[0] + 1, HERE[1])).record
    assert record["status"] == "pending" and record["reasons"] == ["scanned_too_fast", "awaiting_review"]


def test_an_open_amount_is_told_by_the_member(house: Any) -> None:
    pile = make_place(house, kind="charging", behaviours=["ev_charge"], **{"amount-ev_charge": ""})
    ling = make_member(house, "ling").id
    with pytest.raises(Invalid):
        scan(house, ling, pile, "ev_charge")
    record = scan(house, ling, pile, "ev_charge", quantity=Decimal("20")).record
    assert record["status"] == "pending", "worth more than 500 g by a plate alone: a person looks first"
    record = scan(house, ling, pile, "ev_charge", quantity=Decimal("1"), key=on_screen(house, pile)).record
    assert (record["status"], record["level"], record["grams"]) == ("accepted", "photo", 460)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "bar"}, "kind"),
        ({"name_zh": ""}, "name_zh"),
        ({"behaviours": []}, "behaviours"),
        ({"behaviours": ["flying"]}, "behaviours"),
        ({"behaviours": ["online_meeting"]}, "behaviours"),
        ({"behaviours": ["electricity_saved"]}, "behaviours"),
        ({"amount-clean_plate": "900"}, "behaviours"),
        ({"opens": "25:00", "closes": "26:00"}, "opens"),
        ({"opens": "08:00"}, "closes"),
        ({"days": []}, "days"),
        ({"daily_cap": "0"}, "daily_cap"),
        ({"check_place": "1", "lat": "91", "lon": "1"}, "lat"),
        ({"check_place": "1", "lat": "NaN", "lon": "1"}, "lat"),
        ({"check_place": "1"}, "lon"),
    ],
)
def test_a_bad_place_is_told_by_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as wrong:
        PlaceFacts.parse(described(**more), CATALOGUE)
    assert field in wrong.value.fields


@pytest.mark.parametrize("size", ["a4", "a5"])
def test_plates_print_sharp(size: str) -> None:
    plate = plates.Plate(
        "https://puhui.example/p/AB2C3D4E",
        "AB2C3D4E",
        "碳普惠",
        "第一食堂（䶮园店）",
        "Canteen",
        ["光盘 1 餐"],
        ["扫一扫"],
    )
    with Image.open(io.BytesIO(plates.draw(plate, size, "png"))) as picture:
        assert picture.size == plates.SIZES[size]
        dark = sum(picture.convert("L").resize((100, 141)).histogram()[:60])
    assert dark > 300, "the code and the letters are there"
    assert plates.draw(plate, size, "pdf").startswith(b"%PDF")


def test_pages_for_managers_members_and_screens(house: Any, client: Any) -> None:
    ling, hr, editor = make_member(house, "ling"), make_member(house, "hanrui"), make_member(house, "qin", "editor")
    unit, other = make_unit(house, "enterprise", "甲公司", hr), make_unit(house, "enterprise", "乙公司", editor)
    from webapp.members import service as members

    with house.store.write() as tx:
        members.grant_role(tx, 0, hr.id, "unit_admin", house.clock.now(), unit_id=unit)
    hr.sign_in(client)
    form = described(unit_id=str(unit))
    made = client.post("/places/new", data=form)
    assert made.status_code == 303
    page = client.get(made.location)
    assert page.status_code == 200 and "一号食堂" in page.text
    stolen = client.post("/places/new", data=described(unit_id=str(other)))
    assert stolen.status_code == 400, "a unit's administrator makes places of that unit only"
    assert client.post("/places/new", data=described()).status_code == 400
    place_id = int(made.location.rsplit("/", 1)[1])
    assert client.get(f"/places/{place_id}/plate-a4.pdf").data.startswith(b"%PDF")
    assert client.get(f"/places/{place_id}/plate-a3.pdf").status_code == 404
    assert client.get(f"/places/{place_id}/plate").status_code == 200
    with house.store.read() as tx:
        spot = queries.managed_one(tx, place_id, None)
    assert client.get(f"/p/{spot.code}/screen/{spot.screen_key}").headers["Refresh"] == "10"
    assert client.get(f"/p/{spot.code}/screen/guess").status_code == 404
    ling.sign_in(client)
    assert client.get("/places").status_code == 403
    assert client.get(f"/places/{place_id}").status_code == 403
    shown = client.get(f"/p/{spot.code.lower()}")
    assert shown.status_code == 200 and "记录这一次" in shown.text
    sprite = (ROOT / "static/img/icons.svg").read_text("utf-8")
    assert [
        name for name in re.findall(r"icons\.[^#\"]*#([a-z0-9-]+)", shown.text) if f'id="{name}"' not in sprite
    ] == []
    sent = {"id": str(uuid.uuid4()), "behaviour": "clean_plate"}
    assert client.post(f"/p/{spot.code}", data=sent).status_code == 303
    again = client.post(f"/p/{spot.code}", data=sent | {"id": str(uuid.uuid4())})
    assert again.status_code == 409 and "今天已满" in again.text and "/log/clean_plate" in again.text
    assert client.get("/scan?code=0000").status_code == 400
    assert client.get(f"/scan?code={spot.code[:4]}+{spot.code[4:]}").location.endswith(f"/p/{spot.code}")


def test_the_call_of_the_api(house: Any, client: Any) -> None:
    spot, ling = make_place(house), make_member(house, "ling")
    told = client.get(f"/api/v1/places/{spot.code}", headers=ling.headers()).json
    assert told["behaviours"] == [{"behaviour": "clean_plate", "quantity": "1"}] and told["open"]
    body = {"id": str(uuid.uuid4()), "place": spot.code, "behaviour": "clean_plate", "key": on_screen(house, spot)}
    first = client.post("/api/v1/scans", json=body, headers=ling.headers())
    twin = client.post("/api/v1/scans", json=body, headers=ling.headers())
    assert (first.status_code, twin.status_code) == (201, 200) and first.json == twin.json
    assert first.json["evidence_level"] == "device" and first.json["grams"] == 144
    assert first.json["evidence_kind"] == "scan"
    wrong = client.post("/api/v1/scans", json=body | {"id": "x" * 36, "here": [1000, 0]}, headers=ling.headers())
    assert wrong.status_code == 400
