"""What home costs over the network: first visit and return, as the browser counts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browser.visit import PHONE, listen
from tests.browser.world import View, World

pytestmark = pytest.mark.browser


@dataclass
class Meter:
    """Counts the requests of a page and the bytes that travelled, headers included."""

    page: Any
    addresses: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.requestServedFromCache", lambda e: self.kept.add(e["requestId"]))
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)

    def _asked(self, event: Any) -> None:
        if event["request"]["url"].startswith("http"):
            self.addresses[event["requestId"]] = event["request"]["url"]
            self.kinds.add(event.get("type", ""))

    def _answered(self, event: Any) -> None:
        if event["response"].get("fromDiskCache"):
            self.kept.add(event["requestId"])

    def _finished(self, event: Any) -> None:
        self.sizes[event["requestId"]] = event["encodedDataLength"]

    def clear(self) -> None:
        for each in (self.addresses, self.sizes, self.kept, self.kinds):
            each.clear()

    @property
    def travelled(self) -> dict[str, float]:
        """Bytes by address, of what was not taken from the browser's own cache."""
        return {
            address: self.sizes.get(request, 0)
            for request, address in self.addresses.items()
            if request not in self.kept
        }


def test_home_is_light(full: World, chromium: Any, record_property: Any) -> None:
    context = chromium.new_context(viewport=PHONE, locale="zh-CN")
    context.add_cookies(
        [{"name": n, "value": v, "url": full.address} for n, v in full.cookies("member", View("auto")).items()]
    )
    full.prefer("member", View("auto"))
    page = context.new_page()
    said, meter = listen(page), Meter(page)
    for visit, bytes_most, requests_most in (("first", 90 * 1024, 12), ("return", 15 * 1024, 3)):
        meter.clear()
        page.goto(full.address, wait_until="networkidle")
        travelled = meter.travelled
        total = sum(travelled.values())
        record_property(f"home_{visit}", f"{total:.0f} bytes, {len(travelled)} requests")
        print(f"home, {visit} visit: {total:.0f} bytes in {len(travelled)} requests")
        assert total <= bytes_most, travelled
        assert len(travelled) <= requests_most, travelled
        assert "Font" not in meter.kinds
    context.close()
    assert not said
