"""A unit's year of energy in a browser: typed, imported with a fault and then without, published by staff, read by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from points_engine.clock import local_day
from tests.browser.test_journeys import sign_in
from tests.browser.visit import PHONE, WAIT
from tests.browser.world import View, World

pytestmark = pytest.mark.browser


@pytest.fixture
def open_at(chromium: Any, full: World) -> Iterator[Any]:
    """Opens a new phone for somebody of the demo."""
    contexts = []
    for who in ("hr", "editor"):
        full.prefer(who, View())

    def new(who: str | None, path: str) -> Page:
        context = chromium.new_context(viewport=PHONE, locale="zh-CN", base_url=full.address)
        context.set_default_timeout(WAIT)
        contexts.append(context)
        page: Page = context.new_page()
        if who:
            sign_in(page, who)
        page.goto(path)
        return page

    yield new
    for context in contexts:
        context.close()


def test_told_imported_published_and_read(open_at: Any, full: World) -> None:
    unit = full.rows("SELECT min(unit_id) AS id FROM energy_letter WHERE status = 'sent'")[0].id
    year = local_day(full.house.clock.now()).year - 1
    page = open_at("hr", f"/energy/units/{unit}/readings?year={year}")
    page.get_by_label("月份", exact=True).fill(f"{year}-11")
    page.get_by_label("能源品种").select_option("petrol")
    page.get_by_label("用量", exact=True).fill("310.5")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("region", name="填报记录")).to_contain_text("310.5")

    page.goto(f"/energy/units/{unit}/files")
    head = "月份,能源品种,用量\n"
    for text, faults in ((f"{year}-10,汽油,三百\n", 1), (f"{year}-10,汽油,300\n", 0)):
        page.goto(f"/energy/units/{unit}/files")
        sheet = {"name": "a.csv", "mimeType": "text/csv", "buffer": (head + text).encode()}
        page.get_by_label("Excel").set_input_files(sheet)
        page.get_by_role("button", name="上传并预览").click()
        expect(page.get_by_role("heading", name="这份文件会做什么")).to_be_visible()
        expect(page.get_by_role("button", name="确认导入")).to_have_count(1 - faults)
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_role("heading", name="这份文件做了什么")).to_be_visible()

    page.goto(f"/energy/units/{unit}?year={year}")
    expect(page.get_by_role("img", name="综合能耗")).to_be_visible()
    page.goto(f"/energy/units/{unit}/facts")
    page.get_by_role("button", name="同意公示").click()
    expect(page.get_by_role("button", name="不再公示")).to_be_visible()

    desk = open_at("editor", f"/energy/units/{unit}/publish?year={year}")
    desk.get_by_label("数据来源").fill("供电账单")
    desk.get_by_role("button", name="公示", exact=True).click()
    expect(desk.get_by_role("link", name=f"{year} 年第 1 版")).to_be_visible()

    visitor = open_at(None, f"/energy?year={year}")
    visitor.locator(f"a[href='/energy/published/{unit}/{year}']").click()
    expect(visitor.get_by_text("供电账单")).to_be_visible()
