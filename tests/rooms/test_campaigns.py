"""Campaigns: joining, tasks, the multiplier on points only, budgets under races, reversals and the clock."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text

from points_engine.clock import start_of
from points_engine.errors import EngineError, Invalid
from points_engine.ledger import Move
from points_engine.methodology import load
from tests.racing import race
from webapp.activities import service as activities
from webapp.activities.commands import read_command
from webapp.campaigns import queries, service
from webapp.campaigns.progress import behind
from webapp.campaigns.service import CampaignFacts, TaskFacts
from webapp.campaigns.tables import campaign, campaign_bonus
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.ledger.audit import check_members
from webapp.store import Store

MONDAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)  # Tuesday, 09:00 in Changzhi
STAFF = 9001
CATALOGUE = load()


def log(
    store: Store,
    member: int,
    behaviour: str = "bike",
    quantity: str = "4",
    at: datetime = NOW,
    now: datetime | None = None,
) -> Any:
    command = read_command(
        CATALOGUE, member, id=str(uuid.uuid4()), behaviour=behaviour, quantity=Decimal(quantity),
        occurred_at=at, inputs={}, evidence=(), now=now or at,
    )  # fmt: skip
    with store.write() as tx:
        return activities.log_activity(tx, command, now or at).record


def begin(store: Store, *tasks: TaskFacts, now: datetime = NOW, **more: Any) -> int:
    """An open campaign from Monday to Sunday."""
    facts = CampaignFacts(
        **{
            "slug": f"week-{uuid.uuid4().hex[:8]}",
            "title_zh": "绿色一周",
            "starts_at": start_of(MONDAY),
            "ends_at": start_of(MONDAY + timedelta(days=7)),
            **more,
        }
    )
    with store.write() as tx:
        made = service.create_campaign(tx, STAFF, facts, tasks, now)
        service.open_campaign(tx, STAFF, made, now)
    return made


def join(store: Store, member: int, which: int, now: datetime = NOW) -> bool:
    return store.retrying(lambda tx: service.join(tx, CATALOGUE, member, which, now))


def catch_up(store: Store, now: datetime = NOW) -> int:
    return service.catch_up(store, CATALOGUE, now)


def purse(store: Store, member: int) -> Any:
    with store.read() as tx:
        return ledger_queries.wallet(tx, member)


def bonuses(store: Store, which: int) -> Counter[str]:
    with store.read() as tx:
        rows = tx.rows(
            select(campaign_bonus.c.status, campaign_bonus.c.points).where(campaign_bonus.c.campaign_id == which)
        )
    found: Counter[str] = Counter()
    for row in rows:
        found[row.status] += row.points
    return found


def refused(code: str) -> Any:
    return pytest.raises(EngineError, check=lambda error: error.code == code)


def clean(store: Store) -> bool:
    with store.snapshot() as tx:
        return check_members(tx, 0, 100_000).faults == [] and service.campaign_audit(tx) == []


# --- earning ---------------------------------------------------------------------------------------


def test_the_multiplier_pays_points_and_never_grams(store: Store) -> None:
    which = begin(store, multiplier=150)
    join(store, 1, which)
    act = log(store, 1, "bike", "5.2")
    assert (act["grams"], act["points"]) == (247, 26)
    assert catch_up(store) == 1
    wallet = purse(store, 1)
    assert (wallet.declared_g, wallet.points) == (247, 39)
    assert catch_up(store) == 0, "nothing new, nothing paid"
    assert bonuses(store, which) == {"paid": 13} and clean(store)


def test_acts_before_joining_count_and_somebody_outside_gets_nothing(store: Store) -> None:
    which = begin(store, multiplier=200)
    log(store, 1)
    log(store, 2)
    assert join(store, 1, which) and not join(store, 1, which)
    assert (purse(store, 1).points, purse(store, 2).points) == (40, 20)
    assert catch_up(store) == 0 and clean(store)


def test_only_what_we_received_in_the_window_counts(store: Store) -> None:
    which = begin(store, multiplier=200, ends_at=start_of(date(2026, 6, 17)))
    join(store, 1, which)
    end = start_of(date(2026, 6, 17))
    log(store, 1, "clean_plate", "1", at=end - timedelta(minutes=1), now=end)  # received too late
    log(store, 1, "own_cup", "1", at=start_of(MONDAY) - timedelta(minutes=1), now=NOW)  # done too early
    catch_up(store, end)
    assert bonuses(store, which) == {}
    log(store, 1, "stairs", "1", at=end - timedelta(minutes=2), now=end - timedelta(microseconds=1))
    catch_up(store, end)
    assert bonuses(store, which)["paid"] > 0 and clean(store)


def test_tasks_count_acts_days_grams_and_amounts(store: Store) -> None:
    day = TaskFacts("周二骑车", "log", 1, reward_points=20, day=date(2026, 6, 16), behaviours=("bike",))
    days = TaskFacts("坚持两天", "days", 2, reward_points=30)
    grams = TaskFacts("减排", "grams", 300, reward_points=40)
    amount = TaskFacts("出行 5 公里", "amount", 5, reward_points=50, domains=("行",))
    which = begin(store, day, days, grams, amount)
    join(store, 1, which)
    log(store, 1, "bike", "4.5", at=NOW - timedelta(days=1), now=NOW - timedelta(days=1))
    catch_up(store)
    assert [t.progress for t in tasks_of(store, which, 1)] == [0, 1, 214, 4]
    log(store, 1, "bike", "2")
    catch_up(store)
    found = tasks_of(store, which, 1)
    assert [(t.progress, t.done) for t in found] == [(1, True), (2, True), (309, True), (6, True)]
    assert [t.when for t in found] == ["today", "week", "week", "week"]
    assert bonuses(store, which) == {"paid": 140} and purse(store, 1).points == 22 + 10 + 140
    with store.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM notice WHERE kind = 'campaign_task'")) == 4
    assert clean(store)


def tasks_of(store: Store, which: int, member: int, now: datetime = NOW) -> list[queries.TaskView]:
    with store.read() as tx:
        return queries.tasks(tx, [which], member, now)[which]


def test_an_undone_act_gives_its_bonus_and_its_task_back_and_earns_them_anew(store: Store) -> None:
    which = begin(store, TaskFacts("骑车", "log", 1, reward_points=20), multiplier=150)
    join(store, 1, which)
    act = log(store, 1)
    catch_up(store)
    assert purse(store, 1).points == 20 + 10 + 20
    with store.write() as tx:
        activities.undo_activity(tx, 1, act["id"], NOW + timedelta(minutes=1))
    catch_up(store)
    assert purse(store, 1).points == 0 and bonuses(store, which) == {"returned": 30}
    assert [(t.progress, t.done) for t in tasks_of(store, which, 1)] == [(0, False)]
    log(store, 1, at=NOW + timedelta(hours=1))
    catch_up(store)
    assert purse(store, 1).points == 50
    assert bonuses(store, which) == {"returned": 10, "paid": 30} and clean(store)


def test_a_bonus_already_spent_is_written_off_not_made_a_debt(store: Store) -> None:
    which = begin(store, multiplier=200)
    join(store, 1, which)
    act = log(store, 1)
    catch_up(store)
    with store.write() as tx:
        ledger.post(
            tx,
            [
                Move(
                    1,
                    "points",
                    "points",
                    "spent",
                    20,
                    "donation",
                    "redemption:x",
                    "redemption:x:hold",
                )
            ],
            NOW,
        )
        activities.undo_activity(tx, 1, act["id"], NOW + timedelta(minutes=1))
    catch_up(store)
    assert purse(store, 1).points == 0 and bonuses(store, which) == {"kept": 20}
    assert catch_up(store) == 0 and clean(store)


def test_a_frozen_member_waits_and_holds_nobody_up(store: Store) -> None:
    which = begin(store, multiplier=150)
    for member in (1, 2):
        join(store, member, which)
        log(store, member)
    with store.write() as tx:
        ledger.set_frozen(tx, 1, True, NOW)
    assert catch_up(store) == 1
    assert (purse(store, 1).points, purse(store, 2).points) == (20, 30)
    with store.write() as tx:
        ledger.set_frozen(tx, 1, False, NOW)
    assert catch_up(store) == 1 and purse(store, 1).points == 30


def test_a_dry_budget_stops_bonuses_and_never_base_points(store: Store) -> None:
    which = begin(store, multiplier=150, bonus_budget=25)
    for member in (1, 2, 3):
        join(store, member, which)
        log(store, member)
    catch_up(store)
    assert bonuses(store, which) == {"paid": 20, "dry": 10}
    assert sorted(purse(store, m).points for m in (1, 2, 3)) == [20, 30, 30]
    with store.read() as tx:
        assert queries.detail(tx, which, 1, NOW).dry
        assert tx.scalar(text("SELECT count(*) FROM notice WHERE kind = 'campaign_dry'")) == 1
        row = queries.staff_one(tx, which)
    with store.write() as tx:
        facts = CampaignFacts(
            **{n: row._mapping[n] for n in CampaignFacts.__slots__ if n != "bonus_budget"},
            bonus_budget=100,
        )
        service.change_campaign(tx, STAFF, which, facts, None, NOW)
    catch_up(store)
    assert bonuses(store, which) == {"paid": 30} and clean(store)


# --- joining and the life cycle -------------------------------------------------------------------------


def test_who_may_join_and_when(store: Store) -> None:
    with store.write() as tx:
        draft = service.create_campaign(tx, STAFF, facts_now("a"), (), NOW)
    with refused("unknown_campaign"):
        join(store, 1, draft)
    companies = begin(store, audience={"kinds": ["company"]})
    with refused("not_eligible"):
        join(store, 1, companies)
    assert service.eligible({"kinds": ["company"]}, {"company": 4})
    assert service.eligible({"units": [4]}, {"company": 4}) and not service.eligible({"units": [5]}, {"company": 4})
    over = begin(store)
    with refused("window_closed"):
        join(store, 1, over, start_of(MONDAY + timedelta(days=7)))


def facts_now(slug: str, **more: Any) -> CampaignFacts:
    return CampaignFacts(slug, "活动", start_of(MONDAY), start_of(MONDAY + timedelta(days=7)), **more)


def test_the_clock_opens_closes_and_settles_once(store: Store) -> None:
    with store.write() as tx:
        which = service.energy_week(tx, MONDAY, NOW - timedelta(days=10))
        assert service.energy_week(tx, MONDAY, NOW) == which, "seeding twice is once"
    end = start_of(MONDAY + timedelta(days=7))

    def tick(now: datetime) -> int:
        return service.move_by_clock(store, now)

    assert tick(start_of(MONDAY) - timedelta(seconds=1)) == 0
    assert (tick(start_of(MONDAY)), tick(start_of(MONDAY))) == (1, 0)
    join(store, 1, which)
    log(store, 1)
    assert (tick(end - timedelta(seconds=1)), tick(end), tick(end)) == (0, 1, 0)
    assert tick(end + service.SETTLE_AFTER) == 0, "somebody's acts are still unread"
    assert catch_up(store, end) == 1, "a closed campaign still pays what was earned in time"
    assert (tick(end + service.SETTLE_AFTER), tick(end + service.SETTLE_AFTER)) == (1, 0)
    with store.read() as tx:
        assert tx.scalar(select(campaign.c.status)) == "settled"
        assert [r.action for r in tx.rows(text("SELECT action FROM staff_action ORDER BY id"))][-3:] == [
            "campaign.open", "campaign.closed", "campaign.settled",
        ]  # fmt: skip


def test_staff_move_a_campaign_only_forwards(store: Store) -> None:
    with store.write() as tx:
        which = service.create_campaign(tx, STAFF, facts_now("b"), (), NOW)
        service.schedule_campaign(tx, STAFF, which, NOW)
        service.unschedule_campaign(tx, STAFF, which, NOW)
        service.schedule_campaign(tx, STAFF, which, NOW)
        service.open_campaign(tx, STAFF, which, NOW)
    with refused("already_resolved"), store.write() as tx:
        service.schedule_campaign(tx, STAFF, which, NOW)
    with store.write() as tx:
        service.change_campaign(tx, STAFF, which, facts_now("c", multiplier=300, summary_zh="新"), None, NOW)
        service.close_campaign(tx, STAFF, which, NOW)
        row = queries.staff_one(tx, which)
    assert (row.slug, row.multiplier, row.summary_zh, row.ends_at) == ("b", 100, "新", NOW)
    with refused("already_resolved"), store.write() as tx:
        service.open_campaign(tx, STAFF, which, NOW)


def test_a_bad_campaign_names_its_fields(store: Store) -> None:
    bad = CampaignFacts("", "", NOW, NOW, audience={}, multiplier=90, bonus_budget=-1)
    with pytest.raises(Invalid) as wrong, store.write() as tx:
        service.create_campaign(tx, STAFF, bad, (), NOW)
    assert set(wrong.value.fields) == {
        "slug",
        "title_zh",
        "ends_at",
        "audience",
        "multiplier",
        "bonus_budget",
    }
    outside = TaskFacts("早了", "log", 1, day=MONDAY - timedelta(days=1))
    with pytest.raises(Invalid) as wrong, store.write() as tx:
        service.create_campaign(tx, STAFF, facts_now("d"), (outside,), NOW)
    assert wrong.value.fields == {"tasks": "invalid"}


def test_energy_week_has_seven_theme_days_of_known_behaviours(store: Store) -> None:
    with store.write() as tx:
        which = service.energy_week(tx, MONDAY, NOW - timedelta(days=10))
    with store.read() as tx:
        view = queries.detail(tx, which, None, NOW)
        behaviours = {code for row in queries.staff_tasks(tx, which) for code in row.behaviours}
    assert [day for day, _ in view.days] == [MONDAY + timedelta(days=n) for n in range(7)]
    assert view.week and view.card.multiplier == 150 and view.card.state == "coming"
    assert view.card.theme_zh == "节能新起点 低碳向未来"
    for code in behaviours:
        assert CATALOGUE.behaviour(code).loggable, code


def test_the_home_card_prefers_what_i_joined(store: Store) -> None:
    first = begin(store, ends_at=start_of(date(2026, 6, 18)))
    second = begin(store)
    begin(store, audience={"kinds": ["company"]}, ends_at=start_of(date(2026, 6, 17)))
    with store.read() as tx:
        found = queries.home_card(tx, 1, {}, NOW)
    assert found is not None and found[0].id == first and not found[0].joined
    join(store, 1, second)
    with store.read() as tx:
        found = queries.home_card(tx, 1, {}, NOW)
        assert queries.home_card(tx, 1, {}, NOW + timedelta(days=30)) is None
        listed = queries.cards(tx, 1, NOW + timedelta(days=3))
    assert found is not None and found[0].id == second and found[0].joined
    assert (listed[0].id, listed[0].state) == (second, "running")
    assert {c.state for c in listed[1:]} == {"past"}


def test_the_list_asks_as_many_queries_for_ten_as_for_one(store: Store) -> None:
    from tests.counting import count_statements

    counts = []
    for more in (1, 9):
        for _ in range(more):
            join(store, 1, begin(store, TaskFacts("骑车", "log", 1)))
        with count_statements(store) as seen, store.read() as tx:
            assert queries.cards(tx, 1, NOW)
        counts.append(seen.count)
    assert counts[0] == counts[1]


def test_leaving_takes_part_in_nothing_more(store: Store) -> None:
    which = begin(store, multiplier=150)
    join(store, 1, which)
    log(store, 1)
    with store.write() as tx:
        service.forget(tx, 1, NOW)
    assert catch_up(store) == 0


# --- many at once ----------------------------------------------------------------------------------


def catch_one(store: Store, job: tuple[int, int]) -> str:
    which, member = job
    try:
        store.retrying(lambda tx: service.catch_up_members(tx, CATALOGUE, which, [member], NOW))
    except EngineError as error:
        return error.code
    return "done"


def test_fifty_workers_at_the_last_ten_points(database_url: str, store: Store) -> None:
    which = begin(store, multiplier=150, bonus_budget=10)
    members = range(1, 51)
    for member in members:
        join(store, member, which)
    for member in members:
        log(store, member, "bike", "0.8")  # 4 points, a bonus of 2
    assert race(Store, database_url, catch_one, [(which, m) for m in members], 2, 25) == Counter({"done": 50})
    assert bonuses(store, which) == {"paid": 10, "dry": 90}
    assert sum(purse(store, m).points for m in members) == 50 * 4 + 10
    with store.read() as tx:
        assert tx.scalar(select(campaign.c.bonus_spent)) == 10
    assert clean(store)


def test_catching_up_twice_at_once_pays_once(database_url: str, store: Store) -> None:
    which = begin(store, TaskFacts("骑车", "log", 1, reward_points=20), multiplier=150)
    for member in range(1, 11):
        join(store, member, which)
        log(store, member)
    jobs_ = [(which, m) for _ in range(10) for m in range(1, 11)]
    assert race(Store, database_url, catch_one, jobs_, 2, 8) == Counter({"done": 100})
    assert [purse(store, m).points for m in range(1, 11)] == [50] * 10
    with store.read() as tx:
        assert behind(tx, which) == []
        assert tx.scalar(select(func.count()).select_from(campaign_bonus)) == 20
    assert clean(store)
