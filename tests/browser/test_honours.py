"""A whole round of an honour in a browser: made, nominated, on notice, objected to, given, proved and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from points_engine.clock import local_day
from tests.browser.test_journeys import sign_in
from tests.browser.visit import DESKTOP, WAIT
from tests.browser.world import View, World
from webapp.honours import service
from webapp.honours.tables import honour_round

pytestmark = pytest.mark.browser


@pytest.fixture
def open_at(chromium: Any, full: World) -> Iterator[Any]:
    """Opens a new window for somebody of the demo."""
    contexts = []
    for who in ("hr", "editor", "reviewer", "administrator"):
        full.prefer(who, View())

    def new(who: str, path: str) -> Page:
        context = chromium.new_context(viewport=DESKTOP, locale="zh-CN", base_url=full.address)
        context.set_default_timeout(WAIT)
        contexts.append(context)
        page: Page = context.new_page()
        sign_in(page, who)
        page.goto(path)
        return page

    yield new
    for context in contexts:
        context.close()


def let_end(full: World, number: int, what: str) -> None:
    """Nominations, or the notice, of this round end now; the park's other rounds go on."""
    now = full.house.clock.now()
    with full.house.store.write() as tx:
        tx.execute(update(honour_round).where(honour_round.c.id == number).values({what: now}))
    service.move_by_clock(full.house.store, now)


def test_a_round_from_its_template_to_a_revocation(open_at: Any, full: World) -> None:
    store, now = full.house.store, full.house.clock.now()
    today = local_day(now)
    editor = open_at("editor", "/console/honours/new?honour=low_carbon_pioneer")
    editor.get_by_role("checkbox", name="年度榜单名次").uncheck()
    editor.get_by_label("不低于 (千克)", exact=True).fill("1")
    editor.get_by_label("申报第一天").fill(today.isoformat())
    editor.get_by_label("申报最后一天").fill((today + timedelta(days=2)).isoformat())
    editor.get_by_label("书面异议送达地址").fill("园区管委会 3 楼")
    editor.get_by_role("button", name="保存草稿").click()
    editor.get_by_role("button", name="发布评选").click()
    expect(editor.locator("main")).to_contain_text("申报中")
    number = int(re.search(r"/honours/(\d+)", editor.url).group(1))  # type: ignore[union-attr]
    service.screen(store, number, now)  # what the worker does
    editor.goto(f"/console/honours/{number}/matches")
    editor.get_by_role("button", name="提名").first.click()
    editor.get_by_role("link", name="待审核").first.click()
    one = editor.url

    reviewer = open_at("reviewer", one)
    reviewer.get_by_label("理由").first.fill("数据与材料一致")
    reviewer.get_by_role("button", name="列入名单").click()
    expect(reviewer.locator("main")).to_contain_text("数据与材料一致")
    let_end(full, number, "closes_at")
    editor.goto(f"/console/honours/{number}")
    editor.get_by_role("button", name="提交公示名单").click()
    expect(editor.locator("main")).to_contain_text("需要另一位编辑或管理员批准公示")
    boss = open_at("administrator", f"/console/honours/{number}")
    boss.get_by_role("button", name="批准，开始公示").click()
    expect(boss.locator("main")).to_contain_text("公示中")

    doubter = open_at("hr", f"/honours/rounds/{number}")
    doubter.locator("main a[href*='/candidates/']").first.click()
    doubter.get_by_label("理由").fill("请核实三月的记录")
    doubter.get_by_role("button", name="提交异议").click()
    expect(doubter.locator("main")).to_contain_text("核实中")
    reviewer.goto(one)
    reviewer.get_by_label("理由").last.fill("已核实，记录属实")
    reviewer.get_by_role("button", name="异议不成立").click()
    expect(reviewer.locator("main")).to_contain_text("已核实，记录属实")

    let_end(full, number, "notice_until")
    editor.reload()
    editor.get_by_role("button", name="提请授予").click()
    boss.reload()
    boss.get_by_role("button", name="批准授予").click()
    expect(boss.locator("main")).to_contain_text("已授予")
    picture = boss.request.get(one.replace("/console", "") + "/certificate.png")
    assert picture.ok and picture.headers["content-type"] == "image/png"
    code = full.rows(f"SELECT code FROM honour_award WHERE round_id = {number}")[0].code
    doubter.goto(f"/honours/verify/{code}")
    expect(doubter.locator("main")).to_contain_text("真实有效")

    editor.goto(one)
    editor.get_by_text("提出撤销").first.click()
    editor.get_by_label("理由").last.fill("查实虚报")
    editor.get_by_role("button", name="提出撤销").click()
    boss.goto(one)
    boss.get_by_role("button", name="撤销荣誉").click()
    doubter.reload()
    expect(doubter.locator("main")).to_contain_text("已撤销")
    expect(doubter.locator("main")).to_contain_text("查实虚报")
