"""Rewards: redeeming once, limits, cancel, expiry, fulfilment, and the races between them on both databases."""

from __future__ import annotations

import functools
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from points_engine.errors import EngineError, Invalid
from points_engine.ledger import Move
from tests.racing import race
from webapp.ledger import queries as ledger_queries
from webapp.ledger import service as ledger
from webapp.ledger.audit import check_members
from webapp.rewards import codes, counter, jobs, queries, service
from webapp.rewards.forms import Redeem, read_reward
from webapp.rewards.tables import redemption, redemption_code, reward
from webapp.store import Store

NOW = datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
STAFF, CLERK = 9001, 9002
COST = 30


def give(store: Store, members: range | list[int], points: int) -> None:
    with store.write() as tx:
        ledger.post(
            tx,
            [Move(m, "points", "awarded", "points", points, "review", f"activity:{m}", f"give:{m}") for m in members],
            NOW,
        )


def shelve(store: Store, stock: int = 10, kind: str = "voucher", **more: object) -> tuple[int, int]:
    """A merchant and a reward of 30 points on the shelf; returns (reward, merchant)."""
    with store.write() as tx:
        name = uuid.uuid4().hex[:8]
        shop = service.create_merchant(tx, STAFF, service.MerchantFacts(f"shop-{name}", "食堂", "Canteen"), NOW)
        facts = service.RewardFacts(f"soup-{name}", "一碗汤", kind, COST, merchant_id=shop, **more)  # type: ignore[arg-type]
        made = service.create_reward(tx, STAFF, facts, NOW)
        if stock:
            service.add_stock(tx, STAFF, made, stock, NOW)
        service.set_status(tx, STAFF, made, "on", NOW)
    return made, shop


def take(store: Store, member: int, item: int, id: str = "", now: datetime = NOW) -> service.Redeemed:
    return store.retrying(lambda tx: service.redeem(tx, member, id or str(uuid.uuid4()), item, now))


def refused(code: str):  # type: ignore[no-untyped-def]
    return pytest.raises(EngineError, check=lambda error: error.code == code)


def stock_of(store: Store, item: int) -> int:
    with store.read() as tx:
        return int(tx.scalar(select(reward.c.stock).where(reward.c.id == item)))


def purse(store: Store, member: int) -> tuple[int, int]:
    with store.read() as tx:
        wallet = ledger_queries.wallet(tx, member)
    return wallet.points, wallet.held


def faults(store: Store) -> list[str]:
    with store.snapshot() as tx:
        return service.stock_audit(tx) + check_members(tx, 0, 100_000).faults


# --- one at a time -------------------------------------------------------------------------------


def test_a_redemption_holds_points_takes_one_and_gives_a_code(store: Store) -> None:
    give(store, [1], 100)
    item, _ = shelve(store)
    done = take(store, 1, item)
    assert (done.status, done.points, done.first) == ("held", COST, True)
    assert len(done.code) == codes.LENGTH and set(done.code) <= set(codes.ALPHABET)
    assert done.expires_at == NOW + timedelta(days=7)
    assert purse(store, 1) == (70, 30) and stock_of(store, item) == 9
    assert faults(store) == []


def test_the_same_id_answers_the_first_and_other_facts_are_refused(store: Store) -> None:
    give(store, [1, 2], 100)
    item, _ = shelve(store)
    other, _ = shelve(store)
    id = str(uuid.uuid4())
    first, again = take(store, 1, item, id), take(store, 1, item, id)
    assert (first.code, first.first, again.code, again.first) == (again.code, True, first.code, False)
    with refused("request_reused"):
        take(store, 1, other, id)
    assert take(store, 2, item, id).code != first.code, "an id is unique per member"
    assert purse(store, 1) == (70, 30) and stock_of(store, item) == 8


@pytest.mark.parametrize(
    ("points", "stock", "status", "code"),
    [
        (29, 5, "on", "insufficient_points"),
        (30, 0, "on", "out_of_stock"),
        (30, 5, "off", "reward_off"),
        (30, 5, "draft", "unknown_reward"),
    ],
)
def test_a_refusal_leaves_no_trace(store: Store, points: int, stock: int, status: str, code: str) -> None:
    give(store, [1], points)
    item, _ = shelve(store, stock)
    with store.write() as tx:
        service.set_status(tx, STAFF, item, status, NOW)
    with refused(code):
        take(store, 1, item)
    with store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(redemption)) == 0
        assert tx.scalar(select(func.count()).select_from(redemption_code)) == 0
    assert purse(store, 1) == (points, 0) and stock_of(store, item) == stock
    assert faults(store) == []


def test_a_frozen_member_takes_nothing(store: Store) -> None:
    give(store, [1], 100)
    item, _ = shelve(store)
    with store.write() as tx:
        ledger.set_frozen(tx, 1, True, NOW)
    with refused("account_frozen"):
        take(store, 1, item)
    assert stock_of(store, item) == 10


def test_a_limit_counts_what_stands_and_a_month_begins_anew(store: Store) -> None:
    give(store, [1], 1000)
    item, _ = shelve(store, per_member_limit=2, limit_window="month")
    first = take(store, 1, item)
    take(store, 1, item)
    with refused("limit_reached"):
        take(store, 1, item)
    store.retrying(lambda tx: service.cancel_redemption(tx, 1, first.id, NOW))
    take(store, 1, item)
    with refused("limit_reached"):
        take(store, 1, item)
    take(store, 1, item, now=datetime(2026, 6, 30, 16, 0, tzinfo=UTC))  # July in Changzhi
    with store.read() as tx:
        card = queries.card(tx, item, 1, NOW)
    assert (card.taken, card.reason, card.available) == (2, "limit_reached", False)
    assert faults(store) == []


def test_a_donation_is_done_at_once_with_a_receipt(store: Store) -> None:
    give(store, [1], 100)
    item, _ = shelve(store, kind="donation")
    done = take(store, 1, item)
    assert (done.status, done.expires_at) == ("fulfilled", None) and done.code
    assert purse(store, 1) == (70, 0)
    with refused("already_resolved"):
        store.retrying(lambda tx: service.cancel_redemption(tx, 1, done.id, NOW))
    assert faults(store) == []


def test_cancelling_gives_everything_back_once(store: Store) -> None:
    give(store, [1, 2], 100)
    item, _ = shelve(store)
    done = take(store, 1, item)
    with refused("unknown_redemption"):
        store.retrying(lambda tx: service.cancel_redemption(tx, 2, done.id, NOW))
    answers = [store.retrying(lambda tx: service.cancel_redemption(tx, 1, done.id, NOW)) for _ in range(2)]
    assert [(a.status, a.first) for a in answers] == [("cancelled", True), ("cancelled", False)]
    assert purse(store, 1) == (100, 0) and stock_of(store, item) == 10
    assert faults(store) == []


def test_what_is_not_collected_in_time_is_refunded_with_a_notice(store: Store) -> None:
    give(store, range(1, 6), 100)
    item, _ = shelve(store)
    done = [take(store, member, item) for member in range(1, 6)]
    end = done[0].expires_at
    assert end is not None
    house = type("House", (), {"store": store})()
    assert jobs.expire_redemptions(house, end - timedelta(milliseconds=1)) == 0
    assert jobs.expire_redemptions(house, end) == 5
    assert jobs.expire_redemptions(house, end) == 0
    assert purse(store, 3) == (100, 0) and stock_of(store, item) == 10
    with store.read() as tx:
        assert queries.one(tx, 3, done[2].id).status == "expired"
        assert tx.scalar(text("SELECT count(*) FROM notice WHERE kind = 'redemption_expired'")) == 5
    assert faults(store) == []


def test_a_code_is_fulfilled_once_by_the_right_merchant_in_time(store: Store) -> None:
    give(store, [1], 100)
    item, shop = shelve(store)
    _, other_shop = shelve(store)
    done = take(store, 1, item)
    assert done.expires_at is not None
    id = str(uuid.uuid4())

    def fulfil(shops: set[int], id: str, code: str, now: datetime = NOW) -> service.Receipt:
        return store.retrying(lambda tx: service.fulfil(tx, CLERK, shops, id, code, now))

    with refused("unknown_code"):
        fulfil({other_shop}, id, done.code)
    with refused("unknown_code"):
        fulfil(set(), id, done.code)
    with refused("redemption_expired"):
        fulfil({shop}, id, done.code, done.expires_at)
    typed = f" {codes.shown(done.code).lower().replace('0', 'o').replace('1', 'l')} "
    first = fulfil({shop, other_shop}, id, typed, done.expires_at - timedelta(milliseconds=1))
    assert (first.first, first.reward_zh) == (True, "一碗汤")
    assert not fulfil({shop}, id, done.code).first, "the same fulfilment gets the same receipt"
    with refused("already_fulfilled"):
        fulfil({shop}, str(uuid.uuid4()), done.code)
    with refused("already_resolved"):
        store.retrying(lambda tx: service.cancel_redemption(tx, 1, done.id, NOW))
    assert purse(store, 1) == (70, 0)
    with store.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM staff_action WHERE action = 'redemption.fulfil'")) == 1
    assert faults(store) == []


def test_one_fulfilment_id_names_one_code(store: Store) -> None:
    give(store, [1], 100)
    item, shop = shelve(store)
    a, b = take(store, 1, item), take(store, 1, item)
    id = str(uuid.uuid4())
    store.retrying(lambda tx: service.fulfil(tx, CLERK, {shop}, id, a.code, NOW))
    with refused("request_reused"):
        store.retrying(lambda tx: service.fulfil(tx, CLERK, {shop}, id, b.code, NOW))


def test_a_cancelled_code_is_refused_at_the_counter(store: Store) -> None:
    give(store, [1], 100)
    item, shop = shelve(store)
    done = take(store, 1, item)
    store.retrying(lambda tx: service.cancel_redemption(tx, 1, done.id, NOW))
    with refused("redemption_cancelled"):
        store.retrying(lambda tx: service.fulfil(tx, CLERK, {shop}, str(uuid.uuid4()), done.code, NOW))


def test_five_wrong_codes_and_then_a_wait(store: Store) -> None:
    give(store, [1], 100)
    item, shop = shelve(store)
    done = take(store, 1, item)
    for _ in range(counter.TRIES):
        with refused("unknown_code"):
            counter.fulfil_typed(store, CLERK, {shop}, str(uuid.uuid4()), "0000000000", NOW)
    with refused("too_many_attempts"):
        counter.fulfil_typed(store, CLERK, {shop}, str(uuid.uuid4()), done.code, NOW)
    later = NOW + counter.WINDOW
    assert counter.fulfil_typed(store, CLERK, {shop}, str(uuid.uuid4()), done.code, later).first


def test_leaving_puts_what_is_held_back(store: Store) -> None:
    give(store, [1], 100)
    item, _ = shelve(store)
    take(store, 1, item)
    with store.write() as tx:
        service.forget(tx, 1, NOW)
    assert purse(store, 1) == (100, 0) and stock_of(store, item) == 10
    assert faults(store) == []


def test_stock_is_added_and_never_taken_below_nothing(store: Store) -> None:
    item, _ = shelve(store, 3)
    with store.write() as tx:
        assert service.add_stock(tx, STAFF, item, -2, NOW) == 1
    with refused("out_of_stock"), store.write() as tx:
        service.add_stock(tx, STAFF, item, -2, NOW)
    assert stock_of(store, item) == 1 and faults(store) == []


def test_the_audit_finds_a_changed_stock_and_a_changed_counter(store: Store) -> None:
    give(store, [1], 100)
    item, _ = shelve(store)
    take(store, 1, item)
    assert faults(store) == []
    with store.write() as tx:
        tx.execute(update(reward).where(reward.c.id == item).values(stock=reward.c.stock - 1))
    with store.read() as tx:
        assert service.stock_audit(tx) == [f"reward {item}: stock 8, but 10 given - 1 taken"]
    for change in ("UPDATE member_reward_count SET n = 2", "DELETE FROM member_reward_count"):
        with store.write() as tx:
            tx.execute(text(change))
        with store.read() as tx:
            assert len(service.stock_audit(tx)) == 3, "the shelf, the month and the total"


def test_forms_name_every_field_that_is_wrong() -> None:
    with pytest.raises(Invalid) as wrong:
        Redeem.parse({"id": "x", "reward": "１"})
    assert wrong.value.fields == {"id": "not_a_uuid", "reward": "invalid"}
    with pytest.raises(Invalid) as wrong:
        read_reward({"code": "a", "points": "ten", "hold_days": "７", "kind": "goods"})
    assert wrong.value.fields == {"points": "not_a_number", "hold_days": "not_a_number"}


def test_codes_are_read_as_people_type_them() -> None:
    assert codes.typed(" ab3de-6gh7k ") == "AB3DE6GH7K"
    assert codes.typed("ＡＢ３ＤＥ ６ＧＨ７Ｋ") == "AB3DE6GH7K"
    assert codes.typed("oIl0u") == "0110V"
    assert len({codes.new_code() for _ in range(2000)}) == 2000


# --- many at once ----------------------------------------------------------------------------------


def redeem_one(store: Store, job: tuple[int, str, int]) -> str:
    member, id, item = job
    try:
        done = store.retrying(lambda tx: service.redeem(tx, member, id, item, NOW))
    except EngineError as error:
        return error.code
    return "first" if done.first else "again"


def end_one(store: Store, job: tuple[str, int, str, str, int]) -> str:
    """One way to end a held redemption, at the instant it expires for one and has a tick left for the other."""
    how, member, id, code, shop = job
    end = NOW + timedelta(days=7)
    try:
        if how == "cancel":
            won = store.retrying(lambda tx: service.cancel_redemption(tx, member, id, end)).first
        elif how == "expire":
            won = store.retrying(lambda tx: service.expire_holds(tx, end, 200)) > 0
            return f"expired:{int(won)}"
        else:
            before = end - timedelta(microseconds=1)
            own = functools.partial(service.fulfil, actor_id=CLERK, merchant_ids={shop}, code=code, now=before)
            won = store.retrying(lambda tx: own(tx, fulfilment_id=str(uuid.uuid4()))).first
    except EngineError as error:
        return f"{how}:{error.code}"
    return f"{how}:{'won' if won else 'late'}"


def fulfil_one(store: Store, job: tuple[str, str, int]) -> str:
    id, code, shop = job
    try:
        done = store.retrying(lambda tx: service.fulfil(tx, CLERK, {shop}, id, code, NOW))
    except EngineError as error:
        return error.code
    return "first" if done.first else "again"


@pytest.mark.parametrize(("processes", "threads"), [(2, 1), (2, 4), (2, 25)])
def test_a_hundred_items_two_thousand_attempts(database_url: str, store: Store, processes: int, threads: int) -> None:
    members = range(1, 201)
    give(store, members, 1000)
    item, _ = shelve(store, 100)
    jobs_ = [(m, str(uuid.uuid4()), item) for _ in range(10) for m in members]
    seen = race(Store, database_url, redeem_one, jobs_, processes, threads)
    assert seen == Counter({"first": 100, "out_of_stock": 1900})
    with store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(redemption_code)) == 100
        held = sum(ledger_queries.wallet(tx, m).held for m in members)
    assert held == 100 * COST and stock_of(store, item) == 0
    assert faults(store) == []


def test_twins_of_one_id_get_one_code(database_url: str, store: Store) -> None:
    give(store, range(1, 11), 1000)
    item, _ = shelve(store, 100)
    ids = {m: str(uuid.uuid4()) for m in range(1, 11)}
    jobs_ = [(m, ids[m], item) for _ in range(20) for m in ids]
    assert race(Store, database_url, redeem_one, jobs_, 2, 10) == Counter({"first": 10, "again": 190})
    assert stock_of(store, item) == 90 and faults(store) == []


def test_points_and_limits_hold_when_one_member_is_everywhere(database_url: str, store: Store) -> None:
    give(store, range(1, 21), 100)
    item, _ = shelve(store, 1000)
    seen = race(
        Store, database_url, redeem_one, [(m, str(uuid.uuid4()), item) for _ in range(10) for m in range(1, 21)], 2, 8
    )
    assert seen == Counter({"first": 60, "insufficient_points": 140})
    limited, _ = shelve(store, 1000, per_member_limit=2)
    give(store, range(21, 31), 1000)
    seen = race(
        Store,
        database_url,
        redeem_one,
        [(m, str(uuid.uuid4()), limited) for _ in range(10) for m in range(21, 31)],
        2,
        8,
    )
    assert seen == Counter({"first": 20, "limit_reached": 80})
    assert faults(store) == []


def test_cancel_fulfil_and_expiry_have_one_winner(database_url: str, store: Store) -> None:
    members = range(1, 31)
    give(store, members, 100)
    item, shop = shelve(store, 30)
    held = [(m, take(store, m, item)) for m in members]
    jobs_ = [(how, m, done.id, done.code, shop) for m, done in held for how in ("cancel", "fulfil", "fulfil")]
    jobs_ += [("expire", 0, "", "", shop)] * 6
    jobs_.sort(key=lambda job: hash((job[0], job[2], 7)))
    seen = race(Store, database_url, end_one, jobs_, 2, 6)
    assert not [outcome for outcome in seen if "Error" in outcome], seen
    with store.read() as tx:
        states = Counter(
            {
                r.status: r.n
                for r in tx.rows(select(redemption.c.status, func.count().label("n")).group_by(redemption.c.status))
            }
        )
    assert states.total() == 30 and "held" not in states
    assert seen["cancel:won"] == states["cancelled"] and seen["fulfil:won"] == states["fulfilled"]
    assert stock_of(store, item) == 30 - states["fulfilled"]
    assert faults(store) == []


def test_fifty_scanners_one_success(database_url: str, store: Store) -> None:
    give(store, [1], 100)
    item, shop = shelve(store)
    done = take(store, 1, item)
    seen = race(Store, database_url, fulfil_one, [(str(uuid.uuid4()), done.code, shop) for _ in range(50)], 2, 25)
    assert seen == Counter({"first": 1, "already_fulfilled": 49})
    again = take(store, 1, item)
    one_id = str(uuid.uuid4())
    seen = race(Store, database_url, fulfil_one, [(one_id, again.code, shop)] * 50, 2, 25)
    assert seen == Counter({"first": 1, "again": 49}), "a scanner that asks again gets its own receipt"
    assert faults(store) == []


# --- pages ------------------------------------------------------------------------------------------


def test_the_shelf_asks_as_many_queries_for_thirty_as_for_three(store: Store) -> None:
    from tests.counting import count_statements

    give(store, [1], 100)
    counts = []
    for more in (3, 27):
        for _ in range(more):
            shelve(store)
        with count_statements(store) as seen, store.read() as tx:
            assert queries.shelf_page(tx, 1, NOW).cards
        counts.append(seen.count)
    assert counts[0] == counts[1]


def test_my_redemptions_page_by_keyset(store: Store) -> None:
    give(store, [1], 1000)
    item, _ = shelve(store, 50)
    made = [take(store, 1, item, now=NOW + timedelta(seconds=n // 2)).id for n in range(9)]
    seen: list[str] = []
    after = None
    with store.read() as tx:
        while rows := queries.mine(tx, 1, after=after, limit=4):
            seen += [row.id for row in rows]
            after = (rows[-1].created_at, rows[-1].id)
    assert sorted(seen) == sorted(made) and len(seen) == len(set(seen))
