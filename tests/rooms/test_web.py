"""The web kernel: guards, words, headers, forgery, next pages, formats, static files, contrast."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from points_engine.errors import Invalid, refuse
from tests.people import PASSWORD, make_member
from webapp.settings import Settings
from webapp.web import formats, i18n, urls, whole
from webapp.web.guards import guard
from webapp.web.messages import MESSAGES, REASONS
from webapp.web.prose import markdown

ROOT = Path(__file__).resolve().parents[2]


# --- guards ---------------------------------------------------------------------------------------


def test_a_view_without_a_guard_is_refused(app: Any) -> None:
    app.add_url_rule("/naked", "naked", lambda: "bare")
    answer = app.test_client().get("/naked")
    assert answer.status_code == 403
    assert b"bare" not in answer.data


def test_strangers_go_to_the_sign_in_page_and_come_back(client: Any) -> None:
    answer = client.get("/me?x=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/me?x%3D1"


def test_strangers_of_the_api_get_one_json_shape(client: Any) -> None:
    answer = client.get("/api/v1/me")
    assert answer.status_code == 401
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"code", "message", "facts"}
    assert answer.json["error"]["code"] == "sign_in_required"


def test_roles_are_asked_for(app: Any, house: Any) -> None:
    @guard.roles("editor")
    def edit() -> str:
        return "edited"

    @guard.merchant
    def sell() -> str:
        return "sold"

    @guard.unit_admin
    def lead() -> str:
        return "led"

    for name, view in (("edit", edit), ("sell", sell), ("lead", lead)):
        app.add_url_rule(f"/t/{name}", name, view)
    ling = make_member(house, "ling").sign_in(app.test_client())
    editor = make_member(house, "edda", "editor").sign_in(app.test_client())
    assert [ling.get(f"/t/{name}").status_code for name in ("edit", "sell", "lead")] == [403] * 3
    assert [editor.get(f"/t/{name}").status_code for name in ("edit", "sell", "lead")] == [200, 403, 403]


def test_cookies_do_not_open_the_api_and_tokens_do_not_open_pages(app: Any, house: Any) -> None:
    ling = make_member(house, "ling")
    assert ling.sign_in(app.test_client()).get("/api/v1/me").status_code == 401
    assert app.test_client().get("/me", headers=ling.headers()).status_code == 303
    assert app.test_client().get("/api/v1/me", headers=ling.headers()).status_code == 200


# --- errors ---------------------------------------------------------------------------------------


def test_http_refusals_have_the_same_shape(client: Any) -> None:
    for call, status, code in (
        (client.get("/api/v1/nothing"), 404, "not_found"),
        (client.delete("/api/v1/openapi.json"), 405, "method_not_allowed"),
    ):
        assert (call.status_code, call.json["error"]["code"]) == (status, code)
        assert set(call.json["error"]) == {"code", "message", "facts"}
    page = client.get("/nothing")
    assert page.status_code == 404
    assert "没有找到" in page.text


def test_a_fault_shows_an_id_and_no_detail(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    @guard.public("test")
    def broken() -> str:
        raise RuntimeError("secret detail")

    app.add_url_rule("/broken", "broken", broken)
    app.add_url_rule("/api/v1/broken", "broken_api", broken)
    page = app.test_client().get("/broken")
    assert page.status_code == 500
    assert "secret detail" not in page.text
    fault = re.search(r"编号 ([0-9a-f]{10})", page.text)
    assert fault and fault[1] in caplog.text and "secret detail" in caplog.text
    answer = app.test_client().get("/api/v1/broken")
    assert (answer.status_code, answer.json["error"]["code"]) == (500, "fault")


def test_kinds_map_to_statuses(app: Any) -> None:
    kinds = {
        "invalid": 400, "unauthenticated": 401, "forbidden": 403, "not_found": 404, "conflict": 409,
        "limit": 429, "unavailable": 503,
    }  # fmt: skip

    def make(kind: Any) -> Any:
        @guard.public("test")
        def view() -> str:
            raise refuse(kind, "too_many_attempts", retry_after=7)

        return view

    for kind in kinds:
        app.add_url_rule(f"/api/v1/t/{kind}", kind, make(kind))
    for kind, status in kinds.items():
        answer = app.test_client().get(f"/api/v1/t/{kind}")
        assert answer.status_code == status
        assert answer.headers["Retry-After"] == "7"


def test_htmx_gets_a_fragment(client: Any) -> None:
    answer = client.get("/nothing", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert "<html" not in answer.text


def test_words_come_in_pairs() -> None:
    for table in (MESSAGES, REASONS):
        for code, (zh, en) in table.items():
            assert zh and en and not re.search(r"[\u4e00-\u9fff]", en), code


# --- forgery and next pages -----------------------------------------------------------------------


def test_forms_need_their_token(app: Any, house: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = make_member(house, "ling").sign_in(app.test_client())
    assert client.post("/sign-out").status_code == 403
    page = client.get("/me").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    wrong_origin = {"Origin": "https://evil.example"}
    assert client.post("/sign-out", data={"csrf_token": token[1]}, headers=wrong_origin).status_code == 403
    assert client.post("/sign-out", headers={"X-CSRFToken": token[1]}).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "//evil", "/\\evil", "https:evil", "https://evil", "%2f%2fevil", "/%2fevil", "/%5cevil", "/%252fevil",
        "/\tevil", "/a\nb", "javascript:alert(1)", "", "evil", "\\\\evil", "/%09/evil",
    ],
)  # fmt: skip
def test_next_leads_nowhere_else(target: str) -> None:
    assert not urls.is_local(target)


@pytest.mark.parametrize("target", ["/", "/me", "/rewards?after=3", "/a/b?c=%E7%A2%B3"])
def test_next_leads_to_our_pages(target: str) -> None:
    assert urls.is_local(target)


# --- headers, cookies, static files ---------------------------------------------------------------


def test_headers_of_every_answer(client: Any) -> None:
    for path in ("/sign-in", "/nothing", "/me", "/api/v1/me", "/healthz"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers


def test_personal_pages_are_not_stored(app: Any, house: Any) -> None:
    client = make_member(house, "ling").sign_in(app.test_client())
    assert client.get("/me").headers["Cache-Control"] == "no-store"
    assert app.test_client().get("/help").headers["Cache-Control"] == "private, no-cache"


def test_https_turns_on_host_cookies(sqlite_url: str, tmp_path: Path) -> None:
    from webapp.app import create_app

    settings = Settings(
        env="test", database_url=sqlite_url, var_dir=tmp_path / "var", base_url="https://tan.example.cn"
    )
    app = create_app(settings)
    answer = app.test_client().post(
        "/preferences", data={"elder": "1"}, base_url="https://localhost", headers={"X-Forwarded-Proto": "https"}
    )
    page = app.test_client().get("/sign-in", base_url="https://localhost")
    cookies = page.headers.getlist("Set-Cookie") + answer.headers.getlist("Set-Cookie")
    assert any(cookie.startswith("__Host-puhui=") for cookie in cookies)
    assert all("Secure" in c and "HttpOnly" in c and "SameSite=Lax" in c and "Path=/" in c for c in cookies)
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")
    app.extensions["puhui"].store.dispose()


def test_html_is_packed_for_those_who_take_it(client: Any) -> None:
    packed = client.get("/help", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(client.get("/help").data) / 2


def test_static_files_are_hashed_packed_and_kept(app: Any) -> None:
    url = app.jinja_env.globals["asset"]("css/app.css")
    assert re.fullmatch(r"/static/css/app\.[0-9a-f]{10}\.css", url)
    answer = app.test_client().get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.data) <= 16 * 1024
    answer.close()


def test_vendored_files_are_what_they_say() -> None:
    entries = json.loads((ROOT / "static" / "vendor" / "vendor.json").read_text())
    for entry in entries:
        body = (ROOT / "static" / entry["file"]).read_bytes()
        assert entry["sha384"] == "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
        assert entry["licence"] and entry["version"]
    named = {entry["file"] for entry in entries}
    found = {f"vendor/{path.name}" for path in (ROOT / "static" / "vendor").glob("*.js")}
    assert found <= named


def test_every_icon_asked_for_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static" / "img" / "icons.svg").read_text()))
    asked = set()
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        asked |= {(name, path.name) for name in re.findall(r"ui\.icon\('([^']+)'", text)}
        asked |= {(name, path.name) for name in re.findall(r"icon='([^']+)'", text)}
    assert {pair for pair in asked if pair[0] not in sprite} == set()
    from webapp.web import icons

    assert set(icons._ICONS.values()) <= sprite


# --- words and figures ----------------------------------------------------------------------------


def test_language_is_chosen_in_order() -> None:
    assert i18n.choose(None, None, None, False) == "zh-CN"
    assert i18n.choose(None, None, "fr, en-GB;q=0.8, zh;q=0.5", False) == "en"
    assert i18n.choose(None, "zh-CN", "en", False) == "zh-CN"
    assert i18n.choose("en", "zh-CN", "zh", False) == "en"
    assert i18n.choose("zh-CN", None, "en", True) == "en"
    assert i18n.choose(None, None, "en;q=x, ;;;", False) == "zh-CN"


def test_preferences_stay(client: Any) -> None:
    assert 'lang="zh-CN"' in client.get("/help").text
    for data in ({"lang": "en"}, {"theme": "dark"}, {"elder": "1"}):
        assert client.post("/preferences", data={**data, "next": "/help"}).headers["Location"] == "/help"
    page = client.get("/help").text
    assert '<html lang="en" data-theme="dark" data-elder>' in page
    client.post("/preferences", data={"lang": "xx", "theme": "pink", "elder": "7"})
    assert '<html lang="en" data-theme="dark" data-elder>' in client.get("/help").text
    client.set_cookie("prefs", "../../etc.passwd.9")
    assert '<html lang="zh-CN">' in client.get("/help").text


def test_figures_are_cut_never_rounded_up() -> None:
    assert formats.kg(42367) == "42.36 kg"
    assert formats.kg(999) == "0.99 kg"
    assert formats.kg(1_234_567_890) == "1,234,567.89 kg"
    assert formats.carbon(247) == "247 g"
    assert formats.carbon(12_349_999) == "12.34 t"
    assert formats.signed(-30) == "−30"
    assert formats.kg(-1500) == "−1.50 kg"
    assert formats.number(3860) == "3,860"


def test_days_are_the_parks() -> None:
    late = datetime(2026, 6, 17, 17, 5, tzinfo=UTC)
    assert formats.moment(late) == "6月18日 01:05"
    assert formats.day(date(2026, 6, 18)) == "2026年6月18日"
    assert formats.period_name("2026-W25") == "2026年第25周"
    assert formats.mask_phone("13812341234") == "138****1234"


def test_markdown_carries_no_danger() -> None:
    text = (
        "# Hi\n<script>alert(1)</script>\n[x](javascript:alert(1)) [y](https://a.example) **b** <img src=x onerror=1>"
    )
    html = str(markdown(text))
    assert (
        "<script" not in html and "javascript:" not in html.replace("(javascript:alert(1))", "") and "<img" not in html
    )
    assert "<h2>Hi</h2>" in html and "<strong>b</strong>" in html and 'rel="noopener' in html


def test_pages_by_keyset(app: Any) -> None:
    from webapp.web import after_arg, page_of

    with app.test_request_context("/x?after=9"):
        page = page_of([5, 4, 3], 2, lambda n: n)
        assert (page.items, page.after, page.is_first, after_arg()) == ([5, 4], "4", False, 9)
    for wrong in ("9%20or%201", "", "-1", "%EF%BC%99", "1" * 19):
        with app.test_request_context(f"/x?after={wrong}"), pytest.raises(Invalid):
            after_arg()


def test_a_whole_number_of_a_form_is_read_or_refused_by_its_field() -> None:
    assert [whole(text, "to") for text in (None, "", "0", "17", "9" * 18)] == [None, None, 0, 17, 10**18 - 1]
    for wrong in ("-1", "1.0", " 1", "９", "²", "1" * 19):
        with pytest.raises(Invalid) as refused:
            whole(wrong, "to")
        assert refused.value.fields == {"to": "invalid"}


def test_an_id_of_an_address_has_one_spelling() -> None:
    own = "0d9d3c62-6d2e-5a53-9f0a-2f6f1f1f7a11"
    assert {urls.uuid_of(text) for text in (own, own.upper(), own.replace("-", ""))} == {own}
    assert {urls.uuid_of(text) for text in ("", "x", own[:-1], own + "0", "0" * 32)} == {urls.NOWHERE}


# --- contrast -------------------------------------------------------------------------------------

PAIRS = [
    ("ink", "bg"), ("ink", "card"), ("mut", "bg"), ("mut", "card"), ("mut", "softer"), ("mut", "line"), ("link", "bg"),
    ("link", "card"), ("link", "soft"), ("link", "softer"), ("on-brand", "brand"), ("amber", "amber-soft"),
    ("amber", "card"), ("red", "red-soft"), ("red", "card"), ("red", "bg"), ("blue", "blue-soft"),
    ("violet", "violet-soft"), ("gold", "card"), ("silver", "card"), ("bronze", "card"), ("gold", "soft"),
    ("silver", "soft"), ("bronze", "soft"), ("ink", "soft"), ("ink", "amber-soft"), ("ink", "red-soft"),
    ("ink", "blue-soft"), ("ink", "line"),
]  # fmt: skip


def _tokens(theme: str) -> dict[str, str]:
    css = (ROOT / "static" / "css" / "app.css").read_text()
    blocks = {
        "light": css[css.index(":root{") : css.index("@media (prefers-color-scheme:dark)")],
        "dark": css[css.index(":root[data-theme=dark]{") : css.index(":root[data-elder]")],
        "auto": css[css.index("@media (prefers-color-scheme:dark)") : css.index(":root[data-theme=dark]{")],
    }
    found = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})\b", blocks[theme]))
    return {
        name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:]) for name, value in found.items()
    }


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_text_can_be_read(theme: str) -> None:
    tokens = _tokens(theme)
    low = {pair: round(contrast(tokens[pair[0]], tokens[pair[1]]), 2) for pair in PAIRS}
    assert {pair: value for pair, value in low.items() if value < 4.5} == {}
    for edge in ("edge", "focus"):
        assert contrast(tokens[edge], tokens["card"]) >= 3
        assert contrast(tokens[edge], tokens["bg"]) >= 3


def test_the_two_dark_themes_are_one() -> None:
    assert _tokens("dark") == _tokens("auto")


def test_no_text_is_small() -> None:
    css = (ROOT / "static" / "css" / "app.css").read_text()
    for size in re.findall(r"font-size:([0-9.]+)rem", css):
        assert float(size) * 16 >= 13
    for size in re.findall(r"font-size:([0-9.]+)px", css):
        assert float(size) >= 13


def test_the_password_of_the_cast_is_good_enough() -> None:
    from webapp.members.passwords import fault

    assert fault(PASSWORD) is None
