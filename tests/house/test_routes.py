"""Every address: a guard or a reason to be public, no change without a token, no change by looking, the same headers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.house.conftest import NOBODY, ROLES, Park
from webapp.web.headers import FIXED

PUBLIC = Path(__file__).with_name("public_routes.txt")
# Looking at these pages writes something, and why that is right.
MAY_TOUCH = {
    "inbox.announcement": "how often it was opened is counted, and not by whom",
    "console_review.photo": "who looked at whose photo is written into the journal",
    "console_tracks.track": "who looked at whose trip is written into the journal",
}
# Addresses that are signed and are themselves the permission: a mail program posts there without any token.
BY_LINK = {"mail.do_off": "the way out of e-mails, in one click (RFC 8058); all it can do is to stop them"}
# Welcome people who find nothing here on an ordinary day.
NOT_TODAY = {
    "members.code": "only after a code was asked for",
    "members.first_admin": "only with the one-time token, while there is no administrator",
    "members.step_up": "only for those whose last proof is half an hour old",
    "unit_admin.index": "leads on to the only unit",
    "health.readyz": "no worker runs beside this test",
}


def test_every_route_is_guarded_and_the_public_ones_are_on_the_list(park: Park) -> None:
    public = {
        f"{method} {rule.rule} # {park.guard(rule).reason}"
        for rule, method in park.routes()
        if park.guard(rule).kind == "public"
    }
    listed = {line for line in PUBLIC.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"}
    assert sorted(public - listed) == [], "public, and not on the list"
    assert sorted(listed - public) == [], "on the list, and not public"
    assert [line for line in listed if len(line.split(" # ")[1]) < 8] == [], "no reason given"


def test_a_stranger_is_stopped_at_every_other_address(park: Park) -> None:
    before = park.version()
    for rule, method in park.routes():
        if park.guard(rule).kind == "public":
            continue
        answer = park.open(NOBODY, method, rule)
        if rule.rule.startswith("/api/"):
            assert answer.status_code == 401 and shape(answer), (method, rule.rule)
        else:
            assert answer.status_code == 303 and answer.location.startswith("/sign-in"), (method, rule.rule)
    assert park.version() == before


def test_the_wrong_role_is_refused_everywhere(park: Park) -> None:
    before = park.version()
    for rule, method in park.routes():
        for role in sorted(set(ROLES) - set(park.welcome(rule))):
            assert park.open(role, method, rule).status_code == 403, (role, method, rule.rule)
    assert park.version() == before


def test_nothing_changes_without_a_token(park: Park, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(park.app.config, "WTF_CSRF_ENABLED", True)
    before, seen = park.version(), 0
    for rule, method in park.routes("POST", "PUT", "PATCH", "DELETE"):
        if rule.rule.startswith("/api/") or rule.endpoint in BY_LINK:
            continue
        for role in park.welcome(rule):
            answer = park.open(role, method, rule, headers={"HX-Request": "true"})
            assert answer.status_code == 403 and "csrf_failed" in answer.text, (role, method, rule.rule)
            seen += 1
    assert park.version() == before and seen > 100


def test_a_cookie_changes_nothing_through_the_api(park: Park) -> None:
    client, before = park.client("administrator"), park.version()
    for rule, method in park.routes("POST", "PUT", "PATCH", "DELETE"):
        if rule.rule.startswith("/api/") and park.guard(rule).kind != "public":
            assert client.open(park.address(rule), method=method).status_code == 401, (method, rule.rule)
    assert park.version() == before


def test_looking_changes_nothing(park: Park) -> None:
    """As every role at every address that can be looked at; also: none breaks, and each opens for somebody."""
    for rule, _ in park.routes("GET"):
        statuses = set()
        for role in (NOBODY, *ROLES):
            before = park.version()
            answer = park.open(role, "GET", rule)
            assert answer.status_code < 500 or rule.endpoint == "health.readyz", (role, rule.rule)
            assert park.version() == before or rule.endpoint in MAY_TOUCH, (role, rule.rule)
            assert headers_missing(answer) == {}, (role, rule.rule)
            if answer.status_code >= 400 and rule.rule.startswith("/api/"):
                assert shape(answer), (role, rule.rule)
            statuses.add(answer.status_code)
        assert rule.endpoint not in NOT_TODAY or 200 not in statuses, f"{rule.endpoint} opens: take it off the list"
        expected = {200} if not rule.endpoint.endswith(("behaviours", "next_case")) else {200, 301, 303}
        assert statuses & expected or rule.endpoint in NOT_TODAY, (rule.rule, statuses)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("DELETE", "/", 405),
        ("PUT", "/api/v1/activities", 405),
        ("POST", "/api/v1/session", 400),
        ("GET", "/api/v1/me", 401),
        ("GET", "/console", 303),
        ("GET", "/announcements/999999", 404),
    ],
)
def test_refusals_carry_the_same_headers_and_one_shape(park: Park, method: str, path: str, status: int) -> None:
    answer = park.app.test_client().open(path, method=method)
    assert answer.status_code == status and headers_missing(answer) == {}
    assert not path.startswith("/api/") or shape(answer)


def test_a_fault_carries_the_same_headers_and_shape(park: Park, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise AssertionError("a secret of the inside")

    monkeypatch.setitem(park.app.config, "PROPAGATE_EXCEPTIONS", False)
    for endpoint, path in (("members.terms", "/terms"), ("api.openapi", "/api/v1/openapi.json")):
        broken.guard = park.app.view_functions[endpoint].guard  # type: ignore[attr-defined]
        monkeypatch.setitem(park.app.view_functions, endpoint, broken)
        answer = park.app.test_client().get(path)
        assert answer.status_code == 500 and headers_missing(answer) == {} and "secret" not in answer.text
    assert shape(answer)


def headers_missing(answer: Any) -> dict[str, str]:
    wrong = {name: value for name, value in FIXED.items() if answer.headers.get(name) != value}
    cached = answer.headers.get("Cache-Control", "")
    if not re.search("no-store|no-cache|private", cached):
        wrong["Cache-Control"] = cached
    return wrong


def shape(answer: Any) -> bool:
    """The one shape of a JSON error."""
    body = json.loads(answer.text)
    error = body["error"]
    assert set(body) == {"error"} and set(error) == {"code", "message", "facts"}, body
    return bool(re.fullmatch("[a-z_]+", error["code"]) and error["message"] and isinstance(error["facts"], dict))
