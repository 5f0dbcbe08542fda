"""The demo world: same arguments, same world; a clean audit; and what its sign-ins promise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from points_engine.clock import start_of
from points_engine.methodology import load
from webapp import audit, demo
from webapp.activities import queries as activities
from webapp.activities.tables import activity
from webapp.campaigns.tables import campaign, campaign_badge, campaign_join, task_progress
from webapp.demo import town
from webapp.demo.habits import Menu
from webapp.green_units.tables import green_unit, membership
from webapp.jobs.tables import job_note
from webapp.ledger import queries as ledger
from webapp.ledger.tables import wallet
from webapp.members import passwords
from webapp.members import queries as members
from webapp.members.tables import consent, member
from webapp.photos.tables import upload
from webapp.rewards import queries as rewards
from webapp.rewards.tables import redemption, reward
from webapp.settings import Settings
from webapp.store import Store

UNTIL = date(2026, 6, 18)
END = start_of(UNTIL + timedelta(days=1))
SMALL = {"members": 60, "units": 6, "days": 14, "until": UNTIL}
STAFF = ("hr-demo", "merchant-demo", "reviewer-demo", "editor-demo", "auditor-demo", "admin-demo")


def built(url: str, folder: Path, **more: Any) -> Store:
    settings = Settings(env="test", database_url=url, var_dir=folder)
    store = Store(url)
    demo.build(store, settings=settings, **(SMALL | {"seed": 1} | more))
    return store


def facts(store: Store) -> str:
    report = audit.run(store)
    assert report.faults == []
    return json.dumps(report.counts, sort_keys=True)


def heads(store: Store) -> list[tuple[int, str]]:
    """Where each member's chain of transfers ends: a digest of everything that ever moved."""
    with store.read() as tx:
        return [(row.member_id, row.digest) for row in tx.rows(select(wallet).order_by(wallet.c.member_id))]


@pytest.fixture(scope="module")
def sqlite_world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(sqlite_template, folder / "park.db")
    store = built(f"sqlite:///{folder / 'park.db'}", folder)
    yield store
    store.dispose()


@pytest.fixture(scope="module")
def pg_world(postgres: Any, postgres_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE demo_park TEMPLATE {postgres_template}")
        store = built(postgres.url_of("demo_park"), tmp_path_factory.mktemp("demo_pg"))
        yield store
        store.dispose()
        connection.execute("DROP DATABASE demo_park WITH (FORCE)")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def world(request: pytest.FixtureRequest) -> Store:
    store: Store = request.getfixturevalue("sqlite_world" if request.param == "sqlite" else "pg_world")
    return store


def id_of(store: Store, login: str) -> int:
    with store.read() as tx:
        found = members.find_exact(tx, login)
    assert found is not None, login
    return found


def test_the_audit_is_clean_and_the_world_lives(world: Store) -> None:
    report = audit.run(world)
    assert report.faults == []
    assert report.counts["activities"] > 200
    with world.read() as tx:
        assert tx.scalar(select(func.count()).select_from(member)) == 60 + len(STAFF) + 1  # a child
        kinds = dict(
            tuple(row)
            for row in tx.rows(
                select(green_unit.c.kind, func.count())
                .where(green_unit.c.parent_id.is_(None))
                .group_by(green_unit.c.kind)
            )
        )
        assert kinds.pop("family") >= 1
        assert sum(kinds.values()) == 6 and set(kinds) == {"enterprise", "public_body", "community"}
        states = {row.status for row in tx.rows(select(activity.c.status).distinct())}
        assert states >= {"accepted", "pending"}
        assert tx.scalar(select(func.count()).select_from(upload)) > 5
        assert tx.scalar(select(func.count()).select_from(upload)) == tx.scalar(
            select(func.count(func.distinct(upload.c.sha256)))
        )
        assert tx.scalar(select(func.count()).select_from(job_note)) >= 5


@pytest.mark.servers
def test_both_databases_hold_the_same_world(sqlite_world: Store, pg_world: Store) -> None:
    assert facts(sqlite_world) == facts(pg_world)
    assert heads(sqlite_world) == heads(pg_world)


def test_same_arguments_same_world_and_another_seed_another(
    sqlite_world: Store, sqlite_template: Path, tmp_path: Path
) -> None:
    for name in ("again", "other"):
        (tmp_path / name).mkdir()
        shutil.copy(sqlite_template, tmp_path / name / "park.db")
    again = built(f"sqlite:///{tmp_path}/again/park.db", tmp_path / "again")
    other = built(f"sqlite:///{tmp_path}/other/park.db", tmp_path / "other", seed=2)
    assert facts(again) == facts(sqlite_world) != facts(other)
    assert heads(again) == heads(sqlite_world) != heads(other)  # not only the sums: every single transfer
    again.dispose()
    other.dispose()


def test_the_sign_ins_exist_with_their_roles(world: Store) -> None:
    assert members.is_demo(world)
    wanted = {"reviewer-demo": "reviewer", "editor-demo": "editor", "auditor-demo": "auditor", "admin-demo": "administrator",
              "hr-demo": "unit_admin", "merchant-demo": "merchant"}  # fmt: skip
    for login, role in wanted.items():
        with world.read() as tx:
            assert members.roles_of(tx, id_of(world, login)) == {role}
    with world.read() as tx:
        logins = {row.login for row in tx.rows(select(member.c.login))}
        hashes = {row.password_hash for row in tx.rows(select(member.c.password_hash).distinct())}
        assert logins == {f"m{n:06d}" for n in range(1, 61)} | {"child-demo", *STAFF}
        assert len(hashes) == 1 and passwords.matches(hashes.pop(), "puhui-demo")
        (grant,) = members.grants_of(tx, id_of(world, "hr-demo"))
        unit = tx.row(select(green_unit).where(green_unit.c.id == grant.unit_id))
        assert unit is not None and unit.kind == "enterprise"
        people = tx.scalar(
            select(func.count()).where(membership.c.unit_id == grant.unit_id, membership.c.left_on.is_(None))
        )
        assert people >= 20


def test_m000001_can_show_everything(world: Store) -> None:
    one = id_of(world, "m000001")
    with world.read() as tx:
        assert ledger.wallet(tx, one).points >= 2000
        acts = tx.scalar(select(func.count()).where(activity.c.member_id == one))
        assert acts >= 40
        free = [
            card
            for card in rewards.shelf(tx, one, END)
            if card.available
            and (card.limit is None or card.limit >= 30)
            and card.stock >= 100
            and card.points * 30 <= 2000
        ]
        assert free
        assert tx.scalar(select(func.count()).where(membership.c.member_id == one)) == 3
        assert tx.scalar(select(func.count()).where(campaign_join.c.member_id == one)) >= 1
        assert tx.scalar(select(func.count()).where(redemption.c.member_id == one)) >= 1


def test_m000040_to_m000060_are_quiet_and_in_good_standing(world: Store) -> None:
    week_ago = UNTIL - timedelta(days=8)
    for number in range(40, 61):
        who = id_of(world, f"m{number:06d}")
        with world.read() as tx:
            given = {
                row.purpose
                for row in tx.rows(
                    select(consent.c.purpose).where(consent.c.member_id == who, consent.c.withdrawn_at.is_(None))
                )
            }
            assert given == {"terms", "privacy", "boards", "notices", "photos"}
            late = tx.scalar(select(func.count()).where(activity.c.member_id == who, activity.c.occurred_on > week_ago))
            assert late == 0
            assert tx.scalar(select(func.count()).where(campaign_join.c.member_id == who)) == 0
            assert not ledger.wallet(tx, who).frozen
            assert tx.scalar(select(member.c.status).where(member.c.id == who)) == "active"
    with world.read() as tx:
        quiet = [id_of(world, f"m{n:06d}") for n in range(40, 61)]
        assert tx.scalar(select(func.count()).where(activity.c.member_id.in_(quiet))) > 20


def test_the_season_runs_and_the_energy_week_is_settled(world: Store) -> None:
    with world.read() as tx:
        running = tx.rows(select(campaign).where(campaign.c.status == "open"))
        assert [row.slug.startswith("green-season") for row in running] == [True]
        assert running[0].starts_at < END < running[0].ends_at
        assert (
            tx.scalar(select(func.count()).select_from(task_progress).where(task_progress.c.completed_at.is_not(None)))
            > 5
        )
        over = tx.rows(select(campaign).where(campaign.c.status.in_(("closed", "settled"))))
        assert [(row.slug.startswith("energy-week"), row.status) for row in over] == [(True, "settled")]
        assert over[0].bonus_spent > 0 and over[0].fund_id
        assert tx.scalar(select(func.count()).select_from(campaign_badge)) > 0


def test_grams_are_the_engines_own(world: Store) -> None:
    from points_engine.methodology import Level, quantify

    catalogue = load()
    with world.read() as tx:
        rows = tx.rows(select(activity).where(activity.c.status == "accepted", activity.c.grams > 0).limit(300))
    whole = [row for row in rows if not row.reasons]
    assert whole
    for row in whole:
        behaviour = catalogue.behaviour(row.behaviour)
        inputs = {name: Decimal(value) for name, value in row.inputs.items()}
        worth = quantify(behaviour, Decimal(row.quantity_milli) / 1000, inputs, Level(row.level), row.occurred_on)
        assert worth.grams == row.grams


def test_a_plan_keeps_its_promises_at_any_size() -> None:
    menu = Menu(load())
    for members_, units in ((1, 1), (25, 3), (500, 40)):
        plan = town.plan(7, menu, members_, units, 30)
        assert len(plan.people) == members_ and len(plan.units) == units
        assert len({unit.name for unit in plan.units}) == units
        if members_ >= 25:
            assert sum(1 for person in plan.people if person.unit == 0) >= 20


def test_a_world_before_the_methodologies_is_refused(store: Store, settings: Settings) -> None:
    with pytest.raises(ValueError, match="in force"):
        demo.build(store, settings=settings, members=10, units=3, days=10, until=date(2026, 1, 5))


def test_reviewers_find_pictures_and_members_rewards(world: Store) -> None:
    with world.read() as tx:
        assert activities.count_pending(tx) >= 3
        assert all(row["evidence"] for row in activities.pending(tx, None, 50))
        assert tx.scalar(select(func.count()).where(reward.c.status == "on")) >= 10
        assert tx.scalar(select(func.count()).where(upload.c.thumbnail.is_(None))) == 0
