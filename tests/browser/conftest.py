"""The two parks and the visitor, made once for all browser tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import world
from tests.browser.pages import page_endpoints
from tests.browser.visit import WAIT, Visitor
from webapp.app import create_app
from webapp.settings import Settings

expect.set_options(timeout=WAIT)  # its own default is a third of that


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[world.World]:
    """A demo park of two weeks."""
    with world.full_world(tmp_path_factory.mktemp("full")) as made:
        yield made


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[world.World]:
    """A park on its first day."""
    with world.empty_world(tmp_path_factory.mktemp("empty")) as made:
        yield made


@pytest.fixture(scope="session")
def visitor(chromium: Any) -> Iterator[Visitor]:
    made = Visitor(chromium)
    yield made
    made.close()


@pytest.fixture(scope="session")
def all_pages(request: pytest.FixtureRequest) -> bool:
    """Whether every page is looked at in every view, and not only a share."""
    return bool(request.config.getoption("--all-pages"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser waits for a busy machine as we cannot foresee: what fails is tried once more, and the count of such is printed."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `endpoint` runs once for each page of the address map."""
    if "endpoint" in metafunc.fixturenames:
        metafunc.parametrize("endpoint", page_endpoints(_bare_app()))


@lru_cache
def _bare_app() -> Any:
    """The application on an empty file, for its address map."""
    with TemporaryDirectory(prefix="puhui-map-") as folder:
        app = create_app(Settings(env="test", var_dir=Path(folder)))
        app.extensions["puhui"].store.dispose()
    return app
