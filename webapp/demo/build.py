"""Builds the demo world: plan, people, days, and the boards and jobs that follow from them."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from random import Random
from typing import Any

from points_engine.clock import FixedClock, SystemClock, local_day, start_of
from points_engine.methodology import Catalogue, load
from webapp import settings as settings_of
from webapp.app import build_house
from webapp.campaigns import service as campaigns
from webapp.demo import (
    boards,
    challenges,
    crowd,
    energy,
    events,
    honours,
    indicators,
    learning,
    lists,
    meters,
    places,
    pledges,
    town,
    weather,
)
from webapp.demo.days import at
from webapp.demo.habits import Menu
from webapp.demo.life import Life
from webapp.demo.people import SHOWN
from webapp.demo.shop import Shop
from webapp.demo.town import Town
from webapp.green_units import service as green_units
from webapp.green_units.forms import UnitNames
from webapp.inbox import service as inbox
from webapp.jobs import enqueue
from webapp.jobs.runner import all_jobs, run_due, run_job
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.ledger.service import Move
from webapp.members import service as members_service
from webapp.rankings import service as rankings
from webapp.settings import Settings
from webapp.store import Store, Tx
from webapp.store.blobs import open_blobs

Progress = Callable[[float, str], None]
LATER = ("audit_ledger",)  # reads the whole ledger: the worker does it once the platform runs
AUDITED = 5000  # members up to which it does so without being asked
SHOWN_POINTS = 2600  # what m000001 can spend at least


def build(
    store: Store,
    *,
    catalogue: Catalogue | None = None,
    settings: Settings | None = None,
    members: int = 2000,
    units: int = 40,
    days: int = 60,
    seed: int = 1,
    until: date | None = None,
    progress: Progress | None = None,
) -> None:
    """Fill the empty database behind `store`; raises ValueError for a world that cannot be.

    `until` (default: yesterday in Asia/Shanghai) is the last day on which people acted; `progress` is
    told the share that is done and what is going on.
    """
    catalogue, settings = catalogue or load(), settings or settings_of.load()
    until = until or local_day(SystemClock().now()) - timedelta(days=1)
    first = until - timedelta(days=days - 1)
    _check(catalogue, members, units, days, first)
    tell = progress or _silent
    world = World(store, catalogue, settings, seed, first, until)
    tell(0.0, "plan")
    world.found(town.plan(seed, Menu(catalogue), members, units, days))
    for done in crowd.write_members(store, world.registry, world.town.people, world.town.units, first):
        tell(0.02 + 0.06 * done / members, f"{done} members")
    world.settle_in()
    honours.build_last_year(store, world.staff, first)
    with _without_rescans():
        for share in world.life(days).live():
            tell(0.1 + 0.8 * share, "days")
    tell(0.9, "boards")
    world.finish()
    tell(1.0, "done")


def main(arguments: Sequence[str], settings: Settings | None = None, progress: Progress | None = None) -> int:
    """`demo --members N --units U --days D --seed S [--until DATE]` on the database of the settings."""
    parser = argparse.ArgumentParser(prog="python3 -m webapp demo")
    for option, default in (("members", 2000), ("units", 40), ("days", 60), ("seed", 1)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--until", type=date.fromisoformat)
    given = parser.parse_args(list(arguments))
    settings = settings or settings_of.load()
    store = Store(settings.database_url)
    try:
        build(store, settings=settings, progress=progress, **vars(given))
    finally:
        store.dispose()
    return 0


@contextmanager
def _without_rescans() -> Iterator[None]:
    """Everybody stays until the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _silent(_share: float, _text: str) -> None:
    """Nobody watches."""


def _check(catalogue: Catalogue, members: int, units: int, days: int, first: date) -> None:
    if not (1 <= members <= 1_000_000 and 1 <= units <= 5000 and 1 <= days <= 366):
        raise ValueError("a demo world has 1 to 1,000,000 members, 1 to 5,000 units and 1 to 366 days")
    begins = max(b.versions[0].valid_from for b in catalogue.behaviours if b.loggable)
    if first < begins:
        raise ValueError(f"the methodologies are in force from {begins}; the first day would be {first}")


class World:
    """The world as it is being built, with what its parts share."""

    def __init__(
        self, store: Store, catalogue: Catalogue, settings: Settings, seed: int, first: date, until: date
    ) -> None:
        self.store, self.catalogue, self.settings, self.seed = store, catalogue, settings, seed
        self.first, self.until = first, until
        self.end = start_of(until + timedelta(days=1))
        self.registry = crowd.Registry(settings, Random(f"{seed}:people"))
        self.shop = Shop()
        self.staff: dict[str, int] = {}
        self.town = Town([], [], [])
        self.programme: Any = None

    def found(self, plan: Town) -> None:
        """Staff, roles and units: what exists before anybody registers."""
        self.town = plan
        now = at(self.first - timedelta(days=14), 540)
        with self.store.write() as tx:
            self.staff = crowd.write_staff(tx, self.registry, now)
            admin = self.staff["admin-demo"]
            members_service.grant_role(tx, None, admin, "administrator", now)
            for login, role in (("reviewer-demo", "reviewer"), ("editor-demo", "editor"), ("auditor-demo", "auditor")):
                members_service.grant_role(tx, admin, self.staff[login], role, now)
            town.build_units(tx, admin, plan.units, now)
            if plan.units:
                green_units.join_unit(tx, self.staff["hr-demo"], plan.units[0].id, now)
                green_units.set_admin(tx, admin, plan.units[0].id, self.staff["hr-demo"], True, now, staff=True)

    def settle_in(self) -> None:
        """Families, the shelf, campaigns and words from the editors."""
        rng = Random(f"{self.seed}:families")
        before = at(self.first - timedelta(days=1), 600)
        with self.store.write() as tx:
            for name, together in self.town.families:
                shows = together[0].number == SHOWN or rng.random() < 0.6
                self._family(tx, name, [p.member_id for p in together], max(p.since for p in together), shows)
            clerks = [p.member_id for p in self.town.people[10:20]]
            self.shop.build(tx, self.staff, clerks, before)
            events.announce(tx, self.staff, self.first, self.until)
            challenges.build_funds(tx, self.staff, self.town.units, before)
            places.build(tx, self.staff["editor-demo"], next((u.id for u in self.town.units), None), before)
            people, units = [p.member_id for p in self.town.people], [u.id for u in self.town.units]
            pledges.build(tx, self.seed, self.staff, people, units, self.first)
            unit = units[0] if units else None
            key = self.settings.track_key
            learning.build(tx, key, self.seed, self.staff, people, unit, self.first, self.until)
            self.programme = events.build(tx, self.staff, self.first, (self.until - self.first).days + 1)
            indicators.build(tx, self.seed, self.staff["editor-demo"], self.until)
            if self.town.units:
                lists.build(tx, self.registry.book, self.staff["hr-demo"], self.town.units[0].id, before)
            if len(self.town.families) > 1:
                guardian = self.town.families[1][1][0].member_id
                lists.add_child(tx, self.registry, self.seed, guardian, self.until, before)
            self._welcome(tx)

    def _family(self, tx: Tx, name: str, together: list[int], since: int, shows: bool) -> None:
        now = at(self.first + timedelta(days=since), 3)
        unit = green_units.create_family(tx, together[0], UnitNames(name, name), now, on_boards=shows)
        for member_id in together[1:]:
            green_units.join_unit(tx, member_id, unit, now)

    def _meters(self, tx: Tx) -> None:
        shown, key, end = self.town.people[0].member_id, self.settings.track_key, self.end
        meters.hang_at_home(tx, open_blobs(self.settings.blob_url), key, self.seed, shown, self.until, end)
        meters.look_at_earlier(tx, self.catalogue, self.staff["reviewer-demo"], shown, end)
        if self.town.units:
            meters.hang_at_work(tx, key, self.seed, self.town.units[0].id, self.staff["hr-demo"], self.until, end)
            boards.hang_meters(tx, key, self.seed, self.town.units, self.staff["hr-demo"], self.until, end)
            energy.build(tx, self.seed, self.staff, self.town.units, self.until)

    def _welcome(self, tx: Tx) -> None:
        inbox.notify_many(
            tx,
            ({"member_id": p.member_id, "key": "welcome"} for p in self.town.people),
            "welcome",
            "欢迎加入园区碳普惠",
            "Welcome",
            "从今天的第一次绿色行为开始吧。",
            "Begin with your first green act.",
            "/",
            at(self.first, 1),
        )

    def life(self, days: int) -> Life:
        return Life(
            self.store,
            self.catalogue,
            open_blobs(self.settings.blob_url),
            self.seed,
            self.first,
            weather.days_of(self.seed, self.first, days),
            self.town.people,
            self.staff,
            self.shop,
            self.programme,
        )

    def finish(self) -> None:
        """What follows from the days: boards, closed campaigns, and a round of every job."""
        campaigns.catch_up(self.store, self.catalogue, self.end)  # a campaign settles when all is read
        blobs, editor = open_blobs(self.settings.blob_url), self.staff["editor-demo"]
        events.finish(self.store, self.catalogue, blobs, editor, self.programme, self.first, self.end)
        with self.store.write() as tx:
            self._top_up(tx, self.town.people[0].member_id)
            if self.town.units:
                lists.wait(tx, self.registry.book, self.staff["hr-demo"], self.town.units[0].id, self.end)
            self._meters(tx)
        challenges.build(self.store, self.catalogue, self.staff, self.town.units, self.first, self.until)
        with self.store.write() as tx:
            rankings.rebuild(tx, self.end)
        house = build_house(self.settings, FixedClock(self.end))
        house.store.dispose()
        house.store = self.store
        run_due(house, self.end)
        for job in all_jobs(house):
            if job.name not in LATER:
                run_job(house, job.name, self.end)
        boards.publish_months(self.store, self.staff, self.end)
        people = [p.member_id for p in self.town.people]
        honours.build(self.store, self.staff, people, self.first, self.until, self.end)
        if len(self.town.people) <= AUDITED:
            with self.store.write() as tx:
                for name in LATER:
                    enqueue(tx, f"job:{name}", {}, f"demo:{name}", self.end)

    def _top_up(self, tx: Tx, member_id: int) -> None:
        """A short world leaves m000001 with too little to show what points buy: a gift makes up for it."""
        missing = SHOWN_POINTS - ledger_queries.wallet(tx, member_id).points
        if missing > 0:
            ledger.post(
                tx,
                [Move(member_id, "points", "awarded", "points", missing, "grant", "demo:gift", "demo:gift")],
                self.end,
            )


__all__ = ["build", "main"]
