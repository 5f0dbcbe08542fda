"""The whole wiring on one page: settings in, a Flask application with every room out."""

from __future__ import annotations

import importlib
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask

from points_engine.clock import Clock, SystemClock
from points_engine.methodology import load
from webapp import web
from webapp.activities.desk import Desk
from webapp.settings import Settings
from webapp.store import Store
from webapp.store.blobs import open_blobs

ROOT = Path(__file__).resolve().parent.parent
# From left to right: a room opens doors only to rooms before it.
ROOMS = (
    "journal",
    "members",
    "inbox",
    "ledger",
    "green_units",  # after the ledger: a unit's page adds up the days of its people
    "photos",
    "activities",
    "unit_reports",
    "trips",
    "places",
    "meters",
    "feeds",
    "review",
    "methods",
    "rewards",
    "merchants",
    "energy",
    "learning",
    "pledges",
    "campaigns",
    "challenges",
    "rankings",
    "honours",
    "public_ledger",
    "home",
    "console",
    "api",
)


def build_house(settings: Settings, clock: Clock | None = None) -> web.House:
    """Everything a process needs apart from HTTP; workers and commands stop here."""
    store = Store(settings.database_url, pool_size=settings.web_threads + 4)
    members = importlib.import_module("webapp.members.sms")
    return web.House(
        settings=settings,
        store=store,
        catalogue=load(),
        clock=clock or SystemClock(),
        blobs=open_blobs(settings.blob_url),
        sms=members.open_sender(settings),
        mail=importlib.import_module("webapp.inbox.post").open_post(settings),
        jobs=tuple(job for room in _modules("jobs") for job in getattr(room, "JOBS", ())),
        handlers={k: f for room in _modules("jobs") for k, f in getattr(room, "HANDLERS", {}).items()},
        desk=Desk(store, group=settings.group_commit),
        demo=_is_demo(store),
        forgetters=tuple(f for room in _modules("service") if (f := getattr(room, "forget", None))),
        on_registered=tuple(f for room in _modules("service") if (f := getattr(room, "on_registered", None))),
        audiences=tuple(f for room in _modules("queries") if (f := getattr(room, "audiences", None))),
        exporters=tuple(f for room in _modules("service") if (f := getattr(room, "export", None))),
        beside_names=tuple(f for room in _modules("queries") if (f := getattr(room, "beside_name", None))),
        refreshers=tuple(f for room in _modules("service") if (f := getattr(room, "refresh", None))),
    )


def create_app(settings: Settings, clock: Clock | None = None, house: web.House | None = None) -> Flask:
    """The web application; `house` lets a test or a launcher hand in one it has already built."""
    app = Flask("webapp", root_path=str(ROOT), static_folder=None, template_folder="templates")
    house = house or build_house(settings, clock)
    members = importlib.import_module("webapp.members.signin")
    importlib.import_module("webapp.api.express").install(app, house)
    web.install(app, house, partial(members.load, house), settings.var_dir / "static")
    app.register_blueprint(importlib.import_module("webapp.web.health").bp)
    for room in _modules("routes"):
        for blueprint in getattr(room, "BLUEPRINTS", None) or (room.bp,):
            app.register_blueprint(blueprint)
    return app


def _modules(name: str) -> list[ModuleType]:
    """Each room's module `name`, for the rooms that have one."""
    found: list[Any] = []
    for room in ROOMS:
        if find_spec(f"webapp.{room}") and find_spec(f"webapp.{room}.{name}"):
            found.append(importlib.import_module(f"webapp.{room}.{name}"))
    return found


def _is_demo(store: Store) -> bool:
    members = importlib.import_module("webapp.members.queries")
    return bool(members.is_demo(store))
