"""Acts that rest on proofs: levels, overlaps, natural keys, verdicts, claw-backs that make a debt, restorations."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from points_engine.errors import EngineError, Invalid
from points_engine.ledger import Move
from points_engine.methodology import Level, load
from webapp.activities import audit, queries, service, views
from webapp.activities.commands import LogActivity, read_command
from webapp.activities.partner_acts import PartnerAct, PartnerDesk
from webapp.activities.proofs import Proof
from webapp.ledger import queries as ledger
from webapp.ledger.audit import check_members
from webapp.ledger.service import hold_key, post
from webapp.store import Store

NOW = datetime(2026, 6, 16, 10, 0, tzinfo=UTC)
CATALOGUE = load()


def trip(start: int, minutes: int, **more: Any) -> Proof:
    """A recorded trip that starts `start` minutes before now."""
    begin = NOW - timedelta(minutes=start)
    return Proof("trip", Level.DEVICE, starts_at=begin, ends_at=begin + timedelta(minutes=minutes), **more)


def act(
    behaviour: str, quantity: str, proof: Proof | None = None, at: datetime | None = None, member: int = 1
) -> LogActivity:
    when = at or (proof.starts_at if proof and proof.starts_at else NOW)
    return read_command(
        CATALOGUE,
        member,
        id=str(uuid.uuid4()),
        behaviour=behaviour,
        quantity=Decimal(quantity),
        occurred_at=when,
        inputs={},
        evidence=(),
        now=NOW,
        proof=proof,
    )


def log(store: Store, *commands: LogActivity) -> list[Any]:
    with store.write() as tx:
        return [getattr(a, "record", a) for a in service.log_many(tx, commands, NOW)]


def told(record: Any) -> tuple[str, int, list[str]]:
    return record["status"], record["grams"], record["reasons"]


def faults(store: Store) -> list[str]:
    with store.snapshot() as tx:
        found = check_members(tx, 0, 999)
        return found.faults + audit.check_members(tx, 0, 999, found.causes).faults


def test_a_recorded_trip_is_worth_the_whole_and_lands_in_the_verified_account(store: Store) -> None:
    (record,) = log(store, act("bike", "5.2", trip(60, 20)))
    assert told(record) == ("accepted", 495, []) and record["level"] == "device"
    with store.read() as tx:
        assert ledger.wallet(tx, 1).verified_g == 495
    assert faults(store) == []


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (None, "declared"),
        (Proof("trip", Level.DEVICE), "trip"),
        (Proof("scan", Level.PHOTO, source="place:1"), "scan"),
        (Proof("scan", Level.DEVICE, source="place:1"), "scan"),
        (Proof("feed", Level.PARTNER, source="rides", natural="1"), "partner"),
    ],
)
def test_an_act_says_what_it_rests_on(store: Store, proof: Proof | None, expected: str) -> None:
    (record,) = log(store, act("bike", "5.2", proof))
    with store.read() as tx:
        one, (listed,) = queries.one(tx, 1, record["id"]), queries.mine(tx, 1)
        found = queries.by_keys(tx, [(1, record["id"])])[1, record["id"]]
    assert [views.rests_on(each) for each in (one, listed, found)] == [expected] * 3


def test_verdicts_wait_or_refuse_and_pay_nothing(store: Store) -> None:
    doubt = trip(60, 20, verdict="review", reasons=("speed_unclear",))
    lie = trip(30, 20, verdict="reject", reasons=("looks_like_a_vehicle",))
    waits, refused = log(store, act("bike", "5.2", doubt), act("bike", "5.2", lie))
    assert told(waits) == ("pending", 0, ["speed_unclear", "awaiting_review"])
    assert told(refused) == ("rejected", 0, ["looks_like_a_vehicle"])
    with store.write() as tx:
        decided = service.review_activity(tx, CATALOGUE, 9, 1, waits["id"], accept=True, note="", now=NOW)
    assert told(decided) == ("accepted", 495, [])
    assert faults(store) == []


@pytest.mark.parametrize("together", [True, False])
def test_one_persons_trips_do_not_overlap(store: Store, together: bool) -> None:
    first, second, beside = (
        act("bike", "5", trip(60, 20)),
        act("walk", "1", trip(50, 20)),
        act("bike", "2", trip(40, 10)),
    )
    if together:
        records = log(store, first, second, beside)
    else:
        records = [log(store, each)[0] for each in (first, second, beside)]
    assert [told(r)[2] for r in records] == [[], ["trip_overlaps"], []]
    assert [r["grams"] > 0 for r in records] == [True, False, True]
    (other,) = log(store, act("bike", "5", trip(60, 20), member=2))
    assert other["grams"] > 0, "other people may ride at the same time"
    assert faults(store) == []


@pytest.mark.parametrize("together", [True, False])
def test_a_claim_inside_a_recorded_trip_is_the_same_trip(store: Store, together: bool) -> None:
    ride, claim = act("bike", "5", trip(60, 20)), act("bus", "5", at=NOW - timedelta(minutes=50))
    records = log(store, ride, claim) if together else [*log(store, ride), *log(store, claim)]
    assert [told(r) for r in records] == [("accepted", 476, []), ("accepted", 0, ["counted_elsewhere"])]
    assert faults(store) == []


@pytest.mark.parametrize("together", [True, False])
def test_a_recording_over_an_earlier_claim_adds_the_difference(store: Store, together: bool) -> None:
    claim, ride = act("bike", "5", at=NOW - timedelta(minutes=50)), act("bike", "5", trip(60, 20))
    records = log(store, claim, ride) if together else [*log(store, claim), *log(store, ride)]
    assert [told(r) for r in records] == [("accepted", 238, []), ("accepted", 238, ["counted_in_part"])]
    assert faults(store) == []


def feed(natural: str = "1") -> Proof:
    return Proof("feed", Level.PARTNER, source="rides", natural=natural)


BEFORE, AFTER, LATER = NOW - timedelta(minutes=64), NOW - timedelta(minutes=36), NOW - timedelta(minutes=34)
SCAN = Proof("scan", Level.PHOTO, source="place:1")


@pytest.mark.parametrize("first", ["ride", "claim"])
@pytest.mark.parametrize(
    ("way", "behaviour", "proof", "at", "same"),
    [
        ("bike", "bike", None, AFTER, True),  # told once more from the first page, after the ride
        ("bike", "ebike", None, BEFORE, True),
        ("bike", "shared_bike", feed(), BEFORE, True),  # unlocked before the recording began
        ("bike", "shared_bike", feed(), AFTER, False),  # the next ride
        ("bus", "bus_ride", SCAN, BEFORE, True),  # the plate at the door, then the recording
        ("bus", "bus_ride", feed(), AFTER, False),  # a change of buses
        ("bike", "bike", None, LATER, False),
        ("bike", "walk", None, AFTER, False),  # the last way on foot
        ("bike", "bus", None, BEFORE, False),
    ],
)
def test_a_ride_told_again_beside_its_recording_pays_once(
    store: Store, first: str, way: str, behaviour: str, proof: Proof | None, at: datetime, same: bool
) -> None:
    ride, claim = act(way, "5", trip(60, 20)), act(behaviour, "1", proof, at)
    alone = {each.key: log(store, each)[0]["grams"] for each in (act(way, "5", trip(60, 20), member=2),)}
    order = (ride, claim) if first == "ride" else (claim, ride)
    records = [log(store, each)[0] for each in order]
    paid, (whole,) = sum(r["grams"] for r in records), alone.values()
    assert paid == whole if same else paid > whole and not any(r["reasons"] for r in records)
    assert faults(store) == []


def test_a_feed_by_the_hundred_knows_the_recording_it_begins_with(store: Store) -> None:
    log(store, act("bike", "5", trip(60, 20), member=7))
    rides = [PartnerAct(n, f"r{n}", "shared_bike", Decimal(2), (), BEFORE) for n in range(1, 251)]
    with store.write() as tx:
        outcomes = PartnerDesk(CATALOGUE, replace(feed(), natural="")).log(tx, rides, NOW)
    assert [n for n, each in enumerate(outcomes, 1) if each.status != "credited"] == [7]
    assert outcomes[6].reason == "counted_elsewhere"


def test_an_undone_trip_frees_its_time(store: Store) -> None:
    (first,) = log(store, act("bike", "5", trip(60, 20)))
    with store.write() as tx:
        service.undo_activity(tx, 1, first["id"], NOW)
    (second,) = log(store, act("bike", "5", trip(55, 20)))
    assert told(second) == ("accepted", 476, [])
    assert faults(store) == []


def test_what_a_source_has_told_once_pays_once_for_ever(store: Store) -> None:
    def ride(member: int) -> LogActivity:
        return act("bus", "3", Proof("feed", Level.PARTNER, source="bus", natural="tap-1"), NOW, member)

    first, twin = log(store, ride(1), ride(2))
    assert first["grams"] == 156 and first["level"] == "partner"
    assert isinstance(twin, EngineError) and twin.code == "already_imported"
    with store.write() as tx:
        service.undo_activity(tx, 1, first["id"], NOW)
    (again,) = log(store, ride(1))
    assert again["id"] == first["id"] and (again["status"], again["grams"]) == ("undone", 0)
    assert faults(store) == []


def test_a_proof_opens_what_cannot_be_declared_and_nothing_else(store: Store) -> None:
    meter = Proof("meter", Level.PARTNER, source="meter-1", natural="2026-05")
    may = datetime(2026, 5, 31, 12, 0, tzinfo=UTC)
    (record,) = log(store, act("electricity_saved", "10", meter, may))
    assert record["grams"] == 6634 and record["points"] == 60
    with pytest.raises(Invalid) as wrong:
        act("electricity_saved", "10", at=NOW)
    assert wrong.value.fields == {"behaviour": "not_loggable"}
    with pytest.raises(Invalid) as wrong:
        act("bike", "2", trip(60, 20), NOW - timedelta(days=4))
    assert wrong.value.fields == {"occurred_at": "too_old"}
    assert faults(store) == []


def test_meters_earn_points_up_to_a_limit_of_their_own(store: Store) -> None:
    def saved(kwh: str, n: int, member: int = 1) -> LogActivity:
        proof = Proof("meter", Level.PARTNER, source=f"meter-{member}", natural=f"{n}")
        return act("electricity_saved", kwh, proof, datetime(2026, 5, n, 12, 0, tzinfo=UTC), member)

    first, second, third = log(store, saved("300", 1), saved("300", 2), saved("300", 3))
    assert [r["points"] for r in (first, second, third)] == [1800, 200, 0]
    assert second["reasons"] == ["monthly_points_limit_reached"] and third["grams"] == 199_020
    assert faults(store) == []


def test_behaviours_step_aside_for_a_meter(store: Store) -> None:
    with store.write() as tx:
        service.step_aside(tx, 1, ["ac_26", "lights_off"], date(2026, 6, 1), None, NOW)
        service.step_aside(tx, 2, ["ac_26"], date(2026, 6, 1), date(2026, 6, 15), NOW)
    mine, moved = log(store, act("ac_26", "1"), act("ac_26", "1", member=2))
    assert told(mine) == ("accepted", 0, ["metered_at_home"])
    assert moved["grams"] > 0, "the meter was given up the day before"
    assert faults(store) == []


def spend(store: Store, points: int) -> None:
    move = Move(1, "points", "points", "held", points, "redeem", "redemption:x", hold_key("redemption:x"))
    with store.write() as tx:
        post(tx, [move], NOW)


def test_a_claw_back_of_spent_points_is_a_debt_that_later_credits_pay(store: Store) -> None:
    (ride,) = log(store, act("bike", "8", trip(300, 60)))
    assert ride["points"] == 80
    spend(store, 70)
    with store.write() as tx:
        taken = service.claw_back(tx, 9, 1, ride["id"], reason="looks_like_a_vehicle", note="汽车", now=NOW)
    assert told(taken) == ("rejected", 0, ["looks_like_a_vehicle"])
    with store.read() as tx:
        purse = ledger.wallet(tx, 1)
    assert (purse.points, purse.held, purse.debt, purse.verified_g) == (0, 70, 70, 0)
    assert faults(store) == []
    log(store, act("bike", "9", trip(200, 60)))
    with store.read() as tx:
        purse = ledger.wallet(tx, 1)
    assert (purse.points, purse.debt) == (20, 0)
    assert faults(store) == []


def test_an_appeal_that_was_right_restores_once(store: Store) -> None:
    (ride,) = log(store, act("bike", "8", trip(300, 60)))
    spend(store, 50)
    for _ in range(2):  # taken back, restored, and again: each turn has transfers of its own
        with store.write() as tx:
            service.claw_back(tx, 9, 1, ride["id"], reason="rejected_on_review", note="", now=NOW)
        with store.write() as tx:
            back = service.restore(tx, CATALOGUE, 8, 1, ride["id"], note="", now=NOW)
        assert told(back) == ("accepted", 762, [])
    with store.read() as tx:
        purse = ledger.wallet(tx, 1)
    assert (purse.points, purse.held, purse.debt, purse.verified_g) == (30, 50, 0, 762)
    with pytest.raises(EngineError) as done, store.write() as tx:
        service.restore(tx, CATALOGUE, 8, 1, ride["id"], note="", now=NOW)
    assert done.value.code == "already_resolved"
    assert faults(store) == []


def test_nobody_judges_their_own(store: Store) -> None:
    (ride,) = log(store, act("bike", "8", trip(300, 60)))
    with pytest.raises(EngineError) as wrong, store.write() as tx:
        service.claw_back(tx, 1, 1, ride["id"], reason="rejected_on_review", note="", now=NOW)
    assert wrong.value.code == "not_your_own"


def test_restoring_does_not_open_a_second_trip_at_the_same_time(store: Store) -> None:
    (lie,) = log(store, act("bike", "5", trip(60, 20, verdict="reject", reasons=("looks_like_a_vehicle",))))
    log(store, act("bike", "5", trip(55, 20)))
    with store.write() as tx:
        back = service.restore(tx, CATALOGUE, 8, 1, lie["id"], note="", now=NOW)
    assert told(back) == ("accepted", 0, ["trip_overlaps"])
    assert faults(store) == []
