"""The calls of the API about methods and one's own meters: open data, readings told once, refusals as elsewhere."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from PIL import Image

from tests.people import Person, make_member
from tests.rooms.test_meters import bind, read_all
from webapp.meters.settling import settle_months


@pytest.fixture
def ling(house: Any) -> Person:
    return make_member(house, "ling")


def photo(client: Any, person: Person) -> str:
    out = io.BytesIO()
    Image.effect_noise((200, 160), 40).convert("RGB").save(out, "JPEG")
    out.seek(0)
    return str(
        client.post(
            "/api/v1/uploads",
            data={"file": (out, "m.jpg")},
            headers=person.headers(),
            content_type="multipart/form-data",
        ).json["id"]
    )


def test_methods_are_for_everybody_and_the_same_as_on_the_pages(client: Any) -> None:
    every = client.get("/api/v1/methods")
    assert every.status_code == 200 and every.json == client.get("/methods.json").json["methods"]
    by_code, by_ref = (client.get(f"/api/v1/methods/{code}").json for code in ("bike", "T03"))
    assert by_code == by_ref and by_code["versions"][0]["state"] and by_code in every.json
    missing = client.get("/api/v1/methods/nothing")
    assert (missing.status_code, missing.json["error"]["code"]) == (404, "unknown_methodology")


def test_a_reading_is_told_once(house: Any, ling: Person, client: Any) -> None:
    headers, meter = ling.headers(), bind(house, ling)
    at = f"/api/v1/meters/{meter}/readings"
    body = {"on": "2026-06-16", "value": 12030.5, "upload": photo(client, ling)}
    first, twin = (client.post(at, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, twin.status_code) == (201, 200) and first.json == twin.json
    assert (first.json["value"], first.json["evidence"], first.json["upload"]) == (12030.5, "photo", body["upload"])
    differs = client.post(at, json={**body, "value": 12031}, headers=headers)
    assert (differs.status_code, differs.json["error"]["code"]) == (409, "reading_differs")
    back = client.post(at, json={"on": "2026-06-15", "value": 13000}, headers=headers)
    assert (back.status_code, back.json["error"]["code"]) == (409, "reading_goes_back")
    bare = client.post(at, json={"on": "2026-06-10", "value": 12000, "estimated": True}, headers=headers)
    assert (bare.json["evidence"], bare.json["estimated"], bare.json["value"]) == ("none", True, 12000)
    listed = client.get(at, headers=headers).json
    assert [row["on"] for row in listed] == ["2026-06-16", "2026-06-10"] and listed[0] == first.json
    (mine,) = client.get("/api/v1/meters", headers=headers).json
    assert mine["last_read_on"] == "2026-06-16" and "number" not in mine


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"value": 1}, "on", "missing"),
        ({"on": "2026-06-17", "value": 1}, "on", "in_future"),
        ({"on": "2026-02-31", "value": 1}, "on", "bad_day"),
        ({"on": "2026-06-16", "value": "1"}, "value", None),
        ({"on": "2026-06-16", "value": 1.2345}, "value", "meter_figure"),
        ({"on": "2026-06-16", "value": 1e30}, "value", None),
        ({"on": "2026-06-16", "value": 1, "upload": str(uuid.uuid4())}, "upload", "unknown_upload"),
        ({"on": "2026-06-16", "value": 1, "upload": "x" * 32}, "upload", "not_a_uuid"),
    ],
)
def test_what_is_wrong_with_a_reading_is_said_by_field(
    house: Any, ling: Person, client: Any, body: dict[str, Any], field: str, code: str | None
) -> None:
    answer = client.post(f"/api/v1/meters/{bind(house, ling)}/readings", json=body, headers=ling.headers())
    assert answer.status_code == 400 and answer.json["error"]["code"] == "invalid_input", answer.json
    told = answer.json["error"]["facts"]["fields"]
    assert set(told) == {field} and (code is None or told[field] == code)


def test_meters_are_ones_own_and_months_tell_what_they_saved(house: Any, ling: Person, client: Any) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [10] * 12 + [5])
    settle_months(house, house.clock.now())
    one = client.get(f"/api/v1/meters/{meter}", headers=ling.headers()).json
    assert one["id"] == meter and [m["month"] for m in one["months"]] == sorted(
        (m["month"] for m in one["months"]), reverse=True
    )
    saved = [m for m in one["months"] if m["saved"]]
    assert saved and all(m["activity_id"] for m in saved)
    bo = make_member(house, "bo").headers()
    assert client.get("/api/v1/meters", headers=bo).json == []
    for path in ("", "/readings"):
        assert client.get(f"/api/v1/meters/{meter}{path}", headers=bo).json["error"]["code"] == "unknown_meter"
    body = {"on": "2026-06-16", "value": 1}
    assert client.post(f"/api/v1/meters/{meter}/readings", json=body, headers=bo).status_code == 404
    assert client.get("/api/v1/meters").status_code == 401


def test_readings_go_on_by_pages(house: Any, ling: Person, client: Any) -> None:
    meter, headers = bind(house, ling), ling.headers()
    for day in range(1, 16):
        for month in (4, 5, 6):
            body = {"on": f"2026-{month:02d}-{day:02d}", "value": month * 100 + day, "estimated": False}
            client.post(f"/api/v1/meters/{meter}/readings", json=body, headers=headers)
    first = client.get(f"/api/v1/meters/{meter}/readings", headers=headers)
    after = first.headers["X-Next-After"]
    rest = client.get(f"/api/v1/meters/{meter}/readings?after={after}", headers=headers)
    days = [row["on"] for row in first.json + rest.json]
    assert len(days) == len(set(days)) and len(first.json) == 30 and days == sorted(days, reverse=True)
    wrong = client.get(f"/api/v1/meters/{meter}/readings?after=x.y", headers=headers)
    assert wrong.json["error"]["facts"]["fields"] == {"after": "not_a_cursor"}
