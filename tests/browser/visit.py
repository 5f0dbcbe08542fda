"""Opens one page as one person and says everything that is wrong with it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.pages import Case
from tests.browser.world import View, World

HERE = Path(__file__).parent
WAIT = 15_000  # milliseconds; the machine may be busy
AXE = (HERE / "axe.min.js").read_text(encoding="utf-8")
PROBE = (HERE / "probe.js").read_text(encoding="utf-8").partition("*/")[2].strip()
WIDE = (HERE / "wide.js").read_text(encoding="utf-8").partition("*/")[2].strip()
RUN_AXE = """() => axe.run(document, {
  runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
  resultTypes: ["violations"],
}).then((found) => found.violations.map((v) => v.id + " (" + v.impact + "): " +
  v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + n.html.slice(0, 120)).join(" | ")))"""
PHONE, NARROW, DESKTOP = (
    {"width": 390, "height": 844},
    {"width": 320, "height": 640},
    {"width": 1280, "height": 800},
)


def until(page: Any, holds: Callable[[], Any], what: str) -> None:
    """Wait for what is not on the page itself (a row, a list of ours) while the page goes on; fails with `what`."""
    ends = time.monotonic() + WAIT / 1000
    while not holds():
        assert time.monotonic() < ends, what
        page.wait_for_timeout(50)


def arrive(page: Any, address: str) -> None:
    """Wait until the page at an address that matches is open and whole, so that keys and scripts meet all of it."""
    expect(page).to_have_url(re.compile(address))
    page.wait_for_load_state()


def steady(locator: Any) -> str:
    """What it says once that has not changed for half a second: painting may lag behind the click that ended it."""
    page, said = locator.page, locator.inner_text()
    for _ in range(40):
        page.wait_for_timeout(500)
        now = locator.inner_text()
        if now == said:
            return str(said)
        said = now
    raise AssertionError(f"{said!r} keeps changing")


def resize(page: Any, size: dict[str, int]) -> None:
    """Change the window and wait until the page has noticed."""
    page.set_viewport_size(size)
    page.wait_for_function("(w) => matchMedia(`(width: ${w}px)`).matches", arg=size["width"])


class Visitor:
    """One browser; a person who comes back finds their own cookies, and nobody else's."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self._contexts: dict[tuple[str, str], Any] = {}
        self._tabs: dict[tuple[str, str], tuple[Any, list[str]]] = {}

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()

    def page(self, world: World, who: str, view: View, way_in: str | None = None) -> Any:
        """A fresh page of this person's browser, set up as they like it."""
        return self._context(world, who, view, way_in).new_page()

    def faults(self, world: World, case: Case, view: View) -> list[str]:
        """Everything wrong with this page, a line each."""
        page, said = self._tab(world, case, view)
        said.clear()
        try:
            with world.staged(case.way_in):
                answer = page.goto(world.address + case.path, wait_until="load")
            wrong = [] if answer.status == 200 else [f"answers {answer.status}"]
            arrived = urlsplit(page.url)
            if arrived.path != urlsplit(case.path).path:
                wrong.append(f"leads to {arrived.path}")
            return [*wrong, *examine(page, view), *said]
        except BaseException:
            del self._tabs[world.name, case.who]  # who knows what it is doing: the next one looks in a new tab
            page.close()
            raise

    def _context(self, world: World, who: str, view: View, way_in: str | None) -> Any:
        key = (world.name, who)
        if key not in self._contexts:
            self._contexts[key] = self.browser.new_context(
                viewport=PHONE, locale="zh-CN", color_scheme="light", reduced_motion="reduce"
            )
        context = self._contexts[key]
        context.clear_cookies()
        context.add_cookies(
            [{"name": n, "value": v, "url": world.address} for n, v in world.cookies(who, view, way_in).items()]
        )
        world.prefer(who, view, proved=way_in != "stale")
        return context

    def _tab(self, world: World, case: Case, view: View) -> tuple[Any, list[str]]:
        """The tab in which this person looks at one page after the other, and what is said in it.

        Opening a new one costs more than everything that is looked at.
        """
        context, key = self._context(world, case.who, view, case.way_in), (world.name, case.who)
        if key not in self._tabs:
            page = context.new_page()
            self._tabs[key] = page, listen(page)
        return self._tabs[key]


def listen(page: Any, into: list[str] | None = None) -> list[str]:
    """A list that fills with what the console, the scripts and the network complain about."""
    said: list[str] = [] if into is None else into
    page.on("console", lambda m: said.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(f"script: {error}"))
    page.on("requestfailed", lambda r: _failed(r, said))
    return said


def _failed(request: Any, said: list[str]) -> None:
    if request.failure != "net::ERR_ABORTED":  # a preview under way when the form is sent
        said.append(f"request failed: {request.url} {request.failure}")


def examine(page: Any, view: View) -> list[str]:
    """axe, sizes, contrast, headings and width of the page that is open, at phone width."""
    page.evaluate(AXE)
    wrong = [f"axe: {line}" for line in page.evaluate(RUN_AXE)]
    found = page.evaluate(PROBE, view.elder)
    wrong += [f"text too small, {line}" for line in found["tiny"]]
    wrong += [f"text too faint, {line}" for line in found["faint"]]
    wrong += [f"target too small, {line}" for line in found["small"]]
    if found["headings"] != 1:
        wrong.append(f"{found['headings']} h1")
    shown = (found["lang"], found["theme"], found["elder"])
    if shown != (view.lang, view.theme, view.elder):
        wrong.append(f"shown as {shown} and not as {view}")
    for size in (DESKTOP, NARROW, PHONE):
        if page.viewport_size != size:
            resize(page, size)
        wrong += [f"scrolls sideways: {line}" for line in page.evaluate(WIDE)]
    return wrong
