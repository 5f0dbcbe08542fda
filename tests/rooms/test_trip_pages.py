"""The pages of trips: consent first, files read or refused in plain words, a verdict with its reasons, nobody else's."""

from __future__ import annotations

import gzip
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from points_engine.trips import REASONS
from tests import tracks
from tests.people import make_member
from webapp.members.service import give_consent
from webapp.trips import views
from webapp.trips.tables import trip, trip_track


@pytest.fixture
def ling(house: Any) -> Any:
    return make_member(house, "ling")


@pytest.fixture
def signed(app: Any, client: Any, ling: Any, house: Any) -> Any:
    """Ling, who agreed to the use of her location."""
    app.config["WTF_CSRF_ENABLED"] = False
    agree(house, ling)
    return ling.sign_in(client)


def agree(house: Any, person: Any) -> None:
    with house.store.write() as tx:
        give_consent(tx, person.id, "location", house.clock.now())


def ride(house: Any, family: str = "bike_city", seed: int = 3, ago: timedelta = timedelta(minutes=5)) -> list[Any]:
    """A made-up ride that ended a while ago, as the recorder sends it."""
    fixes = tracks.make(family, seed).segments[0]
    shift = (house.clock.now() - ago).timestamp() - fixes[-1].at
    return [[[fix.at + shift, fix.lat, fix.lon, 8] for fix in fixes]]


def send(client: Any, segments: Any, mode: str = "bike", known: str | None = None, **more: Any) -> Any:
    return client.post("/trips", json={"id": known or str(uuid.uuid4()), "mode": mode, "segments": segments, **more})


def gpx(segments: list[Any]) -> bytes:
    parts = "".join(
        "<trkseg>"
        + "".join(
            f'<trkpt lat="{lat}" lon="{lon}"><time>{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>'
            for at, lat, lon, _ in segment
        )
        + "</trkseg>"
        for segment in segments
    )
    return f'<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1"><trk>{parts}</trk></gpx>'.encode()


def upload(client: Any, files: list[tuple[bytes, str]], mode: str = "bike", **more: str) -> Any:
    data = {"id": str(uuid.uuid4()), "mode": mode, **more, "files": [(io.BytesIO(b), name) for b, name in files]}
    return client.post("/trips/upload", data=data, content_type="multipart/form-data")


def test_location_needs_its_own_consent_and_declaring_needs_none(app: Any, client: Any, house: Any, ling: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    ling.sign_in(client)
    for path in ("/trips/record", "/trips/upload"):
        page = client.get(path).text
        assert (
            "同意使用位置" in page and "/log/bike" in page and 'id="recorder"' not in page and 'type="file"' not in page
        )
    refused = send(client, ride(house))
    assert refused.status_code == 403 and refused.json["error"]["code"] == "location_consent_required"
    assert client.post("/trips/consent", data={"next": "/trips/upload"}).headers["Location"] == "/trips/upload"
    assert client.post("/trips/consent", data={"next": "//elsewhere"}).headers["Location"] == "/trips/record"
    assert 'type="file"' in client.get("/trips/upload").text
    assert 'id="recorder"' in client.get("/trips/record?mode=bus").text
    assert send(client, ride(house)).status_code == 201


def test_a_recorded_ride_is_judged_shown_and_sent_twice_is_one(signed: Any, house: Any) -> None:
    known, track = str(uuid.uuid4()), ride(house)
    first = send(signed, track, known=known)
    again = send(signed, track, known=known)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["url"] == again.json["url"] == f"/trips/{known}"
    page = signed.get(first.json["url"]).text
    assert first.json["verdict"] == "accept" and "核验通过" in page and "设备记录" in page
    assert "<polyline" in page and "将在" in page and "申诉" not in page
    assert signed.get("/trips").text.count(f"/trips/{known}") == 1


def test_the_page_shows_no_position(signed: Any, house: Any) -> None:
    track = ride(house)
    page = signed.get(send(signed, track).json["url"]).text
    for _, lat, lon, _ in track[0][:: len(track[0]) // 20]:
        assert f"{lat:.3f}" not in page and f"{lon:.3f}" not in page


def test_a_car_passed_off_as_a_ride_is_told_why(signed: Any, house: Any) -> None:
    answer = send(signed, ride(house, "car_free", 1))
    assert answer.status_code == 201 and answer.json["verdict"] == "reject"
    page = signed.get(answer.json["url"]).text
    assert "未通过" in page and "速度" in page and "自己申报" in page


def test_english_and_plain_words(signed: Any, house: Any) -> None:
    where = send(signed, ride(house)).json["url"]
    signed.set_cookie("prefs", "en.light.1")
    signed.post("/preferences", data={"lang": "en"})
    for path in (where, "/trips", "/trips/record", "/trips/upload"):
        assert signed.get(path).status_code == 200
    assert "The track was checked" in signed.get(where).text


def test_what_a_script_sends_wrong_is_answered_in_words(signed: Any, house: Any) -> None:
    for body in ({}, [], {"segments": "no"}, {"segments": [], "inputs": []}):
        answer = signed.post("/trips", json=body)
        assert answer.status_code == 400 and answer.json["error"]["message"], body
    assert send(signed, ride(house), mode="rocket").status_code == 400
    assert send(signed, ride(house), mode="carpool", inputs={"n": "many"}).status_code == 400
    reused, known = ride(house, seed=4), str(uuid.uuid4())
    assert send(signed, reused, known=known).status_code == 201
    other = send(signed, ride(house, seed=5), known=known)
    assert other.status_code == 409 and other.json["error"]["code"] == "request_reused"
    assert signed.post("/trips", data="{", content_type="application/json").status_code == 400


def test_files_of_every_kind_make_a_trip(signed: Any, house: Any) -> None:
    track = ride(house)
    lines = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[lon, lat] for _, lat, lon, _ in track[0]]},
        "properties": {"coordTimes": [datetime.fromtimestamp(at, UTC).isoformat() for at, *_ in track[0]]},
    }
    for body, name in (
        (gpx(track), "a.gpx"),
        (gzip.compress(gpx(ride(house, seed=4, ago=timedelta(hours=5)))), "b.gpx.gz"),
    ):
        answer = upload(signed, [(body, name)])
        assert answer.status_code == 303, answer.text
        assert "上传的轨迹文件" in signed.get(answer.headers["Location"]).text
    again = upload(signed, [(json.dumps(lines).encode(), "a.geojson")])  # the same ride once more
    assert again.status_code == 303 and "+0" in signed.get(again.headers["Location"]).text


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"\xff\xd8\xff\xe0" + b"x" * 5000, "photo.gpx"),
        (b'<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "b">]><gpx>&a;</gpx>', "laughs.gpx"),
        (b"", "empty.gpx"),
        (b"{", "half.json"),
        (b'<gpx xmlns="http://www.topografix.com/GPX/1/1"><rte><rtept lat="1" lon="2"/></rte></gpx>', "route.gpx"),
        (b"\x1f\x8b" + b"x" * 100, "broken.gpx.gz"),
        (gzip.compress(b" " * 200_000_000), "bomb.gpx.gz"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_beside_the_field(signed: Any, body: bytes, name: str) -> None:
    answer = upload(signed, [(body, name)], mode="bus")
    assert answer.status_code == 400 and 'id="error-files"' in answer.text
    assert 'value="bus" checked' in answer.text, "what was chosen is kept"


def test_the_form_without_files_or_with_too_much_says_so(signed: Any, app: Any) -> None:
    nothing = upload(signed, [])
    assert nothing.status_code == 400 and 'id="error-files"' in nothing.text
    nowhere = upload(signed, [(gpx([[]]), "a.gpx")], mode="")
    assert nowhere.status_code == 400 and 'id="error-mode"' in nowhere.text
    many = upload(signed, [(b"<gpx/>", f"{n}.gpx") for n in range(30)])
    assert many.status_code == 400 and 'id="error-files"' in many.text
    large = upload(signed, [(b"x" * (app.config["MAX_CONTENT_LENGTH"] + 1), "a.gpx")])
    assert large.status_code == 413 and "太大" in large.text and 'type="file"' in large.text


def test_a_car_pool_asks_for_the_people_aboard(signed: Any, house: Any) -> None:
    body = gpx(ride(house, "car_city", 2))
    assert 'name="input-n"' in signed.get("/trips/upload").text
    wrong = upload(signed, [(body, "a.gpx")], mode="carpool", **{"input-n": "many"})
    assert wrong.status_code == 400 and 'id="error-input-n"' in wrong.text
    answer = upload(signed, [(body, "a.gpx")], mode="carpool", **{"input-n": "3"})
    assert answer.status_code == 303


def test_after_the_purge_distance_and_time_stay(signed: Any, house: Any, ling: Any) -> None:
    where = send(signed, ride(house)).json["url"]
    with house.store.write() as tx:
        tx.execute(delete(trip_track).where(trip_track.c.member_id == ling.id))
        tx.execute(update(trip).where(trip.c.member_id == ling.id).values(purged_at=house.clock.now()))
    page = signed.get(where).text
    assert "轨迹已删除" in page and "<polyline" not in page and "公里" in page and "分钟" in page


def test_an_undone_trip_says_so_and_the_act_leads_to_its_trip(signed: Any, house: Any) -> None:
    where = send(signed, ride(house)).json["url"]
    act = where.replace("/trips/", "/activities/")
    assert f'href="{where}"' in signed.get(act).text
    assert signed.post(f"{act}/undo?next={where}").headers["Location"] == where
    assert "已撤销" in signed.get(where).text


def test_every_reason_of_a_trip_has_words(app: Any) -> None:
    codes = {
        *REASONS,
        "trip_overlaps",
        "trip_replayed",
        "trip_resembles",
        "many_companions",
        "car_not_credited",
        "counted_elsewhere",
    }
    with app.test_request_context():
        assert [code for code in codes if views.reason_words(code) == code] == []


def test_a_trip_is_its_owners_alone(signed: Any, app: Any, house: Any) -> None:
    where = send(signed, ride(house)).json["url"]
    bo = make_member(house, "bo")
    agree(house, bo)
    other = bo.sign_in(app.test_client())
    assert other.get(where).status_code == 404 and where not in other.get("/trips").text
    assert other.get("/trips/not-a-uuid").status_code == 404
    assert app.test_client().get(where).status_code == 303


def test_my_trips_turn_their_pages(signed: Any, house: Any, clock: Any) -> None:
    assert "还没有行程" in signed.get("/trips").text
    walked = [[[clock.now().timestamp() - 90_000 + n, 36.0, 113.0, 8] for n in (0, 60)]]
    for n in range(33):
        send(signed, [[[at + n * 120, *rest] for at, *rest in walked[0]]], mode="walk")
        clock.advance(seconds=5)
    first = signed.get("/trips").text
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = signed.get(older).text
    seen = {line.split('"')[0] for page in (first, second) for line in page.split('href="/trips/')[1:]}
    assert len(seen - {"record", "upload"}) == 33
    assert signed.get("/trips?after=nonsense").status_code in (200, 400)


def test_the_doors_to_it(signed: Any) -> None:
    assert "/trips/record" in signed.get("/log").text
    assert "/trips/record?mode=bike" in signed.get("/log/bike").text
    assert "/trips/record" not in signed.get("/log/own_cup").text
    worker = signed.get("/trips/worker.js")
    assert worker.mimetype == "text/javascript" and "fetch" in worker.text
