"""What the browser is not needed for: titles that tell pages apart, language and heading, the weight of HTML, CSS and scripts."""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.pages import REDIRECTS, RESIDENTS, Case, cases, page_endpoints
from tests.browser.world import View, World
from webapp.settings import ROOT

pytestmark = pytest.mark.browser  # for the worlds, which a quick run should not have to build
HTML_MOST, CSS_MOST, SCRIPTS_MOST = 14 * 1024, 16 * 1024, 32 * 1024
LANGUAGES = ("zh-CN", "en")


def _everything(world: World) -> list[Case]:
    endpoints = [e for e in page_endpoints(world.app) if e not in REDIRECTS]
    return [case for endpoint in endpoints for case in cases(world, endpoint)]


def _read(world: World, lang: str) -> Iterator[tuple[Case, str]]:
    """Every page's HTML in this language, from the application in this process."""
    found = _everything(world)
    for who in {case.who for case in found}:
        world.prefer(who, View(lang=lang))
    for case in found:
        client = world.app.test_client()
        if case.way_in == "stale":
            world.prefer(case.who, View(lang=lang), proved=False)
        for name, value in world.cookies(case.who, View(lang=lang), case.way_in).items():
            client.set_cookie(name, value)
        answer = client.get(case.path)
        if case.way_in == "stale":
            world.prefer(case.who, View(lang=lang))
        assert answer.status_code == 200, f"{case} answers {answer.status_code}"
        yield case, answer.get_data(as_text=True)


@pytest.fixture(scope="module", params=LANGUAGES)
def documents(request: pytest.FixtureRequest, full: World) -> dict[Case, str]:
    return dict(_read(full, str(request.param)))


def test_titles_tell_pages_apart(documents: dict[Case, str]) -> None:
    by_title: dict[tuple[str, str], set[str]] = defaultdict(set)
    for case, html in documents.items():
        title = re.search(r"<title>(.*?)</title>", html, re.S)
        assert title and title[1].strip(), f"{case} has no title"
        by_title[case.who, title[1]].add(urlsplit(case.path).path)  # the same page filtered is the same page
    shared = {key: sorted(paths) for key, paths in by_title.items() if len(paths) > 1}
    assert not shared, "\n".join(f"{who}: {title!r} on {paths}" for (who, title), paths in shared.items())


def test_every_page_has_one_heading_and_says_its_language(
    documents: dict[Case, str], request: pytest.FixtureRequest
) -> None:
    lang = request.node.callspec.params["documents"]
    for case, html in documents.items():
        assert len(re.findall(r"<h1[ >]", html)) == 1, f"{case} has not one h1"
        assert re.search(rf'<html lang="{lang}"', html), f"{case} is not in {lang}"


def test_pages_carry_no_style_and_no_script_of_their_own(documents: dict[Case, str]) -> None:
    for case, html in documents.items():
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=", html), case


def test_pages_for_residents_are_light(documents: dict[Case, str]) -> None:
    heavy = {
        f"{case}: {size}"
        for case, html in documents.items()
        if case.who in RESIDENTS and not case.endpoint.startswith("unit_admin")
        if (size := _packed(html)) > HTML_MOST
    }
    assert not heavy, heavy


def test_styles_and_scripts_are_light() -> None:
    styles = list((ROOT / "static").rglob("*.css"))
    assert sum(_packed(path.read_text()) for path in styles) <= CSS_MOST
    scripts = list((ROOT / "static").rglob("*.js"))
    assert sum(_packed(path.read_text()) for path in scripts) <= SCRIPTS_MOST
    kinds = {path.suffix for path in (ROOT / "static").rglob("*")}
    assert not kinds & {".woff", ".woff2", ".ttf", ".otf"}, "pages use the fonts of the phone"


def _packed(text: str | Any) -> int:
    return len(gzip.compress(text.encode(), 5))
