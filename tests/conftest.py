"""What every test can ask for: a fresh database on SQLite and on PostgreSQL, the app, a client and a clock that is moved by hand."""

from __future__ import annotations

import importlib
import itertools
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule, rules

import webapp
from points_engine import methodology
from points_engine.clock import LOCAL, FixedClock
from tests import servers
from webapp.settings import Settings

LEFT_OUT_BY_FAST = ("browser", "servers", "slow")
CHROMIUM_FLAGS = [
    "--no-sandbox",  # continuous integration runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START = datetime(2026, 6, 16, 9, 0, tzinfo=LOCAL)
_left_out: dict[str, int] = {}
_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="leave out the browser and the servers")
    parser.addoption(
        "--all-pages",
        action="store_true",
        default=os.environ.get("PUHUI_ALL_PAGES") == "1",
        help="look at every page in every view, not only at a share (long)",
    )


def pytest_configure(config: pytest.Config) -> None:
    # The developer's own settings must not decide a test; the browser's place is the exception.
    for name in [name for name in os.environ if name.startswith("PUHUI_")]:
        if name != "PUHUI_CHROMIUM":
            del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--fast"):
        return
    out = [item for item in items if any(item.get_closest_marker(m) for m in LEFT_OUT_BY_FAST)]
    for item in out:
        marker = next(m for m in LEFT_OUT_BY_FAST if item.get_closest_marker(m))
        _left_out[marker] = _left_out.get(marker, 0) + 1
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in set(out)]


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.getoption("--fast"):
        named = ", ".join(f"{count} {marker}" for marker, count in sorted(_left_out.items()))
        print(f"\n--fast left out: {named or 'nothing'}; run without it for everything.")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Tests reach this machine and nothing else."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            assert host.startswith("127.") or host in ("::1", "localhost"), f"a test calls {host}"
        real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Server]:
    """A real PostgreSQL for the whole run, started when the first test asks."""
    server = servers.start_postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.Server]:
    server = servers.start_redis()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: servers.Server) -> str:
    """An empty Redis."""
    import redis

    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    _create_all(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: servers.Server) -> str:
    """The name of a PostgreSQL database with every table, cloned for each test."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty_park")
    _create_all(postgres.url_of("empty_park"))
    return "empty_park"


def _create_all(url: str) -> None:
    for path in sorted(Path(webapp.__file__).parent.glob("*/tables.py")):
        importlib.import_module(f"webapp.{path.parent.name}.tables")  # fills the metadata
    from webapp.store import Store, metadata

    store = Store(url)
    metadata.create_all(store.engine)
    store.dispose()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with every table."""
    shutil.copy(sqlite_template, tmp_path / "park.db")
    return f"sqlite:///{tmp_path / 'park.db'}"


@pytest.fixture
def pg_url(postgres: servers.Server, postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with every table."""
    name = f"park_{next(_numbers)}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template} STRATEGY FILE_COPY")
        yield postgres.url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "pg_url"))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(env="test", database_url=database_url, var_dir=tmp_path / "var")


@pytest.fixture
def clock() -> FixedClock:
    """Tuesday 16 June 2026, nine in the morning in Changzhi."""
    return FixedClock(START)


@pytest.fixture
def frozen(clock: FixedClock) -> FixedClock:
    return clock


class Compiled(BytecodeCache):
    """What templates were compiled to, for every application of this run."""

    def __init__(self) -> None:
        self._made: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._made:
            bucket.bytecode_from_string(self._made[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._made[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """More than a thousand applications are made from the same addresses, methods and templates.

    What the libraries and the engine make of these is the same each time, and was most of the work of making one.
    """
    build, made = Rule._compile_builder, {}

    def compile_once(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return build(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in made:
            made[key] = build(rule, append_unknown)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        patch.setattr(rules, "parse_converter_args", cache(rules.parse_converter_args))
        patch.setattr("webapp.app.load", cache(methodology.load))
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Compiled()})
        yield


@pytest.fixture
def app(settings: Settings, clock: FixedClock) -> Iterator[Any]:
    from webapp.app import create_app
    from webapp.web import burst

    burst._windows = burst.Windows()  # members of one test are not those of the next, though they bear the same number
    made = create_app(settings, clock=clock)
    made.config["WTF_CSRF_ENABLED"] = False  # tests of forms; tests/rooms/test_web.py turns it on
    yield made
    made.extensions["puhui"].store.dispose()


@pytest.fixture
def house(app: Any) -> Any:
    return app.extensions["puhui"]


@pytest.fixture
def store(request: pytest.FixtureRequest, database_url: str) -> Iterator[Any]:
    """The store of the app if the test has one, else one of its own."""
    if "app" in request.fixturenames:
        yield request.getfixturevalue("house").store
        return
    from webapp.store import Store

    own = Store(database_url)
    yield own
    own.dispose()


@pytest.fixture
def client(app: Any) -> Any:
    return app.test_client()


@pytest.fixture
def live(app: Any) -> Iterator[str]:
    """The address of the app on a real port, served by threads of this process."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real Chromium, driven by Playwright; mark tests that use it with `browser`."""
    from playwright.sync_api import sync_playwright

    from webapp.launch.testing import find_chromium

    path = find_chromium()
    assert path, "no Chromium: python3 -m webapp test installs it or says how"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
