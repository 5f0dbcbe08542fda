"""With JavaScript on: the tile answers at once, its toast undoes, and everything can be reached by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visit import PHONE, WAIT, arrive, examine, listen, until
from tests.browser.world import View, World
from tests.people import Person, give_points, make_member

pytestmark = pytest.mark.browser
MOST_TABS = 60


@pytest.fixture
def rider(full: World) -> Person:
    """Somebody new with points to spend."""
    person = make_member(full.house, f"rider-{len(full.members)}", nickname="小骑")
    full.members[person.login] = person.id
    give_points(full.house, person, 500)
    return person


@pytest.fixture
def complaints() -> list[str]:
    """What the scripts and the content policy complained about; a test that provokes some takes them out."""
    return []


@pytest.fixture
def page(chromium: Any, full: World, rider: Person, complaints: list[str]) -> Iterator[Page]:
    """The rider's phone."""
    context = chromium.new_context(viewport=PHONE, locale="zh-CN", base_url=full.address)
    context.set_default_timeout(WAIT)
    kept = full.cookies(rider.login, View())
    context.add_cookies([{"name": n, "value": v, "url": full.address} for n, v in kept.items()])
    full.prefer(rider.login, View())
    made: Page = context.new_page()
    listen(made, complaints)
    yield made
    context.close()
    assert not complaints


def test_a_tile_shows_that_it_is_recorded_and_the_toast_undoes_it(page: Page) -> None:
    page.goto("/")
    page.evaluate("() => { window.stayed = true; }")
    tile = page.locator("form[data-tile]").first
    button = tile.locator("button")
    button.click()
    toast = page.locator("#toasts .flash")
    expect(toast).to_contain_text("已记录")
    expect(page.locator("form[data-tile]").first).to_have_class(re.compile("done"))
    expect(page.locator("form[data-tile] button").first).to_contain_text("已记录")
    expect(page.locator("#live")).to_contain_text("已记录")  # said once, politely
    assert page.evaluate("() => window.stayed"), "the page was loaded anew"
    toast.get_by_role("button", name="撤销").focus()  # it stays as long, however long the look at the page takes
    assert examine(page, View()) == []
    toast.get_by_role("button", name="撤销").click()
    expect(page.locator(".flash")).to_contain_text("已撤销")
    expect(page.locator("form[data-tile] button").first).not_to_contain_text("已记录")


def test_a_tap_that_is_not_sent_puts_the_tile_back(page: Page, complaints: list[str]) -> None:
    page.goto("/")
    page.route("**/tap", lambda route: route.abort())
    page.locator("form[data-tile] button").first.click()
    expect(page.locator("#toasts .flash.bad")).to_contain_text("网络不通")
    expect(page.locator("form[data-tile]").first).not_to_have_class(re.compile("done"))
    page.unroute("**/tap")
    until(page, lambda: any("/tap" in said for said in complaints), "the aborted request was not noticed")
    page.locator("form[data-tile] button").first.click()
    expect(page.locator("#toasts .flash.good")).to_contain_text("已记录")
    lost = re.compile("/tap|ERR_FAILED|htmx:(afterRequest|sendError)")
    complaints[:] = [said for said in complaints if not lost.search(said)]


FOCUSED = """() => {
  const e = document.activeElement;
  if (e === document.body) return ["", true, true];  // past the last one, before the first
  const box = e.getBoundingClientRect();
  const label = e.labels && e.labels[0] ? e.labels[0].innerText : "";
  const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const clear = middle === e || e.contains(middle) || (middle && middle.contains(e));
  // the button inside a date field has the focus without its host: the style sheet gives it its own ring
  const ring = getComputedStyle(e).outlineStyle !== "none" || !e.matches(":focus");
  return [(label + " " + (e.innerText || "") + " " + (e.getAttribute("aria-label") || "")).trim(), clear, ring];
}"""


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until what is focused has `wanted` in its words; what is focused must be seen."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        words, clear, ring = page.evaluate(FOCUSED)
        for _ in range(20):
            if clear and ring:
                break
            page.wait_for_timeout(50)  # it may still be scrolled to
            words, clear, ring = page.evaluate(FOCUSED)
        passed.append(words[:20])
        assert clear, f"the focus on {words!r} is hidden"
        assert ring, f"the focus on {words!r} has no ring"
        if wanted in words:
            return
    raise AssertionError(f"{wanted!r} was not reached: {passed}")


def test_log_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "全部行为")
    page.keyboard.press("Enter")
    arrive(page, "/log$")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the menu
    tab_to(page, "步行")
    page.keyboard.press("Enter")
    arrive(page, "/log/")
    tab_to(page, "数量")
    page.keyboard.press("Control+a")
    page.keyboard.type("2")
    tab_to(page, "记录")
    page.keyboard.press("Enter")
    expect(page.locator(".flash")).to_contain_text("2 公里")


def test_redeem_by_keyboard_alone(page: Page) -> None:
    page.goto("/rewards")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    tab_to(page, "食堂 1 元抵扣券")
    page.keyboard.press("Enter")
    arrive(page, r"/rewards/\d+$")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    tab_to(page, "用 50 积分兑换")
    page.keyboard.press("Space")
    expect(page.locator(".code")).to_have_text(re.compile(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$"))
    page.wait_for_load_state()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    tab_to(page, "取消兑换")
    page.keyboard.press("Enter")
    arrive(page, "/cancel$")
    tab_to(page, "确认取消")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("50 积分已退回")
