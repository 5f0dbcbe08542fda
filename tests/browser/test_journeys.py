"""The main loop as people go through it with JavaScript off: register, log, undo, redeem, be served, join a unit."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.visit import PHONE, WAIT, arrive
from tests.browser.world import DEMO_PASSWORD, LOGINS, View, World

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(chromium: Any, full: World) -> Iterator[Any]:
    """Opens a new phone without JavaScript at the given path."""
    contexts = []

    for who in ("member", "merchant"):
        full.prefer(who, View())  # other tests leave their own choices

    def open_at(path: str) -> Page:
        context = chromium.new_context(viewport=PHONE, locale="zh-CN", java_script_enabled=False, base_url=full.address)
        context.set_default_timeout(WAIT)
        contexts.append(context)
        page: Page = context.new_page()
        page.goto(path)
        return page

    yield open_at
    for context in contexts:
        context.close()


def sign_in(page: Page, who: str) -> None:
    page.goto("/sign-in?by=password")
    page.get_by_label("手机号或登录名").fill(LOGINS[who])
    page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    with page.expect_navigation():  # the next page must not cut the answer with the cookie short
        page.get_by_role("button", name="登录").click()
    expect(page).not_to_have_url(re.compile("/sign-in"))


def register(page: Page, phone: str) -> None:
    """With a code from the development inbox."""
    page.goto("/register")
    page.get_by_label("手机号").fill(phone)
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_role("link", name="打开开发收件箱").click()
    arrive(page, "/dev/sms$")
    code = page.locator("[data-code]").first.inner_text()
    page.go_back()
    page.get_by_label("6 位验证码").fill(code)
    page.get_by_role("button", name="确定").click()
    page.get_by_label("昵称").first.fill("无脚本")
    page.get_by_label("我已年满 14 周岁").check()
    page.get_by_label("我已阅读并同意").check()
    page.get_by_role("button", name="完成注册").click()
    expect(page.locator("h1")).to_contain_text("无脚本")


def photo() -> dict[str, Any]:
    """A picture nobody has used before."""
    made = io.BytesIO()
    Image.effect_noise((640, 480), 80).convert("RGB").save(made, "JPEG")
    return {"name": "walk.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}


def test_register_log_and_undo_without_scripts(plain: Any) -> None:
    page = plain("/")
    register(page, "13912340001")
    expect(page.get_by_role("link", name=re.compile("碳积分"))).to_contain_text("0")

    first = page.locator("form[data-tile] button").first
    name = first.locator(".tn").inner_text()
    first.click()
    flash = page.locator(".flash")
    expect(flash).to_contain_text("已记录")
    tile = page.locator("form[data-tile] button").filter(has_text=name)
    expect(tile).to_contain_text("已记录")
    flash.get_by_role("button", name="撤销").click()
    expect(page.locator(".flash")).to_contain_text("已撤销")
    expect(tile).not_to_contain_text("已记录")


def test_log_by_the_form_with_a_photo_without_scripts(plain: Any) -> None:
    page = plain("/")
    register(page, "13912340002")
    page.get_by_role("link", name="打卡", exact=True).click()
    page.get_by_role("link", name=re.compile("步行")).first.click()
    page.get_by_label(re.compile("^数量")).fill("1.5")
    page.get_by_label(re.compile("照片凭证")).set_input_files(photo())
    page.get_by_role("button", name="先算一算").click()
    expect(page.get_by_text("照片已收到")).to_be_visible()  # the photo survives the preview
    expect(page.get_by_label(re.compile("^数量"))).to_have_value("1.5")
    page.get_by_role("button", name="记录", exact=True).click()
    expect(page.locator(".flash")).to_contain_text("1.5 公里")
    expect(page.locator(".badge").filter(has_text="附照片").first).to_be_visible()
    expect(page.locator(".working").first).to_contain_text("1.5")
    page.goto("/activities")
    expect(page.locator(".list .row")).to_have_count(1)


def test_redeem_and_be_served_by_typed_code_without_scripts(plain: Any) -> None:
    page = plain("/")
    sign_in(page, "member")
    page.goto("/rewards")
    page.locator("a.reward").filter(has_text="食堂 1 元抵扣券").click()
    page.get_by_role("button", name=re.compile("用 50 积分兑换")).click()
    code = page.locator(".code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code)
    expect(page.get_by_role("img", name=re.compile("二维码"))).to_be_visible()
    address = page.url

    counter = plain("/")
    sign_in(counter, "merchant")
    counter.goto("/merchant")
    counter.get_by_role("link", name="核销兑换码").click()
    counter.get_by_label("兑换码").fill("NOSUCHCODE")
    counter.get_by_role("button", name="确认核销").click()
    expect(counter.get_by_label("兑换码")).to_have_value("NOSUCHCODE")  # what was typed stays
    expect(counter.locator("#error-code")).to_be_visible()
    counter.get_by_label("兑换码").fill(code.lower().replace("-", " "))
    counter.get_by_role("button", name="确认核销").click()
    expect(counter.locator("h1")).to_contain_text("核销成功")

    page.goto(address)
    expect(page.locator("main")).to_contain_text("已由商家核销")


def test_redeem_and_cancel_without_scripts(plain: Any) -> None:
    page = plain("/")
    sign_in(page, "member")
    page.goto("/statement?book=points")
    page.goto("/rewards")
    points = page.locator(".stat b").first.inner_text()
    page.locator("a.reward").filter(has_text="食堂 1 元抵扣券").click()
    page.get_by_role("button", name=re.compile("用 50 积分兑换")).click()
    page.get_by_role("link", name="取消兑换").click()
    page.get_by_role("button", name="确认取消").click()
    expect(page.locator("main")).to_contain_text("50 积分已退回")
    page.goto("/rewards")
    expect(page.locator(".stat b").first).to_have_text(points)


def test_join_a_unit_by_code_without_scripts(plain: Any, full: World) -> None:
    found = full.rows(
        "SELECT name, join_code FROM green_unit WHERE kind = 'enterprise' AND join_code IS NOT NULL"
        " AND parent_id IS NULL AND status = 'active' ORDER BY id LIMIT 1"
    )[0]
    page = plain("/")
    register(page, "13912340003")
    page.get_by_role("link", name="加入单位或社区").click()
    page.get_by_label("加入码").fill(found.join_code.lower())
    with page.expect_navigation():
        page.get_by_role("button", name="加入", exact=True).click()
    if page.locator("h1").inner_text().startswith("加入"):  # the unit has departments to choose from
        with page.expect_navigation():
            page.get_by_role("button", name="加入", exact=True).click()
    page.goto("/units")
    expect(page.locator("main .list").first).to_contain_text(found.name)


def test_a_visitor_tries_one_and_keeps_it_without_scripts(plain: Any) -> None:
    page = plain("/")
    page.get_by_role("button", name="算一算").click()
    expect(page.locator("#tried")).to_contain_text("g")
    register(page, "13912340004")
    page.goto("/activities")
    expect(page.locator(".list .row")).to_have_count(1)


def test_take_a_quiz_and_sign_up_for_a_session_without_scripts(plain: Any) -> None:
    page = plain("/")
    sign_in(page, "member")
    page.goto("/learn")
    page.get_by_role("navigation", name="学习的几种方式").get_by_role("link", name="测验").click()
    page.get_by_role("link", name=re.compile("绿色出行五题")).click()
    page.get_by_role("button", name="开始计分作答").click()
    page.get_by_role("button", name="保存，下一题").click()
    expect(page.get_by_role("alert")).to_contain_text("请先选一个答案")
    for n in range(1, 6):
        expect(page.locator("main")).to_contain_text(f"第 {n} 题，共 5 题")
        page.locator("input[name=chosen]").first.check()
        page.get_by_role("button", name="保存，下一题").click()
    expect(page.locator("main")).to_contain_text("已答 5 / 5")
    page.reload()
    page.get_by_role("button", name="交卷").click()
    expect(page.locator("main")).to_contain_text("/ 5 题，需要 4 题")
    expect(page.get_by_text("正确答案").first).to_be_visible()
    page.goto("/quizzes")
    expect(page.get_by_role("link", name=re.compile("绿色出行五题"))).to_contain_text("今天")

    page.goto("/sessions")
    page.get_by_role("link", name=re.compile("旧衣改造工作坊")).click()
    expect(page.locator("main")).to_contain_text("组织者能看到您的昵称")
    page.get_by_role("button", name="报名", exact=True).click()
    expect(page.locator(".flash")).to_contain_text("报名成功")
    expect(page.locator("#sign-up")).to_contain_text("到场后扫屏幕上的二维码签到")
