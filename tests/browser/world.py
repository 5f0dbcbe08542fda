"""Two small parks, one full and one empty, each served by the real server process, and the people who look at them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from points_engine import risk
from points_engine.clock import SystemClock
from points_engine.methodology.writing import moved, write_version
from tests import tracks
from tests.people import make_member
from tests.servers import free_port
from webapp import demo
from webapp.app import create_app
from webapp.feeds import files
from webapp.green_units import service as green_units
from webapp.green_units.forms import UnitNames
from webapp.jobs.runner import run_job
from webapp.members import service as members
from webapp.members import signin, staff
from webapp.members.phones import book
from webapp.methods import service as methods
from webapp.review import service as review
from webapp.review.screening import open_risks
from webapp.review.standing import keep
from webapp.rewards import service as rewards
from webapp.settings import ROOT, Settings
from webapp.store import Store, migrate
from webapp.trips.service import submit_trip
from webapp.web.house import Principal

SIZE = {"members": 120, "units": 8, "days": 14, "seed": 1}
DEMO_PASSWORD = "puhui-demo"
# Who looks, and the demo sign-in of each; the fresh one registered a moment ago and has nothing yet.
LOGINS = {
    "member": "m000001",
    "fresh": "fresh-one",
    "hr": "hr-demo",
    "merchant": "merchant-demo",
    "reviewer": "reviewer-demo",
    "editor": "editor-demo",
    "auditor": "auditor-demo",
    "administrator": "admin-demo",
}
ANONYMOUS = "anonymous"
STARTS_WITHIN = 40  # seconds; the machine may be busy


@dataclass(frozen=True, slots=True)
class View:
    """How a person has set up their pages."""

    theme: str = "light"
    elder: bool = False
    lang: str = "zh-CN"

    def __str__(self) -> str:
        return f"{self.theme}-{'elder' if self.elder else 'standard'}-{self.lang[:2]}"

    @property
    def cookie(self) -> str:
        return f"{self.lang}.{self.theme}.{int(self.elder)}"


@dataclass
class World:
    """A park that is being served: `app` is the same application in this process, on the same database."""

    name: str
    app: Any
    address: str
    members: dict[str, int]
    first_admin_token: str | None = None
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def house(self) -> Any:
        return self.app.extensions["puhui"]

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.house.store.read() as tx:
            return list(tx.rows(text(statement), values))

    def principal(self, who: str) -> Principal | None:
        """What the guards see of this person."""
        return None if who == ANONYMOUS else signin.load(self.house, self.token(who), "web")

    def token(self, who: str) -> str:
        """A live web session, opened without the slow password."""
        if who not in self._tokens:
            with self.house.store.write() as tx:
                self._tokens[who] = signin.start_session(
                    tx, self.members[who], "web", "Chromium · Linux", self.house.clock.now()
                )
        return self._tokens[who]

    def cookies(self, who: str, view: View, way_in: str | None = None) -> dict[str, str]:
        """The cookies of this person's browser; `way_in` puts them in the middle of signing in by code."""
        client = self.app.test_client()
        with client.session_transaction() as session:
            if who != ANONYMOUS:
                session["_user_id"], session["_fresh"] = self.token(who), True
            if way_in in ("code", "proved"):
                session.update(self._on_the_way(way_in))
            session["seen"] = True  # a session that nothing was put in sends no cookie
        name = self.app.config["SESSION_COOKIE_NAME"]
        kept = client.get_cookie(name)
        assert kept is not None
        return {name: kept.value, "prefs": view.cookie}

    def _on_the_way(self, way_in: str) -> dict[str, Any]:
        phone = book(self.house.settings).seal("13800000000")
        if way_in == "code":
            return {"code": {"phone": phone, "purpose": "sign_in", "nonce": "00", "next": "/"}}
        until = int((self.house.clock.now() + timedelta(minutes=15)).timestamp())
        return {"proved": {"phone": phone, "until": until, "next": "/"}}

    def prefer(self, who: str, view: View, *, proved: bool = True) -> None:
        """Keep the view as the person's own choice, which goes before the cookie; they have just proved who they are."""
        if who == ANONYMOUS:
            return
        now, token = self.house.clock.now(), self.token(who)
        with self.house.store.write() as tx:
            members.keep_preferences(tx, self.members[who], view.lang, view.theme, view.elder)
            signin.step_up(tx, token, now if proved else now - timedelta(hours=1))

    @contextmanager
    def staged(self, way_in: str | None) -> Iterator[None]:
        """For the page of the first administrator there must be none yet."""
        if way_in != "no_administrator":
            yield
            return
        swap = text("UPDATE role_grant SET role = :new WHERE member_id = :one AND role = :old")
        there = {"one": self.members["administrator"], "old": "administrator", "new": "editor"}
        with self.house.store.write() as tx:
            tx.execute(swap, there)
        try:
            yield
        finally:
            with self.house.store.write() as tx:
                tx.execute(swap, {**there, "old": "editor", "new": "administrator"})


@contextmanager
def full_world(folder: Path) -> Iterator[World]:
    """A demo park of two weeks with a person of every role."""
    settings = _settings(folder)
    with closing(_Disposing(settings.database_url)) as store:
        demo.build(store.store, settings=settings, **SIZE)  # type: ignore[arg-type]
    app = create_app(settings)
    house = app.extensions["puhui"]
    run_job(house, "audit_ledger", house.clock.now())  # so that there is a report to look at
    make_member(house, LOGINS["fresh"], nickname="新来的")
    ids = {row.login: row.id for row in _logins(house)}
    _second_unit(house, ids["admin-demo"], ids["hr-demo"])
    _draft(house, ids["editor-demo"])
    _feed_file(house, ids["admin-demo"])
    _trips(house, ids["m000001"])
    _cases(house, ids["m000001"])
    with _served(settings) as address:
        yield World("full", app, address, {who: ids[login] for who, login in LOGINS.items()})
    house.store.dispose()


@contextmanager
def empty_world(folder: Path) -> Iterator[World]:
    """A park on its first day: the roles are given, and there is nothing to see."""
    settings = _settings(folder)
    app = create_app(settings)
    house = app.extensions["puhui"]
    now = house.clock.now()
    with house.store.write() as tx:
        token = staff.create_admin_token(tx, now)
    people = {who: make_member(house, login) for who, login in LOGINS.items() if who != "member"}
    ids = {who: person.id for who, person in people.items()}
    with house.store.write() as tx:
        for role in ("administrator", "reviewer", "editor", "auditor"):
            members.grant_role(tx, None, ids[role], role, now)
        names = UnitNames.parse({"name": "空空公司"})
        unit = green_units.create_unit(tx, ids["administrator"], "enterprise", names, now)
        green_units.join_unit(tx, ids["hr"], unit, now)
        green_units.set_admin(tx, ids["administrator"], unit, ids["hr"], True, now, staff=True)
        facts = rewards.MerchantFacts(code="empty", name_zh="空空小店")
        shop = rewards.create_merchant(tx, ids["administrator"], facts, now)
        members.grant_role(tx, None, ids["merchant"], "merchant", now, merchant_id=shop)
    with _served(settings) as address:
        yield World("empty", app, address, ids, token)
    house.store.dispose()


def _trips(house: Any, who: int) -> None:
    """A ride that is accepted, a car passed off as one, and a recording that is too short, on different days."""
    now = house.clock.now()
    with house.store.write() as tx:
        members.give_consent(tx, who, "location", now)
    for days, (family, seed) in enumerate((("bike_city", 3), ("car_free", 1), ("taxi_jam", 1), ("walk", 2))):
        fixes = tracks.make(family, seed).segments[0]
        shift = (now - timedelta(hours=3 + days * 12)).timestamp() - fixes[-1].at
        moved = [fix._replace(at=fix.at + shift) for fix in fixes][: 2 if family == "walk" else None]
        mode = "walk" if family == "walk" else "bike"
        submit_trip(house, who, id=str(uuid.uuid4()), mode=mode, segments=[moved], now=now, source="recorded")


def _cases(house: Any, who: int) -> None:
    """One case of each kind: a photo to look at again, a member whose signals add up, and an appeal."""
    now = house.clock.now()

    def first(where: str) -> str:
        query = f"SELECT min(id) FROM activity WHERE member_id = :me AND {where}"
        return str(uuid.UUID(tx.scalar(text(query), {"me": who})))

    with house.store.write() as tx:
        review.ask_to_sample(tx, 0, who, first("status = 'accepted' AND evidence <> '[]'"), now)
        review.open_appeal(tx, who, first("status = 'rejected' AND level = 'device'"), "请再看看这一趟", now)
        odd = first("status = 'accepted'")
        keep(tx, [risk.signal(who, "lockstep", "week", now, odd), risk.signal(who, "night", odd, now, odd)])
        open_risks(tx, {who: odd}, now)


class _Disposing:
    """A store that lets go of its connections when closed."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)

    def close(self) -> None:
        self.store.dispose()


def _settings(folder: Path) -> Settings:
    settings = Settings(env="development", var_dir=folder, port=free_port())
    folder.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(settings.database_url)
    return settings


def _logins(house: Any) -> list[Any]:
    with house.store.read() as tx:
        return list(tx.rows(text("SELECT id, login FROM member")))


def _draft(house: Any, editor_id: int) -> None:
    """A new version that has been tried and waits for a second person."""
    bike, now = house.catalogue.behaviour("bike"), house.clock.now()
    day = methods.earliest_day(now)
    with house.store.write() as tx:
        made = methods.create_draft(
            tx, editor_id, write_version(bike, moved(bike.versions[-1], "2", day)), "试一版", now
        )
        run = methods.ask_what_if(tx, editor_id, made, now)
    methods.run_what_if(house, run)


def _feed_file(house: Any, admin_id: int) -> None:
    """A partner's file that has been tried out and waits to be imported."""
    table = b"event_id,member,behaviour,quantity,occurred_at\ne1,nobody,bus_ride,1,2026-06-15T12:00:00+08:00\n"
    with house.store.write() as tx:
        made = files.keep_file(tx, house.blobs, admin_id, "acme", "rides.csv", table, house.clock.now())
    files.work(house, {"file": made, "run": 1}, house.clock.now())


def _second_unit(house: Any, admin_id: int, hr_id: int) -> None:
    """The unit administrator looks after a community as well, so that there is a list of units."""
    now = house.clock.now()
    with house.store.write() as tx:
        unit = tx.scalar(text("SELECT min(id) FROM green_unit WHERE kind = 'community'"))
        green_units.join_unit(tx, hr_id, unit, now)
        green_units.set_admin(tx, admin_id, unit, hr_id, True, now, staff=True)


@contextmanager
def _served(settings: Settings) -> Iterator[str]:
    """The address of `python -m webapp serve` with these settings; ends the process by its own id."""
    address = f"http://127.0.0.1:{settings.port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PUHUI_")}
    environment |= {
        "PUHUI_ENV": settings.env,
        "PUHUI_VAR_DIR": str(settings.var_dir),
        "PUHUI_PORT": str(settings.port),
        "PUHUI_LOG_LEVEL": "warning",
    }
    libc = ctypes.CDLL(None)
    with (settings.var_dir / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: libc.prctl(1, int(signal.SIGTERM)),  # PR_SET_PDEATHSIG: goes when the tests go
        )
        try:
            _wait_for(address, process, settings.var_dir / "serve.log")
            yield address
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    clock, opener = SystemClock(), urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = clock.now() + timedelta(seconds=STARTS_WITHIN)
    while clock.now() < until and process.poll() is None:
        with suppress(OSError), opener.open(f"{address}/healthz", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
