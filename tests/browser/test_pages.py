"""Every page for everybody who may see it: axe, sizes, contrast, width, headings, language, console."""

from __future__ import annotations

import zlib

import pytest

from tests.browser.pages import NOT_PAGES, REDIRECTS, RESIDENTS, VIEWS, Case, cases, rule_for
from tests.browser.visit import Visitor
from tests.browser.world import ANONYMOUS, View, World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("park", ["full", "empty"])
def test_nothing_is_wrong_with_the_page(
    endpoint: str, park: str, visitor: Visitor, all_pages: bool, request: pytest.FixtureRequest
) -> None:
    if endpoint in REDIRECTS:
        return
    world: World = request.getfixturevalue(park)
    wrong = [
        f"{case} in {view}: {line}"
        for case, view in _chosen(list(cases(world, endpoint)), park, all_pages)
        for line in visitor.faults(world, case, view)
    ]
    if wrong:
        pytest.fail(f"{len(wrong)} faults\n" + "\n".join(wrong), pytrace=False)


def _chosen(found: list[Case], park: str, everything: bool) -> list[tuple[Case, View]]:
    """What is looked at: everything in all views (one desk page in all views, for the other roles in one), or a share."""
    first = _turn(found[0].endpoint) if found else 0
    if everything:
        lead = {case.path: case.who for case in reversed(found)}
        return [
            (case, view)
            for n, case in enumerate(found)
            for view in (VIEWS if case.who in (*RESIDENTS, lead[case.path]) else [VIEWS[(first + n) % len(VIEWS)]])
        ]
    share: dict[str, Case] = {}
    for turn, case in enumerate(found):
        kind = case.who if case.who in RESIDENTS else "staff"
        if kind not in share or _turn(case.endpoint) % (turn + 1) == 0:
            share[kind] = case
    # The new member stands for residents in the empty park, the visitor and the busy one in the full park.
    if len(share) > 1:
        share.pop(ANONYMOUS if park == "empty" else "fresh", None)
    return [(case, VIEWS[(first + 3 * n) % len(VIEWS)]) for n, case in enumerate(share.values())]


def _turn(endpoint: str) -> int:
    return zlib.crc32(endpoint.encode()) >> 8


def test_every_page_has_somebody_to_look_at_it(endpoint: str, full: World, empty: World) -> None:
    """An example that finds nothing in either park would let a page go unseen."""
    if endpoint not in REDIRECTS:
        assert any(cases(full, endpoint)) or any(cases(empty, endpoint)), rule_for(full.app, endpoint)


def test_what_is_called_no_page_is_none(full: World) -> None:
    found = {rule.endpoint for rule in full.app.url_map.iter_rules()}
    assert set(NOT_PAGES) <= found and found >= REDIRECTS
