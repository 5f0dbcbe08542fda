"""The browser that the other tests drive is a real one and reaches the app."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.browser
def test_a_real_browser_opens_the_first_page(live: str, chromium: Any) -> None:
    page = chromium.new_page(locale="zh-CN")
    answer = page.goto(live)
    assert answer.status == 200
    assert "碳普惠" in page.title()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.close()
