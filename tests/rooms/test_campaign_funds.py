"""Campaigns to their end: put away in time, paid once from a fund, last points exact, two schedulers at once, notices."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from points_engine.clock import start_of
from points_engine.errors import EngineError, Invalid
from tests.racing import race
from tests.rooms.test_campaigns import (
    MONDAY,
    NOW,
    STAFF,
    begin,
    bonuses,
    catch_up,
    clean,
    join,
    log,
    purse,
    refused,
)  # fmt: skip
from webapp.activities import service as activities
from webapp.campaigns import jobs, moving, service, settling
from webapp.campaigns.service import TaskFacts
from webapp.campaigns.tables import campaign
from webapp.jobs.tables import outbox
from webapp.ledger import funds
from webapp.ledger import service as ledger
from webapp.ledger.audit import check_funds
from webapp.store import Store

END = start_of(MONDAY + timedelta(days=7))
SETTLES = END + service.SETTLE_AFTER
RIDE = TaskFacts("骑车", "log", 1, "Ride", 20)


def fund_of(store: Store, points: int) -> int:
    with store.write() as tx:
        made = funds.open_fund(tx, STAFF, "park", None, "园区奖励", NOW)
        if points:
            funds.deposit(tx, made, points, "test", "first", NOW)
    return made


def left(store: Store, fund: int) -> int:
    with store.read() as tx:
        return funds.one(tx, fund).balance


def status(store: Store, which: int) -> str:
    with store.read() as tx:
        return str(tx.scalar(select(campaign.c.status).where(campaign.c.id == which)))


def run(store: Store, *until: Any) -> None:
    for now in until:
        catch_up(store, now)
        service.move_by_clock(store, now)


def tell(store: Store, now: Any = NOW) -> None:
    """Do what the outbox holds for campaigns, also what doing it adds."""
    house = type("House", (), {"store": store})
    done: set[int] = set()
    while True:
        with store.read() as tx:
            rows = [r for r in tx.rows(select(outbox).where(outbox.c.kind == moving.TELL)) if r.id not in done]
        if not rows:
            return
        for row in rows:
            jobs.tell(house, row.payload, now)
            done.add(row.id)


def notices(store: Store, member: int) -> list[str]:
    with store.read() as tx:
        rows = tx.rows(text("SELECT title_zh FROM notice WHERE member_id = :m ORDER BY created_at, key"), {"m": member})
    return [row.title_zh for row in rows]


def exact(store: Store) -> bool:
    """The audit of members, funds and campaigns finds nothing."""
    granted: Counter[str] = Counter()
    with store.snapshot() as tx:
        for r in tx.rows(text("SELECT cause, amount FROM transfer WHERE debit = 'granted'")):
            granted[r.cause] += r.amount
        return clean(store) and check_funds(tx, dict(granted)).faults == []


# --- the end by the clock --------------------------------------------------------------------------


def test_it_is_put_away_some_days_after_it_settled(store: Store) -> None:
    which = begin(store, RIDE)
    run(store, END, SETTLES)
    assert status(store, which) == "settled"
    later = SETTLES + service.ARCHIVE_AFTER
    run(store, later - timedelta(seconds=1))
    assert status(store, which) == "settled"
    assert service.move_by_clock(store, later - timedelta(seconds=1), timedelta(days=3)) == 1, (
        "the operator decides when"
    )
    assert status(store, which) == "archived"
    assert service.move_by_clock(store, later) == 0
    with refused("already_resolved"), store.write() as tx:
        service.open_campaign(tx, STAFF, which, later)


def test_who_joined_hears_of_the_beginning_the_last_day_and_the_result_once(store: Store) -> None:
    with store.write() as tx:
        facts = service.CampaignFacts("hear", "听一听", start_of(MONDAY), END)
        which = service.create_campaign(tx, STAFF, facts, [RIDE], NOW)
        service.schedule_campaign(tx, STAFF, which, start_of(MONDAY) - timedelta(days=1))
    for member in (1, 2):
        join(store, member, which, start_of(MONDAY) - timedelta(hours=1))
    join(store, 3, which, start_of(MONDAY) - timedelta(hours=1))
    run(store, start_of(MONDAY))
    log(store, 1)
    sunday = start_of(MONDAY + timedelta(days=6))
    run(
        store,
        NOW,
        sunday + timedelta(hours=8, minutes=59),
        sunday + timedelta(hours=9),
        sunday + timedelta(hours=9, minutes=1),
    )
    run(store, END, SETTLES, SETTLES + timedelta(minutes=1))
    tell(store)
    tell(store)
    one, two = notices(store, 1), notices(store, 2)
    assert sorted(one) == sorted(
        ["「听一听」开始了", "完成任务「骑车」，+20 积分", "「听一听」已结算：完成 1 个任务，奖励 20 积分"]
    )
    assert sorted(two) == sorted(["「听一听」开始了", "「听一听」今天是最后一天，还有 1 个任务"])


def test_a_campaign_of_one_day_has_no_last_call(store: Store) -> None:
    which = begin(store, RIDE, ends_at=start_of(MONDAY + timedelta(days=1)), now=start_of(MONDAY))
    join(store, 1, which, start_of(MONDAY))
    run(store, start_of(MONDAY) + timedelta(hours=10))
    tell(store)
    assert notices(store, 1) == ["「绿色一周」开始了"]


def move(store: Store, times: Any) -> str:
    """A scheduler that ticks through the end of a campaign."""
    for now in times:
        service.move_by_clock(store, now)
        catch_up(store, now)
        service.move_by_clock(store, now)
    return "done"


def test_two_schedulers_at_once_move_tell_and_pay_once(database_url: str, store: Store) -> None:
    fund = fund_of(store, 1000)
    which = begin(store, RIDE, multiplier=150, fund_id=fund)
    for member in range(1, 6):
        join(store, member, which)
        log(store, member)
    catch_up(store)
    times = (END, SETTLES, SETTLES + service.ARCHIVE_AFTER)
    assert race(Store, database_url, move, [times] * 4, 2, 2) == Counter({"done": 4})
    assert status(store, which) == "archived"
    with store.read() as tx:
        actions = [
            r.action
            for r in tx.rows(
                text("SELECT action FROM staff_action WHERE subject = :s ORDER BY id"), {"s": f"campaign:{which}"}
            )
        ]
        told = tx.scalar(text("SELECT count(*) FROM outbox WHERE kind = 'campaigns.tell'"))
    assert actions == ["campaign.create", "campaign.open", "campaign.closed", "campaign.settled", "campaign.archived"]
    assert told == 2, "the beginning and the result"
    assert [purse(store, m).points for m in range(1, 6)] == [20 + 20 + 10] * 5 and left(store, fund) == 1000 - 150
    tell(store)
    assert len([n for n in notices(store, 1) if "已结算" in n]) == 1
    assert exact(store)


# --- paying from a fund ------------------------------------------------------------------------------


def test_a_fund_pays_at_the_end_and_nothing_before(store: Store) -> None:
    fund = fund_of(store, 1000)
    which = begin(store, RIDE, multiplier=150, fund_id=fund)
    for member in (1, 2):
        join(store, member, which)
        act = log(store, member)
    catch_up(store)
    assert (purse(store, 1).points, left(store, fund)) == (20, 1000), "base points at once, bonuses at the end"
    assert notices(store, 1) == ["完成任务「骑车」"]
    with store.write() as tx:
        activities.undo_activity(tx, 2, act["id"], NOW)
    run(store, END, SETTLES)
    assert status(store, which) == "settled"
    assert (purse(store, 1).points, purse(store, 2).points, left(store, fund)) == (20 + 20 + 10, 0, 970)
    assert bonuses(store, which) == {"paid": 30} and exact(store)


def test_a_dry_fund_pays_tasks_by_when_they_were_done_and_the_rest_after_a_payment(store: Store) -> None:
    fund = fund_of(store, 50)
    which = begin(store, RIDE, multiplier=150, fund_id=fund)
    for member in (3, 1, 2):
        join(store, member, which)
    for n, member in enumerate((3, 1, 2)):
        log(store, member)
        catch_up(store, NOW + timedelta(minutes=n))
    run(store, END, SETTLES)
    assert [purse(store, m).points for m in (3, 1, 2)] == [20 + 20 + 0, 20 + 20 + 10, 20], (
        "two tasks of 20 fit, then multiplied points of 10 for whoever has the lowest number"
    )
    assert left(store, fund) == 0 and bonuses(store, which) == {"paid": 50, "dry": 40} and exact(store)
    assert "「绿色一周」的奖励积分已发完" in notices(store, 2)
    with store.write() as tx:
        funds.deposit(tx, fund, 35, "more", "second", SETTLES)
        assert service.pay_again(tx, STAFF, which, SETTLES) == 3
    assert service.pay_due(store, SETTLES) == 3 and service.pay_due(store, SETTLES) == 0
    assert bonuses(store, which) == {"paid": 80, "dry": 10} and left(store, fund) == 5 and exact(store)


def test_a_budget_limits_what_is_drawn_from_a_full_fund(store: Store) -> None:
    fund = fund_of(store, 1000)
    which = begin(store, RIDE, fund_id=fund, bonus_budget=30)
    for member in (1, 2):
        join(store, member, which)
        log(store, member)
    catch_up(store)
    run(store, END, SETTLES)
    assert bonuses(store, which) == {"paid": 20, "dry": 20} and left(store, fund) == 980 and exact(store)


def test_a_frozen_account_waits_for_its_bonus(store: Store) -> None:
    fund = fund_of(store, 100)
    which = begin(store, RIDE, fund_id=fund)
    join(store, 1, which)
    log(store, 1)
    catch_up(store)
    with store.write() as tx:
        ledger.set_frozen(tx, 1, True, NOW)
    run(store, END, SETTLES)
    assert status(store, which) == "settled" and bonuses(store, which) == {"frozen": 20}
    with store.write() as tx:
        ledger.set_frozen(tx, 1, False, SETTLES)
        service.pay_again(tx, STAFF, which, SETTLES)
    service.pay_due(store, SETTLES)
    assert purse(store, 1).points == 40 and exact(store)


def test_only_a_fund_there_is_can_be_named(store: Store) -> None:
    with pytest.raises(Invalid) as wrong:
        begin(store, RIDE, fund_id=99)
    assert wrong.value.fields == {"fund_id": "not_a_choice"}
    which = begin(store, RIDE)
    with pytest.raises(EngineError), store.write() as tx:
        service.pay_again(tx, STAFF, which, NOW)


def pay(store: Store, which: int) -> str:
    while store.retrying(partial(settling.pay_batch, campaign_id=which, now=SETTLES)):
        pass
    return "done"


def test_fifty_workers_at_the_last_ten_points_of_a_fund(database_url: str, store: Store) -> None:
    """Twenty-five campaigns of two people each draw on one fund of ten points, two workers a campaign."""
    fund = fund_of(store, 10)
    all_of_them = [begin(store, TaskFacts("骑车", "log", 1, reward_points=2), fund_id=fund) for _ in range(25)]
    for n, which in enumerate(all_of_them):
        for member in (2 * n + 1, 2 * n + 2):
            join(store, member, which)
    for member in range(1, 51):
        log(store, member, "bike", "0.8")
    catch_up(store)
    with store.write() as tx:
        tx.execute(campaign.update().values(status="closed", ends_at=END))
    with store.read() as tx:
        rows = tx.rows(select(campaign))
    for row in rows:
        settling.decide(store, row, SETTLES)
    assert race(Store, database_url, pay, all_of_them * 2, 2, 25) == Counter({"done": 50})
    paid = sum((bonuses(store, which) for which in all_of_them), Counter())
    assert paid == {"paid": 10, "dry": 90} and left(store, fund) == 0
    assert sum(purse(store, m).points for m in range(1, 51)) == 50 * 4 + 10
    assert exact(store)
