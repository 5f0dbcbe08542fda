"""The recorder in a real browser: pause, reload, no network, no permission; and that nothing is sent twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests import tracks
from tests.browser.visit import PHONE, WAIT, arrive, examine, listen, steady, until
from tests.browser.world import View, World
from tests.people import Person, make_member
from webapp.members.service import give_consent

pytestmark = pytest.mark.browser
STEP = 0.0002  # degrees of latitude, some 22 m
# A stand-in for the phone's positioning that plays a whole ride at once, with the times it would have had.
PLAYED = """(fixes) => {
  navigator.geolocation.watchPosition = (ok) => {
    fixes.forEach(([at, latitude, longitude], n) => setTimeout(() => ok({
      coords: { latitude, longitude, accuracy: 6 }, timestamp: at * 1000 }), 5 + n));
    return 1;
  };
  navigator.geolocation.clearWatch = () => {};
}"""

# How many stores of pages the phone still holds, after some seconds to let them go.
CACHES_LEFT = """async () => {
  for (let n = 0; n < 100 && (await caches.keys()).length; n++) await new Promise((go) => setTimeout(go, 100));
  return (await caches.keys()).length;
}"""


@pytest.fixture
def rider(full: World) -> Person:
    return somebody(full)


def somebody(full: World) -> Person:
    """Somebody new who agrees to the use of the location."""
    person = make_member(full.house, f"trips-{len(full.members)}", nickname="小程")
    full.members[person.login] = person.id
    with full.house.store.write() as tx:
        give_consent(tx, person.id, "location", full.house.clock.now())
    return person


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def phone(chromium: Any, full: World, rider: Person) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        viewport=PHONE, locale="zh-CN", base_url=full.address, reduced_motion="reduce", color_scheme="light"
    )
    context.set_default_timeout(WAIT)
    kept = full.cookies(rider.login, View())
    context.add_cookies([{"name": n, "value": v, "url": full.address} for n, v in kept.items()])
    full.prefer(rider.login, View())
    yield context
    context.close()


@pytest.fixture
def page(phone: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    made = phone.new_page()
    listen(made, complaints)
    yield made
    assert not complaints


class Walk:
    """Moves the phone's emulated position north, step by step."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context, self.page, self.lat = context, page, 36.19
        context.grant_permissions(["geolocation"])
        self.step(accuracy=9)

    def step(self, times: int = 1, accuracy: float = 9) -> None:
        for _ in range(times):
            self.lat += STEP
            self.context.set_geolocation({"latitude": self.lat, "longitude": 113.11, "accuracy": accuracy})
            self.page.wait_for_timeout(120)

    def until(self, fixes: int) -> None:
        """Until so many fixes stand on the page."""
        shown = self.page.locator('[data-at="fixes"]')
        for _ in range(100):
            if int(shown.inner_text() or 0) >= fixes:
                return
            self.step()
        raise AssertionError(f"{shown.inner_text()} fixes after a hundred steps")


def trips(full: World, person: Person) -> int:
    return int(full.rows("SELECT count(*) FROM trip WHERE member_id = :me", me=person.id)[0][0])


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).locator("visible=true").click()


def test_record_pause_go_on_reload_and_finish(page: Page, phone: BrowserContext, full: World, rider: Person) -> None:
    walk = Walk(phone, page)
    page.goto("/trips/record?mode=bike")
    press(page, "开始记录")
    walk.until(4)
    press(page, "暂停")
    expect(page.get_by_text("已暂停")).to_be_visible()
    before = steady(page.locator('[data-at="km"]'))
    walk.step(5)
    assert steady(page.locator('[data-at="km"]')) == before, "what is ridden in a pause does not count"
    press(page, "继续")
    walk.until(8)
    assert examine(page, View()) == []
    walk.step(3, accuracy=400)
    expect(page.get_by_text("信号不好")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="有一趟没结束的行程")).to_be_visible()
    assert examine(page, View()) == []
    press(page, "接着记录")
    walk.until(12)
    press(page, "结束")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "结束并提交")
    expect(page).to_have_url(re.compile("/trips/[0-9a-f-]{36}$"))
    expect(page.get_by_text("手机记录", exact=True)).to_be_visible()
    assert trips(full, rider) == 1
    assert examine(page, View()) == []
    page.goto("/trips/record")
    expect(page.get_by_role("button", name="开始记录")).to_be_visible()
    assert page.evaluate(CACHES_LEFT) == 0, "nothing is left on the phone"


def test_a_real_ride_is_accepted(page: Page, phone: BrowserContext, full: World, rider: Person) -> None:
    phone.grant_permissions(["geolocation"])
    fixes = tracks.make("bike_slow", 3).segments[0]
    shift = (full.house.clock.now() - timedelta(minutes=1)).timestamp() - fixes[-1].at
    page.add_init_script(f"({PLAYED})({json.dumps([[f.at + shift, f.lat, f.lon] for f in fixes])})")
    page.goto("/trips/record?mode=bike")
    press(page, "开始记录")
    expect(page.locator('[data-at="fixes"]')).to_have_text(str(len(fixes)))
    press(page, "结束")
    press(page, "结束并提交")
    expect(page).to_have_url(re.compile("/trips/[0-9a-f-]{36}$"))
    expect(page.get_by_text("核验通过").first).to_be_visible()
    expect(page.locator("svg.track polyline").first).to_be_attached()
    assert examine(page, View()) == []


def test_without_a_network_the_trip_waits_and_goes_out_once(
    page: Page, phone: BrowserContext, full: World, rider: Person, complaints: list[str]
) -> None:
    walk = Walk(phone, page)
    page.goto("/trips/record")
    press(page, "开始记录")
    walk.until(3)
    page.evaluate("async () => (await navigator.serviceWorker.ready).scope")
    phone.set_offline(True)
    page.reload()  # the page itself opens without a network
    press(page, "接着记录")
    walk.until(6)
    press(page, "结束")
    press(page, "结束并提交")
    expect(page.get_by_role("heading", name="等待发送的行程")).to_be_visible()
    expect(page.get_by_text("现在没有网络")).to_be_visible()
    assert examine(page, View()) == []
    assert trips(full, rider) == 0
    phone.set_offline(False)
    arrive(page, "/trips/[0-9a-f-]{36}$")
    assert trips(full, rider) == 1
    away = re.compile("ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to load resource")
    complaints[:] = [said for said in complaints if not away.search(said)]  # the browser says that it was offline


def test_an_answer_that_is_lost_does_not_double_the_trip(
    page: Page, phone: BrowserContext, full: World, rider: Person, complaints: list[str]
) -> None:
    walk, lost = Walk(phone, page), []

    def lose(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.goto("/trips/record")
    page.route("**/trips", lose)
    press(page, "开始记录")
    walk.until(4)
    press(page, "结束")
    press(page, "结束并提交")
    expect(page).to_have_url(re.compile("/trips/[0-9a-f-]{36}$"), timeout=2 * WAIT)
    assert lost == [201] and trips(full, rider) == 1
    complaints.clear()


def test_another_person_on_the_same_phone_sees_none_of_it(
    page: Page, phone: BrowserContext, full: World, complaints: list[str]
) -> None:
    walk = Walk(phone, page)
    page.goto("/trips/record")
    press(page, "开始记录")
    walk.until(3)
    other = somebody(full).login
    full.prefer(other, View())
    kept = full.cookies(other, View())
    phone.add_cookies([{"name": n, "value": v, "url": full.address} for n, v in kept.items()])
    page.goto("/trips/record")
    expect(page.get_by_role("button", name="开始记录")).to_be_visible()  # the script has looked at what the phone holds
    expect(page.get_by_role("heading", name="有一趟没结束的行程")).to_be_hidden()


def test_refused_location_leads_to_the_declared_act(chromium: Any, page: Page) -> None:
    page.goto("/trips/record")
    start = page.get_by_role("button", name="开始记录")
    refused = page.get_by_role("heading", name="手机没有允许使用位置")
    expect(start.or_(refused)).to_be_visible()
    if start.is_visible():
        with suppress(PlaywrightTimeout):  # the refusal may come first and take the button away
            start.click(timeout=2000)
    expect(refused).to_be_visible()
    assert examine(page, View()) == []
    page.get_by_role("link", name="骑行").locator("visible=true").click()
    expect(page).to_have_url(re.compile("/log/bike$"))


def test_a_recording_is_not_left_by_accident(page: Page, phone: BrowserContext) -> None:
    walk, asked = Walk(phone, page), []
    page.goto("/trips/record")
    press(page, "开始记录")
    walk.until(2)
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("link", name="首页").click()
    until(page, lambda: asked, "leaving asked nothing")
    assert "还在记录" in asked[0]
    expect(page).to_have_url(re.compile("/trips/record"))
    other = phone.new_page()
    other.goto("/trips/record")
    press(other, "接着记录")
    expect(other.get_by_role("heading", name="另一个窗口正在记录")).to_be_visible()
    other.goto("/trips")
    other.get_by_role("link", name="有一趟没结束的行程").click()
    expect(other).to_have_url(re.compile("/trips/record$"))
    other.close()


def test_a_large_file_is_refused_in_words(page: Page, tmp_path: Path, complaints: list[str]) -> None:
    large = tmp_path / "large.gpx"
    with large.open("wb") as out:
        out.truncate(100 * 1024 * 1024)
    page.goto("/trips/upload")
    page.set_input_files("#field-files", large)
    page.wait_for_function("() => document.querySelector('#field-files').validationMessage !== ''")
    page.evaluate("() => document.querySelector('#field-files').setCustomValidity('')")  # as without a script
    press(page, "上传并核验")
    expect(page.locator("#error-files")).to_contain_text("太大")
    complaints.clear()
