"""An administrator's whole challenge in a browser: template, live preview, check, publish, joined, settled, reported."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from points_engine.clock import LOCAL
from tests.browser.test_journeys import sign_in
from tests.browser.visit import PHONE, WAIT
from tests.browser.world import View, World
from webapp.challenges.jobs import move_challenges, refresh_challenges

pytestmark = pytest.mark.browser
THREE_MINUTES = 180


@pytest.fixture
def open_at(chromium: Any, full: World) -> Iterator[Any]:
    """Opens a new phone, with JavaScript, for somebody of the demo."""
    contexts = []
    for who in ("member", "hr"):
        full.prefer(who, View())

    def new(who: str, path: str) -> Page:
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


def test_a_challenge_from_its_template_to_the_report(open_at: Any, full: World) -> None:
    now = full.house.clock.now()
    unit = full.rows("SELECT unit_id FROM challenge ORDER BY id")[0].unit_id
    began = time.monotonic()
    page = open_at("hr", f"/unit-admin/{unit}/challenges")
    page.get_by_role("button", name="用这个模板：节能宣传周挑战").click()
    page.get_by_label("名称", exact=True).fill("班组一周挑战")
    starts = now.astimezone(LOCAL)
    page.get_by_label("开始").fill(starts.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("结束").fill((starts + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("任务 1").select_option("person.days")
    page.get_by_label("目标", exact=True).first.fill("1")
    page.get_by_label("藤紫").check()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("班组一周挑战")  # without a reload
    expect(preview).to_contain_text("每人 1 天有行动")
    page.get_by_label("目标", exact=True).first.fill("")
    expect(preview).to_contain_text("请填写")
    page.get_by_label("目标", exact=True).first.fill("1")
    page.get_by_role("button", name="保存并检查").click()
    expect(page.get_by_role("heading", name="发布前检查")).to_be_visible()
    expect(page.locator("main")).to_contain_text(
        "容易被刷"
    )  # thirty points for one tick of a box: it cannot be published
    page.get_by_role("link", name="修改").click()
    page.get_by_label("奖励积分").first.fill("5")
    page.get_by_role("button", name="保存并检查").click()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.locator("main")).to_contain_text("待开始")
    assert time.monotonic() - began < THREE_MINUTES
    number = int(re.search(r"/challenges/(\d+)", page.url).group(1))  # type: ignore[union-attr]

    colleague = open_at("member", "/challenges")
    colleague.get_by_role("link", name=re.compile("班组一周挑战")).click()
    colleague.get_by_role("button", name="参加", exact=True).click()
    expect(colleague.locator("main")).to_contain_text("已参加")
    colleague.wait_for_function("getComputedStyle(document.body).getPropertyValue('--brand').trim() === '#5b3cc4'")
    colleague.goto("/")
    colleague.locator("form[data-tile] button").first.click()
    expect(colleague.locator(".flash, .toasts").first).to_contain_text("已记录")

    move_challenges(full.house, now + timedelta(minutes=1))
    refresh_challenges(full.house, now + timedelta(minutes=2))
    page.reload()
    expect(page.locator("main")).to_contain_text("进行中")
    for days in (7, 11):
        move_challenges(full.house, now + timedelta(days=days))
    colleague.goto(f"/challenges/{number}")
    expect(colleague.get_by_role("link", name="下载证书")).to_be_visible()
    page.goto(f"/unit-admin/{unit}/challenges/{number}/report")
    expect(page.locator("main")).to_contain_text("已结算")
    expect(page.locator("main")).to_contain_text(re.compile("[0-9a-f]{64}"))
    with page.expect_download() as workbook:
        page.get_by_role("link", name="下载 Excel").click()
    assert workbook.value.suggested_filename == f"challenge-{number}.xlsx"
