"""Published boards and what comes after: no hand is lost, and no later change of people or units moves a version."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from tests.rooms.boardpark import act, catch_up, close, join, people
from tests.rooms.test_publishing import MONTH, OVER, REVIEWED, park, publish
from webapp.green_units import service as units
from webapp.green_units.forms import UnitNames
from webapp.members.tables import child
from webapp.rankings import closing, freezing, service


def family(store: Any) -> int:
    """Three people, the third a child, who want to be seen."""
    start = datetime(2026, 6, 2, 1, 0, tzinfo=UTC)
    ids = people(store, 3, first=20)
    with store.write() as tx:
        home = units.create_family(tx, ids[0], UnitNames("李家", "向日葵"), start, on_boards=True)
        tx.insert(child, [{"member_id": ids[2], "guardian_id": ids[0], "until": date(2026, 8, 1), "created_at": start}])
    join(store, home, *ids[1:], now=start)
    for who in ids:
        act(store, who, 60, date(2026, 6, 5))
    catch_up(store)
    return home


def test_of_many_who_hold_at_once_every_hand_is_kept(store: Any) -> None:
    park(store)
    close(store, OVER, REVIEWED)
    start = threading.Barrier(6)

    def hold(who: int) -> None:
        start.wait(timeout=30)
        store.retrying(lambda tx: closing.hold(tx, 100 + who, MONTH, "member", who, "待核实", OVER))

    threads = [threading.Thread(target=hold, args=(who,)) for who in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert closing.latest(tx, MONTH).hands == [101, 102, 103, 104, 105, 106]


def test_what_changes_later_of_people_and_units_moves_nothing_that_is_published(store: Any) -> None:
    a, b = park(store)
    home = family(store)
    close(store, OVER, REVIEWED)
    store.retrying(lambda tx: closing.hold(tx, 103, MONTH, "member", 3, "待核实", OVER))
    with store.write() as tx:
        tx.execute(text("UPDATE member SET status = 'frozen' WHERE id = 9"))
    publish(store)
    now = OVER + timedelta(days=40)
    with store.write() as tx:
        tx.execute(text("UPDATE member SET status = 'left' WHERE id = 2"))
        tx.execute(text("UPDATE member SET status = 'active' WHERE id = 9"))
        tx.execute(text("DELETE FROM child"))  # fourteen by now
        units.close_unit(tx, 0, b, now, staff=True)
        units.set_on_boards(tx, 20, home, False, now, staff=True)
    catch_up(store, now)
    assert service.recounted(store, MONTH, 1) == []
    with store.write() as tx:
        closing.correct(tx, 101, MONTH, "更正", "Correction", now)
        closing.lift(tx, 105, MONTH, "member", 3, now)
        closing.hold(tx, 105, MONTH, "unit", a, "待核实", now)
    assert service.recounted(store, MONTH, 1) == []
    with store.write() as tx:
        closing.withdraw(tx, 101, MONTH, now)
    with store.read() as tx:
        held = freezing.holds_in(tx, MONTH)
    assert [(hold[:4]) for hold in held] == [("member", 3, "待核实", 103)] and held[0][4] == OVER.isoformat()
