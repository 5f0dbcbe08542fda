"""Pages that no address alone brings up: refusals, forms with mistakes, an opened menu."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.visit import DESKTOP, PHONE, Visitor, examine, listen, resize
from tests.browser.world import ANONYMOUS, View, World

pytestmark = pytest.mark.browser
ELDER, DARK_ENGLISH = View(elder=True), View("dark", lang="en")


def _check(page: Any, view: View, said: list[str], status: int | None = None) -> None:
    """Nothing is wrong with the page that is open, apart from the refusal we asked for."""
    wrong = examine(page, view)
    page.close()
    expected = f"status of {status}" if status else None
    wrong += [line for line in said if not (expected and expected in line)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("view", [ELDER, DARK_ENGLISH], ids=str)
@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (ANONYMOUS, "/no-such-page", 404),
        ("member", "/console", 403),
        ("member", "/rewards/999999", 404),
        (ANONYMOUS, "/units/join/NOSUCH99", 404),
    ],
)
def test_a_refusal(visitor: Visitor, full: World, who: str, path: str, status: int, view: View) -> None:
    page = visitor.page(full, who, view)
    said = listen(page)
    answer = page.goto(full.address + path)
    assert answer.status == status
    _check(page, view, said, status)


MISTAKES = [
    (ANONYMOUS, "/sign-in?by=password", {}),
    (ANONYMOUS, "/sign-in?by=code", {"phone": "12"}),
    (ANONYMOUS, "/forgot", {"phone": "12"}),
    ("fresh", "/log/walk", {"quantity": "many"}),
    ("fresh", "/units", {"code": "NOPE"}),
    ("merchant", "/merchant/fulfil", {"code": "NOSUCHCODE"}),
    ("editor", "/console/campaigns/new", {}),
    ("editor", "/console/rewards/new", {}),
    ("editor", "/console/announcements/new", {}),
    ("administrator", "/console/units/new", {}),
]


@pytest.mark.parametrize("view", [ELDER, DARK_ENGLISH], ids=str)
@pytest.mark.parametrize(("who", "path", "typed"), MISTAKES)
def test_a_form_with_a_mistake(
    visitor: Visitor, full: World, who: str, path: str, typed: dict[str, str], view: View
) -> None:
    page = visitor.page(full, who, view)
    said = listen(page)
    page.goto(full.address + path)
    page.evaluate("() => document.querySelectorAll('main form').forEach((f) => { f.noValidate = true; })")
    for name, text in typed.items():
        page.fill(f"main [name={name}]", text)
    with page.expect_navigation() as arrived:
        page.evaluate("() => document.querySelector('main form.form, main form').requestSubmit()")
    status = arrived.value.status
    assert 400 <= status < 500
    expect(page.locator("[aria-invalid=true], main [role=alert], main .note.bad").first).to_be_attached()
    _check(page, view, said, status)


def test_the_staff_menu_opens_on_a_phone(visitor: Visitor, full: World) -> None:
    page = visitor.page(full, "administrator", View())
    said = listen(page)
    page.goto(full.address + "/console")
    menu = page.locator(".sidemenu")
    expect(menu).not_to_have_attribute("open", re.compile(""))  # folded on a phone
    page.locator(".sidemenu > summary").click()
    expect(page.locator(".sidemenu a").first).to_be_visible()
    page.locator(".sidemenu > summary").click()
    resize(page, DESKTOP)
    page.locator(".sidemenu a").first.wait_for(state="visible")  # the summary is gone: nobody could open it
    resize(page, PHONE)
    page.locator(".sidemenu > summary").click()
    _check(page, View(), said)
