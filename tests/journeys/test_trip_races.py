"""Trips handed in at the same instant from several processes: exact counts on both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from points_engine.methodology import Level, load
from points_engine.trips import Fix, judge
from tests.racing import race
from tests.rooms.test_trips import clean, ride, rider
from webapp.activities.commands import read_command
from webapp.activities.partner_acts import PartnerAct, PartnerDesk
from webapp.activities.proofs import Proof
from webapp.activities.service import log_activity
from webapp.ledger import queries as ledger
from webapp.settings import Settings
from webapp.store import Store
from webapp.trips.service import submit_trip

PEOPLE = 5

Item = tuple[int, str, list[list[Fix]], Any]


def open_house(url: str) -> Any:
    """What each racing process needs of a house."""
    settings = Settings(env="test", database_url=url)
    return SimpleNamespace(settings=settings, store=Store(url, pool_size=32), catalogue=load())


def hand_in(house: Any, item: Item) -> str:
    member, id, track, now = item
    done = submit_trip(house, member, id=id, mode="bike", segments=track, now=now, source="api")
    return " ".join(
        ("new" if done.fresh else "same", "paid" if done.record["grams"] else "unpaid", *done.record["reasons"])
    )


def paid(house: Any, members: list[int]) -> list[bool]:
    with house.store.read() as tx:
        return [ledger.wallet(tx, member).verified_g > 0 for member in members]


def test_20_simultaneous_posts_of_one_trip_are_one_credit(house: Any, database_url: str) -> None:
    people = [rider(house, f"rider{n}") for n in range(PEOPLE)]
    trips = [(p.id, str(uuid.uuid4()), ride(house, f"t{n}"), house.clock.now()) for n, p in enumerate(people)]
    outcomes = race(open_house, database_url, hand_in, [trip for trip in trips for _ in range(20)], 2, 10)
    assert outcomes == {"new paid": PEOPLE, "same paid": 19 * PEOPLE}
    assert all(paid(house, [p.id for p in people]))
    clean(house)


def test_of_overlapping_trips_of_one_member_exactly_one_is_credited(house: Any, database_url: str) -> None:
    people = [rider(house, f"rider{n}") for n in range(PEOPLE)]
    trips = [
        (p.id, str(uuid.uuid4()), ride(house, f"o{n} {k}", hours=3 - k * 0.05), house.clock.now())
        for n, p in enumerate(people)
        for k in range(4)
    ]
    outcomes = race(open_house, database_url, hand_in, trips, 2, 8)
    assert outcomes == {"new paid": PEOPLE, "new unpaid trip_overlaps": 3 * PEOPLE}
    clean(house)


def test_of_one_recording_handed_in_by_two_members_exactly_one_is_credited(house: Any, database_url: str) -> None:
    items, pairs = [], []
    for n in range(PEOPLE):
        pair = [rider(house, f"one{n}"), rider(house, f"two{n}")]
        track = ride(house, f"c{n}", hours=3 + n % 3)
        pairs.append([p.id for p in pair])
        items += [(p.id, str(uuid.uuid4()), track, house.clock.now()) for p in pair]
    outcomes = race(open_house, database_url, hand_in, items, 2, 8)
    assert outcomes == {"new paid": PEOPLE, "new unpaid trip_replayed": PEOPLE}
    assert all(sorted(paid(house, pair)) == [False, True] for pair in pairs)
    clean(house)


def test_a_day_of_repeats_never_pays_twice(house: Any, database_url: str) -> None:
    """The same recording moved by hours, many times at once: one stands."""
    ling = rider(house, "ling")
    track = ride(house, "r", hours=60)
    moved = [
        [[fix._replace(at=fix.at + k * 3600) for fix in segment] for segment in track] for k in range(12)
    ]  # fmt: skip
    items = [(ling.id, str(uuid.uuid4()), each, house.clock.now()) for each in moved]
    outcomes = race(open_house, database_url, hand_in, items, 2, 6)
    assert outcomes == {"new paid": 1, "new unpaid trip_replayed": 11}
    clean(house)


def tell(house: Any, item: tuple[str, int, str, Any, Any]) -> str:
    """One ride told in one of the ways that lead to credit."""
    kind, member, id, what, now = item
    if kind == "trip":
        done = submit_trip(house, member, id=id, mode="bike", segments=what, now=now, source="api")
        return f"trip {done.record['status']}"
    with house.store.write() as tx:
        if kind == "feed":
            desk = PartnerDesk(house.catalogue, Proof("feed", Level.PARTNER, source="rides"))
            act = PartnerAct(member, f"{member}-1", "shared_bike", Decimal(2), (), what)
            return "feed " + desk.log(tx, [act], now)[0].status
        command = read_command(
            house.catalogue, member, id=id, behaviour="bike", quantity=Decimal(2), occurred_at=what, inputs={},
            evidence=(), now=now,
        )  # fmt: skip
        return f"claim {log_activity(tx, command, now).record['status']}"


def test_one_ride_told_in_every_way_at_once_pays_what_its_best_evidence_is_worth(house: Any, database_url: str) -> None:
    people, now, items = [rider(house, f"rider{n}") for n in range(3)], house.clock.now(), []
    for n, person in enumerate(people):
        track = ride(house, f"w{n}")
        begun = datetime.fromtimestamp(track[0][0].at, UTC)
        around = begun + timedelta(minutes=5 if n % 2 else -3)
        one, other = str(uuid.uuid4()), str(uuid.uuid4())
        items += [("trip", person.id, one, track, now)] * 3 + [("feed", person.id, "", around, now)] * 3
        items += [("claim", person.id, other, around, now)] * 3
        items += [("claim", person.id, str(uuid.uuid4()), around, now), ("feed", person.id, "", around, now)]
    outcomes = race(open_house, database_url, tell, items, 2, 6)
    assert not [each for each in outcomes if "Error" in each], outcomes
    with house.store.read() as tx:
        for n, person in enumerate(people):
            alone = judge(ride(house, f"w{n}"), "bike").distance_m * 953 // 10_000
            wallet = ledger.wallet(tx, person.id)
            assert wallet.verified_g + wallet.declared_g == alone
    clean(house)
