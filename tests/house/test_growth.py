"""Query budgets by growth: with many more rows of everything, each page asks the database as often as before."""

from __future__ import annotations

import io
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import insert, text

from tests.counting import count_statements
from tests.house.conftest import NOBODY, Park, hand_in
from tests.people import Person, give_points, make_member, make_shop, make_unit
from tests.rooms.learners import fill, make_quiz, make_session, sign, take
from webapp.activities.commands import read_command
from webapp.activities.service import log_many
from webapp.app import create_app
from webapp.campaigns import service as campaigns
from webapp.campaigns.service import CampaignFacts, TaskFacts
from webapp.console.service import write_report
from webapp.green_units import service as green_units
from webapp.inbox import service as inbox
from webapp.inbox.forms import AnnouncementText
from webapp.jobs.runner import run_job
from webapp.jobs.tables import outbox
from webapp.learning import lessons
from webapp.learning.forms import LessonText
from webapp.ledger import funds
from webapp.meters import service as meters
from webapp.meters.forms import Figure, MeterFacts
from webapp.meters.queries import Owner
from webapp.photos.pictures import read_picture
from webapp.photos.service import keep_picture
from webapp.review.service import ask_to_sample
from webapp.rewards import service as rewards

FEW, MANY = 3, 27
# Pages on which the number of statements may differ, and why.
MAY_DIFFER: dict[str, str] = {}
# A page of these is full with what the demo park holds.
FULL_ALREADY = {"/console/journal", "/console/members", "/rankings/members", "/console/units"}


@dataclass(frozen=True)
class Two:
    """Two copies of the park with a newcomer: one with a few of everything, one with many."""

    few: Park
    many: Park


@pytest.fixture(scope="module")
def two(park: Park, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    parks = [copy_of(park, tmp_path_factory.mktemp("growth") / "park.db", rows) for rows in (FEW, MANY)]
    yield Two(*parks)
    for each in parks:
        each.house.store.dispose()


def copy_of(park: Park, path: Path, rows: int) -> Park:
    shutil.copy(park.path, path)
    settings = park.house.settings.model_copy(update={"database_url": f"sqlite:///{path}"})
    app = create_app(settings, clock=park.house.clock)
    house = app.extensions["puhui"]
    now = house.clock.now()
    copy = Park(app, path, {**park.ids, "resident": make_member(house, "newcomer").id})
    for more in (
        grow_shelf,
        grow_crowd,
        grow_acts,
        grow_news,
        grow_campaigns,
        grow_cases,
        grow_meters,
        grow_desk,
        grow_funds,
        grow_school,
    ):
        more(copy, house, now, rows)
    for job in ("rankings.catch_up", "catch_up_campaigns"):
        run_job(house, job, now)
    return copy


def grow_shelf(park: Park, house: Any, now: Any, rows: int) -> None:
    """Merchants, rewards, redemptions, and what the merchant hands over."""
    resident = Person(park.ids["resident"], "newcomer", house)
    keeper = park.person("merchant")
    give_points(house, resident, 10_000)
    for n in range(rows):
        reward = make_shop(house, keeper, points=10, stock=5)
        with house.store.write() as tx:
            code = rewards.redeem(tx, resident.id, str(uuid.uuid4()), reward, now).code
            if n % 2:
                shop = tx.scalar(text("SELECT merchant_id FROM reward WHERE id = :id"), {"id": reward})
                rewards.fulfil(tx, keeper.id, [shop], str(uuid.uuid4()), code, now)


def grow_crowd(park: Park, house: Any, now: Any, rows: int) -> None:
    """Members, units and departments; the new ones belong to the unit of the unit administrator and act."""
    with house.store.read() as tx:
        unit = tx.scalar(text("SELECT unit_id FROM role_grant WHERE member_id = :hr"), {"hr": park.ids["unit admin"]})
    for n in range(rows):
        someone = make_member(house, f"someone-{n}", "reviewer")
        make_unit(house, "enterprise" if n % 2 else "community", f"新单位{n}号")
        with house.store.write() as tx:
            green_units.join_unit(tx, someone.id, unit, now)
            green_units.create_department(tx, park.ids["unit admin"], unit, f"新部门{n}号", now)
            log_many(tx, [act(house, someone.id, now, "bike", 5)], now)
        Person(park.ids["resident"], "newcomer", house).token("web")


def grow_acts(park: Park, house: Any, now: Any, rows: int) -> None:
    """Acts of every kind, and some with a photo that wait for review."""
    who = park.ids["resident"]
    kinds = [b.code for b in house.catalogue.behaviours if b.loggable and not b.inputs and b.in_season(now.date())]
    with house.store.write() as tx:
        log_many(tx, [act(house, who, now, kinds[n % len(kinds)], 1, hours=n) for n in range(rows)], now)
    hand_in(house, who, now, rows)
    for n in range(rows):
        out = io.BytesIO()
        Image.effect_noise((120, 100), 40 + n).convert("RGB").save(out, "JPEG")
        with house.store.write() as tx:
            photo = keep_picture(tx, house.blobs, who, read_picture(out.getvalue()), now)["id"]
            log_many(tx, [act(house, who, now, "bike", 9, hours=n, evidence=[photo])], now)


def act(house: Any, who: int, now: Any, code: str, amount: int, hours: int = 1, evidence: Any = ()) -> Any:
    when = now - timedelta(hours=hours, minutes=5)
    return read_command(
        house.catalogue, who, id=str(uuid.uuid4()), behaviour=code, quantity=Decimal(amount), occurred_at=when,
        inputs={}, evidence=list(evidence), now=now,
    )  # fmt: skip


def grow_news(park: Park, house: Any, now: Any, rows: int) -> None:
    editor, who = park.ids["editor"], park.ids["resident"]
    with house.store.write() as tx:
        for n in range(rows):
            inbox.notify(tx, who, "news", f"消息{n}", f"News {n}", now=now)
            made = inbox.create_announcement(tx, editor, AnnouncementText(f"公告{n}", f"Word {n}", "好", "Good"), now)
            if n % 2:
                inbox.publish_announcement(tx, editor, made, now)


def grow_campaigns(park: Park, house: Any, now: Any, rows: int) -> None:
    editor, who = park.ids["editor"], park.ids["resident"]
    task = TaskFacts("记录三次", "log", 3, reward_points=5)
    with house.store.write() as tx:
        for n in range(rows):
            facts = CampaignFacts(f"more-{n}", f"活动{n}", now - timedelta(days=1), now + timedelta(days=3))
            made = campaigns.create_campaign(tx, editor, facts, [task], now)
            if n % 2:
                campaigns.open_campaign(tx, editor, made, now)
                campaigns.join(tx, house.catalogue, who, made, now)


def grow_cases(park: Park, house: Any, now: Any, rows: int) -> None:
    """Acts of the newcomers that were drawn for a second look."""
    with house.store.write() as tx:
        for act in tx.rows(
            text("SELECT member_id, id FROM activity WHERE status = 'accepted' ORDER BY recorded_at DESC")
        )[:rows]:
            ask_to_sample(tx, park.ids["reviewer"], act.member_id, str(uuid.UUID(act.id)), now)


def grow_meters(park: Park, house: Any, now: Any, rows: int) -> None:
    """Meters of a home, readings month by month, and the temperatures of as many days."""
    who, key = Owner(park.ids["resident"]), house.settings.track_key
    with house.store.write() as tx:
        for n in range(min(rows, 10)):
            made = meters.add_meter(tx, key, who.member_id, who, MeterFacts("electricity", f"7700{n}", 6, 3), now)
            months = [date(2024 + (n + 2) // 12, (n + 2) % 12 + 1, 1) for n in range(rows)]
            figures = [Figure(day, at * 200_000, support="file") for at, day in enumerate(months)]
            meters.import_readings(tx, who.member_id, who, [meters.Row(made, f) for f in figures], set(), now)
        days = [(f"2026-05-{n + 1:02d}", n * 100) for n in range(rows)]
        told = [("长治", day, mean, "市气象局") for day, mean in days]
        meters.import_temperatures(tx, park.ids["administrator"], told, now)
    run_job(house, "meters.settle", now)


def grow_desk(park: Park, house: Any, now: Any, rows: int) -> None:
    """Audit reports and rows of work that was given up."""
    for n in range(rows):
        write_report(house, f"growth-{n}")
    row = {"kind": "photo.thumbnail", "payload": {}, "state": "failed", "attempts": 6, "run_after": now}
    row |= {"created_at": now, "finished_at": now, "last_error": "made up"}
    with house.store.write() as tx:
        tx.execute(insert(outbox), [{**row, "key": f"growth-{n}"} for n in range(rows)])


def grow_school(park: Park, house: Any, now: Any, rows: int) -> None:
    """Lessons, questions, quizzes taken by the newcomer, and sessions they and others signed up for."""
    editor, who = park.ids["editor"], park.ids["resident"]
    with house.store.write() as tx:
        unit = tx.scalar(text("SELECT unit_id FROM role_grant WHERE member_id = :hr"), {"hr": park.ids["unit admin"]})
    for n in range(rows):
        with house.store.write() as tx:
            made = lessons.create(tx, editor, LessonText("energy", f"课程{n}", "", "省电", "", ""), now)
            lessons.publish(tx, editor, made, now)
        fill(house, energy=0, water=1, first=n)
        take(house, who, make_quiz(house, questions=1, topics=("water",)), 1)
        sign(house, who, make_session(house, unit_id=unit, audience="park"))
        with house.store.read() as tx:
            own = tx.scalar(text("SELECT min(id) FROM training WHERE unit_id IS NOT NULL"))
        sign(house, 10_000 + n, own, frozenset({unit}))


def grow_funds(park: Park, house: Any, now: Any, rows: int) -> None:
    """Funds, and payments into the first one by different people."""
    with house.store.write() as tx:
        for n in range(rows):
            funds.open_fund(tx, park.ids["administrator"], "park", None, f"资金{n}", now)
            funds.deposit(
                tx, 1, 10 + n, f"deposit:{n}", f"deposit:{n}", now, park.ids["auditor" if n % 2 else "editor"]
            )


def test_every_page_asks_as_often_with_many_rows_as_with_few(two: Two) -> None:
    grown = {}
    for rule, _ in two.few.routes("GET"):
        for role in {two.few.welcome(rule)[0], two.few.welcome(rule)[-1]}:
            few, many = (statements(park, role, park.address(rule)) for park in (two.few, two.many))
            if len(many) > len(few) and rule.endpoint not in MAY_DIFFER:
                grown[f"{role} {rule.rule}"] = (len(few), len(many), many[-1][:200])
    assert not grown, "\n".join(f"{where}: {what}" for where, what in grown.items())


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (NOBODY, "/campaigns"),
        (NOBODY, "/rewards"),
        ("resident", "/activities"),
        ("resident", "/inbox"),
        ("resident", "/me/devices"),
        ("resident", "/learn"),
        ("resident", "/quizzes"),
        ("resident", "/quizzes/history"),
        ("resident", "/sessions"),
        ("unit admin", "/sessions/manage"),
        ("editor", "/console/lessons"),
        ("editor", "/console/quizzes"),
        ("resident", "/meters"),
        ("resident", "/rankings/members"),
        ("resident", "/redemptions"),
        ("resident", "/statement"),
        ("resident", "/trips"),
        ("merchant", "/merchant"),
        ("reviewer", "/console/review"),
        ("reviewer", "/console/review?tab=sample"),
        ("editor", "/console/announcements"),
        ("editor", "/console/campaigns"),
        ("editor", "/console/merchants"),
        ("editor", "/console/rewards"),
        ("auditor", "/console/funds"),
        ("auditor", "/console/funds/1"),
        ("auditor", "/console/jobs"),
        ("auditor", "/console/journal"),
        ("auditor", "/console/ledger"),
        ("administrator", "/console/members"),
        ("administrator", "/console/temperatures"),
        ("administrator", "/console/units"),
    ],
)
def test_there_is_much_more_to_show(two: Two, role: str, path: str) -> None:
    """Otherwise the test above compares nothing with nothing."""
    few, many = (len(park.client(role).get(path).data) for park in (two.few, two.many))
    assert many > few * 1.08 or path in FULL_ALREADY


def statements(park: Park, role: str, path: str) -> list[str]:
    """What the second visit asks; the first may fill caches."""
    client, headers = park.client(role), park._token(role) if path.startswith("/api/") else {}
    client.get(path, headers=headers)
    with count_statements(park.house.store) as seen:
        assert client.get(path, headers=headers).status_code < 500 or path == "/readyz", path
    return seen.statements
