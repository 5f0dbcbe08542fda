"""The energy-saving week of another year in a browser: copied, a quiz and a scan added, joined, done, settled, summed up."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from points_engine.clock import local_day
from tests.browser.test_journeys import sign_in
from tests.browser.visit import PHONE, WAIT
from tests.browser.world import View, World
from tests.rooms.test_campaign_tasks import make_quiz, passes
from webapp.campaigns import service as campaigns
from webapp.places import queries as places
from webapp.places import service as scanning
from webapp.places.forms import Scan

pytestmark = pytest.mark.browser


@pytest.fixture
def open_at(chromium: Any, full: World) -> Iterator[Any]:
    """Opens a new phone for somebody of the demo."""
    contexts = []

    def new(who: str, path: str) -> Page:
        full.prefer(who, View())
        context = chromium.new_context(viewport=PHONE, locale="zh-CN", base_url=full.address)
        context.set_default_timeout(WAIT)
        contexts.append(context)
        page: Page = context.new_page()
        sign_in(page, who)
        page.goto(path)
        return page

    yield new
    for context in contexts:
        context.close()


def copied(page: Page, day: str, kind: str) -> int:
    """Last year's week again, with a quiz and a scan; its number."""
    page.get_by_role("link", name=re.compile("节能宣传周")).first.click()
    page.get_by_label("照这个再办一次").fill(day)
    page.get_by_role("button", name="复制成草稿").click()
    expect(page.locator("main")).to_contain_text("草稿")
    page.get_by_label("中文标题").first.fill(f"节能宣传周 {day}")  # a title of its own, as every page has
    page.get_by_label("英文标题").first.fill(f"Energy week {day}")
    page.get_by_role("button", name="加：通过测验").click()
    page.get_by_role("button", name="加：到点扫码").click()
    page.get_by_label("在哪里扫码").select_option(f"kind:{kind}")
    page.locator("details[open]").last.get_by_label("奖励积分").fill("15")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("summary", has_text="到点扫码打卡")).to_be_visible()
    page.get_by_role("link", name="发布预告").click()
    page.get_by_role("button", name="发布预告").click()
    expect(page.locator("main")).to_contain_text("待开始")
    return int(page.url.rsplit("/", 1)[1].partition("?")[0])


def test_a_week_from_its_copy_to_its_summary(open_at: Any, full: World) -> None:
    house, now = full.house, full.house.clock.now()
    test = make_quiz(house)
    editor = open_at("editor", "/console/campaigns")
    with house.store.read() as tx:
        spot = next(p for p in places.managed(tx, None) if p.opens is None and "" not in p.behaviours.values())
    tries = (
        len(full.rows("SELECT id FROM campaign WHERE slug LIKE 'energy-week-%'")) - 1
    )  # tried again, it begins earlier
    number = copied(editor, (local_day(now) - timedelta(days=tries)).isoformat(), spot.kind)
    campaigns.move_by_clock(house.store, now)

    member = open_at("member", f"/campaigns/{number}")
    member.get_by_role("button", name="参加", exact=True).click()
    expect(member.locator("main")).to_contain_text("已参加")
    today = member.locator("td[aria-current=date]")
    expect(today.locator("small")).to_contain_text("日")  # its theme
    who = full.principal("member").member_id  # type: ignore[union-attr]
    given = Scan(str(uuid.uuid4()), list(spot.behaviours)[-1], None, "", None, 10.0)
    house.store.retrying(
        lambda tx: scanning.scan_place(tx, house.catalogue, house.settings.track_key, who, spot.code, given, now)
    )
    passes(house, who, test, now)
    campaigns.catch_up(house.store, house.catalogue, now + timedelta(minutes=1))
    member.reload()
    expect(today).to_have_class(re.compile("did"))
    for task in ("通过一次测验", "到点扫码打卡"):
        expect(member.locator("li.row", has_text=task)).to_contain_text("已完成")

    for days in (7, 10):
        campaigns.catch_up(house.store, house.catalogue, now + timedelta(days=days))
        campaigns.move_by_clock(house.store, now + timedelta(days=days))
    editor.goto(f"/console/campaigns/{number}/summary")
    expect(editor.locator("main")).to_contain_text("已结算")
    editor.get_by_label("写在总结里的话").fill("圆满结束")
    editor.get_by_role("button", name="一键生成总结").click()
    expect(editor.get_by_role("heading", name="每天", exact=True)).to_be_visible()
    expect(editor.locator("main")).to_contain_text("圆满结束")
    expect(editor.locator("main")).to_contain_text(re.compile("[0-9a-f]{64}"))
    editor.emulate_media(media="print")
    expect(editor.locator(".actions").first).to_be_hidden()
    editor.emulate_media(media="screen")
    with editor.expect_download() as workbook:
        editor.get_by_role("link", name="下载 Excel").click()
    assert workbook.value.suggested_filename == f"campaign-{number}-summary-1.xlsx"
