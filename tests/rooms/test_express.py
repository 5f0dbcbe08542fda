"""The express lane of logging: the view's answer byte for byte, and every refusal still the view's."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.people import PASSWORD, Person, make_member
from webapp.web import burst

AT = "2026-06-16T08:30:00+08:00"
PATH = "/api/v1/activities"
SLOW = {"query_string": "by=view"}  # a call with a query goes to the view


@pytest.fixture
def ling(house: Any) -> Person:
    return make_member(house, "ling", password=PASSWORD)


@pytest.fixture
def seen(app: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that came to the view."""
    came: list[str] = []
    view = app.view_functions["api.log_activity"]

    def spy() -> Any:
        came.append("view")
        return view()

    spy.guard = view.guard  # type: ignore[attr-defined]
    monkeypatch.setitem(app.view_functions, "api.log_activity", spy)
    return came


def ride(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "behaviour": "bike", "quantity": 5.2, "occurred_at": AT, **more}


@pytest.mark.parametrize("asked", [{}, {"Accept-Language": "en-GB,en;q=0.9"}, {"Accept-Language": "zh"}])
@pytest.mark.parametrize("own", [None, "en"])
def test_its_answer_is_the_views(
    client: Any, store: Any, ling: Person, seen: list[str], asked: dict[str, str], own: str | None
) -> None:
    with store.write() as tx:
        tx.execute(text("UPDATE member SET lang = :own"), {"own": own})
    headers, body = {**ling.headers(), **asked}, ride()
    first = client.post(PATH, json=body, headers=headers)
    assert (first.status, seen) == ("201 CREATED", [])
    again = client.post(PATH, json=body, headers=headers)
    assert (again.status, seen) == ("200 OK", [])
    view = client.post(PATH, json=body, headers=headers, **SLOW)
    assert (view.status, seen) == ("200 OK", ["view"])
    assert first.data == again.data == view.data
    assert list(first.headers) == list(view.headers)


def test_behind_https_it_carries_the_same_headers(settings: Any, clock: Any) -> None:
    from webapp.app import create_app

    made = create_app(settings.model_copy(update={"base_url": "https://green.example"}), clock=clock)
    house = made.extensions["puhui"]
    headers, body = make_member(house, "ling").headers(), ride()
    fast, slow = (made.test_client().post(PATH, json=body, headers=headers, **more) for more in ({}, SLOW))
    assert list(fast.headers) == list(slow.headers)
    assert "Strict-Transport-Security" in fast.headers
    house.store.dispose()


@pytest.mark.parametrize(
    ("headers", "change", "status", "code"),
    [
        ({"Authorization": "Bearer 1.x"}, {}, 401, "sign_in_required"),
        ({"Authorization": ""}, {}, 401, "sign_in_required"),
        ({}, {"quantity": -1}, 400, "invalid_input"),
        ({}, {"behaviour": "flying"}, 400, "invalid_input"),
        ({}, {"evidence": [str(uuid.uuid4())]}, 400, "invalid_input"),
        ({}, {"inputs": {"n" * 5000: 1}}, 400, "invalid_input"),
    ],
)
def test_refusals_come_from_the_view(
    client: Any, ling: Person, seen: list[str], headers: dict[str, str], change: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post(PATH, json=ride(**change), headers={**ling.headers(), **headers})
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert seen == ([] if status == 401 else ["view"])  # the guard stands before the view


def test_a_session_ends_at_once(client: Any, house: Any, ling: Person) -> None:
    headers = ling.headers()
    assert client.post(PATH, json=ride(), headers=headers).status_code == 201
    assert client.delete("/api/v1/session", headers=headers).status_code == 204
    assert client.post(PATH, json=ride(), headers=headers).status_code == 401
    headers = ling.headers()
    with house.store.write() as tx:
        tx.execute(text("UPDATE member SET status = 'frozen'"))
    assert client.post(PATH, json=ride(), headers=headers).status_code == 401
    with house.store.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM activity")) == 1


def test_a_session_unused_for_a_month_is_over_and_use_is_noted(
    client: Any, house: Any, frozen: Any, ling: Person
) -> None:
    headers, began = ling.headers(), frozen.now()
    frozen.set(began + timedelta(days=20))

    def log() -> Any:
        return client.post(PATH, json=ride(occurred_at=frozen.now().isoformat()), headers=headers)

    assert log().status_code == 201
    frozen.set(began + timedelta(days=40))  # only by the use twenty days ago does it still live
    assert log().status_code == 201
    frozen.set(began + timedelta(days=71))
    assert log().status_code == 401


def test_a_page_session_logs_nothing_here(client: Any, ling: Person) -> None:
    headers = {"Authorization": f"Bearer {ling.token('web')}"}
    assert client.post(PATH, json=ride(), headers=headers).status_code == 401


def test_a_forged_token_burdens_nobody_and_a_flood_is_refused(
    client: Any, ling: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burst, "_windows", burst.Windows())
    monkeypatch.setattr(burst, "PER_MEMBER", 3)
    headers = ling.headers()
    forged = {"Authorization": headers["Authorization"][:-3] + "xyz"}
    for _ in range(5):
        assert client.post(PATH, json=ride(), headers=forged).status_code == 401
    assert [client.post(PATH, json=ride(), headers=headers).status_code for _ in range(5)] == [201, 201, 201, 429, 429]


def test_a_fault_after_the_commit_is_told_by_the_view(
    client: Any, house: Any, ling: Person, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.api import express

    monkeypatch.setattr(express, "speaking", lambda _lang: 1 / 0)
    answer = client.post(PATH, json=ride(), headers=ling.headers())
    assert (answer.status_code, seen) == (200, ["view"])  # logged once, and answered by its id
    with house.store.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM activity")) == 1


def test_it_is_counted_with_the_others(client: Any, ling: Person) -> None:
    def counted() -> float:
        lines = client.get("/metrics").text.splitlines()
        wanted = 'puhui_requests_total{endpoint="api.log_activity",method="POST",status="201"}'
        return sum(float(line.split()[-1]) for line in lines if line.startswith(wanted))

    before = counted()
    client.post(PATH, json=ride(), headers=ling.headers())
    assert counted() == before + 1
