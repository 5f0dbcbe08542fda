"""Sessions: seats and the waiting list in order, who may come, codes of one screen at one time, the organiser's hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from points_engine.errors import EngineError, Invalid
from tests.people import make_member, make_unit
from tests.rooms.learners import make_session, sign
from webapp import audit
from webapp.inbox.tables import notice
from webapp.journal.tables import staff_action
from webapp.learning import queries, service, trainings
from webapp.learning import training_reads as reads
from webapp.learning.forms import TrainingFacts
from webapp.learning.tables import training, training_sign_up


def off(house: Any, who: int, made: int) -> None:
    house.store.retrying(lambda tx: trainings.sign_off(tx, who, made, house.clock.now()))


def code(house: Any, made: int) -> str:
    with house.store.read() as tx:
        return trainings.code_on_screen(house.settings.track_key, reads.row_of(tx, made), house.clock.now())


def come(house: Any, who: int, made: int, shown: str) -> None:
    key = house.settings.track_key
    house.store.retrying(lambda tx: trainings.attend(tx, key, who, made, shown, house.clock.now()))


def row(house: Any, made: int) -> Any:
    with house.store.read() as tx:
        return reads.row_of(tx, made)


def refused(wanted: str, call: Any) -> None:
    with pytest.raises(EngineError) as error:
        call()
    assert error.value.code == wanted


def states(house: Any, made: int) -> list[tuple[int, str]]:
    with house.store.read() as tx:
        return [(one.turn, one.state) for one in reads.people(tx, made)]


def test_the_last_ten_seats_from_fifty_workers(house: Any) -> None:
    made = make_session(house, capacity=20)
    for n in range(10):
        sign(house, 1000 + n, made)
    barrier = Barrier(50)

    def tap(n: int) -> str:
        barrier.wait(30)
        return sign(house, 2000 + n, made)

    with ThreadPoolExecutor(50) as pool:
        seen = list(pool.map(tap, range(50)))
    assert (seen.count("in"), seen.count("waiting")) == (10, 40)
    found = row(house, made)
    assert (found.taken, found.next_turn) == (20, 61)
    assert len({turn for turn, _ in states(house, made)}) == 50, "a page of people"
    assert audit.run(house.store).faults == []


def test_seats_go_to_who_waits_longest(house: Any) -> None:
    made = make_session(house, capacity=2)
    people = [make_member(house, f"m{n}").id for n in range(5)]
    assert [sign(house, who, made) for who in people] == ["in", "in", "waiting", "waiting", "waiting"]
    assert sign(house, people[2], made) == "waiting", "a second tap finds the first"
    off(house, people[3], made)
    off(house, people[0], made)
    assert states(house, made) == [(2, "in"), (3, "in"), (5, "waiting")]
    assert told(house, people[2]) == ["候补成功，您有座位了"] and told(house, people[4]) == []
    assert sign(house, people[0], made) == "waiting", "who comes again stands at the end"
    refused("unknown_sign_up", lambda: off(house, people[3], made))
    change(house, made, capacity=3)
    assert states(house, made) == [(2, "in"), (3, "in"), (5, "in"), (6, "waiting")]
    with pytest.raises(Invalid) as error:
        change(house, made, capacity=2)
    assert error.value.fields == {"capacity": "below_taken"}
    assert audit.run(house.store).faults == []


def told(house: Any, who: int) -> list[str]:
    with house.store.read() as tx:
        return [str(r.title_zh) for r in tx.rows(select(notice).where(notice.c.member_id == who))]


def change(house: Any, made: int, **changes: Any) -> None:
    found = row(house, made)
    values = {name: getattr(found, name) for name in TrainingFacts.__dataclass_fields__} | changes
    with house.store.write() as tx:
        trainings.change(tx, 0, None, made, TrainingFacts(**values), house.clock.now())


def test_a_code_counts_once_for_one_session_around_its_time(house: Any) -> None:
    made, other = make_session(house), make_session(house)
    ling, chen, wu = (make_member(house, name).id for name in ("ling", "chen", "wu"))
    sign(house, ling, made)
    refused("session_not_begun", lambda: come(house, ling, made, code(house, made)))
    house.clock.advance(hours=23, minutes=30)
    shown = code(house, made)
    refused("code_not_on_screen", lambda: come(house, ling, made, code(house, other)))
    refused("code_not_on_screen", lambda: come(house, ling, made, "00000000"))
    refused("not_signed_up", lambda: come(house, chen, made, shown))
    come(house, ling, made, shown)
    first = house.clock.now()
    house.clock.advance(seconds=60)
    come(house, ling, made, shown)
    assert attended(house, [ling, chen]) == {ling: 1}
    with house.store.read() as tx:
        assert reads.my_sign_up(tx, ling, made).attended_at == first, "the first time stays"
    house.clock.advance(seconds=31)
    sign(house, wu, made)
    refused("code_not_on_screen", lambda: come(house, wu, made, shown))
    house.clock.advance(minutes=119)
    refused("session_over", lambda: come(house, wu, made, code(house, made)))
    refused("session_over", lambda: sign(house, chen, made))
    assert attended(house, [ling], other) == {}
    assert audit.run(house.store).faults == []


def attended(house: Any, who: list[int], made: int | None = None) -> dict[int, int]:
    now = house.clock.now()
    with house.store.read() as tx:
        return queries.sessions_attended(tx, who, now - timedelta(days=2), now + timedelta(days=2), made)


def test_who_waits_is_sent_to_the_organiser(house: Any) -> None:
    made = make_session(house, capacity=1)
    ling, chen = make_member(house, "ling").id, make_member(house, "chen").id
    sign(house, ling, made)
    sign(house, chen, made)

    def mark(turn: int, came: bool) -> None:
        with house.store.write() as tx:
            trainings.set_attended(tx, 7, None, made, turn, came, house.clock.now())

    refused("session_not_begun", lambda: mark(2, True))
    house.clock.advance(days=1)
    refused("still_waiting", lambda: come(house, chen, made, code(house, made)))
    refused("session_begun", lambda: off(house, ling, made))
    house.clock.advance(days=3)
    mark(2, True)
    mark(2, True)
    refused("unknown_sign_up", lambda: mark(9, True))
    with house.store.read() as tx:
        found = reads.my_sign_up(tx, chen, made)
        rows = tx.rows(select(staff_action).where(staff_action.c.action == "training.attended"))
    assert (found.attended_at, found.attended_by) == (row(house, made).ends_at, "hand")
    assert [(r.actor_id, r.detail) for r in rows] == [(7, {"turn": 2, "came": True})]
    mark(2, False)
    assert attended(house, [chen]) == {}


def test_a_units_session_is_its_own(house: Any) -> None:
    ling, chen = make_member(house, "ling"), make_member(house, "chen")
    unit, other = make_unit(house, "enterprise", "漳山发电", ling), make_unit(house, "enterprise", "潞安", chen)
    made, mine, theirs = make_session(house, audience="unit", unit_id=unit), frozenset({unit}), frozenset({other})
    assert sign(house, ling.id, made, mine) == "in"
    refused("unknown_session", lambda: sign(house, chen.id, made, theirs))
    with house.store.read() as tx:
        assert [r.id for r in reads.coming(tx, mine, house.clock.now())] == [made]
        assert not reads.coming(tx, theirs, house.clock.now()) and not reads.managed(tx, theirs)
        assert queries.session_choices(tx) == []
    for call in (
        lambda tx: reads.visible_one(tx, chen.id, theirs, made),
        lambda tx: reads.managed_one(tx, theirs, made),
        lambda tx: trainings.cancel(tx, chen.id, theirs, made, house.clock.now()),
        lambda tx: trainings.set_attended(tx, chen.id, theirs, made, 1, True, house.clock.now()),
    ):
        refused("unknown_session", lambda call=call: house.store.retrying(call))
    found = row(house, made)
    values = {name: getattr(found, name) for name in TrainingFacts.__dataclass_fields__}
    with pytest.raises(Invalid), house.store.write() as tx:
        trainings.create(tx, chen.id, theirs, TrainingFacts(**values), house.clock.now())


def test_what_is_called_off_is_told_and_closed(house: Any) -> None:
    made, ling = make_session(house), make_member(house, "ling").id
    sign(house, ling, made)
    change(house, made, place_zh="三楼")
    for _ in range(2):
        with house.store.write() as tx:
            trainings.cancel(tx, 0, None, made, house.clock.now())
    assert sorted(told(house, ling)) == ["讲座已取消", "讲座时间或地点有变"]
    refused("session_cancelled", lambda: sign(house, 9, made))
    house.clock.advance(days=1)
    refused("session_cancelled", lambda: come(house, ling, made, code(house, made)))


def test_who_leaves_frees_the_seat(house: Any) -> None:
    made = make_session(house, capacity=1)
    ling, chen = make_member(house, "ling").id, make_member(house, "chen").id
    sign(house, ling, made)
    sign(house, chen, made)
    with house.store.write() as tx:
        service.forget(tx, ling, house.clock.now())
    assert states(house, made) == [(2, "in")] and row(house, made).taken == 1
    assert audit.run(house.store).faults == []


def test_the_audit_counts_seats(house: Any) -> None:
    made = make_session(house)
    sign(house, 1, made)
    for table, values in ((training, {"taken": 2}), (training_sign_up, {"state": "waiting"})):
        with house.store.write() as tx:
            tx.execute(update(table).values(**values))
        assert audit.run(house.store).faults, values
        with house.store.write() as tx:
            tx.execute(update(training).values(taken=1))
