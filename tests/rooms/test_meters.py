"""Meters as a room: bound once, read, imported whole or not at all, settled once, and the acts inside stand aside."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from points_engine.errors import EngineError
from tests.conftest import START
from tests.people import Person, make_member
from tests.racing import race
from webapp.activities.commands import read_command
from webapp.activities.service import log_activity, review_activity
from webapp.app import build_house
from webapp.ledger import queries as ledger
from webapp.meters import queries, service
from webapp.meters.forms import Figure, MeterFacts
from webapp.meters.queries import Owner
from webapp.meters.settling import settle_months
from webapp.settings import Settings

NUMBER = "140012345678"
FACTS = MeterFacts("electricity", NUMBER, 6, 3)
# The test clock stands on 16 June 2026; a year of readings up to the first of June.
FIRSTS = [date(2025 + (4 + n) // 12, (4 + n) % 12 + 1, 1) for n in range(14)]  # 2025-05-01 … 2026-06-01


@pytest.fixture
def ling(house: Any) -> Person:
    return make_member(house, "ling")


def bind(house: Any, who: Person, facts: MeterFacts = FACTS) -> str:
    key, now = house.settings.track_key, house.clock.now()
    return str(house.store.retrying(lambda tx: service.add_meter(tx, key, who.id, Owner(who.id), facts, now)))


def read_all(house: Any, who: Person, meter: str, uses: list[int], support: str = "photo", start: int = 1000) -> None:
    """Readings on the first of each month, from May 2025 on, with these uses a day between them."""
    value, now, last = start, house.clock.now(), FIRSTS[0]
    figures = [Figure(last, value * 1000, support=support)]
    for on, use in zip(FIRSTS[1:], uses, strict=False):
        value, last = value + use * (on - last).days, on
        figures.append(Figure(on, value * 1000, support=support))
    rows = [service.Row(meter, figure) for figure in figures]
    house.store.retrying(lambda tx: service.import_readings(tx, who.id, Owner(who.id), rows, set(), now))


def savings(house: Any, who: Person) -> dict[str, Any]:
    with house.store.read() as tx:
        query = text("SELECT month, outcome, saved_milli, activity_id, refusal FROM saving WHERE member_id = :m")
        return {row.month: row for row in tx.rows(query, {"m": who.id})}


def refusal(use_case: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        use_case()
    return caught.value


def test_one_meter_one_household(house: Any, ling: Person) -> None:
    bind(house, ling)
    bo = make_member(house, "bo")
    assert refusal(lambda: bind(house, bo)).code == "meter_taken"
    with house.store.read() as tx:
        assert NUMBER not in str(tx.rows(text("SELECT * FROM meter")))


def open_house(url: str) -> Any:
    """A house in a process of its own."""
    return build_house(Settings(env="test", database_url=url, var_dir=Path(tempfile.mkdtemp())))


def bind_one(house: Any, who: int) -> str:
    """One phone that binds the meter everybody wants."""
    key = house.settings.track_key
    try:
        house.store.retrying(lambda tx: service.add_meter(tx, key, who, Owner(who), FACTS, START))
    except EngineError as error:
        return error.code
    return "bound"


def read_one(house: Any, item: tuple[int, str, int]) -> str:
    """One phone that types one reading of one day; all of them differ."""
    who, meter, value = item
    figure = Figure(date(2026, 6, 16), value * 1000)
    try:
        house.store.retrying(lambda tx: service.add_reading(tx, Owner(who), meter, figure, START))
    except EngineError as error:
        return error.code
    return "kept"


def test_twenty_phones_and_one_meter(house: Any, database_url: str) -> None:
    people = [make_member(house, f"phone-{n}").id for n in range(20)]
    outcomes = race(open_house, database_url, bind_one, people, 2, 5)
    assert outcomes == {"bound": 1, "meter_taken": 19}


def test_twenty_readings_of_one_day(house: Any, ling: Person, database_url: str) -> None:
    meter = bind(house, ling)
    outcomes = race(open_house, database_url, read_one, [(ling.id, meter, 100 + n) for n in range(20)], 2, 5)
    assert outcomes == {"kept": 1, "reading_differs": 19}


def test_who_moves_out_frees_the_meter(house: Any, ling: Person) -> None:
    meter, bo = bind(house, ling), make_member(house, "bo")
    now = house.clock.now()
    house.store.retrying(lambda tx: service.close_meter(tx, ling.id, Owner(ling.id), meter, now))
    assert bind(house, bo) != meter
    late = Figure(date(2026, 6, 16), 1)
    add = lambda: house.store.retrying(lambda tx: service.add_reading(tx, Owner(ling.id), meter, late, now))  # noqa: E731 - read once below
    assert refusal(add).code == "meter_closed"


def test_readings_in_any_order_and_never_backwards(house: Any, ling: Person) -> None:
    meter, now = bind(house, ling), house.clock.now()

    def read(day: str, value: int, **more: Any) -> bool:
        figure = Figure(date.fromisoformat(day), value * 1000, **more)
        return bool(house.store.retrying(lambda tx: service.add_reading(tx, Owner(ling.id), meter, figure, now)))

    assert read("2026-06-01", 300) and read("2026-05-01", 200) and read("2026-04-01", 100)
    assert not read("2026-05-01", 200)
    assert refusal(lambda: read("2026-05-01", 201)).code == "reading_differs"
    wrong = refusal(lambda: read("2026-05-15", 301))
    assert wrong.code == "reading_goes_back"
    assert wrong.facts == {"before_on": "2026-05-15", "before": "301", "after_on": "2026-06-01", "after": "300"}
    assert read("2026-05-15", 999, estimated=True)
    assert read("2026-05-15", 250)  # the true one takes the place of the estimate


def test_a_year_is_settled_once_and_becomes_acts(house: Any, ling: Person) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [7] * 12 + [5], support="file")
    with house.store.write() as tx:
        tx.execute(text("UPDATE reading SET support = 'photo' WHERE read_on = '2026-06-01'"))
    assert settle_months(house, house.clock.now()) == 13
    assert settle_months(house, house.clock.now()) == 0
    found = savings(house, ling)
    assert [found[m].outcome for m in ("2025-05", "2025-07", "2025-08")] == ["too_early", "too_early", "no_saving"]
    may = found["2026-05"]
    assert (may.outcome, may.saved_milli) == ("saved", 62_000)
    with house.store.read() as tx:
        act = tx.row(
            text("SELECT * FROM activity WHERE behaviour = 'electricity_saved' AND occurred_on = '2026-05-31'")
        )
        assert act is not None and act.status == "pending"  # a photo worth more than 500 g waits for a person
        assert tx.row(text("SELECT level FROM proof WHERE \"natural\" = '2026-05'")).level == "photo"


def test_a_utility_file_is_credited_by_the_factor_of_the_month(house: Any, ling: Person) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [7] * 11 + [5] * 2, support="file")
    with house.store.write() as tx:
        tx.execute(text("UPDATE reading SET support = 'photo' WHERE read_on = '2026-03-01'"))
    settle_months(house, house.clock.now())
    reviewer, now = make_member(house, "rev", "reviewer"), house.clock.now()
    with house.store.write() as tx:
        for row in tx.rows(text("SELECT CAST(id AS TEXT) AS id FROM activity WHERE status = 'pending'")):
            review_activity(tx, house.catalogue, reviewer.id, ling.id, row.id, accept=True, note="", now=now)
    with house.store.read() as tx:
        rows = tx.rows(text("SELECT grams, points, status, level FROM activity WHERE status = 'accepted'"))
        assert sorted((row.grams, row.points, row.level) for row in rows) == [
            (39_804, 360, "photo"),
            (41_130, 372, "photo"),
        ]
        assert ledger.wallet(tx, ling.id).verified_g == sum(row.grams for row in rows) > 0


def test_the_same_meter_and_month_never_pays_twice(house: Any, ling: Person) -> None:
    """Given up, bound by another, the same months brought again: the second household gets nothing."""
    meter, bo, now = bind(house, ling), make_member(house, "bo"), house.clock.now()
    read_all(house, ling, meter, [7] * 12 + [5])
    settle_months(house, now)
    house.store.retrying(lambda tx: service.close_meter(tx, ling.id, Owner(ling.id), meter, now))
    again = bind(house, bo)
    read_all(house, bo, again, [7] * 12 + [5])
    settle_months(house, now)
    assert savings(house, ling)["2026-05"].activity_id and not savings(house, bo)["2026-05"].activity_id
    assert savings(house, bo)["2026-05"].refusal == "already_imported"


def test_without_a_photo_nothing_is_settled(house: Any, ling: Person) -> None:
    meter = bind(house, ling)
    read_all(house, ling, meter, [7] * 12 + [5], support="none")
    assert settle_months(house, house.clock.now()) == 0
    with house.store.read() as tx:
        assert queries.readings(tx, [queries.one(tx, Owner(ling.id), meter)])


def test_acts_inside_the_meter_stand_aside_and_come_back(house: Any, ling: Person) -> None:
    meter, now = bind(house, ling), house.clock.now()
    read_all(house, ling, meter, [7] * 13)
    settle_months(house, now)

    def cool(n: int) -> Any:
        at = house.clock.now() - timedelta(minutes=n)
        name = f"00000000-0000-4000-8000-00000000000{n}"
        command = read_command(
            house.catalogue, ling.id, id=name, behaviour="ac_26", quantity=Decimal(1), occurred_at=at, inputs={},
            evidence=[], now=house.clock.now(),
        )  # fmt: skip
        with house.store.write() as tx:
            return log_activity(tx, command, house.clock.now()).record

    first = cool(1)
    assert (first["grams"], list(first["reasons"])) == (0, ["metered_at_home"])
    house.store.retrying(lambda tx: service.close_meter(tx, ling.id, Owner(ling.id), meter, now))
    house.clock.advance(days=1)
    assert cool(2)["grams"] > 0


def test_a_removed_reading_is_gone_unless_it_was_settled_with(house: Any, ling: Person) -> None:
    meter, now = bind(house, ling), house.clock.now()
    read_all(house, ling, meter, [7] * 13)
    house.store.retrying(
        lambda tx: service.add_reading(tx, Owner(ling.id), meter, Figure(date(2026, 6, 10), 9_000_000), now)
    )

    def remove(on: date) -> None:
        house.store.retrying(lambda tx: service.remove_reading(tx, ling.id, Owner(ling.id), meter, 0, on, now))

    remove(date(2026, 6, 10))
    settle_months(house, now)
    assert refusal(lambda: remove(date(2026, 6, 1))).code == "reading_settled"
    assert refusal(lambda: remove(date(2026, 6, 10))).code == "unknown_reading"


def test_peers_make_a_cap_for_who_has_no_year(house: Any, ling: Person) -> None:
    """Five homes of 7 a day; a newcomer who ran up 10 is held against what three in four use."""
    for n in range(5):
        other = make_member(house, f"home-{n}")
        read_all(house, other, bind(house, other, MeterFacts("electricity", f"9000{n}", 6, 4)), [7] * 13)
    settle_months(house, house.clock.now())
    meter, now = bind(house, ling), house.clock.now()
    rows = [
        service.Row(meter, Figure(on, value * 1000, support="photo"))
        for on, value in zip(FIRSTS[-5:], (0, 300, 600, 900, 1090), strict=True)
    ]
    house.store.retrying(lambda tx: service.import_readings(tx, ling.id, Owner(ling.id), rows, set(), now))
    settle_months(house, now)
    assert 0 < savings(house, ling)["2026-05"].saved_milli <= 27_000


def test_leaving_takes_meters_and_readings_along(house: Any, ling: Person) -> None:
    read_all(house, ling, bind(house, ling), [7] * 12 + [5])
    settle_months(house, house.clock.now())
    with house.store.write() as tx:
        service.forget(tx, ling.id, house.clock.now())
    with house.store.read() as tx:
        for table in ("meter", "reading", "month_use", "saving"):
            assert tx.scalar(text(f"SELECT count(*) FROM {table}")) == 0
