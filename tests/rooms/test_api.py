"""The API v1: shapes of the contract, errors in one shape, ids that answer the first, other people's things."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from PIL import Image

from tests.counting import count_statements
from tests.people import PASSWORD, give_points, make_member, make_shop, make_unit
from webapp.api.openapi import CALLS, document

AT = "2026-06-16T08:30:00+08:00"


def ride(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "behaviour": "bike", "quantity": 5.2, "occurred_at": AT, **more}


@pytest.fixture
def ling(house: Any) -> Any:
    return make_member(house, "ling", password=PASSWORD)


def test_signing_in_and_out(client: Any, ling: Any) -> None:
    assert (
        client.post("/api/v1/session", json={"login": "ling", "password": "wrong"}).json["error"]["code"]
        == "bad_credentials"
    )
    answer = client.post("/api/v1/session", json={"login": "ling", "password": PASSWORD})
    assert answer.status_code == 201
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    me = client.get("/api/v1/me", headers=headers)
    assert me.status_code == 200 and set(me.json) >= {"id", "nickname", "units", "carbon_g", "points"}
    assert client.delete("/api/v1/session", headers=headers).status_code == 204
    gone = client.get("/api/v1/me", headers=headers)
    assert (gone.status_code, gone.json["error"]["code"]) == (401, "sign_in_required")


def test_logging_an_act_answers_with_its_passport(client: Any, ling: Any) -> None:
    headers, body = ling.headers(), ride()
    first = client.post("/api/v1/activities", json=body, headers=headers)
    assert first.status_code == 201, first.json
    act = first.json
    assert (act["status"], act["grams"], act["points"], act["evidence_level"]) == ("accepted", 247, 26, "declared")
    assert act["passport"]["working"] == "5.2 km × (104 − 8.7) g/km × 0.5 = 247 g"
    assert {"methodology", "version", "formula", "factors", "working"} <= set(act["passport"])
    assert all({"name", "value", "unit", "source", "valid_from", "mark"} <= set(f) for f in act["passport"]["factors"])
    again = client.post("/api/v1/activities", json=body, headers=headers)
    assert (again.status_code, again.json) == (200, act)
    other = client.post("/api/v1/activities", json={**body, "quantity": 5}, headers=headers)
    assert (other.status_code, other.json["error"]["code"]) == (409, "request_reused")
    assert client.get(f"/api/v1/activities/{body['id']}", headers=headers).json == act
    assert client.get("/api/v1/activities", headers=headers).json == [act]
    lines = client.get("/api/v1/statement?book=carbon", headers=headers).json
    assert [(x["amount"], x["cause"]) for x in lines] == [(247, {"kind": "activity", "id": body["id"]})]
    me = client.get("/api/v1/me", headers=headers).json
    assert me["carbon_g"] == {"declared": 247, "verified": 0} and me["points"]["available"] == 26
    assert me["points"]["expiring"] == [{"on": "2027-06-16", "points": 26}]


def test_other_peoples_acts_do_not_exist(client: Any, house: Any, ling: Any) -> None:
    body = ride()
    client.post("/api/v1/activities", json=body, headers=ling.headers())
    chen = make_member(house, "chen").headers()
    path = f"/api/v1/activities/{body['id']}"
    for answer in (client.get(path, headers=chen), client.post(f"{path}/undo", headers=chen)):
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_activity")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": "5"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": 1.2345}, "quantity"),
        ({"quantity": 1e30}, "quantity"),
        ({"occurred_at": "2026-06-16T08:30:00"}, "occurred_at"),
        ({"occurred_at": 1781570000}, "occurred_at"),
        ({"occurred_at": "2026-06-20T08:30:00+08:00"}, "occurred_at"),
        ({"occurred_at": "2026-06-01T08:30:00+08:00"}, "occurred_at"),
        ({"id": "abc"}, "id"),
        ({"id": 5}, "id"),
        ({"behaviour": "flying"}, "behaviour"),
        ({"behaviour": ["bike"]}, "behaviour"),
        ({"inputs": {"n": 3}}, "inputs.n"),
        ({"evidence": ["x"]}, "evidence.0"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_input_is_400_names_the_field_and_leaves_no_row(
    client: Any, house: Any, ling: Any, change: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/v1/activities", json=ride(**change), headers=ling.headers())
    assert answer.status_code == 400, answer.json
    assert answer.json["error"]["code"] == "invalid_input" and field in answer.json["error"]["facts"]["fields"]
    assert client.get("/api/v1/activities", headers=ling.headers()).json == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"quantity": NaN}', b"\xff", b"[" * 5000])
def test_broken_json_is_400(client: Any, ling: Any, body: bytes) -> None:
    answer = client.post("/api/v1/activities", data=body, headers=ling.headers(), content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_input")


def test_undo_gives_everything_back(client: Any, ling: Any) -> None:
    headers, body = ling.headers(), ride()
    client.post("/api/v1/activities", json=body, headers=headers)
    undone = client.post(f"/api/v1/activities/{body['id']}/undo", headers=headers)
    assert (undone.status_code, undone.json["status"], undone.json["grams"]) == (200, "undone", 0)
    assert client.get("/api/v1/me", headers=headers).json["points"]["available"] == 0


def test_a_photo_makes_the_act_worth_more(client: Any, ling: Any) -> None:
    out = io.BytesIO()
    Image.new("RGB", (90, 60), "seagreen").save(out, "PNG")
    headers = ling.headers()
    sent = client.post("/api/v1/uploads", data={"file": (io.BytesIO(out.getvalue()), "a.png")}, headers=headers)
    assert sent.status_code == 201 and sent.json["duplicate_of_other"] is False
    act = client.post("/api/v1/activities", json=ride(evidence=[sent.json["id"]]), headers=headers).json
    assert (act["evidence_level"], act["grams"], act["status"]) == ("photo", 495, "accepted")
    for bad in (b"", b"<svg/>", b"\xff\xd8\xff broken", b"GIF89a"):
        refused = client.post("/api/v1/uploads", data={"file": (io.BytesIO(bad), "a.jpg")}, headers=headers)
        assert (refused.status_code, refused.json["error"]["code"]) == (400, "invalid_input")
    assert client.post("/api/v1/uploads", headers=headers).status_code == 400


def test_the_loop_redeem_and_fulfil(client: Any, house: Any, ling: Any) -> None:
    keeper, stranger = make_member(house, "mei"), make_member(house, "zhao")
    reward = make_shop(house, keeper)
    make_shop(house, stranger)
    headers = ling.headers()
    shelf = {r["id"]: r for r in client.get("/api/v1/rewards", headers=headers).json}
    assert (shelf[reward]["available"], shelf[reward]["reason"]) == (False, "insufficient_points")
    give_points(house, ling, 120)
    wish = {"id": str(uuid.uuid4()), "reward": reward}
    made = client.post("/api/v1/redemptions", json=wish, headers=headers)
    assert made.status_code == 201 and {"id", "status", "code", "points", "expires_at"} <= set(made.json)
    assert client.post("/api/v1/redemptions", json=wish, headers=headers).status_code == 200
    done = {"id": str(uuid.uuid4()), "code": made.json["code"]}
    assert client.post("/api/v1/fulfilments", json=done, headers=headers).status_code == 403
    assert client.post("/api/v1/fulfilments", json=done, headers=stranger.headers()).status_code == 404
    assert client.post("/api/v1/fulfilments", json=done, headers=keeper.headers()).status_code == 200
    late = client.post("/api/v1/fulfilments", json={**done, "id": str(uuid.uuid4())}, headers=keeper.headers())
    assert (late.status_code, late.json["error"]["code"]) == (409, "already_fulfilled")
    second = client.post("/api/v1/redemptions", json={"id": str(uuid.uuid4()), "reward": reward}, headers=headers).json
    back = client.post(f"/api/v1/redemptions/{second['id']}/cancel", headers=headers)
    assert (back.status_code, back.json["status"]) == (200, "cancelled")
    assert client.get("/api/v1/me", headers=headers).json["points"] == {
        "available": 70,
        "held": 0,
        "expiring": [{"on": "2027-06-16", "points": 70}],
    }
    poor = client.post("/api/v1/redemptions", json={"id": str(uuid.uuid4()), "reward": 10**9}, headers=headers)
    assert poor.status_code == 404


def test_rankings_and_my_place(client: Any, house: Any, ling: Any) -> None:
    from webapp.rankings import jobs as rankings_jobs

    make_unit(house, "enterprise", "长治光电", ling)
    headers = ling.headers()
    empty = client.get("/api/v1/rankings/members/me", headers=headers)
    assert empty.status_code == 200 and empty.json["place"] is None
    client.post("/api/v1/activities", json=ride(), headers=headers)
    for job in rankings_jobs.JOBS:
        job.run(house, house.clock.now())
    boards = client.get("/api/v1/rankings", headers=headers).json
    assert boards[0]["board"] == "members" and boards[0]["periods"][0] == "2026-W25"
    page = client.get("/api/v1/rankings/members", headers=headers).json
    assert (page["period"], page["state"]) == ("2026-W25", "live")
    assert [(r["place"], r["value"], r["subject"]) for r in page["rows"]] == [(1, 247, "Ling")]
    assert client.get("/api/v1/rankings/members/me", headers=headers).json["place"] == 1
    assert client.get("/api/v1/rankings/nobody", headers=headers).status_code == 404


def test_no_token_no_answer(client: Any, ling: Any) -> None:
    ling.sign_in(client)  # a cookie is no key to the API
    for call in CALLS:
        if call.public:
            continue
        path = f"/api/v1{call.path}".replace("{board}", "members").replace("{campaign_id}", "1")
        for name in ("activity_id", "meter_id", "redemption_id"):
            path = path.replace(f"{{{name}}}", str(uuid.uuid4()))
        answer = getattr(client, call.method)(path)
        assert (answer.status_code, answer.json["error"]["code"]) == (401, "sign_in_required"), path
        assert set(answer.json["error"]) == {"code", "message", "facts"}


def test_the_document_tells_every_route_and_no_other(app: Any) -> None:
    routes = {
        (method.lower(), rule.rule.replace("<uuid:", "{").replace("<int:", "{").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1")
    }
    told = {(method, path) for path, calls in document()["paths"].items() for method in calls}
    assert told == routes


def test_lists_ask_as_many_statements_for_thirty_rows_as_for_three(client: Any, house: Any, ling: Any) -> None:
    headers = ling.headers()

    def statements() -> int:
        with count_statements(house.store) as seen:
            for path in (
                "activities",
                "statement?book=points",
                "rewards",
                "redemptions",
                "rankings/members",
                "campaigns",
                "me",
            ):
                assert client.get(f"/api/v1/{path}", headers=headers).status_code == 200
        return seen.count

    def log(n: int) -> None:
        for minute in range(n):
            at = f"2026-06-16T07:{minute:02d}:00+08:00"
            assert (
                client.post("/api/v1/activities", json=ride(quantity=0.1, occurred_at=at), headers=headers).status_code
                == 201
            )

    log(3)
    few = statements()
    log(30)
    assert statements() == few


def test_logging_asks_a_fixed_number_of_statements(client: Any, house: Any, ling: Any) -> None:
    headers = ling.headers()
    client.post("/api/v1/activities", json=ride(), headers=headers)
    with count_statements(house.store) as seen:
        client.post("/api/v1/activities", json=ride(occurred_at="2026-06-16T08:00:00+08:00"), headers=headers)
    assert seen.count <= 14, seen.statements
